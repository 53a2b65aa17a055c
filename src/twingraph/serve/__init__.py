"""The frozen graph over HTTP: pages, descriptions, dumps, SPARQL."""
