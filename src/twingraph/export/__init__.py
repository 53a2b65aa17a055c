"""The published graph as files: RDF dumps, JSON-LD, VoID, CSV tables, GeoJSON.

`dumps.DUMPS` maps the name of each file of a build to a function from a `dumps.Frozen` (all quads,
base IRI, prefixes, settings) to its bytes in pieces; `writing.write_dumps` writes them into a
folder. Equal quads give equal bytes. Standards: N-Quads, N-Triples, Turtle, TriG and RDF/XML 1.1,
JSON-LD 1.1, VoID, CSV on the Web (RFC 4180 CSV), Frictionless Data Package 2.0, RFC 7946.

>>> from pyoxigraph import NamedNode, Quad
>>> from twingraph.export.dumps import DUMPS, Frozen
>>> name = NamedNode("https://example.org/a")
>>> b"".join(DUMPS["twingraph.nt"](Frozen([Quad(name, name, name)], "https://example.org/", {})))
b'<https://example.org/a> <https://example.org/a> <https://example.org/a> .\\n'
"""
