"""Anniversaries as events of a calendar; a month or a year is never made a day.

Each is an event of its own, none a recurring rule: a rule can't say "30 years", and never ends.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlsplit

from twingraph.site.anniversaries import Anniversary, DateWords, Start, anniversaries, since
from twingraph.site.calendar.ical import Event, calendar_bytes
from twingraph.site.pictures.svg import Words

YEARS_BACK: Final = 1
YEARS_AHEAD: Final = 10
Name = Callable[[str], str]
"""IRI -> the name of the entity."""


def calendar_feed(
    starts: Iterable[Start],
    *,
    title: str,
    release: str,
    words: Words,
    name: Name,
    page: Name,
    date_words: DateWords,
    url: str = "",
    language: str = "en",
    years: bool = False,
) -> bytes:
    """Return the calendar of the anniversaries that `starts` have around a release.

    `release` is the day of the release (ISO): the window, from the year before to ten years after,
    and DTSTAMP are reckoned from it. `page` gives the absolute address of a partnership's page,
    `url` is that of the calendar. What has a year only is left out unless `years` are wanted.
    """
    today = date.fromisoformat(release)
    first, last = max(today.year - YEARS_BACK, 1), min(today.year + YEARS_AHEAD, 9998)
    chosen = [a for a in anniversaries(starts, first, last) if years or len(a.date) > 4]
    events = [_event(a, words, name, page, date_words) for a in chosen]
    stamp = f"{today:%Y%m%d}T000000Z"
    return calendar_bytes(title, events, stamp=stamp, url=url, language=language)


def _event(
    anniversary: Anniversary, words: Words, name: Name, page: Name, date_words: DateWords
) -> Event:
    start = anniversary.start
    begin, after = _days(anniversary.date)
    phrase = "anniversary.decided" if start.basis.startswith("decision") else "anniversary.source"
    sources = ", ".join(name(source) for source in start.sources) or "–"
    notes = [words(phrase).format(when=date_words(start.value), sources=sources)]
    if len(anniversary.date) < 10:
        notes.append(
            words("anniversary.year" if len(anniversary.date) == 4 else "anniversary.month")
        )
    summary = words("anniversary.title").format(
        name=name(start.partnership),
        years=anniversary.years,
        since=since(start, words, date_words),
    )
    if len(anniversary.date) < 10:
        summary = f"{summary} ({date_words(anniversary.date)})"
    return Event(
        uid=uid(anniversary),
        first=begin,
        after=after,
        summary=summary,
        description="\n".join([*notes, start.partnership]),
        url=page(start.partnership),
        category=words("calendar.category"),
        tentative=start.implied,
    )


def uid(anniversary: Anniversary) -> str:
    """Return the UID of an anniversary, which stays when a finer date becomes known.

    >>> start = Start("https://w3id.org/twingraph/id/partnership/bonn-minsk", "agreement", "2003")
    >>> uid(Anniversary(start, 25, "2028"))
    'bonn-minsk-agreement-2003-25.twingraph@w3id.org'
    """
    parts = urlsplit(anniversary.start.partnership)
    folder, _, slug = parts.path.strip("/").rpartition("/")
    base = folder.removesuffix("/partnership").removesuffix("id").strip("/").replace("/", ".")
    basis, years = anniversary.start.basis.replace(" ", "-"), anniversary.years
    local = f"{slug}-{basis}-{anniversary.year - years}-{years}"
    return f"{local}{'.' if base else ''}{base}@{parts.hostname or 'localhost'}"


def _days(day: str) -> tuple[date, date]:
    """Return the first day of a day, month or year, and the day after its last.

    >>> [str(found) for found in _days("2028-02")]
    ['2028-02-01', '2028-03-01']
    """
    year = int(day[:4])
    month = int(day[5:7]) if len(day) > 4 else 1
    begin = date(year, month, int(day[8:10]) if len(day) > 7 else 1)
    if len(day) > 7:
        return begin, begin + timedelta(days=1)
    last = monthrange(year, month)[1] if len(day) > 4 else 366 if _is_leap(year) else 365
    return begin, begin + timedelta(days=last)


def _is_leap(year: int) -> bool:
    return monthrange(year, 2)[1] == 29
