"""Statements that conform to shapes/form.ttl and curated.ttl for certain, as `check/conforming.py`.

A large list written as Turtle is thousands of partnerships, claims and citations of one form. One
pass over the sorted lines recognises those that conform; only these three classes are left out, and
what a validated subject names is validated with it. `SHAPES` is the digest of the shapes from which
the conditions were derived; the tests compare the findings with those for all statements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from twingraph.check.conforming import Facts, Range, superclasses, things
from twingraph.rdf.vocabulary import CODES, EDTF, NS, PREFIXES, RDF, TG, XSD

SHAPES: Final = "7c7cd5521327506b"  # the digest of prefixes.ttl, form.ttl and curated.ttl together

_TYPE: Final = str(RDF.type)
_CLAIM, _CITATION, _PARTNERSHIP = map(str, (TG.Claim, TG.Citation, TG.Partnership))
_SUBJECT, _PROPERTY, _VALUE, _BASIS = map(str, (TG.subject, TG.property, TG.value, TG.basis))
_CITES, _IN_SOURCE, _LINE, _QUOTE = map(str, (TG.cites, TG.inSource, TG.line, TG.quote))
_PARTNER, _NOT_STATED, _RANK = map(str, (TG.partner, TG.notStated, TG.rank))
_DEPRECATED: Final = f"<{PREFIXES['owl']}deprecated>"
_DATES: Final = frozenset(map(str, (TG.start, TG.end, TG.date, TG.contactsSince)))
_CODED: Final = {
    str(TG.partnershipType): f"<{CODES}type/",
    str(TG.status): f"<{CODES}status/",
}
_ACTIVITY: Final = f"<{CODES}basis/activity>"
_FULL_DAY: Final = re.compile(r'"[0-9]{4}-[0-9]{2}-[0-9]{2}"')
_SLUG: Final = "[a-z0-9]+(-[a-z0-9]+)*"
_NAME_OF_CLAIM: Final = re.compile(f".*/id/claim/{_SLUG}>")
_NAME_OF_PARTNERSHIP: Final = re.compile(f".*/id/partnership/{_SLUG}>")
_NAME_OF_CITE: Final = re.compile(f".*/id/(cite/{_SLUG}|source/{_SLUG}#row=[0-9]+([-;][0-9]+)*)>")
_LINE_NUMBER: Final = re.compile(rf'"[1-9][0-9]{{0,8}}"\^\^{re.escape(str(XSD.integer))}')
_MOST_WORDS: Final = 10

# the predicates of each class that may be left out; with any other, a subject is validated
_OF_CLAIM: Final = frozenset({_TYPE, _SUBJECT, _PROPERTY, _VALUE, _CITES, _BASIS})
_OF_CITATION: Final = frozenset({_TYPE, _IN_SOURCE, _LINE, _QUOTE})
_OF_PARTNERSHIP: Final = frozenset({_TYPE, _PARTNER, _CITES, _NOT_STATED})
_CLASSES: Final = frozenset({_CLAIM, _CITATION, _PARTNERSHIP})
_TERMS: Final = _CLASSES | {
    term for term in _OF_CLAIM | _OF_CITATION | _OF_PARTNERSHIP if term.startswith(f"<{NS}")
}
_OWN_TERMS: Final = (
    f"<{NS}",
    *(f"<{PREFIXES[name]}" for name in ("org", "schema", "foaf", "skos")),
)
_SUBCLASS: Final = f"<{PREFIXES['rdfs']}subClassOf>"
_NONE: Final[Sequence[str]] = ()


def is_known(shapes: bytes) -> bool:
    """Are these the shapes from which the conditions of this module were derived?"""
    return sha256(shapes).hexdigest()[:16] == SHAPES


def lines_to_validate(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines to validate, of the sorted N-Triples lines of curated files.

    >>> lines_to_validate(["<http://e/a> <http://e/b> <http://e/c> ."])
    ['<http://e/a> <http://e/b> <http://e/c> .']
    """
    typed: set[str] = set()
    withdrawn: set[str] = set()  # deprecated subjects: every link to them is a finding
    ranked: set[str] = (
        set()
    )  # subjects with a ranked claim: their other claims are compared with it
    above: dict[str, Sequence[str]] = {}
    plain: list[tuple[str, Range, Facts]] = []
    validated: list[Range] = []
    for subject, start, end, facts in things(lines):
        if _TYPE in facts:
            typed.add(subject)
        if _DEPRECATED in facts:
            withdrawn.add(subject)
        if _RANK in facts:
            ranked.update(facts.get(_SUBJECT, _NONE))
        if _SUBCLASS in facts:
            above[subject] = facts[_SUBCLASS]
        if _is_plain(subject, facts):
            plain.append((subject, (start, end), facts))
        else:
            validated.append((start, end))
    if not typed >= _TERMS or any(
        item.startswith(_OWN_TERMS) for item in superclasses(_CLASSES, above) - _CLASSES
    ):
        return lines
    left_out: dict[str, Range] = {}
    for subject, lines_of_subject, facts in plain:
        named = {value for values in facts.values() for value in values if value[0] == "<"}
        about = facts.get(_SUBJECT, _NONE)
        if named <= typed and withdrawn.isdisjoint(named) and ranked.isdisjoint(about):
            left_out[subject] = lines_of_subject
        else:
            validated.append(lines_of_subject)
    return _with_named(lines, validated, left_out)


def _is_plain(subject: str, facts: Facts) -> bool:
    """Is it a claim, a citation or a partnership whose own statements conform?"""
    kinds = facts.get(_TYPE, _NONE)
    if len(kinds) != 1:
        return False
    if kinds[0] == _CLAIM:
        return _is_plain_claim(subject, facts)
    if kinds[0] == _CITATION:
        return _is_plain_citation(subject, facts)
    return (
        kinds[0] == _PARTNERSHIP
        and facts.keys() <= _OF_PARTNERSHIP
        and bool(facts.get(_CITES))
        and _NAME_OF_PARTNERSHIP.fullmatch(subject) is not None
    )


def _is_plain_claim(subject: str, facts: Facts) -> bool:
    about, verbs, values = (facts.get(name, _NONE) for name in (_SUBJECT, _PROPERTY, _VALUE))
    if not (
        facts.keys() <= _OF_CLAIM
        and len(about) == len(verbs) == len(values) == 1
        and about[0][0] == "<"
        and facts.get(_CITES)
        and _NAME_OF_CLAIM.fullmatch(subject)
    ):
        return False
    verb, value, basis = verbs[0], values[0], facts.get(_BASIS, _NONE)
    if verb == str(TG.start):
        if len(basis) != 1 or basis[0] == _ACTIVITY or not basis[0].startswith(f"<{CODES}basis/"):
            return False
    elif basis:
        return False
    if verb in _DATES:
        # a full day must stand in its quote
        return value.endswith(f"^^{EDTF}") and _FULL_DAY.match(value) is None
    return verb in _CODED and value.startswith(_CODED[verb])


def _is_plain_citation(subject: str, facts: Facts) -> bool:
    sources, numbers, quotes = (facts.get(name, _NONE) for name in (_IN_SOURCE, _LINE, _QUOTE))
    if not (
        facts.keys() <= _OF_CITATION
        and len(sources) == len(numbers) == 1
        and sources[0][0] == "<"
        and _LINE_NUMBER.fullmatch(numbers[0])
        and _NAME_OF_CITE.fullmatch(subject)
    ):
        return False
    if not quotes:
        return "#row=" in subject
    text = quotes[0][1:-1]
    words = text.split(" ")
    return (
        len(quotes) == 1 and quotes[0][-1] == '"' and "\\" not in text and text.isprintable()
        and "" not in words and len(words) <= _MOST_WORDS
    )  # fmt: skip


def _with_named(
    lines: Sequence[str], validated: Sequence[Range], left_out: Mapping[str, Range]
) -> Sequence[str]:
    """Return the lines to validate, with those of what they name, in the order of the lines."""
    ranges, todo = set(validated), list(validated)
    while todo:
        start, end = todo.pop()
        for line in lines[start:end]:
            lines_of_item = left_out.get(line.split(" ", 2)[2][:-2])
            if lines_of_item is not None and lines_of_item not in ranges:
                ranges.add(lines_of_item)
                todo.append(lines_of_item)
    return [line for start, end in sorted(ranges) for line in lines[start:end]]
