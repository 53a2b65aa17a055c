"""Library queries as RDF, as SPARQL editors read examples: `sh:SPARQLExecutable` (SHACL §5.2).

The names, and the property for the endpoint of a query, are those of SIB's sparql-examples.
Every text runs as it is; no node is blank, so that descriptions can be linked and compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from twingraph.rdf.serializers import SERIALIZERS
from twingraph.rdf.vocabulary import PREFIXES, RDF, RDFS
from twingraph.site.reader import BuildReader
from twingraph.site.results import example_of, form_of, text_of
from twingraph.sparql.library import LibraryQuery

_SH: Final = PREFIXES["sh"]
_SCHEMA: Final = PREFIXES["schema"]
_ANY_URI: Final = NamedNode(PREFIXES["xsd"] + "anyURI")


def describe_question(site: BuildReader, query: LibraryQuery, suffix: str) -> bytes:
    """Return the description of a question in the RDF format of that suffix."""
    return SERIALIZERS[suffix](list(_question(site, query)), site.prefixes)


def describe_questions(site: BuildReader, suffix: str) -> bytes:
    """Return the descriptions of all questions, and the prefixes they share."""
    triples = [*_prefixes(site), *(item for query in site.library.values()
                                   for item in _question(site, query))]  # fmt: skip
    return SERIALIZERS[suffix](triples, site.prefixes)


def _question(site: BuildReader, query: LibraryQuery) -> Iterator[Triple]:
    node = NamedNode(f"{site.base}query/{query.name}")
    form = form_of(query)
    text = text_of(example_of(site, query))
    yield Triple(node, RDF.type, NamedNode(_SH + "SPARQLExecutable"))
    yield Triple(node, RDF.type, NamedNode(f"{_SH}SPARQL{form.capitalize()}Executable"))
    for language in query.title:
        yield Triple(node, RDFS.label, Literal(query.title[language], language=language))
        yield Triple(node, RDFS.comment, Literal(query.question[language], language=language))
    yield Triple(node, NamedNode(_SH + form), Literal(text))
    yield Triple(node, NamedNode(_SH + "prefixes"), NamedNode(f"{site.base}query#prefixes"))
    yield Triple(node, NamedNode(_SCHEMA + "target"), NamedNode(site.address + "sparql"))
    for item in query.audience:
        yield Triple(node, NamedNode(_SCHEMA + "keywords"), Literal(item))


def _prefixes(site: BuildReader) -> Iterator[Triple]:
    """Declare the prefixes of the site (SHACL §5.2.1)."""
    whole = NamedNode(f"{site.base}query#prefixes")
    for prefix, namespace in site.prefixes.items():
        declaration = NamedNode(f"{site.base}query#prefix-{prefix}")
        yield Triple(whole, NamedNode(_SH + "declare"), declaration)
        yield Triple(declaration, NamedNode(_SH + "prefix"), Literal(prefix))
        yield Triple(
            declaration, NamedNode(_SH + "namespace"), Literal(namespace, datatype=_ANY_URI)
        )
