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
from pyoxigraph import Literal, NamedNode, QuerySolutions, RdfFormat, Store, Variable

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

    def read(slug: str) -> list[Start]:
        place = {"this": NamedNode(f"{BASE}/place/{slug}")} if slug else {}
        return read_starts(ask(store, "site/anniversaries", **place))

    return read


def ask(store: Store, name: str, **terms: Any) -> list[dict[str, Any]]:
    """Return the rows of a query of ours."""
    text = (bundled("queries") / f"{name}.rq").read_text(encoding="utf-8")
    asked = {Variable(key): term for key, term in terms.items()}
    found = store.query(text, substitutions=asked or None)
    assert isinstance(found, QuerySolutions)
    names = [variable.value for variable in found.variables]
    return [{name: row[name] for name in names} for row in found]


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
        ("2028", "25 years since the agreement · 35 years since about 1993 (implied)")
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


def test_what_is_not_published_is_no_start_and_what_is_given_twice_counts_once() -> None:
    def start(value: str, published: str = "") -> dict[str, Any]:
        return {
            "partnership": NamedNode(f"{BASE}/partnership/a-b"),
            "origin": NamedNode(f"{BASE}/claim/x"),
            "value": Literal(value),
            "published": Literal(published) if published else None,
            "inferred": Literal(False),
            "source": NamedNode(f"{BASE}/source/{value}"),
        }

    finer = read_starts([start(v, "1987-07-02") for v in ("1987", "1987-07-02", "1987-07-02")])
    two = read_starts([start(v, "[1987,1990]") for v in ("1987", "1990", "1995")])
    none = read_starts([start(v) for v in ("1987", "1990/1995")])

    assert [s.value for s in finer] == ["1987-07-02"]
    assert [s.value for s in two] == ["1987", "1990"]
    assert [s.value for s in none] == ["1987", "1990/1995"]


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


def test_a_month_is_a_whole_month_and_marked_as_one() -> None:
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


VALUES = st.sampled_from(
    ["1987", "1987-07", "1987-07-02", "1988~", "1986~", "1988", "198X", "[1987,1990]", "1990",
     "2000-02-29", "1987/1989", "0999-01-01"]
)  # fmt: skip
CLAIMS = st.lists(
    st.tuples(
        VALUES,
        st.sampled_from(["", "self-declared", "agreement", "club-activity"]),
        st.booleans(),
        st.sampled_from(["", "normal", "deprecated"]),
    ),
    max_size=5,
)


@settings(max_examples=150)
@given(
    CLAIMS,
    st.lists(VALUES, max_size=2),
    st.sampled_from(["", "ended", "2011-05-31"]),
    st.sampled_from(["", "1987", "[1987,1988~]", "[1986~,1987-07-02,1990]"]),
)
def test_the_questions_and_the_rule_say_the_same(
    claims: list[tuple[str, str, bool, str]], decided: list[str], end: str, published: str
) -> None:
    vocab, prefix = "https://w3id.org/twingraph/vocab", "https://w3id.org/twingraph/ns#"
    lines = [f"<{BASE}/partnership/a-b> a tg:Partnership ; tg:partner <{BASE}/place/a> ."]
    lines.append(
        f"<{vocab}/basis/club-activity> tg:countsAsStart false ."
        f" <{vocab}/basis/agreement> tg:countsAsStart true ."
    )
    for index, (value, basis, implied, rank) in enumerate(claims):
        claim = f"<{BASE}/claim/c{index}>"
        lines.append(
            f"{claim} tg:subject <{BASE}/partnership/a-b> ; tg:property tg:start ;"
            f' tg:value "{value}" .'
        )
        lines += [f"{claim} tg:basis <{vocab}/basis/{basis}> ."] if basis else []
        lines += [f"{claim} tg:modality <{vocab}/modality/inferred> ."] if implied else []
        lines += [f"{claim} tg:rank <{vocab}/rank/{rank}> ."] if rank else []
    for index, value in enumerate(decided):
        lines.append(
            f"<{BASE}/decision/d{index}> a tg:Decision ; tg:about <{BASE}/partnership/a-b> ;"
            f' tg:decides <{vocab}/decides/enter> ; tg:date "{value}" .'
        )
    if end:
        lines.append(f"<{BASE}/partnership/a-b> tg:status <{vocab}/status/ended> .")
    if published:
        lines.append(f'<{BASE}/partnership/a-b> tg:start "{published}" .')
    if end[:1] == "2":
        lines.append(f'<{BASE}/partnership/a-b> tg:latestEnd "{end}" .')
    store = Store()
    store.load(f"PREFIX tg: <{prefix}>\n{chr(10).join(lines)}".encode(), format=RdfFormat.TURTLE)

    starts = read_starts(ask(store, "site/anniversaries"))

    for year in (2000, 2012, 2025):
        number = Literal(str(year), datatype=NamedNode("http://www.w3.org/2001/XMLSchema#integer"))
        rule = {(a.date, a.years, a.start.value) for a in anniversaries(starts, year, year)}
        asked = {
            (row["date"].value, int(row["years"].value), row["since"].value)
            for row in ask(store, "library/anniversaries-in", year=number)
        }
        assert asked == rule
        coming = {(a.date, a.years, a.start.value) for a in anniversaries(starts, year, year + 4)}
        place = NamedNode(f"{BASE}/place/a")
        following = {
            (row["date"].value, int(row["years"].value), row["since"].value)
            for row in ask(store, "library/next-anniversaries-of", year=number, place=place)
        }
        assert {found for found in following if int(found[0][:4]) <= year + 4} == coming


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
    assert json.loads(done.stdout) == [ours]


def test_ten_thousand_events_take_seconds_not_minutes() -> None:
    starts = [
        Start(f"https://a.org/id/partnership/a-{i}", "agreement", "1987-07-02") for i in range(4000)
    ]
    begin = time.process_time()

    raw = feed(starts)

    assert raw.count(b"BEGIN:VEVENT") == 8000 and time.process_time() - begin < 10
