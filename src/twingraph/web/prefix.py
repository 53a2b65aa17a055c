"""Requests to a site that the public reaches under a path: `https://data.example.org/data/`.

A reverse proxy passes such a request on with the path in front or without it. Both are brought to
the form of ASGI (HTTP connection scope): `path` is the whole path, `root_path` its beginning.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import Scope


def prefix_of(address: str) -> str:
    """Return the path of an address, without the slash at its end.

    >>> prefix_of("https://data.example.org/data/"), prefix_of("https://data.example.org/")
    ('/data', '')
    """
    return urlsplit(address).path.rstrip("/")


def prefix_for(scope: Scope, address: str, chosen: bool) -> str:
    """Return the path prefix of a request; '' at the root.

    An address that is set (`chosen`) counts for every request. The base IRI, its default, counts
    only if its host or its path is requested, so that a site can be tried on localhost.
    """
    prefix = prefix_of(address)
    if not prefix or chosen or scope["path"].startswith(f"{prefix}/"):
        return prefix
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    return prefix if host.decode("latin-1") == urlsplit(address).netloc else ""


def under_prefix(scope: Scope, prefix: str) -> Scope:
    """Return an HTTP scope with `root_path`, the prefix of the site.

    A server in which this application is mounted has set it already.

    >>> paths = ("/data/en/", "/en/")
    >>> [under_prefix({"path": item, "raw_path": item.encode()}, "/data")["path"] for item in paths]
    ['/data/en/', '/data/en/']
    """
    if not prefix or scope.get("root_path"):
        return scope
    path, raw = scope["path"], scope.get("raw_path")
    if path != prefix and not path.startswith(f"{prefix}/"):
        path = prefix + path
        raw = prefix.encode() + raw if raw is not None else None
    return {**scope, "path": path, "raw_path": raw, "root_path": prefix}


def to_root(scope: Scope) -> Response | None:
    """Send `/data` on to `/data/`, where relative links hold; None for every other path."""
    prefix = scope.get("root_path", "")
    if not prefix or scope["path"] != prefix:
        return None
    return Response(status_code=308, headers={"location": f"{prefix}/"})
