"""Columns of the published tables, and the cell of a column for an entity of the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

from pyoxigraph import NamedNode

from twingraph.link.facts import LinkFacts
from twingraph.rdf.dataset import text_of
from twingraph.rdf.vocabulary import EDTF, RDF, XSD

Form = Literal["iri", "text", "words", "edtf", "date", "integer", "decimal", "boolean"]
Cell = str | list[str]
Row = Sequence[Cell]  # one a column, in their order

DATATYPES: Final[Mapping[Form, NamedNode]] = {
    "boolean": XSD.boolean,
    "date": XSD.date,
    "decimal": XSD.decimal,
    "edtf": EDTF,
    "integer": XSD.integer,
    "text": XSD.string,
}
_TYPE: Final = str(RDF.type)
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
    find: Callable[[LinkFacts, str], Sequence[str]] | None = None
    shown: Callable[[str], str | None] = as_it_is

    @cached_property
    def predicate(self) -> str:
        """The property whose values it shows, as it is written in lines; '' for none."""
        return str(self.verb) if self.verb is not None else ""

    @cached_property
    def ending(self) -> str:
        """How the values end that a cell can hold, as they are written in lines; '' for any."""
        if self.language:
            return f'"@{self.language}'
        datatype = DATATYPES.get(self.form)
        return '"' if datatype == XSD.string else f'"^^{datatype}' if datatype is not None else ""

    @cached_property
    def speaks(self) -> bool:
        """Is it part of the RDF that CSVW makes of the table?"""
        return not (self.verb is None or self.many or self.quiet or self.form == "words")


@dataclass(frozen=True)
class TableSchema:
    """A table: what its rows are, and the columns that name a row (`key`) and its subject.

    It is about `things`, which are those that it `has`: of some `classes`, where nothing else is
    told. Each has a row, or in a table about pairs those that `rows` makes; `all_rows` makes those
    of all things quicker. `type_` is the class of every thing in it, `properties` the column that
    names the property.
    """

    name: str
    en: str
    de: str
    says: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("iri",)
    type_: NamedNode | None = None
    classes: tuple[NamedNode, ...] = ()
    listed: Callable[[LinkFacts], Sequence[str]] | None = None
    listed_is: Callable[[LinkFacts, str], bool] | None = None
    rows: Callable[[LinkFacts, str], Iterable[Row]] | None = None
    all_rows: Callable[[LinkFacts], Iterable[Row]] | None = None
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def about(self) -> str:
        """The column that names what a row is about."""
        return self.key[0]

    def things(self, facts: LinkFacts) -> Sequence[str]:
        """Return what it is about, sorted, each once."""
        if self.listed is not None:
            return self.listed(facts)
        return sorted({thing for class_ in self.classes for thing in facts.members(class_)})

    def has(self, facts: LinkFacts, thing: str) -> bool:
        """Has the table a row about this entity?"""
        if self.listed_is is not None:
            return self.listed_is(facts, thing)
        return not set(map(str, self.classes)).isdisjoint(facts.facts(thing).get(_TYPE, ()))


def fits(value: str, column: Column) -> bool:
    """Can a cell of the column hold a value (its text in a line), so that it comes back the same?

    >>> year = Column("year", "Year", "Jahr", "", "edtf")
    >>> fits(f'"1987"^^{EDTF}', year), fits('"1987"', year)
    (True, False)
    """
    if column.form == "iri":
        # a URI template (RFC 6570 §3.2.3) would write other letters as %XX: another IRI
        return value[0] == "<" and (value.isascii() or not column.speaks)
    return value[0] == '"' and value.endswith(column.ending)


def _foreign(value: str, column: Column) -> bool:
    """Is it another column's: the same property in another language?"""
    return bool(column.language) and value[0] == '"' and value[-1] not in '">'


def cell(values: Sequence[str], column: Column) -> tuple[Cell, bool]:
    """Return the cell of a column for an entity, and whether the graph has values it can't show.

    `values` are those of the column's property, as they are written in lines. A cell for one value
    stays empty where there are several: to choose one would hide the others.

    >>> cell(['"Bonn"@de', '"Bonna"@la'], Column("name", "", "", "", language="de"))
    ('Bonn', False)
    """
    if column.many:
        return [
            text for value in values
            if value[0] == "<" and (text := column.shown(value[1:-1])) is not None
        ], False  # fmt: skip
    if len(values) == 1:  # most
        [value] = values
        if fits(value, column):
            return text_of(value), False
        return "", not (column.picks or _foreign(value, column))
    good = [value for value in values if fits(value, column)]
    missed = len(good) < len(values) and any(
        not (fits(value, column) or _foreign(value, column)) for value in values
    )
    alone = text_of(good[0]) if len(good) == 1 else ""
    return alone, len(good) > 1 or (missed and not column.picks)


def found_cell(facts: LinkFacts, thing: str, column: Column) -> tuple[Cell, bool]:
    """Return the same for a column whose values are computed by its function `find`."""
    values = list(column.find(facts, thing)) if column.find is not None else []
    return (values, False) if column.many else ("".join(values[:1]), len(values) > 1)


def members(values: Iterable[str], column: Column) -> list[tuple[str, str]]:
    """Return what a list holds: each IRI, and how the cell shows it."""
    iris = [value[1:-1] for value in values if value[0] == "<"]
    return [(iri, text) for iri in iris if (text := column.shown(iri)) is not None]
