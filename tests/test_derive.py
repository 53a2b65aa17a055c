"""Derivation on lines gives the result of the rules, whatever the graph."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from hypothesis import given
from hypothesis import strategies as some

from twingraph.derive.published import Rule, publish, read_rules
from twingraph.derive.shortcuts import HERE, KNOWN, PLACED, is_known
from twingraph.rdf.iris import DERIVED
from twingraph.rdf.vocabulary import CODES, EDTF, HOME, PREFIXES, RDF, RDFS, TG, XSD
from twingraph.settings import bundled, load_settings
from twingraph.source.curated import Curated
from twingraph.source.read import read_project

ROOT: Final = Path(__file__).parent.parent
RULES: Final = read_rules(bundled("queries") / "rules")
# a rule that derives nothing, so that the rules are others than the known ones
NOTHING: Final = Rule("nothing", "CONSTRUCT { ?a ?b ?c } WHERE { ?a <urn:none> ?b ; ?b ?c }")
Graphs = Mapping[str, Sequence[str]]


def both_ways(graphs: Graphs, base: str = HOME, day: str = "2026-11-21") -> tuple[str, str]:
    """The frozen graph as it is worked out, and by rules in the engine alone."""
    quick = publish(graphs, RULES, base, day)
    asked = publish(graphs, (*RULES, NOTHING), base, day)
    return b"".join(quick.quad_chunks()).decode(), b"".join(asked.quad_chunks()).decode()


def test_the_rules_that_are_worked_out_are_those_of_the_repository() -> None:
    texts = {rule.name: rule.text for rule in RULES}

    assert {
        name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in texts.items()
    } == KNOWN
    assert {*HERE, PLACED} < KNOWN.keys()
    assert is_known(texts)
    assert not is_known({**texts, "nothing": NOTHING.text})
    assert not is_known({**texts, PLACED: texts[PLACED] + " "})


def test_the_curated_graph_is_worked_out_as_the_rules_say(curated: Curated) -> None:
    quick, asked = both_ways(curated.texts, curated.settings.base_iri, curated.settings.release)

    assert quick == asked
    assert all(f" {verb} " in quick for verb in (TG.partnerOf, TG.twinnedWith, TG.distanceKm))


def test_rows_of_lists_are_worked_out_as_the_rules_say(two_lists: Path) -> None:
    curated = read_project(load_settings(two_lists))

    quick, asked = both_ways(curated.texts, curated.settings.base_iri)

    assert quick == asked
    assert f" {TG.sourcesDifferOn} " in quick


def test_a_label_that_is_an_iri_is_none() -> None:
    place, other = (f"<{HOME}id/place/{name}>" for name in ("a", "b"))
    pair = f"<{HOME}id/partnership/p>"
    lines = [
        f"{pair} {RDF.type} {TG.Partnership} .",
        *(f"{pair} {TG.partner} {each} ." for each in (place, other)),
        f"{pair} {RDFS.label} <https://example.org/pair> .",
        f"{place} {RDFS.label} <https://example.org/a> .",
        f'{other} {RDFS.label} "B" .',
    ]

    quick, asked = both_ways({f"{HOME}graph/source/s0": sorted(lines)})

    assert quick == asked


# --- any graph -----------------------------------------------------------------------------------

_LITERALS: Final = some.sampled_from(
    [
        '"A"',
        '"B \\"b\\""',
        '"Ä"',
        '"A"@en',
        '"B"@en',
        '"C"@de',
        '"D"@be-tarask',
        '"1"^^' + str(XSD.string),
        "<https://example.org/label>",  # no label, though it is said to be one
    ]
)
_PLACES: Final = [f"<{HOME}id/place/{name}>" for name in ("a", "a-b", "b", "c")]
_PAIRS: Final = [f"<{HOME}id/partnership/{name}>" for name in ("p", "p-q", "q")]
_KINDS: Final = [f"<{CODES}type/{name}>" for name in ("twinning", "project", "odd")]
_STATES: Final = [f"<{CODES}status/{name}>" for name in ("ended", "active")]
_DATES: Final = [f'"{text}"^^{EDTF}' for text in ("1987", "1987-07-02", "1990~", "1990/1994")]
_GEO: Final = PREFIXES["geo"]


def said(subjects: list[str], predicate: object, values: list[str]) -> some.SearchStrategy[str]:
    return some.builds(
        lambda subject, value: f"{subject} {predicate} {value} .",
        some.sampled_from(subjects), some.sampled_from(values),
    )  # fmt: skip


def claims() -> some.SearchStrategy[list[str]]:
    """A claim about a partnership, whole or not."""
    verbs = {TG.partnershipType: _KINDS, TG.status: _STATES, TG.start: _DATES, TG.end: _DATES}

    def make(
        number: int, subject: str, said: tuple[object, str], more: list[str], source: int
    ) -> list[str]:
        claim, cite = f"<{HOME}id/claim/c{number}>", f"<{HOME}id/citation/z{number}>"
        return [
            f"{claim} {TG.subject} {subject} .", f"{claim} {TG.property} {said[0]} .",
            f"{claim} {TG.value} {said[1]} .", f"{claim} {TG.cites} {cite} .",
            f"{cite} {TG.inSource} <{HOME}id/source/s{source}> .",
            *(f"{claim} {rest} ." for rest in more),
        ]  # fmt: skip

    value = some.one_of(
        *(some.tuples(some.just(verb), some.sampled_from(each)) for verb, each in verbs.items())
    )
    more = some.lists(some.sampled_from([
        f"{TG.basis} <{CODES}basis/agreement>", f"{TG.modality} <{CODES}modality/inferred>",
        f"{TG.rank} <{CODES}rank/preferred>", f"{TG.rank} <{CODES}rank/deprecated>",
        f'{TG.asOf} "2020"^^{EDTF}', f'{TG.until} "2019"^^{EDTF}',
    ]), max_size=3)  # fmt: skip
    return some.builds(make, some.integers(0, 3), some.sampled_from(_PAIRS), value, more,
                       some.integers(0, 1))  # fmt: skip


_FLAGS: Final = [f'"{word}"^^{XSD.boolean}' for word in ("true", "false", "1")]
_LINES: Final = some.one_of(
    said(_PAIRS, RDF.type, [str(TG.Partnership)]),
    said(_PAIRS, TG.partner, _PLACES),
    said(_PAIRS, TG.partner, [*_PLACES, *_PAIRS[:1]]),
    said(_PLACES, RDF.type, [str(TG.AdministrativeUnit)]),
    some.builds(lambda subject, text: f"{subject} {RDFS.label} {text} .",
                some.sampled_from([*_PLACES, *_PLACES, *_PAIRS]), _LITERALS),
    said(_PAIRS, TG.modality, [f"<{CODES}modality/inferred>", f"<{CODES}modality/stated>"]),
    said(_PAIRS, TG.partnershipType, _KINDS),
    said(_PAIRS, TG.status, _STATES),
    said(_KINDS, TG.countsAsPartnership, _FLAGS),
    said(_KINDS, TG.countsAsTwinning, _FLAGS),
    said(_KINDS, "<http://www.w3.org/2004/02/skos/core#broader>", _KINDS),
    said([*_PAIRS, *_PLACES], TG.notStated, [str(TG.start), str(RDFS.label), str(TG.partnerOf)]),
    said(_PLACES, TG.partnerOf, _PLACES),
    said(_PLACES, f"<{_GEO}hasGeometry>", [f"<{HOME}id/geometry/g>"]),
    said([f"<{HOME}id/geometry/g>"], f"<{_GEO}asWKT>", [f'"POINT(7.1 50.7)"^^<{_GEO}wktLiteral>']),
    said(_PLACES, "<https://schema.org/latitude>", [f'"50.70"^^{XSD.decimal}']),
    said(_PLACES, "<https://schema.org/longitude>", [f'"{n}"^^{XSD.decimal}' for n in (7.1, -3.5)]),
)  # fmt: skip


@given(first=some.lists(_LINES, max_size=60), second=some.lists(_LINES, max_size=30),
       about=some.lists(claims(), max_size=6))  # fmt: skip
def test_any_graph_is_worked_out_as_the_rules_say(
    first: list[str], second: list[str], about: list[list[str]]
) -> None:
    graphs = {
        f"{HOME}graph/source/s0": sorted({*first, *(line for each in about[:3] for line in each)}),
        f"{HOME}graph/source/s1": sorted({*second, *(line for each in about[3:] for line in each)}),
    }

    quick, asked = both_ways(graphs)

    assert quick == asked
    assert f"<{HOME}{DERIVED}>" in quick
