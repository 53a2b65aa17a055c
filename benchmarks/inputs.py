"""Requests, queries and data files that nobody would write, made from a seed."""

from __future__ import annotations

import gzip
import random
from typing import Final
from urllib.parse import quote

_TERMS: Final = (
    "?a", "?b", "$c", "<http://e/a>", "<>", "<a b>", "tg:partner", "place:bonn", "no:prefix", "a",
    "1", "1.5", "1e9", "-0", '"x"', "'x'@de", '"""x"""', '"x"^^xsd:date', "_:b", "[]", "true",
    '"', "'", "\\", "\u00a0", "\u0000", "\ud7ff", "é:ß", "()", "(1 2)", "?", "@", "^", "%", "..",
    "<http://[>", "\\u0041", "\\u00", "“x”", "^^", "*", "+", "|", "!a", "/",
)  # fmt: skip
_WORDS: Final = (
    "SELECT", "ASK", "CONSTRUCT", "DESCRIBE", "WHERE", "FILTER", "OPTIONAL", "UNION", "MINUS",
    "GRAPH", "BIND", "VALUES", "ORDER BY", "GROUP BY", "HAVING", "LIMIT 3", "OFFSET -1", "FROM",
    "FROM NAMED", "PREFIX", "BASE", "SERVICE", "INSERT DATA", "DISTINCT", "REDUCED", "NOT EXISTS",
    "EXISTS", "SELCT", "AS", "IN", "COUNT(*)", "REGEX(?a, '(')", "NOW()", "{", "}", "(", ")", ".",
    ";", ",", "#", "||", "&&", "=", "<", ">", "{ {", "} }",
)  # fmt: skip
_PATHS: Final = (
    "/",
    "/en/",
    "/de/",
    "/en/place/index.html",
    "/id/place/bonn",
    "/id/place/nowhere",
    "/ns",
    "/ns.ttl",
    "/shapes",
    "/vocab/",
    "/doc/place/bonn.ttl",
    "/dumps/twingraph.nq",
    "/dumps/x",
    "/sparql",
    "/query",
    "/query/partners-of.csv",
    "/search",
    "/search.json",
    "/lookup",
    "/health",
    "/metrics",
    "/catalog",
    "/catalog.ttl",
    "/openapi.json",
    "/robots.txt",
    "/sitemap.xml",
    "/release/",
    "/release/latest",
    "/static/style.css",
    "/links/",
    "/linkset.json",
    "/context.jsonld",
    "/.well-known/void",
    "/reconcile",
    "/graph/published",
    "/../../etc/passwd",
    "//e/",
    "*",
    "/de/place/aaburg.html",
    "/id/place/aaburg",
    "/dumps/",
    "/doc/place/aaburg.jsonld",
    "/doc/place/aaburg/history.json",
    "/doc/query/partners-of.rq",
    "/dataset/twingraph",
    "/embed/place/aaburg",
    "/feed",
    "/links/refused.sssom.tsv",
    "/context",
    "/ns.rdf",
    "/shapes.ttl",
    "/void.ttl",
    "/release/feed/en.atom",
    "/release/2026-11-21/",
    "/timegate/id/place/aaburg",
    "/timemap/link/id/place/aaburg",
    "/wikidata/Q1",
    "/geonames/1",
    "/gnd/4005728-8",
    "/en/calendar/place/aaburg.ics",
    "/en/search",
    "/de/reconcile",
    "/reconcile/suggest/entity",
    "/reconcile/properties",
    "/reconcile/preview",
    "/reconcile/",
    "/reconcile/flyout/entity",
    "/reconcile/1.0-draft/match",
    "/reconcile/1.0-draft/manifest",
    "/reconcile/1.0-draft/preview",
    "/reconcile/1.0-draft/extend/propose",
    "/sitemap-1.xml",
    "/sparql/completions.json",
    "/.well-known/sparql-examples",
    "/query/partners-of",
)
_PARAMETERS: Final = (
    "query",
    "format",
    "q",
    "id",
    "place",
    "lang",
    "default-graph-uri",
    "named-graph-uri",
    "uri",
    "prefix",
    "type",
    "limit",
    "page",
    "size",
    "since",
    "queries",
    "extend",
    "names",
    "callback",
    "output",
    "results",
    "date",
    "cursor",
    "update",
)
_VALUES: Final = (
    "aaburg",
    "Aaburg",
    "place/aaburg",
    "https://w3id.org/twingraph/id/place/aaburg",
    "json",
    "ttl",
    "csv",
    "html",
    "de",
    "1",
    "0",
    "-1",
    "99999999999999999999",
    "1e9",
    "2026-11-21",
    "Q1",
    "",
    "ASK {}",
    "SELECT * { ?s ?p ?o } LIMIT 3",
    "http://[",
    "urn:x",
    "a" * 3000,
    "\u0000",
    "%",
    "é",
    "\u202e",
    "*",
    "../..",
    "<script>",
    "\r\nX: y",
    "{}",
    "[]",
    "null",
    "0001-01-01",
    "9999-12-31",
)
_JSONS: Final = (
    '{"q0": {"query": "Aaburg"}}', '{"q0": {"query": "Aaburg", "limit": -1, "type": 5}}',
    '{"q0": {"query": ["x"]}}', "[" * 5000, '{"a":' * 3000, "{", "null", "[]", '"x"', "1e999",
    '{"ids": ["place/aaburg"], "properties": [{"id": "partners"}]}', '{"ids": 5}',
    '{"queries": [{"conditions": [{"matchType": "name", "propertyValue": "Aaburg"}]}]}',
    '{"queries": [{"conditions": {}}]}', '{"q0": {"query": "' + "x" * 3000 + '"}}', "NaN",
    '{"q\\ud800": {"query": "\\ud800"}}', '{"q0": {"query": "Aaburg", "properties": [{}]}}',
)  # fmt: skip
_HEADERS: Final = (
    ("Accept", ("*/*", "text/turtle", "text/html", "a/b", ",;q=", "text/*;q=0.1, */*;q=2", "")),
    ("Accept-Language", ("de", "en-US,en;q=0.5", "*", "xx", ";;",
        ",".join(f"x{n};q=0.{n}" for n in range(300)), "de;q=2", "-", "de-" * 200)),
    ("Accept-Encoding", ("gzip", "zstd, gzip;q=0.5", "identity;q=0", "*;q=0")),
    ("Range", (
        "bytes=0-9", "bytes=-5", "bytes=9-1", "bytes=0-0,2-2", "lines=1-2", "bytes=", "bytes=0-",
        "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 400, 2)), "bytes=99999999999999999999-",
        "bytes=-0", "bytes=0-18446744073709551616",
    )),
    ("If-None-Match", (
        '"x"', "*", 'W/"a"', '"', ",".join(f'"{n}"' for n in range(500)), '"a,b"', "W/", '"' * 999,
    )), ("If-Match", ('"x"', "*")),
    ("If-Modified-Since", ("Sun, 06 Nov 1994 08:49:37 GMT", "yesterday")),
    ("If-Range", ('"x"', "nonsense")), ("Content-Type", (
        "application/sparql-query", "application/x-www-form-urlencoded", "text/plain", "",
        "application/json", "multipart/form-data; boundary=x",
        "application/sparql-query; charset=x",
    )),
    ("Host", ("e", "", "[::1]", "a b", "e:80", "u@e", "e/x", "e:x")),
    ("Origin", ("https://e",)), ("Expect", (
        "100-continue", "100-Continue", "tea", "100-continue, tea", "", ",",
    )), ("TE", ("trailers", "gzip;q=0.5, trailers", "")), ("Trailer", ("X", "Host")),
    ("X-Forwarded-Prefix", ("/x", "//e", "a")), ("X-Forwarded-Proto", ("https", "x")),
    ("Cookie", ("a=b", "a=b; " * 300, "\"")), ("Upgrade", ("h2c", "websocket", "TLS/1.0, x", "")),
    ("Connection", ("close", "Upgrade, close", "close, Host", "TE, close", ",close,")),
    ("Accept-Datetime", ("Sun, 06 Nov 1994 08:49:37 GMT", "x")), ("X\u00e9", ("\u00e9",)),
)  # fmt: skip


def make_query(rng: random.Random) -> str:
    """Return a text that may be a query: half of them by the grammar, half of any words.

    >>> make_query(random.Random(1)) == make_query(random.Random(1))
    True
    """
    if rng.random() < 0.5:
        return " ".join(
            rng.choice(rng.choice((_WORDS, _TERMS))) for _ in range(rng.randrange(1, 30))
        )
    head = rng.choice(("SELECT *", "SELECT ?a", "ASK", "CONSTRUCT { ?a ?b ?c }", "DESCRIBE ?a"))
    text = f"{head} WHERE {_group(rng, 0)} {rng.choice(('', 'LIMIT 5', 'ORDER BY ?a LIMIT 5'))}"
    return _mutated(rng, text) if rng.random() < 0.3 else text


def _group(rng: random.Random, depth: int) -> str:
    parts = []
    for _ in range(rng.randrange(1, 4)):
        kind = rng.randrange(7 if depth < 3 else 3)
        if kind < 3:
            parts.append(
                f"{rng.choice(_TERMS[:9])} {rng.choice(_TERMS[:9])} {rng.choice(_TERMS)} ."
            )
        elif kind == 3:
            parts.append(f"OPTIONAL {_group(rng, depth + 1)}")
        elif kind == 4:
            parts.append(f"{_group(rng, depth + 1)} UNION {_group(rng, depth + 1)}")
        elif kind == 5:
            parts.append(f"FILTER (?a {rng.choice('=<>')} {rng.choice(_TERMS)})")
        else:
            parts.append(f"VALUES ?a {{ {rng.choice(_TERMS)} {rng.choice(_TERMS)} }}")
    return "{ " + " ".join(parts) + " }"


def _mutated(rng: random.Random, text: str) -> str:
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(text) + 1)
        cut = at + rng.randrange(3)
        text = text[:at] + rng.choice(("", *_TERMS, *_WORDS, text[at : at + 20])) + text[cut:]
    return text


def make_request(rng: random.Random) -> bytes:
    """Return the bytes of one request, the last of its connection."""
    kind = rng.random()
    if kind < 0.3:
        return make_query_request(make_query(rng))
    if kind < 0.65:
        return _plain(rng)
    return _odd(rng) if kind < 0.7 else _broken(rng)


def make_query_request(query: str) -> bytes:
    """Return the bytes of a GET with a query."""
    escaped = quote(query, errors="replace", safe="")
    return f"GET /sparql?query={escaped} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


def _pairs(rng: random.Random, most: int) -> str:
    names = rng.choices(_PARAMETERS, k=rng.randrange(most))
    return "&".join(
        f"{name}={quote(rng.choice(rng.choice((_VALUES, _JSONS))), errors='replace')}"
        for name in names
    )


def _plain(rng: random.Random) -> bytes:
    """Return a request as HTTP wants it: an address of ours, parameters and headers of any kind."""
    target, search = rng.choice(_PATHS[:-3] + _PATHS[-2:]).replace("*", "/"), _pairs(rng, 4)
    method = rng.choice(("GET", "GET", "GET", "HEAD", "POST"))
    headers = [(name, rng.choice(values)) for name, values in rng.sample(_HEADERS, rng.randrange(4))
               if name not in ("Host", "Connection", "Upgrade", "X\u00e9", "Expect")]  # fmt: skip
    body = b""
    if method == "POST":
        target = rng.choice((target, "/reconcile", "/de/reconcile", "/reconcile/1.0-draft/match",
                             "/sparql"))  # fmt: skip
        form = rng.choice((f"queries={quote(rng.choice(_JSONS))}",
                           f"extend={quote(rng.choice(_JSONS))}",
                           f"query={quote(make_query(rng), errors='replace')}", _pairs(rng, 6),
                           "names=" + quote("Aaburg\n" * rng.randrange(300))))  # fmt: skip
        kind, text = rng.choice((("application/x-www-form-urlencoded", form),
                                 ("application/json", rng.choice(_JSONS)),
                                 ("application/sparql-query", make_query(rng))))  # fmt: skip
        body = text.encode("utf-8", "replace")
        headers = [pair for pair in headers if pair[0] != "Content-Type"]
        headers.append(("Content-Type", kind))
        if rng.random() < 0.1:
            body = gzip.compress(body, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        headers.append(("Content-Length", str(len(body))))
    address = f"{target}?{search}" if search else target
    lines = [f"{method} {address} HTTP/1.1", "Host: x", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body


def _odd(rng: random.Random) -> bytes:
    """Return what HTTP has besides: tunnels, other versions, chunks, parameters by thousands."""
    end = b"Host: x\r\nConnection: close\r\n"
    chunks = b"".join(
        b"%x;%b\r\nASK {}\r\n" % (6, rng.choice((b"a=b", b"x" * 300, b'a="b', b"")))
        for _ in range(rng.randrange(1, 4))
    )
    chunked = b"POST /sparql HTTP/1.1\r\n" + end + b"Transfer-Encoding: chunked\r\n"
    return rng.choice((
        b"CONNECT e:443 HTTP/1.1\r\n" + end + b"\r\n",
        b"TRACE / HTTP/1.1\r\n" + end + b"Max-Forwards: 0\r\n\r\n",
        b"GET http://e/en/?a HTTP/1.1\r\n" + end + b"\r\n",
        b"GET http://u:p@e:99999/%2e%2e/ HTTP/1.1\r\n" + end + b"\r\n",
        b"%b * HTTP/1.1\r\n%b\r\n" % (rng.choice((b"OPTIONS", b"GET", b"POST")), end),
        b"GET %b HTTP/1.1\r\n%b\r\n" % (rng.choice((b"ftp://e/", b"HTTP://e:80/en/", b"http:///",
            b"http://e?query=ASK%7B%7D", b"https://[::1]/sparql?query=ASK%7B%7D", b"e/", b"http:e",
            b"urn:x", b"*x", b"http://e:x/")), end),
        b"%b /en/ HTTP/%b\r\n%b\r\n" % (rng.choice((b"GET", b"BREW", b"get", b"QUERY", b"LINK")),
            rng.choice((b"1.1", b"1.0", b"1.2", b"2.0", b"0.9", b"3", b"1.1.1")), end),
        b"POST /sparql HTTP/1.%b\r\n" % rng.choice((b"0", b"1")) + end
        + b"Transfer-Encoding: %b\r\n" % rng.choice((b"chunked", b"Chunked", b"gzip", b"identity",
            b"x, chunked", b"chunked, chunked"))
        + b"Content-Type: application/sparql-query\r\n\r\n6\r\nASK {}\r\n0\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n"
        + b"Content-Type: application/sparql-query\r\nContent-Length: 6\r\n\r\nASK {}",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9,
        b"A" * rng.choice((20, 3000)) + b" / HTTP/1.1\r\n" + end + b"\r\n",
        b"GET /sparql?" + b"a=b&" * rng.choice((150, 5000)) + b" HTTP/1.1\r\n" + end + b"\r\n",
        b"GET /search?" + b"q=b&" * 5000 + b" HTTP/1.1\r\n" + end + b"\r\n",
        b"GET /en/ HTTP/1.1\r\n" + end + b"Cookie: a\r\n" * rng.choice((50, 500)) + b"\r\n",
        b"GET /en/ HTTP/1.1\r\n" + end + b"X: a\r\n b\r\n\r\n",
        b"GET /en/ HTTP/1.1\r\n" + end + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\n" + end + b"Content-Length: +5\r\n\r\nASK {",
        b"POST /sparql HTTP/1.1\r\n" + end + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        chunked + b"Content-Type: application/sparql-query\r\n\r\n" + chunks + b"0\r\nX: y\r\n\r\n",
        chunked + b"\r\n" + b"%x\r\n" % rng.choice((0, 2**64, 2**70)) + b"x",
    ))  # fmt: skip


def _broken(rng: random.Random) -> bytes:
    method = rng.choice(("GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "TRACE"))
    target = rng.choice(_PATHS)
    if rng.random() < 0.3:
        at = rng.randrange(len(target) + 1)
        odd = ("%", "%00", "%2e%2e/", "/", "?", "\u00e9", "a" * 300, "{", "%ff", ";", "\\")
        target = target[:at] + rng.choice(odd) + target[at:]
    if rng.random() < 0.5:
        name = rng.choice(("query", "format", "q", "id", "place", "lang", "default-graph-uri", "x"))
        value = quote(make_query(rng), errors="replace", safe="")
        target += f"{'&' if '?' in target else '?'}{name}={value}"
    lines = [f"{method} {target} HTTP/1.{rng.choice('1110')}"]
    for name, values in rng.sample(_HEADERS, rng.randrange(6)):
        lines.append(f"{name}: {rng.choice(values)}")
    body = b""
    if method in ("POST", "PUT"):
        body = rng.choice((make_query(rng), "query=" + quote(make_query(rng), errors="replace"), "",
                           "{", "\x00" * 50)).encode("utf-8", "replace")  # fmt: skip
        lines.append(f"Content-Length: {len(body)}")
    if not any(line.lower().startswith("connection:") for line in lines):
        lines.append("Connection: close")
    raw = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body
    if rng.random() < 0.02:
        at = rng.randrange(len(raw))
        raw = raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :]
    return raw


def make_file(rng: random.Random, seeds: list[bytes]) -> bytes:
    """Return the bytes of a data file that somebody has damaged."""
    raw = bytearray(rng.choice(seeds))
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(raw) + 1)
        kind = rng.randrange(6)
        if kind == 0:
            del raw[at : at + rng.randrange(1, 40)]
        elif kind == 1:
            raw[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 5)))
        elif kind == 2:
            raw[at:at] = rng.choice(_TERMS).encode("utf-8", "replace")
        elif kind == 3:
            part = raw[at : at + rng.randrange(1, 80)]
            other = rng.randrange(len(raw) + 1)
            raw[other:other] = part
        elif kind == 4:
            raw = raw.replace(rng.choice((b".", b";", b'"', b"\n", b"\t", b":")),
                              rng.choice((b"", b",", b"'", b"\r", b" ")), 1)  # fmt: skip
        else:
            odd = ("\u202e", "e\u0301", "\ufeff", "\u0000", "\u001b[2J", "x" * 5000)
            raw[at:at] = rng.choice(odd).encode()
    return bytes(raw)
