"""The catalogue harvested as CKAN (ckanext-dcat) and udata do it, over HTTP, from its own address.

What they do is written down here, not theirs: HEAD first, each page a graph of its own, the format
from the extension or from Content-Type, every `dcat:Dataset` a package, `hydra:next` to the end.
"""

from __future__ import annotations

import hashlib
import json
import re
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS
from rdflib.term import Node

DCAT = Namespace("http://www.w3.org/ns/dcat#")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
FORMATS = {"text/turtle": "turtle", "application/rdf+xml": "xml"}
EXTENSIONS = {"ttl": "turtle", "rdf": "xml"}
# id -> title in CKAN's register of licences, by which ckanext-dcat finds them
CKAN_LICENCES = {"cc-by": "Creative Commons Attribution", "cc-zero": "Creative Commons CCZero"}
LARGEST_CKAN = 50 * 1024 * 1024
LARGEST_UDATA = 15 * 1000 * 1000  # all pages together
MOST_PAGES = 20
STARTS = ("catalog", "catalog.ttl", "catalog.rdf", "catalog.ttl?size=1", "catalog.rdf?size=2",
          "catalog-de.ttl?size=1")  # fmt: skip
pytestmark = pytest.mark.slow


def ask(url: str, method: str = "GET") -> tuple[HTTPResponse, bytes]:
    """Ask as harvesters do: any format will do, nothing is said of encodings."""
    request = urllib.request.Request(url, method=method, headers={"accept": "*/*"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer, answer.read()


def pages(start: str) -> Iterator[tuple[str, bytes, Graph]]:
    """Yield the pages from `start` on, each read alone; no page comes twice."""
    url, seen = start, set[str]()
    while url:
        assert url not in seen and len(seen) < MOST_PAGES, f"the pages lead in a circle: {url}"
        seen.add(url)
        head, nothing = ask(url, "HEAD")
        assert (head.status, nothing) == (200, b"")  # anything else but 400 and 405 and CKAN ends
        answer, body = ask(url)
        kind = answer.headers["content-type"].partition(";")[0]
        assert head.headers["content-type"] == answer.headers["content-type"]
        assert int(head.headers["content-length"]) == len(body) < LARGEST_CKAN
        graph = Graph().parse(data=body, format=FORMATS[kind])
        yield url, body, graph
        views = set(graph.subjects(RDF.type, HYDRA.PartialCollectionView))
        assert len(views) == 1
        url = str(next((value for view in views for value in graph.objects(view, HYDRA.next)), ""))


def one_text(graph: Graph, node: Node | None, verb: URIRef, language: str = "en") -> str:
    found = sorted(
        (value for value in graph.objects(node, verb) if isinstance(value, Literal)),
        key=lambda item: (item.language != language, str(item)),
    )
    return str(found[0]) if found else ""


def package(graph: Graph, dataset: Node) -> dict[str, Any]:
    """What CKAN makes of a data set, from the page it stands on alone."""
    forms = sorted(graph.objects(dataset, DCAT.distribution), key=str)
    licences = [
        one_text(graph, graph.value(form, DCTERMS.license), DCTERMS.title) for form in forms
    ]
    known = {title: key for key, title in CKAN_LICENCES.items()}
    contact, publisher = (graph.value(dataset, item) for item in (DCAT.contactPoint,
                                                                DCTERMS.publisher))  # fmt: skip
    return {
        "guid": str(dataset),
        "identifier": one_text(graph, dataset, DCTERMS.identifier),
        "title": one_text(graph, dataset, DCTERMS.title),
        "notes": one_text(graph, dataset, DCTERMS.description),
        "tags": sorted(map(str, graph.objects(dataset, DCAT.keyword))),
        "url": str(graph.value(dataset, DCAT.landingPage)),
        "version": one_text(graph, dataset, DCAT.version),
        "license_id": known.get(next(iter(licences), ""), ""),
        "contact": one_text(graph, contact, VCARD.fn),
        "publisher": one_text(graph, publisher, FOAF.name),
        "issued": one_text(graph, dataset, DCTERMS.issued),
        "modified": one_text(graph, dataset, DCTERMS.modified),
        "frequency": str(graph.value(dataset, DCTERMS.accrualPeriodicity)),
        "resources": [resource(graph, form) for form in forms],
    }


def resource(graph: Graph, form: Node) -> dict[str, Any]:
    checksum = graph.value(form, SPDX.checksum)
    algorithm = str(graph.value(checksum, SPDX.algorithm))
    found = re.fullmatch(r"http://spdx\.org/rdf/terms#checksumAlgorithm_(md5|sha1|sha256)",
                         algorithm)  # fmt: skip
    download = graph.value(form, DCAT.downloadURL)
    return {
        "uri": str(form),
        "name": one_text(graph, form, DCTERMS.title),
        "url": str(download or graph.value(form, DCAT.accessURL)),
        "access_url": str(graph.value(form, DCAT.accessURL)),
        "format": str(graph.value(form, DCTERMS["format"])),
        "mimetype": str(graph.value(form, DCAT.mediaType)),
        "compress_format": str(graph.value(form, DCAT.compressFormat) or ""),
        "size": int(one_text(graph, form, DCAT.byteSize) or -1),
        "hash": str(graph.value(checksum, SPDX.checksumValue) or ""),
        "hash_algorithm": found[1] if found else "",
    }


def ckan(start: str) -> list[dict[str, Any]]:
    return [
        package(graph, dataset)
        for _, _, graph in pages(start)
        for dataset in sorted(graph.subjects(RDF.type, DCAT.Dataset), key=str)
    ]


@pytest.mark.parametrize("start", STARTS)
def test_ckan_finds_every_data_set_once_and_whole(portal: Any, start: str) -> None:
    found = ckan(portal.base + start)

    assert sorted(item["guid"] for item in found) == [
        f"{portal.base}dataset/{name}" for name in ("links", "partnerships", "vocabulary")
    ]
    for item in found:
        empty = [key for key, value in item.items() if value in ("", "None", [])]
        assert empty == []
        assert item["license_id"] == "cc-zero"
        for each in item["resources"]:
            left_out = {key for key, value in each.items() if value in ("", "None", 0)}
            is_file = each["hash"] != ""  # endpoint and feed are none
            assert left_out <= ({"compress_format"} if is_file else
                                {"compress_format", "hash", "hash_algorithm"})  # fmt: skip
            assert bool(each["compress_format"]) == each["url"].endswith((".gz", ".zst"))


def test_a_second_run_finds_just_the_same(portal: Any) -> None:
    for start in STARTS:
        first, second = (json.dumps(ckan(portal.base + start)) for _ in range(2))
        assert first == second


def test_pages_of_any_size_give_the_same_packages(portal: Any) -> None:
    runs = [
        sorted(ckan(portal.base + f"catalog.ttl{size}"), key=lambda item: str(item["guid"]))
        for size in ("", "?size=1", "?size=2", "?size=3")
    ]

    assert all(run == runs[0] for run in runs)


def test_no_two_pages_are_the_same_bytes(portal: Any) -> None:
    bodies = [body for _, body, _ in pages(f"{portal.base}catalog.ttl?size=1")]

    assert len(bodies) == len(set(bodies)) == 3


def test_the_view_counts_and_leads_to_the_ends(portal: Any) -> None:
    found = list(pages(f"{portal.base}catalog.ttl?size=2"))

    assert len(found) == 2
    for url, _, graph in found:
        here = URIRef(url if "page=" in url else f"{portal.base}catalog.ttl?page=1&size=2")
        whole = URIRef(f"{portal.base}catalog")
        assert (whole, HYDRA.view, here) in graph
        assert graph.value(whole, HYDRA.totalItems) == Literal(3)
        first, last = (str(graph.value(here, HYDRA[name])) for name in ("first", "last"))
        assert (first, last) == tuple(
            f"{portal.base}catalog.ttl?page={number}&size=2" for number in (1, 2)
        )


@pytest.mark.parametrize("start", [start for start in STARTS if "." in start])
def test_udata_finds_unique_identifiers_and_services(portal: Any, start: str) -> None:
    identifiers: list[str] = []
    served: list[tuple[str, str]] = []
    size = 0
    for url, body, graph in pages(portal.base + start):
        extension = urlsplit(url).path.rpartition(".")[2]  # udata believes it before anything else
        kinds = Graph().parse(data=body, format=EXTENSIONS[extension])
        assert len(kinds) == len(graph)
        size += len(body)
        for dataset in graph.subjects(RDF.type, DCAT.Dataset):
            identifiers.append(one_text(graph, dataset, DCTERMS.identifier))
            assert one_text(graph, dataset, DCTERMS.title)
        for service in graph.subjects(RDF.type, DCAT.DataService):
            assert one_text(graph, service, DCTERMS.identifier)
            target = graph.value(service, DCAT.servesDataset)
            assert (target, RDF.type, DCAT.Dataset) in graph
            served.append((str(service), str(target)))

    assert len(identifiers) == len(set(identifiers)) == 3
    assert served == [(f"{portal.base}sparql#service", f"{portal.base}dataset/partnerships")]
    assert size < LARGEST_UDATA


def test_every_address_answers_with_the_size_and_checksum_it_promises(portal: Any) -> None:
    promised = {
        each["url"]: (each["size"], each["hash"])
        for item in ckan(f"{portal.base}catalog.ttl")
        for each in item["resources"]
        if each["hash"]
    }

    assert len(promised) > 60
    for url, (size, digest) in promised.items():
        head, _ = ask(url, "HEAD")
        _, body = ask(url)
        assert int(head.headers["content-length"]) == len(body) == size, url
        assert hashlib.sha256(body).hexdigest() == digest, url


def test_every_address_of_ours_in_the_catalogue_answers(portal: Any) -> None:
    """Names of data sets and pages too: what a portal shows as a link must lead somewhere."""
    [(_, _, graph)] = pages(f"{portal.base}catalog.ttl")
    named = {str(item).partition("#")[0] for triple in graph for item in triple
             if isinstance(item, URIRef) and str(item).startswith(portal.base)}  # fmt: skip

    assert len(named) > 60
    for url in sorted(named):
        answer, _ = ask(url, "HEAD")
        assert answer.status == 200, url


def test_the_catalogue_of_the_newest_release_is_served(portal: Any) -> None:
    [(_, _, graph)] = pages(f"{portal.base}catalog.ttl")
    newest = Graph().parse(portal.project / "releases" / "2026-11-28" / "catalog.ttl")

    assert set(newest) <= set(graph)
    assert {str(value).removeprefix(portal.base).partition("/")[0]
            for value in graph.objects(None, DCAT.downloadURL)} == {"release"}  # fmt: skip


def test_the_data_page_lists_every_release_with_its_files(portal: Any, read: Any) -> None:
    page = ask(f"{portal.base}de/data.html")[1].decode("utf-8")
    text = read(page.partition("<script")[0]).text

    for date in ("2026-11-21", "2026-11-28"):
        assert f'id="release-{date}"' in page
        folder = portal.project / "releases" / date
        for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
            digest, name = line.split("  ")
            assert digest in text
            assert f'href="../release/{date}/{name}"' in page
    assert f"Version 2026-11-28. {portal.base}release/2026-11-28/" in text
