"""Outcomes of a list -> lines of its graph: partnerships, claims, one citation for equal rows.

A row is cited by its address in the list (`…/id/source/<slug>#row=17`, RFC 7111 §2.1); rows of one
pair that say the same, such as both directions, are cited together (`#row=17;204`).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.rdf.dataset import merged
from twingraph.rdf.ntriples import iri, is_iri, literal
from twingraph.rdf.vocabulary import CODES, EDTF, RDF, RDFS, TG, XSD
from twingraph.source.tables.outcome import Facts, Outcome
from twingraph.source.tables.spec import Spec

_DCTERMS: Final = "http://purl.org/dc/terms/"
_PAGE: Final = "<http://xmlns.com/foaf/0.1/page>"
_ENTITY: Final = "http://www.wikidata.org/entity/statement/"
BASIS: Final = f"<{CODES}basis/list-entry>"
UNSTATED: Final = "partnership"  # the kind of a partnership if the list gives none

# property and value with the full stop, as they end a line
_A_PARTNERSHIP: Final = f"{RDF.type} {TG.Partnership} ."
_A_CITATION: Final = f"{RDF.type} {TG.Citation} ."
_A_CLAIM: Final = f"{RDF.type} {TG.Claim} ."
_SILENT: Final = f"{TG.notStated} {TG.start} ."
_PARTNER, _CITES, _SUBJECT = map(str, (TG.partner, TG.cites, TG.subject))
_IN_SOURCE, _LINE, _INTEGER = map(str, (TG.inSource, TG.line, XSD.integer))
_PREFERRED: Final = f"{TG.rank} <{CODES}rank/preferred> ."


@dataclass(frozen=True)
class Statements:
    """The statements of a list as sorted lines of N-Triples, and the line of each subject in it."""

    texts: Sequence[str]
    lines: Mapping[str, int]


def graph_name(slug: str, base: str) -> str:
    """Return the graph of an import."""
    return f"{base}graph/import/{slug}"


def pair_slugs(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the slug of each pair: both slugs in order, and more where two pairs would share it.

    >>> pair_slugs([("minsk", "bonn")])
    {('bonn', 'minsk'): 'bonn-minsk'}
    >>> sorted(pair_slugs([("a-b", "c"), ("a", "b-c")]).values())
    ['a-b-c', 'a-b-c-14c10a8a']
    """
    slugs: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for pair in sorted({(min(each_pair), max(each_pair)) for each_pair in pairs}):
        slug = "-".join(pair)
        if slug in taken:
            slug += "-" + _digest("|".join(pair))
        taken.add(slug)
        slugs[pair] = slug
    return slugs


@lru_cache(maxsize=4096)
def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def statements(spec: Spec, rows: Sequence[Outcome], sha256: str) -> Statements:
    """Return the statements of a list, in its graph; only rows that are written give any."""
    source = f"{spec.base}id/source/{spec.slug}"
    lines: dict[str, int] = {source: 1}
    # by subject: lines that are nearly in order are sorted much faster
    texts: dict[str, list[str]] = defaultdict(list)
    by_pair: dict[tuple[str, str], dict[Facts, list[Outcome]]] = defaultdict(dict)
    for outcome in rows:
        if outcome.result == "written":
            first, second = outcome.places
            pair = (first, second) if first <= second else (second, first)
            by_pair[pair].setdefault(outcome.facts, []).append(outcome)
    slugs = pair_slugs(by_pair)
    claims_of = cache(partial(_claims, spec))  # many rows have the same facts
    for pair, groups in by_pair.items():
        subject = f"{spec.base}id/partnership/{slugs[pair]}"
        lines[subject] = min(outcome.row.line for group in groups.values() for outcome in group)
        cites = [cite_iri(source, [outcome.row.number for outcome in group])
                 for group in groups.values()]  # fmt: skip
        _say(texts, subject, _partnership(spec, pair, groups, cites))
        for (facts, group), cite in zip(groups.items(), cites, strict=True):
            lines[cite] = line = group[0].row.line
            _say(texts, cite, _citation(source, group))
            for word, rests in claims_of(facts):
                claim = f"{spec.base}id/claim/{slugs[pair]}-{word}"
                lines[claim] = line
                _say(texts, claim, rests)
                _say(texts, claim, (f"{_SUBJECT} <{subject}> .", f"{_CITES} <{cite}> ."))
    in_order = (texts[subject] for subject in sorted(texts))
    return Statements(merged([described(spec, sha256), *in_order]), lines)


def _say(texts: dict[str, list[str]], subject: str, rests: Iterable[str]) -> None:
    """Add lines to those of a subject; `rests` are what follows it."""
    start = f"<{subject}> "
    texts[start] += [start + rest for rest in rests]


def described(spec: Spec, sha256: str) -> list[str]:
    """Return the description of a list: title, licence, origin, checksum, its date."""
    source = iri(f"{spec.base}id/source/{spec.slug}")
    return [f"{source} {rest} ." for rest in _described(spec, sha256)]


def cite_iri(source: str, rows: Iterable[int]) -> str:
    """Return the address of rows within a list (RFC 7111 §2.1, several: §2.4).

    >>> cite_iri("https://example.org/id/source/list", [204, 17])
    'https://example.org/id/source/list#row=17;204'
    """
    return f"{source}#row={';'.join(str(number) for number in sorted(set(rows)))}"


def _described(spec: Spec, sha256: str) -> Iterator[str]:
    """Yield the description of the list: property and value."""
    texts = spec.texts
    yield f"{RDF.type} {TG.SourceDocument}"
    for language, title in spec.title.items():
        yield f"<{_DCTERMS}title> {Literal(title, language=language)}"
        yield f"{RDFS.label} {Literal(title, language=language)}"
    yield f"{TG.sha256} {literal(texts['sha256'] or sha256)}"
    if texts["language"]:
        yield f"<{_DCTERMS}language> {literal(texts['language'])}"
    if texts["licence"]:
        yield f"<{_DCTERMS}license> {iri(texts['licence'])}"
    if texts["credit"]:
        yield f"<{_DCTERMS}bibliographicCitation> {literal(texts['credit'])}"
    elif texts["publisher"]:
        title = next(iter(spec.title.values()))
        by = "" if title.startswith(texts["publisher"]) else f"{texts['publisher']}: "
        yield f"<{_DCTERMS}bibliographicCitation> {literal(by + title)}"
    if texts["url"]:
        yield f"{_PAGE} {iri(texts['url'])}"
    if texts["retrieved"]:
        yield f"{TG.retrieved} {literal(texts['retrieved'])}^^{XSD.date}"
    if texts["as_of"]:
        yield f"{TG.asOf} {literal(texts['as_of'])}^^{EDTF}"
    if "start" not in spec.dated and not spec.is_places:
        yield f"{TG.notStated} {TG.start}"


def _partnership(
    spec: Spec, pair: tuple[str, str], groups: Mapping[Facts, object], cites: Iterable[str]
) -> Iterator[str]:
    yield _A_PARTNERSHIP
    for slug in pair:
        yield f"{_PARTNER} <{spec.base}id/place/{slug}> ."
    for cite in cites:
        yield f"{_CITES} <{cite}> ."
    for field in {facts.field for facts in groups if facts.field}:
        yield f"{TG.field} <{CODES}field/{field}> ."
    if "start" in spec.dated and not any(facts.start for facts in groups):
        yield _SILENT


def _citation(source: str, group: Sequence[Outcome]) -> Iterator[str]:
    yield _A_CITATION
    yield f"{_IN_SOURCE} <{source}> ."
    yield f'{_LINE} "{group[0].row.line}"^^{_INTEGER} .'
    for outcome in group:
        if outcome.page.startswith(("http://", "https://")) and is_iri(outcome.page):
            yield f"{_PAGE} {iri(outcome.page)} ."
        if outcome.statement:
            name = outcome.statement.replace("$", "-", 1)
            if is_iri(_ENTITY + name):
                yield f"{TG.statement} {iri(_ENTITY + name)} ."
        if outcome.revision.isascii() and outcome.revision.isdigit():
            yield f'{TG.revision} "{outcome.revision}"^^{XSD.integer} .'


def _claims(spec: Spec, facts: Facts) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return a claim for each value that can have one only (docs/model.md).

    Each is the end of its IRI, and its statements other than subject and citation.
    """
    kind = facts.kind or UNSTATED
    claims = [_claim(spec, "kind", TG.partnershipType, f"{CODES}type/{kind}", facts)]
    if facts.start:
        claims.append(_claim(spec, "start", TG.start, facts.start, facts))
    if facts.end:
        claims.append(_claim(spec, "end", TG.end, facts.end, facts))
    status = facts.status or ("ended" if facts.ended else "")
    if status:
        claims.append(_claim(spec, "status", TG.status, f"{CODES}status/{status}", facts))
    return tuple(claims)


def _claim(
    spec: Spec, word: str, verb: NamedNode, value: str, facts: Facts
) -> tuple[str, tuple[str, ...]]:
    is_date = verb in (TG.start, TG.end)
    rests = [
        _A_CLAIM, f"{TG.property} {verb} .",
        f"{TG.value} {f'{literal(value)}^^{EDTF}' if is_date else iri(value)} .",
    ]  # fmt: skip
    if verb == TG.start:
        rests.append(f"{TG.basis} {BASIS} .")
    rests += [f"{TG.hedge} {Literal(words, language=language)} ."
              for name, words, language in facts.hedges if name == word]  # fmt: skip
    if verb == TG.status and spec.texts["as_of"]:
        rests.append(f"{TG.asOf} {literal(spec.texts['as_of'])}^^{EDTF} .")
    if facts.rank == "preferred":
        rests.append(_PREFERRED)
    return f"{word}-{spec.slug}-{_digest(value)}", tuple(rests)
