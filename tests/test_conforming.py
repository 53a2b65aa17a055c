"""What evidently keeps the rules is not judged: the findings are the same as if it were."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from twingraph.check import conforming, conforming_form
from twingraph.check.documents import shapes_text
from twingraph.check.engine import Finding, PyshaclEngine
from twingraph.check.run import PUBLISHED_SHAPES, SOURCE_SHAPES
from twingraph.check.whole_graph import WholeEngine
from twingraph.derive.published import derive
from twingraph.rdf.dataset import chunks, merged
from twingraph.rdf.vocabulary import CODES, EDTF, HOME, PREFIXES, RDF, RDFS, TG, XSD
from twingraph.settings import Settings, load_settings
from twingraph.source.curated import Curated
from twingraph.source.read import read_project

OURS: Final = Settings(Path())
SHAPES: Final = shapes_text(OURS, PUBLISHED_SHAPES)
FORM: Final = shapes_text(OURS, SOURCE_SHAPES)
EXAMPLES: Final = int(os.environ.get("TWINGRAPH_EXAMPLES", "40"))


def judge(lines: Sequence[str], shapes: bytes = SHAPES) -> list[Finding]:
    return WholeEngine().validate(b"".join(chunks(lines)), shapes)


def test_the_shapes_are_those_of_which_it_is_known_what_keeps_them() -> None:
    assert conforming.is_known(SHAPES)
    assert not conforming.is_known(SHAPES + b"\n")


def test_the_findings_about_curated_data_are_the_same(curated: Curated) -> None:
    lines = derive(curated).default

    assert judge(conforming.lines_to_validate(lines)) == judge(lines)


def test_of_rows_only_what_may_break_a_rule_is_judged(two_lists: Path) -> None:
    curated = read_project(load_settings(two_lists))
    lines = derive(curated).default
    ontology = len(curated.texts[curated.settings.base_iri + "graph/vocabulary"])
    judged = conforming.lines_to_validate(lines)
    found = judge(lines)

    assert {item.code for item in found} == {"C02"}
    assert judge(judged) == found
    assert len(judged) - ontology < (len(lines) - ontology) / 4
    assert list(judged) == sorted(judged)


def test_rows_keep_the_rules_of_the_reference_too(tmp_path: Path, two_lists: Path) -> None:
    """A sample of what is left out, judged by pySHACL: by itself it breaks no rule."""
    lines = derive(read_project(load_settings(two_lists))).default
    judged = set(conforming.lines_to_validate(lines))
    names = sorted({line.partition(" ")[0] for line in lines if line not in judged})
    pairs = [name for name in names if "/id/partnership/" in name][:3]
    assert pairs
    near = {line.split(" ", 2)[2][:-2] for line in lines if line.startswith(tuple(pairs))}
    sample = [line for line in lines if line.partition(" ")[0] in {*pairs, *near}]

    assert [str(item) for item in PyshaclEngine().validate(b"".join(chunks(sample)), SHAPES)] == []


# --- any graph -----------------------------------------------------------------------------------


def named(kind: str, *names: str) -> list[str]:
    return [f"<{HOME}id/{kind}/{name}>" for name in names]


PLACES: Final = named("place", "a", "b", "c", "d")
PAIRS: Final = named("partnership", "a-b", "b-c", "c-d")
SOURCE, CITE = f"<{HOME}id/source/s>", f"<{HOME}id/source/s#row=2>"
CLAIM, OTHER, EVENT = named("claim", "x")[0], named("partnership", "z")[0], named("event", "e")[0]
TYPE, DAY = str(RDF.type), f"^^{XSD.date}"
STATUS, KIND = f"<{CODES}status/%s>", f"<{CODES}type/%s>"
DCT: Final = PREFIXES["dcterms"]
ISSUED: Final = f'<{HOME}> <{DCT}issued> "2026-11-21"{DAY} .'


def rows() -> list[str]:
    """What rows become: three partnerships of four places."""
    lines = [ISSUED, f"{SOURCE} {TYPE} {TG.SourceDocument} .", f'{SOURCE} {RDFS.label} "S" .',
             f"{SOURCE} {TG.notStated} {TG.start} .", f"{CITE} {TYPE} {TG.Citation} .",
             f"{CITE} {TG.inSource} {SOURCE} ."]  # fmt: skip
    for place in PLACES:
        lines += [f"{place} {TYPE} {TG.AdministrativeUnit} .", f'{place} {RDFS.label} "P" .']
    for number, pair in enumerate(PAIRS):
        claim = named("claim", f"c{number}")[0]
        lines += [
            f"{pair} {TYPE} {TG.Partnership} .", f'{pair} {RDFS.label} "P"@en .',
            f'{pair} {RDFS.label} "P"@de .', f"{pair} {TG.cites} {CITE} .",
            *(f"{pair} {TG.partner} {PLACES[number + more]} ." for more in (0, 1)),
            f"{pair} {TG.partnershipType} {KIND % 'twinning'} .",
            f"{claim} {TYPE} {TG.Claim} .", f"{claim} {TG.subject} {pair} .",
            f"{claim} {TG.property} {TG.partnershipType} .", f"{claim} {TG.cites} {CITE} .",
        ]  # fmt: skip
    return lines


def say(subjects: list[str], predicate: object, *values: object) -> some.SearchStrategy[str]:
    return some.builds(
        lambda subject, value: f"{subject} {predicate} {value} .",
        some.sampled_from(subjects), some.sampled_from(values),
    )  # fmt: skip


DAYS: Final = [f'"{day}"{DAY}' for day in ("1850-01-01", "1987-07-02", "2026-11-21", "2030-01-01")]
ODD: Final = [f'"1987"^^{EDTF}', '"gestern"', f'"2030-01-01Z"{DAY}']
MORE: Final = some.one_of(
    *(say(PAIRS, verb, *DAYS, *ODD) for verb in (TG.earliestStart, TG.latestStart)),
    *(say(PAIRS, verb, *DAYS) for verb in (TG.earliestEnd, TG.latestEnd, TG.earliestDate)),
    *(say(PLACES, verb, *DAYS) for verb in (TG.earliestStart, TG.latestEnd)),
    say(PAIRS, TG.start, ODD[0]),
    say(PAIRS, TG.end, ODD[0]),
    say(PAIRS, TG.status, *(STATUS % name for name in ("suspended", "ended", "active", "planned"))),
    say(PAIRS, TG.statusAsOf, ODD[0]),
    say(PAIRS, TG.partnershipType, KIND % "friendship", "<urn:kind>"),
    say([*PAIRS, OTHER], TG.partner, *PLACES, OTHER, '"a"'),
    say([OTHER], TYPE, TG.Partnership),
    say([OTHER], TG.partnershipType, KIND % "twinning", KIND % "friendship"),
    say(PAIRS, TG.hasConflict, TG.start),
    say(PAIRS, TG.sourcesDifferOn, TG.start, TG.partnershipType),
    say(PAIRS, TG.passagesDifferOn, TG.start),
    say(PAIRS, TG.hedge, '"about"'),
    say(PAIRS, TYPE, TG.Event, TG.AdministrativeUnit),
    say(PLACES, TYPE, TG.Partnership, TG.Event),
    say(PLACES, TG.within, *PLACES),
    say(PLACES, TG.partnerOf, *PLACES),
    say(PLACES, f"<{DCT}isReplacedBy>", *PLACES),
    say([CLAIM], TYPE, TG.Claim),
    say([CLAIM], TG.subject, *PAIRS),
    say([CLAIM], TG.property, TG.status),
    say([CLAIM], TG.value, STATUS % "suspended"),
    say([CLAIM], TG.cites, CITE),
    say([CLAIM], TG.hedge, '"about"'),
    say([CLAIM], TG.earliestStart, *DAYS),
    say([EVENT], TYPE, TG.Event, TG.Agreement, TG.Decision),
    say([EVENT], TG.about, *PAIRS, *PLACES),
    say([EVENT], TG.earliestDate, *DAYS),
    say([EVENT], TG.latestDate, *DAYS),
    say([EVENT], TG.anniversary, f'"25"^^{XSD.integer}'),
    say([EVENT], TG.concludedBy, *PLACES),
    say([EVENT], TG.decidedBy, *PLACES),
    say([f"<{HOME}>"], f"<{DCT}issued>", *DAYS),
    say([*PLACES, *PAIRS], RDFS.label, '"X"@en-gb', '"X"@fr', f'"X"^^{XSD.boolean}'),
    say([str(TG.Claim), str(TG.AdministrativeUnit), str(TG.Partnership)],
        f"<{PREFIXES['rdfs']}subClassOf>", TG.Event, TG.Partnership, f"<{PREFIXES['prov']}Agent>"),
)  # fmt: skip


@settings(max_examples=EXAMPLES)
@given(gone=some.sets(some.sampled_from(rows()), max_size=3), more=some.lists(MORE, max_size=6))
def test_the_findings_about_any_graph_are_the_same(gone: set[str], more: list[str]) -> None:
    lines = sorted({*rows(), *more} - gone)

    judged = conforming.lines_to_validate(lines)

    assert judge(judged) == judge(lines)


def triple(subject: str, predicate: object, value: object) -> str:
    return f"{subject} {predicate} {value} ."


# code -> what is added to rows, and what is taken away, so that the rule is broken just so
BREAKING: Final = {
    "C02": ([triple(PAIRS[0], TG.hasConflict, TG.start),
             triple(PAIRS[0], TG.sourcesDifferOn, TG.start)], []),
    "D05": ([triple(PAIRS[0], TG.earliestStart, DAYS[3])], []),
    "D06": ([triple(PAIRS[0], TG.latestStart, DAYS[0])], []),
    "D07": ([triple(PLACES[0], TG.latestEnd, DAYS[1])], []),
    "D09": ([], [triple(SOURCE, TG.notStated, TG.start)]),
    "L01": ([], [f'{PLACES[0]} {RDFS.label} "P" .']),
    "P01": ([], [triple(PAIRS[0], TG.partner, PLACES[0])]),
    "P02": ([triple(PAIRS[0], TG.partnershipType, KIND % "friendship")], []),
    "P03": ([], [triple(PLACES[0], TYPE, TG.AdministrativeUnit)]),
    "P04": ([triple(PLACES[0], TG.within, PLACES[1])], []),
    "P05": ([triple(OTHER, TYPE, TG.Partnership), triple(OTHER, TG.partner, PLACES[0]),
             triple(OTHER, TG.partner, PLACES[1]),
             triple(OTHER, TG.partnershipType, KIND % "twinning")], []),
    "P06": ([triple(OTHER, TYPE, TG.Partnership), triple(OTHER, TG.partner, PLACES[0]),
             triple(OTHER, TG.partner, PLACES[1]),
             triple(OTHER, TG.partnershipType, KIND % "friendship")], []),
    "P07": ([triple(PAIRS[0], TG.status, STATUS % "suspended")], []),
    "V02": ([triple(EVENT, TYPE, TG.Event), triple(EVENT, TG.about, PAIRS[0]),
             triple(EVENT, TG.latestDate, DAYS[0]), triple(PAIRS[0], TG.earliestStart, DAYS[1])],
            []),
    "A02": ([triple(EVENT, TYPE, TG.Agreement), triple(EVENT, TG.about, PAIRS[0]),
             triple(EVENT, TG.concludedBy, PLACES[3])], []),
}  # fmt: skip
# what keeps rules only with the rest of the graph: claims about a thing, its partners
KEEPING: Final = [
    [triple(PAIRS[0], TG.earliestStart, DAYS[3]), triple(CLAIM, TYPE, TG.Claim),
     triple(CLAIM, TG.subject, PAIRS[0]), triple(CLAIM, TG.hedge, '"about"')],
    [triple(PAIRS[0], TG.status, STATUS % "suspended"), triple(CLAIM, TYPE, TG.Claim),
     triple(CLAIM, TG.subject, PAIRS[0]), triple(CLAIM, TG.property, TG.status),
     triple(CLAIM, TG.value, STATUS % "suspended"), triple(CLAIM, TG.cites, CITE)],
    [triple(EVENT, TYPE, TG.Agreement), triple(EVENT, TG.about, PAIRS[0]),
     triple(EVENT, TG.concludedBy, PLACES[0])],
]  # fmt: skip


@pytest.mark.parametrize("code", BREAKING)
def test_a_row_that_breaks_a_rule_is_judged(code: str) -> None:
    more, gone = BREAKING[code]
    lines = sorted({*rows(), *more} - {*gone})
    found = judge(lines)

    assert code in {item.code for item in found}
    assert judge(conforming.lines_to_validate(lines)) == found


@pytest.mark.parametrize("more", KEEPING, ids=["hedged", "suspended", "agreement"])
def test_what_keeps_a_rule_by_the_graph_around_it_is_judged_with_that(more: list[str]) -> None:
    lines = sorted({*rows(), *more})
    codes = {"D05", "P07", "A02"}
    found = judge(lines)

    assert not codes & {item.code for item in found}
    assert judge(conforming.lines_to_validate(lines)) == found


def test_whole_rows_are_not_judged() -> None:
    left = {line.partition(" ")[0] for line in conforming.lines_to_validate(sorted(rows()))}

    assert left == {f"<{HOME}>", SOURCE}


# --- as it is written ----------------------------------------------------------------------------

PROPERTY, VALUE, BASIS = TG.property, TG.value, TG.basis
TERMS: Final = [
    *map(str, (TG.Claim, TG.Citation, TG.Partnership, TG.partner, TG.cites, TG.inSource, TG.line)),
    *map(str, (TG.quote, TG.subject, PROPERTY, VALUE, BASIS, TG.notStated, TG.start, TG.status)),
    *map(str, (TG.SourceDocument, TG.AdministrativeUnit, TG.partnershipType, TG.rank, TG.end)),
    KIND % "twinning", STATUS % "ended", f"<{CODES}basis/agreement>", f"<{CODES}basis/activity>",
]  # fmt: skip
QUOTED, WRITTEN = named("cite", "z")[0], named("claim", "c0", "c1", "c2")


def as_written() -> list[str]:
    """The same as somebody writes it, with claims of starts and a quote."""
    left = (str(TG.partnershipType), f"<{DCT}issued>")
    lines = [line for line in rows() if line.split(" ")[1] not in left and '"P"@' not in line]
    lines += [f"{term} {TYPE} <http://www.w3.org/2000/01/rdf-schema#Resource> ." for term in TERMS]
    lines += [f'{CITE} {TG.line} "2"^^{XSD.integer} .', f"{QUOTED} {TYPE} {TG.Citation} .",
              f"{QUOTED} {TG.inSource} {SOURCE} .", f'{QUOTED} {TG.line} "7"^^{XSD.integer} .',
              f'{QUOTED} {TG.quote} "since 2 July 1987" .']  # fmt: skip
    for number, pair in enumerate(PAIRS):
        start = named("claim", f"s{number}")[0]
        lines += [
            f"{WRITTEN[number]} {VALUE} {KIND % 'twinning'} .", f"{start} {TYPE} {TG.Claim} .",
            f"{start} {TG.subject} {pair} .", f"{start} {PROPERTY} {TG.start} .",
            f'{start} {VALUE} "1987"^^{EDTF} .', f"{start} {TG.cites} {QUOTED} .",
            f"{start} {BASIS} <{CODES}basis/agreement> .",
        ]  # fmt: skip
    return lines


CLAIMS: Final = [*named("claim", "s0", "s1"), WRITTEN[0]]
RANKS: Final = [f"<{CODES}rank/{name}>" for name in ("preferred", "deprecated")]
INFERRED: Final = f"<{CODES}modality/inferred>"
WRONG: Final = some.one_of(
    say(CLAIMS, TG.subject, *PAIRS, '"a"'),
    say(CLAIMS, PROPERTY, TG.start, TG.end, TG.status, TG.partnershipType, TG.contactsSince),
    say(CLAIMS, PROPERTY, TG.Claim, TG.foldedName),
    say(CLAIMS, VALUE, f'"1987-07-02"^^{EDTF}', f'"1987-07-03"^^{EDTF}', '"1987"', STATUS % "ended",
        "<urn:kind>", KIND % "unknown"),
    say(CLAIMS, TG.cites, CITE, QUOTED, named("cite", "nowhere")[0]),
    say(CLAIMS, BASIS, f"<{CODES}basis/activity>", f"<{CODES}basis/agreement>", "<urn:basis>"),
    say(CLAIMS, TG.rank, *RANKS),
    say(CLAIMS, TG.modality, INFERRED, f"<{CODES}modality/stated>"),
    say(CLAIMS, TG.until, f'"1999"^^{EDTF}', '"1999"'),
    say(CLAIMS, TYPE, TG.Remark),
    say([CITE, QUOTED], TG.quote, '"a  b"', '" a"', '"1 2 3 4 5 6 7 8 9 10 11"', '"a\\nb"',
        '"ä"@de', '"a\u00a0b"'),
    say([CITE, QUOTED], TG.line, f'"0"^^{XSD.integer}', '"3"', f'"3"^^{XSD.integer}'),
    say([CITE, QUOTED], TG.inSource, SOURCE, named("source", "nowhere")[0], '"a"'),
    say(PAIRS, TG.partner, *PLACES, named("place", "nowhere")[0]),
    say(PAIRS, TG.cites, named("cite", "nowhere")[0]),
    say(PAIRS, TG.notStated, TG.start, f"<{PREFIXES['tg']}nothing>"),
    say(PAIRS, f"<{PREFIXES['tg']}nothing>", SOURCE),
    say(PAIRS, RDFS.label, '"a"', '"b"@en'),
    say([*PAIRS, QUOTED, *PLACES], f"<{PREFIXES['owl']}deprecated>", f'"true"^^{XSD.boolean}'),
    say(["<urn:claim>", f"<{HOME}id/claim/Odd>"], TYPE, TG.Claim),
    say(["<urn:cite>"], TYPE, TG.Citation),
    say(["<urn:pair>"], TYPE, TG.Partnership),
    say([EVENT], TG.about, *PAIRS),
    say([EVENT], TG.cites, QUOTED, named("cite", "nowhere")[0]),
    say([str(TG.Claim), str(TG.Partnership)], f"<{PREFIXES['rdfs']}subClassOf>", TG.Remark,
        f"<{PREFIXES['prov']}Entity>"),
)  # fmt: skip


def test_the_shapes_of_what_is_written_are_the_known_ones() -> None:
    assert conforming_form.is_known(FORM)
    assert not conforming_form.is_known(FORM + b"\n")


def test_the_findings_about_curated_files_are_the_same(curated: Curated) -> None:
    lines = merged(curated.texts.values())
    judged = conforming_form.lines_to_validate(lines)

    assert judge(judged, FORM) == judge(lines, FORM)
    assert len(judged) < len(lines)


@settings(max_examples=EXAMPLES)
@given(
    gone=some.sets(some.sampled_from(as_written()), max_size=3), more=some.lists(WRONG, max_size=6)
)
def test_the_findings_about_anything_written_are_the_same(gone: set[str], more: list[str]) -> None:
    lines = sorted({*as_written(), *more} - gone)

    assert judge(conforming_form.lines_to_validate(lines), FORM) == judge(lines, FORM)


FIRST: Final = named("claim", "s0")[0]
ANOTHER: Final = [
    triple(f"<{HOME}id/claim/s9>", predicate, value) for predicate, value in (
        (TYPE, TG.Claim), (TG.subject, PAIRS[0]), (PROPERTY, TG.start),
        (VALUE, f'"1990"^^{EDTF}'), (TG.cites, CITE), (BASIS, f"<{CODES}basis/agreement>"),
    )
]  # fmt: skip
SINCE, AGREED = f'{FIRST} {VALUE} "1987"^^{EDTF} .', f"{FIRST} {BASIS} <{CODES}basis/agreement> ."
WORDS: Final = f'{QUOTED} {TG.quote} "since 2 July 1987" .'
MISWRITTEN: Final = {
    "C01": ([*ANOTHER, triple(FIRST, TG.rank, RANKS[0]), triple(FIRST, TG.modality, INFERRED)], []),
    "C03": ([*ANOTHER, triple(FIRST, TG.rank, RANKS[0]),
             triple(f"<{HOME}id/claim/s9>", TG.rank, RANKS[0])], []),
    "D08": ([triple(FIRST, VALUE, f'"1987-07-03"^^{EDTF}')], [SINCE]),
    "E01": ([], [triple(PAIRS[0], TG.cites, CITE)]),
    "E02": ([], [triple(FIRST, TG.cites, QUOTED)]),
    "E03": ([], [triple(QUOTED, TG.inSource, SOURCE)]),
    "E04": ([], [WORDS]),
    "R03": ([triple(FIRST, BASIS, f"<{CODES}basis/activity>")], [AGREED]),
    "R04": ([triple(FIRST, VALUE, KIND % "twinning")], [SINCE]),
    "K02": ([triple(FIRST, BASIS, TG.start)], [AGREED]),
    "X01": ([triple(WRITTEN[0], VALUE, KIND % "unknown")],
            [triple(WRITTEN[0], VALUE, KIND % "twinning")]),
    "X02": ([triple(f"<{HOME}id/claim/Odd>", TYPE, TG.Claim)], []),
    "X03": ([triple(PAIRS[0], f"<{PREFIXES['owl']}deprecated>", f'"true"^^{XSD.boolean}')], []),
    "X04": ([triple(PAIRS[0], TG.cites, named("cite", "nowhere")[0])], []),
}  # fmt: skip


@pytest.mark.parametrize("code", MISWRITTEN)
def test_what_is_miswritten_is_judged(code: str) -> None:
    more, gone = MISWRITTEN[code]
    lines = sorted({*as_written(), *more} - {*gone})
    found = judge(lines, FORM)

    assert code in {item.code for item in found}
    assert judge(conforming_form.lines_to_validate(lines), FORM) == found


def test_what_is_plainly_written_is_not_judged() -> None:
    left = conforming_form.lines_to_validate(sorted(as_written()))

    assert {line.partition(" ")[0] for line in left} == {SOURCE, *PLACES, *TERMS}
