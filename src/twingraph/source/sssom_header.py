"""The header of an SSSOM/TSV table: YAML behind `#`, prefixes and slots (SSSOM, TSV serialisation).

Others write it with quotes, lists and folded lines; we write one line a slot, texts as JSON, which
is YAML too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from twingraph.rdf.vocabulary import PREFIXES

SSSOM: Final = "https://w3id.org/sssom/"
# Prefixes that SSSOM knows, so that no table need declare them, and none may declare otherwise.
BUILT_IN: Final[Mapping[str, str]] = {
    **{name: PREFIXES[name] for name in ("owl", "rdf", "rdfs", "skos", "xsd")},
    "linkml": "https://w3id.org/linkml/",
    "semapv": "https://w3id.org/semapv/vocab/",
    "sssom": SSSOM,
}
_DEEPEST: Final = 6  # levels of lists and maps in one slot
_PREFIX: Final = re.compile(r"[A-Za-z_][\w.\-]*")
_IRI: Final = re.compile(r"[a-z][a-z0-9+.\-]*:[^\x00-\x20<>\"{}|^`\\]+")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_/.+\-][^\x00-\x1f#\"'\[\]{},]*[^\x00-\x20#\"'\[\]{},:]|\w")


@dataclass(frozen=True)
class Header:
    """Prefixes, slots (name -> text as written), and errors as (line, what is wrong)."""

    curies: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)
    wrong: tuple[tuple[int, str], ...] = ()


def read_header(lines: Sequence[str]) -> Header:
    """Read the lines of a header, each still with its `#`.

    >>> found = read_header(["#curie_map:", '#  e: "http://e/"', "#license: http://l/"])
    >>> dict(found.curies), dict(found.slots)
    ({'e': 'http://e/'}, {'license': 'http://l/'})
    """
    import yaml  # type: ignore[import-untyped]  # ships no types

    bare = [line[1:] for line in lines]
    # some tools write a space after every `#`, some only after a few
    for text in ("\n".join(bare), "\n".join(re.sub(r"^ (?=\S)", "", line) for line in bare)):
        try:
            if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
                return Header(wrong=((1, "an alias in the header, which no table needs"),))
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            place = min((mark.line if mark else 0) + 1, max(len(lines), 1))
            continue
        if root is None:
            return Header()
        if not isinstance(root, yaml.MappingNode):
            return Header(wrong=((1, "a line of the header that is no 'name: value'"),))
        return _read_slots(root)
    return Header(wrong=((place, "a line of the header that is no YAML ('name: value')"),))


def _read_slots(root: Any) -> Header:
    curies: dict[str, str] = {}
    slots: dict[str, str] = {}
    wrong: list[tuple[int, str]] = []
    met: set[str] = set()
    for key, value in root.value:
        line, name = key.start_mark.line + 1, str(key.value)
        if name in met:
            wrong.append((line, f"'{name}' a second time"))
        elif name == "curie_map":
            wrong += _read_prefixes(value, curies)
        else:
            try:
                slots[name] = _written(value)
            except ValueError as error:
                wrong.append((line, str(error)))
        met.add(name)
    return Header(curies, {name: text for name, text in slots.items() if text}, tuple(wrong))


def _read_prefixes(node: Any, curies: dict[str, str]) -> list[tuple[int, str]]:
    """Add the prefixes of a curie_map to `curies`; return what is wrong with it."""
    wrong: list[tuple[int, str]] = []
    if not isinstance(node.value, list):
        return [] if node.value in ("", "null", "~") else [
            (node.start_mark.line + 1, "the curie_map is no map of prefixes")
        ]  # fmt: skip
    for entry in node.value:
        if not isinstance(entry, tuple):
            return [(node.start_mark.line + 1, "the curie_map is no map of prefixes")]
        key, value = entry
        line, name, iri = key.start_mark.line + 1, str(key.value), str(value.value)
        if not _PREFIX.fullmatch(name) or not _IRI.fullmatch(iri):
            wrong.append((line, f"prefix '{name}' for '{iri[:80]}', which is no IRI"))
        elif name in curies:
            wrong.append((line, f"prefix '{name}' a second time"))
        elif BUILT_IN.get(name, iri) != iri:
            wrong.append((line, f"prefix '{name}' is {BUILT_IN[name]} in SSSOM"))
        else:
            curies[name] = iri
    return wrong


def _written(node: Any) -> str:
    """Return a value as one line of YAML; raises `ValueError` for what has no such line."""
    if isinstance(node.value, str):
        if node.tag.endswith(":null"):
            return ""
        plain = node.style is None and _PLAIN.fullmatch(node.value)
        return node.value if plain else json.dumps(node.value, ensure_ascii=False)
    return json.dumps(_value(node, 0), ensure_ascii=False)


def _value(node: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError("a slot with lists in lists in lists")
    if isinstance(node.value, str):
        return node.value
    if all(isinstance(entry, tuple) for entry in node.value):
        return {str(key.value): _value(value, depth + 1) for key, value in node.value}
    return [_value(entry, depth + 1) for entry in node.value]
