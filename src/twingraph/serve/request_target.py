"""What a request is for: its target, the host it names (RFC 9112 §3.2), what it demands besides."""

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
_ABSOLUTE: Final = re.compile(rb"(?i)https?://([^/?#]+)")
_MET: Final = frozenset((b"100-continue", b""))  # members of `Expect` (empty: RFC 9110 §5.6.1)
_LOOKED_AT: Final = frozenset((b"expect", b"transfer-encoding"))


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


def refusal_of(
    method: str, http_version: str, target: bytes, headers: Iterable[tuple[bytes, bytes]]
) -> tuple[int, str] | None:
    """Return the status and the words for what no server of HTTP/1.1 of this kind can do, or None.

    RFC 9110 §9.1 (methods), §10.1.1 (`Expect`), §15.6.6 (versions); RFC 9112 §3.2 (targets),
    §6.1 (transfer codings). `headers` have names in lower case.

    >>> refusal_of("GET", "1.1", b"/", [(b"host", b"x")])
    >>> refusal_of("GET", "2.0", b"/", [(b"host", b"x")])
    (505, 'HTTP/2.0 is not spoken here; send HTTP/1.1')
    >>> refusal_of("GET", "1.1", b"ftp://x/", [(b"host", b"x")])[0]
    400
    """
    if http_version not in ("1.0", "1.1"):
        return 505, f"HTTP/{http_version} is not spoken here; send HTTP/1.1"
    if method == "CONNECT":
        return 501, "this is no proxy: CONNECT leads nowhere"
    if target.startswith(b"*"):
        if method != "OPTIONS" or target != b"*":
            return 400, "the target * is for OPTIONS alone; send a path"
    elif not target.startswith(b"/") and not _named_host(target):
        return 400, "the target is neither a path nor an http or https URL with a host and no user"
    for name, value in headers:
        if name not in _LOOKED_AT:
            continue
        if name == b"transfer-encoding" and http_version == "1.0":
            return 400, "HTTP/1.0 has no Transfer-Encoding; send Content-Length"
        if name == b"transfer-encoding" and value.strip(b" \t").lower() != b"chunked":
            return 501, "no transfer coding but chunked is read; send Content-Encoding"
        if name == b"expect" and http_version == "1.1" and not (_members(value) <= _MET):
            return 417, "no expectation but 100-continue can be met; leave Expect out"
    problem = host_problem(http_version, headers)
    return (400, problem) if problem else None


def expects_continue(value: bytes) -> bool:
    """Does a header `Expect`, a list, wait for `100 Continue` (RFC 9110 §10.1.1)?

    >>> expects_continue(b"100-Continue, "), expects_continue(b" ,")
    (True, False)
    """
    return b"100-continue" in _members(value)


def _members(value: bytes) -> set[bytes]:
    return {member.strip(b" \t").lower() for member in value.split(b",")}


def _named_host(target: bytes) -> bytes:
    """Return the host and port of a target in absolute form, b'' where it is none of ours."""
    match = _ABSOLUTE.match(target)
    if match is None or not _HOST.fullmatch(match[1]) or match[1].startswith(b":"):
        return b""
    return match[1]


def scope_of(
    method: str,
    http_version: str,
    target: bytes,
    headers: list[tuple[bytes, bytes]],
    peers: tuple[tuple[str, int] | None, tuple[str, int] | None],
) -> dict[str, Any]:
    """Return the scope of a request (ASGI HTTP 2.4); `peers` are the server and the client.

    The host of a target in absolute form counts in place of `Host` (RFC 9112 §3.2.2).

    Raises `UnicodeDecodeError` for a path that is not ASCII.

    >>> scope_of("GET", "1.1", b"/a%20b?c", [], (None, None))["path"]
    '/a b'
    """
    path, search = split_target(target)
    if not target.startswith((b"/", b"*")) and (host := _named_host(target)):
        headers = [(name, host if name == b"host" else value) for name, value in headers]
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
