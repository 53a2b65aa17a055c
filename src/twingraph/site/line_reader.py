"""A reader used only during a build: queries over the whole graph, answered from sorted lines.

The queries of `FROM_LINES` tell of every place, partnership or name: their rows are made from the
lines that the writers hold (`line_rows.py`). What else `prepared/` holds is asked of a store with
the statements that those queries can read. Any other query is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from tempfile import TemporaryFile
from typing import Any, Final

from pyoxigraph import NamedNode, RdfFormat, Store

from twingraph.link.facts import LinkFacts
from twingraph.rdf.dataset import chunks, term_of
from twingraph.rdf.vocabulary import PREFIXES, RDF, RDFS, SKOS, TG
from twingraph.site.line_rows import FROM_LINES, OF_LINES, LineTable, pointers
from twingraph.site.reader import Answer, BuildReader, Row, Term, reader_of

_LABELS: Final = (RDFS.label, SKOS.prefLabel, NamedNode(PREFIXES["dcterms"] + "title"))

# predicates whose statements are read only with the objects that a query names
_WITH_CONSTANTS: Final = frozenset({str(RDF.type), str(TG.property)})
_NAMED: Final = re.compile(r"\b(\w+):(\w+)")


def names_in(query: str) -> set[str]:
    """Return the IRIs that a query of `queries/site` names, as they are written in lines.

    >>> sorted(names_in("PREFIX e: <http://e/>\\n# e:not\\nSELECT * { ?s a e:A ; e:b/e:c ?o }"))
    ['<http://e/A>', '<http://e/b>', '<http://e/c>', \
'<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>']
    """
    prefixes = dict(re.findall(r"(?m)^PREFIX (\w+): <([^>]*)>", query))
    body = re.sub(r"(?m)^PREFIX .*$|(?:^|\s)#.*$", "", query)
    names = {f"<{prefixes[prefix]}{name}>" for prefix, name in _NAMED.findall(body)}
    return names | ({str(RDF.type)} if re.search(r"\ba\b", body) else set())


def fill_store(store: Store, facts: LinkFacts, queries: Mapping[str, str]) -> None:
    """Load all published statements that some queries can read."""
    names = set().union(*(names_in(text) for text in queries.values()))
    with TemporaryFile() as lines:
        for name in sorted(names):
            predicate = NamedNode(name[1:-1])
            if name in _WITH_CONSTANTS:
                for value in sorted(names):
                    lines.writelines(chunks(facts.lines(predicate, value)))
            else:
                lines.writelines(chunks(facts.lines(predicate)))
        lines.seek(0)
        store.bulk_load(lines, format=RdfFormat.N_TRIPLES)


@dataclass(frozen=True)
class LineReader(BuildReader):
    """Answers what the build asks of the whole graph; its `store` holds what `answered` read."""

    table: LineTable = field(default_factory=lambda: LineTable(LinkFacts(())), compare=False,
                             repr=False)  # fmt: skip
    answered: frozenset[str] = frozenset()

    def rows(self, name: str, **terms: Term) -> list[Row]:
        """Return the rows of a query without parameters."""
        if terms or name not in self.answered | FROM_LINES.keys():
            raise KeyError(name)
        if name in FROM_LINES:
            return list(FROM_LINES[name](self.table))
        self.table.facts.reads |= self._filled_from()
        return super().rows(name)

    def _filled_from(self) -> frozenset[str]:
        """Fill the store, once; return the patterns of what was read for that."""
        if "store" not in self.memory:
            facts = self.table.facts
            assert isinstance(self.store, Store), "made by line_reader"
            with facts.noting() as reads:
                fill_store(self.store, facts, {name: self.queries[name] for name in self.answered})
            self.memory["store"] = frozenset(reads)
        patterns: frozenset[str] = self.memory["store"]
        return patterns

    def remember(self, key: object, ask: Callable[[], Answer]) -> Answer:
        """Return the result of `ask`, called once; what it reads is recorded for every caller.

        The labels that pages share are filled in as they are met, so that nobody could say who read
        them: here each has its own.
        """
        if key == "labels":
            return ask()
        return self.table.facts.remember(("reader", key), ask)

    def pairs(self, name: str, **terms: Term) -> list[tuple[str, str]]:
        """Return (predicate, subject) of statements about an entity as object; no other query."""
        if name != "incoming":
            raise KeyError(name)
        facts = self.table.facts
        pointing = facts.remember("pointing", lambda: pointers(facts))
        this = str(terms["this"])
        if this in pointing:
            return [(predicate, line.split(" ", 1)[0][1:-1])
                    for predicate, lines in pointing[this] for line in lines]  # fmt: skip
        return [
            (predicate[1:-1], subject[1:-1])
            for subject, predicate, value in facts.linking()
            if value == this
        ]

    def rows_of(self, name: str, things: Iterable[str]) -> list[Row]:
        """Return the rows of a query about many things."""
        return list(OF_LINES[name](self.table, sorted(set(things))))

    def statements_of(self, name: str, things: Iterable[str]) -> Iterator[tuple[str, str, Term]]:
        """Yield what things are called; no other query about many things is answered."""
        wanted = sorted(set(things))
        if wanted and name != "labels":
            raise KeyError(name)
        for predicate in _LABELS:
            for thing, values in self.table.values_of(wanted, predicate):
                for value in values:
                    yield thing, predicate.value, term_of(value)


def line_reader(facts: LinkFacts, answered: Iterable[str], **known: Any) -> LineReader:
    """Return a reader of lines; `answered` are the queries that a store answers for it."""
    others = [name for name in answered if name not in FROM_LINES]
    plain = reader_of(Store(), facts.base, **known)
    values = {item.name: getattr(plain, item.name) for item in fields(plain)}
    return LineReader(**values, table=LineTable(facts), answered=frozenset(others))
