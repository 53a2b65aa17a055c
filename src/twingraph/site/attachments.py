"""Path -> files that accompany pages: calendars, and maps to embed in other sites.

| path | is |
|---|---|
| `<lang>/calendar/place/<slug>.ics`, `<lang>/calendar/all.ics` | anniversaries of days and months |
| `<lang>/calendar/years/…` | with those of which only the year is known |
| `embed/<lang>/place/<slug>.html` | the map of a place's partners, for an iframe |
| `embed/<lang>/place/<slug>.svg` | the same as a picture alone |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from twingraph.rdf.iris import kind_of, page_path
from twingraph.site.anniversaries import Start, read_starts, single_date
from twingraph.site.calendar.feed import calendar_feed
from twingraph.site.datewords import date_text
from twingraph.site.facts import PageFacts
from twingraph.site.illustrations import Illustrator, picture_words
from twingraph.site.links import relative
from twingraph.site.pictures.embed import embed_page, style_source
from twingraph.site.reader import LANGUAGES, BuildReader, Row

CALENDAR_TYPE: Final = "text/calendar"
FRAME_POLICY: Final = (
    f"default-src 'none'; style-src '{style_source()}'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors *"
)
MOST_PICTURES: Final = (
    2000  # places beyond which the site as files holds no pictures alone: 40 kB each
)
_LANGUAGE: Final = "|".join(LANGUAGES)
_CALENDAR: Final = re.compile(
    rf"(?P<language>{_LANGUAGE})/calendar/(?P<years>years/)?(?:all|place/(?P<slug>[a-z0-9-]+))\.ics"
)
_EMBED: Final = re.compile(
    rf"embed/(?P<language>{_LANGUAGE})/place/(?P<slug>[a-z0-9-]+)\.(?P<form>html|svg)"
)


class Attachment(NamedTuple):
    """The content at such a path; `framed` is true if other sites may show it in a frame."""

    body: bytes
    media_type: str
    framed: bool = False


def attachment(reader: BuildReader, path: str) -> Attachment | None:
    """Return the attachment at `path`; None if there is none."""
    calendar = _CALENDAR.fullmatch(path)
    if calendar is not None:
        body = _calendar(reader, path, calendar["language"], calendar["slug"], calendar["years"])
        return Attachment(body, CALENDAR_TYPE) if body is not None else None
    embed = _EMBED.fullmatch(path)
    if embed is None:
        return None
    return _embed(reader, path, embed["language"], embed["slug"], embed["form"])


def attachment_paths(reader: BuildReader) -> Iterator[str]:
    """Yield every such path of the site, in order; a place without a start has no calendar."""
    slugs = _slugs(reader, reader.rows("partnered"), "place")
    begun = _slugs(reader, reader.rows("anniversaries"), "this")
    for language in LANGUAGES:
        for years in (False, True):
            yield calendar_path(language, years=years)
            yield from (calendar_path(language, slug, years) for slug in begun)
        for slug in slugs:
            yield embed_path(language, slug)
            if len(slugs) <= MOST_PICTURES:
                yield embed_path(language, slug, "svg")


def _slugs(reader: BuildReader, rows: Iterable[Row], variable: str) -> list[str]:
    """Return the slugs of the places in a column, each once."""
    iris = {term.value for row in rows if isinstance(term := row[variable], NamedNode)}
    return sorted(iri.rpartition("/")[2] for iri in iris if kind_of(iri, reader.base) == "place")


def calendar_path(language: str, slug: str = "", years: bool = False) -> str:
    """Return where the calendar of a place is, or that of all.

    >>> calendar_path("en", "bonn"), calendar_path("de", years=True)
    ('en/calendar/place/bonn.ics', 'de/calendar/years/all.ics')
    """
    name = f"place/{slug}" if slug else "all"
    return f"{language}/calendar/{'years/' if years else ''}{name}.ics"


def embed_path(language: str, slug: str, form: str = "html") -> str:
    """Return where the map of a place for other pages is."""
    return f"embed/{language}/place/{slug}.{form}"


def _calendar(
    reader: BuildReader, path: str, language: str, slug: str | None, years: str | None
) -> bytes | None:
    """Return a calendar; None for a place that is no partner, or without a day of release."""
    words = picture_words(language)
    try:
        release = date.fromisoformat(reader.release[:10]).isoformat()
    except ValueError:
        return None
    facts = PageFacts(reader, language)
    if slug:
        iri = reader.iri(f"id/place/{slug}")
        this = NamedNode(iri)
        if not reader.rows("map-of-place", this=this):
            return None
        starts = read_starts(reader.rows("anniversaries", this=this))
        facts.mention({iri})
    else:
        starts = all_starts(reader, years=bool(years))
    facts.mention({source for start in starts for source in (start.partnership, *start.sources)})
    facts.complete()
    title = (
        words("calendar.city").format(name=facts.name(iri).text) if slug else words("calendar.all")
    )
    return calendar_feed(
        starts,
        title=title,
        release=release,
        words=words,
        name=lambda iri: facts.name(iri).text,
        page=lambda iri: _page(reader, iri, language),
        date_words=lambda value: date_text(value, language).text,
        url=f"{reader.address}{path}",
        language=language,
        years=bool(years),
    )


def all_starts(reader: BuildReader, years: bool) -> list[Start]:
    """Return the starts of all partnerships; without `years` those of a known day or month only.

    Both are kept, so that a calendar of the few does not go through all of them.
    """
    every = reader.remember("starts", lambda: read_starts(reader.rows("anniversaries")))
    if years:
        return every
    return reader.remember(
        "starts on days", lambda: [start for start in every if len(single_date(start.value)) > 4]
    )


def _page(reader: BuildReader, iri: str, language: str) -> str:
    path = page_path(reader.path(iri) or "", language)
    return f"{reader.address}{path}" if path else iri


def _embed(
    reader: BuildReader, path: str, language: str, slug: str, form: str
) -> Attachment | None:
    """Return the map of a place, whose links are absolute."""
    iri = reader.iri(f"id/place/{slug}")
    alone = form == "svg"
    drawer = Illustrator(reader, language, path, outside=True, standalone=alone)
    svg = drawer.map_of_place(iri)
    if not svg:
        return None
    if alone:
        return Attachment(f"{svg}\n".encode(), "image/svg+xml", framed=True)
    facts = PageFacts(reader, language)
    facts.mention({iri})
    facts.complete()
    title = picture_words(language)("picture.map of").format(name=facts.name(iri).text)
    site = reader.title.get(language) or reader.title["en"]
    body = embed_page(
        svg,
        title=title,
        page=_page(reader, iri, language),
        site=site.partition(":")[0],
        words=picture_words(language),
        language=language,
        icon=relative("static/icon.svg", path),
    )
    return Attachment(body, "text/html", framed=True)
