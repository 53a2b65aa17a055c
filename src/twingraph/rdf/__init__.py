"""RDF: namespaces, IRIs and their paths, Turtle with line numbers, sorted N-Triples and N-Quads.

A graph is a sequence of sorted N-Triples lines (`dataset.Dataset`), without blank nodes, so that
equal graphs are equal bytes. `frozen.read_frozen(path)` parses a dump in any RDF 1.1 format,
`iris` translates between IRIs, URL paths and file names. A file that can't be read or parsed
raises `TwingraphError`.

>>> from twingraph.rdf.iris import path_of
>>> path_of("https://example.org/id/place/bonn", "https://example.org/")
'id/place/bonn'
"""
