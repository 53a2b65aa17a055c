"""Every name -> JSON files that a page of a static copy reads while a name is typed.

`search/index.json` lists prefixes; `search/by-<prefix>.json` has rows of form, name, path of the
page within a language, and kind, in the order of the forms. A file has at most `MOST` rows: where
more begin with a prefix, it has the first of them, and longer prefixes have files of their own.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from twingraph.derive.names import forms, named_kind
from twingraph.rdf.iris import page_path
from twingraph.site.reader import LANGUAGES, BuildReader

MOST: Final = 400  # rows of a file: about 30 kB
_DEEPEST: Final = 12  # letters of a prefix
_WORDS: Final = 8  # of a name by which it is found
_DASH: Final = " – "  # between the two names of a partnership
_WITHIN: Final = re.compile("['`’ʻʼ]")
_KINDS: Final = (
    "place", "partnership", "org", "unit", "person", "programme", "project", "event", "concept",
)  # fmt: skip


class NameRow(NamedTuple):
    """A form of a name, the name, the page of its entity, and the kind of that."""

    form: str
    name: str
    path: str
    kind: str


def spelled(text: str) -> str:
    """Return a name without case, accents and signs, in its own script, as a browser can.

    >>> spelled("Tel Aviv–Jaffa"), spelled("MÜNCHEN"), spelled("Мінськ")
    ('tel aviv jaffa', 'munchen', 'мінськ')
    """
    letters = unicodedata.normalize("NFKD", text)
    bare = "".join(each for each in letters if not unicodedata.category(each).startswith("M"))
    lower = _WITHIN.sub("", bare).lower()
    return " ".join("".join(each if each.isalnum() else " " for each in lower).split())


def file_of(prefix: str) -> str:
    """Return the path of the file of a prefix: ASCII letters as they are, others by their number.

    >>> file_of("tel a"), file_of("мі")
    ('search/by-tel-a.json', 'search/by-~43c~456.json')
    """
    named = "".join(
        each if each.isascii() and each.isalnum() else "-" if each == " " else f"~{ord(each):x}"
        for each in prefix
    )
    return f"search/by-{named}.json"


def read_rows(reader: BuildReader) -> list[NameRow]:
    """Return the rows of every name that has a page; of a form, whole names and places first."""
    rows = set()
    for name, query in (("thing", "names"), ("partnership", "partnership-names")):
        for row in reader.rows(query):
            thing, text = row["thing"], row["name"]
            if not isinstance(thing, NamedNode) or not isinstance(text, Literal):
                continue
            page = page_path(reader.path(thing.value) or "", LANGUAGES[0])
            partnership = name == "partnership"
            kind = "partnership" if partnership else named_kind(thing.value, reader.base)
            if page is None or kind is None:
                continue
            path = page.removeprefix(f"{LANGUAGES[0]}/")
            found_by = _pair_forms(text.value) if partnership else _name_forms(text.value)
            rows |= {NameRow(form, text.value, path, kind) for form in found_by}
    return sorted(rows, key=_order)


def _order(row: NameRow) -> tuple[object, ...]:
    part = row.form not in forms(row.name) and row.form != spelled(row.name)
    return row.form, part, _KINDS.index(row.kind), row.name, row.path


def _name_forms(name: str) -> set[str]:
    """Return the forms of a name, and its endings from each of its words on."""
    whole = {*forms(name), spelled(name)} - {""}
    later = set()
    for form in whole:
        words = form.split()[:_WORDS]
        later |= {" ".join(words[first:]) for first in range(1, len(words))}
    return whole | later


def _pair_forms(label: str) -> set[str]:
    """Return the forms of the label of a partnership, in either order."""
    turned = _DASH.join(reversed(label.split(_DASH)))
    return {form for each in (label, turned) for form in (*forms(each), spelled(each)) if form}


def shards(rows: Iterable[NameRow], most: int = MOST) -> Iterator[tuple[str, list[NameRow]]]:
    """Yield prefixes and the rows of each, at most `most`, from sorted rows.

    >>> rows = [NameRow(form, form, "", "place") for form in ("aa", "ab", "abc", "b")]
    >>> [(prefix, [row.form for row in found]) for prefix, found in shards(rows, 2)]
    [('a', ['aa', 'ab']), ('aa', ['aa']), ('ab', ['ab', 'abc']), ('b', ['b'])]
    """
    yield from _split(list(rows), 1, most)


def _split(rows: list[NameRow], length: int, most: int) -> Iterator[tuple[str, list[NameRow]]]:
    groups: dict[str, list[NameRow]] = {}
    for row in rows:
        if len(row.form) >= length:
            groups.setdefault(row.form[:length], []).append(row)
    for prefix, group in sorted(groups.items()):
        yield prefix, group[:most]
        if len(group) > most and length < _DEEPEST:
            yield from _split(group, length + 1, most)


def name_index(reader: BuildReader) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the bytes of each file of the index."""
    prefixes = []
    for prefix, rows in shards(read_rows(reader)):
        prefixes.append(prefix)
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        yield file_of(prefix), f"[\n{lines}\n]\n".encode()
    yield "search/index.json", (json.dumps(prefixes, ensure_ascii=False) + "\n").encode()
