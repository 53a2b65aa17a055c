"""The published graph of this repository, asked with SPARQL; what the generated parts read."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from twingraph.derive.published import published
from twingraph.rdf.turtle import iri_text
from twingraph.rdf.vocabulary import HOME, prefixes_for
from twingraph.settings import Settings, load_settings
from twingraph.source.curated import Curated
from twingraph.source.read import read_project

ROOT: Final = Path(__file__).parent.parent.parent

PREFIX: Final = (
    "PREFIX owl: <http://www.w3.org/2002/07/owl#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>"
    " PREFIX schema: <https://schema.org/> PREFIX sh: <http://www.w3.org/ns/shacl#>"
    " PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX tg: <https://w3id.org/twingraph/ns#>\n"
)

Row = dict[str, str]


@cache
def settings() -> Settings:
    """The settings of this repository."""
    return load_settings(ROOT)


@cache
def curated() -> Curated:
    """Its curated files."""
    return read_project(settings())


@cache
def store() -> Store:
    """Its published graph, named and default, under HOME."""
    made = Store()
    made.extend(published(curated()))
    return made


@cache
def ontology() -> Store:
    """The ontology alone: neither code lists nor alignments."""
    made = Store()
    made.load(path=ROOT / "ontology" / "twingraph.ttl")
    return made


@cache
def shapes() -> Store:
    """Its shapes, one named graph a file, named by the file."""
    made = Store()
    for path in sorted((ROOT / "shapes").glob("*.ttl")):
        made.load(path=path, to_graph=NamedNode(HOME + path.name))
    return made


def rows(query: str, where: Store | None = None) -> list[Row]:
    """Ask a SELECT query; every value as its text, an unbound one as the empty text."""
    found = (where or store()).query(query)
    assert isinstance(found, QuerySolutions), "not a SELECT query"
    names = [variable.value for variable in found.variables]
    return [{name: _text(row[name]) for name in names} for row in found]


def _text(term: object) -> str:
    return term.value if isinstance(term, NamedNode | Literal) else ""


def short(iri: str) -> str:
    """Return an IRI as a data file writes it: `tg:start`, `type:twinning`."""
    return iri_text(iri, set(), prefixes_for(HOME))


@cache
def labels() -> dict[str, str]:
    """The English label of everything that has one."""
    found = rows(
        "SELECT ?thing ?label { ?thing <http://www.w3.org/2000/01/rdf-schema#label>"
        "|<http://www.w3.org/2004/02/skos/core#prefLabel>"
        '|<http://purl.org/dc/terms/title> ?label FILTER (LANG(?label) = "en") }'
    )
    return {row["thing"]: row["label"] for row in found}


def label(iri: str) -> str:
    """Return the English label of a thing; its short IRI where it has none."""
    return labels().get(iri) or short(iri)
