"""Source files of a project: strict reading with file and line, and formatting.

`read.read_project(settings)` reads all Turtle files, SSSOM tables and imported lists under `data/`
and returns a `curated.Curated` with the statements of each file and every problem; problems are
never raised. `fmt.format_text` returns a file in its canonical form, with the same triples and
comments. Standards: Turtle (RDF 1.1), SSSOM/TSV, EDTF (ISO 8601-2), CSV (RFC 4180).

>>> from twingraph.source.tables.dates import date_of
>>> date_of("2 July 1987")
'1987-07-02'
"""
