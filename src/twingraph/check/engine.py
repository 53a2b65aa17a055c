"""SHACL engines: data and shapes as text in, findings out, the same from every engine.

Each engine parses the text itself: rdflib takes a plain string and the same string typed xsd:string
for two different terms, and our store would write the second where the data has the first.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import pyoxigraph as ox

from twingraph.problems import Severity, TwingraphError
from twingraph.rdf.turtle import iri_text
from twingraph.rdf.vocabulary import PREFIXES, SHAPES

if TYPE_CHECKING:
    import rdflib
    from pyshacl_turbo import CompiledShapes

SH: Final = "http://www.w3.org/ns/shacl#"

_SEVERITY: Final[dict[str, Severity]] = {
    SH + "Violation": "violation",
    SH + "Warning": "warning",
    SH + "Info": "info",
}
_PLACEHOLDER: Final = re.compile(r"\{[?$](this|path|value)\}")


@dataclass(frozen=True)
class Finding:
    """A validation result (SHACL §3.6.2).

    `focus` and `path` are IRIs, `value` is an N-Triples term, `message` has a text for each
    language tag.
    """

    code: str
    severity: Severity
    focus: str
    path: str | None
    value: str | None
    message: Mapping[str, str] = field(compare=False)

    def sort_key(self) -> tuple[str, ...]:
        """Return the sort key of a finding: code, focus node, path, value, severity, messages."""
        words = (f"{tag} {text}" for tag, text in sorted(self.message.items()))
        place = (self.focus, self.path or "", self.value or "")
        return (self.code, *place, self.severity, *words)


class Engine(Protocol):
    """Anything that validates N-Triples against shapes written in Turtle."""

    def validate(
        self, data: bytes, shapes: bytes, prefixes: Mapping[str, str] = PREFIXES
    ) -> list[Finding]:
        """Return the findings, sorted, none twice; messages name IRIs by `prefixes`."""
        ...


class TurboEngine:
    """pyshacl-turbo, a native engine: the default.

    >>> shape = b'''@prefix sh: <http://www.w3.org/ns/shacl#> .
    ... @prefix tgs: <https://w3id.org/twingraph/shapes#> .
    ... tgs:Z01 sh:targetSubjectsOf <urn:p> ; sh:property tgs:Z01-p .
    ... tgs:Z01-p sh:path <urn:p> ; sh:maxCount 0 ; sh:severity sh:Info ; sh:message "drop it"@en .
    ... '''
    >>> [found] = TurboEngine().validate(b'<urn:s> <urn:p> "1" .', shape)
    >>> found.code, found.severity, found.focus, found.path, found.message
    ('Z01', 'info', 'urn:s', 'urn:p', {'en': 'drop it'})
    """

    def validate(
        self, data: bytes, shapes: bytes, prefixes: Mapping[str, str] = PREFIXES
    ) -> list[Finding]:
        """Return the findings, sorted, none twice; messages name IRIs by `prefixes`."""
        from pyshacl_turbo.rdf import Input

        # as Input the text goes straight to the native parser; as a document it would go through
        # an rdflib graph first, which takes seven times as long
        document = Input(_plain_strings(data).decode(), "nt", None, {})
        with _literals_as_written():
            _, report, text = _compiled(shapes).validate(document)  # type: ignore[no-untyped-call]  # the library is untyped
        return _findings(report, text, shapes, prefixes)


class PyshaclEngine:
    """pySHACL, the reference implementation in Python: slow; tests compare the others with it."""

    def validate(
        self, data: bytes, shapes: bytes, prefixes: Mapping[str, str] = PREFIXES
    ) -> list[Finding]:
        """Return the findings, sorted, none twice; messages name IRIs by `prefixes`."""
        import pyshacl
        import rdflib

        with _literals_as_written():
            _, report, text = pyshacl.validate(
                rdflib.Graph().parse(data=_plain_strings(data), format="nt"),
                shacl_graph=rdflib.Graph().parse(data=shapes, format="turtle"),
            )
        return _findings(report, text, shapes, prefixes)


ENGINES: Final[dict[str, Callable[[], Engine]]] = {
    "turbo": TurboEngine,
    "pyshacl": PyshaclEngine,
}


def engine(name: str = "turbo") -> Engine:
    """Return the engine of that name.

    >>> engine("jena")
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: no SHACL engine 'jena'; choose pyshacl or turbo
    """
    if name not in ENGINES:
        raise TwingraphError(f"no SHACL engine '{name}'; choose {' or '.join(sorted(ENGINES))}")
    return ENGINES[name]()


def _plain_strings(data: bytes) -> bytes:
    """Return N-Triples in which no string carries its datatype; see the top of this file."""
    if b"#string>" not in data:
        return data
    nt = ox.RdfFormat.N_TRIPLES
    return ox.serialize(ox.parse(data, format=nt), format=nt) or b""


@lru_cache(maxsize=8)
def _compiled(shapes: bytes) -> CompiledShapes:
    import pyshacl_turbo

    return pyshacl_turbo.CompiledShapes(shapes, shacl_graph_format="turtle")  # type: ignore[no-untyped-call]


@contextmanager
def _literals_as_written() -> Iterator[None]:
    """Keep rdflib from rewriting literals ("01" to "1"), which reports would then show."""
    import rdflib

    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    # ill-typed literals are reported by our own rules, with file and line
    complaints = logging.getLogger("rdflib.term")
    level = complaints.level
    complaints.setLevel(logging.ERROR)
    try:
        yield
    finally:
        rdflib.NORMALIZE_LITERALS = before
        complaints.setLevel(level)


def _findings(
    report: object, text: str, shapes: bytes, prefixes: Mapping[str, str]
) -> list[Finding]:
    import rdflib

    if not isinstance(report, rdflib.Graph):
        raise TwingraphError(f"the shapes can't be evaluated: {text}; mend the shapes file")
    messages = shape_messages(shapes)
    results = {
        item.sort_key(): item
        for node in report.subjects(rdflib.RDF.type, rdflib.URIRef(SH + "ValidationResult"))
        for item in [_finding(report, node, messages, prefixes)]
    }
    return [results[key] for key in sorted(results)]


class _Result(NamedTuple):
    """The parts of a sh:ValidationResult that a finding is made of."""

    focusNode: rdflib.term.Node | None  # noqa: N815  # SHACL's own names, read from the report
    resultPath: rdflib.term.Node | None  # noqa: N815
    value: rdflib.term.Node | None
    resultSeverity: rdflib.term.Node | None  # noqa: N815
    sourceShape: rdflib.term.Node | None  # noqa: N815


def _finding(
    report: rdflib.Graph,
    node: rdflib.term.Node,
    messages: Mapping[str, Mapping[str, str]],
    prefixes: Mapping[str, str],
) -> Finding:
    import rdflib

    result = _Result(*(report.value(node, rdflib.URIRef(SH + name)) for name in _Result._fields))
    return make_finding(
        str(result.sourceShape),
        str(result.resultSeverity),
        _term(result.focusNode),
        _term(result.resultPath) if isinstance(result.resultPath, rdflib.URIRef) else None,
        _term(result.value),
        messages,
        prefixes,
    )


def make_finding(
    shape: str,
    severity: str,
    focus: Term | None,
    path: Term | None,
    value: Term | None,
    messages: Mapping[str, Mapping[str, str]],
    prefixes: Mapping[str, str],
) -> Finding:
    """Return the parts of a result of a shape (IRIs) as a finding, its message filled in."""
    shown = {
        name: _shown(term, prefixes)
        for name, term in (("this", focus), ("path", path), ("value", value))
    }
    return Finding(
        code=shape.removeprefix(SHAPES).partition("-")[0],
        severity=_SEVERITY[severity],
        focus=focus.value if focus is not None else "",
        path=path.value if path is not None else None,
        value=None if value is None else str(value),
        message={
            tag: _PLACEHOLDER.sub(lambda match: shown[match[1]], text)
            for tag, text in messages.get(shape, {}).items()
        },
    )


Term = ox.NamedNode | ox.Literal | ox.BlankNode


def _term(node: rdflib.term.Node | None) -> Term | None:
    """Return the term of a report as one of ours, its text untouched."""
    import rdflib

    match node:
        case rdflib.URIRef():
            return ox.NamedNode(str(node))
        case rdflib.Literal(language=str() as language):
            return ox.Literal(str(node), language=language)
        case rdflib.Literal(datatype=None):
            return ox.Literal(str(node))
        case rdflib.Literal(datatype=datatype):
            return ox.Literal(str(node), datatype=ox.NamedNode(str(datatype)))
        case rdflib.BNode():
            return ox.BlankNode(str(node))
    return None


def _shown(term: Term | None, prefixes: Mapping[str, str]) -> str:
    """Return how a message names a term: an IRI as a prefixed name where there is one."""
    if isinstance(term, ox.NamedNode):
        return iri_text(term.value, set(), prefixes)
    return "" if term is None else term.value


@lru_cache(maxsize=8)
def shape_messages(shapes: bytes) -> Mapping[str, Mapping[str, str]]:
    """Return the messages of each shape by its IRI: its own, or those of its sh:sparql.

    Their placeholders are filled in by `make_finding`, because engines drop the language tag of a
    message when they do it.

    >>> text = b'<urn:s> <http://www.w3.org/ns/shacl#message> "halt"@de , "stop"@en .'
    >>> dict(shape_messages(text)["urn:s"])
    {'de': 'halt', 'en': 'stop'}
    """
    own: dict[str, dict[str, str]] = defaultdict(dict)
    constraints: dict[str, str] = {}
    for quad in ox.parse(shapes, format=ox.RdfFormat.TURTLE):
        if quad.predicate.value == SH + "message" and isinstance(quad.object, ox.Literal):
            own[str(quad.subject)][quad.object.language or "en"] = quad.object.value
        elif quad.predicate.value == SH + "sparql":
            constraints[str(quad.subject)] = str(quad.object)
    named = {**own, **{shape: own[node] for shape, node in constraints.items()}}
    return {
        shape.strip("<>"): dict(sorted(texts.items()))
        for shape, texts in named.items()
        if shape.startswith("<")
    }
