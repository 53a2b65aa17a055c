"""`shapes-published.ttl` as a stranger uses it: plain pySHACL on each dump, and on damaged ones."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyshacl
import pytest
import rdflib
from pyoxigraph import DefaultGraph, RdfFormat, parse
from rdflib import OWL, RDF, RDFS, SH, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from twingraph.build import build
from twingraph.check.documents import CURATED, PUBLISHED, WHOLE
from twingraph.progress import ignore
from twingraph.release.compress import read_stored
from twingraph.releasing import release
from twingraph.settings import load_settings

ROOT: Final = Path(__file__).parent.parent
NS: Final = rdflib.Namespace("https://w3id.org/twingraph/ns#")
ID: Final = rdflib.Namespace("https://w3id.org/twingraph/id/")
CODES: Final = "https://w3id.org/twingraph/vocab/"
ONTOLOGY: Final = URIRef("https://w3id.org/twingraph/ns")
EDTF: Final = URIRef("http://id.loc.gov/datatypes/edtf/EDTF")
DCAT: Final = rdflib.Namespace("http://www.w3.org/ns/dcat#")
DCT: Final = rdflib.Namespace("http://purl.org/dc/terms/")


def triples(path: Path) -> set[str]:
    """The default graph of a dump, a line a triple."""
    form = RdfFormat.from_extension(path.suffix[1:])
    found = parse(path.read_bytes(), format=form)
    return {str(item.triple) for item in found if item.graph_name == DefaultGraph()}


@pytest.fixture(scope="module")
def dump(built: Path) -> Graph:
    return Graph().parse(built / "twingraph.nt", format="nt")


@pytest.fixture(scope="module")
def shapes(built: Path) -> Graph:
    return Graph().parse(built / PUBLISHED, format="turtle")


def codes(report: Node | Graph | bytes) -> set[str]:
    """The codes of what a report finds."""
    assert isinstance(report, Graph)
    found = set()
    for shape in report.objects(None, SH.sourceShape):
        found.add(str(shape).rpartition("#")[2].partition("-")[0])
    return found


def rules_of(shapes: Graph, code: str) -> list[str]:
    """The rules of a code, as names."""
    rules = (str(subject) for subject in shapes.subjects(RDF.type, SH.NodeShape))
    return [rule for rule in rules if rule.rpartition("#")[2].partition("-")[0] == code]


def test_the_published_graph_satisfies_what_anybodys_copy_must(dump: Graph, shapes: Graph) -> None:
    conforms, _, text = pyshacl.validate(dump, shacl_graph=shapes)

    assert conforms, text


@pytest.mark.parametrize("suffix", ["ttl", "jsonld", "nq", "trig"])
def test_every_dump_is_that_graph(built: Path, suffix: str) -> None:
    here = triples(built / "twingraph.nt")

    assert triples(built / f"twingraph.{suffix}") == here
    assert len(here) > 10_000


def test_a_release_satisfies_the_shapes_that_it_carries(tmp_path: Path) -> None:
    project = Path(shutil.copytree(ROOT / "tests" / "atlas", tmp_path / "atlas"))
    assert build(load_settings(project), project / "build").folder
    release(load_settings(project), "2026-11-21", ignore)
    folder = project / "releases" / "2026-11-21"
    graph = Graph().parse(data=read_stored(folder / "twingraph.nt"), format="nt")

    conforms, _, text = pyshacl.validate(
        graph, shacl_graph=Graph().parse(data=read_stored(folder / PUBLISHED), format="turtle")
    )

    assert conforms, text
    packed = gzip.decompress((folder / "twingraph.nt.gz").read_bytes())
    assert packed == read_stored(folder / "twingraph.nt")
    for name in ("nt", "ttl", "nq", "jsonld"):
        (tmp_path / f"twingraph.{name}").write_bytes(read_stored(folder / f"twingraph.{name}"))
    here = triples(tmp_path / "twingraph.nt")
    assert all(triples(tmp_path / f"twingraph.{name}") == here for name in ("ttl", "nq", "jsonld"))


def test_the_catalogue_names_the_shapes_that_hold(built: Path) -> None:
    catalogue = Graph().parse(built / "catalog.ttl", format="turtle")
    [graph] = [subject for subject in catalogue.subjects(RDF.type, DCAT.Dataset)
               if str(subject).endswith("/partnerships")]  # fmt: skip
    named = {str(value) for value in catalogue.objects(graph, DCT.conformsTo)}
    downloads = {str(value) for value in catalogue.objects(None, DCAT.downloadURL)}

    [shapes] = [item for item in named if item.endswith(PUBLISHED)]
    assert shapes in downloads
    assert not any(item.endswith(("/shapes", WHOLE, CURATED)) for item in named)


def test_curated_files_have_rules_that_the_published_graph_breaks(built: Path) -> None:
    """That is why there are two documents: what a build adds is nobody's to write."""
    text = (built / CURATED).read_text(encoding="utf-8")

    assert "tgs:R01 " in text and "tgs:R02 " in text
    assert "tgs:R01 " not in (built / PUBLISHED).read_text(encoding="utf-8")


def test_the_published_shapes_only_demand(shapes: Graph) -> None:
    assert set(shapes.objects(None, SH.severity)) == {SH.Violation}
    parts = set(shapes.objects(None, SH.property))
    assert not [part for part in parts if (part, SH.path, None) not in shapes]


# --- damage: (what is done to the graph, what is looked at, the code that must tell) -------------

MINSK: Final = ID["partnership/bonn-minsk"]
PARIS: Final = ID["partnership/berlin-paris"]
BONN: Final = ID["place/bonn"]
CITE: Final = ID["cite/bonn-minsk-agreement"]
CLAIM: Final = ID["claim/bonn-minsk-kind"]
Change = tuple[set[tuple[Node, Node, Node | None]], set[tuple[Node, Node, Node]]]


def day(text: str) -> Literal:
    return Literal(text, datatype=XSD.date)


DAMAGES: Final[dict[str, tuple[Change, Node, str]]] = {
    "one partner is gone": (({(PARIS, NS.partner, ID["place/paris"])}, set()), PARIS, "P01"),
    "no kind": (({(PARIS, NS.partnershipType, None)}, set()), PARIS, "P02"),
    "a citation without a line": (({(CITE, NS.line, None)}, set()), CITE, "E03"),
    "a quote of eleven words": (
        ({(CITE, NS.quote, None)}, {(CITE, NS.quote, Literal(" ".join("abcdefghijk")))}),
        CITE, "E04",
    ),
    "evidence is gone": (({(PARIS, NS.cites, None)}, set()), PARIS, "E01"),
    "bounds reversed": (
        ({(PARIS, NS.latestStart, None)}, {(PARIS, NS.latestStart, day("1980-01-01"))}),
        PARIS, "D02",
    ),
    "ended before it began": (
        (set(), {(PARIS, NS.latestEnd, day("1901-01-01"))}), PARIS, "D03",
    ),
    "a start that is no EDTF": (
        ({(PARIS, NS.start, None)}, {(PARIS, NS.start, Literal("2 July 1987"))}), PARIS, "D01",
    ),
    "a partner of itself": ((set(), {(BONN, NS.partnerOf, BONN)}), BONN, "S01"),
    "a shortcut one way": (({(ID["place/minsk"], NS.partnerOf, BONN)}, set()), BONN, "S02"),
    "a project partnership as twinning": (
        (set(), {(BONN, NS.twinnedWith, ID["place/minsk"])}), BONN, "S05",
    ),
    "a shortcut is missing": (
        ({(ID["place/berlin"], NS.partnerOf, ID["place/paris"]),
          (ID["place/paris"], NS.partnerOf, ID["place/berlin"])}, set()), ONTOLOGY, "S04",
    ),
    "a partner that is not described": (
        (set(), {(PARIS, NS.partner, ID["place/nowhere"])}), ID["place/nowhere"], "X04",
    ),
    "a property that is unknown": (
        (set(), {(PARIS, NS.partnerOff, BONN)}), ONTOLOGY, "X01",
    ),
    "a code that is unknown": (
        (set(), {(PARIS, NS.field, URIRef(CODES + "field/opera"))}), ONTOLOGY, "X01",
    ),
    "a point off the Earth": (
        ({(BONN, URIRef("https://schema.org/latitude"), None)},
         {(BONN, URIRef("https://schema.org/latitude"), Literal("95", datatype=XSD.decimal))}),
        BONN, "G01",
    ),
    "two names in one language": (
        (set(), {(BONN, RDFS.label, Literal("Bunn", lang="de"))}), BONN, "L02",
    ),
    "a kind from another list": (
        ({(CLAIM, NS.value, None)}, {(CLAIM, NS.value, URIRef(CODES + "field/culture"))}),
        CLAIM, "R04",
    ),
    "one Wikidata item for two": (
        (set(), {(BONN, OWL.sameAs, URIRef("http://www.wikidata.org/entity/Q64"))}),
        ONTOLOGY, "W02",
    ),
}  # fmt: skip


@contextmanager
def damaged(graph: Graph, change: Change) -> Iterator[Graph]:
    gone, new = change
    lost = [triple for pattern in gone for triple in graph.triples(pattern)]
    assert lost or not gone
    for item in lost:
        graph.remove(item)
    for item in new:
        graph.add(item)
    yield graph
    for item in new:
        graph.remove(item)
    for item in lost:
        graph.add(item)


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_reported(name: str, dump: Graph, shapes: Graph) -> None:
    change, focus, code = DAMAGES[name]

    rules = rules_of(shapes, code) if focus == ONTOLOGY else None  # each is asked of all there is

    with damaged(dump, change) as graph:
        conforms, report, _ = pyshacl.validate(
            graph, shacl_graph=shapes, focus_nodes=[str(focus)], use_shapes=rules
        )

    assert not conforms
    assert code in codes(report)


def test_damages_are_undone(dump: Graph, built: Path, artefacts: Callable[[str], Path]) -> None:
    assert set(dump) == set(Graph().parse(built / "twingraph.nt", format="nt"))
    assert len(DAMAGES) >= 12
