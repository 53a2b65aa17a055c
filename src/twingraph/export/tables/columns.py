"""What a column of a published table is, and which cell it has for a thing of the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from pyoxigraph import Literal as Text
from pyoxigraph import NamedNode

from twingraph.derive.resolve import Value
from twingraph.link.facts import LinkFacts
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import EDTF, RDF, XSD

Form = Literal["iri", "text", "words", "edtf", "date", "integer", "decimal", "boolean"]
Cell = str | list[str]
Row = Mapping[str, Cell]

DATATYPES: Final[Mapping[Form, NamedNode]] = {
    "boolean": XSD.boolean,
    "date": XSD.date,
    "decimal": XSD.decimal,
    "edtf": EDTF,
    "integer": XSD.integer,
    "text": XSD.string,
}
MORE: Final = "more"  # the last column of every table about things


def as_it_is(text: str) -> str | None:
    """Return a value as a list shows it: unchanged."""
    return text


@dataclass(frozen=True)
class Column:
    """A column: its name, its titles in English and German, what it says, and where it is from.

    `verb` is the property whose values it shows, `find` what works them out where they are no
    property's. A column is part of the RDF that CSVW makes if it has a verb, is no list and is not
    `quiet`. `words` are literals of any language, so they are always quiet; `language` asks for
    the one of that language. `picks`: what has another form is not missed, it has its own column.
    `refers` names the table whose first column holds the same IRIs.
    """

    name: str
    en: str
    de: str
    says: str
    form: Form = "text"
    verb: NamedNode | None = None
    language: str = ""
    many: bool = False
    required: bool = False
    quiet: bool = False
    picks: bool = False
    refers: str = ""
    find: Callable[[LinkFacts, str], Sequence[Value | str]] | None = None
    shown: Callable[[str], str | None] = as_it_is

    @property
    def speaks(self) -> bool:
        """Is it part of the RDF that CSVW makes of the table?"""
        return not (self.verb is None or self.many or self.quiet or self.form == "words")


@dataclass(frozen=True)
class TableSchema:
    """A table: what its rows are, and the columns that name a row (`key`) and its subject.

    `rows` makes the rows of a table about pairs; the others have one for each of `things`.
    `type_` is the class of every thing in it, `properties` the column that names the property.
    """

    name: str
    en: str
    de: str
    says: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("iri",)
    type_: NamedNode | None = None
    things: Callable[[LinkFacts], Iterable[str]] | None = None
    rows: Callable[[LinkFacts], Iterable[Row]] | None = None
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def about(self) -> str:
        """The column that names what a row is about."""
        return self.key[0]


def fits(term: Value, column: Column) -> bool:
    """Can a cell of the column hold the term, so that it comes back from it as it was?

    >>> year = Column("year", "Year", "Jahr", "", "edtf")
    >>> fits(Text("1987", datatype=EDTF), year), fits(Text("1987"), year)
    (True, False)
    """
    if column.form == "iri":
        # a URI template (RFC 6570 §3.2.3) would write other letters as %XX: another IRI
        return isinstance(term, NamedNode) and (term.value.isascii() or not column.speaks)
    if not isinstance(term, Text):
        return False
    if column.form == "words":
        return True
    if column.language:
        return term.language == column.language
    return term.datatype == DATATYPES[column.form]


def _foreign(term: Value, column: Column) -> bool:
    """Is it another column's: the same property in another language?"""
    return bool(column.language) and isinstance(term, Text) and term.datatype == RDF.langString


def cell(facts: LinkFacts, thing: str, column: Column) -> tuple[Cell, bool]:
    """Return the cell of a column for a thing, and whether the graph has more than it shows.

    A cell for one value stays empty where there are several: to choose one would hide the others.
    """
    if column.find is not None:
        found = [plain(item) for item in column.find(facts, thing)]
        return (found, False) if column.many else ("".join(found[:1]), len(found) > 1)
    terms = facts.values(thing, column.verb) if column.verb is not None else []
    if column.many:
        return [shown for _, shown in members(terms, column)], False
    good = [term for term in terms if fits(term, column)]
    missed = any(not (fits(term, column) or _foreign(term, column)) for term in terms)
    alone = plain(good[0]) if len(good) == 1 else ""
    return alone, len(good) > 1 or (missed and not column.picks)


def members(terms: Iterable[Value], column: Column) -> list[tuple[str, str]]:
    """Return what a list holds: each IRI, and how the cell shows it."""
    iris = [term.value for term in terms if isinstance(term, NamedNode)]
    return [(iri, text) for iri in iris if (text := column.shown(iri)) is not None]
