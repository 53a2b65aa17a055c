"""The curated data as a whole: its form, its problems, its quotes, its size and its external ids.

What a single statement must look like is the shapes' business; here is what only the whole shows.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Triple

from twingraph.check.quotes import prove_quotes
from twingraph.check.run import check_curated
from twingraph.derive.published import read_claims
from twingraph.rdf.iris import kind_of, source_of
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import HOME, PREFIXES, RDF, RDFS, TG
from twingraph.settings import Settings
from twingraph.source.curated import Curated
from twingraph.source.fmt import format_text
from twingraph.source.project_files import data_files

LONGEST_RUN: Final = 10  # words of a source that may stand together in ours, quotes included
PLACES: Final = ("borough", "city", "country", "municipality", "natural feature", "region")
UNVERIFIED: Final = 15  # rows of entities.csv at least that name one of ours without an id
IDENTIFIED: Final = ("org", "person", "place", "post", "unit")  # kinds that others have ids for
SAME_AS: Final = NamedNode(PREFIXES["owl"] + "sameAs")
ALT_LABEL: Final = NamedNode(PREFIXES["skos"] + "altLabel")

# What we know to be so: two bases of Bonn – Minsk disagree, and that is published.
KNOWN_WARNINGS: Final = {("C02", "partnership/bonn-minsk")}

# The least and the most of each kind that a reading of the source can give: far fewer means that
# something was lost, far more that something was read into it.
COUNTS: Final[dict[str, dict[str, tuple[int, int]]]] = {
    "bonn-minsk": {
        "Partnership": (1, 1), "Agreement": (1, 1), "Event": (4, 6), "PublicStatement": (12, 20),
        "Quantity": (3, 4), "Claim": (10, 18), "Remark": (6, 14), "Citation": (50, 90),
    },
    "bonn-partners": {
        "Partnership": (9, 9), "Decision": (1, 1), "Event": (0, 1), "Project": (3, 3),
        "Membership": (5, 5), "Claim": (15, 25), "Remark": (14, 24), "Citation": (40, 70),
    },
    "partnership-news": {
        "Partnership": (4, 4), "Decision": (1, 1), "Event": (4, 5), "Project": (1, 2),
        "Programme": (2, 2), "Membership": (4, 4), "PublicStatement": (24, 40),
        "Quantity": (2, 5), "Claim": (20, 30), "Remark": (12, 24), "Citation": (100, 180),
    },
    "german-russian-letter": {
        "Partnership": (0, 0), "Event": (6, 9), "Membership": (3, 5), "PublicStatement": (28, 44),
        "Quantity": (4, 5), "Claim": (9, 16), "Remark": (8, 18), "Citation": (80, 130),
    },
    "berlin-partners": {
        "Partnership": (17, 17), "Agreement": (0, 0), "Event": (1, 1), "Quantity": (2, 2),
        "Claim": (55, 55), "Remark": (18, 30), "Citation": (80, 130),
    },
}  # fmt: skip


def data_literals(curated: Curated) -> Iterator[tuple[str, Literal]]:
    """Every text of data/ with its subject and predicate."""
    for file in curated.files:
        for quad in file.quads if file.is_data else ():
            if isinstance(quad.object, Literal):
                yield f"{plain(quad.subject)} {quad.predicate.value}", quad.object


def words(text: str) -> list[str]:
    """Words as the limit on quotes counts them: what stands between blanks, punctuation aside."""
    return [word for part in text.lower().split() if (word := re.sub(r"[^\w-]", "", part))]


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[at : at + length]) for at in range(len(found) - length + 1)}


# --- form and problems


def test_every_data_file_is_in_its_one_form(settings: Settings) -> None:
    unformed = []
    for path in data_files(settings):
        raw = path.read_bytes()
        formatted = format_text(raw, path.name, HOME)
        if formatted.problem or formatted.text.encode() != raw:
            unformed.append(path.relative_to(settings.folder).as_posix())

    assert not unformed, f"run: twingraph fmt {' '.join(unformed)}"


def test_the_data_has_no_problem_but_the_known(curated: Curated, quads: frozenset[Quad]) -> None:
    found = [problem for problem in check_curated(curated, quads) if problem.severity != "info"]
    unknown = [
        str(item)
        for item in found
        if (item.code, item.detail.partition("\t")[0].removeprefix(HOME + "id/"))
        not in KNOWN_WARNINGS
    ]

    assert unknown == []
    assert len(found) == len(KNOWN_WARNINGS)


def test_what_is_not_stated_is_not_stated(curated: Curated) -> None:
    """A mark of silence never stands beside what it says is missing.

    What is inferred is no statement, and a start without a basis is no start.
    """
    broken = []
    for graph, quads in curated.by_graph.items():
        claims = read_claims(quad.triple for quad in quads) if source_of(graph.value, HOME) else []
        stated = {(plain(quad.subject), quad.predicate) for quad in quads}
        stated |= {
            (claim.subject, claim.verb)
            for claim in claims
            if not claim.weak and (claim.verb != TG.start or claim.basis is not None)
        }
        broken += [
            f"{plain(quad.subject)} {plain(quad.object)}"
            for quad in quads
            if quad.predicate == TG.notStated and (plain(quad.subject), quad.object) in stated
        ]

    assert broken == []


# --- quotes and words


def test_every_quote_is_in_its_line(curated: Curated, artefacts: Callable[[str], Path]) -> None:
    proof = prove_quotes(curated, artefacts("sources"))

    assert proof.problems == ()
    assert proof.proven == proof.all > 400


def test_quotes_are_short(curated: Curated) -> None:
    quotes = [term.value for what, term in data_literals(curated) if what.endswith("ns#quote")]

    assert [quote for quote in quotes if not 1 <= len(quote.split()) <= LONGEST_RUN] == []


def test_our_words_are_our_own(curated: Curated, artefacts: Callable[[str], Path]) -> None:
    texts = [path.read_text(encoding="utf-8") for path in artefacts("sources").glob("*.txt")]
    theirs = {run for text in texts for run in runs(text, LONGEST_RUN + 1)}
    copied = [
        f"{what}: {' '.join(sorted(both)[0])}"
        for what, term in data_literals(curated)
        if (both := runs(term.value, LONGEST_RUN + 1) & theirs)
    ]

    assert len(theirs) > 2000
    assert copied == []


# --- size


@pytest.mark.parametrize("source", COUNTS)
def test_a_source_tells_neither_less_nor_more_than_it_can(curated: Curated, source: str) -> None:
    quads = curated.by_graph[NamedNode(f"{HOME}graph/source/{source}")]
    kinds = Counter(
        re.split("[#/]", plain(quad.object))[-1] for quad in quads if quad.predicate == RDF.type
    )
    amiss = {
        kind: f"{kinds[kind]}, not {least} to {most}"
        for kind, (least, most) in COUNTS[source].items()
        if not least <= kinds[kind] <= most
    }

    assert amiss == {}
    assert kinds.keys() <= COUNTS[source].keys() | {"SourceDocument"}


def test_every_source_has_its_counts(curated: Curated) -> None:
    read = {source for graph in curated.by_graph if (source := source_of(graph.value, HOME))}

    assert {item.rpartition("/")[2] for item in read} == COUNTS.keys()


# --- external ids: those that somebody verified, and no other


def names(curated: Curated) -> dict[str, set[str]]:
    """Name -> the entities that bear it."""
    found: dict[str, set[str]] = {}
    for item in triples(curated):
        is_name = item.predicate in (RDFS.label, ALT_LABEL)
        if is_name and kind_of(plain(item.subject), HOME) in IDENTIFIED:
            found.setdefault(plain(item.object), set()).add(plain(item.subject))
    return found


def triples(curated: Curated) -> Iterable[Triple]:
    return (quad.triple for file in curated.files for quad in file.quads)


def entity(row: dict[str, str], named: dict[str, set[str]]) -> str | None:
    """The entity of ours that a row of entities.csv is about, if it is one of ours."""
    outer, _, inner = row["name"].rstrip(")").partition(" (")
    is_place = row["kind"] in PLACES
    for name in (outer, outer.replace(" - ", " – "), inner):
        found = [
            item for item in named.get(name, ()) if (kind_of(item, HOME) == "place") == is_place
        ]
        assert len(found) < 2, f"{row['name']} is {sorted(found)}"
        if found:
            return found[0]
    return None


def linked(curated: Curated) -> set[tuple[str, str]]:
    return {(plain(item.subject), plain(item.object)) for item in triples(curated)
            if item.predicate == SAME_AS}  # fmt: skip


def test_external_ids_are_exactly_the_verified(
    curated: Curated, artefacts: Callable[[str], Path]
) -> None:
    named, verified = names(curated), set()
    with artefacts("sources/entities.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["verified"] == "yes":
                ours = entity(row, named)
                assert ours, f"{row['name']} is verified, but we have no such entity"
                verified.add((ours, PREFIXES["wd"] + row["wikidata_qid"]))
                if row["geonames_id"]:
                    verified.add((ours, f"https://sws.geonames.org/{row['geonames_id']}/"))

    assert linked(curated) == verified


def test_an_external_id_belongs_to_one_entity(curated: Curated) -> None:
    owners = Counter(other for _, other in linked(curated))

    assert [other for other, times in owners.items() if times > 1] == []


def test_entities_without_external_id_are_known(
    curated: Curated, artefacts: Callable[[str], Path]
) -> None:
    """They are those that entities.csv leaves unverified, and those that it doesn't name."""
    named = names(curated)
    with artefacts("sources/entities.csv").open(encoding="utf-8", newline="") as file:
        told = {entity(row, named): row["verified"] for row in csv.DictReader(file)}
    ours = {iri for iris in named.values() for iri in iris}
    bare = ours - {iri for iri, _ in linked(curated)}

    assert bare == {iri for iri in ours if told.get(iri, "no") == "no"}
    assert len([iri for iri in bare if iri in told]) >= UNVERIFIED
