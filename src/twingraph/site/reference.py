"""The ontology and the rules, each as one page of which every term has its anchor."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode, QuerySolutions

from twingraph.problems import SEVERITIES
from twingraph.rdf.vocabulary import ONTOLOGY, PREFIXES, RDF, RDFS, SHAPES_DOCUMENT, expand
from twingraph.site.facts import Name, PageFacts, pick
from twingraph.site.properties import FOREIGN
from twingraph.site.reader import BuildReader
from twingraph.site.thing_facts import Fact
from twingraph.site.values import Value, ValueFormatter, sort_key
from twingraph.translation import N_, words_of

_DEFINITION: Final = PREFIXES["skos"] + "definition"
_CLASS: Final = PREFIXES["owl"] + "Class"
_HIDDEN: Final = {
    RDF.type.value, RDFS.label.value, RDFS.comment.value, RDFS.isDefinedBy.value, _DEFINITION,
}  # fmt: skip

_SEVERITIES: Final = {
    "violation": N_("violation"),
    "warning": N_("warning"),
    "info": N_("note"),
}


class TermEntry(NamedTuple):
    """A class or a property of the ontology."""

    anchor: str
    iri: str
    name: Value
    definition: Value | None
    comment: Value | None
    facts: list[Fact]


class OntologyPage(NamedTuple):
    """The page of the ontology: its description, its classes, its properties."""

    title: Value
    description: Value | None
    iri: str
    facts: list[Fact]
    classes: list[TermEntry]
    properties: list[TermEntry]


def ontology_page(site: BuildReader, language: str, current_path: str) -> OntologyPage:
    """Make the page of the whole ontology."""
    iri = ONTOLOGY
    terms = {
        row["thing"].value
        for row in site.rows("ontology", this=NamedNode(iri))
        if isinstance(row["thing"], NamedNode)
    }
    facts = PageFacts(site, language)
    facts.load({iri, *terms})
    facts.complete()
    formatter = ValueFormatter(facts, current_path)
    entries = sorted(
        (_entry(formatter, term) for term in terms), key=lambda entry: sort_key(entry.anchor)
    )
    classes = {term.rpartition("#")[2] for term in terms if _CLASS in facts.links(term, RDF.type)}
    title = facts.name(iri)
    shown = ("owl:versionInfo", "owl:versionIRI", "dcterms:modified", "dcterms:license",
             "vann:preferredNamespaceUri", "vann:preferredNamespacePrefix",
             "dcterms:bibliographicCitation")  # fmt: skip
    return OntologyPage(
        title=Value(title.text, language=title.language),
        description=formatter.text(iri, PREFIXES["dcterms"] + "description"),
        iri=iri,
        facts=_facts(formatter, iri, [expand(item) for item in shown]),
        classes=[entry for entry in entries if entry.anchor in classes],
        properties=[entry for entry in entries if entry.anchor not in classes],
    )


def _entry(formatter: ValueFormatter, iri: str) -> TermEntry:
    facts = formatter.facts
    name = facts.name(iri)
    return TermEntry(
        anchor=iri.rpartition("#")[2],
        iri=iri,
        name=Value(name.text, language=name.language),
        definition=formatter.text(iri, _DEFINITION),
        comment=formatter.comment(iri),
        facts=_facts(
            formatter,
            iri,
            [
                each_property
                for each_property in facts.properties(iri)
                if each_property not in _HIDDEN
            ],
        ),
    )


def _facts(formatter: ValueFormatter, iri: str, verbs: Iterable[str]) -> list[Fact]:
    facts = []
    for verb in verbs:
        values = formatter.values(iri, verb)
        message = FOREIGN.get(verb)
        name = Name(formatter.words.message(message)) if message else formatter.facts.name(verb)
        if values:
            facts.append(Fact(Value(name.text), values, [], False))
    return facts


class RuleEntry(NamedTuple):
    """A rule: its code, its name, its reason, its severity, its message."""

    code: str
    name: str
    description: str
    severities: list[str]
    messages: list[str]


class RulesPage(NamedTuple):
    """All rules, by code."""

    iri: str
    rules: list[RuleEntry]


def rules_page(site: BuildReader, language: str) -> RulesPage:
    """Make the page of all rules."""
    solutions = site.shapes.query(site.queries["rules"])
    assert isinstance(solutions, QuerySolutions), "not a SELECT query"
    texts: dict[str, dict[str, dict[str, list[str]]]] = {}
    severities: dict[str, set[str]] = {}
    for row in solutions:
        shape = row["shape"]
        if not isinstance(shape, NamedNode):
            continue
        code = shape.value.rpartition("#")[2]
        entry = texts.setdefault(code, {})
        for part in ("name", "description", "message"):
            text = row[part]
            if isinstance(text, Literal):
                each = entry.setdefault(part, {}).setdefault(text.language or "", [])
                if text.value not in each:
                    each.append(text.value)
        for part in ("severity", "ownSeverity"):
            grave = row[part]
            if isinstance(grave, NamedNode):
                severities.setdefault(code, set()).add(grave.value.rpartition("#")[2].lower())
    words = words_of(language)

    def in_language(texts: dict[str, list[str]]) -> list[str]:
        chosen = texts.get(language) or texts.get("", []) or texts.get("en", [])
        return sorted(re.sub(r"\{[?$]\w+\}", "…", item) for item in chosen)

    rules = [
        RuleEntry(
            code,
            _text(entry.get("name", {}), language) or code,
            _text(entry.get("description", {}), language),
            [
                words.gettext(_SEVERITIES[severity])
                for severity in SEVERITIES
                if severity in severities.get(code, ())
            ],
            in_language(entry.get("message", {})),
        )
        for code, entry in sorted(texts.items())
    ]
    return RulesPage(SHAPES_DOCUMENT, rules)


def _text(texts: dict[str, list[str]], language: str) -> str:
    return pick({tag: each[0] for tag, each in texts.items()}, language).text
