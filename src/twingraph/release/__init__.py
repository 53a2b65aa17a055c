"""Releases: immutable editions of the data, what changed between them, and feeds of the changes.

`changes.diff.diff` compares two builds, releases or dumps and returns the changes as text,
Markdown, JSON, N-Quads or RDF Patch; `contents.write_contents` writes the files of a release;
`feeds` has LDES, DCAT-AP Feeds, Atom (RFC 4287), JSON Feed 1.1 and Memento (RFC 7089).

>>> from twingraph.release.index import release_key
>>> release_key("2026-11-28") is None, release_key("yesterday") is None
(False, True)
"""
