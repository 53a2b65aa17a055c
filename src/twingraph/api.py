"""`import twingraph`: the published graph as an rdflib Dataset, its questions as Python values.

Heavy libraries (rdflib, the store) are imported by the functions that need them.
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
"""What a cell holds: see `query`."""
Row: TypeAlias = dict[str, Value]
"""Variable -> value; a variable without a value is there, with None."""
Graph: TypeAlias = str | os.PathLike[str]

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
        """Return `text` in `language`, a tag of BCP 47."""
        made = super().__new__(cls, text)
        made.language = language
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # str has one, we two
        """Keep the language when copied and pickled."""
        return str(self), self.language


class Rows(Sequence[Row]):
    """The answer to a question: rows in their order, and the `variables` that each of them has.

    >>> rows = Rows(("place", "year"), [("Minsk", 1993), ("Oxford", None)])
    >>> len(rows), rows[0], rows[1]["year"]
    (2, {'place': 'Minsk', 'year': 1993}, None)
    >>> rows[1:]
    <1 row of place, year>
    """

    def __init__(self, variables: Iterable[str], rows: Iterable[Iterable[Value]]) -> None:
        """Take the column names, and rows whose values are in that order."""
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

    def to_pandas(self) -> Any:  # pandas is no dependency of ours, so its types are not there
        """Return a pandas DataFrame; raise `TwingraphError` where pandas is not installed."""
        try:
            import pandas  # type: ignore[import-untyped,import-not-found,unused-ignore]
        except ImportError:
            raise TwingraphError("pandas is not installed; pip install pandas") from None
        return pandas.DataFrame.from_records(self._rows, columns=list(self.variables))


def load(graph: Graph | None = None) -> rdflib.Dataset:
    """Return a graph as an rdflib Dataset: its default graph is what is published.

    What each source says is in named graphs (`dataset.graphs()`); as everywhere in rdflib,
    the default graph does not hold them unless you set `dataset.default_union`.

    `graph` is a project, a build (folders) or a dump (a file); without it, it is the project here
    or above, built anew where it is stale, or else the graph that came with twingraph. Raises
    `TwingraphError`.

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
    """Ask a question of the library by its name, or any SPARQL query; return its rows.

    Parameters are those of the question (`questions`): an IRI as a slug (`berlin`), with its prefix
    (`place:berlin`) or in full, a day as a `date` or `2027-01-31`. A text takes parameters if it
    opens with `#+` lines as the library's do. `graph` is as in `load`.

    | in the graph | in Python |
    |---|---|
    | IRI, string, EDTF date, any other datatype | `str` |
    | text in a language | `Text`, a `str` with a `language` |
    | `xsd:integer` and its kinds, `xsd:decimal`, `xsd:double` and `xsd:float` | `int`, `Decimal`, `float` |
    | `xsd:boolean`, `xsd:date`, `xsd:dateTime` | `bool`, `date`, `datetime` |
    | no value | None |

    A value that its Python type can't hold (a year before 1) stays a `str`. ASK answers one row
    with the variable `answer`; CONSTRUCT answers `subject`, `predicate`, `object`. Raises
    `TwingraphError` that says what to write instead.

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
    """Return the questions of the library by their names; `graph` is as in `load`.

    >>> import twingraph
    >>> question = twingraph.questions()["is-twinned-with"]
    >>> question.title["de"], [parameter.name for parameter in question.parameters]
    ('Sind zwei Städte verschwistert?', ['one', 'other'])
    """
    from twingraph.sparql.library import load_library

    return load_library(_settings(graph).resource("queries") / "library")


# --- which graph ---------------------------------------------------------------------------------


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
    """Return the settings of a graph and the file that holds it, built if need be."""
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
    """Return a store of the graph in `file`; `changed` is when it was written."""
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
