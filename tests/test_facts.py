"""The exam: facts that an independent author read in the sources, checked in the graph.

`facts.csv` holds the questions; it was written from the sources alone and is nobody's to mend.
`facts_answers.csv` says for each question how the graph answers it: a thing that the question names
(`subject`), where to look from there (`where`: a property path, or a graph pattern with `$this` and
`?answer`), and how to read what is found (`reads`):

| reads | the answer is |
|---|---|
| name | the things found: each has one of the expected names as English label or altLabel |
| exact | the one text found |
| words | a text of one thing (comment, hedge, quote, or what `where` leads to) with all its words |
| date | the one EDTF date found, as it is written |
| day, year | the date found where it is as precise as that, otherwise not stated |
| number | the quantity found, with its comparator, or the number |
| count | how many things are found |
| is | `path = value`: yes where the thing has it, no where it has another one |
| says | a text of the thing has these words of the question: yes, or no where it denies them |
| spelled | the number that a text of the thing writes as a word before a word of the question |
| before, same | how the dates `?one` and `?other` lie |
| closed | no where a list is told to be open, by the kind of its remark or a hedge |

What has no value is not stated, but only of a thing that the graph knows.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, QuerySolutions, Store

from twingraph.derive.dates import bounds
from twingraph.rdf.vocabulary import HOME, RDF, prefixes_for

PREFIXES: Final = prefixes_for(HOME)

HERE: Final = Path(__file__).parent
HEADER: Final = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
NOT_STATED: Final = "not stated"
NOTHING: Final = frozenset({NOT_STATED, "0"})
TEXTS: Final = "rdfs:comment|tg:hedge|tg:cites/tg:quote"
MOST_WORDS: Final = 60  # of one thing's texts; more would be fishing
SMALL: Final = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "been", "by", "for", "from", "had", "has",
    "have", "in", "is", "it", "its", "of", "on", "or", "our", "that", "the", "their", "these",
    "this", "to", "was", "were", "which", "with",
})  # fmt: skip
NUMBER_WORDS: Final = {"two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}
DENIALS: Final = frozenset({"cannot", "neither", "no", "none", "nor", "not"})
VALUES: Final = frozenset({"name", "exact", "words", "date", "day", "year", "number", "count"})
FITTING: Final = {
    "name": {"name", "exact", "words"},
    "names": {"name", "words"},
    "text": {"exact", "words"},
    "date": {"date"},
    "number": {"number", "count", "spelled"},
    "yes-no": {"is", "says", "before", "same", "closed"},
    "not-stated": {"name", "exact", "date", "day", "year", "number"},
}


@dataclass(frozen=True)
class Fact:
    """One question of the exam with the answer its author expects."""

    id: str
    source: str
    line: str
    question: str
    answer: str
    kind: str


@dataclass(frozen=True)
class Row:
    """How the graph answers one question; without `where` and `subject` it does not, see `why`."""

    id: str
    reads: str
    subject: str
    where: str
    why: str

    @property
    def this(self) -> NamedNode:
        prefix, _, name = self.subject.partition(":")
        return NamedNode(PREFIXES[prefix] + name)

    @property
    def pattern(self) -> str:
        return self.where if "?" in self.where else f"$this {self.where or TEXTS} ?answer"


@dataclass(frozen=True)
class Verdict:
    """What the graph says, and whether that is the expected answer."""

    said: str
    right: bool = False


def read_facts() -> dict[str, Fact]:
    with (HERE / "facts.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: Fact(**row) for row in csv.DictReader(file)}


def read_rows() -> list[Row]:
    with (HERE / "facts_answers.csv").open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file)]


FACTS: Final = read_facts()
ROWS: Final = read_rows()
ANSWERED: Final = [row for row in ROWS if row.reads]


# --- rendering: the only place that says when two spellings are the same


def plain_text(text: str) -> str:
    """Apostrophes of one kind, white space single, first letter small."""
    text = " ".join(re.sub("[’‘´`]", "'", text).split())
    return text[:1].lower() + text[1:]


def tokens(text: str) -> list[str]:
    words = re.findall(r"\w+", re.sub(r"'s?\b", " ", plain_text(text)).lower())
    return [word.removesuffix("s") if len(word) > 3 else word for word in words]


def content(text: str) -> set[str]:
    return set(tokens(text)) - SMALL


def parts(answer: str) -> list[str]:
    return [part.strip() for part in answer.split(";")]


def number_text(text: str) -> str:
    """A comparator and a number; a figure written in millions is a rounded one."""
    match = re.fullmatch(r"([<>~]=?)?(\d+(?:\.\d+)?)( million)?", text)
    if not match:
        return text
    factor = 1_000_000 if match[3] else 1
    return f"{match[1] or ('~' if match[3] else '=')}{round(float(match[2]) * factor)}"


class Graph:
    """The published graph, and what a row finds in it."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self.store = Store()
        self.store.extend(quads)

    def rows(self, pattern: str, this: NamedNode) -> list[dict[str, NamedNode | Literal]]:
        text = f"{HEADER}SELECT DISTINCT * WHERE {{ {pattern} }}".replace("$this", str(this))
        found = self.store.query(text)
        assert isinstance(found, QuerySolutions)
        names = [variable.value for variable in found.variables]
        rows = [dict(zip(names, solution, strict=True)) for solution in found]
        return [{name: one for name, one in row.items()
                 if isinstance(one, NamedNode | Literal)} for row in rows]  # fmt: skip

    def answers(self, row: Row) -> list[NamedNode | Literal]:
        return sorted({item["answer"] for item in self.rows(row.pattern, row.this)}, key=str)

    def of(self, path: str, thing: NamedNode) -> list[NamedNode | Literal]:
        return [row["answer"] for row in self.rows(f"$this {path} ?answer", thing)]

    def texts(self, terms: Iterable[NamedNode | Literal]) -> list[str]:
        """What people read in English, and quotes."""
        return [term.value for term in terms
                if isinstance(term, Literal) and term.language in (None, "en")]  # fmt: skip

    def names(self, term: NamedNode | Literal) -> set[str]:
        if isinstance(term, Literal):
            return {plain_text(term.value)}
        english = self.texts(self.of("rdfs:label|skos:prefLabel", term))
        other = [item.value for item in self.of("skos:altLabel", term)]
        return {plain_text(item) for item in (*english, *other)}

    def number(self, term: NamedNode | Literal) -> str:
        if isinstance(term, Literal):
            return f"={term.value}"
        comparator, number = self.of("tg:comparator", term), self.of("tg:number", term)
        return "".join(item.value for item in (*comparator, *number)).replace("==", "=")

    @contextmanager
    def without(self, quads: Iterable[Quad]) -> Iterator[None]:
        gone = list(quads)
        for item in gone:
            self.store.remove(item)
        yield
        self.store.extend(gone)


# --- the ways to read


def by_name(graph: Graph, row: Row, expected: str) -> Verdict:
    found = [graph.names(item) for item in graph.answers(row)]
    wanted = [plain_text(item) for item in parts(expected)]
    each = all(sum(item in names for names in found) == 1 for item in wanted)
    said = "; ".join(min(names, default="?") for names in found)
    return Verdict(said, each and len(found) == len(wanted))


def by_text(graph: Graph, row: Row, expected: str) -> Verdict:
    found = {plain_text(item) for item in graph.texts(graph.answers(row))}
    return Verdict("; ".join(sorted(found)), found == {plain_text(expected)})


def by_words(graph: Graph, row: Row, expected: str) -> Verdict:
    texts = graph.texts(graph.answers(row))
    held = [any(content(part) <= set(tokens(text)) for text in texts) for part in parts(expected)]
    few = sum(len(tokens(text)) for text in texts) <= MOST_WORDS
    return Verdict(" | ".join(texts), few and all(held) and bool(content(expected)))


def by_date(graph: Graph, row: Row, expected: str) -> Verdict:
    found = [item.value for item in graph.answers(row)]
    return Verdict("; ".join(found), found == [expected])


def by_number(graph: Graph, row: Row, expected: str) -> Verdict:
    found = [graph.number(item) for item in graph.answers(row)]
    return Verdict("; ".join(found), found == [number_text(expected)])


def by_count(graph: Graph, row: Row, expected: str) -> Verdict:
    found = len(graph.answers(row))
    return Verdict(str(found), str(found) == expected)


def by_spelled(graph: Graph, row: Row, expected: str) -> Verdict:
    asked = content(FACTS[row.id].question)
    found = set()
    for text in graph.texts(graph.answers(row)):
        words = tokens(text)
        found |= {NUMBER_WORDS[word] for word, following in pairwise(words)
                  if word in NUMBER_WORDS and following in asked}  # fmt: skip
    return Verdict("; ".join(sorted(found)) or NOT_STATED, found == {expected})


def precise(length: int) -> Callable[[Graph, Row, str], Verdict]:
    """A date that names one day (10 characters) or one year (4); a coarser one states neither."""

    def read(graph: Graph, row: Row, expected: str) -> Verdict:
        spans = [bounds(item.value) for item in graph.answers(row)]
        found = [span.earliest[:length] for span in spans
                 if span and span.earliest and span.latest
                 and span.earliest[:length] == span.latest[:length]]  # fmt: skip
        said = "; ".join(found) or NOT_STATED
        return Verdict(said, said == expected)

    return read


def by_value(graph: Graph, row: Row, expected: str) -> Verdict:
    path, _, value = row.where.partition(" = ")
    asked = Row("", "", value, "", "").this
    found = graph.of(path, row.this)
    said = NOT_STATED if not found else "yes" if asked in found else "no"
    return Verdict(said, said == expected)


def by_saying(graph: Graph, row: Row, expected: str) -> Verdict:
    clauses = [clause for text in graph.texts(graph.of(TEXTS, row.this))
               for clause in re.split(r"[.;:]\s", text)
               if content(row.where) <= set(tokens(clause))]  # fmt: skip
    found = {"no" if DENIALS & set(tokens(clause)) else "yes" for clause in clauses}
    said = " and ".join(sorted(found)) or NOT_STATED
    return Verdict(said, said == expected)


def by_order(graph: Graph, row: Row, expected: str) -> Verdict:
    found = []
    for item in graph.rows(row.where, row.this):
        first, then = bounds(item["one"].value), bounds(item["other"].value)
        if first and then and first.latest and then.earliest:
            found.append(first.latest < then.earliest)
    said = NOT_STATED if not found else "yes" if any(found) else "no"
    return Verdict(said, said == expected)


def by_sameness(graph: Graph, row: Row, expected: str) -> Verdict:
    pairs = [(bounds(item["one"].value), bounds(item["other"].value))
             for item in graph.rows(row.where, row.this)]  # fmt: skip
    said = NOT_STATED
    if len(pairs) == 1 and all(span and span.earliest and span.latest for span in pairs[0]):
        (low, high), (other_low, other_high) = (span or ("", "") for span in pairs[0])
        apart = str(high) < str(other_low) or str(other_high) < str(low)
        said = "no" if apart else "yes" if pairs[0][0] == pairs[0][1] else NOT_STATED
    return Verdict(said, said == expected)


def by_openness(graph: Graph, row: Row, expected: str) -> Verdict:
    kinds = {item.value.rpartition("/")[2] for item in graph.of("tg:remarkKind", row.this)}
    told = kinds & {"open-list", "not-closed"} or graph.of("tg:hedge", row.this)
    said = "no" if told else NOT_STATED
    return Verdict(said, said == expected)


READS: Final[dict[str, Callable[[Graph, Row, str], Verdict]]] = {
    "name": by_name, "exact": by_text, "words": by_words, "date": by_date, "day": precise(10),
    "year": precise(4), "number": by_number, "count": by_count, "spelled": by_spelled,
    "is": by_value,
    "says": by_saying, "before": by_order, "same": by_sameness, "closed": by_openness,
}  # fmt: skip


def answer(graph: Graph, row: Row) -> Verdict:
    """Ask the graph one question of the exam."""
    expected = FACTS[row.id].answer
    if not graph.of("a", row.this):
        return Verdict("no such thing")
    if row.reads in VALUES - {"count"} and not graph.answers(row):
        return Verdict(NOT_STATED, expected == NOT_STATED)
    return READS[row.reads](graph, row, expected)


@pytest.fixture(scope="module")
def graph(quads: frozenset[Quad]) -> Graph:
    return Graph(quads)


def test_every_question_has_an_entry() -> None:
    assert [row.id for row in ROWS] == list(FACTS)


def test_the_graph_answers_the_exam(graph: Graph, capsys: pytest.CaptureFixture[str]) -> None:
    wrong, right, asked = [], Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for fact in FACTS.values():
        asked[fact.source, fact.kind] += 1
    for row in ANSWERED:
        fact, verdict = FACTS[row.id], answer(graph, row)
        right[fact.source, fact.kind] += verdict.right
        if not verdict.right:
            wrong.append(f"{row.id} {fact.question}\n  {fact.answer!r}, not {verdict.said!r}")
    unanswered = [f"{row.id}: {row.why}" for row in ROWS if not row.reads]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join((*table(right, asked), *unanswered)) + "\n")

    assert not wrong, "\n".join(wrong)
    assert right.total() == asked.total() - len(unanswered)


def table(right: Counter[tuple[str, str]], asked: Counter[tuple[str, str]]) -> Iterator[str]:
    """The share of right answers by source and kind."""
    kinds = sorted({kind for _, kind in asked})
    yield "".join(f"{item:>12}" for item in ("answered", *kinds, "all"))
    for source in (*sorted({source for source, _ in asked}), ""):
        here = [key for key in asked if source in ("", key[0])]
        cells = [[key for key in here if key[1] == kind] for kind in kinds] + [here]
        shares = (f"{sum(right[k] for k in c)}/{sum(asked[k] for k in c)}" for c in cells)
        yield "".join(f"{item:>12}" for item in (source or "all", *shares))


# --- honesty: nothing that is not in the graph can answer


def dishonest(row: Row) -> str:
    """Why a row could be right whatever the graph holds; empty for an honest one."""
    fact = FACTS[row.id]
    asked = fact.question.lower()
    if not row.reads:
        return "" if row.why and not row.subject + row.where else "unanswered without a reason"
    if row.reads not in FITTING[fact.kind]:
        return f"{row.reads} reads no answer of the kind {fact.kind}"
    if re.search(r"\b(BIND|VALUES|SELECT|SERVICE|COALESCE|IF)\b", row.where, re.IGNORECASE):
        return "it may make its answer instead of finding it"
    if "?" in row.where and "$this" not in row.where:
        return "it does not start from its subject"
    constants = [text or number for text, number in re.findall(CONSTANT, row.where)]
    if any(constant.partition("-")[0].lower() not in asked for constant in constants):
        return "it holds a value that the question does not name"
    if row.reads == "says" and not len(content(row.where)) >= 2:
        return "one word says nothing"
    if row.reads == "says" and not content(row.where) <= content(fact.question):
        return "it looks for words that the question does not have"
    iris = " ".join(re.findall(r"[a-z-]+:([\w-]+)", f"{row.subject} {row.where}"))
    told = content(iris.replace("-", " ")) & content(fact.answer) - content(fact.question)
    if row.reads in ("name", "exact") and told and fact.answer != NOT_STATED:
        return f"its IRIs tell the answer: {sorted(told)}"
    return ""


CONSTANT: Final = r"\"([^\"]*)\"|(?<![\w:-])(\d+)"


def test_no_row_brings_its_answer_along() -> None:
    assert {row.id: dishonest(row) for row in ROWS if dishonest(row)} == {}


@pytest.mark.parametrize(
    "row",
    [
        Row("S0-001", "", "", "", ""),
        Row("S0-001", "date", "place:minsk", "tg:country", ""),
        Row("S0-001", "name", "place:belarus", "VALUES ?answer { $this }", ""),
        Row("S0-002", "number", "place:minsk", "BIND (1900000 AS ?answer)", ""),
        Row("S0-004", "name", "place:bonn", "?answer tg:level level:municipality", ""),
        Row("S0-004", "name", "remark:bonn-minsk-oldest", "tg:about", ""),
        Row("S0-032", "number", "place:bonn", "$this tg:about ?answer . FILTER (?answer = 25)", ""),
        Row("S0-003", "says", "remark:minsk-centre", "matters economy", ""),
        Row("S0-003", "says", "remark:minsk-centre", "important", ""),
    ],
    ids=lambda row: f"{row.reads}-{row.where}",
)
def test_a_dishonest_row_is_found(row: Row) -> None:
    assert dishonest(row)


def test_rows_start_from_what_the_question_speaks_of(graph: Graph) -> None:
    strangers = []
    for row in ANSWERED:
        slug = row.subject.partition(":")[2].replace("-", " ")
        known = " ".join((slug, *graph.names(row.this), *graph.texts(graph.of(TEXTS, row.this))))
        if not content(known) & content(FACTS[row.id].question):
            strangers.append(row.id)

    assert strangers == []


def test_silence_is_recorded(graph: Graph) -> None:
    unmarked = [
        f"{row.id} {row.subject} {row.where}"
        for row in ANSWERED
        if FACTS[row.id].kind == "not-stated" and re.fullmatch(r"[a-z]+:\w+", row.where)
        and not graph.answers(row)
        and Row("", "", row.where, "", "").this not in graph.of("tg:notStated", row.this)
    ]  # fmt: skip

    assert unmarked == []


def test_an_unknown_resource_has_no_answer(graph: Graph) -> None:
    row = Row("S0-014", "name", "agreement:bonn-atlantis", "tg:signatory", "")

    assert answer(graph, row) == Verdict("no such thing")


# --- the exam can be failed: take what supports an answer away, and it is wrong


def support(graph: Graph, row: Row) -> Iterator[list[Quad]]:
    """What to take away: single triples near the thing, then all that is told of one thing.

    That the thing itself exists (its class) always stays.
    """
    default, this = DefaultGraph(), row.this
    near = [*graph.store.quads_for_pattern(this, None, None, default),
            *graph.store.quads_for_pattern(None, None, this, default)]  # fmt: skip
    nodes = {this, *(item.subject for item in near), *(item.object for item in near)}
    nodes |= set(graph.answers(row)) if row.reads in VALUES else set()
    rest = [quad for node in sorted(nodes - {this}, key=str) if isinstance(node, NamedNode)
            for quad in graph.store.quads_for_pattern(node, None, None, default)]  # fmt: skip
    found = [item for item in (*near, *rest) if (item.subject, item.predicate) != (this, RDF.type)]
    yield from ([item] for item in found)
    for node in (this, *sorted(nodes - {this}, key=str)):
        yield [item for item in found if item.subject == node]


@pytest.mark.slow
def test_an_answer_falls_with_its_support(graph: Graph) -> None:
    unshaken = []
    for row in (row for row in ANSWERED if FACTS[row.id].answer not in NOTHING):
        for quads in support(graph, row):
            with graph.without(quads):
                if not answer(graph, row).right:
                    break
        else:
            unshaken.append(row.id)

    assert unshaken == []


def told(row: Row) -> str:
    """SPARQL Update that makes some source state what a row finds not stated."""
    pattern = row.pattern.split("FILTER")[0].replace("$this", str(row.this))
    values = {"date": '"2001-02-03"^^edtf:EDTF', "day": '"2001-02-03"^^edtf:EDTF',
              "year": '"2001"^^edtf:EDTF', "exact": '"words"'}  # fmt: skip
    pattern = pattern.replace("?answer", values.get(row.reads, "person:nobody"))
    before, graph, inner = pattern.partition("GRAPH ?g")
    if not graph:
        before, inner = "", pattern
    while "/" in (path := re.sub(r"<[^>]*>", "", inner)):
        step = next(part for part in path.split() if "/" in part)
        inner = inner.replace(step, step.replace("/", " ?between . ?between ", 1))
    inner = re.sub(r"\?(first|last)\b", '"1990-10-03"^^xsd:date', inner)
    inner = re.sub(r"\?(\w+)", r"_:\1", inner)
    return f"{HEADER}INSERT {{ {graph} {inner} }} WHERE {{ {before} }}"


@pytest.mark.slow
def test_what_is_not_stated_would_be_found_if_it_were(quads: frozenset[Quad]) -> None:
    deaf = []
    for row in (row for row in ANSWERED if FACTS[row.id].answer in NOTHING):
        graph = Graph(quads)
        graph.store.update(told(row))
        if answer(graph, row).right:
            deaf.append(row.id)

    assert deaf == []
