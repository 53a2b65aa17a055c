"""Changes told: in one sentence, as a page of text, as Markdown, as JSON."""

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


def summary(found: Comparison, language: str) -> str:
    """Return what people changed in one line: '1 partnership added, 2 labels changed'."""
    summary = ", ".join(_heading(group, language) for group in _groups(found.made))
    if summary:
        return summary
    if not found.delta:
        return phrase("same", language)
    return phrase("same data" if only_the_day(found) else "by rules", language)


def only_the_day(found: Comparison) -> bool:
    """Is there nothing new but the day of the release?"""
    return all(change.iri == found.new.base and change.follows for change in found.changes)


def _groups(changes: Sequence[Change]) -> list[list[Change]]:
    """Return changes by what happened to which kind, in the order in which it is told."""
    grouped: dict[tuple[int, str], list[Change]] = defaultdict(list)
    for change in changes:
        kind = "" if WHATS[change.what].noun else change.kind
        grouped[list(WHATS).index(change.what), kind].append(change)
    return [group for _, group in sorted(grouped.items())]


def _heading(group: Sequence[Change], language: str) -> str:
    what = WHATS[group[0].what]
    if what.noun == "evidence":
        return phrase("evidence", language).format(NOUNS["on things"].counted(len(group), language))
    noun = NOUNS[what.noun or group[0].kind].counted(len(group), language)
    return f"{noun} {what.en if language == 'en' else what.de}"


def name_of(iri: str, found: Comparison, language: str) -> str:
    """Return what a thing is called: its label, else the end of its IRI."""
    labels = found.labels.get(iri, {})
    other = next(iter(labels.values()), "")
    text = labels.get(language) or labels.get("en") or other
    return _tidy(text) or _short(iri, found) or iri


def _short(iri: str, found: Comparison) -> str:
    path = path_of(iri, found.new.base)
    return iri if path is None else path.removeprefix("id/")


def _tidy(text: str) -> str:
    """Nothing that a terminal would obey, or that would turn a line round."""
    plain = _CONTROL.sub(" ", text)
    return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 1] + "…"


def _value(term: Term, found: Comparison, language: str) -> str:
    return (
        name_of(term.value, found, language) if isinstance(term, NamedNode) else _tidy(term.value)
    )


def _detail(one: Change, found: Comparison, language: str) -> str:
    """Return what a change says beyond its name: property, values, parts."""
    words = []
    if one.property and one.what.partition("-")[0] not in ("label", "name"):
        words.append(_property(one.property, found, language))
    values = [", ".join(_value(each, found, language) for each in side)
              for side in (one.before, one.after)]  # fmt: skip
    tags = sorted({each.language for each in (*one.before, *one.after)
                   if isinstance(each, Literal) and each.language})  # fmt: skip
    if any(values):
        shown = " → ".join(value or "–" for value in values) if values[0] else f"→ {values[1]}"
        words.append(shown + (f" ({', '.join(tags)})" if tags else ""))
    if one.thing and kind_of(one.thing, found.new.base) != "claim":
        words.append(_tidy(one.thing))
    if one.parts:
        counted = [NOUNS[kind].counted(number, language) for kind, number in one.parts.items()]
        *some, last = counted
        listed = f"{', '.join(some)} {phrase('and', language)} {last}" if some else last
        words.append(phrase("with", language).format(listed))
    return ": ".join(words[:2]) + "".join(f", {word}" for word in words[2:])


def _property(iri: str, found: Comparison, language: str) -> str:
    known = found.labels.get(iri)
    return name_of(iri, found, language) if known else re.split("[/#]", iri)[-1]


def text(found: Comparison, language: str = "en") -> str:
    """Return the changes as lines for a terminal, one a change."""
    lines = [f"{_tidy(found.old.name)} → {_tidy(found.new.name)}: {summary(found, language)}"]
    for group in _groups(found.made):
        lines += ["", _heading(group, language)]
        lines += [f"  {line}" for line in _listed(group, found, language)]
    lines += ["", *closing(found, language)] if found.delta else []
    return "\n".join(lines) + "\n"


def _listed(group: Sequence[Change], found: Comparison, language: str) -> Iterator[str]:
    for item in group:
        path = _short(item.iri, found)
        detail = _detail(item, found, language)
        yield f"{name_of(item.iri, found, language)} ({path})" + (f": {detail}" if detail else "")


def closing(found: Comparison, language: str) -> Iterator[str]:
    """What follows from the changes, and how many lines all of it is."""
    following = found.following
    if following:
        lines = sum(len(item.added) + len(item.removed) for item in following)
        things = len({item.iri for item in following})
        yield phrase("follows", language).format(
            NOUNS["statement of the dump"].counted(lines, language),
            NOUNS["on things"].counted(things, language),
        )
    for entry in following:
        if entry.what != "follows":
            [line] = _listed([entry], found, language)
            yield f"  {line}, {phrase('itself', language)}"
    noun = NOUNS["statement of the dump"]
    yield phrase("lines", language).format(
        noun.counted(len(found.delta.added), language),
        noun.counted(len(found.delta.removed), language),
    )


def markdown(found: Comparison, language: str = "en") -> str:
    """Return the changes as a Markdown list, as release notes and the CHANGELOG's data section."""
    items = []
    for group in _groups(found.made):
        listed = [_item(item, found, language) for item in group[:_LISTED]]
        if len(group) > _LISTED:
            listed.append(phrase("more", language).format(len(group) - _LISTED))
        items.append(f"- {_heading(group, language)}: {'; '.join(listed)}.")
    items = items or [f"- {summary(found, language)}."]
    return "\n".join(items) + "\n"


def _item(one: Change, found: Comparison, language: str) -> str:
    detail = escaped(_detail(one, found, language))
    name = f"[{escaped(name_of(one.iri, found, language))}]({one.iri})"
    return f"{name} ({detail})" if detail else name


def escaped(words: str) -> str:
    """Return text that Markdown shows as it is.

    >>> escaped("a*b <script>")
    'a\\\\*b \\\\<script\\\\>'
    """
    return _MARKDOWN.sub(r"\\\1", words)


def as_json(found: Comparison) -> str:
    """Return the changes as JSON; values are written as in SPARQL 1.1 Query Results JSON §3.2.2."""
    counts = [
        {"change": group[0].what, "kind": "" if WHATS[group[0].what].noun else group[0].kind,
         "number": len(group)} for group in _groups(found.made)
    ]  # fmt: skip
    document = {
        "old": found.old.name,
        "new": found.new.name,
        "summary": {language: summary(found, language) for language in PAIRED},
        "counts": counts,
        "changes": [_json(item, found) for item in found.made],
        "follows": [_json(item, found) for item in found.following],
        "statements": {"added": len(found.delta.added), "removed": len(found.delta.removed)},
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def sentence(change: Change, found: Comparison, language: str) -> str:
    """Return a change as a line of its own, without the name of the thing that changed."""
    what = WHATS[change.what]
    noun = NOUNS[what.noun or change.kind]
    name = (noun.en if language == "en" else noun.de)[0]
    head = f"{name} {what.en if language == 'en' else what.de}"
    detail = _detail(change, found, language)
    return head[0].upper() + head[1:] + (f": {detail}" if detail else "")


def _json(one: Change, found: Comparison) -> Json:
    row: Json = {
        "iri": one.iri,
        "kind": one.kind,
        "label": dict(found.labels.get(one.iri, {})),
        "change": one.what,
        "property": one.property,
        "before": [_term(each) for each in one.before],
        "after": [_term(each) for each in one.after],
        "thing": one.thing,
        "parts": dict(one.parts),
        "concerns": [
            {"iri": iri, "label": dict(found.labels.get(iri, {}))}
            for iri in found.concerns.get(one.iri, ())
        ],
        "text": {language: sentence(one, found, language) for language in PAIRED},
        "statements": {"added": len(one.added), "removed": len(one.removed)},
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
    "text": lambda found, language: text(found, language).encode(),
    "json": lambda found, _: as_json(found).encode(),
    "markdown": lambda found, language: markdown(found, language).encode(),
    "added": lambda found, _: _lines(found.delta.added),
    "removed": lambda found, _: _lines(found.delta.removed),
}
