"""`import twingraph`: the published graph as an rdflib Dataset, query results as Python values.

`load`, `query` and `questions` are the public functions; every error that they expect is a
`TwingraphError`, whose text says what to write instead. rdflib and pyoxigraph are imported only by
the functions that need them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, overload

from twingraph.problems import TwingraphError

if TYPE_CHECKING:
    import pyoxigraph
    import rdflib

    from twingraph.settings import Settings
    from twingraph.sparql.library import LibraryQuery

Value: TypeAlias = str | int | float | Decimal | date | datetime | None
"""The value of a variable; the table in `query` says which RDF term becomes which type."""
Row: TypeAlias = dict[str, Value]
"""Variable -> value; an unbound variable has the value None."""
Graph: TypeAlias = str | os.PathLike[str]
"""The path of a project folder, a build folder or an RDF dump."""

_SELECTED: Final = "answer"
_TRIPLE: Final = ("subject", "predicate", "object")


class Text(str):
    """A `str` that knows its language.

    >>> name = Text("Köln", "de")
    >>> name == "Köln", name.language
    (True, 'de')
    """

    __slots__ = ("language",)
    language: str

    def __new__(cls, text: str, language: str) -> Text:
        """Return `text` with the tag of its `language` (BCP 47)."""
        instance = super().__new__(cls, text)
        instance.language = language
        return instance

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # `str` has one argument
        """Keep the language when copied and pickled."""
        return str(self), self.language


class Rows(Sequence[Row]):
    """The result of a query: a sequence of rows in order, and the names of their `variables`.

    An index gives a `Row`, a slice gives `Rows`; two results are equal if their variables and rows
    are, in order.

    >>> rows = Rows(("place", "year"), [("Minsk", 1993), ("Oxford", None)])
    >>> len(rows), rows[0], rows[1]["year"]
    (2, {'place': 'Minsk', 'year': 1993}, None)
    >>> rows[1:]
    <1 row of place, year>
    """

    def __init__(self, variables: Iterable[str], rows: Iterable[Iterable[Value]]) -> None:
        """Take the names of the variables, and the values of each row in the same order.

        Raises `ValueError` for a row of another length.
        """
        self.variables = tuple(variables)
        self._rows = [dict(zip(self.variables, row, strict=True)) for row in rows]

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> Row | Rows:
        """Return a row, or the rows of a slice."""
        if isinstance(index, int):
            return self._rows[index]
        return Rows(self.variables, (row.values() for row in self._rows[index]))

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        """Compare variables and rows, in their order."""
        if not isinstance(other, Rows):
            return NotImplemented
        return self.variables == other.variables and self._rows == other._rows

    __hash__ = None  # type: ignore[assignment]  # like a list's: rows are dicts

    def __repr__(self) -> str:
        """Return the number of rows and the names of the columns."""
        rows = "row" if len(self) == 1 else "rows"
        return f"<{len(self)} {rows} of {', '.join(self.variables)}>"

    def to_pandas(self) -> Any:  # pandas is an optional package, so its types may be missing
        """Return a pandas DataFrame; raise `TwingraphError` where pandas is not installed."""
        try:
            import pandas  # type: ignore[import-untyped,import-not-found,unused-ignore]
        except ImportError:
            raise TwingraphError("pandas is not installed; pip install pandas") from None
        return pandas.DataFrame.from_records(self._rows, columns=list(self.variables))


def load(graph: Graph | None = None) -> rdflib.Dataset:
    """Return a graph as an rdflib Dataset (RDF 1.1 dataset) with prefixes bound.

    The default graph has all published statements. Each source document or imported list has a
    named graph of its own, `<base>graph/source/<slug>` or `<base>graph/import/<slug>`; derived
    statements are also in `<base>graph/derived`. Entities have IRIs of the form
    `<base>id/<kind>/<slug>`, terms `https://w3id.org/twingraph/ns#<term>`.
    `dataset.default_union` is False, as usual in rdflib.

    `graph` is the path of a project or a build (folders) or of a dump (a file in any RDF 1.1
    format). Without it the project in the working directory or above is used, and built first if it
    has changed; outside a project, the graph that is part of the package.

    Raises `TwingraphError` where there is no such graph, a dump can't be parsed, or the project has
    violations.

    >>> import rdflib, twingraph
    >>> dataset = twingraph.load()
    >>> home = rdflib.Namespace("https://w3id.org/twingraph/")
    >>> paris = home["id/partnership/berlin-paris"]
    >>> print(dataset.default_graph.value(paris, home["ns#start"]))
    1987-07-02
    >>> sorted(str(graph.identifier) for graph in dataset.graphs())[0]
    'https://w3id.org/twingraph/graph/derived'
    """
    import rdflib

    from twingraph.rdf.frozen import read_frozen
    from twingraph.rdf.vocabulary import prefixes_for

    settings, file = _find(graph)
    dataset = rdflib.Dataset()
    for prefix, namespace in prefixes_for(settings.base_iri).items():
        dataset.bind(prefix, namespace, replace=True)
    # rdflib's own parser of N-Quads calls what rdflib deprecates, and warns of it line by line
    dataset.addN(_rdflib_quads(read_frozen(file), dataset))
    return dataset


def query(name_or_text: str, /, graph: Graph | None = None, **parameters: str | int | date) -> Rows:
    """Run a query of the library, given by its name, or a SPARQL 1.1 query; return its rows.

    `parameters` are those of the library query (`questions()[name].parameters`): an entity as a
    slug (`berlin`), a prefixed name (`place:berlin`) or a full IRI; a day as a `date` or as text
    (`2027-01-31`). They are bound as RDF terms, never pasted into the text. A SPARQL text has
    parameters only if it begins with a `#+` header like those of the library. `graph` is as in
    `load`.

    | in the graph | in Python |
    |---|---|
    | IRI, string, EDTF date, any other datatype | `str` |
    | text in a language | `Text`, a `str` with a `language` |
    | `xsd:integer` and its kinds, `xsd:decimal`, `xsd:double` and `xsd:float` | `int`, `Decimal`, `float` |
    | `xsd:boolean`, `xsd:date`, `xsd:dateTime` | `bool`, `date`, `datetime` |
    | no value | None |

    A value that its Python type can't represent (a year before 1) stays a `str`. ASK returns one
    row with the variable `answer`; CONSTRUCT and DESCRIBE return rows of `subject`, `predicate`,
    `object`.

    Raises `TwingraphError` for an unknown name, a missing or wrong parameter, a syntax error, and
    in all cases of `load`.

    >>> import twingraph
    >>> rows = twingraph.query("partners-of", place="berlin")
    >>> rows[0]["partnerName"], rows[0]["partnerName"].language, rows[0]["since"]
    ('Los Angeles', 'en', '1967-06-27')
    >>> twingraph.query("is-twinned-with", one="berlin", other="paris")[0]["answer"]
    True
    >>> twingraph.query('''
    ...     PREFIX tg: <https://w3id.org/twingraph/ns#>
    ...     SELECT (YEAR(?day) AS ?year) { ?bond tg:earliestStart ?day } ORDER BY ?day LIMIT 1''')[0]
    {'year': 1960}
    """  # noqa: E501  # a row of a table is one line
    from twingraph.rdf.iris import SLUG
    from twingraph.sparql.library import bind, load_library, pick, read_query
    from twingraph.sparql.names import named
    from twingraph.sparql.query import SelectResult, run

    settings, file = _find(graph)
    text, bindings = name_or_text, {}
    given = {
        name: value.isoformat() if isinstance(value, date) else str(value)
        for name, value in parameters.items()
    }
    question = None
    if SLUG.fullmatch(name_or_text):
        question = pick(load_library(settings.resource("queries") / "library"), name_or_text)
    elif name_or_text.startswith("#+"):
        question = read_query(name_or_text, Path("query.rq"))
    store = _store(file, file.stat().st_mtime_ns)
    if question is not None:
        values = named(question, given, store, settings.base_iri)
        text, bindings = question.text, bind(question, values, settings.base_iri)
    elif given:
        raise TwingraphError(
            f"a text without a header has no parameter '{min(given)}'; write its value into the "
            "text, or open it with '#+' lines as the library's questions do"
        )
    answer = run(store, text, bindings)
    if isinstance(answer, bool):
        return Rows((_SELECTED,), [(answer,)])
    if isinstance(answer, SelectResult):
        return Rows(answer.variables, ([_python(term) for term in row] for row in answer.rows))
    return Rows(_TRIPLE, ([_python(term) for term in item] for item in answer))


def questions(graph: Graph | None = None) -> dict[str, LibraryQuery]:
    """Return the queries of the library by name; `graph` is as in `load`.

    A `LibraryQuery` has `name`, `title` and `question` by language, `parameters`, and `text`, the
    SPARQL query with its `#+` header. Raises `TwingraphError` as `load` does.

    >>> import twingraph
    >>> question = twingraph.questions()["is-twinned-with"]
    >>> question.title["de"], [parameter.name for parameter in question.parameters]
    ('Sind zwei Städte verschwistert?', ['one', 'other'])
    """
    from twingraph.sparql.library import load_library

    return load_library(_settings(graph).resource("queries") / "library")


# --- finding the graph ---------------------------------------------------------------------------


def _settings(graph: Graph | None) -> Settings:
    from twingraph.current_build import find_settings, settings_of_build
    from twingraph.settings import FILE, Settings, load_settings

    if graph is None:
        return find_settings(Path.cwd())
    place = Path(graph)
    if (place / FILE).is_file():
        return load_settings(place)
    if place.is_file():
        beside = settings_of_build(place.parent) if _is_build(place.parent) else None
        return beside or Settings(place.parent)
    if _is_build(place):
        return settings_of_build(place)
    raise TwingraphError(f"{place} is no project, no build and no dump; name one of them")


def _is_build(folder: Path) -> bool:
    from twingraph.rdf.frozen import ABOUT

    return (folder / ABOUT).is_file()


def _find(graph: Graph | None) -> tuple[Settings, Path]:
    """Return the settings of a graph and its N-Quads file; build the project if necessary.

    Waits without a word, up to 15 minutes, where another process is building the same project.
    """
    from twingraph.current_build import UnpublishedError, ensure_build
    from twingraph.rdf.frozen import NAME

    settings = _settings(graph)
    if graph is not None and Path(graph).is_file():
        return settings, Path(graph)
    try:
        return settings, (ensure_build(settings) / NAME).resolve()
    except UnpublishedError as error:
        lines = [str(problem) for problem in error.problems if problem.severity == "violation"]
        raise TwingraphError("\n".join([*lines, str(error)])) from None


@lru_cache(maxsize=2)
def _store(file: Path, changed: int) -> pyoxigraph.Store:
    """Return a store with the graph in `file`; `changed` is its mtime in ns, for the cache."""
    import pyoxigraph

    from twingraph.rdf.frozen import read_frozen

    store = pyoxigraph.Store()
    store.bulk_extend(read_frozen(file))
    return store


# --- terms ---------------------------------------------------------------------------------------

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_INTEGERS: Final = (
    "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger",
    "nonPositiveInteger", "negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort",
    "unsignedByte",
)  # fmt: skip
_READERS: Final[Mapping[str, Callable[[str], Value]]] = {
    **{_XSD + name: int for name in _INTEGERS},
    _XSD + "decimal": Decimal,
    _XSD + "double": float,
    _XSD + "float": float,
    _XSD + "boolean": lambda text: text in ("true", "1"),
    _XSD + "date": date.fromisoformat,
    _XSD + "dateTime": datetime.fromisoformat,
}


def _python(term: object) -> Value:
    """Return an RDF term as a Python value.

    >>> from pyoxigraph import Literal, NamedNode
    >>> _python(NamedNode("http://e/")), _python(Literal(1.5)), _python(Literal(True))
    ('http://e/', 1.5, True)
    >>> day = NamedNode(_XSD + "date")
    >>> _python(Literal("1987-07-02", datatype=day)), _python(Literal("-0044-03-15", datatype=day))
    (datetime.date(1987, 7, 2), '-0044-03-15')
    """
    from pyoxigraph import Literal, NamedNode

    if term is None:
        return None
    if isinstance(term, NamedNode):
        return term.value
    if not isinstance(term, Literal):
        return str(term)
    if term.language:
        return Text(term.value, term.language)
    try:
        return _READERS.get(term.datatype.value, str)(term.value)
    except (ValueError, ArithmeticError):
        return term.value


def _rdflib_quads(
    quads: Iterable[pyoxigraph.Quad], dataset: rdflib.Dataset
) -> Iterator[tuple[rdflib.term.Node, rdflib.term.Node, rdflib.term.Node, rdflib.Graph]]:
    from pyoxigraph import DefaultGraph

    graphs: dict[object, rdflib.Graph] = {DefaultGraph(): dataset.default_graph}
    for quad in quads:
        if quad.graph_name not in graphs:
            graphs[quad.graph_name] = dataset.graph(_rdflib_node(quad.graph_name))
        subject, verb, value = map(_rdflib_node, (quad.subject, quad.predicate, quad.object))
        yield subject, verb, value, graphs[quad.graph_name]


def _rdflib_node(term: object) -> rdflib.term.IdentifiedNode | rdflib.Literal:
    import pyoxigraph
    from rdflib import BNode, Literal, URIRef

    if isinstance(term, pyoxigraph.NamedNode):
        return URIRef(term.value)
    if isinstance(term, pyoxigraph.BlankNode):
        return BNode(term.value)
    if not isinstance(term, pyoxigraph.Literal):
        raise TwingraphError(f"{term}: rdflib has no term of that kind; ask with query instead")
    if term.language or term.datatype.value == _XSD + "string":
        return Literal(term.value, lang=term.language)
    return Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)
