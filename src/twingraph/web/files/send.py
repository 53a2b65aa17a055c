"""Files over HTTP: found by name in a table, sent whole, in part, or packed as stored.

Nothing is packed on the fly: `x.nq` goes out as the bytes of `x.nq.zst` or `x.nq.gz` where these
were published too and `Accept-Encoding` asks for them. A release keeps such an `x.nq` packed only;
it is unpacked for those who ask for it as it is, and for a range of it that begins near its start.
Each form has its own strong validator, the published checksum, and `Range` means bytes of the form
that is sent (RFC 9110 §14.2). A file that is not there as it was published is 503, never half.

Starlette's `FileResponse` is not used: it answers 400 where a `Range` is to be ignored, 416 where
one of several ranges can be had, and opens the file only after it has promised its length.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import BinaryIO, Final

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from twingraph.export.editions import PACKINGS
from twingraph.link.files import FOLDER as LINKS
from twingraph.release.compress import PackError
from twingraph.site.links import file_place
from twingraph.translation import words_of
from twingraph.web.files.codings import IDENTITY, choose_coding
from twingraph.web.files.conditions import Validators, range_holds, read_date, write_date
from twingraph.web.files.published import (
    CutOffError,
    NotWholeError,
    PublishedFile,
    not_ahead,
    open_whole,
    published_file,
)
from twingraph.web.files.ranges import Span, multipart, read_ranges
from twingraph.web.refusals import not_found
from twingraph.web.respond import (
    etag,
    language_of,
    path_of,
    precondition,
    refuse,
    see_other,
    site_of,
)
from twingraph.web.weblinks import file_links

RETRY_AFTER: Final = 10  # seconds; a build or a copy of a release is done by then
REVALIDATE: Final = "no-cache"
_CHUNK: Final = 256 * 1024
_SKIPPED: Final = 8 * 1024 * 1024  # bytes of a packed file unpacked without being sent, at most


class FileBody(StreamingResponse):
    """Some bytes of a file, between texts of ours; `otherwise` is sent where it is not whole.

    To unpack takes the processor, what lies before a range included: so many do it at once as
    `app.state.unpacking` says, and whoever waits for another thread waits for none of them.
    """

    def __init__(
        self,
        published: PublishedFile,
        parts: Iterable[bytes | Span],
        status: int,
        headers: Mapping[str, str],
        otherwise: Callable[[], Response],
    ) -> None:
        """Promise `parts` of a file; nothing is opened yet."""
        self._published = published
        self._parts = tuple(parts)
        self._otherwise = otherwise
        self._file: BinaryIO | None = None
        self._limiter: CapacityLimiter | None = None
        super().__init__(self._read(), status, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, once it is open and found to be of the size it was published with."""
        if self._published.packed_size is not None:
            self._limiter = scope["app"].state.unpacking
        self._file = await to_thread.run_sync(open_whole, self._published)
        if self._file is None:
            await self._otherwise()(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()

    async def _read(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            if isinstance(part, bytes):
                yield part
                continue
            bytes_left = part.stop - part.start
            while bytes_left:
                chunk = await to_thread.run_sync(
                    self._chunk, part.stop - bytes_left, bytes_left, limiter=self._limiter
                )
                if not chunk:  # shorter than Content-Length: the connection will be closed
                    raise CutOffError(f"{self._published.path} became shorter while it was sent")
                bytes_left -= len(chunk)
                yield chunk

    def _chunk(self, start: int, most: int) -> bytes:
        """Return some bytes from `start` on; none where the file ends, or is damaged."""
        assert self._file is not None
        try:
            if self._file.tell() != start and self._file.seek(start) != start:
                return b""
            return self._file.read(min(most, _CHUNK))
        except PackError:
            return b""


def send_file(
    request: Request,
    shelf: Mapping[str, PublishedFile],
    name: str,
    *,
    links: str = "",
    cache_control: str = REVALIDATE,
) -> Response:
    """Send the file `name` of the table `shelf`, by coding, conditions and range of the request.

    `Range` counts for GET alone (RFC 9110 §14.2): HEAD has the headers of the whole.
    """
    requested = shelf[name]
    packed = {
        coding: shelf[name + suffix]
        for suffix, coding in PACKINGS.items()
        if name + suffix in shelf and not requested.packing
    }
    wanted = ",".join(request.headers.getlist("accept-encoding"))
    coding = choose_coding(wanted, packed)
    vary = {"vary": "Accept-Encoding"} if packed else {}
    if coding is None:
        return _no_such_coding(request, name, packed, vary)
    published = packed.get(coding, requested)
    headers = {
        **vary,
        "accept-ranges": "bytes",
        "cache-control": cache_control,
        "etag": etag(published.sha256),
        "last-modified": write_date(not_ahead(published)),
        "repr-digest": f"sha-256=:{b64encode(bytes.fromhex(published.sha256)).decode()}:",
    }
    if links:
        headers["link"] = links
    if coding != IDENTITY:
        headers["content-encoding"] = coding
    early = precondition(request, headers)
    return early or _body(request, published, headers, requested.content_type)


def _body(
    request: Request, published: PublishedFile, headers: dict[str, str], content_type: str
) -> Response:
    spans = _spans(request, published, headers)
    parts: list[bytes | Span] = [Span(0, published.size)]
    if spans == []:
        return _no_such_bytes(request, published, headers)
    if spans is None:
        status = 200
    elif len(spans) == 1:
        status, parts = 206, [spans[0]]
        headers["content-range"] = spans[0].content_range(published.size)
    else:
        status, boundary = 206, published.sha256[:32]
        parts = multipart(spans, published.size, content_type, boundary)
        content_type = f"multipart/byteranges; boundary={boundary}"
    length = sum(len(part) if isinstance(part, bytes) else part.stop - part.start for part in parts)
    headers |= {"content-length": str(length), "content-type": content_type}
    if request.method == "HEAD":
        parts = []
    return FileBody(published, parts, status, headers, lambda: not_whole(request, published.name))


def _spans(
    request: Request, published: PublishedFile, headers: Mapping[str, str]
) -> list[Span] | None:
    requested = request.headers.getlist("range")
    if request.method != "GET" or len(requested) != 1:
        return None
    now = Validators(headers["etag"], read_date(headers["last-modified"]))
    if not range_holds(request.headers, now, time.time()):
        return None
    spans = read_ranges(requested[0], published.size)
    if spans and published.packed_size is not None:
        # A server may ignore Range (RFC 9110 §14.2): to find some bytes far inside a packed file
        # costs the unpacking of all before them, and a stranger could ask for one byte at a time.
        skipped = spans[-1].stop - sum(span.stop - span.start for span in spans)
        return spans if skipped <= _SKIPPED else None
    return spans


# --- refusals ------------------------------------------------------------------------------------


def not_whole(request: Request, name: str) -> Response:
    """Return 503 for a published file that is missing or changed, with Retry-After."""
    words = words_of(language_of(request))
    return refuse(
        request,
        503,
        words.gettext(
            "{file} is not here as it was published; half of it is not sent. Ask again in a "
            "little while.",
            file=name,
        ),
        heading=words.gettext("Not all of it is here just now"),
        headers={"retry-after": str(RETRY_AFTER)},
    )


def not_whole_now(request: Request, error: Exception) -> Response:
    """Say the same where it is noticed only when the file is read."""
    assert isinstance(error, NotWholeError)
    return not_whole(request, str(error))


def _no_such_bytes(
    request: Request, published: PublishedFile, headers: Mapping[str, str]
) -> Response:
    language = language_of(request)
    words = words_of(language)
    text = words.gettext(
        "{file} has {number} bytes; none of those that Range names is among them.",
        file=published.name,
        number=words.number(published.size),
    )
    size_only = {"accept-ranges": "bytes", "content-range": f"bytes */{published.size}"}
    answer = refuse(
        request, 416, text, heading=words.gettext("The file ends before that"), headers=size_only
    )
    return _varied(answer, headers)


def _no_such_coding(
    request: Request, name: str, packed: Mapping[str, PublishedFile], headers: Mapping[str, str]
) -> Response:
    words = words_of(language_of(request))
    folder = path_of(request).removesuffix(name)
    options = {item.name: folder + item.name for item in packed.values()}
    answer = refuse(
        request,
        406,
        words.gettext(
            "Accept-Encoding takes none of the forms in which {file} lies here.", file=name
        ),
        heading=words.gettext("Not packed like that"),
        options=options,
    )
    return _varied(answer, headers)


def _varied(answer: Response, headers: Mapping[str, str]) -> Response:
    if "vary" in headers:
        answer.headers["vary"] = f"{answer.headers['vary']}, {headers['vary']}"
    return answer


# --- the files of the build ----------------------------------------------------------------------


def is_disguised(request: Request) -> bool:
    """Is a slash hidden in the path? What is one name to a cache must be one name to us."""
    raw = request.scope.get("raw_path") or b""
    return b"%2f" in raw.lower() or b"%5c" in raw.lower()


def dumps(request: Request) -> Response:
    """Send the list of the files: a page."""
    return see_other(request, f"{language_of(request)}/dumps.html", vary="Accept-Language")


def dump_file(request: Request) -> Response:
    """Send a file of the build, which the table of files knows."""
    return _file(request, request.path_params.get("name", "context.jsonld"))


def link_file(request: Request) -> Response:
    """Send a file of links, which has its name under `links/` in the data too."""
    return _file(request, f"{LINKS}{request.path_params['name']}")


def _file(request: Request, name: str) -> Response:
    site = site_of(request)
    if name not in site.dumps or is_disguised(request):
        return not_found(request)
    shelf = {
        item: published_file(item, site.dumps[item], site.release)
        for item in (name, *(name + suffix for suffix in PACKINGS))
        if item in site.dumps
    }
    return send_file(request, shelf, name, links=file_links(site, file_place(name)))


ROUTES: Final = (
    Route("/context.jsonld", dump_file),
    Route("/dumps", dumps),
    Route("/dumps/", dumps),
    Route("/dumps/{name:path}", dump_file),
    Route("/links/{name}", link_file),
)
