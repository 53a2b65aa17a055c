"""Hints below an empty result: likely reasons why a valid query has found nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Final

from pyoxigraph import Literal

from twingraph.rdf.vocabulary import TG
from twingraph.sparql.lexer import Read, decoded, read
from twingraph.sparql.queryable import Queryable
from twingraph.sparql.unknown_terms import unknown_terms
from twingraph.translation import LANGUAGES, words_of

_READ: Final = 3000  # tokens; a longer query was written by a program
_MOST: Final = 5  # hints of one kind
_COMPARED: Final = frozenset({"<", ">", "<=", ">=", "YEAR", "="})
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPED: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
# A date as its source gives it (EDTF), and the bounds that compare with other dates.
_BOUNDS: Final = {
    TG.start.value: "tg:earliestStart, tg:latestStart",
    TG.end.value: "tg:earliestEnd, tg:latestEnd",
    TG.date.value: "tg:earliestDate, tg:latestDate",
}


def hints_of(
    store: Queryable,
    query: str,
    known: Collection[str],
    base: str,
    prefixes: Mapping[str, str],
    language: str,
) -> tuple[str, ...]:
    """Return sentences in `language` on what in `query` can match nothing.

    `known` are the IRIs of the ontology's terms and of the concepts; `prefixes` those that every
    query of this endpoint may use undeclared.
    """
    tokens = list(islice(read(query, base, prefixes), _READ))
    return (
        *_unknown(query, known, base, prefixes, language),
        *_untagged(store, tokens, language),
        *_compared_dates(tokens, language),
    )


def empty_cells_hint(rows: Sequence[Sequence[object]], language: str) -> str:
    """Return what to say where there are rows and not one of their cells has a value, else ''.

    >>> empty_cells_hint([[None, None]], "en")
    '1 row, all of it empty: the pattern matches, but binds none of the selected variables.'
    >>> empty_cells_hint([[None, "a"]], "en")
    ''
    """
    if not rows or any(cell is not None for row in rows for cell in row):
        return ""
    return words_of(language).ngettext(
        "{number} row, all of it empty: the pattern matches, but binds none of the selected "
        "variables.",
        "{number} rows, all of them empty: the pattern matches, but binds none of the selected "
        "variables.",
        len(rows),
    )


def _unknown(
    query: str, known: Collection[str], base: str, prefixes: Mapping[str, str], language: str
) -> Iterator[str]:
    words = words_of(language)
    for term in unknown_terms(query, known, base, prefixes):
        text = words.gettext("{term} is no term of the ontology.", term=term.written)
        if term.meant:
            text += " " + words.gettext("Did you mean {term}?", term=term.meant)
        yield text


def _untagged(store: Queryable, tokens: Sequence[Read], language: str) -> Iterator[str]:
    """Yield the plain strings that the graph holds with a language tag only (RDF 1.1 §3.3)."""
    words = words_of(language)
    count = 0
    for (token, *_), (following, *_) in pairwise([*tokens, *tokens[-1:]]):
        if token.kind != "string" or following.kind == "language" or following.text == "^":
            continue
        text = _text_of(token.text)
        if not text or _holds(store, Literal(text)):
            continue
        tag = next((tag for tag in LANGUAGES if _holds(store, Literal(text, language=tag))), "")
        if tag:
            yield words.gettext(
                "{plain} matches no text with a language; write {tagged}, or compare STR(?text).",
                plain=token.text,
                tagged=token.text + "@" + tag,
            )
            count += 1
        if count == _MOST:
            return


def _holds(store: Queryable, value: Literal) -> bool:
    return any(True for _ in store.quads_for_pattern(None, None, value))


def _text_of(written: str) -> str:
    r"""Return what a string literal says (SPARQL 1.1 §19.7, ECHAR).

    >>> _text_of('"Bonn"'), _text_of("'''a\\tb'''"), _text_of('"')
    ('Bonn', 'a\tb', '')
    """
    quote = written[0]
    inside = written.strip(quote) if written.startswith(quote * 3) else written[1:-1]
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), decoded(inside))


def _compared_dates(tokens: Sequence[Read], language: str) -> Iterator[str]:
    if not any(token.text.upper() in _COMPARED for token, *_ in tokens):
        return
    used = {iri: token.text for token, iri, *_ in tokens if iri in _BOUNDS}
    for iri, written in sorted(used.items()):
        yield words_of(language).gettext(
            "{term} is a date as its source gives it (EDTF) and compares with no other date; use "
            "{bounds}.",
            term=written,
            bounds=_BOUNDS[iri],
        )
