"""`/search`: a name in any spelling -> the entities it may mean, as a page and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.derive.names import fold
from twingraph.rdf.iris import page_path
from twingraph.rdf.vocabulary import TG
from twingraph.site.facts import PageFacts
from twingraph.site.finder import Finder, Hit, Name
from twingraph.site.kind_names import kinds_name
from twingraph.site.links import relative
from twingraph.site.names import finder_of
from twingraph.site.pairs import partnerships_named
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.render import render
from twingraph.site.values import Value, ValueFormatter
from twingraph.site.wikidata import PAGE as WIKIDATA_PAGE
from twingraph.translation import words_of
from twingraph.web.lookup import look_up
from twingraph.web.respond import VARY, language_of, respond, see_other, site_of

MAX_TYPED: Final = 200  # letters of a query that are read; names are shorter
_SHOWN: Final = 50
_MAX_LIMIT: Final = 200

# An identifier rather than a name: an item of Wikidata, a number of GeoNames, an address.
_IDENTIFIER: Final = re.compile(r"[Qq]\d+|\d{4,}|https?://\S+|[a-z]+:[a-z0-9-]+")


class SearchResult(NamedTuple):
    """A result: the entity, the matching name if another is shown, its country."""

    thing: Value
    name: Value | None
    country: Value | None


class Group(NamedTuple):
    """The results of one kind."""

    kind: str
    found: list[SearchResult]


class SearchPage(NamedTuple):
    """Everything the page shows."""

    typed: str
    counted: str
    pairs: list[Value]
    groups: list[Group]


def _finder(request: Request) -> Finder:
    """Return the finder of the site, made on first use; a new build gets a new one."""
    site = site_of(request)
    return finder_of(site)


def _typed(request: Request) -> str:
    """What was typed, as one line: control characters are blanks, and there is an end to it."""
    text = request.query_params.get("q", "")[:MAX_TYPED]
    shown = "".join(item if item.isprintable() else " " for item in text)
    return " ".join(shown.split())


def _facts(site: BuildReader, language: str, hits: Iterable[Hit]) -> PageFacts:
    facts = PageFacts(site, language)
    facts.load({hit.thing for hit in hits})
    facts.complete()
    return facts


# --- routes --------------------------------------------------------------------------------------


def search(request: Request) -> Response:
    """Send on to the page in the reader's language."""
    wanted = {"q": typed} if (typed := _typed(request)) else {}
    query = f"?{urlencode(wanted)}" if wanted else ""
    return see_other(request, f"{language_of(request)}/search{query}")


def search_page(request: Request) -> Response:
    """Send the page with the results."""
    site = site_of(request)
    language, typed = language_of(request), _typed(request)
    search_path = f"{language}/search"
    if _IDENTIFIER.fullmatch(typed):
        meant = look_up(site, typed)
        if len(meant) == 1:
            return see_other(request, meant[0], vary="")
    hits = _finder(request).find(typed, language)
    pairs = partnerships_named(site, _finder(request), typed, language)
    model = _tell(site, typed, language, search_path, hits, pairs)
    query = f"?{urlencode({'q': typed})}" if typed else ""
    body = render(
        site,
        "search.html",
        language,
        search_path,
        title=words_of(language).gettext("Search by name"),
        elsewhere={each_language: f"{each_language}/search{query}" for each_language in LANGUAGES},
        page=model,
        wikidata=relative(f"{language}/{WIKIDATA_PAGE}", search_path),
    )
    return respond(request, body, "text/html", headers={"content-language": language})


def search_json(request: Request) -> Response:
    """Send the results as JSON: parameters `q`, and optionally `lang` and `limit`."""
    site = site_of(request)
    typed, limit = _typed(request), _limit(request.query_params.get("limit", ""))
    wanted = request.query_params.get("lang", "")
    language = wanted if wanted in LANGUAGES else language_of(request)
    hits = _finder(request).find(typed, language)
    facts = _facts(site, language, hits[:limit])
    pairs = partnerships_named(site, _finder(request), typed, language)
    facts.load(pairs)
    facts.complete()
    model = {
        "query": typed,
        "language": language,
        "total": len(hits) + len(pairs),
        "results": [
            *(_pair_as_json(site, facts, pair, language) for pair in pairs),
            *(_as_json(site, facts, hit, language) for hit in hits[: max(0, limit - len(pairs))]),
        ],
    }
    body = (json.dumps(model, ensure_ascii=False, indent=1) + "\n").encode()
    return respond(request, body, "application/json", vary=VARY)


ROUTES: Final = (
    Route("/search", search),
    Route("/search.json", search_json),
    *(Route(f"/{each_language}/search", search_page) for each_language in LANGUAGES),
)


def _limit(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 6:
        return max(1, min(int(text), _MAX_LIMIT))
    return _SHOWN


# --- results -------------------------------------------------------------------------------------


def _tell(
    site: BuildReader,
    typed: str,
    language: str,
    search_path: str,
    hits: list[Hit],
    pairs: list[str],
) -> SearchPage:
    shown = hits[:_SHOWN]
    facts = _facts(site, language, shown)
    facts.load(pairs)
    facts.complete()
    formatter = ValueFormatter(facts, search_path)
    groups: dict[str, list[SearchResult]] = {}
    for hit in shown:
        country = _country(facts, hit.thing)
        label = facts.name(hit.thing)
        other = fold(typed) not in fold(label.text)  # the shown label may match as well
        groups.setdefault(hit.kind, []).append(
            SearchResult(
                formatter.link(hit.thing),
                _foreign(hit.name, language) if other else None,
                formatter.link(country) if country else None,
            )
        )
    words = words_of(language)
    counted = words.ngettext("{number} in all", "{number} in all", len(hits)) if hits else ""
    if hits and hits[0].fit == "near":
        counted = words.gettext("Nothing is called that; similar names:")
    if len(hits) > _SHOWN:
        first = words.ngettext("The first is shown.", "The first {number} are shown.", _SHOWN)
        counted = f"{counted}. {first}"
    return SearchPage(
        typed,
        counted,
        [formatter.link(pair) for pair in pairs],
        [Group(kinds_name(kind, language), results) for kind, results in groups.items()],
    )


def _foreign(name: Name, language: str) -> Value:
    return Value(name.text, language=name.language if name.language != language else "")


def _country(facts: PageFacts, thing: str) -> str:
    """Return the country of an entity; empty if it has none or is one."""
    countries = [iri for iri in facts.links(thing, TG.country) if iri != thing]
    return countries[0] if len(countries) == 1 else ""


def _pair_as_json(
    site: BuildReader, facts: PageFacts, iri: str, language: str
) -> dict[str, object]:
    label = facts.name(iri)
    page = page_path(site.path(iri) or "", language)
    return {
        "iri": iri,
        "kind": "partnership",
        "label": label.text,
        "labelLanguage": label.language or language,
        "matched": label.text,
        "matchedLanguage": label.language or language,
        "match": "exact",
        "country": None,
        "page": site.address + page if page is not None else None,
        "path": page,
    }


def _as_json(site: BuildReader, facts: PageFacts, hit: Hit, language: str) -> dict[str, object]:
    country = _country(facts, hit.thing)
    page = page_path(site.path(hit.thing) or "", language)
    label = facts.name(hit.thing)
    return {
        "iri": hit.thing,
        "kind": hit.kind,
        "label": label.text,
        "labelLanguage": label.language or language,
        "matched": hit.name.text,
        "matchedLanguage": hit.name.language or None,
        "match": hit.fit,
        "country": facts.name(country).text if country else None,
        "page": site.address + page if page is not None else None,
        "path": page,
    }
