"""The SPARQL 1.1 endpoint: protocol, pool of workers, cache, limits."""
