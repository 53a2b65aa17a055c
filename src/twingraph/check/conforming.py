"""Subjects that conform to shapes/published.ttl for certain, which no engine has to validate.

Rows of lists become thousands of partnerships and places of one simple form: two administrative
units as partners, one type, a plausible start, names. One pass over the sorted lines recognises
them, and the claims and citations about them, which no rule targets on their own. All other
subjects are validated, together with what they name and the claims about them. The conditions were
derived from the shapes by hand: `SHAPES` is the digest of the shapes that they belong to, and the
tests compare the findings with those for the whole graph.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import combinations
from typing import Final, NamedTuple

from twingraph.rdf.vocabulary import CODES, PREFIXES, RDF, RDFS, SKOS, TG, XSD

SHAPES: Final = "96078586e4f258f6"  # the digest of prefixes.ttl and published.ttl together

_DCTERMS, _SCHEMA, _GEO, _ORG = (PREFIXES[name] for name in ("dcterms", "schema", "geo", "org"))
_OWL, _FOAF = PREFIXES["owl"], PREFIXES["foaf"]
_TYPE, _LABEL = str(RDF.type), str(RDFS.label)
_PARTNERSHIP, _UNIT = str(TG.Partnership), str(TG.AdministrativeUnit)
_PARTNER, _KIND, _STATUS, _CITES = map(str, (TG.partner, TG.partnershipType, TG.status, TG.cites))
_START, _EARLIEST, _LATEST = map(str, (TG.start, TG.earliestStart, TG.latestStart))
_NOT_STATED, _IN_SOURCE, _SUBJECT = map(str, (TG.notStated, TG.inSource, TG.subject))
_ABOUT, _ISSUED = str(TG.about), f"<{_DCTERMS}issued>"
_SUBCLASS: Final = f"<{PREFIXES['rdfs']}subClassOf>"
_SUSPENDED: Final = f"<{CODES}status/suspended>"
_KINDS: Final = f"<{CODES}type/"
_DAY: Final = re.compile(rf'"(\d{{4}}-\d\d-\d\d)"\^\^{re.escape(str(XSD.date))}')
_FIRST_DAY: Final = "1900-01-01"
_IN_PROJECT: Final = re.compile(r"id/[a-z]+/[^/]+$")

# the predicates of a subject that may be left out; with any other predicate it is validated
_OF_PARTNERSHIPS: Final = frozenset({
    _TYPE, _LABEL, _PARTNER, _KIND, _STATUS, _CITES, _START, _EARLIEST, _LATEST, _NOT_STATED,
    *map(str, (TG.startModality, TG.distanceKm, TG.field, TG.statusAsOf)),
})  # fmt: skip
_OF_PLACES: Final = frozenset({
    _TYPE, _LABEL, _NOT_STATED,
    *map(str, (SKOS.altLabel, SKOS.prefLabel, TG.formerName, TG.foldedName, TG.country,
               TG.countryCode, TG.level, TG.partnerOf, TG.twinnedWith)),
    *(f"<{_SCHEMA}{name}>" for name in ("addressRegion", "latitude", "longitude")),
    f"<{_OWL}sameAs>", f"<{_GEO}hasGeometry>",
})  # fmt: skip
_OF_EVIDENCE: Final = frozenset({
    _TYPE, _SUBJECT, _CITES, _IN_SOURCE,
    *map(str, (TG.property, TG.value, TG.basis, TG.modality, TG.rank, TG.asOf, TG.until, TG.line,
               TG.quote, TG.statement, TG.revision, TG.hedge)),
    f"<{_FOAF}page>", f"<{_GEO}asWKT>",
})  # fmt: skip
_PLACE_CLASSES: Final = frozenset({_UNIT, f"<{_SCHEMA}AdministrativeArea>"})
_EVIDENCE_CLASSES: Final = frozenset({str(TG.Claim), str(TG.Citation), f"<{_GEO}Geometry>"})
# the target classes of the rules about names, which places are instances of as well
_NAME_RULE_CLASSES: Final = frozenset({
    _UNIT, f"<{_SCHEMA}Place>", f"<{_ORG}Organization>", f"<{_ORG}OrganizationalUnit>",
})  # fmt: skip
# the target classes of all other rules than those about places and partnerships
_OTHER_TARGET_CLASSES: Final = frozenset({
    *map(str, (TG.Agreement, TG.Decision, TG.Event, TG.Project, TG.Programme, TG.PublicStatement,
               TG.SourceDocument)),
    f"<{_ORG}Post>", f"<{_ORG}Membership>", f"<{_FOAF}Person>",
})  # fmt: skip

# no rule follows these links, which lead from any place to all others
_NOT_FOLLOWED: Final = frozenset({str(TG.partnerOf), str(TG.twinnedWith)})

Range = tuple[int, int]
_NONE: Final[Sequence[str]] = ()
Facts = Mapping[str, Sequence[str]]


class _Pair(NamedTuple):
    """A partnership whose own statements conform, and what the other conditions depend on."""

    lines: Range
    partners: Sequence[str]
    cites: Sequence[str]  # without a start: the citations, one of a source that states no starts
    first_day: str  # earliest possible start, ISO 8601; or empty


@dataclass
class _Classified:
    """The subjects of a graph by how they are treated; a range is that of a subject's lines."""

    validated: list[Range] = field(default_factory=list)
    pairs: dict[str, _Pair] = field(default_factory=dict)
    places: dict[str, Range] = field(default_factory=dict)
    nameless: set[str] = field(default_factory=set)
    evidence: dict[str, Range] = field(default_factory=dict)
    claims: list[tuple[str, str]] = field(default_factory=list)  # (claim, what it is about)
    sources: dict[str, Sequence[str]] = field(default_factory=dict)  # of a citation
    silent: set[str] = field(default_factory=set)  # sources that say starts are not stated
    times: Counter[tuple[str, str]] = field(default_factory=Counter)  # pair of partners -> number
    about: set[str] = field(default_factory=set)  # subjects of remarks
    issued: dict[str, list[str]] = field(default_factory=dict)
    above: dict[str, Sequence[str]] = field(default_factory=dict)  # class -> its superclasses


def is_known(shapes: bytes) -> bool:
    """Are these the shapes from which the conditions of this module were derived?"""
    return sha256(shapes).hexdigest()[:16] == SHAPES


def lines_to_validate(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines to validate, of the sorted N-Triples lines of a published graph.

    >>> lines = [f"<https://example.org/id/event/a> {RDF.type} {TG.Event} ."]
    >>> lines_to_validate(lines) == lines
    True
    """
    classified = _Classified()
    for subject, start, end, facts in things(lines):
        _take(classified, subject, (start, end), facts)
    if not _classes_are_apart(classified.above):
        return lines
    left_out: dict[str, Range] = dict(classified.evidence)
    for subject, pair in classified.pairs.items():
        if _conforms(classified, subject, pair):
            left_out[subject] = pair.lines
        else:
            classified.validated.append(pair.lines)
    for subject, place in classified.places.items():
        if subject in classified.nameless:
            classified.validated.append(place)
        else:
            left_out[subject] = place
    return _with_context(lines, classified, left_out)


def things(lines: Sequence[str]) -> Iterator[tuple[str, int, int, Facts]]:
    """Yield each subject, the range (start, end) of its lines, and its values by predicate."""
    subject, start = "", 0
    facts: dict[str, list[str]] = {}
    for index, line in enumerate(lines):
        thing, predicate, value = line.split(" ", 2)
        if thing != subject:
            if facts:
                yield subject, start, index, facts
            subject, start, facts = thing, index, {}
        if predicate in facts:
            facts[predicate].append(value[:-2])
        else:
            facts[predicate] = [value[:-2]]
    if facts:
        yield subject, start, len(lines), facts


def _take(classified: _Classified, subject: str, lines: Range, facts: Facts) -> None:
    kinds = facts.get(_TYPE, _NONE)
    if _SUBJECT in facts:
        classified.claims += [(subject, thing) for thing in facts[_SUBJECT]]
    if _IN_SOURCE in facts:
        classified.sources[subject] = facts[_IN_SOURCE]
    if str(TG.start) in facts.get(_NOT_STATED, _NONE):
        classified.silent.add(subject)
    if _PARTNER in facts:
        classified.times.update(combinations(facts[_PARTNER], 2))
    if _ABOUT in facts:
        classified.about.update(facts[_ABOUT])
    if _ISSUED in facts:
        classified.issued[subject] = list(facts[_ISSUED])
    if _SUBCLASS in facts:
        classified.above[subject] = facts[_SUBCLASS]
    if kinds and facts.keys() <= _OF_EVIDENCE and _EVIDENCE_CLASSES.issuperset(kinds):
        classified.evidence[subject] = lines
    elif _UNIT in kinds and facts.keys() <= _OF_PLACES and _PLACE_CLASSES.issuperset(kinds):
        classified.places[subject] = lines
        if not _has_names(facts):
            classified.nameless.add(subject)
    elif kinds == [_PARTNERSHIP] and (pair := _pair(lines, facts)):
        classified.pairs[subject] = pair
    else:
        classified.validated.append(lines)


def _has_names(facts: Facts) -> bool:
    """L01: a label without a language tag, or one in each of the two languages."""
    labels = facts.get(_LABEL, _NONE)
    return any(label[-1] == '"' for label in labels) or (
        any(label.endswith('"@en') for label in labels)
        and any(label.endswith('"@de') for label in labels)
    )


def _pair(lines: Range, facts: Facts) -> _Pair | None:
    """Return a partnership whose own statements conform; None where it must be validated."""
    partners, kinds = facts.get(_PARTNER, _NONE), facts.get(_KIND, _NONE)
    if not (
        facts.keys() <= _OF_PARTNERSHIPS and len(partners) == 2 and len(kinds) == 1
        and kinds[0].startswith(_KINDS) and _SUSPENDED not in facts.get(_STATUS, _NONE)
        and _has_names(facts)
    ):  # fmt: skip
        return None
    days = []
    for name in (_EARLIEST, _LATEST):
        values = facts.get(name, _NONE)
        match = _DAY.fullmatch(values[0]) if len(values) == 1 else None
        if values and match is None:
            return None
        days.append(match[1] if match else "")
    first, last = days
    if last and last < _FIRST_DAY:
        return None
    is_dated = any(name in facts for name in (_START, _EARLIEST, _LATEST))
    is_answered = is_dated or str(TG.start) in facts.get(_NOT_STATED, _NONE)
    return _Pair(lines, partners, _NONE if is_answered else facts.get(_CITES, ("",)), first)


def _conforms(classified: _Classified, subject: str, pair: _Pair) -> bool:
    """Does a partnership conform also in view of its partners and the rest of the graph?"""
    first, second = pair.partners
    if (
        not (first in classified.places and second in classified.places)
        or subject in classified.about
    ):
        return False
    if classified.times[first, second] > 1:
        return False
    if pair.cites and not any(
        source in classified.silent
        for cite in pair.cites for source in classified.sources.get(cite, _NONE)
    ):  # fmt: skip
        return False
    if pair.first_day:
        whole = f"<{_IN_PROJECT.sub('', subject[1:-1])}>"
        for value in classified.issued.get(whole, _NONE):
            match = _DAY.fullmatch(value)
            if match is None or match[1] < pair.first_day:
                return False
    return True


def _with_context(
    lines: Sequence[str], classified: _Classified, left_out: Mapping[str, Range]
) -> Sequence[str]:
    """Return the lines to validate, with those of what they name and of the claims about it."""
    about: dict[str, list[str]] = defaultdict(list)
    for claim, thing in classified.claims:
        about[thing].append(claim)
    ranges, todo = set(classified.validated), list(classified.validated)
    while todo:
        start, end = todo.pop()
        statements = (line.split(" ", 2) for line in lines[start:end])
        named = {value[:-2] for _, predicate, value in statements if predicate not in _NOT_FOLLOWED}
        named.update(about.get(lines[start].partition(" ")[0], _NONE))
        for item in named:
            lines_of_item = left_out.get(item)
            if lines_of_item is not None and lines_of_item not in ranges:
                ranges.add(lines_of_item)
                todo.append(lines_of_item)
    return [line for start, end in sorted(ranges) for line in lines[start:end]]


def superclasses(classes: Collection[str], above: Mapping[str, Sequence[str]]) -> set[str]:
    """Return classes with all that the data calls their superclasses (SHACL §2.1.3.2)."""
    reached, todo = set(classes), list(classes)
    while todo:
        for item in above.get(todo.pop(), _NONE):
            if item not in reached:
                reached.add(item)
                todo.append(item)
    return reached


def _classes_are_apart(above: Mapping[str, Sequence[str]]) -> bool:
    """Is no class of the subjects left out a subclass of the target class of another rule?"""
    judged_classes = _OTHER_TARGET_CLASSES | _NAME_RULE_CLASSES | {_PARTNERSHIP}
    return (
        superclasses({_PARTNERSHIP}, above) & judged_classes == {_PARTNERSHIP}
        and superclasses(_PLACE_CLASSES, above) & judged_classes <= _NAME_RULE_CLASSES
        and superclasses(_EVIDENCE_CLASSES, above).isdisjoint(judged_classes)
    )
