"""Metrics of all serving processes: requests, durations, rows and cache hits, for `/metrics`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    Metric,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from twingraph.serve.log import Seen
from twingraph.serve.shared_metrics import Board

# First segment of a path -> kind under which its requests are counted. A closed list: requests for
# unknown paths must not create new metrics.
_KINDS: Final = {
    "": "page", "en": "page", "de": "page", "id": "redirect", "vocab": "redirect",
    "graph": "redirect", "doc": "description", "ns": "description", "dumps": "file",
    "release": "file", "links": "file", "static": "file", "context.jsonld": "file",
    "catalog": "catalogue", "sparql": "sparql", "query": "question", "search": "search",
    "search.json": "search", "lookup": "search", "health": "watch", "metrics": "watch",
}  # fmt: skip
_BOUNDS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)  # seconds
Families = Mapping[str, Mapping[str, float]]
"""Name of a metric -> a sample with its labels -> its value."""


class _Tally:
    """Requests of one kind, route and status, and the seconds that they took."""

    __slots__ = ("requests", "seconds")

    def __init__(self) -> None:
        self.requests = 0
        self.seconds = 0.0


class Numbers(Collector):
    """The metrics of this process, and the sums over all processes.

    `state` returns the gauges by name (`twingraph_<name>`). Counters are added up over all
    processes that ever ran, gauges over those that are alive.
    """

    def __init__(
        self,
        state: Callable[[], dict[str, int]],
        board: Board | None = None,
        slot: int = 0,
    ) -> None:
        """Publish in `slot` of the board that all processes share; None for a single process."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no hints
        self.board = board
        self.slot = slot
        self.registry = CollectorRegistry()
        self._rows = self._hits = 0
        self._counted: dict[tuple[str, str, int], _Tally] = {}
        self._seconds = {
            kind: [0] * (len(_BOUNDS) + 1) for kind in sorted({*_KINDS.values(), "other"})
        }
        self._sums = dict.fromkeys(self._seconds, 0.0)
        self.registry.register(self)
        self._gauges = set()
        for name in state():
            title = f"twingraph_{name}"
            self._gauges.add(title)
            gauge = Gauge(title, f"Now: {name.replace('_', ' ')}.", registry=self.registry)
            gauge.set_function(lambda name=name: state()[name])  # type: ignore[misc]  # bound early

    def count(self, request: Seen) -> None:
        """Count a request."""
        kind = kind_of(request.path)
        seconds = request.seconds
        key = (kind, request.route, request.status)
        tally = self._counted.get(key)
        if tally is None:
            tally = self._counted[key] = _Tally()
        tally.requests += 1
        tally.seconds += seconds
        self._seconds[kind][bisect_left(_BOUNDS, seconds)] += 1
        self._sums[kind] += seconds
        if request.rows > 0:
            self._rows += request.rows
        if request.cached:
            self._hits += 1

    def collect(self) -> Iterator[Metric]:
        """Yield the counters (`prometheus_client.registry.Collector`)."""
        yield self._counter("requests", "Requests answered.", ("kind", "status"))
        seconds = HistogramMetricFamily(
            "twingraph_request_seconds", "Time until a request was answered.", labels=("kind",)
        )
        for kind, numbers in self._seconds.items():
            bounds = zip((*map(floatToGoString, _BOUNDS), "+Inf"), accumulate(numbers), strict=True)
            seconds.add_metric((kind,), list(bounds), self._sums[kind])
        yield seconds
        yield self._counter(
            "route_requests", "Requests answered, by the pattern of their path.",
            ("route", "status"),
        )  # fmt: skip
        yield self._counter(
            "route_seconds", "Time of all answers, by the pattern of their path.", ("route",)
        )
        yield CounterMetricFamily("twingraph_result_rows", "Rows and triples sent.", self._rows)
        yield CounterMetricFamily("twingraph_cache_hits", "Answers from the cache.", self._hits)

    def _counter(self, name: str, title: str, labels: tuple[str, ...]) -> Metric:
        family = CounterMetricFamily(f"twingraph_{name}", title, labels=labels)
        sums: dict[tuple[str, ...], float] = {}
        for (kind, route, status), tally in self._counted.items():
            of = {"kind": kind, "route": route or "none", "status": str(status)}
            values = tuple(of[label] for label in labels)
            number = tally.seconds if name.endswith("seconds") else tally.requests
            sums[values] = sums.get(values, 0) + number
        for values, number in sums.items():
            family.add_metric(values, number)
        return family

    def families(self) -> dict[str, dict[str, float]]:
        """Return the metrics of this process: name -> sample with its labels -> value."""
        by_name: dict[str, dict[str, float]] = {}
        for name, sample, value in _samples(generate_latest(self.registry).decode()):
            by_name.setdefault(name, {})[sample] = value
        return by_name

    def text(self) -> bytes:
        """Return the sums over all processes, in the text format of Prometheus."""
        own = generate_latest(self.registry).decode()
        if self.board is None:
            return own.encode()
        others = [
            (alive, content.get("numbers", {}))
            for slot, alive, content in self.board.read()
            if slot != self.slot
        ]
        mine = [(True, self.families())]
        merged = merge([*mine, *others], self._gauges)
        lines = []
        for line in own.splitlines():
            if not line.startswith("#"):
                continue
            lines.append(line)
            if line.startswith("# TYPE "):
                name = line.split(" ")[2]
                samples = sorted(merged.get(name, {}).items(), key=lambda item: _order(item[0]))
                lines += [f"{sample} {value}" for sample, value in samples]
        return ("\n".join(lines) + "\n").encode()


def merge(parts: Sequence[tuple[bool, Families]], gauges: set[str]) -> dict[str, dict[str, float]]:
    """Add up the numbers of several processes, gauges only of those that are alive.

    >>> merge([(True, {"a": {"a": 1.0}, "g": {"g": 1.0}}),
    ...        (False, {"a": {"a": 2.0}, "g": {"g": 5.0}})], {"g"})
    {'a': {'a': 3.0}, 'g': {'g': 1.0}}
    """
    merged: dict[str, dict[str, float]] = {}
    for alive, families in parts:
        for name, samples in families.items():
            if alive or name not in gauges:
                family = merged.setdefault(name, {})
                for sample, value in samples.items():
                    family[sample] = family.get(sample, 0.0) + value
    return merged


def _samples(text: str) -> Iterator[tuple[str, str, float]]:
    name = ""
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name = line.split(" ")[2]
        elif not line.startswith("#"):
            sample, _, value = line.rpartition(" ")
            yield name, sample, float(value)


def _order(sample: str) -> tuple[str, float, str]:
    """Return a sort key: buckets by their upper bound, other samples by name."""
    name, _, rest = sample.partition('le="')
    bound = rest.partition('"')[0]
    return name, float(bound) if bound else 0.0, sample


@lru_cache(maxsize=1024)
def kind_of(path: str) -> str:
    """Return the kind under which a request to this path is counted.

    >>> kind_of("/en/place/bonn.html"), kind_of("/catalog.ttl"), kind_of("/wp-login.php")
    ('page', 'catalogue', 'other')
    """
    first = path.lstrip("/").partition("/")[0]
    return _KINDS.get(first) or _KINDS.get(first.partition(".")[0] or "-", "other")
