"""The server: the complete ASGI application, and the processes that run it over HTTP/1.1.

`app.create_app(build)` returns a Starlette application over a build folder; any ASGI server can run
it. `server.run(settings, build, host, port)` serves it in one or more processes until SIGINT or
SIGTERM. `GET /health` says whether queries are answered, `GET /metrics` has the numbers of all
processes in the text format of Prometheus.

>>> from twingraph.serve.log import Seen, line_of
>>> line_of(Seen("GET", "/sparql", 200, 0.004, rows=12), 0)
'1970-01-01T00:00:00Z method=GET path=/sparql status=200 ms=4.0 rows=12'
"""
