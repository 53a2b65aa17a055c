"""`/reconcile`: the Reconciliation API over HTTP (0.2 as OpenRefine speaks it, 1.0-draft beside).

0.2 answers at `/reconcile` and `/reconcile/` without a redirect, which would turn a POST into a
GET; 1.0-draft answers under `/reconcile/1.0-draft/`.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from html import escape
from typing import Final
from urllib.parse import parse_qs

from pyoxigraph import NamedNode
from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.derive.names import read_letters
from twingraph.link import countries, exonyms
from twingraph.link.gazetteer import Gazetteer
from twingraph.link.places import gazetteer_of
from twingraph.link.reconcile import (
    PROPERTIES,
    TYPES,
    Partnership,
    RefusedQueryError,
    Register,
    answer_batch,
    answer_match,
    describe,
)
from twingraph.link.reconcile_extend import (
    answer_extend,
    answer_extend_draft,
    manifest,
    manifest_draft,
    propose,
    suggest_entity,
    suggest_from,
)
from twingraph.rdf.vocabulary import ONTOLOGY
from twingraph.site.reader import BuildReader
from twingraph.translation import words_of
from twingraph.web.respond import COMMON, language_of, refuse, respond, site_of
from twingraph.web.threads import in_thread

MAX_BODY: Final = 1024 * 1024  # bytes: some thousand names
_SOON: Final = 1.0  # seconds between two looks whether there is a new build
_JSON: Final = "application/json"
# A preview is shown in a frame of the client; nothing in it runs or loads.
_FRAMED: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'",
}
_AGAIN: Final = 5  # seconds for Retry-After
_making, _beginning = threading.Lock(), threading.Lock()


class NotReadyError(Exception):
    """The register of a build is still being read from the remote engine."""


async def keep_ready(app: Starlette) -> None:
    """Begin to read the register of each build as soon as it is served, for ever."""
    while True:
        _reading(app.state, app.state.site)
        await asyncio.sleep(_SOON)


def register_of(request: Request) -> Register:
    """Return the register of the build that the app serves.

    With a remote graph no request waits for it: raises `NotReadyError` while it is being read, and
    the error if it could not be read.
    """
    state, site = request.app.state, request.state.snapshot.site
    if site.remote is None:
        return register_in(state, site)
    reading = _reading(state, site)
    if not reading.done():
        raise NotReadyError
    if reading.exception() is not None:
        state.reading = None  # the next request reads it again
    return reading.result()


def _reading(state: State, site: BuildReader) -> Future[Register]:
    """Return the future of the register of a build; reading starts with the first call."""
    with _beginning:
        known: tuple[BuildReader, Future[Register]] | None = getattr(state, "reading", None)
        if known is None or known[0] is not site:
            known = state.reading = (site, Future())
            threading.Thread(target=_read, args=(state, *known), daemon=True).start()
    return known[1]


def _read(state: State, site: BuildReader, reading: Future[Register]) -> None:
    try:
        reading.set_result(register_in(state, site))
    except BaseException as error:  # noqa: BLE001  # any error is passed on to the callers
        reading.set_exception(error)


def register_in(state: State, site: BuildReader) -> Register:
    """Return the register of a build, made on first use, kept until the build changes."""
    with _making:
        known: tuple[BuildReader, Register] | None = getattr(state, "register", None)
        if known is None or known[0] is not site:
            known = keep_register(state, site, gazetteer_in(site))
    return known[1]


def read_tables() -> None:
    """Read the files that matching needs now, because a worker can't open files."""
    countries.table()
    exonyms.read()
    read_letters()


def gazetteer_in(site: BuildReader) -> Gazetteer:
    """Return the places of a build, to be matched against, as bytes that forks share."""
    return gazetteer_of(site.triples("gazetteer"), site.base).packed()


def keep_register(
    state: State, site: BuildReader, gazetteer: Gazetteer
) -> tuple[BuildReader, Register]:
    """Keep the register of a build with these places; return both."""
    known = site, Register(gazetteer, _partnerships(site), site.base)
    state.register = known
    return known


def _partnerships(site: BuildReader) -> Callable[[str], Sequence[Partnership]]:
    def look_up(slug: str) -> list[Partnership]:
        rows = site.rows("partners", this=NamedNode(f"{site.base}id/place/{slug}"))
        partnerships: dict[tuple[str, str], Partnership] = {}
        for row in rows:
            partner, start, status = (row[name].value if row[name] is not None else ""  # type: ignore[union-attr]  # tested
                                      for name in ("partner", "start", "status"))  # fmt: skip
            code = status.rpartition("/")[2]
            if partner.startswith(f"{site.base}id/place/"):
                partnerships[partner, start] = Partnership(partner.rpartition("/")[2], start, code)
        return list(partnerships.values())

    return look_up


def root_of(request: Request) -> str:
    """Return the address of the site, as the public reaches it, ending in a slash."""
    site = site_of(request)
    return site.address if site.address != site.base else str(request.base_url)


# --- routes --------------------------------------------------------------------------------------


async def service(request: Request) -> Response:
    """Answer a batch or an extension; without either, send the manifest."""
    try:
        fields = await _fields(request)
        language = language_of(request)
        if "queries" in fields:
            queries = _parsed(fields["queries"], "queries")
            return _json(request, await _run(answer_batch, request, queries, language))
        if "extend" in fields:
            payload = _parsed(fields["extend"], "extend")
            return _json(request, await _run(answer_extend, request, payload, language))
        if request.method == "POST":
            raise RefusedQueryError("send the form field queries or extend")
    except RefusedQueryError as error:
        return _refused(request, str(error))
    site = site_of(request)
    root = root_of(request)
    return _json(request, manifest(root, site.base, _name(site), ONTOLOGY))


async def draft_manifest(request: Request) -> Response:
    """Send the manifest of 1.0-draft."""
    site = site_of(request)
    return _json(request, manifest_draft(root_of(request), site.base, _name(site), ONTOLOGY))


def _posted(
    answer: Callable[[Register, object, str], Mapping[str, object]],
) -> Callable[[Request], object]:
    async def handle(request: Request) -> Response:
        try:
            payload = _parsed((await body_of(request)).decode("utf-8", "replace"), "body")
            return _json(request, await _run(answer, request, payload, language_of(request)))
        except RefusedQueryError as error:
            return _refused(request, str(error))

    return handle


def suggest(request: Request) -> Response:
    """Suggest entities, properties or types for the typed text (`prefix`)."""
    kind = request.url.path.rpartition("/")[2]
    prefix, language = request.query_params.get("prefix", ""), language_of(request)
    if kind == "entity":
        return _json(request, suggest_entity(register_of(request), prefix, language))
    known = PROPERTIES if kind == "property" else TYPES
    return _json(request, suggest_from(known, prefix, language))


def properties(request: Request) -> Response:
    """Propose the properties that can be fetched."""
    payload = request.query_params.get("type", "")[:100]
    return _json(request, propose(language_of(request), payload))


def preview(request: Request) -> Response:
    """Send a small page about a place, to be shown in a frame without scripts."""
    identifier = request.query_params.get("id", "")
    place = register_of(request).place(identifier)
    language = language_of(request)
    if place is None:
        words = f"<p>{escape(identifier[:100])}: –</p>"
        return _html(request, language, words, 404)
    point = f"{place.point[0]:.3f}, {place.point[1]:.3f}" if place.point else ""
    count = {"en": "partnerships", "de": "Partnerschaften"}[language] if language in (
        "en", "de") else "partnerships"  # fmt: skip
    lines = [describe(place), point, f"{place.weight} {count}"]
    body = f"<h1>{escape(place.label)}</h1>" + "".join(
        f"<p>{escape(line)}</p>" for line in lines if line
    )
    return _html(request, language, body)


def flyout(request: Request) -> Response:
    """Send a card about an entity, type or property, as JSON with HTML in it (0.2, deprecated)."""
    identifier = request.query_params.get("id", "")[:200]
    kind, language = request.url.path.rpartition("/")[2], language_of(request)
    if kind == "entity":
        place = register_of(request).place(identifier)
        words = f"{place.label}: {describe(place)}" if place else identifier
    else:
        names = (PROPERTIES if kind == "property" else TYPES).get(identifier, {})
        words = names.get(language, names.get("en", identifier))
    return _json(request, {"id": identifier, "html": f"<p>{escape(words)}</p>"})


def only_posted(request: Request) -> Response:
    """Refuse GET where POST is needed; without this route the answer would be 404."""
    raise HTTPException(405, headers={"Allow": "POST"})


_POSTED: Final = (("match", answer_match), ("extend", answer_extend_draft))
ROUTES: Final = (
    *(Route(path, service, methods=["GET", "POST"]) for path in ("/reconcile", "/reconcile/")),
    Route("/reconcile/properties", properties),
    Route("/reconcile/preview", preview),
    *(Route(f"{start}/suggest/{kind}", suggest) for start in (
        "/reconcile", "/reconcile/1.0-draft") for kind in ("entity", "property", "type")),
    *(Route(f"/reconcile/flyout/{kind}", flyout)
      for kind in ("entity", "property", "type")),
    *(Route(path, draft_manifest) for path in ("/reconcile/1.0-draft", "/reconcile/1.0-draft/")),
    *(Route(f"/reconcile/1.0-draft/{name}", _posted(answer), methods=["POST"])
      for name, answer in _POSTED),
    *(Route(f"/reconcile/1.0-draft/{name}", only_posted) for name, _ in _POSTED),
    Route("/reconcile/1.0-draft/extend/propose", properties),
    Route("/reconcile/1.0-draft/preview", preview),
)  # fmt: skip


def not_ready(request: Request, error: Exception) -> Response:
    """Return 503 with Retry-After while names can't be matched yet."""
    assert isinstance(error, NotReadyError)
    words = words_of(language_of(request))
    text = words.gettext(
        "The names of places are still being read from the engine behind this service. Try again "
        "in a moment."
    )
    heading = words.gettext("This page can't be made just now")
    headers = {"cache-control": "no-store", "retry-after": str(_AGAIN)}
    return refuse(request, 503, text, heading=heading, headers=headers)


# --- pieces --------------------------------------------------------------------------------------


def _name(site: BuildReader) -> str:
    return site.title.get("en") or next(iter(site.title.values()), "twingraph")


async def _run(
    answer: Callable[[Register, object, str], Mapping[str, object]], request: Request,
    payload: object, language: str,
) -> Mapping[str, object]:  # fmt: skip
    return await in_thread(request, lambda: answer(register_of(request), payload, language))


async def _fields(request: Request) -> dict[str, str]:
    """Return the fields of a form (or of the address), each once."""
    if request.method != "POST":
        return dict(request.query_params)
    raw = await body_of(request)
    try:
        fields = parse_qs(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=20)
    except (UnicodeDecodeError, ValueError):
        raise RefusedQueryError("the body is no form in UTF-8") from None
    return {name: values[0] for name, values in fields.items()}


async def body_of(request: Request) -> bytes:
    """Return the body, or refuse one that is too long before all of it is read."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_BODY:
                raise _TooLongError
    except ClientDisconnect:
        raise RefusedQueryError("the body was cut off") from None
    return bytes(body)


class _TooLongError(RefusedQueryError):
    def __init__(self) -> None:
        super().__init__(f"a body of more than {MAX_BODY} bytes; send fewer names at once")


def _parsed(text: str, field: str) -> object:
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        raise RefusedQueryError(f"{field} is no JSON") from None
    return document


def _json(request: Request, document: Mapping[str, object]) -> Response:
    body = (json.dumps(document, ensure_ascii=False) + "\n").encode("utf-8", "replace")
    headers = {"content-language": language_of(request)}
    return respond(request, body, _JSON, vary="Accept-Language", headers=headers)


def _refused(request: Request, words: str) -> Response:
    long = words.startswith("a body of more")
    status = 413 if long or " at most" in words else 400
    body = (json.dumps({"error": words}, ensure_ascii=False) + "\n").encode("utf-8", "replace")
    return respond(request, body, _JSON, status=status, headers=dict(COMMON))


def _html(request: Request, language: str, words: str, status: int = 200) -> Response:
    style = "body{font:14px sans-serif;margin:8px}h1{font-size:16px;margin:0}p{margin:4px 0}"
    page = (
        f'<!doctype html>\n<html lang="{language}"><meta charset="utf-8"><title>–</title>'
        f"<style>{style}</style>{words}</html>\n"
    )
    headers = {**_FRAMED, "content-language": language}
    return respond(request, page.encode(), "text/html", status=status, vary="Accept-Language",
                   headers=headers)  # fmt: skip
