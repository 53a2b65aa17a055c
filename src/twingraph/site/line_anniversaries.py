"""The rows of the query `anniversaries`, made from the build's sorted lines.

A store would hold most of a graph of lists with starts for this query alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from itertools import chain, product
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode

from twingraph.rdf.dataset import term_of, text_of
from twingraph.rdf.vocabulary import CODES, RDFS, TG, XSD
from twingraph.site.reader import Row, Term

if TYPE_CHECKING:
    from twingraph.site.line_rows import LineTable

_DEPRECATED_RANK: Final = f"<{CODES}rank/deprecated>"
_INFERRED: Final = f"<{CODES}modality/inferred>"
_ENTER: Final = f"<{CODES}decides/enter>"
_FEW: Final = 200  # origins; for more of them tables are made of what they say
_NAMED: Final = ("partnership", "origin", "source", "status", "this")  # as they are ordered
_OTHERS: Final = ("value", "basis", "published", "latestEnd", "inferred", "council")
_COLUMNS: Final = (
    "this", "partnership", "origin", "basis", "value", "published", "inferred", "council",
    "source", "status", "latestEnd",
)  # fmt: skip

Origin = tuple[str, str, str, str, str, bool]


def anniversaries(table: LineTable) -> Iterator[Row]:
    """Yield each origin from which anniversaries are counted, once for each partner."""
    few = len(table.facts.lines(TG.property, str(TG.start))) <= _FEW
    partners, cites, places, modalities, states, ends = map(
        partial(table.look_up, few=few),
        (TG.partner, TG.cites, TG.inSource, TG.modality, TG.status, TG.latestEnd),
    )
    rows: list[tuple[str, ...]] = []
    for tie, origin, value, basis, published, council in chain(_claimed(table), _decided(table)):
        if tie in table.withdrawn:
            continue
        sources = [source[1:-1] for cite in cites(origin) for source in places(cite[1:-1])]
        found = _truth(_INFERRED in modalities(origin)), _truth(council)
        for partner, source, status, end in product(
            partners(tie), sources or ("",), states(tie) or ("",), ends(tie) or ("",)
        ):
            texts = [text_of(item) if item else "" for item in (published, value, end)]
            rows.append((tie, origin, source, status[1:-1], partner[1:-1], *texts,
                         value, basis, published, end, *found))  # fmt: skip
    node, term = cache(_node), cache(_term)
    for row in sorted(rows):
        named, others = map(node, row[: len(_NAMED)]), map(term, row[-len(_OTHERS) :])
        terms = {**dict(zip(_NAMED, named, strict=True)), **dict(zip(_OTHERS, others, strict=True))}
        yield {column: terms[column] for column in _COLUMNS}


def _node(iri: str) -> NamedNode | None:
    return NamedNode(iri) if iri else None


def _term(text: str) -> Term | None:
    return term_of(text) if text else None


def _claimed(table: LineTable) -> Iterator[Origin]:
    """Yield each claim of a start that is not deprecated, with each of its values.

    That is the partnership, the claim, value, basis and published start ('' for none), and False.
    """
    lines = table.facts.lines(TG.property, str(TG.start))
    about, values, starts, bases, ranks = map(
        partial(table.look_up, few=len(lines) <= _FEW),
        (TG.subject, TG.value, TG.start, TG.basis, TG.rank),
    )
    for line in lines:
        claim = line.split(" ", 1)[0][1:-1]
        for thing, value, basis, rank in product(
            about(claim), values(claim), bases(claim) or ("",),
            ranks(claim) or ("",),
        ):  # fmt: skip
            if rank != _DEPRECATED_RANK:
                tie = thing[1:-1]
                for published in starts(tie) or ("",):
                    yield tie, claim, value, basis, published, False


def _decided(table: LineTable) -> Iterator[Origin]:
    """Yield each decision to enter a partnership, and whether a council took it."""
    lines = table.facts.lines(TG.decides, _ENTER)
    about, days, labels, organs = map(
        partial(table.look_up, few=len(lines) <= _FEW),
        (TG.about, TG.date, RDFS.label, TG.decidedBy),
    )
    for line in lines:
        decision = line.split(" ", 1)[0][1:-1]
        council = any(
            label.endswith('"@en') and "council" in text_of(label).lower()
            for organ in organs(decision) for label in labels(organ[1:-1])
        )  # fmt: skip
        for thing, value in product(about(decision), days(decision)):
            yield thing[1:-1], decision, value, "", "", council


def _truth(value: bool) -> str:
    return f'"{str(value).lower()}"^^{XSD.boolean}'
