"""The routes of entities: an IRI redirects (303) to its page or description, which are sent here.

The IRI of a resource answers 303 to the form that suits `Accept` and `Accept-Language`; every form
has its own URL, which does not depend on headers. An entity merged into another redirects to the
same form of that (301, which even old clients follow); a withdrawn one answers 410, with the
reason, in its description too. Paths are read by `iris` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.rdf.iris import PUBLISHED, description_path, local_path, page_path, thing_of_page
from twingraph.site.describe import FORMATS, describe, formats_of
from twingraph.site.evidence import evidence_path, is_evidence_path
from twingraph.site.lifecycle import lifecycle_of
from twingraph.site.list_rdf import describe_list, list_forms
from twingraph.site.lists import CLASSES
from twingraph.site.pages import alternates, page, page_alternates
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.render import Alternate
from twingraph.site.service import dataset_description
from twingraph.translation import words_of
from twingraph.web.feeds import history_of_thing
from twingraph.web.lookup import find, look_up, requested_identifier
from twingraph.web.memento import add_timegate
from twingraph.web.negotiate import Variant, choose
from twingraph.web.refusals import not_acceptable, not_found
from twingraph.web.respond import (
    VARY,
    accept_of,
    depth_of,
    language_of,
    path_of,
    refuse,
    respond,
    see_other,
    site_of,
)
from twingraph.web.suggestions import near_names
from twingraph.web.weblinks import DATASET_FORMS, dataset_links, list_links, page_links, thing_links

_HTML: Final = Variant("text/html", "html")
_PROBLEM: Final = Variant("application/problem+json", "problem")
_DUMPS: Final = ("twingraph.ttl", "twingraph.nt", "twingraph.jsonld")


# --- resources -----------------------------------------------------------------------------------


def thing(request: Request) -> Response:
    """Answer the IRI of a resource."""
    path = path_of(request)
    if path == PUBLISHED:
        return _published(request)
    answer = _thing(request, _versions(site_of(request)).get(path, path))
    return add_timegate(request, answer, path) if local_path(path) else answer


def _thing(request: Request, path: str) -> Response:
    site = site_of(request)
    now = lifecycle_of(site, path)
    match now.state:
        case "unknown":
            return _unknown(request, path)
        case "merged":
            target = now.instead[0]
            kept = f"doc/{target.removeprefix('id/')}" if _is_doc(request) else target
            return see_other(request, kept, status=301, links=thing_links(site, target), vary="")
        case "withdrawn":
            return _withdrawn(request, path)
        case "current":
            return _negotiate(request, path)


def _unknown(request: Request, path: str) -> Response:
    """Redirect from an external identifier in place of a slug; else answer 404 with similar names.

    `/id/place/Q586` is requested by clients that know the Wikidata item only.
    """
    site = site_of(request)
    kind, _, text = path.removeprefix("id/").partition("/")
    suggestions = (
        [item for item in look_up(site, text) if item.startswith(f"id/{kind}/")] if text else []
    )
    if len(suggestions) == 1:
        return see_other(request, suggestions[0], vary="")
    return not_found(request, near_names(site, text, language_of(request)))


def _is_doc(request: Request) -> bool:
    return path_of(request).startswith("doc/")


def _offers(path: str) -> list[Variant]:
    pages = [_HTML] if page_path(path, LANGUAGES[0]) or is_evidence_path(path) else []
    formats = formats_of(path).items()
    return [*pages, *(Variant(media_type, suffix) for suffix, media_type in formats)]


def _negotiate(request: Request, path: str) -> Response:
    """Redirect to the page or a description of the resource at `path`, which exists."""
    links = thing_links(site_of(request), path)
    chosen = choose(accept_of(request), _offers(path))
    if chosen is None:
        return not_acceptable(request, [*page_alternates(path), *alternates(path)], links)
    if chosen is _HTML:
        target = _page_about(request, path)
        if target is None:
            return not_found(request)
    else:
        target = description_path(path, chosen.suffix)
    return see_other(request, target, links=links)


def _page_about(request: Request, path: str) -> str | None:
    """Return the path of the page that shows the resource at `path`; evidence has a fragment."""
    language = language_of(request)
    if is_evidence_path(path):
        site = site_of(request)
        return evidence_path(site, site.iri(path), language)
    return page_path(path, language)


def _withdrawn(request: Request, path: str) -> Response:
    """Answer 410 with the reason, in the form that suits the client."""
    site, language = site_of(request), language_of(request)
    links = {"link": thing_links(site, path), "content-language": language}
    chosen = choose(accept_of(request), [*_offers(path), _PROBLEM])
    if chosen is _HTML:
        target = (page_path(path, language) or "").removeprefix(f"{language}/")
        body = page(site, language, target, current_path=depth_of(request)) or b""
        return respond(request, body, "text/html", status=410, vary=VARY, headers=links)
    description = describe(site, path, chosen.suffix) if chosen is not None else None
    if chosen is not None and description is not None:
        return respond(request, description, chosen.media_type, status=410, vary=VARY,
                       links=links["link"])  # fmt: skip
    words = words_of(language)
    forms = [*page_alternates(path), *alternates(path)]
    return refuse(
        request,
        410,
        words.gettext(
            "This was published here and has been withdrawn. Its address stays and is not given"
            " to anything else."
        ),
        heading=words.gettext("Withdrawn"),
        options=forms,
        headers={"link": links["link"]},
    )


def _published(request: Request) -> Response:
    """Answer the name of the default graph: the dumps are it."""
    dumps = site_of(request).dumps
    forms = [Alternate(dump, f"dumps/{dump}", dumps[dump].media_type) for dump in _DUMPS]
    chosen = choose(accept_of(request), [Variant(form.media_type, form.path) for form in forms])
    if chosen is None:
        return not_acceptable(request, forms)
    return see_other(request, chosen.suffix)


def _versions(site: BuildReader) -> Mapping[str, str]:
    """Return the paths of version IRIs, each with the path of the versioned resource."""
    versions = {}
    for row in site.rows("ontologies"):
        ontology, version = row["ontology"], row["version"]
        if ontology is not None and version is not None:
            path, whole = site.path(version.value), site.path(ontology.value)
            if path is not None and whole is not None:
                versions[path] = whole
    return versions


# --- their forms ---------------------------------------------------------------------------------


def description(request: Request) -> Response:
    """Send the RDF about a resource; without a suffix, answer like its IRI."""
    site = site_of(request)
    rest, dot, suffix = path_of(request).removeprefix("doc/").rpartition(".")
    path = thing_of_page(rest if dot else suffix)
    if path is None:
        return not_found(request)
    if not dot:
        return _thing(request, path)
    formats = formats_of(path)
    now = lifecycle_of(site, path)
    if suffix not in formats or now.state == "unknown":
        return not_found(request)
    if now.state == "merged":
        target = description_path(now.instead[0], suffix)
        return see_other(request, target, status=301, vary="")
    body = describe(site, path, suffix)
    if body is None:
        return not_found(request)
    links = thing_links(site, path, canonical=description_path(path, suffix))
    return respond(request, body, formats[suffix], links=links)


def listed(request: Request) -> Response:
    """Send a page of a list in RDF, with the pages beside it; without a suffix, send on to one."""
    site, path = site_of(request), path_of(request)
    kind = path.removeprefix("doc/list/")
    if kind in CLASSES:
        html = f"{language_of(request)}/{kind}/index.html"
        forms = [Alternate("", html, "text/html"), *list_forms(kind)]
        chosen = choose(accept_of(request), [Variant(form.media_type, form.path) for form in forms])
        if chosen is None:
            return not_acceptable(request, forms)
        return see_other(request, chosen.suffix)
    body = describe_list(site, path)
    if body is None:
        return not_found(request)
    media_type = FORMATS[path.rpartition(".")[2]]
    return respond(request, body, media_type, links=list_links(site, path))


def html(request: Request) -> Response:
    """Send a page; its `.html` may be left out."""
    site = site_of(request)
    language, _, rest = path_of(request).partition("/")
    path = rest
    if rest == "" or rest.endswith("/"):
        path = rest + "index.html"
    elif not rest.endswith((".html", ".csv")):
        path = rest + ".html"
    if rest.endswith(".csv"):
        listed = page(site, language, rest)
        return not_found(request) if listed is None else respond(request, listed, "text/csv")
    is_list = path.endswith("index.html")
    about = None if is_list else thing_of_page(path.removesuffix(".html"))
    now = lifecycle_of(site, about) if about is not None else None
    if now is not None and now.state == "merged":
        target = page_path(now.instead[0], language) or ""
        return see_other(request, target, status=301, vary="")
    if about is not None and is_evidence_path(about) and now is not None and now.state == "current":
        shown_at = evidence_path(site, site.iri(about), language)
        if shown_at is not None:
            return see_other(request, shown_at, vary="")
    changed = history_of_thing(request, site.iri(about)) if about is not None else ()
    body = page(site, language, path, history=changed)
    if body is None:
        folder = None if rest == path else page(site, language, f"{rest}/index.html")
        if folder is not None:
            return see_other(request, f"{language}/{rest}/", status=308, vary="")
        return _unknown_page(request, language, path)
    canonical = f"{language}/{path}"
    links = thing_links(site, about, canonical) if about else page_links(site, path, language)
    headers = {"content-language": language}
    if path != rest:
        headers["content-location"] = f"{request.scope.get('root_path', '')}/{canonical}"
    status = 410 if now is not None and now.state == "withdrawn" else 200
    return respond(request, body, "text/html", status=status, links=links, headers=headers)


def _unknown_page(request: Request, language: str, path: str) -> Response:
    site = site_of(request)
    kind, _, text = path.removesuffix(".html").rpartition("/")
    suggestions = (
        [item for item in look_up(site, text) if item.startswith(f"id/{kind}/")] if kind else []
    )
    target = page_path(suggestions[0], language) if len(suggestions) == 1 else None
    if target is not None:
        return see_other(request, target, vary="")
    return not_found(request, near_names(site, text, language))


def language_root(request: Request) -> Response:
    """Send `/en` on to `/en/`, where relative links hold."""
    return see_other(request, path_of(request) + "/", status=308, vary="")


# --- the whole -----------------------------------------------------------------------------------


def home(request: Request) -> Response:
    """Send the first page in the reader's language, or the dataset in RDF; `?uri=` looks up."""
    if requested_identifier(request):
        return find(request)
    site, language = site_of(request), language_of(request)
    chosen = choose(
        accept_of(request),
        [Variant(dataset_form.media_type, dataset_form.path) for dataset_form in DATASET_FORMS],
    )
    if chosen is None:
        return not_acceptable(request, DATASET_FORMS)
    root = str(request.scope.get("root_path", ""))
    if chosen.media_type != "text/html":
        links = dataset_links(site, DATASET_FORMS, chosen.suffix)
        body = dataset_description(site, chosen.suffix.rpartition(".")[2])
        return respond(request, body, chosen.media_type, vary=VARY, links=links,
                       headers={"content-location": f"{root}/{chosen.suffix}"})  # fmt: skip
    canonical = f"{language}/index.html"
    body = page(site, language, "index.html", current_path="index.html") or b""
    headers = {"content-language": language, "content-location": f"{root}/{canonical}"}
    return respond(request, body, "text/html", vary=VARY, headers=headers,
                   links=dataset_links(site, DATASET_FORMS, canonical))  # fmt: skip


def dataset(request: Request) -> Response:
    """Send the description of the dataset in RDF, in the format of the suffix."""
    suffix = request.path_params["suffix"]
    if suffix not in FORMATS:
        return not_found(request)
    site = site_of(request)
    links = dataset_links(site, DATASET_FORMS, f"void.{suffix}")
    return respond(request, dataset_description(site, suffix), FORMATS[suffix], links=links)


def well_known(request: Request) -> Response:
    """Send on from the place where VoID is looked for (VoID §7.2)."""
    forms = [
        dataset_form for dataset_form in DATASET_FORMS if dataset_form.media_type != "text/html"
    ]
    chosen = choose(accept_of(request), [Variant(form.media_type, form.path) for form in forms])
    if chosen is None:
        return not_acceptable(request, forms)
    return see_other(request, chosen.suffix)


FIRST: Final = (
    Route("/", home),
    Route("/void.{suffix}", dataset),
    Route("/.well-known/void", well_known),
    Route("/ns", thing),
    Route("/shapes", thing),
    Route("/ns.{suffix}", description),
    Route("/shapes.{suffix}", description),
    Route("/doc/list/{page}", listed),
    Route("/doc/{rest:path}", description),
)
# These take every path that nothing before them took.
LAST: Final = (
    *(Route(f"/{each_language}", language_root) for each_language in LANGUAGES),
    *(Route(f"/{each_language}/{{rest:path}}", html) for each_language in LANGUAGES),
    Route("/{rest:path}", thing),
)
