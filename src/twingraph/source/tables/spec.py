"""import.toml -> Spec: what a list is, and which of its columns means what.

A value is the name of a column, or `{ value = "…" }` for a constant. Nothing is guessed here: the
guesses of `twingraph import table` are in the file, under `guessed`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import Literal

FILE: Final = "import.toml"
ROWS: Final = "rows.csv"
MATCHES: Final = "matches.sssom.tsv"
REVIEW: Final = "review.csv"
PLACES: Final = "places.csv"  # places that the list brings along
SNAPSHOT: Final = re.compile(r"rows-[0-9A-Za-z.-]+\.csv")  # an earlier snapshot, kept beside
FILES: Final = frozenset({FILE, ROWS, MATCHES, REVIEW, PLACES, "README.md"})

SIDE_KEYS: Final = ("name", "country", "region", "wikidata", "geonames", "latitude", "longitude")
CODED: Final = ("kind", "status", "field")
DATED: Final = ("start", "end")
_TEXTS: Final = ("publisher", "licence", "url", "as_of", "retrieved", "sha256", "language",
                 "credit")  # fmt: skip
_TABLES: Final = ("title", "a", "b", *CODED, *DATED, "cite")
CITE_KEYS: Final = ("page", "statement", "revision", "rank")
_CODES: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Cell:
    """Where a value comes from: a column, or a constant.

    With both, the constant fills the empty cells of the column.
    """

    column: str = ""
    value: str = ""


@dataclass(frozen=True)
class Coded:
    """A column whose cells are codes of the list, with our concepts for them."""

    cell: Cell = field(default_factory=Cell)
    codes: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = ""


@dataclass(frozen=True)
class Dated:
    """A column of dates; `unknown` are the cell texts that mean that the date is not known.

    With `precision` "edtf" the cells are EDTF already.
    """

    cell: Cell = field(default_factory=Cell)
    unknown: frozenset[str] = frozenset()
    precision: str = ""


@dataclass(frozen=True)
class Spec:
    """A list, described; `columns` are all that the mapping names."""

    slug: str
    title: Mapping[str, str]
    texts: Mapping[str, str]
    sides: tuple[Mapping[str, Cell], Mapping[str, Cell]]
    coded: Mapping[str, Coded]
    dated: Mapping[str, Dated]
    cite: Mapping[str, Cell]
    guessed: tuple[str, ...] = ()
    is_places: bool = False
    base: str = ""
    is_large: bool = False

    @property
    def columns(self) -> frozenset[str]:
        """Every column that the mapping uses."""
        cells = [cell for side in self.sides for cell in side.values()]
        cells += [item.cell for item in self.coded.values()]
        cells += [item.cell for item in self.dated.values()]
        cells += list(self.cite.values())
        return frozenset(cell.column for cell in cells if cell.column)


class SpecError(Exception):
    """An error in an import.toml: its key, and the message."""

    def __init__(self, key: str, words: str) -> None:
        """Keep the key for finding its line."""
        super().__init__(words)
        self.key = key


def read_spec(text: str, slug: str, base: str) -> Spec:
    """Read an import.toml; raises `SpecError`.

    >>> spec = read_spec('title.en = "T"\\n[a]\\nname = "from"\\n[b]\\nname = "to"', "t", "https://example.org/")
    >>> sorted(spec.columns)
    ['from', 'to']
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError("", f"no TOML: {error}") from None
    known = {*_TEXTS, *_TABLES, "guessed", "places", "large"}
    for key in table:
        if key not in known:
            raise SpecError(key, f"unknown key '{key}'; write one of {', '.join(sorted(known))}")
    title = table.get("title", {})
    title = {"en": title} if isinstance(title, str) else title
    if not (isinstance(title, dict) and title and all(isinstance(t, str) for t in title.values())):
        raise SpecError("title", 'no title; write title.en = "…"')
    texts = {}
    for key in _TEXTS:
        value = table.get(key, "")
        if not isinstance(value, str) and not hasattr(value, "isoformat"):
            raise SpecError(key, f"{key} is no text; write it in quotes")
        texts[key] = value if isinstance(value, str) else value.isoformat()
    for key in ("licence", "url"):
        if texts[key] and not re.fullmatch(r'https?://[^\s<>"{}|^`\\]+', texts[key]):
            raise SpecError(key, f"{key} '{texts[key]}' is no address; write https://…")
    for language in title:
        if not _is_language(language):
            raise SpecError(f"title.{language}", f"'{language}' is no language; write title.de = …")
    if texts["language"] and not _is_language(texts["language"]):
        words = f"language '{texts['language']}' is no tag of one language"
        raise SpecError("language", f'{words}; write "de" or "de-CH"')
    is_places = table.get("places") is True
    sides = ({}, {}) if is_places else tuple(_side(table.get(n, {}), n) for n in ("a", "b"))
    coded: dict[str, Coded] = {name: _coded(table[name], name) for name in CODED if name in table}
    dated: dict[str, Dated] = {name: _dated(table[name], name) for name in DATED if name in table}
    cite = _cells(table.get("cite", {}), "cite", CITE_KEYS)
    guessed = table.get("guessed", [])
    if not (isinstance(guessed, list) and all(isinstance(item, str) for item in guessed)):
        raise SpecError("guessed", "guessed is no list of keys; write guessed = []")
    return Spec(
        slug, title, texts, (sides[0], sides[1]), coded, dated, cite, tuple(guessed), is_places,
        base, table.get("large") is True,
    )  # fmt: skip


def _is_language(tag: str) -> bool:
    """Is it a language tag (BCP 47), and one that begins with a language?

    >>> [_is_language(tag) for tag in ("de", "zh-Hant-TW", "mul", "de_DE", "de, en", "x-own", "")]
    [True, True, True, False, False, False, False]
    """
    try:
        Literal("", language=tag)
    except ValueError:
        return False
    return len(tag.partition("-")[0]) > 1


def _cell(value: object, key: str) -> Cell:
    if isinstance(value, str) and value:
        return Cell(column=value)
    if isinstance(value, dict) and "value" in value and set(value) <= {"column", "value"}:
        texts = {name: text for name, text in value.items() if isinstance(text, str) and text}
        if set(texts) == set(value):
            return Cell(**texts)
    raise SpecError(key, f'{key} names no column; write {key} = "column" or {{ value = "…" }}')


def _cells(table: object, name: str, keys: tuple[str, ...]) -> dict[str, Cell]:
    if not isinstance(table, dict):
        raise SpecError(name, f"{name} is no table; write [{name}]")
    for key in table:
        if key not in keys:
            raise SpecError(key, f"unknown key '{name}.{key}'; write one of {', '.join(keys)}")
    return {key: _cell(table[key], f"{name}.{key}") for key in keys if key in table}


def _side(table: object, name: str) -> dict[str, Cell]:
    cells = _cells(table, name, SIDE_KEYS)
    if not {"name", "wikidata", "geonames"} & set(cells):
        raise SpecError(name, f'no name of partner {name}; write [{name}] and name = "column"')
    return cells


def _coded(table: object, name: str) -> Coded:
    if not isinstance(table, dict):
        raise SpecError(name, f"{name} is no table; write [{name}]")
    codes = table.get("codes", {})
    otherwise = table.get("otherwise", "")
    for key in table:
        if key not in ("column", "value", "codes", "otherwise"):
            raise SpecError(key, f"unknown key '{name}.{key}'; write column, codes or otherwise")
    if not isinstance(codes, dict):
        raise SpecError(name, f"{name}.codes is no table; write [{name}.codes]")
    for concept in (*codes.values(), *([otherwise] if otherwise else [])):
        if not (isinstance(concept, str) and _CODES.fullmatch(concept)):
            raise SpecError(name, f"{name}: '{concept}' is no concept; write its code, such as "
                            "twinning")  # fmt: skip
    cell = Cell(str(table.get("column", "")), str(table.get("value", "")))
    return Coded(cell, {str(code).strip(): concept for code, concept in codes.items()}, otherwise)


def _dated(table: object, name: str) -> Dated:
    if not isinstance(table, dict):
        raise SpecError(name, f"{name} is no table; write [{name}]")
    for key in table:
        if key not in ("column", "unknown", "precision"):
            raise SpecError(key, f"unknown key '{name}.{key}'; write column, unknown or precision")
    unknown = table.get("unknown", [])
    if not isinstance(unknown, list):
        raise SpecError(name, f'{name}.unknown is no list; write unknown = ["2000"]')
    column, precision = table.get("column", ""), table.get("precision", "")
    if not (isinstance(column, str) and column and isinstance(precision, str)):
        raise SpecError(name, f'{name} names no column; write column = "…"')
    return Dated(Cell(column=column), frozenset(str(item) for item in unknown), precision)


def line_of(text: str, key: str) -> int:
    """Return the line of a key in a TOML text, found by its form without a parser; else 1.

    >>> line_of('title.en = "T"\\n[start]\\ncolumn = "x"', "start")
    2
    """
    last = key.rpartition(".")[2]
    quoted = next((number for number, line in enumerate(text.split("\n"), 1)
                   if key and line.rstrip().endswith(f'= "{key}"')), 0)  # fmt: skip
    if quoted:  # the name of a column, which is a value
        return quoted
    if last:
        pattern = re.compile(rf"\s*(\[+.*\b{re.escape(last)}\b.*\]|[\w.]*\b{re.escape(last)}\b.*=)")
        for number, line in enumerate(text.split("\n"), 1):
            if pattern.match(line):
                return number
    return 1
