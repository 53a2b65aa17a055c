"""The frozen graph: one sorted N-Quads file without blank nodes, which all later steps read.

RDF 1.1 N-Quads in the canonical form of RDFC-1.0 §5: one space between terms, the fixed escapes,
lines sorted by their bytes. Default graph = what we publish.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, Quad, RdfFormat, Store, Triple, parse, serialize

from twingraph.problems import TwingraphError
from twingraph.progress import CountedStream, Progress, ignore
from twingraph.rdf.turtle import is_new

NAME: Final = "twingraph.nq"
ABOUT: Final = "build.json"  # beside it: the title of the build and the digest of its inputs


def quad_lines(quads: Iterable[Quad]) -> bytes:
    """Return quads as sorted canonical N-Quads.

    >>> from pyoxigraph import Literal, NamedNode
    >>> e = NamedNode("http://e/")
    >>> quad_lines([Quad(e, e, Literal("b")), Quad(e, e, Literal("a"))])
    b'<http://e/> <http://e/> "a" .\\n<http://e/> <http://e/> "b" .\\n'
    """
    return _sorted(serialize(quads, format=RdfFormat.N_QUADS))


def triple_lines(quads: Iterable[Quad]) -> bytes:
    """Return the triples of quads as sorted canonical N-Triples, without their graph names."""
    return _sorted(serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES))


def _sorted(raw: bytes | None) -> bytes:
    lines = sorted(set((raw or b"").splitlines(keepends=True)))
    return b"".join(lines)


def read_frozen(path: Path, progress: Progress = ignore) -> list[Quad]:
    """Read a dump in any RDF format that its suffix names; triples go to the default graph.

    Raises `TwingraphError` with the line where it is not what its name says.
    """
    format_ = RdfFormat.from_extension(path.suffix.lower().removeprefix("."))
    if format_ is None:
        raise TwingraphError(f"{path}: '{path.suffix}' names no RDF format; write .nq, .nt or .ttl")
    try:
        raw = path.read_bytes()
        refuse_doctype(raw, path.as_posix(), format_)
        stream = CountedStream(BytesIO(raw), len(raw), f"reading {path.name}", progress)
        quads = list(parse(stream, format=format_))  # type: ignore[arg-type]  # it reads
        new = next((quad for quad in quads if is_new(quad.object) or is_new(quad.subject)), None)
        if new is not None:
            raise TwingraphError(f"{path}: {new.object} is RDF 1.2; write plain RDF 1.1")
        return quads
    except SyntaxError as error:
        raise TwingraphError(
            f"{path}:{error.lineno or 1}: {error.msg}; mend it, or write the dump again"
        ) from None
    except OSError as error:
        raise TwingraphError(f"{path}: {error.strerror}; name a dump that can be read") from None


def refuse_doctype(raw: bytes, name: str, format_: RdfFormat) -> None:
    """Raise `TwingraphError` for RDF/XML with a DOCTYPE: entities in it can fill any memory.

    >>> refuse_doctype(b"<!DOCTYPE a><a/>", "a.rdf", RdfFormat.RDF_XML)
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: a.rdf:1: a DOCTYPE, whose entities could fill the memory; \
write the RDF/XML without one
    """
    if format_ == RdfFormat.RDF_XML and (place := raw.find(b"<!DOCTYPE")) >= 0:
        line = raw.count(b"\n", 0, place) + 1
        raise TwingraphError(
            f"{name}:{line}: a DOCTYPE, whose entities could fill the memory; write the RDF/XML "
            "without one"
        )


def load_store(
    path: Path,
    form: RdfFormat = RdfFormat.N_QUADS,
    progress: Progress = ignore,
    *,
    lenient: bool = False,
) -> Store:
    """Return a file of a build as a store in memory; raises `TwingraphError` like `read_frozen`.

    Where it is `lenient`, IRIs and language tags are taken as they stand.
    """
    store = Store()
    try:
        if progress is ignore:
            store.load(path=path, format=form, lenient=lenient)
        else:
            with path.open("rb") as stream:
                counted = CountedStream(
                    stream, path.stat().st_size, f"loading {path.name}", progress
                )
                store.load(counted, format=form, lenient=lenient)  # type: ignore[arg-type]  # it reads
    except (SyntaxError, OSError) as error:
        raise TwingraphError(f"{path}: {error}; run 'twingraph build' again") from None
    return store


def default_graph(quads: Iterable[Quad]) -> list[Quad]:
    """Return the quads of the default graph: what we publish."""
    unnamed = DefaultGraph()
    return [quad for quad in quads if quad.graph_name == unnamed]


def default_triples(quads: Iterable[Quad]) -> list[Triple]:
    """Return what we publish as triples."""
    return [item.triple for item in default_graph(quads)]
