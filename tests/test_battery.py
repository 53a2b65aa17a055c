"""The battery of tests/battery.txt: each line is a request and the exact response expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

FILE = Path(__file__).parent / "battery.txt"
# What clients really send.
SENT = {
    "firefox": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "chrome": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    "jena": "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,"
    "application/rdf+xml;q=0.7,*/*;q=0.3",
    "rdflib": "application/n-triples, text/turtle;q=0.9, application/rdf+xml;q=0.8, */*;q=0.1",
    "protege": "application/rdf+xml, application/xml;q=0.7, text/xml;q=0.6, text/plain;q=0.1",
    "jsonld.js": "application/ld+json, application/json",
    "old java": "text/html;q=.1, text/turtle, image/gif, *; q=.2, */*; q=.2",
}


class Line(NamedTuple):
    """A request and what is expected of its answer."""

    site: str
    text: str

    @property
    def request(self) -> tuple[str, str, list[tuple[str, str]]]:
        asked, *headers = _parts(self.text.partition("  =>  ")[0])
        method, _, path = asked.partition(" ")
        return method, path, [_header(header) for header in headers]

    @property
    def expected(self) -> tuple[int, str, list[tuple[str, str]]]:
        told, *headers = _parts(self.text.partition("  =>  ")[2])
        status, _, what = told.partition(" ")
        return int(status), what, [_header(header) for header in headers]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(" | ")]


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name, value.strip()


def lines() -> list[Line]:
    """Every line of the battery, with the site it is asked of."""
    found, site = [], "client"
    for text in FILE.read_text(encoding="utf-8").splitlines():
        if text.startswith("[["):
            site = text.strip("[").partition(":")[0]
        elif text and text[0] not in "#[":
            found.append(Line(site, text))
    return found


@pytest.fixture(scope="session")
def sites(client: TestClient, withdrawn: TestClient) -> Mapping[str, TestClient]:
    return {"client": client, "withdrawn": withdrawn}


def ask(client: TestClient, line: Line, method: str = "") -> httpx.Response:
    """Ask what a line asks, by another method if one is named."""
    own, path, headers = line.request
    filled = []
    for name, value in headers:
        if "{etag}" in value:
            value = value.replace("{etag}", client.get(path).headers["etag"])
        filled.append((name, re.sub(r"\{([a-z. ]+)\}", lambda match: SENT[match[1]], value)))
    plain = client.build_request(method or own, path)
    host = [] if any(name == "Host" for name, _ in filled) else [("Host", "testserver")]
    plain.headers = httpx.Headers([*host, *filled])
    return client.send(plain)


def wrong(line: Line, answer: httpx.Response) -> list[str]:
    """What of an answer is not as the line says."""
    status, what, headers = line.expected
    found = []
    if answer.status_code != status:
        found.append(f"status {answer.status_code}")
    if what.startswith("/") and answer.headers.get("location") != what:
        found.append(f"location {answer.headers.get('location')}")
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if what and not what.startswith("/") and kind != what:
        found.append(f"content-type {kind}")
    for name, value in headers:
        value = value.replace("{etag}", answer.headers.get("etag", ""))
        got = answer.text if name == "Body" else answer.headers.get(name, "")
        if not fits(got, value):
            found.append(f"{name} {got[:2000]}")
    return found


def fits(got: str, wanted: str) -> bool:
    if wanted == "-":
        return not got
    if wanted.startswith("~"):
        return wanted[1:] in got
    if wanted.startswith("!"):
        return wanted[1:] not in got
    return got == wanted


@pytest.mark.parametrize("line", lines(), ids=lambda line: line.text)
def test_what_comes_back_is_what_the_line_says(sites: Mapping[str, TestClient], line: Line) -> None:
    assert wrong(line, ask(sites[line.site], line)) == []


def test_head_is_get_without_its_body_on_every_line(sites: Mapping[str, TestClient]) -> None:
    differing = []
    for line in lines():
        if line.request[0] == "GET" and "Range" not in line.text:
            get, head = (ask(sites[line.site], line, method) for method in ("GET", "HEAD"))
            same = get.status_code == head.status_code and get.headers == head.headers
            if not same or head.content:
                differing.append(line.text)

    assert differing == []


def test_whatever_is_negotiated_says_so(sites: Mapping[str, TestClient]) -> None:
    """The same URL in another form or language: only where Vary tells caches."""
    silent = []
    for line in lines():
        method, path, headers = line.request
        if method == "GET" and not headers:
            answers = {
                (item.status_code, item.headers.get("location"), item.content)
                for asked in ({}, {"accept": "text/turtle"}, {"accept-language": "de"})
                for item in [sites[line.site].get(path, headers=asked)]
            }
            varying = sites[line.site].get(path).headers.get("vary", "")
            if len(answers) > 1 and "Accept" not in varying:
                silent.append(path)

    assert silent == []


def test_the_battery_is_large() -> None:
    assert len(lines()) >= 160
    assert len({line.text for line in lines()}) == len(lines())
