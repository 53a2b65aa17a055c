"""Content negotiation: the variant that a client prefers (RFC 9110 §12.5.1, §12.5.4).

Pure functions over header texts. What the client rates equally, our own order decides. A member
that is no member is skipped (`text/`, `q=2`, `q=much`), but one that nobody could mean otherwise is
read kindly (`q=.5`, a lone `*`). A header without any member counts as none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

MAX_HEADER: Final = 2048  # characters of Accept or Accept-Language, as in docs/http.md
# Parameters of media types that are ignored: they do not change the format.
_SOFT: Final = {"charset", "profile", "version"}
ELEMENT: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_PART: Final = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"?)+')
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_QUALITY: Final = re.compile(r"\d*\.?\d*")
_LANGUAGE: Final = re.compile(r"\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


class Variant(NamedTuple):
    """A variant of a resource: its media type and the suffix of its own URL."""

    media_type: str
    suffix: str


class Range(NamedTuple):
    """One element of `Accept`: a media range, the parameters that narrow it, and its weight."""

    type: str
    subtype: str
    parameters: frozenset[tuple[str, str]]
    quality: float

    def specificity(self, offer: str) -> int:
        """Say how closely this range fits a media type: 0 not at all, 1 `*/*` … 4 with parameters.

        >>> [item.specificity("text/html") for item in parse_accept("text/html, text/*, */*, a/b")]
        [3, 2, 1, 0]
        """
        type_, subtype, parameters = _media_type(offer)
        if not self.parameters <= parameters:
            return 0
        if self.type == "*":
            return 1
        if self.type != type_:
            return 0
        if self.subtype == "*":
            return 2
        if self.subtype != subtype:
            return 0
        return 4 if self.parameters else 3


def usable(header: str) -> str | None:
    """Return a header of negotiation as it is, None for one that is empty or too long to be read.

    Longer than `MAX_HEADER` is no list that a program or a person has reason to send.
    """
    return header if 0 < len(header) <= MAX_HEADER else None


def parse_accept(header: str) -> list[Range]:
    """Return the media ranges of an `Accept` header, broken ones left out.

    >>> found = parse_accept("text/*;q=0.3, */*;q=.1, x")
    >>> [(item.type, item.subtype, item.quality) for item in found]
    [('text', '*', 0.3), ('*', '*', 0.1)]
    """
    return [
        media_range for text in ELEMENT.findall(header) if (media_range := _range(text)) is not None
    ]


def _range(text: str) -> Range | None:
    first, *rest = (part.strip() for part in _PART.findall(text) or [""])
    type_, slash, subtype = ("*", "/", "*") if first == "*" else first.lower().partition("/")
    if not (slash and _TOKEN.fullmatch(type_) and _TOKEN.fullmatch(subtype)):
        return None
    if type_ == "*" and subtype != "*":
        return None
    quality, parameters = 1.0, set()
    for part in rest:
        name, _, value = (side.strip() for side in part.partition("="))
        if name.lower() == "q":
            weight = _quality(value)
            if weight is None:
                return None
            quality = weight
            break  # after the weight there are no parameters of the media range
        if name and name.lower() not in _SOFT:
            parameters.add((name.lower(), value.strip('"').lower()))
    return Range(type_, subtype, frozenset(parameters), quality)


def _quality(text: str) -> float | None:
    if not _QUALITY.fullmatch(text) or text in ("", "."):
        return None
    weight = float(text)
    return weight if weight <= 1 else None


@lru_cache(maxsize=256)  # of our offers
def _media_type(text: str) -> tuple[str, str, frozenset[tuple[str, str]]]:
    first, *rest = (part.strip().lower() for part in text.split(";"))
    type_, _, subtype = first.partition("/")
    pairs = (part.partition("=") for part in rest)
    return type_, subtype, frozenset((name, value) for name, _, value in pairs if name not in _SOFT)


def quality_of(media_type: str, ranges: Sequence[Range]) -> float:
    """Return the weight that the closest of `ranges` gives to a media type; 0 where none fits.

    >>> quality_of("text/html", parse_accept("text/*;q=0.9, text/html;q=0.2"))
    0.2
    """
    fits = [(range_.specificity(media_type), range_.quality) for range_ in ranges]
    closest = max((fit for fit, _ in fits), default=0)
    return max(quality for fit, quality in fits if fit == closest) if closest else 0.0


def choose(accept: str | None, offers: Sequence[Variant]) -> Variant | None:
    """Return the offer a client likes best; None where it accepts none of them (406).

    No header, or one without members, accepts anything.

    >>> html, turtle = Variant("text/html", "html"), Variant("text/turtle", "ttl")
    >>> [choose(one, [html, turtle]).suffix for one in (None, "*/*", "text/turtle, */*;q=0.1")]
    ['html', 'html', 'ttl']
    >>> choose("image/png", [html, turtle]) is None
    True
    """
    if not offers:
        return None
    if accept is None or not accept.strip(", \t"):
        return offers[0]
    ranges: dict[tuple[str, str], list[Range]] = {}
    for member in dict.fromkeys(parse_accept(accept)):
        ranges.setdefault((member.type, member.subtype), []).append(member)
    rated = []
    for rank, offer in enumerate(offers):
        type_, subtype, _ = _media_type(offer.media_type)
        fitting = ((type_, subtype), (type_, "*"), ("*", "*"))
        best_ranges = [member for media in fitting for member in ranges.get(media, ())]
        rated.append((quality_of(offer.media_type, best_ranges), -rank, offer))
    quality, _, best = max(rated, key=lambda each: each[:2])
    return best if quality > 0 else None


def choose_language(accept: str | None, languages: Sequence[str]) -> str:
    """Return the language a reader likes best of those we have; the first of ours where none fits.

    RFC 4647 §3.4 (lookup): `de-AT` is served `de`. Equal weights are read in the order written.

    >>> [choose_language(one, ("en", "de")) for one in (None, "de-AT, en;q=0.8", "fr, *;q=0.1")]
    ['en', 'de', 'en']
    """
    wanted: dict[str, float] = {}
    for text in (accept or "").split(","):
        tag, _, rest = text.strip().partition(";")
        name, _, value = rest.strip().partition("=")
        quality = _quality(value.strip()) if name.strip().lower() == "q" else 1.0
        tag = tag.strip().lower()
        if quality is not None and _LANGUAGE.fullmatch(tag):
            wanted.setdefault(tag, quality)
    refused = {tag for tag, quality in wanted.items() if quality == 0}
    for tag, quality in sorted(wanted.items(), key=lambda item: -item[1]):
        if quality == 0:
            continue
        if tag == "*":
            acceptable = [
                language
                for language in languages
                if language not in wanted and language not in refused
            ]
            if acceptable:
                return acceptable[0]
            continue
        while tag:
            if tag in languages and (tag not in refused):
                return tag
            tag = tag.rpartition("-")[0]
    return next((language for language in languages if language not in refused), languages[0])
