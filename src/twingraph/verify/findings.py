"""Findings about a site: where, what is wrong, and what to write instead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

Level = Literal["problem", "note"]

CHECKS: Final = {
    "reach": "the site answers, and its first page is a page",
    "redirect": "redirects stay on the site and end somewhere",
    "negotiation": "an IRI leads a browser to the page and a program to the description",
    "type": "files have the media type of what they hold, and hold it",
    "charset": "texts say that they are UTF-8",
    "link": "links, pictures and style sheets of pages resolve",
    "fragment": "a link to a part of a page finds it",
    "foreign": "pages ask nothing of another host",
    "page": "pages have a language, a title, one heading of the first rank",
    "canonical": "canonical and alternate addresses are of this site",
    "cors": "scripts of other sites may read the data",
    "headers": "what a browser and a cache must know stands in the header",
    "validator": "what did not change is not sent again",
    "head": "HEAD answers as GET does",
    "checksum": "files are those whose checksums are published",
    "sitemap": "robots.txt and sitemaps name the pages of this site",
    "catalogue": "what the catalogue offers is there, in the size it says",
    "feed": "feeds and calendars can be read",
    "missing": "what is not there is 404",
    "sparql": "the endpoint answers and only reads",
}


class Finding(NamedTuple):
    """Something wrong (`problem`), or something worth knowing (`note`). `code` is one of CHECKS."""

    url: str
    code: str
    what: str
    write: str = ""
    level: Level = "problem"

    def __str__(self) -> str:
        """Say it in a line.

        >>> print(Finding("https://a.org/x.ttl", "type", "sent as text/plain", "send text/turtle"))
        https://a.org/x.ttl: type sent as text/plain; send text/turtle
        """
        text = f"{self.url}: {self.code} {self.what}"
        return f"{text}; {self.write}" if self.write else text


def report(findings: Iterable[Finding], requests: int, most: int = 5) -> str:
    """Return findings as text; of those with the same check and remedy, the first `most`."""
    groups: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.level, finding.code, finding.write].append(finding)
    lines: list[str] = []
    counts = {"problem": 0, "note": 0}
    for (level, code, _), group in groups.items():
        counts[level] += len(group)
        mark = "" if level == "problem" else "note: "
        lines += [f"{mark}{finding}" for finding in group[:most]]
        if len(group) > most:
            lines.append(f"{mark}… and {len(group) - most} more of {code} with the same remedy")
    total = ", ".join(
        f"{number} {name}{'' if number == 1 else 's'}"
        for name, number in (*counts.items(), ("request", requests))
    )
    return "\n".join([*lines, total]) + "\n"
