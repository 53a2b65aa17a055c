"""Our partnerships compared with Wikidata's (P190): the report, and files for its editors."""
