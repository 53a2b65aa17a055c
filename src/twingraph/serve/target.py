"""What a request is for: its target and the host it names (RFC 9112 §3.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote

_ASGI: Final = {"version": "3.0", "spec_version": "2.4"}
_HOST: Final = re.compile(  # uri-host [ ":" port ], RFC 3986 §3.2.2 and §3.2.3
    rb"(?:\[[0-9A-Fa-fv:.!$&'()*+,;=~_-]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)"
    rb"(?::[0-9]*)?"
)
_HOST_BYTES: Final = 1024


def split_target(target: bytes) -> tuple[bytes, bytes]:
    """Return path and query of a request target, in its origin or absolute form (RFC 9112 §3.2).

    >>> split_target(b"/a?b?c"), split_target(b"http://h/a?b"), split_target(b"http://h")
    ((b'/a', b'b?c'), (b'/a', b'b'), (b'/', b''))
    """
    if not target.startswith((b"/", b"*")) and b"://" in target:
        rest = target.partition(b"://")[2]
        ends = (rest.find(b"/"), rest.find(b"?"))
        slash = min((end for end in ends if end >= 0), default=len(rest))
        target = rest[slash:] if rest[slash : slash + 1] == b"/" else b"/" + rest[slash:]
    path, _, search = target.partition(b"#")[0].partition(b"?")
    return path, search


def host_problem(http_version: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return what is wrong with the `Host` of a request, '' where nothing is (RFC 9112 §3.2).

    HTTP/1.1 demands exactly one, HTTP/1.0 allows at most one. `headers` have names in lower case.

    >>> host_problem("1.1", [(b"host", b"x")]), host_problem("1.0", [])
    ('', '')
    >>> host_problem("1.1", [])
    'a request without Host; send one header Host'
    >>> host_problem("1.1", [(b"host", b"a b")])
    'Host is no host and port of a URL; send the one of the address'
    """
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1:
        return f"{len(hosts)} headers Host in a request; send one of them"
    if not hosts:
        return "" if http_version == "1.0" else "a request without Host; send one header Host"
    if len(hosts[0]) > _HOST_BYTES or not _HOST.fullmatch(hosts[0]):
        return "Host is no host and port of a URL; send the one of the address"
    return ""


def scope_of(
    method: str,
    http_version: str,
    target: bytes,
    headers: list[tuple[bytes, bytes]],
    peers: tuple[tuple[str, int] | None, tuple[str, int] | None],
) -> dict[str, Any]:
    """Return the scope of a request (ASGI HTTP 2.4); `peers` are the server and the client.

    Raises `UnicodeDecodeError` for a path that is not ASCII.

    >>> scope_of("GET", "1.1", b"/a%20b?c", [], (None, None))["path"]
    '/a b'
    """
    path, search = split_target(target)
    raw = path.decode("ascii")
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": http_version,
        "server": peers[0],
        "client": peers[1],
        "scheme": "http",
        "method": method,
        "root_path": "",
        "path": unquote(raw) if "%" in raw else raw,
        "raw_path": path,
        "query_string": search,
        "headers": headers,
        "state": {},
    }
