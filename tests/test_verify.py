"""A deployed site tried from outside: a good one has no problem, and each fault is named."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner

from twingraph.cli import cli
from twingraph.problems import TwingraphError
from twingraph.site.hosting import SERVERS, TYPES, Host, rules
from twingraph.verify.client import Limits
from twingraph.verify.findings import CHECKS, Finding, report
from twingraph.verify.formats import MEDIA_TYPES, why_unreadable
from twingraph.verify.html import MAX_CHARACTERS
from twingraph.verify.run import verify

Routes = dict[str, tuple[int, dict[str, str], bytes]]
PAGE = (
    '<!doctype html><html lang="en"><head><title>Bonn</title>'
    '<link rel="alternate" type="text/turtle" href="../../doc/place/bonn.ttl">'
    '<link rel="alternate" type="text/calendar" href="bonn.ics"></head>'
    '<body><h1 id="top">Bonn</h1><a href="#top">up</a></body></html>'
)
HOME = '<!doctype html><html lang="en"><title>All</title><h1>All</h1><a href="en/place/bonn.html">'
TURTLE = b"<a> <b> <c> .\n"
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
SUMS = f"{hashlib.sha256(TURTLE).hexdigest()}  x.ttl\n".encode()


class _Site(ThreadingHTTPServer):
    """A host of a few routes: `/id/place/bonn` redirects by Accept, as it should."""

    daemon_threads = True

    def __init__(self, prefix: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = f"http://127.0.0.1:{self.server_address[1]}{prefix}"
        self.asked: list[str] = []
        html = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "x"}
        data = {"Access-Control-Allow-Origin": "*"}
        turtle = {"Content-Type": "text/turtle", **data}
        robots = f"Sitemap: {self.root}sitemap.xml\n".encode()
        sitemap = (
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
            f"<url><loc>{self.root}en/place/bonn.html</loc></url></urlset>"
        ).encode()
        self.routes: Routes = {
            "": (200, html, HOME.encode()),
            "en/place/bonn.html": (200, html, PAGE.encode()),
            "de/place/bonn.html": (200, html, PAGE.replace('"en"', '"de"').encode()),
            "en/place/bonn.ics": (
                200,
                {"Content-Type": "text/calendar; charset=utf-8", **data},
                CALENDAR,
            ),
            "doc/place/bonn.ttl": (200, turtle, TURTLE),
            "doc/place/bonn.jsonld": (200, {"Content-Type": "application/ld+json", **data}, b"{}"),
            "doc/place/bonn.nt": (200, {"Content-Type": "application/n-triples", **data}, b""),
            "robots.txt": (200, {"Content-Type": "text/plain; charset=utf-8"}, robots),
            "sitemap.xml": (200, {"Content-Type": "application/xml"}, sitemap),
            "dumps/SHA256SUMS": (200, {"Content-Type": "text/plain; charset=utf-8"}, SUMS),
            "dumps/x.ttl": (200, turtle, TURTLE),
            "catalog.ttl": (200, turtle, b""),
        }
        self.redirects = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece: no waiting for an acknowledgement
    disable_nagle_algorithm = True
    server: _Site

    def do_GET(self) -> None:
        site = self.server
        prefix = re.sub(r"^https?://[^/]*", "", site.root)
        path = self.path.removeprefix(prefix).partition("?")[0]
        site.asked.append(path)
        if path == "id/place/bonn" and site.redirects and path not in site.routes:
            accept = self.headers.get("Accept", "")
            suffix = next(
                (
                    s
                    for t, s in (("html", ""), ("turtle", "ttl"), ("ld+json", "jsonld"))
                    if t in accept
                ),
                "nt",
            )
            to = f"{prefix}doc/place/bonn.{suffix}" if suffix else f"{prefix}de/place/bonn.html"
            return self._send(303, {"Location": to, "Vary": "Accept, Accept-Language"}, b"")
        status, headers, body = site.routes.get(path, (404, {}, b"nothing"))
        tag = f'"{hashlib.sha256(body).hexdigest()[:8]}"'
        if status == 200 and self.headers.get("If-None-Match") == tag:
            return self._send(304, {}, b"")
        base = {"ETag": tag, "X-Content-Type-Options": "nosniff"} if status == 200 else {}
        self._send(status, {**base, **headers}, body)

    do_HEAD = do_GET  # noqa: N815  # the name is http.server's

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def hosted(prefix: str = "/") -> Iterator[_Site]:
    with _Site(prefix) as host:
        thread = threading.Thread(target=host.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield host
        finally:
            host.shutdown()
            thread.join()


def problems(host: _Site, **limits: Any) -> list[Finding]:
    return verify(host.root, Limits(**limits)).problems


@pytest.mark.parametrize("prefix", ["/", "/twin/"])
def test_a_site_as_it_should_be_has_no_problem(prefix: str) -> None:
    with hosted(prefix) as host:
        found = verify(host.root)

    assert (found.problems, found.pages) == ([], 2)
    assert [finding.code for finding in found.findings] == ["sparql"]  # a note: a static copy
    assert found.requests == len(host.asked) < 60


HTML = {"Content-Type": "text/html; charset=utf-8"}
FAULTS: list[tuple[str, str, tuple[int, dict[str, str], bytes]]] = [
    ("reach", "", (500, {}, b"")),
    ("reach", "", (200, {"Content-Type": "text/plain"}, b"index of /")),
    ("redirect", "", (302, {"Location": "https://elsewhere.example.org/"}, b"")),
    ("negotiation", "id/place/bonn", (200, HTML, PAGE.encode())),
    ("negotiation", "id/place/bonn", (303, {"Location": "/en/place/bonn.html"}, b"")),
    ("negotiation", "id/place/bonn", (302, {"Location": "/doc/place/bonn.ttl"}, b"")),
    ("type", "doc/place/bonn.ttl", (200, {"Content-Type": "text/plain"}, TURTLE)),
    ("type", "doc/place/bonn.ttl", (200, {"Content-Type": "text/turtle"}, b"<html>no turtle")),
    ("charset", "en/place/bonn.html", (200, {"Content-Type": "text/html"}, PAGE.encode())),
    ("cors", "doc/place/bonn.ttl", (200, {"Content-Type": "text/turtle"}, TURTLE)),
    ("link", "", (200, HTML, (HOME + '<img src="gone.svg">').encode())),
    ("fragment", "en/place/bonn.html", (200, HTML, PAGE.replace("#top", "#gone").encode())),
    ("foreign", "", (200, HTML, (HOME + '<script src="//cdn.example.org/x.js">').encode())),
    ("page", "", (200, HTML, b"<title>x</title>")),
    ("headers", "", (200, {**HTML, "X-Content-Type-Options": ""}, HOME.encode())),
    ("headers", "", (200, {**HTML, "Set-Cookie": "a=b"}, HOME.encode())),
    ("validator", "", (200, {**HTML, "ETag": ""}, HOME.encode())),
    ("validator", "", (200, {**HTML, "ETag": '"changed"'}, HOME.encode())),
    ("checksum", "dumps/x.ttl", (200, {"Content-Type": "text/turtle"}, b"<a> <b> <d> .\n")),
    ("checksum", "dumps/SHA256SUMS", (404, {}, b"")),
    ("sitemap", "robots.txt", (200, {}, b"Sitemap: https://w3id.org/twingraph/sitemap.xml\n")),
    ("sitemap", "sitemap.xml", (200, {}, b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>")),
    ("catalogue", "catalog.ttl", (404, {}, b"")),
    ("feed", "en/place/bonn.ics", (200, {"Content-Type": "text/calendar; charset=utf-8"}, b"x")),
    ("missing", "no-such-thing-asked-by-verify", (200, HTML, HOME.encode())),
    ("sparql", "sparql", (200, {"Content-Type": "application/json"}, b'{"boolean": false}')),
    ("sparql", "sparql", (200, {"Content-Type": "application/json"}, b'{"boolean": true}')),
]


@pytest.mark.parametrize(("code", "path", "answer"), FAULTS)
def test_each_fault_is_named(
    code: str, path: str, answer: tuple[int, dict[str, str], bytes]
) -> None:
    with hosted() as host:
        host.routes[path] = answer
        found = problems(host)

    assert code in {finding.code for finding in found}
    assert {finding.code for finding in found} <= CHECKS.keys()
    assert all(finding.write for finding in found)


def test_every_check_has_a_fault_that_it_names() -> None:
    assert CHECKS.keys() - {code for code, *_ in FAULTS} == {"canonical", "head"}


def test_a_head_that_differs_and_a_canonical_address_elsewhere_are_named() -> None:
    class Other(_Handler):
        def do_HEAD(self) -> None:
            self._send(200, {"Content-Type": "text/plain"}, b"")

    with hosted() as host:
        host.RequestHandlerClass = Other
        page = PAGE.replace("</head>", '<link rel="canonical" href="https://w3id.org/x"></head>')
        host.routes["en/place/bonn.html"] = (200, HTML, page.encode())
        found = verify(host.root)

    assert {"head", "canonical"} <= {finding.code for finding in found.findings}


def test_no_other_host_is_asked_and_no_more_than_allowed() -> None:
    with hosted() as host, hosted() as other:
        away = f'<a href="{other.root}x"></a><img src="{other.root}y">'
        host.routes[""] = (200, HTML, (HOME + away).encode())
        host.routes["id/place/bonn"] = (303, {"Location": other.root}, b"")
        verify(host.root)
        asked = len(host.asked)
        few = verify(host.root, Limits(requests=10))

    assert other.asked == []
    assert few.requests == 10 == len(host.asked) - asked
    assert "stopped after 10 requests" in str(few.findings[-1])


def test_a_host_that_sends_without_end_is_left() -> None:
    with hosted() as host:
        host.routes["doc/place/bonn.ttl"] = (200, {"Content-Type": "text/turtle"}, b"#" * 300_000)
        found = verify(host.root, Limits(max_bytes=100_000))

    assert found.requests > 10  # the rest was tried all the same


@pytest.mark.parametrize(
    "tag", [b"<a href=x>", b"<a href=/%d>", b"<title>x", b"<a ", b"<!--", b"&"]
)
def test_a_page_without_end_takes_no_longer_than_is_allowed(tag: bytes) -> None:
    body = b"".join(tag.replace(b"%d", b"%d" % n) for n in range(9_000_000 // len(tag)))
    with hosted() as host:
        host.routes[""] = (200, HTML, body)
        began = time.monotonic()
        verify(host.root, Limits(seconds=1, requests=30))

    assert time.monotonic() - began < 4


def test_a_very_long_page_is_reported() -> None:
    with hosted() as host:
        host.routes[""] = (200, HTML, HOME.encode() + b" " * MAX_CHARACTERS)
        found = problems(host)

    assert [finding.code for finding in found] == ["page"]


@pytest.mark.parametrize(
    "target", ["http://[", "//[::1", "http://\u2100/".encode().decode("latin-1")]
)
@pytest.mark.parametrize("path", ["", "id/place/bonn", "en/place/bonn.html", "dumps/x.ttl"])
def test_a_redirect_to_no_address_is_named(path: str, target: str) -> None:
    with hosted() as host:
        host.routes[path] = (302, {"Location": target}, b"")
        found = problems(host)

    assert found


def test_a_loop_of_redirects_ends() -> None:
    with hosted() as host:
        host.routes[""] = (302, {"Location": "/"}, b"")
        found = problems(host)

    assert [finding.code for finding in found] == ["redirect"]


def test_nobody_at_home_and_no_address() -> None:
    with hosted() as host:
        root = host.root
    found = verify(root)

    assert [finding.code for finding in found.findings] == ["reach"]
    for wrong in ("data.example.org", "ftp://x/", "http://x:y/", "http://a:b@x/", "http://x/?q"):
        with pytest.raises(TwingraphError):
            verify(wrong)


def test_the_command_says_it_in_words_in_json_and_by_its_status() -> None:
    with hosted() as host:
        good = CliRunner().invoke(cli, ["verify", host.root])
        host.routes["catalog.ttl"] = (404, {}, b"")
        bad = CliRunner().invoke(cli, ["verify", host.root, "--format", "json"])

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert good.output.splitlines()[-1].startswith("0 problems, 1 note, ")
    assert json.loads(bad.output)["findings"][-2]["code"] == "catalogue"


def test_many_equal_findings_are_printed_in_a_few_lines() -> None:
    many = [Finding(f"http://a/{i}", "cors", "none", "send it") for i in range(9)]

    assert report(many, 12).splitlines()[5:] == [
        "… and 4 more of cors with the same remedy",
        "9 problems, 0 notes, 12 requests",
    ]


def test_what_can_not_be_read_says_why() -> None:
    assert "rows have 1 to 2 cells" in why_unreadable("text/csv", b"a,b\n1\n")
    assert why_unreadable("application/atom+xml", b"<feed/>") == "its root is no Atom feed"
    assert "75 octets" in why_unreadable(
        "text/calendar", b"BEGIN:VCALENDAR\r\nX:" + b"x" * 90 + b"\r\nEND:VCALENDAR\r\n"
    )


# --- rules for hosts -----------------------------------------------------------------------------


def test_rules_know_every_type_that_we_publish() -> None:
    known = {suffix: TYPES[suffix] for suffix in MEDIA_TYPES if suffix in TYPES}

    assert all(media_type in MEDIA_TYPES[suffix] for suffix, media_type in known.items())
    for server in ("nginx", "apache", "caddy"):
        assert not {t for t in TYPES.values() if t not in rules(server, Host())}


@pytest.mark.parametrize("bad", ['a"b', "a;b", "a b", "a\nb", "$a", "{a}", ""])
def test_nothing_is_slipped_into_a_configuration(bad: str) -> None:
    for host in (Host(name=bad), Host(root=bad), Host(prefix=f"/{bad}/" if bad else bad)):
        for server in SERVERS:
            with pytest.raises(TwingraphError):
                rules(server, host)
