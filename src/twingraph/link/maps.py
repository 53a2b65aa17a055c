"""The confirmed links as maps that a program or a catalogue reads at once: JSON and BEACON."""

from __future__ import annotations

import json

from twingraph.link.facts import SAME_AS, Linked, Target, natural


def write_json_map(linked: Linked, target: Target) -> str:
    """Return their identifier -> our IRI as one JSON object."""
    links = {identifier: iri for iri, identifier in linked.facts.links(target)}
    ordered = {identifier: links[identifier] for identifier in sorted(links, key=natural)}
    return json.dumps(ordered, ensure_ascii=False, indent=1) + "\n"


def write_beacon(linked: Linked, target: Target) -> str:
    """Return the links as BEACON (draft-voss-beacon-003): from their identifier to our IRI."""
    settings = linked.settings
    fields = {
        "FORMAT": "BEACON",
        "PREFIX": f"{target.start}{{+ID}}{target.end}",
        "TARGET": settings.base_iri + "id/{+ID}",
        "RELATION": SAME_AS.value,
        "MESSAGE": "{annotation}",
        "NAME": settings.title.get("en", ""),
        "INSTITUTION": settings.publisher,
        "CREATOR": settings.publisher,
        "HOMEPAGE": settings.public_address,
        "FEED": f"{settings.public_address}links/{target.name}.beacon.txt",
        "TIMESTAMP": settings.release[:10],
    }
    head = "".join(f"#{name}: {_words(value)}\n" for name, value in fields.items() if value)
    links = sorted(linked.facts.links(target), key=lambda link: natural(link[1]))
    start = linked.facts.base + "id/"
    lines = (
        f"{identifier}|{_words(linked.facts.label(iri))}|{iri.removeprefix(start)}\n"
        for iri, identifier in links
    )
    return head + "\n" + "".join(lines)


def _words(text: str) -> str:
    """Return a text that is valid in a line of BEACON: without bar and line break."""
    return " ".join(text.replace("|", "/").split())
