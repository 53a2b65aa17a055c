"""Derivation of the published graph: claims resolved, dates bounded, CONSTRUCT rules applied.

`published.derive(curated)` takes the curated graphs of a project and returns the frozen graph as a
`Dataset` of sorted N-Triples lines: each curated graph unchanged, `<base>graph/derived` with the
derived statements, and the default graph with all of them. `resolve.resolve` implements the rules
of docs/model.md for one property, `dates.bounds` EDTF (ISO 8601-2). Nothing is read or written.

>>> from twingraph.derive.dates import bounds
>>> bounds("198X")
Bounds(earliest='1980-01-01', latest='1989-12-31')
"""
