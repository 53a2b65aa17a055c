"""Changes in words: one line, a text for the terminal, Markdown, JSON."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.rdf.iris import kind_of, path_of
from twingraph.rdf.vocabulary import XSD
from twingraph.release.changes.background import Term
from twingraph.release.changes.change import Change, Comparison
from twingraph.release.changes.words import NOUNS, WHATS, phrase
from twingraph.translation import PAIRED

_SHOWN: Final = 120  # characters of a value, or the line gets too long to read
_LISTED: Final = 25  # things by name in one item of the notes
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>#|!~])")

Json = dict[str, object]


def summary(comparison: Comparison, language: str) -> str:
    """Return what people changed in one line: '1 partnership added, 2 labels changed'."""
    summary = ", ".join(_heading(group, language) for group in _groups(comparison.made))
    if summary:
        return summary
    if not comparison.delta:
        return phrase("same", language)
    return phrase("same data" if only_the_day(comparison) else "by rules", language)


def only_the_day(comparison: Comparison) -> bool:
    """Is the date of the release the only change?"""
    return all(
        change.iri == comparison.new.base and change.follows for change in comparison.changes
    )


def _groups(changes: Sequence[Change]) -> list[list[Change]]:
    """Return the changes grouped by kind of change and kind of entity, in the order of `WHATS`."""
    grouped: dict[tuple[int, str], list[Change]] = defaultdict(list)
    for change in changes:
        kind = "" if WHATS[change.what].noun else change.kind
        grouped[list(WHATS).index(change.what), kind].append(change)
    return [group for _, group in sorted(grouped.items())]


def _heading(group: Sequence[Change], language: str) -> str:
    wording = WHATS[group[0].what]
    if wording.noun == "evidence":
        return phrase("evidence", language).format(NOUNS["on things"].counted(len(group), language))
    noun = NOUNS[wording.noun or group[0].kind].counted(len(group), language)
    return f"{noun} {wording.en if language == 'en' else wording.de}"


def name_of(iri: str, comparison: Comparison, language: str) -> str:
    """Return the label of an entity, else the end of its IRI."""
    labels = comparison.labels.get(iri, {})
    other = next(iter(labels.values()), "")
    text = labels.get(language) or labels.get("en") or other
    return _tidy(text) or _short(iri, comparison) or iri


def _short(iri: str, comparison: Comparison) -> str:
    path = path_of(iri, comparison.new.base)
    return iri if path is None else path.removeprefix("id/")


def _tidy(text: str) -> str:
    """Return a text without control characters and bidi marks, cut to `_SHOWN` characters."""
    plain = _CONTROL.sub(" ", text)
    return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 1] + "…"


def _value(term: Term, comparison: Comparison, language: str) -> str:
    return (
        name_of(term.value, comparison, language)
        if isinstance(term, NamedNode)
        else _tidy(term.value)
    )


def _detail(change: Change, comparison: Comparison, language: str) -> str:
    """Return what a change says beyond its name: property, values, parts."""
    words = []
    if change.property and change.what.partition("-")[0] not in ("label", "name"):
        words.append(_property(change.property, comparison, language))
    values = [", ".join(_value(each, comparison, language) for each in side)
              for side in (change.before, change.after)]  # fmt: skip
    tags = sorted({each.language for each in (*change.before, *change.after)
                   if isinstance(each, Literal) and each.language})  # fmt: skip
    if any(values):
        shown = " → ".join(value or "–" for value in values) if values[0] else f"→ {values[1]}"
        words.append(shown + (f" ({', '.join(tags)})" if tags else ""))
    if change.thing and kind_of(change.thing, comparison.new.base) != "claim":
        words.append(_tidy(change.thing))
    if change.parts:
        counted = [NOUNS[kind].counted(number, language) for kind, number in change.parts.items()]
        *leading, last = counted
        listed = f"{', '.join(leading)} {phrase('and', language)} {last}" if leading else last
        words.append(phrase("with", language).format(listed))
    return ": ".join(words[:2]) + "".join(f", {word}" for word in words[2:])


def _property(iri: str, comparison: Comparison, language: str) -> str:
    known = comparison.labels.get(iri)
    return name_of(iri, comparison, language) if known else re.split("[/#]", iri)[-1]


def text(comparison: Comparison, language: str = "en") -> str:
    """Return the changes as lines for a terminal, one a change."""
    old, new = _tidy(comparison.old.name), _tidy(comparison.new.name)
    lines = [f"{old} → {new}: {summary(comparison, language)}"]
    for group in _groups(comparison.made):
        lines += ["", _heading(group, language)]
        lines += [f"  {line}" for line in _listed(group, comparison, language)]
    lines += ["", *closing(comparison, language)] if comparison.delta else []
    return "\n".join(lines) + "\n"


def _listed(group: Sequence[Change], comparison: Comparison, language: str) -> Iterator[str]:
    for item in group:
        path = _short(item.iri, comparison)
        detail = _detail(item, comparison, language)
        yield f"{name_of(item.iri, comparison, language)} ({path})" + (
            f": {detail}" if detail else ""
        )


def closing(comparison: Comparison, language: str) -> Iterator[str]:
    """What follows from the changes, and how many lines all of it is."""
    following = comparison.following
    if following:
        lines = sum(len(item.added) + len(item.removed) for item in following)
        things = len({item.iri for item in following})
        yield phrase("follows", language).format(
            NOUNS["statement of the dump"].counted(lines, language),
            NOUNS["on things"].counted(things, language),
        )
    for entry in following:
        if entry.what != "follows":
            [line] = _listed([entry], comparison, language)
            yield f"  {line}, {phrase('itself', language)}"
    noun = NOUNS["statement of the dump"]
    yield phrase("lines", language).format(
        noun.counted(len(comparison.delta.added), language),
        noun.counted(len(comparison.delta.removed), language),
    )


def markdown(comparison: Comparison, language: str = "en") -> str:
    """Return the changes as a Markdown list, as release notes and the CHANGELOG's data section."""
    items = []
    for group in _groups(comparison.made):
        listed = [_item(item, comparison, language) for item in group[:_LISTED]]
        if len(group) > _LISTED:
            listed.append(phrase("more", language).format(len(group) - _LISTED))
        items.append(f"- {_heading(group, language)}: {'; '.join(listed)}.")
    items = items or [f"- {summary(comparison, language)}."]
    return "\n".join(items) + "\n"


def _item(change: Change, comparison: Comparison, language: str) -> str:
    detail = escaped(_detail(change, comparison, language))
    name = f"[{escaped(name_of(change.iri, comparison, language))}]({change.iri})"
    return f"{name} ({detail})" if detail else name


def escaped(words: str) -> str:
    """Return text that Markdown shows as it is.

    >>> escaped("a*b <script>")
    'a\\\\*b \\\\<script\\\\>'
    """
    return _MARKDOWN.sub(r"\\\1", words)


def as_json(comparison: Comparison) -> str:
    """Return the changes as JSON; values are written as in SPARQL 1.1 Query Results JSON §3.2.2."""
    counts = [
        {"change": group[0].what, "kind": "" if WHATS[group[0].what].noun else group[0].kind,
         "number": len(group)} for group in _groups(comparison.made)
    ]  # fmt: skip
    document = {
        "old": comparison.old.name,
        "new": comparison.new.name,
        "summary": {language: summary(comparison, language) for language in PAIRED},
        "counts": counts,
        "changes": [_json(item, comparison) for item in comparison.made],
        "follows": [_json(item, comparison) for item in comparison.following],
        "statements": {
            "added": len(comparison.delta.added),
            "removed": len(comparison.delta.removed),
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def sentence(change: Change, comparison: Comparison, language: str) -> str:
    """Return a change as one line, without the name of the entity."""
    wording = WHATS[change.what]
    noun = NOUNS[wording.noun or change.kind]
    name = (noun.en if language == "en" else noun.de)[0]
    head = f"{name} {wording.en if language == 'en' else wording.de}"
    detail = _detail(change, comparison, language)
    return head[0].upper() + head[1:] + (f": {detail}" if detail else "")


def _json(change: Change, comparison: Comparison) -> Json:
    row: Json = {
        "iri": change.iri,
        "kind": change.kind,
        "label": dict(comparison.labels.get(change.iri, {})),
        "change": change.what,
        "property": change.property,
        "before": [_term(each) for each in change.before],
        "after": [_term(each) for each in change.after],
        "thing": change.thing,
        "parts": dict(change.parts),
        "concerns": [
            {"iri": iri, "label": dict(comparison.labels.get(iri, {}))}
            for iri in comparison.concerns.get(change.iri, ())
        ],
        "text": {language: sentence(change, comparison, language) for language in PAIRED},
        "statements": {"added": len(change.added), "removed": len(change.removed)},
    }
    return {key: value for key, value in row.items() if value}


def _term(term: Term) -> Json:
    if isinstance(term, NamedNode):
        return {"type": "uri", "value": term.value}
    if term.language:
        return {"type": "literal", "value": term.value, "xml:lang": term.language}
    if term.datatype == XSD.string:
        return {"type": "literal", "value": term.value}
    return {"type": "literal", "value": term.value, "datatype": term.datatype.value}


def _lines(lines: Sequence[bytes]) -> bytes:
    return b"".join(lines)


FORMATS: Final[dict[str, Callable[[Comparison, str], bytes]]] = {
    "text": lambda comparison, language: text(comparison, language).encode(),
    "json": lambda comparison, _: as_json(comparison).encode(),
    "markdown": lambda comparison, language: markdown(comparison, language).encode(),
    "added": lambda comparison, _: _lines(comparison.delta.added),
    "removed": lambda comparison, _: _lines(comparison.delta.removed),
}
