"""What the world's list took at first, beside what it takes now.

The figures from before were measured in November 2026 on the same machine with the same 17,401
partnerships, written as Turtle then (1,140,762 quads of one list, 2,058,084 of two): CPU seconds of
one core, answers by the clock.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Any, Final

Figures = Mapping[str, Any]
_ONE, _TWO = "1 17401", "2 17401"


def _cpu(name: str) -> Callable[[Figures], str]:
    return lambda figures: f"{figures[name]['cpu']:,.1f}"


def _stages(figures: Figures) -> str:
    names = ("reading", "deriving", "checking", "writing")
    return " / ".join(f"{figures['built']['stages'].get(name, 0.0):.1f}" for name in names)


def _per_engine(figures: Figures) -> str:
    return f"{figures['build']['cpu'] / figures['engine']['seconds']:.1f}"


def _memory(name: str) -> Callable[[Figures], str]:
    return lambda figures: f"{figures[name]['memory']:,.0f}"


def _route(name: str) -> Callable[[Figures], str]:
    """Return CPU milliseconds when it was first asked of a server, and the size of the answer."""

    def shown(figures: Figures) -> str:
        route = figures["routes"][name]
        size = f"{route[3] / 1000:,.0f} kB" if route[3] >= 1000 else f"{route[3]} bytes"
        return f"{statistics.median(route[4]):,.3g} ms, {size}"

    return shown


_ROWS: Final[tuple[tuple[str, str, str, Callable[[Figures], str]], ...]] = (
    ("quads, one list", "1,140,762", _ONE, lambda each: f"{each['built']['quads']:,}"),
    ("build, CPU s", "189", _ONE, _cpu("build")),
    ("of it reading / deriving / checking / writing, s", "6 / 28 / 73 / 80", _ONE, _stages),
    ("build, times the engine's CPU", "43", _ONE, _per_engine),
    ("build, MB", "2,200", _ONE, _memory("build")),
    ("build after one row is gone, CPU s", "189", _ONE, _cpu("row")),
    ("release, CPU s", "48", _ONE, _cpu("release")),
    ("quads, two lists", "2,058,084", _TWO, lambda each: f"{each['built']['quads']:,}"),
    ("build of two lists, CPU s", "639", _TWO, _cpu("build")),
    ("build of two lists, times the engine's CPU", "80", _TWO, _per_engine),
    ("build of two lists, MB", "4,100", _TWO, _memory("build")),
    ("`serve`: start to the first page, s", "6.5", _ONE,
     lambda each: f"{each['serve']['page']:.1f}"),
    ("`serve`: start to the first query, s", "10.9", _ONE,
     lambda each: f"{each['serve']['query']:.1f}"),
    ("`serve`, MB", "620", _ONE, lambda each: f"{each['serve']['memory']:,.0f}"),
    ("home", "150 ms", _ONE, _route("home")),
    ("city with 98 partners", "3,600 ms", _ONE, _route("place, most partners")),
    ("list of partnerships", "3,800 to 11,000 ms, up to 690 kB", _ONE,
     _route("partnerships, page 1")),
    ("country", "2,400 ms", _ONE, _route("country, most places")),
    ("source that is cited most", "11,000 ms, 828 kB", _ONE, _route("source, most cited")),
    ("its description", "33,000 ms", _ONE, _route("source as ttl")),
    ("concept “twinning”", "139,000 ms, 4 MB", _ONE, _route("concept")),
    ("search", "250 ms", _ONE, _route("search")),
    ("catalogue", "7 ms", _ONE, _route("catalogue")),
    ("look-up by id", "1 ms", _ONE, _route("look-up by id")),
    ("SPARQL look-up", "0.4 ms", _ONE, _route("SPARQL look-up")),
)  # fmt: skip


def before_and_after(known: Mapping[str, Figures]) -> str:
    """Return a table of all that was measured then and now; '' where the world was not measured.

    >>> before_and_after({})
    ''
    """
    rows = []
    for name, before, size, take in _ROWS:
        try:
            rows.append(f"| {name} | {before} | {take(known[size])} |")
        except KeyError:
            continue  # that part was not measured
    if not rows:
        return ""
    head = ["| 17,401 partnerships | before | now |", "|---|--:|--:|"]
    notes = [
        "Before, answers by the clock; now, CPU milliseconds of all processes when a server is "
        "first asked.",
        "Before, the list was Turtle without coordinates; now it is rows, with what GeoNames "
        "knows of its places.",
    ]
    return "\n".join([*head, *rows, "", *notes]) + "\n"
