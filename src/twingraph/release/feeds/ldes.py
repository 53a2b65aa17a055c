"""Members of releases -> a Linked Data Event Stream: a root page, and pages that never change.

https://w3id.org/ldes/specification and https://w3id.org/tree/specification. The stream lies in
`release/feed/`, its pages beside the other files of each release, in `release/<date>/feed/`. Pages
name each other relatively, so the folder reads from any host; members and what they are about have
the IRIs of the data.

One release is one transaction: all its members have the time of the release, a sequence number
gives their order, and the last one carries the mark that the transaction is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from twingraph.release.feeds.members import Member

FOLDER: Final = "feed/"
ROOT: Final = "ldes.trig"
STREAM: Final = "changes"
STREAM_IRI: Final = f"../../feed/{ROOT}#{STREAM}"  # as the pages of a release write it
PAGE_MEMBERS: Final = 500
PAGE_BYTES: Final = 1 << 20
_POLL_SECONDS: Final = 86_400
_AS: Final = "https://www.w3.org/ns/activitystreams#"
COMPLETED: Final = "<http://purl.org/adms/status/Completed>"

PREFIXES: Final = f"""\
@prefix adms: <http://www.w3.org/ns/adms#> .
@prefix as: <{_AS}> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix ldes: <https://w3id.org/ldes#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix schema: <https://schema.org/> .
@prefix tree: <https://w3id.org/tree#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
# what a client must know before it reads a member (LDES §3, to be found on the root page)
_STREAM: Final = f"""\
<#{{name}}> a ldes:EventStream ;
  dcterms:title {{titles}} ;
  ldes:pollingInterval {_POLL_SECONDS} ;
{{paths}}\
  ldes:timestampPath as:published ;
  ldes:versionCreateObject as:Create ;
  ldes:versionDeleteObject as:Delete ;
  ldes:versionOfPath as:object ;
  ldes:versionUpdateObject as:Update ;
  tree:view <> .
"""
TRANSACTIONS: Final = f"""\
  ldes:sequencePath schema:position ;
  ldes:transactionFinalizedObject {COMPLETED} ;
  ldes:transactionFinalizedPath adms:status ;
  ldes:transactionPath dcterms:isPartOf ;
"""
_RELATION: Final = """\
<> tree:relation [
  a tree:{kind} ;
  tree:node <{page}> ;
  tree:path as:published ;
  tree:value "{time}"^^xsd:dateTime
] .
"""
TITLES: Final = {"en": "What changed in {}", "de": "Was sich geändert hat in {}"}


@dataclass(frozen=True)
class Page:
    """One page: its file name in the release's folder, what it holds, first and last entity."""

    name: str
    content: bytes
    first: str
    last: str
    members: int


@dataclass(frozen=True)
class Published:
    """The pages of one release, by their file names in its folder."""

    date: str
    pages: Sequence[str]


def release_instant(date: str) -> datetime:
    """Return the moment of a release: the start of its day, a second more for each one that day.

    >>> release_instant("2026-11-21.2").isoformat()
    '2026-11-21T00:00:01+00:00'
    """
    day, _, number = date.partition(".")
    return datetime.fromisoformat(day).replace(tzinfo=UTC, second=int(number or 1) - 1)


def timestamp(date: str) -> str:
    """Return the moment of a release as xsd:dateTime with its time zone.

    >>> timestamp("2026-11-21")
    '2026-11-21T00:00:00Z'
    """
    return release_instant(date).strftime("%Y-%m-%dT%H:%M:%SZ")


def member_iri(base: str, date: str, iri: str) -> str:
    """Return the IRI of the event of an entity in a release; it is unique for all time.

    >>> member_iri("https://e.org/", "2026-11-21", "https://e.org/id/place/bonn")
    'https://e.org/release/2026-11-21/change/id/place/bonn'
    >>> member_iri("https://e.org/", "2026-11-21", "http://purl.org/dc/terms/title")
    'https://e.org/release/2026-11-21/change/iri/http%3A%2F%2Fpurl.org%2Fdc%2Fterms%2Ftitle'
    """
    if iri == base:
        path = "dataset"
    elif iri.startswith(base):
        path = iri.removeprefix(base).replace("#", "%23")
    else:
        path = "iri/" + quote(iri, safe="")
    return f"{base}release/{date}/change/{path}"


def write_pages(members: Sequence[Member], base: str, date: str) -> Iterator[Page]:
    """Yield the pages of a release, in the order of the members' sequence numbers."""
    time = timestamp(date)
    part: list[tuple[Member, bytes]] = []
    size = number = 0
    for position, member in enumerate(members, 1):
        order = [f"schema:position {position}", f"dcterms:isPartOf <{base}release/{date}/>"]
        if position == len(members):
            order.append(f"adms:status {COMPLETED}")
        block = write_member(member, member_iri(base, date, member.iri), STREAM_IRI, time, order)
        if part and (len(part) == PAGE_MEMBERS or size + len(block) > PAGE_BYTES):
            number += 1
            yield _page(part, number)
            part, size = [], 0
        part.append((member, block))
        size += len(block)
    if part:
        yield _page(part, number + 1)


def _page(part: Sequence[tuple[Member, bytes]], number: int) -> Page:
    return Page(
        f"{FOLDER}{number:05}.trig",
        write_page([block for _, block in part]),
        part[0][0].iri,
        part[-1][0].iri,
        len(part),
    )


def write_page(blocks: Iterable[bytes]) -> bytes:
    """Return a page that holds these members and never changes."""
    head = f"{PREFIXES}\n<> a tree:Node ;\n  ldes:immutable true .\n\n"
    return head.encode() + b"\n".join(blocks)


def write_member(
    member: Member, name: str, stream: str, time: str, more: Sequence[str] = ()
) -> bytes:
    """Return a member called `name` of `stream` (an IRI as it is written) as TriG.

    The event is described in the default graph, the entity's state in the graph called `name`;
    `more` are further predicates with their objects.
    """
    about = [f"as:object <{member.iri}>", f'as:published "{time}"^^xsd:dateTime', *sorted(more)]
    head = (
        f"<{stream}> tree:member <{name}> .\n"
        f"<{name}> a as:{member.action} ;\n  " + " ;\n  ".join(about) + " .\n"
    ).encode()
    if not member.lines:
        return head
    return head + b"".join([f"<{name}> {{\n".encode(), *member.lines, b"}\n"])


def write_root(
    releases: Iterable[Published],
    titles: str,
    name: str = STREAM,
    paths: str = TRANSACTIONS,
    folder: str = "../",
) -> bytes:
    """Return the root page: the stream's description, and where each release's members are.

    `releases` come in any order; `titles` are Turtle literals, one or more. Two bounds lead to each
    page, so that a client which wants a span of time, or an order, fetches no page in vain.
    """
    parts = [PREFIXES, _STREAM.format(name=name, titles=titles, paths=paths),
             "<> a tree:Node , ldes:EventSource .\n"]  # fmt: skip
    for release in sorted(releases, key=lambda release: release_instant(release.date)):
        for page in sorted(release.pages):
            parts += [
                _RELATION.format(
                    kind=kind, page=f"{folder}{release.date}/{page}", time=timestamp(release.date)
                )
                for kind in ("GreaterThanOrEqualToRelation", "LessThanOrEqualToRelation")
            ]
    return "\n".join(parts).encode()


def member_lines(page: bytes, member: str) -> tuple[bytes, ...] | None:
    """Return the state that a member of a page holds; () for a deletion, None if it isn't there.

    >>> page = next(write_pages([Member("Delete", "http://e/x")], "http://e/", "2026-11-21"))
    >>> member_lines(page.content, member_iri("http://e/", "2026-11-21", "http://e/x"))
    ()
    """
    name = f"<{member}>".encode()
    if b"\n%s a as:" % name not in page:
        return None
    start = page.find(b"\n%s {\n" % name)
    if start < 0:
        return ()
    begin = page.index(b"{\n", start) + 2
    end = page.index(b"\n}\n", begin) + 1
    return tuple(page[begin:end].splitlines(keepends=True))
