"""The SPARQL 1.1 endpoint: protocol, pool of worker processes, cache, limits.

`endpoint.answer` implements SPARQL 1.1 Protocol §2 over ASGI. Queries are evaluated in processes
that are forked from one which has loaded the graph (`worker.py`, `fork.py`); `pool.py` gives them
out and kills those that exceed a limit (`settings.Limits`: seconds, bytes of memory, rows, bytes
of a result). A refused query raises `RefusedError` (`query_refusal.py`) with an HTTP status.

>>> from twingraph.endpoint.protocol import read_fields
>>> read_fields([("query", "ASK {}"), ("format", "json")]).query
'ASK {}'
"""
