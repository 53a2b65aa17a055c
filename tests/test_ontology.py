"""The ontology, its code lists and its alignments keep the promises that their files make."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyoxigraph
import pytest
from rdflib import BNode, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.namespace import DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SDO, SKOS, VANN, XSD
from rdflib.term import Node

from twingraph.rdf.vocabulary import PREFIXES, SCHEMES, TG

ONTOLOGY: Final = Path(__file__).parents[1] / "ontology"
FILES: Final = sorted(ONTOLOGY.rglob("*.ttl"))
VOCAB_FILES: Final = sorted((ONTOLOGY / "vocab").glob("*.ttl"))
NS: Final = Namespace(PREFIXES["tg"])
DOCUMENT: Final = URIRef(str(NS).removesuffix("#"))
VOCAB: Final = "https://w3id.org/twingraph/vocab/"
CC0: Final = URIRef("http://creativecommons.org/publicdomain/zero/1.0/")
LANGUAGES: Final = {"en", "de"}

# Of what OWL 2 RL and QL both allow, only what is used: anything else is a decision to take.
KINDS: Final = {OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty}
TYPES: Final = KINDS | {OWL.Ontology, OWL.SymmetricProperty}
AXIOMS: Final = {RDF.type, RDFS.subClassOf, RDFS.subPropertyOf, OWL.disjointWith}
ANNOTATIONS: Final = {
    RDFS.label, RDFS.comment, RDFS.seeAlso, RDFS.isDefinedBy, SKOS.definition, SKOS.example,
    SDO.domainIncludes, SDO.rangeIncludes,
}  # fmt: skip
HEADER: Final = {
    OWL.versionIRI, OWL.versionInfo, DCTERMS.title, DCTERMS.description, DCTERMS.creator,
    DCTERMS.license, DCTERMS.created, DCTERMS.issued, DCTERMS.modified,
    DCTERMS.bibliographicCitation, VANN.preferredNamespacePrefix, VANN.preferredNamespaceUri,
    DCTERMS.publisher, DCTERMS.language, SDO.includedInDataCatalog,
    URIRef("http://purl.org/ontology/bibo/status"),
}  # fmt: skip
MAPPINGS: Final = {
    SKOS.mappingRelation, SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch,
    SKOS.relatedMatch,
}  # fmt: skip
BUILT_IN: Final = {
    OWL.Thing, RDF.Property, RDF.langString, RDFS.Literal, XSD.boolean, XSD.date, XSD.decimal,
    XSD.integer, XSD.string, URIRef("http://id.loc.gov/datatypes/edtf/EDTF"),
}  # fmt: skip
DERIVED: Final = {
    "partnerOf", "twinnedWith", "hasConflict", "distanceKm", "statusAsOf", "earliestStart",
    "latestStart", "earliestEnd", "latestEnd", "earliestDate", "latestDate", "foldedName",
    "sourcesDifferOn", "passagesDifferOn", "startModality", "issuer",
}  # fmt: skip
RESOLVED: Final = {"partnershipType", "status", "start", "end", "date", "contactsSince"}
CLOSED: Final = (SDO, ORG, PROV, FOAF, DCTERMS, SKOS)


def read(*paths: Path) -> Graph:
    graph = Graph()
    for path in paths:
        graph.parse(path, format="turtle")
    return graph


CORE: Final = read(ONTOLOGY / "twingraph.ttl")
ALIGNMENTS: Final = read(ONTOLOGY / "alignments.ttl")
CONCEPTS: Final = read(*VOCAB_FILES)


def terms() -> set[URIRef]:
    return {s for s in CORE.subjects() if isinstance(s, URIRef) and s.startswith(str(NS))}


def kinds(term: Node) -> set[Node]:
    return set(CORE.objects(term, RDF.type)) & KINDS


def languages(graph: Graph, subject: Node, predicate: URIRef) -> list[str]:
    texts = graph.objects(subject, predicate)
    return sorted(str(text.language) for text in texts if isinstance(text, Literal) and str(text))


def concepts() -> set[Node]:
    return set(CONCEPTS.subjects(RDF.type, SKOS.Concept))


# ---- every file


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_both_parsers_read_the_same_triples_without_blank_nodes(path: Path) -> None:
    parser = pyoxigraph.parse(path=str(path), format=pyoxigraph.RdfFormat.TURTLE)
    theirs, ours = list(parser), read(path)

    assert len(set(theirs)) == len(theirs), "a triple is written twice"
    assert len(ours) == len(theirs)
    assert not [node for triple in ours for node in triple if isinstance(node, BNode)]
    assert {p: i for p, i in parser.prefixes.items() if PREFIXES.get(p, i) != i} == {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_are_written_one_way(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    openers = [i for i, line in enumerate(lines) if line[:1] not in ("", " ", "#", "@")]
    openers = [i for i in openers if " " not in lines[i]]

    assert text.endswith("\n")
    assert not [line for line in lines if line != line.rstrip() or "\t" in line]
    if path.name != "alignments.ttl":
        assert [lines[i] for i in openers if not lines[i + 1].startswith("  a ")] == []


# ---- the ontology


def test_the_header_is_complete() -> None:
    assert set(CORE.predicates(DOCUMENT)) == HEADER | {RDF.type}
    assert CORE.value(DOCUMENT, DCTERMS.license) == CC0
    assert CORE.value(DOCUMENT, VANN.preferredNamespaceUri) == Literal(str(NS))
    assert CORE.value(DOCUMENT, VANN.preferredNamespacePrefix) == Literal("tg")
    assert CORE.value(DOCUMENT, OWL.versionIRI) == URIRef(
        f"{DOCUMENT}/{CORE.value(DOCUMENT, OWL.versionInfo)}"
    )
    for text in (DCTERMS.title, DCTERMS.description):
        assert languages(CORE, DOCUMENT, text) == sorted(LANGUAGES)


def test_ontology_and_program_name_the_same_terms() -> None:
    ours = {str(term).removeprefix(str(NS)) for term in terms()}

    assert ours == {name.rstrip("_") for name in TG.__annotations__ if not name.startswith("_")}


def test_every_term_is_labelled_defined_and_at_home_in_both_languages() -> None:
    for term in sorted(terms()):
        assert languages(CORE, term, RDFS.label) == sorted(LANGUAGES), term
        assert languages(CORE, term, SKOS.definition) == sorted(LANGUAGES), term
        assert set(languages(CORE, term, RDFS.comment)) in (set(), LANGUAGES), term
        assert list(CORE.objects(term, RDFS.isDefinedBy)) == [DOCUMENT], term


def test_a_term_has_one_kind_and_a_name_in_its_form() -> None:
    for term in sorted(terms()):
        first = str(term).removeprefix(str(NS))[0]
        assert len(kinds(term)) == 1, term
        assert first.isupper() == (kinds(term) == {OWL.Class}), term


def test_labels_are_unique() -> None:
    for language in LANGUAGES:
        labels = [
            (text, kinds(term) == {OWL.Class})
            for term, text in CORE.subject_objects(RDFS.label)
            if isinstance(text, Literal) and text.language == language
        ]
        assert len(labels) == len(set(labels))


def test_derived_and_resolved_properties_say_so() -> None:
    comments = {
        str(term).removeprefix(str(NS)): str(text)
        for term, text in CORE.subject_objects(RDFS.comment)
        if isinstance(text, Literal) and text.language == "en"
    }

    assert {name for name, text in comments.items() if text.startswith("DERIVED")} == DERIVED
    assert {name for name, text in comments.items() if text.startswith("RESOLVED")} == RESOLVED


def test_nothing_outside_the_profile_is_used() -> None:
    in_lists = {node for t in CONCEPTS for node in t if str(node).startswith(str(NS))}
    both = CORE + ALIGNMENTS

    assert set(both.predicates()) <= AXIOMS | ANNOTATIONS | HEADER | MAPPINGS
    assert set(both.objects(None, RDF.type)) <= TYPES
    assert in_lists == {NS.countsAsTwinning, NS.countsAsPartnership}


def test_only_the_two_shortcuts_are_symmetric() -> None:
    symmetric = set(CORE.subjects(RDF.type, OWL.SymmetricProperty))

    assert symmetric == {NS.partnerOf, NS.twinnedWith}
    assert set(CORE.subject_objects(RDFS.subPropertyOf)) == {(NS.twinnedWith, NS.partnerOf)}


def test_partnership_paper_vote_party_claim_and_citation_are_pairwise_disjoint() -> None:
    six = {NS[n] for n in ("Partnership", "Agreement", "Decision", "Event", "Claim", "Citation")}
    pairs = {frozenset(pair) for pair in CORE.subject_objects(OWL.disjointWith)}

    assert pairs == {frozenset((item, other)) for item in six for other in six if item != other}


def test_every_property_says_where_it_is_used() -> None:
    known = terms() | BUILT_IN | set(CORE.subjects(RDF.type, OWL.Class))
    for term in sorted(t for t in terms() if kinds(t) != {OWL.Class}):
        for hint in (SDO.domainIncludes, SDO.rangeIncludes):
            assert set(CORE.objects(term, hint)), (term, hint)
            assert set(CORE.objects(term, hint)) <= known, (term, hint)


def test_values_of_datatype_properties_are_literals_and_of_object_properties_iris() -> None:
    literals = BUILT_IN - {OWL.Thing, RDF.Property}
    for term in sorted(terms()):
        values = set(CORE.objects(term, SDO.rangeIncludes))
        if kinds(term) == {OWL.DatatypeProperty}:
            assert values <= literals, term
        elif kinds(term) == {OWL.ObjectProperty}:
            assert not values & (literals | {RDF.Property}), term


def test_a_property_whose_value_is_a_concept_names_its_code_list() -> None:
    schemes = set(CONCEPTS.subjects(RDF.type, SKOS.ConceptScheme))
    for term in sorted(terms()):
        if set(CORE.objects(term, SDO.rangeIncludes)) == {SKOS.Concept}:
            assert len(set(CORE.objects(term, RDFS.seeAlso)) & schemes) == 1, term
        assert set(CORE.objects(term, RDFS.seeAlso)) <= schemes, term


@pytest.mark.parametrize("graph", [CORE, ALIGNMENTS], ids=["ontology", "alignments"])
def test_foreign_terms_have_no_statement_but_their_type(graph: Graph) -> None:
    ours = (str(NS), str(DOCUMENT), VOCAB)
    said = {(s, p) for s, p in graph.subject_predicates() if not str(s).startswith(ours)}

    assert {predicate for _, predicate in said} == {RDF.type}


# ---- the code lists


def test_there_is_one_file_for_each_code_list() -> None:
    schemes = {str(s).removeprefix(VOCAB) for s in CONCEPTS.subjects(RDF.type, SKOS.ConceptScheme)}

    assert {path.stem for path in VOCAB_FILES} == schemes == set(SCHEMES)


@pytest.mark.parametrize("path", VOCAB_FILES, ids=lambda path: path.stem)
def test_a_code_list_is_described(path: Path) -> None:
    scheme = URIRef(VOCAB + path.stem)
    graph = read(path)

    assert list(graph.subjects(RDF.type, SKOS.ConceptScheme)) == [scheme]
    assert languages(graph, scheme, DCTERMS.title) == sorted(LANGUAGES)
    assert languages(graph, scheme, SKOS.definition) == sorted(LANGUAGES)
    assert graph.value(scheme, DCTERMS.license) == CC0
    assert graph.value(scheme, DCTERMS.created) is not None


@pytest.mark.parametrize("path", VOCAB_FILES, ids=lambda path: path.stem)
def test_every_concept_is_named_defined_and_coded(path: Path) -> None:
    scheme = URIRef(VOCAB + path.stem)
    graph = read(path)
    for concept in graph.subjects(RDF.type, SKOS.Concept):
        assert languages(graph, concept, SKOS.prefLabel) == sorted(LANGUAGES), concept
        assert languages(graph, concept, SKOS.definition) == sorted(LANGUAGES), concept
        assert list(graph.objects(concept, SKOS.inScheme)) == [scheme], concept
        [notation] = graph.objects(concept, SKOS.notation)
        assert concept == URIRef(f"{scheme}/{notation}")


@pytest.mark.parametrize("path", VOCAB_FILES, ids=lambda path: path.stem)
def test_no_name_means_two_concepts_of_one_list(path: Path) -> None:
    graph = read(path)
    names = [n for p in (SKOS.prefLabel, SKOS.altLabel) for n in graph.objects(None, p)]

    assert not {name for name in names if names.count(name) > 1}


def test_broader_and_narrower_mirror_each_other() -> None:
    broader = set(CONCEPTS.subject_objects(SKOS.broader))

    assert broader == {(low, high) for high, low in CONCEPTS.subject_objects(SKOS.narrower)}
    for low, high in broader:
        assert CONCEPTS.value(low, SKOS.inScheme) == CONCEPTS.value(high, SKOS.inScheme), low


def test_every_concept_reaches_a_top_concept_of_its_list() -> None:
    tops = {(t, s) for s, t in CONCEPTS.subject_objects(SKOS.hasTopConcept)}

    assert tops == set(CONCEPTS.subject_objects(SKOS.topConceptOf))
    for concept in concepts():
        ways = set(CONCEPTS.transitive_objects(concept, SKOS.broader))
        scheme = CONCEPTS.value(concept, SKOS.inScheme)
        assert {(way, scheme) for way in ways if way is not None} & tops, concept
        has_broader = (concept, SKOS.broader, None) in CONCEPTS
        assert ((concept, scheme) in tops) != has_broader, concept


@pytest.mark.parametrize(
    ("scheme", "flag", "flagged"),
    [
        ("type", NS.countsAsTwinning, {"twinning", "sister-city"}),
        (
            "type",
            NS.countsAsPartnership,
            {
                "partnership",
                "twinning",
                "sister-city",
                "project-partnership",
                "friendship",
                "solidarity-partnership",
                "utility-partnership",
            },
        ),
    ],
)
def test_every_concept_that_needs_a_flag_has_one(
    scheme: str, flag: URIRef, flagged: set[str]
) -> None:
    flags = dict(CONCEPTS.subject_objects(flag))

    assert set(flags) == set(CONCEPTS.subjects(SKOS.inScheme, URIRef(VOCAB + scheme)))
    assert len(list(CONCEPTS.subject_objects(flag))) == len(flags)
    assert {v.toPython() for v in flags.values() if isinstance(v, Literal)} == {True, False}
    assert {c for c, v in flags.items() if v == Literal(True)} == {
        URIRef(f"{VOCAB}{scheme}/{code}") for code in flagged
    }


# ---- the alignments


def test_alignments_name_terms_and_concepts_that_exist() -> None:
    ours = {s for s in ALIGNMENTS.subjects() if str(s).startswith((str(NS), VOCAB))}

    assert ours <= terms() | concepts()


def test_skos_mappings_join_concepts_only() -> None:
    mapped = {s for mapping in MAPPINGS for s in ALIGNMENTS.subjects(mapping)}

    assert mapped and mapped <= concepts()
    assert not set(CORE.predicates()) & MAPPINGS


def test_a_class_is_put_under_a_class_and_a_property_under_its_kind() -> None:
    for ours, theirs in ALIGNMENTS.subject_objects(RDFS.subClassOf):
        assert kinds(ours) == {OWL.Class} == set(ALIGNMENTS.objects(theirs, RDF.type))
    for ours, theirs in ALIGNMENTS.subject_objects(RDFS.subPropertyOf):
        assert kinds(ours) == set(ALIGNMENTS.objects(theirs, RDF.type)), ours


def test_foreign_terms_exist_if_their_vocabulary_is_available() -> None:
    foreign = {n for triple in CORE + ALIGNMENTS for n in triple if isinstance(n, URIRef)}
    for space in CLOSED:
        named = {term for term in foreign if term.startswith(str(space))}
        assert sorted(term for term in named if term not in space) == []


def test_what_a_claim_may_be_derived_from_is_no_prov_activity() -> None:
    # prov:wasDerivedFrom makes its object a prov:Entity; PROV holds entities and activities apart.
    implying = {PROV.wasAssociatedWith, PROV.used, PROV.wasInformedBy}

    assert not set(ALIGNMENTS.subjects(RDFS.subClassOf, PROV.Activity))
    assert not set(ALIGNMENTS.objects(None, RDFS.subPropertyOf)) & implying


# ---- reasoning


def two_cities() -> Graph:
    graph = CORE + ALIGNMENTS + CONCEPTS
    bonn, minsk, tie = (URIRef(f"https://w3id.org/twingraph/id/{p}") for p in (
        "place/bonn", "place/minsk", "partnership/bonn-minsk",
    ))  # fmt: skip
    graph.add((tie, RDF.type, NS.Partnership))
    for place in (bonn, minsk):
        graph.add((place, RDF.type, NS.AdministrativeUnit))
        graph.add((tie, NS.partner, place))
    graph.add((bonn, NS.twinnedWith, minsk))
    return graph


def closure(graph: Graph) -> Graph:
    owlrl = pytest.importorskip("owlrl")
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    return graph


def self_partners(graph: Graph) -> set[Node]:
    ties = (NS.partnerOf, NS.twinnedWith, URIRef("http://www.wikidata.org/prop/direct/P190"))
    return {place for tie in ties for place, other in graph.subject_objects(tie) if place == other}


def test_reasoning_makes_no_city_its_own_partner() -> None:
    bonn, minsk = (URIRef(f"https://w3id.org/twingraph/id/place/{p}") for p in ("bonn", "minsk"))

    graph = closure(two_cities())

    assert self_partners(graph) == set()
    assert {(bonn, minsk), (minsk, bonn)} == set(graph.subject_objects(NS.partnerOf))


def test_reasoning_finds_no_contradiction() -> None:
    graph = closure(two_cities())

    assert not set(graph.subjects(RDF.type, OWL.Nothing)) - {OWL.Nothing}
    assert not [s for s, p in graph.subject_predicates() if str(p).endswith("agent-ont#error")]


def test_a_property_chain_would_make_a_city_its_own_partner() -> None:
    # Why partnerOf is made by a rule: this is what the forbidden chain does.
    graph = two_cities()
    steps = BNode()
    graph.add((NS.inPartnership, OWL.inverseOf, NS.partner))
    Collection(graph, steps, [NS.inPartnership, NS.partner])
    graph.add((NS.partnerOf, OWL.propertyChainAxiom, steps))

    assert len(self_partners(closure(graph))) == 2
