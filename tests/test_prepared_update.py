"""What is prepared for pages after a change is what would be prepared of the whole graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from random import Random

import pytest
from pyoxigraph import NamedNode, Quad

from twingraph.export.statistics import count_changed
from twingraph.link.facts import LinkFacts
from twingraph.rdf.change import Change
from twingraph.rdf.dataset import Dataset
from twingraph.rdf.vocabulary import HOME, PREFIXES, RDF, RDFS, TG, XSD
from twingraph.site import answers_update, incoming, line_rows, prepared_update
from twingraph.site.changed_part import Earlier
from twingraph.site.line_reader import LineReader, line_reader
from twingraph.site.prepared import ANSWERED, prepare
from twingraph.site.prepared_update import EDITED
from twingraph.site.reader import ANSWERS, PREPARED

NAMES = sorted([ANSWERS, *EDITED])
PLACES = f"<{HOME}id/place/"


@pytest.fixture(scope="module")
def graph(quads: frozenset[Quad]) -> Dataset:
    return Dataset.of(quads)


def _reader(graph: Dataset) -> LineReader:
    return line_reader(LinkFacts(graph, HOME), ANSWERED)


def _files(graph: Dataset, earlier: Earlier | None = None) -> dict[str, bytes]:
    jobs = prepare(partial(_reader, graph), {}, earlier=earlier)
    return {name: b"".join(jobs[f"{PREPARED}/{name}"]()) for name in NAMES}


def _earlier(before: Mapping[str, bytes], old: Dataset, new: Dataset) -> Earlier:
    change = Change.between(old, new)
    return Earlier(
        LinkFacts(new, HOME), change, lambda path: before.get(path.removeprefix(f"{PREPARED}/")),
        lambda: count_changed(change, new.default),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few statements be many, and nothing be made whole because much changed."""
    for module in ("incoming", "line_rows", "prepared_update"):
        monkeypatch.setattr(f"twingraph.site.{module}.MOST", 20)
    monkeypatch.setattr(prepared_update, "_SHARE", 1)
    monkeypatch.setattr(answers_update, "_MOST", 10_000)


@pytest.fixture(scope="module")
def before(graph: Dataset) -> dict[str, bytes]:
    with pytest.MonkeyPatch.context() as patch:
        for module in ("incoming", "line_rows"):
            patch.setattr(f"twingraph.site.{module}.MOST", 20)
        return _files(graph)


def _changed(graph: Dataset, rng: Random, number: int) -> Dataset:
    """Take lines of any property away, give others the value of another, drop and add things."""
    by_property: dict[str, list[str]] = defaultdict(list)
    for line in graph.default:
        by_property[line.split(" ", 2)[1]].append(line)
    gone: set[str] = set()
    come: set[str] = set()
    for predicate in rng.sample(sorted(by_property), min(number, len(by_property))):
        first, other, third = (rng.choice(by_property[predicate]) for _ in range(3))
        gone |= {first, other}
        come.add(" ".join([*other.split(" ", 2)[:2], third.split(" ", 2)[2]]))
    partnership = rng.choice(by_property[str(TG.partner)]).partition(" ")[0]
    about = {line for line in graph.default if line.startswith(f"{partnership} ")}
    if rng.random() < 0.5:
        gone |= about
    else:  # one more of the same two, under another name
        come |= {line.replace(partnership, f"{partnership[:-1]}-2>", 1) for line in about}
    return Dataset(sorted({*graph.default} - gone | come), graph.named)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_edited_is_what_would_be_made(
    graph: Dataset, before: dict[str, bytes], seed: int
) -> None:
    rng = Random(seed)  # no secrets
    changed = _changed(graph, rng, 1 + seed * 3)
    edited = _files(changed, _earlier(before, graph, changed))
    made = _files(changed)
    assert [name for name in NAMES if edited[name] != made[name]] == []
    back = _files(graph, _earlier(edited, changed, graph))
    assert [name for name in NAMES if back[name] != before[name]] == []


@pytest.mark.parametrize("predicate", [TG.country, TG.field, RDF.type, RDFS.label, TG.inSource])
def test_what_pages_show_of_others_is_reached(
    graph: Dataset, before: dict[str, bytes], predicate: object
) -> None:
    lines = [line for line in graph.default if f"> {predicate} " in line]
    gone = set(Random(1).sample(lines, min(len(lines), 4)))  # no secrets
    changed = Dataset([line for line in graph.default if line not in gone], graph.named)
    edited = _files(changed, _earlier(before, graph, changed))
    made = _files(changed)
    assert [name for name in NAMES if edited[name] != made[name]] == []


@pytest.mark.parametrize("seed", [None, 1, 4])
def test_a_partnership_is_withdrawn_and_comes_back(
    graph: Dataset, before: dict[str, bytes], seed: int | None
) -> None:
    """Also where the only partnership of a place is withdrawn, and where others change then."""
    ties = {line.partition(" ")[0] for line in graph.default if f"> {TG.partner} " in line}
    of_minsk = f"<{HOME}id/partnership/bonn-minsk>"
    assert of_minsk in ties
    gone = [of_minsk, *Random(seed or 0).sample(sorted(ties), 3)]  # no secrets
    words = {f'{tie} <{PREFIXES["owl"]}deprecated> "true"^^{XSD.boolean} .' for tie in gone}
    withdrawn = Dataset(sorted({*graph.default} | words), graph.named)
    edited = _files(withdrawn, _earlier(before, graph, withdrawn))
    made = _files(withdrawn)
    assert [name for name in NAMES if edited[name] != made[name]] == []
    assert edited[ANSWERS] != before[ANSWERS]

    changed = withdrawn if seed is None else _changed(withdrawn, Random(seed), 4)
    meanwhile = _files(changed, _earlier(edited, withdrawn, changed))
    made = _files(changed)
    assert [name for name in NAMES if meanwhile[name] != made[name]] == []

    back = _files(graph, _earlier(meanwhile, changed, graph))
    assert [name for name in NAMES if back[name] != before[name]] == []


def test_a_partner_of_withdrawn_partnerships_alone_does_not_count(
    graph: Dataset, before: dict[str, bytes]
) -> None:
    ties = sorted(line for line in graph.default if f" {TG.partner} {PLACES}bonn>" in line)
    others = [line.partition(" ")[0] for line in ties[1:]]
    assert others
    words = {f'{tie} <{PREFIXES["owl"]}deprecated> "true"^^{XSD.boolean} .' for tie in others}
    withdrawn = Dataset(sorted({*graph.default} | words), graph.named)
    edited = _files(withdrawn, _earlier(before, graph, withdrawn))
    without = Dataset([line for line in withdrawn.default if line != ties[0]], graph.named)
    again = _files(without, _earlier(edited, withdrawn, without))
    assert again == _files(without)


def test_a_place_and_a_partnership_are_edited_without_the_whole_graph(
    graph: Dataset, before: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A label, and a partner: nothing is asked of everything for these."""
    label = next(line for line in graph.default if line.startswith(f"{PLACES}bonn> {RDFS.label} "))
    partner = next(line for line in graph.default if f" {TG.partner} {PLACES}minsk>" in line)
    new = {label.replace('"@', ' am Rhein"@'), partner.replace("/minsk>", "/berlin>")}
    changed = Dataset(sorted({*graph.default} - {label, partner} | new), graph.named)
    made = _files(changed)

    def whole() -> LineReader:
        raise AssertionError("asked of everything")

    jobs = prepare(whole, {}, earlier=_earlier(before, graph, changed))
    for name in NAMES:
        assert b"".join(jobs[f"{PREPARED}/{name}"]()) == made[name], name


def test_what_many_statements_name_is_counted_by_property(graph: Dataset) -> None:
    facts, reader = LinkFacts(graph, HOME), _reader(graph)
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for subject, predicate, value in facts.linking():
        pairs[value].append((predicate[1:-1], subject[1:-1]))
    much = {value for value, several in pairs.items() if len(several) > incoming.MOST}
    assert much
    assert line_rows.pointers(facts).keys() == much
    for value in much:
        assert reader.pairs("incoming", this=NamedNode(value[1:-1])) == pairs[value]
