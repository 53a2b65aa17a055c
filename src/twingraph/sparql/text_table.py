"""A table of RDF terms as aligned text for a terminal: prefixed names, wrapped cells.

Widths are those of Unicode TR11 (wide East Asian letters take two columns, combining marks none);
control characters are shown, never sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from twingraph.rdf.turtle import iri_text
from twingraph.rdf.vocabulary import PREFIXES

Term = NamedNode | Literal | BlankNode | Triple
_GAP: Final = "  "
_NARROWEST: Final = 8


def table_text(
    variables: Sequence[str],
    rows: Sequence[Sequence[Term | None]],
    prefixes: Mapping[str, str] = PREFIXES,
    width: int = 0,
) -> str:
    """Return the rows under their names, in at most `width` columns if that is possible (0: any).

    >>> home = "https://w3id.org/twingraph/"
    >>> bonn, name = NamedNode(home + "id/place/bonn"), Literal("Bonn", language="de")
    >>> print(table_text(["place", "name"], [[bonn, name]], {"place": f"{home}id/place/"}), end="")
    place       name
    ----------  ----
    place:bonn  Bonn
    """
    cells = [[cell_text(term, prefixes) for term in row] for row in rows]
    whole = [list(variables), *cells]
    widths = [max(map(columns, column)) for column in zip(*whole, strict=True)]
    widths = _fit(widths, width)
    lines = [
        *_row_lines(list(variables), widths),
        _GAP.join("-" * each_width for each_width in widths),
        *(line for row in cells for line in _row_lines(row, widths)),
    ]
    return "".join(line.rstrip() + "\n" for line in lines)


def cell_text(term: Term | None, prefixes: Mapping[str, str] = PREFIXES) -> str:
    """Return a term for people: an IRI as prefixed name, a literal as its text.

    >>> cell_text(Literal("1967-06-27")), cell_text(None), cell_text(Literal("a\\x1b[2J"))
    ('1967-06-27', '', 'a␛[2J')
    """
    if term is None:
        return ""
    if isinstance(term, NamedNode):
        return _visible(iri_text(term.value, set(), prefixes))
    return _visible(term.value if isinstance(term, Literal) else str(term))


def _visible(text: str) -> str:
    """Show control characters by their Unicode pictures, and no direction marks at all."""
    text = re.sub(r"[\t\r\n]+", " ", text)
    return "".join(
        chr(0x2400 + ord(letter)) if ord(letter) < 0x20
        else "\ufffd" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else letter
        for letter in text
    )  # fmt: skip


def columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes.

    >>> columns("Bonn"), columns("北京"), columns("Mu\\u0308nchen")
    (4, 4, 7)
    """
    return sum(map(_letter_columns, text))


def _letter_columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def _fit(widths: list[int], width: int) -> list[int]:
    """Take from the widest columns until all fit; no column gets narrower than a few letters."""
    widths = list(widths)
    while width and sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        widest = max(range(len(widths)), key=lambda column: widths[column])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _row_lines(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    wrapped = [list(_wrapped(cell, width)) for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(map(len, wrapped), default=1)):
        parts = [lines[number] if number < len(lines) else "" for lines in wrapped]
        yield _GAP.join(
            part + " " * (width - columns(part)) for part, width in zip(parts, widths, strict=True)
        )


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Cut a cell at spaces, or inside a word that is wider than the column."""
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if columns(joined) <= width:
            line = joined
            continue
        if line:
            yield line
        line = ""
        for letter in word:
            if line and columns(line + letter) > width:
                yield line
                line = ""
            line += letter
    yield line
