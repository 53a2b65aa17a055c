"""What we know beside what Wikidata says (P190): the report, and what goes back to its editors."""
