"""Checks of a site as a whole: the pages in its sitemaps, its files, its catalogue."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from pyoxigraph import NamedNode, RdfFormat, Store

from twingraph.verify.checks import media_type
from twingraph.verify.client import Client
from twingraph.verify.findings import Finding
from twingraph.verify.formats import read_xml

_SITEMAP: Final = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
_MANY_SITEMAPS: Final = 50
_DCAT: Final = "http://www.w3.org/ns/dcat#"


def sitemap_pages(client: Client) -> tuple[list[str], list[Finding]]:
    """Return the pages that robots.txt and the sitemaps name, and findings about these."""
    findings: list[Finding] = []
    robots = client.follow(client.url("robots.txt"))
    named = re.findall(r"(?im)^sitemap:\s*(\S+)", robots.body.decode("utf-8", "replace"))
    if robots.status != 200:
        robots_status = f"{robots.status or robots.error}"
        hint = "a folder of a host has none of its own: name the sitemap in that of the host"
        findings.append(Finding(robots.url, "sitemap", robots_status, hint, "note"))
    elif not named:
        findings.append(Finding(robots.url, "sitemap", "names no sitemap", "build the site anew"))
    waiting = [*named, client.url("sitemap.xml")]
    read_maps: set[str] = set()
    pages: list[str] = []
    while waiting and len(read_maps) < _MANY_SITEMAPS:
        url = waiting.pop(0)
        if url in read_maps:
            continue
        read_maps.add(url)
        if not client.inside(url):
            findings.append(_elsewhere(client, robots.url, url))
            continue
        answer = client.follow(url)
        try:
            root = read_xml(answer.body) if answer.status == 200 else None
        except ValueError as error:
            findings.append(
                Finding(url, "sitemap", f"can't be read: {error}", "build the site anew")
            )
            continue
        if root is None:
            robots_status = f"{answer.status or answer.error}"
            findings.append(
                Finding(url, "sitemap", robots_status, "publish sitemap.xml of the build")
            )
            continue
        waiting += [loc.text or "" for loc in root.iterfind(f"{_SITEMAP}sitemap/{_SITEMAP}loc")]
        pages += [loc.text or "" for loc in root.iterfind(f"{_SITEMAP}url/{_SITEMAP}loc")]
    outside = [url for url in pages if not client.inside(url)]
    if outside:
        findings.append(_elsewhere(client, client.url("sitemap.xml"), outside[0]))
    return [url for url in pages if client.inside(url)], findings


def _elsewhere(client: Client, source: str, url: str) -> Finding:
    return Finding(
        source,
        "sitemap",
        f"names {url}, which is not of this site",
        f'set the public address: address = "{client.root}", or --address {client.root}',
    )


def checksums(client: Client, max_bytes: int) -> Iterator[Finding]:
    """Are the files those of SHA256SUMS? Small ones first, until `max_bytes` are read."""
    for path in ("dumps/SHA256SUMS", "SHA256SUMS"):
        sums = client.follow(client.url(path))
        if sums.status == 200:
            break
    else:
        yield Finding(
            client.url("dumps/SHA256SUMS"),
            "checksum",
            f"{sums.status or sums.error}",
            "publish SHA256SUMS with the files",
        )
        return
    text = sums.body.decode("utf-8", "replace")
    listed = re.findall(r"(?m)^([0-9a-f]{64})  (\S+)$", text)
    folder = sums.url.rpartition("/")[0] + "/"
    bytes_left = max_bytes
    sizes = []
    for digest, name in listed[:2000]:
        head = client.exists(folder + name)
        content_length = head.headers.get("content-length", "")
        sizes.append(
            (
                int(content_length) if content_length.isdecimal() else max_bytes + 1,
                name,
                digest,
                head,
            )
        )
        if len(sizes) >= 60:  # a static site has a file for each page: a sample is enough
            break
    unread = len(listed) - len(sizes)
    for length, name, digest, head in sorted(sizes, key=lambda entry: entry[:2]):
        if not 200 <= head.status < 300:
            yield Finding(
                folder + name, "checksum", f"{head.status or head.error}", "publish all its files"
            )
        elif length > bytes_left:
            unread += 1
        else:
            body = client.follow(folder + name).body
            bytes_left -= len(body)
            if hashlib.sha256(body).hexdigest() != digest:
                yield Finding(
                    folder + name,
                    "checksum",
                    "is not the file whose checksum is published",
                    "copy the build again, binary, and let the server change no file",
                )
    if unread:
        yield Finding(
            sums.url, "checksum", f"{unread} of {len(listed)} files were not compared", "", "note"
        )


def catalogue(client: Client) -> Iterator[Finding]:
    """Are the files of the catalogue there, with the sizes that it gives?"""
    response = client.follow(client.url("catalog.ttl"))
    if response.status != 200:
        yield Finding(
            response.url, "catalogue", f"{response.status or response.error}", "publish catalog.ttl"
        )
        return
    problems = list(media_type(response, ("text/turtle",)))
    yield from problems
    if problems:
        return
    store = Store()
    store.load(response.body, format=RdfFormat.TURTLE, base_iri=client.root)
    elsewhere = 0
    for quad in store.quads_for_pattern(None, NamedNode(f"{_DCAT}downloadURL"), None):
        url = str(getattr(quad.object, "value", ""))
        if not client.inside(url):
            elsewhere += 1
            continue
        head = client.exists(url)
        sizes = {
            str(getattr(size.object, "value", ""))
            for size in store.quads_for_pattern(quad.subject, NamedNode(f"{_DCAT}byteSize"), None)
        }
        length = head.headers.get("content-length", "")
        if not 200 <= head.status < 300:
            yield Finding(url, "catalogue", f"{head.status or head.error}", "publish the file")
        elif sizes and length and length not in {size.partition(".")[0] for size in sizes}:
            yield Finding(
                url,
                "catalogue",
                f"has {length} bytes, the catalogue says {', '.join(sorted(sizes))}",
                "publish catalogue and files of one build",
            )
    if elsewhere:
        yield Finding(
            response.url,
            "catalogue",
            f"{elsewhere} downloads are offered at another address",
            f'set the public address: address = "{client.root}"',
            "note",
        )
