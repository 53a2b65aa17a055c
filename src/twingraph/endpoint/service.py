"""The endpoint of one build: its evaluator, its cache, and the headers of its results."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from twingraph.endpoint.cache import Cache
from twingraph.endpoint.formats import GRAPHS, ROWS
from twingraph.endpoint.front_graph import FrontGraph
from twingraph.endpoint.front_queue import Pace
from twingraph.endpoint.process import Gone, Reply
from twingraph.endpoint.result import Result, lines_of, query_digest
from twingraph.settings import Limits
from twingraph.site.reader import BuildReader, QueryRunner
from twingraph.sparql.admission import Dataset
from twingraph.sparql.unknown_terms import terms_of
from twingraph.web.negotiate import Variant
from twingraph.web.respond import COMMON, VARY
from twingraph.web.weblinks import dataset_links

_CACHED_BYTES: Final = 24 * 1024 * 1024
_LOOK: Final = 0.05  # seconds
_PAUSE: Final = 0.004  # seconds between long texts: to read each takes as long as some look-ups
_TYPES: Final = {
    offer: f"content-type: {offer.media_type}"
    + ("; charset=utf-8\r\n" if offer.media_type.startswith("text/") else "\r\n")
    for offer in (*ROWS, *GRAPHS)
}


class Made(NamedTuple):
    """What came of a request that others wait for; what is not `for_all`, each makes for itself."""

    reply: Reply
    result: Result | None
    for_all: bool


class Running(Protocol):
    """What takes queries or requests, from its start to its end."""

    async def start(self) -> None:
        """Be ready; raise `TwingraphError` where that can't be."""
        ...

    async def drain(self) -> None:
        """End when nothing runs any more."""
        ...

    def close(self) -> None:
        """End at once."""
        ...

    @property
    def problem(self) -> str:
        """Why nothing can be answered now, '' where they can."""
        ...

    def state(self) -> dict[str, int]:
        """Return how many queries or requests run and wait, by the words of `/metrics`."""
        ...


class Evaluator(Running, Protocol):
    """Who evaluates queries: the pool of workers, or an endpoint elsewhere."""

    limits: Limits

    async def ask(
        self,
        query: str,
        rows: str,
        graphs: str,
        dataset: tuple[tuple[str, ...], tuple[str, ...]] | None = None,
        bindings: Mapping[str, str] | None = None,
        gone: Gone | None = None,
    ) -> Reply:
        """Return what came of a query, written in one of the two formats."""
        ...


class Submitter(Running, Protocol):
    """Who has requests answered by workers: the pool for pages."""

    async def submit(self, question: bytes, gone: Gone | None = None) -> Reply:
        """Return what came of a question, its first byte its kind."""
        ...


class Service:
    """The endpoint over one build: its graph, its workers, the answers it keeps.

    With `pages`, requests that read the graph are handed to workers (`forward.py`) from `start` on.
    """

    def __init__(
        self,
        site: BuildReader,
        evaluator: Evaluator,
        pages: Submitter | None = None,
        front: FrontGraph | None = None,
        questions: QueryRunner | None = None,
    ) -> None:
        """Put the endpoint together; `front` asks `questions` once there are workers."""
        self.site = site
        self.evaluator = evaluator
        self.pages = pages
        self.forwards = False
        self._front = front
        self._questions = questions
        self.limits = evaluator.limits
        self.cache = Cache(_CACHED_BYTES)
        self.making: dict[bytes, asyncio.Future[Made | None]] = {}  # pages just being made
        self.build = site.dumps["SHA256SUMS"].sha256
        self.long_texts = Pace(_PAUSE)
        self.sending = 0  # bytes of results on their way to slow readers
        self.mark: tuple[int, int] | None = None  # of its files, see `serve.watch.mark_of`
        self.users = 0  # requests that were let in with this build, and are not answered yet
        self._terms: frozenset[str] | None = None
        self._same = lines_of(
            [
                *COMMON.items(),
                ("vary", VARY),
                ("link", dataset_links(site, (), "sparql")),
                ("query-limits", limits_text(self.limits)),
            ]
        )

    async def start(self) -> None:
        """Begin to hand requests to workers; return when there are some, or raise why not."""
        self.forwards = self.pages is not None
        if self._front is not None:
            self._front.workers = self._questions
        starts = [self.evaluator.start(), *([self.pages.start()] if self.pages is not None else [])]
        await asyncio.gather(*starts)

    async def leave(self) -> None:
        """End the workers when the last request for this build has ended."""
        while self.users:
            await asyncio.sleep(_LOOK)
        if self.pages is not None:
            await self.pages.drain()
        await self.evaluator.drain()

    def close(self) -> None:
        """End the workers at once."""
        if self.pages is not None:
            self.pages.close()
        self.evaluator.close()

    def state(self) -> dict[str, int]:
        """Return how many queries and pages run and wait, by the words of `/metrics`."""
        pages = self.pages.state() if self.pages is not None else {}
        return {
            **{f"queries_{name}": number for name, number in self.evaluator.state().items()},
            **{f"pages_{name}": number for name, number in pages.items()},
        }

    @property
    def terms(self) -> frozenset[str]:
        """The terms of the ontology and the concepts, read when first wanted."""
        if self._terms is None:
            self._terms = terms_of(self.site.store)
        return self._terms

    def result(
        self, reply: Reply, offer: Variant, query: str, name: str, dataset: Dataset | None = None
    ) -> Result:
        """Return what is sent of a reply in a format; `name` is the digest of the query.

        Its validator tells the build, the query, the graphs and the format: a build never changes,
        nor does what it answers.
        """
        if reply.fresh:
            tag, kept = "", "cache-control: no-store\r\n"
        else:
            graphs = f"-{query_digest(repr(dataset))[:16]}" if dataset is not None else ""
            tag = f'"{self.build[:16]}-{name[:32]}{graphs}-{offer.suffix}"'
            kept = f"cache-control: no-cache\r\netag: {tag}\r\n"
        lines = f"{_TYPES[offer]}content-length: {len(reply.body)}\r\n{kept}".encode()
        return Result(lines, self._same, reply.body, reply.rows, name, tag)


def limits_text(limits: Limits) -> str:
    """Return the limits as the value of a header (RFC 9651, a dictionary of integers).

    >>> limits_text(Limits()).partition(",")[0]
    'seconds=30'
    """
    names = ("seconds", "memory_bytes", "rows", "result_bytes", "query_bytes", "concurrent",
             "waiting")  # fmt: skip
    return ", ".join(f"{name.replace('_', '-')}={getattr(limits, name)}" for name in names)
