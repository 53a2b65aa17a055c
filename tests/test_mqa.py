"""The points that data.europa.eu gives for metadata (MQA), data set by data set.

What is lost is lost for honesty (docs/harvesting.md): the endpoint is no file, so that it has no
downloadURL, size or checksum; code lists have no place and no time, links no time.

The weights are those of its published table; what has to answer is asked over HTTP by HEAD, of a
server whose graph is named by its own address.
"""

from __future__ import annotations

import csv
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.namespace import DCTERMS
from rdflib.term import Node

DCAT = Namespace("http://www.w3.org/ns/dcat#")
WEIGHTS = {
    "keyword": 30, "theme": 30, "spatial": 20, "temporal": 20, "accessURL answers": 50,
    "downloadURL": 20, "downloadURL answers": 30, "format": 20, "mediaType": 10,
    "both from vocabulary": 10, "non-proprietary": 20, "machine-readable": 20, "DCAT-AP": 30,
    "license": 20, "license from vocabulary": 10, "accessRights": 10,
    "accessRights from vocabulary": 5, "contactPoint": 20, "publisher": 10, "rights": 5,
    "byteSize": 5, "issued": 5, "modified": 5,
}  # fmt: skip
ALL = 405
NAMES = ("partnerships", "vocabulary", "links")
Score = Callable[..., dict[str, float]]
pytestmark = pytest.mark.slow


@cache
def answers(url: str) -> bool:
    """Is HEAD answered with 2xx?"""
    try:
        request = urllib.request.Request(url, method="HEAD")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return 200 <= int(answer.status) < 300
    except urllib.error.HTTPError:
        return False


@pytest.fixture(scope="module")
def score(artefacts: Callable[[str], Path], dcat_ap: Callable[..., list[Any]]) -> Score:
    """Score one data set: indicator -> points."""

    def column(name: str, *, every: bool = False) -> set[str]:
        with artefacts(f"checks/dcat-ap/vocab/mqa-{name}.csv").open(encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row]
        return {cell for row in rows for cell in (row if every else row[:1])}

    types, machine, free = map(column, ("file-types", "machine-readable", "non-proprietary"))
    licences, media = (column(name, every=True) for name in ("licenses", "media-types"))
    rights = column("access-right")
    media |= {item.replace("https:", "http:") for item in media}

    def scored(graph: Graph, dataset: URIRef) -> dict[str, float]:
        forms = list(graph.objects(dataset, DCAT.distribution))
        both: list[Node] = [dataset, *forms]
        grave = [result for profile in ("base", "range") for result in dcat_ap(graph, profile)
                 if result.severity == "Violation"]  # fmt: skip

        def has(of: Iterable[Node], verb: URIRef) -> float:
            return share([(item, verb, None) in graph for item in of])

        def within(of: Iterable[Node], verb: URIRef, known: set[str]) -> float:
            return share([any(str(o) in known for o in graph.objects(item, verb)) for item in of])

        def reached(verb: URIRef) -> float:
            return share([
                any(answers(str(url)) for url in graph.objects(form, verb)) for form in forms
            ])  # fmt: skip

        whole = [dataset]
        formats, kinds = DCTERMS["format"], DCAT.mediaType
        parts = {
            "keyword": has(whole, DCAT.keyword),
            "theme": has(whole, DCAT.theme),
            "spatial": has(whole, DCTERMS.spatial),
            "temporal": has(whole, DCTERMS.temporal),
            "accessURL answers": reached(DCAT.accessURL),
            "downloadURL": has(forms, DCAT.downloadURL),
            "downloadURL answers": reached(DCAT.downloadURL),
            "format": has(forms, formats),
            "mediaType": has(forms, kinds),
            "both from vocabulary": (
                within(forms, formats, types) + within(forms, kinds, media)
            ) / 2,
            "non-proprietary": within(forms, formats, free),
            "machine-readable": within(forms, formats, machine),
            "DCAT-AP": float(not grave),
            "license": has(forms, DCTERMS.license),
            "license from vocabulary": within(forms, DCTERMS.license, licences),
            "accessRights": has(whole, DCTERMS.accessRights),
            "accessRights from vocabulary": within(whole, DCTERMS.accessRights, rights),
            "contactPoint": has(whole, DCAT.contactPoint),
            "publisher": has(whole, DCTERMS.publisher),
            "rights": has(forms, DCTERMS.rights),
            "byteSize": has(forms, DCAT.byteSize),
            "issued": has(both, DCTERMS.issued),
            "modified": has(both, DCTERMS.modified),
        }  # fmt: skip
        assert sum(WEIGHTS.values()) == ALL
        return {name: WEIGHTS[name] * part for name, part in parts.items()}

    return scored


def share(found: list[bool]) -> float:
    return sum(found) / max(1, len(found))


@pytest.fixture(scope="module")
def harvested(portal: Any) -> Graph:
    return Graph().parse(f"{portal.base}catalog.ttl", format="turtle")


def test_the_catalogue_has_these_data_sets(harvested: Graph, portal: Any) -> None:
    assert set(harvested.subjects(RDF.type, DCAT.Dataset)) == {
        URIRef(f"{portal.base}dataset/{name}") for name in NAMES
    }


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("partnerships", {"downloadURL", "downloadURL answers", "byteSize"}),
        ("vocabulary", {"spatial", "temporal"}),
        ("links", {"temporal"}),
    ],
)
def test_every_data_set_has_all_the_points_that_it_can_have(
    harvested: Graph, portal: Any, score: Score, name: str, lost: set[str]
) -> None:
    points, most = score(harvested, URIRef(f"{portal.base}dataset/{name}")), WEIGHTS

    assert {part for part, each in points.items() if each < most[part]} == lost
    assert sum(points.values()) >= {"partnerships": 400, "vocabulary": 365, "links": 385}[name]


@pytest.mark.parametrize(
    ("verb", "lost"),
    [
        (DCAT.byteSize, {"byteSize"}),
        (DCTERMS.rights, {"rights"}),
        (DCAT.mediaType, {"mediaType", "both from vocabulary"}),
        (DCTERMS.license, {"license", "license from vocabulary"}),
    ],
)
def test_one_distribution_without_a_property_costs_points(
    harvested: Graph, portal: Any, score: Score, verb: URIRef, lost: set[str]
) -> None:
    dataset = URIRef(f"{portal.base}dataset/links")
    broken, whole = Graph() + harvested, score(harvested, dataset)
    broken.remove((next(iter(harvested.objects(dataset, DCAT.distribution))), verb, None))

    points = score(broken, dataset)
    assert {name for name, each in points.items() if each < whole[name]} == lost


def test_an_address_that_does_not_answer_costs_points(
    harvested: Graph, portal: Any, score: Score
) -> None:
    dataset = URIRef(f"{portal.base}dataset/links")
    broken, whole = Graph() + harvested, score(harvested, dataset)
    form = next(iter(harvested.objects(dataset, DCAT.distribution)))
    broken.set((form, DCAT.downloadURL, URIRef(f"{portal.base}release/2026-11-28/none.nt")))

    points = score(broken, dataset)
    assert {name for name, each in points.items() if each < whole[name]} == {"downloadURL answers"}
