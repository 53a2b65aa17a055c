"""Metadata of a project for catalogues and citations: the `about.…` keys of its settings.

Every key is optional. What is missing is computed from the graph, or is missing there too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from pyoxigraph import NamedNode

from twingraph.rdf.authority import (
    DE_CONTRIBUTORS,
    EU,
    FREQUENCIES,
    LEVELS,
    PUBLISHER_KINDS,
    THEMES,
)

# ASCII only, so that it fits a header: other letters as %XX, hosts as xn--…
_IRI: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+([/?#][!#$&-;=?-Z\[\]_a-z~%]*)?")
_MAIL: Final = re.compile(r"[A-Za-z0-9._+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}")
_ORCID: Final = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_DOI: Final = re.compile(r"10\.\d{4,9}/[^\s<>\"]+")
_TAG: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_REGION: Final = re.compile(
    rf"{re.escape(EU)}(continent|country|place)/[A-Z0-9_]+|https://sws\.geonames\.org/\d+/"
)


@dataclass(frozen=True)
class Contact:
    """Whom to ask about the data."""

    name: str = ""
    email: str = ""
    url: str = ""


@dataclass(frozen=True)
class Creator:
    """A person or an organisation to name in a citation; `orcid` without `https://orcid.org/`."""

    name: str = ""
    orcid: str = ""
    affiliation: str = ""


@dataclass(frozen=True)
class Region:
    """A part of the world that the data is about; `box` is west, south, east, north in degrees."""

    iri: str = ""
    label: Mapping[str, str] = field(default_factory=dict)
    box: tuple[float, ...] = ()


@dataclass(frozen=True)
class About:
    """Metadata of the data for catalogues and citations."""

    description: Mapping[str, str] = field(default_factory=dict)
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    themes: tuple[str, ...] = ("REGI", "INTR")
    frequency: str = "IRREG"
    spatial: tuple[Region, ...] = ()
    publisher_iri: str = ""
    publisher_homepage: str = ""
    publisher_type: str = ""
    contact: Contact = field(default_factory=Contact)
    creators: tuple[Creator, ...] = ()
    homepage: str = ""
    documentation: str = ""
    contributor_id: str = ""
    political_level: str = ""
    doi: str = ""
    source_packages: bool = False


class _Rule(NamedTuple):
    """A check of a value, and what to write where it fails."""

    holds: Callable[[Any], bool]
    write: str


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value))


def _one_of(codes: Mapping[str, object]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in codes


def _texts(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _TAG.fullmatch(tag) and isinstance(text, str) and text.strip()
        for tag, text in value.items()
    )


def _words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value)


def _box(value: Any) -> bool:
    numbers = isinstance(value, list) and len(value) == 4 and all(map(_number, value))
    west, south, east, north = value if numbers else (0, 0, 0, 0)
    # west of the date line to east of it is a box too (RFC 7946 §5.2)
    return (
        numbers
        and west != east
        and -180 <= min(west, east) <= max(west, east) <= 180
        and (-90 <= south < north <= 90)
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _checksum(orcid: Any) -> bool:
    """Is the last digit the check digit of the others (ISO 7064 mod 11-2)?"""
    if not _matches(_ORCID)(orcid):
        return False
    total = 0
    for digit in orcid.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    return bool("0123456789X"[(12 - total % 11) % 11] == orcid[-1])


def _address(value: Any) -> bool:
    """Is it the address of something on the web, to the letter (RFC 3987)?"""
    if not _matches(_IRI)(value):
        return False
    try:
        return bool(NamedNode(value))
    except ValueError:
        return False


_LINK: Final = _Rule(_address, "write an address, https://…")
_TEXT: Final = _Rule(
    lambda value: isinstance(value, str) and bool(value.strip()), "write a text in quotes"
)
_CONTACT: Final = {
    "name": _TEXT,
    "email": _Rule(_matches(_MAIL), "write an address of mail, name@example.org"),
    "url": _LINK,
}
_CREATOR: Final = {
    "name": _TEXT,
    "orcid": _Rule(_checksum, "write the ORCID iD alone, 0000-0002-1825-0097"),
    "affiliation": _TEXT,
}
_PART: Final = {
    "iri": _Rule(
        _matches(_REGION),
        f"write one of {EU}(continent|country|place)/… or https://sws.geonames.org/<number>/",
    ),
    "label": _Rule(_texts, 'write label.en = "…" and label.de = "…"'),
    "box": _Rule(_box, "write [west, south, east, north] in degrees"),
}


def _table(rules: Mapping[str, _Rule], needed: str = "") -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, dict)
        and (not needed or needed in value)
        and all(key in rules and rules[key].holds(item) for key, item in value.items())
    )


def _tables(rules: Mapping[str, _Rule], needed: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(_table(rules, needed), value))


def _hint(rules: Mapping[str, _Rule]) -> str:
    return "; ".join(f"{key}: {rule.write}" for key, rule in rules.items())


RULES: Final = {
    "description": _Rule(_texts, 'write about.description.en = "…" and about.description.de = "…"'),
    "keywords": _Rule(
        lambda value: (
            isinstance(value, dict)
            and all(_TAG.fullmatch(tag) and _words(words) for tag, words in value.items())
        ),
        'write about.keywords.en = ["…"] and about.keywords.de = ["…"]',
    ),
    "themes": _Rule(
        lambda value: isinstance(value, list) and bool(value) and all(map(_one_of(THEMES), value)),
        f"write a list of {', '.join(THEMES)}",
    ),
    "frequency": _Rule(_one_of(FREQUENCIES), f"write one of {', '.join(FREQUENCIES)}"),
    "spatial": _Rule(_tables(_PART, "iri"), f"write [[about.spatial]] with {_hint(_PART)}"),
    "publisher_iri": _LINK,
    "publisher_homepage": _LINK,
    "publisher_type": _Rule(_one_of(PUBLISHER_KINDS), f"write one of {', '.join(PUBLISHER_KINDS)}"),
    "contact": _Rule(_table(_CONTACT), f"about.contact.… is {_hint(_CONTACT)}"),
    "creators": _Rule(
        _tables(_CREATOR, "name"), f"write [[about.creators]] with {_hint(_CREATOR)}"
    ),
    "homepage": _LINK,
    "documentation": _LINK,
    "contributor_id": _Rule(
        lambda value: _address(value) and value.startswith(f"{DE_CONTRIBUTORS}/"),
        f"write one of {DE_CONTRIBUTORS}/…",
    ),
    "political_level": _Rule(_one_of(LEVELS), f"write one of {', '.join(LEVELS)}"),
    "source_packages": _Rule(lambda value: isinstance(value, bool), "write true or false"),
    "doi": _Rule(_matches(_DOI), "write the DOI alone, 10.5281/zenodo.…"),
}  # fmt: skip


def about_from(table: object) -> tuple[About, list[str]]:
    """Return the metadata in `about`, and the errors in it, each with what to write instead.

    >>> about_from({"doi": "10.5281/zenodo.1"})[0].doi
    '10.5281/zenodo.1'
    >>> about_from({"doi": "https://doi.org/10.5281/zenodo.1"})[1]
    ["about.doi 'https://doi.org/10.5281/zenodo.1'; write the DOI alone, 10.5281/zenodo.…"]
    """
    if not isinstance(table, dict):
        return About(), [f'about {table!r}; write about.description.en = "…" and the like']
    wrong = []
    for key, value in table.items():
        if key not in RULES:
            wrong.append(f"unknown key 'about.{key}'; write one of {', '.join(sorted(RULES))}")
        elif not RULES[key].holds(value):
            wrong.append(f"about.{key} {value!r}; {RULES[key].write}")
    if wrong:
        return About(), wrong
    made: dict[str, Any] = {**table}
    for key, kind in (("creators", Creator), ("spatial", Region)):
        made[key] = tuple(kind(**_frozen(item)) for item in table.get(key, ()))
    made["contact"] = Contact(**table.get("contact", {}))
    made["keywords"] = {tag: tuple(words) for tag, words in table.get("keywords", {}).items()}
    if "themes" in table:
        made["themes"] = tuple(table["themes"])
    return About(**made), []


def _frozen(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(item) if isinstance(item, list) else item for key, item in table.items()}
