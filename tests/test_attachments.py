"""Calendars and maps for other people's pages: the same from the server and as files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import icalendar
import pytest
from starlette.testclient import TestClient

from twingraph.site.attachments import FRAME_POLICY, attachment, attachment_paths
from twingraph.site.reader import BuildReader
from twingraph.verify.formats import why_unreadable


def events(raw: bytes) -> list[str]:
    calendar = icalendar.Calendar.from_ical(raw)
    assert isinstance(calendar, icalendar.Calendar) and not calendar.errors
    return [str(event["SUMMARY"]) for event in calendar.events]


def test_every_attachment_is_there_and_can_be_read(site: BuildReader) -> None:
    paths = list(attachment_paths(site))
    kinds = {".ics": "text/calendar", ".svg": "image/svg+xml", ".html": "text/html"}

    assert len(paths) == len(set(paths)) > 100
    for path in paths:
        found = attachment(site, path)
        if found is None:  # a place without coordinates has no map
            assert path.startswith("embed/")
            continue
        assert found.media_type == kinds[path[path.rindex(".") :]]
        assert why_unreadable(found.media_type, found.body) == "", path


def test_every_calendar_is_read_the_same_by_icalendar_and_ical_js(
    site: BuildReader, tmp_path: Path
) -> None:
    reader = Path(__file__).parent / "node" / "calendar.mjs"
    if shutil.which("node") is None or not (reader.parent / "node_modules" / "ical.js").is_dir():
        pytest.skip("node or the package ical.js is absent: npm ci --prefix tests/node")
    ours: list[list[list[str]]] = []
    files: list[Path] = []
    for path in attachment_paths(site):
        found = attachment(site, path)
        if path.endswith(".ics") and found is not None:
            calendar = icalendar.Calendar.from_ical(found.body)
            assert isinstance(calendar, icalendar.Calendar) and not calendar.errors
            listed: list[Any] = list(calendar.events)
            ours.append([[str(e["UID"]), str(e.start), str(e.end), str(e["SUMMARY"])]
                         for e in listed])  # fmt: skip
            files.append(tmp_path / f"{len(files)}.ics")
            files[-1].write_bytes(found.body)

    done = subprocess.run(
        ["node", str(reader), *map(str, files)], capture_output=True, check=True, timeout=60
    )

    assert json.loads(done.stdout) == ours
    assert len(ours) >= 100 and sum(map(len, ours)) > 300


def test_the_server_sends_what_the_files_hold(client: TestClient, site: BuildReader) -> None:
    for path in ("en/calendar/place/berlin.ics", "de/calendar/years/all.ics",
                 "embed/de/place/bonn.html", "embed/en/place/bonn.svg"):  # fmt: skip
        found = attachment(site, path)
        answer = client.get(f"/{path}")

        assert found is not None and answer.content == found.body
        assert answer.headers["content-type"].partition(";")[0] == found.media_type
        again = client.get(f"/{path}", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


def test_bonns_calendar_has_what_is_dated_and_the_years_when_wanted(client: TestClient) -> None:
    dated = events(client.get("/en/calendar/place/bonn.ics").content)
    years = events(client.get("/en/calendar/years/place/bonn.ics").content)

    assert "Bonn – Kherson: 5 years since the council's decision" in dated
    assert not [text for text in dated if "Minsk" in text]
    assert "Bonn – Minsk: 25 years since the agreement (2028)" in years
    assert "Bonn – Minsk: 35 years since about 1993 (implied) (2028)" in years
    assert set(dated) < set(years)


def test_a_german_calendar_is_german(client: TestClient) -> None:
    raw = client.get("/de/calendar/place/berlin.ics").content

    assert "Berlin – Paris: 40 Jahre seit dem Beginn" in events(raw)
    assert b"NAME;LANGUAGE=de:Jubil" in raw


def test_the_city_page_leads_to_calendar_and_embedding(client: TestClient) -> None:
    text = client.get("/en/place/bonn.html").text

    assert 'href="../calendar/place/bonn.ics"' in text
    assert 'href="../calendar/years/place/bonn.ics"' in text
    assert "&lt;iframe src=&#34;https://w3id.org/twingraph/embed/en/place/bonn.html" in text
    assert 'href="../../embed/en/place/bonn.svg"' in text


def test_only_what_is_made_for_frames_may_be_framed(client: TestClient) -> None:
    page = client.get("/embed/en/place/bonn.html")
    other = client.get("/en/place/bonn.html")

    assert page.headers["content-security-policy"] == FRAME_POLICY
    assert "frame-ancestors *" in FRAME_POLICY
    assert "frame-ancestors 'none'" in other.headers["content-security-policy"]
    sheet = re.search(r"<style>(.*?)</style>", page.text, re.DOTALL)
    assert sheet is not None and "style=" not in page.text
    assert '<base target="_top">' in page.text
    links = re.findall(r'<a href="([^"]+)"', page.text)
    assert links and all(link.startswith("https://w3id.org/twingraph/") for link in links)
    assert 'href="../../../static/land.svg"' in page.text


def test_the_picture_alone_needs_nothing_else(client: TestClient) -> None:
    picture = client.get("/embed/de/place/berlin.svg")
    root = ET.fromstring(picture.content)

    assert picture.headers["content-type"] == "image/svg+xml"
    assert not [node for node in root.iter() if node.tag.endswith("}image")]
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "Karte der Partner von Berlin"


def test_the_reader_gets_the_language_that_is_read(client: TestClient) -> None:
    answer = client.get("/embed/place/bonn", headers={"Accept-Language": "de-AT"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/embed/de/place/bonn.html")


@pytest.mark.parametrize("path", [
    "en/calendar/place/nowhere.ics", "en/calendar/all.txt", "xx/calendar/all.ics",
    "embed/en/place/nowhere.html", "embed/en/place/../x.html", "embed/en/place/bonn.png",
    "embed/xx/place/bonn.html", "en/calendar/place/%00.ics",
])  # fmt: skip
def test_what_is_not_there_is_404(client: TestClient, path: str) -> None:
    assert client.get(f"/{path}").status_code == 404
