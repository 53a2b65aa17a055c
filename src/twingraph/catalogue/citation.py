"""How a release is cited and deposited: CITATION.cff and the metadata that Zenodo reads.

Citation File Format 1.2.0 (https://citation-file-format.github.io/); Zenodo's deposit metadata
(https://developers.zenodo.org/#deposit-metadata).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from twingraph.about import Creator
from twingraph.rdf.authority import licence_of
from twingraph.settings import Settings

_UNSAFE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")  # YAML would turn them into others


def release_url(settings: Settings, date: str) -> str:
    """Return the address of a release.

    >>> from pathlib import Path
    >>> release_url(Settings(Path()), "2026-11-21")
    'https://w3id.org/twingraph/release/2026-11-21/'
    """
    return f"{settings.base_iri}release/{date}/"


def licence_id(licence: str) -> str:
    """Return the SPDX identifier of a licence's IRI, '' for one that isn't known here.

    >>> licence_id("http://creativecommons.org/publicdomain/zero/1.0/"), licence_id("http://e/")
    ('CC0-1.0', '')
    """
    known = licence_of(licence)
    return known.spdx if known else ""


def _title(settings: Settings) -> str:
    return settings.title.get("en") or next(iter(settings.title.values()), "twingraph")


def _description(settings: Settings) -> str:
    by_language = settings.about.description
    return by_language.get("en") or next(iter(by_language.values()), "")


def _keywords(settings: Settings) -> tuple[str, ...]:
    by_language = settings.about.keywords
    return by_language.get("en") or next(iter(by_language.values()), ())


def _creators(settings: Settings) -> tuple[Creator, ...]:
    """The creators to cite; if the settings name none, the publisher."""
    return settings.about.creators or (Creator(settings.publisher or _title(settings)),)


def citation_line(settings: Settings, date: str) -> str:
    """Return how to cite a release in one line (DataCite: creators, year, title, version, …)."""
    names = "; ".join(creator.name for creator in _creators(settings))
    doi = settings.about.doi
    address = f"https://doi.org/{doi}" if doi else release_url(settings, date)
    publisher = f" {settings.publisher}." if settings.publisher not in ("", names) else ""
    return f"{names} ({date[:4]}): {_title(settings)}. Release {date}.{publisher} {address}"


def write_cff(settings: Settings, date: str) -> bytes:
    """Return the CITATION.cff of a release; a name written 'Family, Given' is a person's."""
    spdx, doi = licence_id(settings.licence), settings.about.doi
    fields: list[tuple[str, object]] = [
        ("cff-version", "1.2.0"),
        ("message", "If you use this data, please cite it as below."),
        ("type", "dataset"),
        ("title", _title(settings)),
        ("abstract", _description(settings)),
        ("authors", [_author(creator) for creator in _creators(settings)]),
        ("version", date),
        ("date-released", date[:10]),
        ("license", spdx),
        ("license-url", "" if spdx else settings.licence),
        ("doi", doi),
        ("url", release_url(settings, date)),
        ("keywords", list(_keywords(settings))),
    ]
    return "".join(_yaml(key, value) for key, value in fields if value).encode()


def _author(creator: Creator) -> dict[str, str]:
    family, comma, given = creator.name.partition(",")
    orcid = {"orcid": f"https://orcid.org/{creator.orcid}"} if creator.orcid else {}
    if not comma:
        return {"name": creator.name, **orcid}
    affiliation = {"affiliation": creator.affiliation} if creator.affiliation else {}
    return {"family-names": family.strip(), "given-names": given.strip(), **affiliation, **orcid}


def _quoted(text: str) -> str:
    """A JSON string is a double-quoted YAML string, but for a few signs."""
    plain = json.dumps(text, ensure_ascii=False)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", plain)


def _yaml(key: str, value: object) -> str:
    if not isinstance(value, list):
        return f"{key}: {_quoted(str(value))}\n"
    lines = []
    for item in value:
        rows = [f"{name}: {_quoted(text)}" for name, text in item.items()] if isinstance(
            item, dict) else [_quoted(item)]  # fmt: skip
        lines += [f"  - {rows[0]}", *(f"    {row}" for row in rows[1:])]
    return "\n".join([f"{key}:", *lines]) + "\n"


def write_zenodo(settings: Settings, date: str, notes: Mapping[str, str]) -> bytes:
    """Return the metadata for the deposit of a release, as JSON."""
    about, url = settings.about, release_url(settings, date)
    texts = [_description(settings), *(notes[tag] for tag in sorted(notes, reverse=True)[:1])]
    related = [{"identifier": url, "relation": "isIdenticalTo", "resource_type": "dataset"}]
    if about.documentation:
        related.append({"identifier": about.documentation, "relation": "isDocumentedBy"})
    fields: dict[str, object] = {
        "title": f"{_title(settings)}, release {date}",
        "upload_type": "dataset",
        "publication_date": date[:10],
        "version": date,
        "description": "".join(f"<p>{escape(text)}</p>" for text in texts if text),
        "creators": [_depositor(creator) for creator in _creators(settings)],
        "access_right": "open",
        "license": licence_id(settings.licence) or settings.licence,
        "language": "eng",
        "keywords": list(_keywords(settings)),
        "doi": about.doi,
        "related_identifiers": related,
    }
    kept = {key: value for key, value in fields.items() if value}
    return (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode()


def _depositor(creator: Creator) -> dict[str, str]:
    row = {"name": creator.name, "affiliation": creator.affiliation, "orcid": creator.orcid}
    return {key: value for key, value in row.items() if value}


def missing_for_doi(settings: Settings) -> Sequence[str]:
    """Return the metadata that a deposit still lacks, each with its key in twingraph.toml."""
    about = settings.about
    wanted = [
        (about.creators, "who made it: [[about.creators]] with name, orcid, affiliation"),
        (about.description, 'what it is: about.description.en = "…"'),
        (about.keywords, 'what to find it by: about.keywords.en = ["…"]'),
        (about.contact.email or about.contact.url, 'whom to ask: about.contact.email = "…"'),
        (licence_id(settings.licence), "a licence that Zenodo knows: licence = the IRI of CC0 "
         "or CC BY 4.0"),
        (about.doi, 'the DOI itself: reserve one in the deposit, then about.doi = "10.5281/…"'),
    ]  # fmt: skip
    return [words for value, words in wanted if not value]
