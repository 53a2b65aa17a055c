"""Completions for the query editor: prefixes, the terms that the graph uses, kinds of entities."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pyoxigraph import NamedNode, RdfFormat, parse

from twingraph.rdf.vocabulary import RDFS, SKOS
from twingraph.site.facts import facts_about
from twingraph.site.reader import BuildReader

_VOID = "http://rdfs.org/ns/void#"


def completions(site: BuildReader, language: str) -> bytes:
    """Return JSON: `prefixes` by name, `terms` that are used or published here, `kinds` by prefix.

    Classes and properties are those that void.ttl counts (VoID §4.2), concepts those of the code
    lists; each has its label and definition in `language` where there are any.
    """
    kinds = dict(_counted(site))
    kinds |= dict.fromkeys(_concepts(site), "concept")
    facts = facts_about(site, language, [[NamedNode(iri)] for iri in sorted(kinds)])
    terms = []
    for iri, kind in sorted(kinds.items()):
        name = _prefixed(iri, site)
        if not name:
            continue
        label = facts.name(iri).text
        detail = facts.texts(iri, RDFS.comment) or facts.texts(iri, f"{_SKOS}definition")
        terms.append(
            {
                "name": name,
                "kind": kind,
                "label": "" if label == name else label,
                "detail": detail.get(language) or detail.get("en", ""),
            }
        )
    return (
        json.dumps(
            {
                "prefixes": dict(site.prefixes),
                "kinds": _kinds(site),
                "terms": terms,
            },
            ensure_ascii=False,
        )
        + "\n"
    ).encode()


_SKOS = SKOS.prefLabel.value.removesuffix("prefLabel")


def _counted(site: BuildReader) -> Iterable[tuple[str, str]]:
    parts = {f"{_VOID}class": "class", f"{_VOID}property": "property"}
    body = site.read("void.ttl")
    for quad in parse(body, format=RdfFormat.TURTLE):
        kind = parts.get(quad.predicate.value)
        if kind and isinstance(quad.object, NamedNode):
            yield quad.object.value, kind


def _concepts(site: BuildReader) -> Iterable[str]:
    for quad in site.store.quads_for_pattern(None, SKOS.inScheme, None):
        if isinstance(quad.subject, NamedNode):
            yield quad.subject.value


def _prefixed(iri: str, site: BuildReader) -> str:
    """Return an IRI as prefixed name of this endpoint, '' where no prefix of it fits."""
    for prefix, namespace in site.prefixes.items():
        local = iri.removeprefix(namespace)
        if local != iri and local.replace("-", "").replace("_", "").isalnum():
            return f"{prefix}:{local}"
    return ""


def _kinds(site: BuildReader) -> dict[str, str]:
    """Return the kind of thing that each prefix of entities names: `{"orgid": "org", …}`."""
    start = f"{site.base}id/"
    return {
        prefix: namespace.removeprefix(start).rstrip("/")
        for prefix, namespace in site.prefixes.items()
        if namespace.startswith(start)
    }
