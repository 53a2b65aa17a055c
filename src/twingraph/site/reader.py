"""One build, opened for reading: its graph, its files and the questions its pages ask.

Entities stand under the base IRI of the build, the vocabulary under its own; a site has pages of
both, at the paths that `iris` gives them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeVar

from pyoxigraph import (
    Literal,
    NamedNode,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    Variable,
)

from twingraph import translation
from twingraph.export.editions import media_type
from twingraph.export.jsonld import Json
from twingraph.problems import TwingraphError
from twingraph.rdf.dataset import term_of
from twingraph.rdf.frozen import NAME, load_store
from twingraph.rdf.iris import iri_at, path_of
from twingraph.rdf.vocabulary import prefixes_for
from twingraph.settings import Limits, bundled
from twingraph.sparql.library import LibraryQuery, load_library
from twingraph.sparql.queryable import Queryable, QueryResult
from twingraph.version import __version__

if TYPE_CHECKING:
    from twingraph.sparql.remote import RemoteStore

LANGUAGES: Final = translation.LANGUAGES

Term = NamedNode | Literal
Row = Mapping[str, Term | None]
Answer = TypeVar("Answer")
PREPARED: Final = "prepared"  # a folder of the build: results of queries on the whole graph (0048)
ANSWERS: Final = "answers.json"
GRAPHS: Final = "graphs.json"
_SHORT: Final = 5000  # rows of an answer that is kept
_RECENT: Final = 8  # answers of a group that are kept, where they have parameters
_REMOTE_BATCH: Final = 1000  # IRIs in a query to an endpoint; Virtuoso refuses 6,000


class BuildFile(NamedTuple):
    """A file of the build that anybody may fetch."""

    path: Path
    media_type: str
    size: int
    sha256: str


class Question(NamedTuple):
    """A query that needs nothing filled in, with its title by language."""

    title: Mapping[str, str]
    text: str


class QueryRunner(Protocol):
    """Who evaluates a query."""

    def query(self, query: str, substitutions: Mapping[Any, Any] | None = None) -> QueryResult:
        """Return the result of a query with these values of its variables."""
        ...

    def write(
        self, query: str, suffix: str, substitutions: Mapping[Any, Any] | None = None
    ) -> bytes:
        """Return rows, or yes or no, in the format of that suffix."""
        ...


@dataclass(frozen=True)
class BuildReader:
    """Everything a page, a description or an answer is made from; nothing of it ever changes."""

    store: Queryable
    shapes: Store
    base: str
    address: str  # the public URL of the site; it ends in a slash
    title: Mapping[str, str]
    publisher: str
    licence: str
    release: str
    feedback: str
    warnings: Mapping[str, int]
    prefixes: Mapping[str, str]
    context: Json
    queries: Mapping[str, str]
    dumps: Mapping[str, BuildFile]
    questions: tuple[Question, ...]
    library: Mapping[str, LibraryQuery]
    guarded: QueryRunner | None = (
        None  # runs library queries within limits; without it, the store does
    )

    prepared: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False)
    memory: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)
    contents: dict[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def graphs(self) -> frozenset[str]:
        """The names of the named graphs."""
        names = self.store.named_graphs()
        return frozenset(graph.value for graph in names if isinstance(graph, NamedNode))

    def read(self, name: str) -> bytes:
        """Return the content of a file of the build."""
        return self.contents[name] if name in self.contents else self.dumps[name].path.read_bytes()

    def read_ahead(self, names: Iterable[str]) -> None:
        """Read files of the build for a process that can open none later."""
        for name in names:
            if name in self.dumps:
                self.contents[name] = self.read(name)

    def remember(self, key: object, ask: Callable[[], Answer]) -> Answer:
        """Return the result of `ask`, cached for the build, which never changes.

        Nothing is ever dropped: keys are the names of kinds, lists, languages and queries. For what
        has other keys there is `remember_lately`.
        """
        answer: Answer
        try:
            answer = self.memory[key]
        except KeyError:
            answer = self.memory[key] = ask()
        return answer

    def remember_lately(self, group: str, key: object, ask: Callable[[], Answer]) -> Answer:
        """Return the result of `ask`; the last few results of each group are cached."""
        recent: dict[object, Answer] = self.remember(("recent", group), dict)
        known = recent.get(key)
        return _keep_recent(recent, key, ask()) if known is None else known

    def pairs(self, name: str, **terms: Term) -> list[tuple[str, str]]:
        """Ask a SELECT query of `this` and two IRIs; return those, without more ado."""
        solutions = self.store.query(self.queries[name], substitutions=_substitutions(terms))
        assert isinstance(solutions, QuerySolutions), "not a SELECT query"
        return [(first.value, second.value) for _, first, second in solutions]

    def rows(self, name: str, **terms: Term) -> list[Row]:
        """Ask the SELECT query `queries/site/<name>.rq`; its parameters must be projected.

        A query without parameters is run once for a build, unless its result is long.
        """
        if terms:
            return list(self._lately(name, terms))
        known: list[Row] | None = self.memory.get(("rows", name))
        if known is not None:
            return list(known)
        kept = self._prepared_rows(name)
        rows = self.select(self.queries[name]) if kept is None else kept
        if kept is not None or len(rows) <= _SHORT:
            self.remember(("rows", name), lambda: rows)
        return list(rows)

    def _lately(self, name: str, terms: Mapping[str, Term]) -> list[Row]:
        """Return the rows of a query with parameters; pictures and tables of a page ask the same.

        A few answers of late are kept.
        """
        recent: dict[object, list[Row]] = self.remember(("recent", "rows"), dict)
        key = name, *sorted(terms.items(), key=lambda item: item[0])
        known = recent.get(key)
        if known is not None:
            return known
        rows = self.select(self.queries[name], **terms)
        return _keep_recent(recent, key, rows) if len(rows) <= _SHORT else rows

    def _prepared_rows(self, name: str) -> list[Row] | None:
        """Return the rows that the build has prepared for this query; None if it has not."""
        raw = self.prepared.get(ANSWERS)
        if raw is None:
            return None
        kept = self.remember(("prepared", ANSWERS), lambda: json.loads(raw)).get(name)
        if kept is None or kept["query"] != digest_of(self.queries[name]):
            return None
        terms = ([term_of(text) if text else None for text in row] for row in kept["rows"])
        return [dict(zip(kept["names"], row, strict=True)) for row in terms]

    def prepared_graphs(self) -> Mapping[str, Json]:
        """Return the first lines and the size of each large graph, as prepared by the build."""
        raw = self.prepared.get(GRAPHS, b"{}")
        return self.remember(("prepared", GRAPHS), lambda: json.loads(raw))

    def select(self, text: str, **terms: Term) -> list[Row]:
        """Ask a SELECT query."""
        solutions = self.store.query(text, substitutions=_substitutions(terms))
        assert isinstance(solutions, QuerySolutions), "not a SELECT query"
        names = [variable.value for variable in solutions.variables]
        return [dict(zip(names, map(_term, row), strict=True)) for row in solutions]

    def triples(self, name: str, **terms: Term) -> list[Triple]:
        """Ask the CONSTRUCT query of that name."""
        results = self.store.query(self.queries[name], substitutions=_substitutions(terms))
        assert isinstance(results, QueryTriples), "not a CONSTRUCT query"
        return list(results)

    def rows_of(self, name: str, things: Iterable[str]) -> list[Row]:
        """Run a SELECT query about many entities at once: its `VALUES … { UNDEF }` is filled in.

        A remote endpoint gets them in several queries; each part has the order of the query.
        """
        return [row for text in self._filled(name, things) for row in self.select(text)]

    def statements_of(self, name: str, things: Iterable[str]) -> Iterator[tuple[str, str, Term]]:
        """Run a query that selects subjects, properties and values, about many entities at once."""
        for text in self._filled(name, things):
            solutions = self.store.query(text)
            assert isinstance(solutions, QuerySolutions), "not a SELECT query"
            for thing, verb, value in solutions:
                if isinstance(value, (NamedNode, Literal)):
                    yield thing.value, verb.value, value

    def _filled(self, name: str, things: Iterable[str]) -> Iterator[str]:
        """Return the query filled with all IRIs, sorted; for an endpoint, a query for each part.

        The parts are disjoint.
        """
        nodes = [str(NamedNode(thing)) for thing in sorted(set(things))]
        size = len(nodes) if self.remote is None else _REMOTE_BATCH
        for start in range(0, len(nodes), size or 1):
            yield self.queries[name].replace("UNDEF", " ".join(nodes[start : start + size]))

    def iri(self, path: str) -> str:
        """Return the IRI of the resource at `path` (`id/place/bonn`, `vocab/type`)."""
        return iri_at(path, self.base)

    def path(self, iri: str) -> str | None:
        """Return the path of an entity or a term of this site, None for others."""
        return path_of(iri, self.base)

    @property
    def remote(self) -> RemoteStore | None:
        """The remote endpoint with the graph; None if the graph is in this process."""
        from twingraph.sparql.remote import RemoteStore  # takes 60 ms, which no build needs

        return self.store if isinstance(self.store, RemoteStore) else None


def _keep_recent(recent: dict[object, Answer], key: object, answer: Answer) -> Answer:
    """Keep an answer in place of the oldest of a few; other threads may do so, too."""
    for old in list(recent)[: max(0, len(recent) - _RECENT + 1)]:
        recent.pop(old, None)
    recent[key] = answer
    return answer


def _substitutions(terms: Mapping[str, Term]) -> dict[Variable, Any]:
    return {Variable(name): term for name, term in terms.items()}


def _term(term: Any) -> Term | None:
    if term is None or isinstance(term, (NamedNode, Literal)):  # a hot path: no union is made
        return term
    raise TypeError(f"{type(term).__name__} is not published")


def digest_of(query: str) -> str:
    """Return a digest that identifies a query."""
    return hashlib.sha256(query.encode()).hexdigest()[:16]


def pack_rows(query: str, rows: list[Row]) -> Json:
    """Return the rows of a query as the build keeps them: terms as N-Triples has them."""
    names = list(rows[0]) if rows else []
    terms = [[None if row[name] is None else str(row[name]) for name in names] for row in rows]
    return {"query": digest_of(query), "names": names, "rows": terms}


def reader_of(store: Queryable, base: str, **fields: Any) -> BuildReader:
    """Return a reader of a graph without a build; `fields` are other fields of the reader."""
    empty: dict[str, Any] = {
        "shapes": Store(), "address": base, "title": {"en": ""}, "publisher": "", "licence": "",
        "release": "", "feedback": "", "warnings": {}, "context": {},
        "dumps": {}, "questions": (), "library": {},
    }  # fmt: skip
    known = {"prefixes": prefixes_for(base), "queries": _load_queries(), **empty, **fields}
    return BuildReader(store=store, base=base, **known)


def load_site(
    build: Path,
    library: Path | None = None,
    endpoint: str | None = None,
    limits: Limits | None = None,
    address: str = "",
    store: Queryable | None = None,
) -> BuildReader:
    """Open the build in folder `build`; raise `TwingraphError` where it is none.

    `store` is its graph, where that is loaded already or is to be loaded by others.

    `library` is the folder of the questions, ours where none is named. With an `endpoint` the graph
    is queried there, within `limits`, and must be that of the build. `address` is the public URL of
    the site, by default the one that the build was made for.
    """
    library_queries = load_library(library or bundled("queries") / "library")
    folder = build.resolve()  # a new build swaps the link; this one is read to its end
    try:
        about = json.loads((folder / "build.json").read_text(encoding="utf-8"))
        context = json.loads((folder / "context.jsonld").read_text(encoding="utf-8"))["@context"]
        sums = (folder / "SHA256SUMS").read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise TwingraphError(f"{build} is no build: {error}; run 'twingraph build'") from None
    base = about["base_iri"]
    if endpoint is not None:
        from twingraph.sparql.remote import open_endpoint

        store = open_endpoint(endpoint, base, folder, limits)
    elif store is None:
        store = load_store(folder / NAME)
    return BuildReader(
        store=store,
        shapes=load_store(folder / "shapes.ttl", RdfFormat.TURTLE),
        base=base,
        address=address or about.get("address") or base,
        title=about["title"],
        publisher=about["publisher"],
        licence=about["licence"],
        release=about["release"],
        feedback=about.get("feedback", ""),
        warnings=about.get("warnings", {}),
        prefixes=prefixes_for(base),
        context=context,
        queries=_load_queries(),
        dumps=_list_dumps(folder, sums),
        questions=_load_questions(library_queries),
        library=library_queries,
        prepared=_load_prepared(folder) if about.get("software") == __version__ else {},
    )


def _load_prepared(folder: Path) -> dict[str, bytes]:
    files = sorted((folder / PREPARED).glob("*"))
    return {file.name: file.read_bytes() for file in files if file.is_file()}


def _load_questions(library: Mapping[str, LibraryQuery]) -> tuple[Question, ...]:
    """Return the site's own examples, then the questions of the library without parameters."""
    questions = []
    for name, text in _load_queries().items():
        titles = dict(re.findall(r"^# (en|de): (.+)$", text, re.MULTILINE))
        if name.startswith("example-") and titles:
            questions.append(Question(titles, _without_header(text)))
    for item in library.values():
        if not item.parameters:
            questions.append(Question(item.title, _without_header(item.text)))
    return tuple(questions)


def _without_header(text: str) -> str:
    return re.sub(r"\A(#.*\n)*", "", text)


def _load_queries() -> dict[str, str]:
    folder = bundled("queries") / "site"
    files = sorted(folder.glob("*.rq"))
    return {file.stem: file.read_text(encoding="utf-8") for file in files}


def _list_dumps(folder: Path, sums: str) -> dict[str, BuildFile]:
    dumps = {}
    own = (hashlib.sha256(sums.encode()).hexdigest(), "SHA256SUMS")
    for digest, name in [own, *re.findall(r"^([0-9a-f]{64})  (\S+)$", sums, re.MULTILINE)]:
        path = folder / name
        dumps[name] = BuildFile(path, media_type(name)[0], path.stat().st_size, digest)
    return dict(sorted(dumps.items()))
