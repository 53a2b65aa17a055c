"""Every IRI of the graph in every form, and all JSON-LD as the reference processor reads it."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, NamedNode, RdfFormat, Triple, parse
from starlette.applications import Starlette
from starlette.testclient import TestClient

from twingraph.site.describe import formats_of
from twingraph.site.reader import BuildReader

PAGES = {"html": "text/html"}
RDF = {"ttl": RdfFormat.TURTLE, "nt": RdfFormat.N_TRIPLES, "rdf": RdfFormat.RDF_XML,
       "jsonld": RdfFormat.JSON_LD}  # fmt: skip


class Answer(NamedTuple):
    """An answer of the application, asked without the network in between."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


async def ask(app: Starlette, path: str, accept: str = "*/*") -> Answer:
    """Ask the application itself: thousands of questions are asked here."""
    sent: list[Any] = []
    received = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, object]:
        for message in received:
            return message
        return await asyncio.Future()  # a client that stays says nothing more

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
             "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1",
             "server": ("testserver", 80), "client": ("test", 1), "asgi": {"version": "3.0"},
             "headers": [(b"host", b"testserver"), (b"accept", accept.encode())]}  # fmt: skip
    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(item.get("body", b"") for item in sent[1:]))


def things(site: BuildReader) -> list[str]:
    """The paths of all IRIs of ours in the graph; a term's is that of its document."""
    return sorted(
        {
            term.value.removeprefix(site.base).partition("#")[0]
            for quad in site.store
            for term in (quad.subject, quad.predicate, quad.object, quad.graph_name)
            if isinstance(term, NamedNode) and term.value.startswith(site.base)
        }
        - {"", "catalog"}  # the whole, and a document: these have tests of their own
    )


def forms(thing: str) -> dict[str, str]:
    """The forms of a thing: suffix -> media type."""
    document = "ns" if thing.startswith("ns/") else thing
    pages = {} if thing.startswith("graph/") else PAGES
    return {**pages, **formats_of(document)}


async def dereference(app: Starlette, thing: str) -> list[str]:
    """What goes wrong when a thing is asked for in each of its forms; all RDF must say the same."""
    found, told = [], {}
    for suffix, media_type in forms(thing).items():
        first = await ask(app, f"/{thing}", media_type)
        if first.status != 303:
            found.append(f"{thing} as {media_type}: {first.status}")
            continue
        second = await ask(app, first.headers["location"].partition("#")[0])
        if (second.status, second.kind) != (200, media_type):
            found.append(f"{thing} as {media_type}: {second.status} {second.kind}")
        if suffix in RDF and not thing.startswith(("graph/", "shapes", "ns")):
            told[suffix] = triples(second.body, RDF[suffix])
    if told and any(item != told["nt"] for item in told.values()):
        found.append(f"{thing}: not every format says the same")
    return found


def triples(body: bytes, form: RdfFormat) -> set[Triple]:
    return {quad.triple for quad in parse(body, form)}


@pytest.mark.slow
def test_every_iri_dereferences_in_every_form(
    client: TestClient, site: BuildReader, capsys: pytest.CaptureFixture[str]
) -> None:
    app, everything = client.app, things(site)
    assert isinstance(app, Starlette)

    async def sweep() -> list[str]:
        return [problem for quad in everything for problem in await dereference(app, quad)]

    assert client.portal is not None
    problems = client.portal.call(sweep)
    asked = sum(len(forms(quad)) for quad in everything)
    with capsys.disabled():
        print(f"\n{len(everything)} IRIs, {asked} forms, {len(problems)} wrong ", end="")  # noqa: T201

    assert problems == []
    assert len(everything) > 1000


@pytest.mark.parametrize("suffix", ["rdf", "jsonld", "json", "nt"])
def test_the_shapes_are_the_same_in_every_form(client: TestClient, suffix: str) -> None:
    """Up to the names of blank nodes, of which only shapes have some."""
    form = RDF["jsonld"] if suffix == "json" else RDF[suffix]
    wanted, found = (
        Dataset(parse(client.get(f"/shapes.{one}").content, of))
        for one, of in (("ttl", RDF["ttl"]), (suffix, form))
    )
    for item in (wanted, found):
        item.canonicalize(CanonicalizationAlgorithm.UNSTABLE)

    assert found == wanted
    assert len(found) > 1000


# --- jsonld.js -----------------------------------------------------------------------------------


def canonical(folder: Path, documents: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """What jsonld.js makes of documents, with every fetch refused."""
    lines = "".join(json.dumps(document) + "\n" for document in documents)
    done = subprocess.run(["node", "canon.mjs"], cwd=folder, input=lines, capture_output=True,
                          text=True, timeout=900)  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_jsonld_js_reads_the_graph_from_the_dump(built: Path, node: Path) -> None:
    dump = {
        "name": "twingraph.jsonld",
        "document": json.loads((built / "twingraph.jsonld").read_text(encoding="utf-8")),
        "quads": (built / "twingraph.nt").read_text(encoding="utf-8"),
    }

    told = canonical(node, iter([dump]))

    assert (told["wrong"], told["right"]) == ({}, 1)


@pytest.mark.slow
def test_jsonld_js_reads_the_same_from_every_description(
    client: TestClient, site: BuildReader, node: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON-LD as it is, and plain JSON with the context that its header names."""
    app, everything = client.app, [item for item in things(site) if not item.startswith("ns/")]
    assert isinstance(app, Starlette)
    context = {"@context": site.context}

    async def documents() -> list[dict[str, Any]]:
        found = []
        for quad in everything:
            path = "/ns" if quad == "ns" else f"/doc/{quad.removeprefix('id/')}"
            quads = await ask(app, f"{path}.nq" if quad.startswith("graph/") else f"{path}.nt")
            for suffix, outside in (("jsonld", None), ("json", context)):
                answer = await ask(app, f"{path}.{suffix}")
                document, told = json.loads(answer.body), quads.body.decode()
                found.append(
                    {"name": f"{quad}.{suffix}", "document": document, "context": outside,
                     "quads": told}
                )  # fmt: skip
        return found

    assert client.portal is not None
    told = canonical(node, iter(client.portal.call(documents)))
    with capsys.disabled():
        print(f"\njsonld.js: {told['right']} of {told['all']} documents ", end="")  # noqa: T201

    assert told["wrong"] == {}
    assert told["all"] > 2000
