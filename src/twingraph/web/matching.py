"""`/<lang>/reconcile`: a page to paste names into: certain, likely, and undecided matches."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.link.countries import country_code
from twingraph.link.matcher import Candidate, Query, decide, find
from twingraph.link.reconcile import RefusedQueryError, Register
from twingraph.site.reader import LANGUAGES
from twingraph.site.render import render
from twingraph.source.tables.outcome import named_place
from twingraph.translation import Words, words_of
from twingraph.web.reconcile import body_of, register_of, root_of
from twingraph.web.respond import language_of, refuse, respond, site_of
from twingraph.web.threads import in_thread

MOST: Final = 200  # names of one request
_FIELDS: Final = 5
_BULLET: Final = re.compile(r"[*•·‣–-]+\s+")
_NUMBERED: Final = re.compile(r"\A([0-9]{1,3})[.)]\s+(?=\S)")


class Line(NamedTuple):
    """A name, and the place that it is or may be."""

    name: str
    page: str
    label: str
    score: str
    why: str


class Group(NamedTuple):
    """Lines of one verdict."""

    id: str
    name: str
    lines: list[Line]


class MatchPage(NamedTuple):
    """Everything the page shows."""

    action: str
    typed: str
    groups: list[Group]
    cut: int
    service: str


async def page(request: Request) -> Response:
    """Send the page; with names (POST), each with its verdict."""
    language = language_of(request)
    words = words_of(language)
    typed = ""
    if request.method == "POST":
        try:
            text = (await body_of(request)).decode("utf-8", "replace")
            typed = parse_qs(text, max_num_fields=_FIELDS).get("names", [""])[0]
        except RefusedQueryError as error:
            return refuse(request, 413, str(error), heading=words.gettext("Match names"))
        except ValueError:
            wrong = words.gettext("more than {most} parameters; send fewer", most=_FIELDS)
            return refuse(request, 400, wrong, heading=words.gettext("Match names"))
    names = names_of(typed)
    groups = (
        await in_thread(request, lambda: _groups(register_of(request), names[:MOST], words))
        if names
        else []
    )
    site = site_of(request)
    view = MatchPage(
        "reconcile", typed, groups, MOST if len(names) > MOST else 0,
        f"{root_of(request)}reconcile",
    )  # fmt: skip
    body = render(
        site,
        "reconcile.html",
        language,
        f"{language}/reconcile",
        title=words.gettext("Match names"),
        elsewhere={each_language: f"{each_language}/reconcile" for each_language in LANGUAGES},
        page=view,
    )
    headers = {"content-language": language}
    return respond(request, body, "text/html", headers=headers)


def _groups(register: Register, names: list[str], words: Words) -> list[Group]:
    titles = {
        "sure": words.gettext("Sure"),
        "likely": words.gettext("Likely"),
        "none": words.gettext("By hand"),
    }
    lines: dict[str, list[Line]] = {verdict: [] for verdict in titles}
    for text in names:
        matches = find(register.gazetteer, query_of(text), 3)
        judged = decide(matches)
        shown = matches[:1] if judged.verdict == "sure" else matches
        lines[judged.verdict] += [_line(text, item) for item in shown] or [_line(text, None)]
    return [Group(verdict, titles[verdict], lines[verdict]) for verdict in titles if lines[verdict]]


def names_of(typed: str) -> list[str]:
    r"""Return the lines with a name, without the numbers of a numbered list.

    Such a list numbers every line, one higher than the line before; other numbers are of the name.

    >>> names_of("1. Bonn\n2. Minsk"), names_of("9. Bonn\n\n10) Minsk"), names_of("1. Bonn\nMinsk")
    (['Bonn', 'Minsk'], ['Bonn', 'Minsk'], ['1. Bonn', 'Minsk'])
    >>> names_of("10. Bezirk, Österreich"), names_of("1. Bezirk\n2. Bezirk")
    (['10. Bezirk, Österreich'], ['1. Bezirk', '2. Bezirk'])
    """
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    numbers = [int(found[1]) for found in map(_NUMBERED.match, lines) if found]
    ascending = list(range(numbers[0], numbers[0] + len(lines))) if numbers else []
    bare = [_NUMBERED.sub("", line, count=1) for line in lines]
    return bare if len(set(bare)) > 1 and numbers == ascending else lines


def query_of(text: str) -> Query:
    """Return the query in a line: a name, and a country after the last comma or a tab, or a flag.

    >>> query_of("Windhuk, Namibia"), query_of("Washington, D.C.").country
    (Query(name='Windhuk', country='NA', region='', ids=frozenset(), point=None, kind=''), '')
    >>> query_of("* 🇧🇾 Minsk[1]").name, query_of("Minsk, 🇧🇾") == Query("Minsk", "BY")
    ('Minsk', True)
    """
    bullet = _BULLET.match(text)
    text, flag, _ = named_place((text.removeprefix(bullet[0] if bullet else ""), "", ""))
    name, _, last = text.replace("\t", ",").rpartition(",")
    code = country_code(last.strip()) if name else None
    return Query(name.strip(), code) if code else Query(text, flag)


def _line(text: str, candidate: Candidate | None) -> Line:
    if candidate is None:
        return Line(text, "", "", "", "")
    why = "; ".join((*candidate.reasons, *((candidate.refused,) if candidate.refused else ())))
    return Line(
        text,
        f"place/{candidate.place.slug}.html",
        candidate.place.label,
        f"{candidate.score:.2f}",
        why,
    )


ROUTES: Final = tuple(
    Route(f"/{each_language}/reconcile", page, methods=["GET", "POST"])
    for each_language in LANGUAGES
)
