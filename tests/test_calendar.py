"""Anniversaries by one rule, and calendars that two other programs read back as they were meant."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import NamedNode, QuerySolutions, RdfFormat, Store, Variable

from twingraph.settings import bundled
from twingraph.site.anniversaries import (
    Anniversary,
    Start,
    anniversaries,
    phrases,
    read_starts,
)
from twingraph.site.calendar.feed import calendar_feed, uid
from twingraph.site.calendar.ical import Event, calendar_bytes, fold
from twingraph.site.pictures.words import words_in

BASE = "https://w3id.org/twingraph/id"
EN = words_in("en")
READER = Path(__file__).parent / "node" / "calendar.mjs"


@pytest.fixture(scope="session")
def starts_of(built: Path) -> Callable[[str], list[Start]]:
    """What the anniversaries of a place count from, in the repository's build; '' for all."""
    store = Store()
    store.bulk_load(path=str(built / "twingraph.nq"), format=RdfFormat.N_QUADS)
    text = (bundled("queries") / "site" / "anniversaries.rq").read_text(encoding="utf-8")

    def read(slug: str) -> list[Start]:
        asked: dict[Variable, Any] = {Variable("this"): NamedNode(f"{BASE}/place/{slug}")}
        found = store.query(text, substitutions=asked if slug else None)
        assert isinstance(found, QuerySolutions)
        names = [variable.value for variable in found.variables]
        rows: list[dict[str, Any]] = [{name: row[name] for name in names} for row in found]
        return read_starts(rows)

    return read


def date_words(edtf: str) -> str:
    return f"about {edtf[:-1]}" if edtf.endswith("~") else edtf


def name(iri: str) -> str:
    return iri.rsplit("/", 1)[-1]


def feed(starts: list[Start], **options: Any) -> bytes:
    return calendar_feed(
        starts,
        title="Anniversaries; of Bonn, and others",
        release="2026-11-21",
        words=EN,
        name=name,
        page=lambda iri: f"https://example.org/en/partnership/{name(iri)}.html",
        date_words=date_words,
        url="https://example.org/en/place/bonn.ics",
        **options,
    )


def events(raw: bytes) -> list[Any]:
    calendar = icalendar.Calendar.from_ical(raw)
    assert isinstance(calendar, icalendar.Calendar) and not calendar.errors
    return list(calendar.events)


def said(starts: list[Start], slug: str, first: int, last: int) -> list[tuple[str, str]]:
    of = [start for start in starts if start.partnership == f"{BASE}/partnership/{slug}"]
    return phrases(anniversaries(of, first, last), EN, date_words)


def test_bonn_minsk_has_two_anniversaries_in_2028(starts_of: Callable[[str], list[Start]]) -> None:
    assert said(starts_of("bonn"), "bonn-minsk", 2027, 2028) == [
        ("2028", "25 years since the agreement · 35 since about 1993 (implied)")
    ]


def test_kherson_counts_from_the_councils_decision(
    starts_of: Callable[[str], list[Start]],
) -> None:
    assert said(starts_of("kherson"), "bonn-kherson", 2028, 2028) == [
        ("2028-02-09", "5 years since the council's decision")
    ]


def test_a_start_of_a_day_comes_round_on_that_day(
    starts_of: Callable[[str], list[Start]],
) -> None:
    found = said(starts_of("berlin"), "berlin-los-angeles", 2027, 2027)

    assert found == [("2027-06-27", "60 years since the start")]


def test_what_was_given_twice_is_counted_once_and_finer() -> None:
    def start(value: str, implied: bool = False, basis: str = "start") -> dict[str, Any]:
        from pyoxigraph import Literal

        return {
            "partnership": NamedNode(f"{BASE}/partnership/a-b"),
            "origin": NamedNode(f"{BASE}/claim/x"),
            "basis": NamedNode(f"https://w3id.org/twingraph/vocab/basis/{basis}"),
            "value": Literal(value),
            "inferred": Literal(implied),
            "source": NamedNode(f"{BASE}/source/{value}"),
        }

    finer = read_starts([start("1987"), start("1987-07-02"), start("1987")])
    implied = read_starts([start("1987"), start("1987-07-02", implied=True)])
    two = read_starts([start("1987"), start("1990")])

    assert [s.value for s in finer] == ["1987-07-02"]
    assert [s.value for s in implied] == ["1987"]
    assert [s.value for s in two] == ["1987", "1990"]


def test_nothing_is_expected_after_the_end() -> None:
    ended = Start("a-b", "start", "1980", latest_end="1996-12-31")
    sometime = Start("a-b", "start", "1980", latest_end="0")

    assert [a.years for a in anniversaries([ended], 1980, 2030)] == [5, 10, 15]
    assert anniversaries([sometime], 1980, 2030) == []


def test_no_date_is_finer_than_what_it_counts_from() -> None:
    given_dates = {"1987-07-02": "2027-07-02", "2017-05": "2027-05", "1992": "2027"}
    for value, expected in given_dates.items():
        found = anniversaries([Start("a-b", "start", value)], 2027, 2027)

        assert [a.date for a in found] == [expected]
    for wide in ("199X", "[1990..1993]", "1990/1993", "[..1990]", "XXXX-05-09", "nonsense"):
        assert anniversaries([Start("a-b", "start", wide)], 1900, 2100) == []


def test_a_calendar_has_days_and_months_and_years_only_when_wanted(
    starts_of: Callable[[str], list[Start]],
) -> None:
    berlin = events(feed(starts_of("berlin")))
    bonn, with_years = events(feed(starts_of("bonn"))), events(feed(starts_of("bonn"), years=True))

    assert len(berlin) > 20
    assert all((event.end - event.start).days == 1 for event in berlin)
    assert [str(event["SUMMARY"]) for event in bonn] == [
        "bonn-kherson: 5 years since the council's decision",
        "bonn-kherson: 10 years since the council's decision",
    ]
    whole = next(e for e in with_years if "bonn-minsk-agreement-2003-25" in str(e["UID"]))
    assert (whole.start, whole.end) == (date(2028, 1, 1), date(2029, 1, 1))
    tentative = [e for e in with_years if e["STATUS"] == "TENTATIVE"]
    assert tentative and all("implied" in str(e["SUMMARY"]) for e in tentative)


def test_a_month_is_a_whole_month_and_says_so() -> None:
    event, _ = events(feed([Start("https://a.org/id/partnership/a-b", "agreement", "2018-02")]))

    assert (event.start, event.end) == (date(2028, 2, 1), date(2028, 3, 1))
    assert "Only the month is known." in str(event["DESCRIPTION"])
    assert event["TRANSP"] == "TRANSPARENT"


def test_the_file_keeps_the_rules_of_rfc_5545(starts_of: Callable[[str], list[Start]]) -> None:
    raw = feed(starts_of(""), years=True)
    lines = raw.split(b"\r\n")

    assert raw == feed(starts_of(""), years=True)
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75 and lines[-1] == b""
    assert not re.search(rb"RRULE|ATTENDEE|ORGANIZER|VALARM", raw)
    found = events(raw)
    uids = [str(event["UID"]) for event in found]
    assert len(uids) == len(set(uids)) > 40
    assert {event["DTSTAMP"].dt.isoformat() for event in found} == {"2026-11-21T00:00:00+00:00"}
    assert b"NAME;LANGUAGE=en:Anniversaries\\; of Bonn\\, and others" in raw


def test_a_uid_outlives_the_window_and_a_finer_date() -> None:
    year = Start("https://w3id.org/twingraph/id/partnership/a-b", "agreement", "1987")
    day = year._replace(value="1987-07-02")

    assert uid(Anniversary(year, 40, "2027")) == uid(Anniversary(day, 40, "2027-07-02"))


def test_both_partners_calendars_give_one_anniversary_one_uid(
    starts_of: Callable[[str], list[Start]],
) -> None:
    bonn, kherson = (
        {str(event["UID"]) for event in events(feed(starts_of(slug)))}
        for slug in ("bonn", "kherson")
    )

    assert kherson and kherson <= bonn


@settings(max_examples=80)
@given(
    st.text(st.characters(codec="utf-8"), max_size=120),
    st.text(st.characters(codec="utf-8"), max_size=200),
    st.dates(date(1, 1, 1), date(9990, 1, 1)),
)
def test_any_text_comes_back_as_it_was_but_for_controls(
    summary: str, description: str, day: date
) -> None:
    event = Event("u@example.org", day, day.replace(day=day.day), summary, description)
    raw = calendar_bytes(summary, [event], stamp="20261121T000000Z")

    (found,) = events(raw)

    def kept(text: str) -> list[str]:
        from twingraph.site.pictures.svg import clean

        return [clean(line, 2000) for line in text.splitlines()]

    assert str(found.get("SUMMARY", "")) == "\n".join(kept(summary))
    assert str(found.get("DESCRIPTION", "")) == "\n".join(kept(description))
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=400))
def test_folding_is_undone_by_unfolding(line: str) -> None:
    raw = fold(line)

    assert raw.removesuffix(b"\r\n").replace(b"\r\n ", b"").decode("utf-8") == line
    for part in raw.split(b"\r\n"):
        part.decode("utf-8")


def test_ical_js_reads_the_same_events(
    starts_of: Callable[[str], list[Start]], tmp_path: Path
) -> None:
    if shutil.which("node") is None or not (READER.parent / "node_modules" / "ical.js").is_dir():
        pytest.skip("node or the package ical.js is absent: npm ci --prefix tests/node")
    raw = feed(starts_of(""), years=True)
    (tmp_path / "all.ics").write_bytes(raw)

    done = subprocess.run(
        ["node", str(READER), str(tmp_path / "all.ics")],
        capture_output=True,
        check=True,
        timeout=60,
    )

    ours = [
        [str(e["UID"]), e.start.isoformat(), e.end.isoformat(), str(e["SUMMARY"])]
        for e in events(raw)
    ]
    assert json.loads(done.stdout) == ours


def test_ten_thousand_events_take_seconds_not_minutes() -> None:
    starts = [
        Start(f"https://a.org/id/partnership/a-{i}", "agreement", "1987-07-02") for i in range(4000)
    ]
    begin = time.process_time()

    raw = feed(starts)

    assert raw.count(b"BEGIN:VEVENT") == 8000 and time.process_time() - begin < 10
