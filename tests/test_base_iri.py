"""Another base IRI changes every IRI of the data, and with it pages and files; nothing else."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pyoxigraph import NamedNode, Quad, QuerySolutions, RdfFormat, Store, parse
from starlette.testclient import TestClient

import twingraph
from twingraph.build import build
from twingraph.catalogue.dcat import CATALOGUES
from twingraph.rdf.frozen import load_store
from twingraph.rdf.iris import description_path, iri_at, kind_of, local_path, page_path, path_of
from twingraph.rdf.vocabulary import HOME, ID_KINDS
from twingraph.serve.app import create_app
from twingraph.settings import Settings

ROOT = Path(__file__).parent.parent
# Entities stand before the vocabulary, as ours do, so that what is sorted by IRI keeps its order.
NEIGHBOUR = "https://w3id.org/twingrapg/"
ELSEWHERE = "http://127.0.0.1:8765/ties/"
TOLD_BY_BYTES = {"SHA256SUMS", "build.json", "datapackage.json"}
# the base stands in texts there, which stay as they are when IRIs are moved
SPELLS_IT_OUT = {"context.jsonld", "void.ttl", *CATALOGUES}
RDF = {".jsonld": RdfFormat.JSON_LD, ".nq": RdfFormat.N_QUADS, ".nt": RdfFormat.N_TRIPLES,
       ".trig": RdfFormat.TRIG, ".ttl": RdfFormat.TURTLE}  # fmt: skip


@pytest.fixture(scope="module")
def moved(
    project_under: Callable[[str], Settings], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """A build of this project under each of the other bases."""
    folder = tmp_path_factory.mktemp("moved")
    done = {
        base: build(project_under(base), folder / str(number)).folder
        for number, base in enumerate((NEIGHBOUR, ELSEWHERE))
    }
    return {base: path for base, path in done.items() if path is not None}


def texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in TOLD_BY_BYTES and path.suffix not in (".gz", ".zst")
    }


def at_home(text: str, base: str) -> str:
    """Move a text back, also where the base stands in the query of a link."""
    text = text.replace(base, HOME).replace(quote(base, safe=""), quote(HOME, safe=""))
    return text.replace(key(base), key(HOME))


def key(base: str) -> str:
    """The beginning of what BibTeX calls a thing under a base."""
    return re.sub(r"[^a-z0-9]+", "-", base.partition("://")[2])


def without_sums(text: str) -> str:
    """Leave out the checksums of files, which tell the bytes of names too."""
    return re.sub(r"\b[0-9a-f]{64}\b", "", text)


def elsewhere(quad: Quad) -> Quad:
    """Name a quad of ours as it is named under ELSEWHERE."""

    def moved(term: Any) -> Any:
        path = path_of(term.value, HOME) if isinstance(term, NamedNode) else None
        # the ontology is in the catalogue of its own publisher
        return term if path in (None, "catalog") else NamedNode(iri_at(path, ELSEWHERE))

    return Quad(moved(quad.subject), quad.predicate, moved(quad.object), moved(quad.graph_name))


def lines(text: str) -> list[str]:
    """The lines of a text without the sizes of files, in which names count."""
    text = re.sub(r"(byteSize \W?|Integer\">|\"@value\": \")\d{5}\b", r"\1", without_sums(text))
    return [line.rstrip(",") for line in text.splitlines()]


# --- files ---------------------------------------------------------------------------------------


def test_every_file_is_the_same_to_the_byte_but_for_the_base(
    built: Path, moved: Mapping[str, Path]
) -> None:
    home = texts(built)

    back = {name: at_home(text, NEIGHBOUR) for name, text in texts(moved[NEIGHBOUR]).items()}

    assert set(back) == set(home)
    assert [
        name for name, text in back.items() if without_sums(text) != without_sums(home[name])
    ] == sorted({"kept/counts.json", "void.ttl", *CATALOGUES})
    for name in CATALOGUES:  # the vocabulary stands elsewhere among the IRIs there
        assert Counter(lines(back[name])) == Counter(lines(home[name])), name
    # entities are those under the base IRI (VoID 2.3, void:uriSpace)
    differing = {*lines(back["void.ttl"])} ^ {*lines(home["void.ttl"])}
    assert {line.split()[0] for line in differing} == {
        "@prefix", "void:entities", "void:exampleResource",
    }  # fmt: skip


@pytest.mark.parametrize("base", [NEIGHBOUR, ELSEWHERE])
def test_no_file_says_the_old_base(moved: Mapping[str, Path], base: str) -> None:
    vocabulary = re.compile(HOME + r"(ns|vocab|shapes|catalog\b)")  # the ontology's own catalogue

    assert [name for name, text in texts(moved[base]).items()
            if HOME in vocabulary.sub("", text)] == []  # fmt: skip


def test_every_dump_has_the_same_statements_moved(built: Path, moved: Mapping[str, Path]) -> None:
    for name in sorted(texts(built)):
        form = RDF.get(Path(name).suffix)
        if form is None or name in SPELLS_IT_OUT or name.startswith("shapes"):  # blank nodes
            continue
        home = {elsewhere(quad) for quad in parse(path=built / name, format=form)}

        assert set(parse(path=moved[ELSEWHERE] / name, format=form)) == home, name


def test_a_build_tells_its_base_and_else_the_same(built: Path, moved: Mapping[str, Path]) -> None:
    home = json.loads((built / "build.json").read_text(encoding="utf-8"))
    about = json.loads((moved[ELSEWHERE] / "build.json").read_text(encoding="utf-8"))

    assert about["base_iri"] == ELSEWHERE
    assert {**about, "base_iri": HOME, "inputs": ""} == {**home, "inputs": ""}


def test_no_query_or_shape_names_an_entity_or_takes_a_base_for_granted() -> None:
    folders = ("queries", "shapes")
    texts = [
        path.read_text("utf-8")
        for folder in folders
        for path in (ROOT / folder).rglob("*.*")
        if path.parent.name != "federated"
    ]  # those name an endpoint, and are for reading
    header = re.compile(r"^#\+.*$", re.MULTILINE)
    vocabulary = re.compile(HOME + r"(ns\b|vocab/|shapes\b)")

    assert len(texts) > 80
    assert [text for text in texts if HOME in vocabulary.sub("", header.sub("", text))] == []


# --- questions -----------------------------------------------------------------------------------


def test_every_question_has_the_same_rows_with_their_iris_moved(
    built: Path, moved: Mapping[str, Path]
) -> None:
    answered = 0
    for name, asked in twingraph.questions(built).items():
        home = twingraph.query(name, graph=built, **asked.examples())

        rows = twingraph.query(name, graph=moved[NEIGHBOUR], **asked.examples())

        back = [
            {
                variable: value.replace(NEIGHBOUR, HOME) if isinstance(value, str) else value
                for variable, value in row.items()
            }
            for row in rows
        ]
        assert (rows.variables, back) == (home.variables, list(home)), name
        answered += len(back)
    assert answered > 200


# --- pages ---------------------------------------------------------------------------------------


def chosen(store: Store) -> list[str]:
    """Three things of each kind, three concepts, three graphs: their paths."""
    found = store.query("SELECT DISTINCT ?s { ?s ?p ?o FILTER (ISIRI(?s)) } ORDER BY ?s")
    assert isinstance(found, QuerySolutions)
    iris = [row["s"].value for row in found if isinstance(row["s"], NamedNode)]
    groups = {
        kind: [iri for iri in iris if kind_of(iri, HOME) == kind][::7][:3] for kind in ID_KINDS
    }
    groups["vocab"] = [iri for iri in iris if iri.startswith(HOME + "vocab/")][::20][:3]
    paths = [local_path(item.removeprefix(HOME)) for group in groups.values() for item in group]
    return [path for path in paths if path is not None]


@pytest.fixture(scope="module")
def things(built: Path) -> list[str]:
    return chosen(load_store(built / "twingraph.nq"))


@pytest.fixture(scope="module")
def clients(built: Path, moved: Mapping[str, Path], settings: Settings) -> dict[str, TestClient]:
    library = settings.resource("queries") / "library"
    return {
        base: TestClient(create_app(folder, library), follow_redirects=False)
        for base, folder in {HOME: built, **moved}.items()
    }


def answer(client: TestClient, path: str, base: str) -> tuple[int, dict[str, str], str]:
    """Ask for a path; return status, headers and text, as if the base were ours."""
    got = client.get(path, headers={"accept-language": "de"})
    by_bytes = ("content-length", "date", "etag", "last-modified")
    headers = {name: value.replace(base, HOME) for name, value in got.headers.items()
               if name not in by_bytes}  # fmt: skip
    return got.status_code, headers, at_home(got.text, base)


@pytest.mark.parametrize("base", [NEIGHBOUR, ELSEWHERE])
def test_every_page_is_the_same_but_for_the_base(
    clients: Mapping[str, TestClient], things: list[str], base: str
) -> None:
    pages = [page_path(iri, language) for iri in things for language in ("en", "de")]
    paths = [f"/{page}" for page in pages if page is not None]
    paths += ["/en/", "/de/", "/en/ns.html", "/en/place/", "/de/partnership/"]

    home = {path: answer(clients[HOME], path, HOME) for path in paths}
    other = {path: answer(clients[base], path, base) for path in paths}

    assert len(paths) > 60
    assert {item[0] for item in home.values()} == {200}
    assert [path for path in paths if other[path] != home[path]] == []


def test_every_description_is_the_same_but_for_the_base(
    clients: Mapping[str, TestClient], things: list[str]
) -> None:
    suffixes = ("ttl", "jsonld", "nt", "rdf")
    paths = [f"/{description_path(iri, suffix)}" for iri in things for suffix in suffixes]
    paths += [f"/{iri}" for iri in things]
    client, home = clients[NEIGHBOUR], clients[HOME]

    different = [
        path for path in paths if answer(client, path, NEIGHBOUR) != answer(home, path, HOME)
    ]

    assert different == []
