"""Metadata of the data for portals, search engines and citations.

`dcat.catalogue_files` returns the catalogue as DCAT-AP 3.0.1 and DCAT-AP.de 3.0 (Turtle, JSON-LD,
RDF/XML), `schemaorg` the same facts as schema.org JSON-LD, `citation` CITATION.cff and the metadata
that Zenodo reads. All are functions of the settings, the graph and the files of an edition.
"""
