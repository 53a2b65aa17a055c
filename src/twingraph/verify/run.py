"""A complete run of checks on a site, within its limits, in a fixed order of requests."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import urldefrag

from twingraph.progress import Progress, ignore
from twingraph.verify import checks, offers
from twingraph.verify.client import Client, ExhaustedError, Limits, Response
from twingraph.verify.findings import Finding
from twingraph.verify.html import MAX_CHARACTERS, Page, read_page

PAGES: Final = 40
_THINGS: Final = 4  # IRIs whose negotiation is tried, of different kinds
_FORMS: Final = 6  # pages whose other forms are read
_THING: Final = re.compile(r"(?:en|de)/([a-z]+)/([A-Za-z0-9][A-Za-z0-9._-]*)\.html$")
_FEEDS: Final = frozenset({"application/atom+xml", "application/feed+json", "text/calendar"})
_FIRST: Final = frozenset({"place", "partnership", "org"})
_NO_THINGS: Final = frozenset({"query", "vocab"})


class Report(NamedTuple):
    """The findings, and the number of requests."""

    findings: list[Finding]
    requests: int
    pages: int

    @property
    def problems(self) -> list[Finding]:
        """What is wrong, without the notes."""
        return [finding for finding in self.findings if finding.level == "problem"]


def verify(
    url: str, limits: Limits | None = None, pages: int = PAGES, progress: Progress = ignore
) -> Report:
    """Try the site at `url`, reading so many `pages`; raise `TwingraphError` for no address."""
    client = Client(url, limits or Limits())
    findings: dict[Finding, None] = {}
    trial = _Trial(client, pages, progress)
    try:
        for finding in trial.run():
            findings.setdefault(finding)
    except ExhaustedError:
        note = f"stopped after {client.requests} requests; the rest was not tried"
        hint = "raise --requests or --seconds"
        findings.setdefault(Finding(client.root, "reach", note, hint, "note"))
    finally:
        client.close()
    return Report(list(findings), client.requests, len(trial.read))


class _Trial:
    """One trial: the pages that were read so far are kept, so that fragments can be looked up."""

    def __init__(self, client: Client, pages: int, progress: Progress) -> None:
        self.client = client
        self.progress = progress
        self.most = pages
        self.read: dict[str, Page] = {}

    def run(self) -> Iterator[Finding]:
        """Yield findings, the most important first."""
        self.progress(f"asking {self.client.root}")
        home = self.client.follow(self.client.root)
        if home.location or home.status != 200 or home.media_type != "text/html":
            yield from checks.lost(home)
            if not home.location and home.status != 0:
                note = f"{home.status} {home.media_type}, no page"
                yield Finding(home.url, "reach", note, "publish index.html of the site")
            return
        yield from self._page(home, whole=True)
        yield from checks.missing(self.client)
        listed, problems = offers.sitemap_pages(self.client)
        yield from problems
        chosen = sample(listed or self._linked(), self.most)
        yield from self._things(chosen)
        for index, url in enumerate(chosen):
            doing = f"reading pages ({index + 1} of {len(chosen)}, {self.client.requests} requests)"
            self.progress(doing, index / len(chosen))
            if url not in self.read:
                yield from self._page(self.client.follow(url), whole=index < _FORMS)
        self.progress(f"reading feeds, dumps and the catalogue ({self.client.requests} requests)")
        yield from self._feeds()
        yield from offers.checksums(self.client, self.client.limits.max_bytes)
        yield from offers.catalogue(self.client)
        yield from checks.endpoint(self.client)

    def _page(self, response: Response, whole: bool) -> Iterator[Finding]:
        """Check a page with its links; if `whole`, also its alternates and conditional requests."""
        if response.location or response.status == 0:
            yield from checks.lost(response)
            return
        if response.status != 200:
            hint = "publish every page that the sitemap names"
            yield Finding(response.url, "link", f"{response.status}", hint)
            return
        yield from checks.media_type(response, ("text/html",))
        yield from checks.headers(response, is_data=False)
        text = response.body.decode("utf-8", "replace")
        if len(text) > MAX_CHARACTERS:
            note = f"more than {MAX_CHARACTERS:,} characters; the rest was not read"
            yield Finding(response.url, "page", note, "build the site anew; no page is so long")
        read = read_page(text, response.url, self.client.check_time)
        self.read[response.url] = read
        yield from checks.page(response, read)
        yield from checks.foreign(self.client, response, read)
        yield from checks.links(self.client, response, read, self.read)
        if whole:
            yield from checks.revalidation(self.client, response)
            yield from checks.forms(self.client, read.alternates)

    def _linked(self) -> list[str]:
        """Return the pages that the first page links to, where no sitemap names any."""
        links = (url for page in self.read.values() for url in page.links)
        pages = {urldefrag(url).url for url in links if self.client.inside(url)}
        return sorted(url for url in pages if url.endswith(".html"))

    def _things(self, pages: list[str]) -> Iterator[Finding]:
        kinds: set[str] = set()
        things = [(url, _THING.search(url)) for url in pages]
        for _, thing in sorted(
            things, key=lambda pair: pair[1] is None or pair[1][1] not in _FIRST
        ):
            if thing and thing[2] != "index" and thing[1] not in kinds | _NO_THINGS:
                kinds.add(thing[1])
                yield from checks.negotiation(self.client, thing[1], thing[2])
            if len(kinds) == _THINGS:
                return

    def _feeds(self) -> Iterator[Finding]:
        """Read each kind of feed that the pages name, three of each."""
        named: dict[str, list[str]] = defaultdict(list)
        for page in self.read.values():
            for alternate in page.alternates:
                if alternate.media_type in _FEEDS and self.client.inside(alternate.url):
                    named[alternate.media_type].append(alternate.url)
        for media_type, urls in sorted(named.items()):
            for url in sorted(set(urls))[:3]:
                response = self.client.follow(url)
                if response.status != 200:
                    note = f"{response.status or response.error}"
                    yield Finding(url, "feed", note, "publish the feeds of the build")
                else:
                    for finding in checks.media_type(response, (media_type,)):
                        yield finding._replace(code="feed")


def sample(urls: list[str], most: int) -> list[str]:
    """Return some of the pages: one of each folder first, then evenly of all; always the same.

    >>> urls = [f"http://a/en/place/{letter}.html" for letter in "abcdef"]
    >>> [url[-6:-5] for url in sample([*urls, "http://a/en/x/y.html"], 4)]
    ['a', 'y', 'b', 'e']
    """
    ordered = sorted(set(urls))
    first: dict[str, str] = {}
    for url in ordered:
        first.setdefault(url.rpartition("/")[0], url)
    chosen = list(first.values())[:most]
    rest = [url for url in ordered if url not in set(chosen)]
    wanted = most - len(chosen)
    if wanted > 0 and rest:
        step = max(1, -(-len(rest) // wanted))
        chosen += rest[::step][:wanted]
    return chosen
