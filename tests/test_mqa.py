"""The points that data.europa.eu gives for metadata (MQA), data set by data set: 405 of 405.

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
    licences, media = (column(one, every=True) for one in ("licenses", "media-types"))
    rights = column("access-right")
    media |= {one.replace("https:", "http:") for one in media}

    def scored(graph: Graph, dataset: URIRef) -> dict[str, float]:
        forms = list(graph.objects(dataset, DCAT.distribution))
        both: list[Node] = [dataset, *forms]
        grave = [one for profile in ("base", "range") for one in dcat_ap(graph, profile)
                 if one.severity == "Violation"]  # fmt: skip

        def has(of: Iterable[Node], verb: URIRef) -> float:
            return share([(one, verb, None) in graph for one in of])

        def within(of: Iterable[Node], verb: URIRef, known: set[str]) -> float:
            return share([any(str(o) in known for o in graph.objects(one, verb)) for one in of])

        def reached(verb: URIRef) -> float:
            return share([
                any(answers(str(url)) for url in graph.objects(one, verb)) for one in forms
            ])  # fmt: skip

        whole = [dataset]
        formats, kinds = DCTERMS["format"], DCAT.mediaType
        parts = {
            "keyword": (30, has(whole, DCAT.keyword)),
            "theme": (30, has(whole, DCAT.theme)),
            "spatial": (20, has(whole, DCTERMS.spatial)),
            "temporal": (20, has(whole, DCTERMS.temporal)),
            "accessURL answers": (50, reached(DCAT.accessURL)),
            "downloadURL": (20, has(forms, DCAT.downloadURL)),
            "downloadURL answers": (30, reached(DCAT.downloadURL)),
            "format": (20, has(forms, formats)),
            "mediaType": (10, has(forms, kinds)),
            "both from vocabulary": (
                10, (within(forms, formats, types) + within(forms, kinds, media)) / 2
            ),
            "non-proprietary": (20, within(forms, formats, free)),
            "machine-readable": (20, within(forms, formats, machine)),
            "DCAT-AP": (30, float(not grave)),
            "license": (20, has(forms, DCTERMS.license)),
            "license from vocabulary": (10, within(forms, DCTERMS.license, licences)),
            "accessRights": (10, has(whole, DCTERMS.accessRights)),
            "accessRights from vocabulary": (5, within(whole, DCTERMS.accessRights, rights)),
            "contactPoint": (20, has(whole, DCAT.contactPoint)),
            "publisher": (10, has(whole, DCTERMS.publisher)),
            "rights": (5, has(forms, DCTERMS.rights)),
            "byteSize": (5, has(forms, DCAT.byteSize)),
            "issued": (5, has(both, DCTERMS.issued)),
            "modified": (5, has(both, DCTERMS.modified)),
        }  # fmt: skip
        assert sum(weight for weight, _ in parts.values()) == ALL
        return {name: weight * part for name, (weight, part) in parts.items()}

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


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_has_all_the_points(
    harvested: Graph, portal: Any, score: Score, name: str
) -> None:
    points = score(harvested, URIRef(f"{portal.base}dataset/{name}"))

    assert round(sum(points.values()), 6) == ALL, points


@pytest.mark.parametrize(
    ("verb", "lost"),
    [
        (DCAT.byteSize, {"byteSize"}),
        (DCTERMS.rights, {"rights"}),
        (DCAT.mediaType, {"mediaType", "both from vocabulary"}),
        (DCTERMS.license, {"license", "license from vocabulary"}),
    ],
)
def test_one_distribution_that_lacks_one_costs_points(
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
