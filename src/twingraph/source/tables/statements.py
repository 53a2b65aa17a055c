"""Outcomes of a list -> quads of its graph: partnerships, claims, one citation for equal rows.

A row is cited by its address in the list (`…/id/source/<slug>#row=17`, RFC 7111 §2.1); rows of one
pair that say the same, such as both directions, are cited together (`#row=17;204`).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from twingraph.rdf.vocabulary import CODES, EDTF, RDF, RDFS, TG, XSD
from twingraph.source.tables.outcome import Facts, Outcome
from twingraph.source.tables.spec import Spec

_DCTERMS: Final = "http://purl.org/dc/terms/"
_PAGE: Final = NamedNode("http://xmlns.com/foaf/0.1/page")
_TYPE: Final = CODES + "type/"
_STATUS: Final = CODES + "status/"
_FIELD: Final = CODES + "field/"
_RANK: Final = CODES + "rank/"
BASIS: Final = NamedNode(CODES + "basis/list-entry")
UNSTATED: Final = "partnership"  # the kind of a partnership of which a list says no more


@dataclass(frozen=True)
class Statements:
    """The quads of a list, and the line of the list in which each subject stands."""

    quads: tuple[Quad, ...]
    lines: Mapping[str, int]


def graph_name(slug: str, base: str) -> NamedNode:
    """Return the graph of an import."""
    return NamedNode(f"{base}graph/import/{slug}")


def pair_slugs(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the slug of each pair: both slugs in order, and more where two pairs would share it.

    >>> pair_slugs([("minsk", "bonn")])
    {('bonn', 'minsk'): 'bonn-minsk'}
    >>> sorted(pair_slugs([("a-b", "c"), ("a", "b-c")]).values())
    ['a-b-c', 'a-b-c-14c10a8a']
    """
    found: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for pair in sorted({(min(each_pair), max(each_pair)) for each_pair in pairs}):
        slug = "-".join(pair)
        if slug in taken:
            slug += "-" + _digest("|".join(pair))
        taken.add(slug)
        found[pair] = slug
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def statements(spec: Spec, found: Sequence[Outcome], sha256: str) -> Statements:
    """Return what a list says, in its graph; only rows that are written say anything."""
    graph = graph_name(spec.slug, spec.base)
    source = NamedNode(f"{spec.base}id/source/{spec.slug}")
    lines: dict[str, int] = {source.value: 1}
    triples: list[_Triple] = []
    by_pair: dict[tuple[str, str], dict[Facts, list[Outcome]]] = defaultdict(dict)
    for outcome in found:
        if outcome.result == "written":
            one, other = outcome.places
            groups = by_pair[min(one, other), max(one, other)]
            groups.setdefault(outcome.facts, []).append(outcome)
    slugs = pair_slugs(by_pair)
    for pair, groups in sorted(by_pair.items()):
        subject = f"{spec.base}id/partnership/{slugs[pair]}"
        first = min(outcome.row.line for group in groups.values() for outcome in group)
        lines[subject] = first
        triples += _partnership(spec, subject, pair, groups)
        for facts, group in groups.items():
            cite = cite_iri(source.value, [outcome.row.number for outcome in group])
            lines[cite] = group[0].row.line
            triples += _citation(cite, source, group)
            claims = list(_claims(spec, slugs[pair], subject, cite, facts))
            lines |= dict.fromkeys((claim[0] for claim in claims), group[0].row.line)
            triples += claims
    quads = {Quad(NamedNode(s), p, o, graph) for s, p, o in triples}
    return Statements((*described(spec, sha256), *sorted(quads, key=str)), lines)


def described(spec: Spec, sha256: str) -> tuple[Quad, ...]:
    """Return what a list is: title, licence, origin, checksum, the day it speaks for."""
    source = NamedNode(f"{spec.base}id/source/{spec.slug}")
    graph = graph_name(spec.slug, spec.base)
    return tuple(Quad(NamedNode(s), p, o, graph) for s, p, o in _described(spec, source, sha256))


def cite_iri(source: str, rows: Iterable[int]) -> str:
    """Return the address of rows within a list (RFC 7111 §2.1, several: §2.4).

    >>> cite_iri("https://example.org/id/source/list", [204, 17])
    'https://example.org/id/source/list#row=17;204'
    """
    return f"{source}#row={';'.join(str(number) for number in sorted(set(rows)))}"


_Triple = tuple[str, NamedNode, NamedNode | Literal]


def _described(spec: Spec, source: NamedNode, sha256: str) -> Iterator[_Triple]:
    """Yield what the list is."""
    iri, texts = source.value, spec.texts
    yield iri, RDF.type, TG.SourceDocument
    for language, title in spec.title.items():
        yield iri, NamedNode(_DCTERMS + "title"), Literal(title, language=language)
        yield iri, RDFS.label, Literal(title, language=language)
    yield iri, TG.sha256, Literal(texts["sha256"] or sha256)
    if texts["language"]:
        yield iri, NamedNode(_DCTERMS + "language"), Literal(texts["language"])
    if texts["licence"]:
        yield iri, NamedNode(_DCTERMS + "license"), NamedNode(texts["licence"])
    if texts["credit"]:
        yield iri, NamedNode(_DCTERMS + "bibliographicCitation"), Literal(texts["credit"])
    elif texts["publisher"]:
        title = next(iter(spec.title.values()))
        by = "" if title.startswith(texts["publisher"]) else f"{texts['publisher']}: "
        cited = f"{by}{title}"
        yield iri, NamedNode(_DCTERMS + "bibliographicCitation"), Literal(cited)
    if texts["url"]:
        yield iri, _PAGE, NamedNode(texts["url"])
    if texts["retrieved"]:
        yield iri, TG.retrieved, Literal(texts["retrieved"], datatype=XSD.date)
    if texts["as_of"]:
        yield iri, TG.asOf, Literal(texts["as_of"], datatype=EDTF)
    if "start" not in spec.dated and not spec.is_places:
        yield iri, TG.notStated, TG.start


def _partnership(
    spec: Spec, subject: str, pair: tuple[str, str], groups: Mapping[Facts, Sequence[Outcome]]
) -> Iterator[_Triple]:
    yield subject, RDF.type, TG.Partnership
    for slug in pair:
        yield subject, TG.partner, NamedNode(f"{spec.base}id/place/{slug}")
    source = f"{spec.base}id/source/{spec.slug}"
    for group in groups.values():
        rows = [outcome.row.number for outcome in group]
        yield subject, TG.cites, NamedNode(cite_iri(source, rows))
    fields = {facts.field for facts in groups if facts.field}
    for field in fields:
        yield subject, TG.field, NamedNode(_FIELD + field)
    if "start" in spec.dated and not any(facts.start for facts in groups):
        yield subject, TG.notStated, TG.start


def _citation(cite: str, source: NamedNode, group: Sequence[Outcome]) -> Iterator[_Triple]:
    yield cite, RDF.type, TG.Citation
    yield cite, TG.inSource, source
    yield cite, TG.line, Literal(str(group[0].row.line), datatype=XSD.integer)
    for outcome in group:
        if outcome.page.startswith(("http://", "https://")) and _is_iri(outcome.page):
            yield cite, _PAGE, NamedNode(outcome.page)
        if outcome.statement:
            name = outcome.statement.replace("$", "-", 1)
            yield cite, TG.statement, NamedNode(f"http://www.wikidata.org/entity/statement/{name}")
        if outcome.revision.isdigit():
            yield cite, TG.revision, Literal(outcome.revision, datatype=XSD.integer)


def _is_iri(text: str) -> bool:
    return not any(mark in text for mark in ' <>"{}|\\^`') and text.isprintable()


def _claims(spec: Spec, slug: str, subject: str, cite: str, facts: Facts) -> Iterator[_Triple]:
    """Yield a claim for each value that can have one only (docs/model.md)."""
    kind = facts.kind or UNSTATED
    concept = NamedNode(_TYPE + kind)
    yield from _claim(spec, slug, "kind", subject, TG.partnershipType, concept, cite, facts)
    if facts.start:
        value = Literal(facts.start, datatype=EDTF)
        yield from _claim(spec, slug, "start", subject, TG.start, value, cite, facts)
    if facts.end:
        value = Literal(facts.end, datatype=EDTF)
        yield from _claim(spec, slug, "end", subject, TG.end, value, cite, facts)
    status = facts.status or ("ended" if facts.ended else "")
    if status:
        yield from _claim(spec, slug, "status", subject, TG.status, NamedNode(_STATUS + status),
                          cite, facts)  # fmt: skip


def _claim(
    spec: Spec, slug: str, word: str, subject: str, verb: NamedNode, value: NamedNode | Literal,
    cite: str, facts: Facts,
) -> Iterator[_Triple]:  # fmt: skip
    iri = f"{spec.base}id/claim/{slug}-{word}-{spec.slug}-{_digest(value.value)}"
    yield iri, RDF.type, TG.Claim
    yield iri, TG.subject, NamedNode(subject)
    yield iri, TG.property, verb
    yield iri, TG.value, value
    yield iri, TG.cites, NamedNode(cite)
    if verb == TG.start:
        yield iri, TG.basis, BASIS
    for name, words, language in facts.hedges:
        if name == word:
            yield iri, TG.hedge, Literal(words, language=language)
    if verb == TG.status and spec.texts["as_of"]:
        yield iri, TG.asOf, Literal(spec.texts["as_of"], datatype=EDTF)
    if facts.rank == "preferred":
        yield iri, TG.rank, NamedNode(_RANK + "preferred")
