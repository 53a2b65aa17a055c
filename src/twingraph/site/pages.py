"""Path -> page: every HTML page of the site, as the server sends it and a static site keeps it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from pyoxigraph import DefaultGraph, NamedNode

from twingraph.rdf.iris import description_path, kind_of, page_path, thing_of_page
from twingraph.release.feeds.history import HistoryRecord
from twingraph.site.browse import browse_page, browse_paths
from twingraph.site.choices import BROWSED, read_path
from twingraph.site.code_lists import is_scheme, scheme_page, vocabulary_page
from twingraph.site.datapage import DATA_PAGE, Publication, data_page, publication_of
from twingraph.site.describe import formats_of
from twingraph.site.dump_list import files_page
from twingraph.site.history import history_page
from twingraph.site.home import home_page
from twingraph.site.lifecycle import lifecycle_of, withdrawn_page
from twingraph.site.links import relative
from twingraph.site.list_csv import browse_csv
from twingraph.site.list_rdf import list_forms
from twingraph.site.lists import (
    CLASSES,
    PAGE,
    list_page,
    list_path,
    members_of,
    overview,
    things_with_pages,
)
from twingraph.site.quality import quality_page
from twingraph.site.questions import question_page, questions_page
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.reference import ontology_page, rules_page
from twingraph.site.render import Alternate, render
from twingraph.site.source_citations import cited_rows
from twingraph.site.statistics import statistics_page
from twingraph.site.thing import is_known, thing_page
from twingraph.site.values import Value
from twingraph.site.wikidata import wikidata_page
from twingraph.translation import own_name, words_of

_NAMES: Final = {
    "ttl": "Turtle", "jsonld": "JSON-LD", "nt": "N-Triples", "rdf": "RDF/XML", "json": "JSON",
    "trig": "TriG", "nq": "N-Quads",
}  # fmt: skip
_SAME_AS: Final = NamedNode("http://www.w3.org/2002/07/owl#sameAs")
_LIST_PAGE: Final = re.compile(r"page-([1-9][0-9]{0,6})\.html")
FIXED: Final = (
    "index.html", "about.html", "statistics.html", "quality.html", "vocab/index.html",
    "dumps.html", "ns.html", "shapes.html", "wikidata.html",
)  # fmt: skip


class AboutPage(NamedTuple):
    """What the page about the site links to."""

    kinds: list[Value]
    sparql: str
    openapi: str
    sparql_examples: str


def page(
    site: BuildReader,
    language: str,
    path: str,
    current_path: str | None = None,
    publication: Publication | None = None,
    history: Sequence[HistoryRecord] = (),
) -> bytes | None:
    """Return the page at `<language>/<path>`; None where there is none.

    `current_path` is its path where that is another (the first page is also at the root).
    `publication` is what the data page describes; without it, the build alone. `history` is what
    releases changed about the entity of the page, newest first.
    """
    place = f"{language}/{path}" if current_path is None else current_path
    elsewhere = {each_language: f"{each_language}/{path}" for each_language in LANGUAGES}
    words = words_of(language)
    match path:
        case "index.html":
            home = home_page(site, language, place)
            return render(site, "home.html", language, place, elsewhere=elsewhere, page=home)
        case "vocab/index.html":
            listing = vocabulary_page(site, language, place)
            return render(site, "list.html", language, place, title=listing.title,
                          elsewhere=elsewhere, page=listing)  # fmt: skip
        case "dumps.html":
            files = files_page(site, language, place)
            return render(site, "data.html", language, place, title=words.gettext("Data"),
                          elsewhere=elsewhere, page=files)  # fmt: skip
        case "ns.html":
            ontology = ontology_page(site, language, place)
            return render(site, "ontology.html", language, place, title=ontology.title.text,
                          elsewhere=elsewhere, alternates=alternates("ns"),
                          page=ontology)  # fmt: skip
        case "shapes.html":
            return render(site, "rules.html", language, place, title=words.gettext("Rules"),
                          elsewhere=elsewhere, alternates=alternates("shapes"),
                          page=rules_page(site, language))  # fmt: skip
        case "data.html":
            chosen = publication or publication_of(site)
            return data_page(site, chosen, language, place) if chosen is not None else None
        case "about.html":
            about = AboutPage(overview(site, language, place), relative("sparql", place),
                              relative("openapi.json", place),
                              relative(".well-known/sparql-examples", place))  # fmt: skip
            return render(site, "about.html", language, place, title=words.gettext("About"),
                          elsewhere=elsewhere, page=about)  # fmt: skip
        case "statistics.html":
            return render(site, "statistics.html", language, place,
                          title=words.gettext("Statistics"), elsewhere=elsewhere,
                          statistics=statistics_page(site, language, place))  # fmt: skip
        case "quality.html":
            return render(site, "quality.html", language, place, title=words.gettext("Quality"),
                          elsewhere=elsewhere,
                          page=quality_page(site, language, place))  # fmt: skip
        case "wikidata.html":
            return wikidata_page(site, language, place)
        case "query/index.html":
            return questions_page(site, language)
    folder, _, name = path.rpartition("/")
    if folder == "query" and name.removesuffix(".html") in site.library:
        return question_page(site, language, name.removesuffix(".html"))[1]
    if read_path(path) is not None:
        if path.endswith(".csv"):
            return browse_csv(site, language, path)
        browsed = browse_page(site, language, path)
        if browsed is None:
            return None
        whole = list_forms(folder) if name == "index.html" else ()
        return render(site, "browse.html", language, place, title=browsed.title,
                      elsewhere=elsewhere, alternates=_named(whole), page=browsed)  # fmt: skip
    numbered = _LIST_PAGE.fullmatch(name)
    if name == "index.html" or numbered:
        return _list(site, language, folder, place, int(numbered[1]) if numbered else 1)
    thing = thing_of_page(path.removesuffix(".html")) if path.endswith(".html") else None
    if thing is None or page_path(thing, language) != f"{language}/{path}":
        return None
    return _thing(site, language, thing, place, history)


def _list(
    site: BuildReader, language: str, kind: str, current_path: str, number: int = 1
) -> bytes | None:
    listing = list_page(site, kind, language, current_path, number) if kind in CLASSES else None
    if listing is None:
        return None
    elsewhere = {
        each_language: f"{each_language}/{list_path(kind, number)}" for each_language in LANGUAGES
    }
    return render(site, "list.html", language, current_path, title=listing.title,
                  elsewhere=elsewhere, page=listing,
                  alternates=_named(list_forms(kind, number)))  # fmt: skip


def _thing(
    site: BuildReader,
    language: str,
    thing: str,
    current_path: str,
    history: Sequence[HistoryRecord],
) -> bytes | None:
    iri = site.iri(thing)
    if not is_known(site, iri):
        return None
    elsewhere = {
        each_language: page_path(thing, each_language) or "" for each_language in LANGUAGES
    }
    if lifecycle_of(site, thing).state == "withdrawn":
        notice = withdrawn_page(site, thing, language, current_path)
        return render(site, "withdrawn.html", language, current_path, title=notice.title.text,
                      elsewhere=elsewhere, alternates=alternates(thing), page=notice)  # fmt: skip
    if is_scheme(iri):
        codes = scheme_page(site, iri, language, current_path)
        return render(site, "scheme.html", language, current_path, title=codes.title.text,
                      elsewhere=elsewhere, alternates=alternates(thing), page=codes)  # fmt: skip
    is_source = kind_of(iri, site.base) == "source"
    cited, cut = cited_rows(site, iri, language, current_path) if is_source else ([], "")
    model = thing_page(site, iri, language, current_path, {row.anchor for row in cited})
    return render(site, "thing.html", language, current_path, title=model.title.text,
                  elsewhere=elsewhere, description=model.description, iri=iri, schema=model.schema,
                  alternates=alternates(thing), page=model, cited=cited, cited_cut=cut,
                  wikidata=_wikidata_link(site, iri, language, current_path),
                  history=history_page(site, thing, language, current_path, history))  # fmt: skip


def _wikidata_link(site: BuildReader, iri: str, language: str, current_path: str) -> str:
    """Return the link to the page about Wikidata for an entity that has an item there, else ""."""
    links = site.store.quads_for_pattern(NamedNode(iri), _SAME_AS, None, DefaultGraph())
    linked = any(str(link.object).startswith("<http://www.wikidata.org/entity/Q") for link in links)
    return relative(f"{language}/wikidata.html", current_path) if linked else ""


def _named(forms: Iterable[Alternate]) -> tuple[Alternate, ...]:
    return tuple(form._replace(name=_NAMES[form.name]) for form in forms)


def alternates(thing: str) -> tuple[Alternate, ...]:
    """Return the descriptions of the resource at path `thing`."""
    return tuple(
        Alternate(_NAMES[suffix], description_path(thing, suffix), media_type)
        for suffix, media_type in formats_of(thing).items()
    )


def page_alternates(thing: str) -> tuple[Alternate, ...]:
    """Return the pages about the resource at path `thing`, by language; a graph has none."""
    alternates = ((language, page_path(thing, language)) for language in LANGUAGES)
    return tuple(
        Alternate(own_name(item), path, "text/html", item) for item, path in alternates if path
    )


def page_paths(site: BuildReader) -> list[str]:
    """Return the path of every page below a language, in order."""
    paths = {
        *FIXED,
        DATA_PAGE,
        "query/index.html",
        *(f"query/{item}.html" for item in site.library),
    }
    first = LANGUAGES[0]
    kinds: set[str] = set()
    for thing in things_with_pages(site):
        place = page_path(site.path(thing) or "", first)
        if place is None:
            continue
        paths.add(place.removeprefix(f"{first}/"))
        kind = kind_of(thing, site.base)
        if kind is not None and kind in CLASSES and kind not in BROWSED:
            kinds.add(kind)
    for kind in kinds:
        last = -(-len(members_of(site, kind)) // PAGE)
        paths.update(list_path(kind, number) for number in range(1, max(1, last) + 1))
    return sorted(paths | set(browse_paths(site)))
