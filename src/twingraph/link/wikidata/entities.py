"""Wikibase entity JSON -> statements of P190, whatever its age.

Format: https://doc.wikimedia.org/Wikibase/master/php/docs_topics_json.html. Files are those of
Special:EntityData (`{"entities": …}`), single entities, or dumps with an entity a line. What is
damaged is passed over and counted; it never stops the rest.
"""

from __future__ import annotations

import bz2
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from twingraph.link.wikidata.statements import (
    END,
    START,
    STATEMENT,
    TWINNED,
    Snapshot,
    WikidataItem,
    WikidataStatement,
    WikidataTime,
)
from twingraph.link.wikidata_in.entities import item_of, json_map, label_of
from twingraph.problems import TwingraphError

_ITEM: Final = re.compile(r"Q[1-9][0-9]{0,11}")
_GEONAMES: Final = "P1566"
_PACKED: Final[Mapping[str, Callable[..., Any]]] = {".gz": gzip.open, ".bz2": bz2.open}


@dataclass
class EntityReader:
    """Collects statements of entity documents; `damaged` counts those that can't be read."""

    statements: list[WikidataStatement] = field(default_factory=list)
    items: dict[str, WikidataItem] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    damaged: int = 0

    def read(self, document: object, requested: str = "") -> None:
        """Read an entity, or a document of several; `requested` is the id of the request."""
        if not isinstance(document, dict):
            self.damaged += 1
            return
        entities = document.get("entities")
        for entity in entities.values() if isinstance(entities, dict) else [document]:
            try:
                self._entity(entity, requested)
            except (AttributeError, KeyError, TypeError, ValueError):
                self.damaged += 1

    def read_lines(self, lines: Iterable[bytes]) -> None:
        """Take in a dump: an entity a line, those without P190 not parsed.

        Raises `EOFError` where a list of entities (`[`) has no end.
        """
        opened = False
        for line in lines:
            text = line.strip().rstrip(b",")
            if text:
                opened = text == b"[" or (opened and text != b"]")
            if text in (b"", b"[", b"]") or b'"P190"' not in text:
                continue
            try:
                document = json.loads(text)
            except (ValueError, RecursionError):
                self.damaged += 1
            else:
                self.read(document)
        if opened:
            raise EOFError("the list of entities has no end")

    def snapshot(self, name: str) -> Snapshot:
        """Return the collected statements."""
        return Snapshot(name, tuple(self.statements), self.items, self.redirects)

    def _entity(self, entity: Mapping[str, Any], requested: str) -> None:
        item = entity["id"]
        if not _ITEM.fullmatch(item):
            return
        if requested and requested != item:
            self.redirects[requested] = item
        claims = json_map(entity.get("claims"))
        self.items[item] = WikidataItem(
            label=label_of(entity),
            geonames=next(iter(_texts(claims.get(_GEONAMES, ()))), ""),
        )
        revision = str(entity.get("lastrevid", ""))
        for claim in claims.get(TWINNED, ()):
            snak = claim.get("mainsnak", {})
            target = item_of(snak)
            if not target and snak.get("snaktype") == "value":
                raise ValueError("a value that is no item")
            if target:
                self.statements.append(_statement(item, target, claim, revision))


def read_entities(path: Path) -> Snapshot:
    """Read a file of entities, JSON or a dump with an entity a line, packed (gz, bz2) or not."""
    reader = EntityReader()
    packed = path.suffix in _PACKED
    try:
        with _PACKED.get(path.suffix, open)(path, "rb") as stream:
            if ".ndjson" in path.name or "dump" in path.name or packed:
                reader.read_lines(stream)
            else:
                requested = path.stem if _ITEM.fullmatch(path.stem) else ""
                reader.read(json.load(stream), requested)
    except RecursionError:
        raise TwingraphError(f"{path}: nested too deeply; name another file") from None
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise TwingraphError(f"{path}: {error}; name a whole file of Wikidata entities") from None
    return reader.snapshot(path.name)


def _texts(claims: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for claim in claims:
        snak = claim.get("mainsnak", {})
        if snak.get("snaktype") == "value" and isinstance(snak["datavalue"]["value"], str):
            yield snak["datavalue"]["value"]


def _statement(
    item: str, target: str, claim: Mapping[str, Any], revision: str
) -> WikidataStatement:
    qualifiers = json_map(claim.get("qualifiers"))
    references = claim.get("references") or ()
    return WikidataStatement(
        item,
        target,
        STATEMENT + str(claim.get("id", "")).replace("$", "-", 1) if claim.get("id") else "",
        str(claim.get("rank", "normal")),
        times_of(qualifiers.get(START, ())),
        times_of(qualifiers.get(END, ())),
        {name: tuple(map(snak_text, snaks)) for name, snaks in sorted(qualifiers.items())},
        tuple(
            {
                name: tuple(map(snak_text, snaks))
                for name, snaks in json_map(reference.get("snaks")).items()
            }
            for reference in references
        ),
        revision,
    )


def times_of(snaks: Iterable[Mapping[str, Any]]) -> tuple[WikidataTime, ...]:
    """Return the times of a qualifier, sorted; an unknown value is one with an empty text."""
    times = []
    for snak in snaks:
        if snak.get("snaktype") == "somevalue":
            times.append(WikidataTime(""))
        elif snak.get("snaktype") == "value":
            value = snak["datavalue"]["value"]
            calendar = str(value.get("calendarmodel", "")).rpartition("/")[2]
            times.append(WikidataTime(_unpadded(str(value["time"])), int(value["precision"]),
                                      calendar or "Q1985727"))  # fmt: skip
    return tuple(sorted(times))


def _unpadded(time: str) -> str:
    """Return a time with four digits of year; old files have eleven.

    >>> _unpadded("+00000002014-00-00T00:00:00Z")
    '+2014-00-00T00:00:00Z'
    """
    return re.sub(r"^([+-])0*(\d{4,}-)", r"\1\2", time)


def snak_text(snak: Mapping[str, Any]) -> str:
    """Return a snak's value as text, whatever its type."""
    if snak.get("snaktype") != "value":
        return str(snak.get("snaktype", ""))
    value = snak["datavalue"]["value"]
    if isinstance(value, dict):
        return str(value.get("id") or value.get("time") or value.get("text")
                   or value.get("amount") or value.get("numeric-id") or "")  # fmt: skip
    return str(value)
