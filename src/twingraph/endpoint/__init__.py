"""The SPARQL endpoint: the protocol, the workers that evaluate, the limits, the cache."""
