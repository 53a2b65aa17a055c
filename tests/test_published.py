"""From sources to the published graph: Bonn-Minsk, and sources that contradict Berlin's table."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad

from twingraph.check.run import check_curated
from twingraph.derive.published import published
from twingraph.rdf.iris import DERIVED
from twingraph.rdf.vocabulary import HOME, PROV, TG, prefixes_for
from twingraph.settings import load_settings
from twingraph.source.curated import Curated
from twingraph.source.fmt import format_text
from twingraph.source.read import read_project

PREFIXES: Final = prefixes_for(HOME)

ROOT = Path(__file__).parent.parent

# Two made-up lists that contradict Berlin's page in every way the resolution rule knows.
# (city, property, value, more)
FIRST_LIST = [
    ("paris", "start", '"1987"^^edtf:EDTF', "tg:basis basis:self-declared"),
    ("paris", "partnershipType", "type:partnership", ""),
    ("madrid", "start", '"1989-02"^^edtf:EDTF', "tg:basis basis:agreement"),
    ("istanbul", "partnershipType", "type:project-partnership", ""),
    ("warsaw", "start", '"1990"^^edtf:EDTF', "tg:basis basis:agreement ; tg:rank rank:deprecated"),
    ("moscow", "start", '"1990-05-01"^^edtf:EDTF',
     "tg:basis basis:agreement ; tg:rank rank:preferred"),
    ("moscow", "status", "status:suspended", 'tg:asOf "2022-03-01"^^edtf:EDTF'),
    ("budapest", "status", "status:ended", 'tg:asOf "2010"^^edtf:EDTF'),
    ("budapest", "end", '"2010-06"^^edtf:EDTF', ""),
    ("brussels", "start", '"1985~"^^edtf:EDTF',
     "tg:basis basis:anniversary-implied ; tg:modality modality:inferred ; "
     "prov:wasDerivedFrom partnership:berlin-brussels"),
    ("jakarta", "contactsSince", '"1990"^^edtf:EDTF', ""),
    ("prague", "start", '"1990/1994"^^edtf:EDTF', "tg:basis basis:agreement"),
    ("tokyo", "partnershipType", "type:sister-city", ""),
]  # fmt: skip
SECOND_LIST = [
    ("moscow", "status", "status:active", 'tg:asOf "2021"^^edtf:EDTF'),
    ("budapest", "status", "status:active", 'tg:asOf "2001"^^edtf:EDTF'),
    ("madrid", "start", '"1989-02-03"^^edtf:EDTF', "tg:basis basis:agreement"),
]


def slug(city: str) -> str:
    return "-".join(sorted(("berlin", city)))


def source(name: str, rows: list[tuple[str, str, str, str]]) -> tuple[str, str]:
    """A source file in the one form, and the text that its quotes stand in."""
    text = "".join(f"{city} {verb} {value}\n" for city, verb, value, _ in rows).replace('"', "'")
    digest = hashlib.sha256(text.encode()).hexdigest()
    parts = [f"@prefix {key}: <{iri}> ." for key, iri in PREFIXES.items()]
    parts.append(
        f'source:{name} a tg:SourceDocument ; dcterms:language "en" ; '
        f'dcterms:title "A list"@en ; tg:sha256 "{digest}" .'
    )
    for number, (city, verb, value, more) in enumerate(rows, 1):
        key = f"{name}-{number}"
        pair = slug(city)
        parts.append(
            f"cite:{key} a tg:Citation ; tg:inSource source:{name} ; tg:line {number} ; "
            f'tg:quote "{city} {verb}" .\n'
            f"partnership:{pair} a tg:Partnership ; tg:partner place:berlin , place:{city} ; "
            f"tg:cites cite:{key} .\n"
            f"claim:{key} a tg:Claim ; tg:subject partnership:{pair} ; tg:property tg:{verb} ; "
            f"tg:value {value} ; tg:cites cite:{key} {';' if more else ''} {more} ."
        )
    done = format_text("\n".join(parts).encode(), name, HOME)
    assert done.problem is None, done.problem
    return done.text, text


@pytest.fixture(scope="module")
def contradicted(tmp_path_factory: pytest.TempPathFactory) -> Curated:
    """This repository's data with the two made-up lists beside them."""
    folder = tmp_path_factory.mktemp("contradicted")
    shutil.copytree(ROOT / "data", folder / "data")
    shutil.copy(ROOT / "twingraph.toml", folder)
    for name, rows in (("first-list", FIRST_LIST), ("second-list", SECOND_LIST)):
        data, _ = source(name, rows)
        (folder / "data" / "sources" / f"{name}.ttl").write_text(data, encoding="utf-8")
        label = f'source:{name} rdfs:label "A list"@en , "Eine Liste"@de .'
        heads = f"@prefix rdfs: <{PREFIXES['rdfs']}> .\n@prefix source: <{PREFIXES['source']}> .\n"
        (folder / "data" / "entities" / f"{name}.ttl").write_text(
            f"{heads}\n{label}\n", encoding="utf-8"
        )
    return read_project(load_settings(folder))


@pytest.fixture(scope="module")
def outcome(contradicted: Curated) -> frozenset[Quad]:
    return published(contradicted)


def values(quads: frozenset[Quad], path: str, verb: NamedNode) -> list[str]:
    """What is published of one property of one thing, IRIs by their last word."""
    found = (
        quad.object for quad in quads
        if quad.graph_name == DefaultGraph() and quad.predicate == verb
        and quad.subject == NamedNode(f"{HOME}id/{path}")
    )  # fmt: skip
    return sorted(
        item.value if isinstance(item, Literal) else str(item).strip("<>").rsplit("/")[-1]
        for item in found
    )


def of(quads: frozenset[Quad], city: str, verb: NamedNode) -> list[str]:
    return values(quads, f"partnership/{slug(city)}", verb)


EXPECTED = {
    ("paris", TG.start): ["1987-07-02"],
    ("paris", TG.partnershipType): ["twinning"],
    ("paris", TG.hasConflict): [],
    ("madrid", TG.start): ["[1988-11-04,1989-02-03]"],
    ("madrid", TG.earliestStart): ["1988-11-04"],
    ("madrid", TG.latestStart): ["1989-02-03"],
    ("madrid", TG.hasConflict): ["ns#start"],
    ("istanbul", TG.partnershipType): ["project-partnership", "twinning"],
    ("istanbul", TG.hasConflict): ["ns#partnershipType"],
    ("warsaw", TG.start): ["1991-08-12"],
    ("moscow", TG.start): ["1990-05-01"],
    ("moscow", TG.status): ["suspended"],
    ("moscow", TG.statusAsOf): ["2022-03-01"],
    ("budapest", TG.status): ["ended"],
    ("budapest", TG.statusAsOf): ["2010"],
    ("budapest", TG.end): ["2010-06"],
    ("budapest", TG.latestEnd): ["2010-06-30"],
    ("brussels", TG.start): ["[1985~,1992-06-01]"],
    ("brussels", TG.earliestStart): ["1984-01-01"],
    ("jakarta", TG.start): ["1993-04-22"],
    ("prague", TG.start): [],
    ("prague", TG.earliestStart): ["1990-01-01"],
    ("prague", TG.latestStart): ["1995-06-10"],
    ("prague", TG.hasConflict): ["ns#start"],
    ("tokyo", TG.partnershipType): ["sister-city"],
}


@pytest.mark.parametrize(("city", "verb"), EXPECTED)
def test_two_sources_contradict_berlin(
    city: str, verb: NamedNode, outcome: frozenset[Quad]
) -> None:
    assert of(outcome, city, verb) == EXPECTED[city, verb]


def test_a_twinning_needs_every_published_kind_and_a_life(outcome: frozenset[Quad]) -> None:
    twins = values(outcome, "place/berlin", TG.twinnedWith)

    assert "paris" in twins
    assert "moscow" in twins  # suspended, but it still exists
    assert "istanbul" not in twins  # one of its kinds is none
    assert "budapest" not in twins  # ended
    assert {"istanbul", "budapest"} <= set(values(outcome, "place/berlin", TG.partnerOf))


def test_disagreement_is_reported_to_the_curator_and_is_no_violation(contradicted: Curated) -> None:
    problems = check_curated(contradicted)

    conflicts = {
        (problem.code, problem.severity)
        for problem in problems
        if "conflict" in problem.code or problem.code in ("C02", "P02")
    }
    assert [str(problem) for problem in problems if problem.severity == "violation"] == []
    assert conflicts == {("C02", "warning"), ("P02", "warning")}


def test_bonn_minsk(quads: frozenset[Quad]) -> None:
    minsk = "partnership/bonn-minsk"

    assert values(quads, minsk, TG.start) == ["[1993~,2003]"]
    assert values(quads, minsk, TG.earliestStart) == ["1992-01-01"]
    assert values(quads, minsk, TG.latestStart) == ["2003-12-31"]
    assert values(quads, minsk, TG.partnershipType) == ["project-partnership"]
    assert values(quads, minsk, TG.hasConflict) == ["ns#start"]
    assert "minsk" in values(quads, "place/bonn", TG.partnerOf)
    assert values(quads, "place/bonn", TG.twinnedWith) == []


def test_what_is_only_implied_is_no_partner(quads: frozenset[Quad]) -> None:
    partners = values(quads, "place/bonn", TG.partnerOf)

    assert values(quads, "partnership/bonn-bukhara", TG.modality) == ["inferred"]
    assert not {"bukhara", "la-paz", "cape-coast"} & set(partners)


def test_what_one_source_implies_and_another_states_is_stated(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    shutil.copy(ROOT / "twingraph.toml", tmp_path)
    heads = "".join(f"@prefix {key}: <{iri}> .\n" for key, iri in PREFIXES.items())
    (tmp_path / "data" / "sources" / "other.ttl").write_text(
        heads + "partnership:bonn-bukhara a tg:Partnership .", encoding="utf-8"
    )

    found = published(read_project(load_settings(tmp_path)))

    assert values(found, "partnership/bonn-bukhara", TG.modality) == []
    assert "bukhara" in values(found, "place/bonn", TG.partnerOf)


def test_the_default_graph_is_complete_and_the_derived_graph_separate(
    curated: Curated, quads: frozenset[Quad]
) -> None:
    default = {quad.triple for quad in quads if quad.graph_name == DefaultGraph()}
    derived = {quad.triple for quad in quads if quad.graph_name == NamedNode(HOME + DERIVED)}
    written = {item.triple for graph in curated.by_graph.values() for item in graph}

    assert default == written | derived
    assert not written & {item for item in derived if item.predicate != PROV.wasDerivedFrom}


def test_each_source_graph_names_its_document(quads: frozenset[Quad]) -> None:
    found = {
        (quad.subject, quad.object) for quad in quads
        if quad.predicate == PROV.wasDerivedFrom and "/graph/source/" in str(quad.subject)
        and quad.graph_name == DefaultGraph()
    }  # fmt: skip

    assert len(found) == 5
    assert all(
        str(graph).replace("graph/source", "id/source") == str(document)
        for graph, document in found
    )
