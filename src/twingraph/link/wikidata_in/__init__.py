"""Wikidata's statements of P190 in: from entities, dumps, query results and a query service."""
