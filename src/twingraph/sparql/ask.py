"""One query from the command line: a library name or a text, parameters as strings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from twingraph.problems import TwingraphError
from twingraph.progress import Progress, ignore
from twingraph.rdf.frozen import NAME, load_store
from twingraph.settings import Settings
from twingraph.sparql.library import LibraryQuery, bind, load_library, pick, read_query
from twingraph.sparql.names import named
from twingraph.sparql.query import FORMATS, Bindings, Format, write
from twingraph.sparql.queryable import Queryable


def ask(
    settings: Settings,
    build: Path | None,
    name: str | None,
    text: str | None,
    parameters: Iterable[str],
    form: str | None,
    width: int = 0,
    endpoint: str = "",
    progress: Progress = ignore,
) -> bytes:
    """Run a library query, or the SPARQL `text`, on the build at `build`; return the result.

    Without a build, the query is sent to the engine at `endpoint`, which has the graph of the
    project. `parameters` are `name=value`, `form` is one of `FORMATS` or None for the default of
    the query. A text takes parameters if it starts with a header like those of the library.
    Raises `TwingraphError`.
    """
    given = dict(map(_pair, parameters))
    query = _question(settings, name, text)
    bindings: Bindings = {}
    store, base = _open(settings, build, endpoint, progress)
    if query is not None:
        bindings = bind(query, named(query, given, store, base), base)
    elif given:
        raise TwingraphError(
            "a query without a header has no parameters; write its values into it, or open it "
            "with '#+' lines as in docs/queries.md"
        )
    return write(store, query.text if query else text or "", _format(form), bindings, base, width)


def list_questions(settings: Settings) -> str:
    """Return the library as text: a query on each line, and its parameters below it."""
    lines = []
    for query in load_library(settings.resource("queries") / "library").values():
        lines.append(f"{query.name}: {query.title['en']}")
        lines += [
            f"  {parameter.name}={parameter.example}  {parameter.description['en']}"
            for parameter in query.parameters
        ]
    return "".join(f"{line}\n" for line in lines)


def _question(settings: Settings, name: str | None, text: str | None) -> LibraryQuery | None:
    if text is not None:
        return read_query(text, Path("query.rq")) if text.startswith("#+") else None
    return pick(load_library(settings.resource("queries") / "library"), name or "")


def _pair(parameter: str) -> tuple[str, str]:
    """Split `name=value` at its first equals sign.

    >>> _pair("thing=https://example.org/?a=b")
    ('thing', 'https://example.org/?a=b')
    """
    name, equals, value = parameter.partition("=")
    if not (name and equals):
        raise TwingraphError(f"parameter '{parameter}'; write name=value, as place=berlin")
    return name, value


def _open(
    settings: Settings, build: Path | None, endpoint: str, progress: Progress
) -> tuple[Queryable, str]:
    if build is not None:
        return load_store(build / NAME, progress=progress), _base_iri(build, settings)
    from twingraph.sparql.remote import open_endpoint  # takes 60 ms, needed with an endpoint only

    base = settings.base_iri
    return open_endpoint(endpoint, base, limits=settings.limits), base


def _format(form: str | None) -> Format | None:
    for known in FORMATS:
        if form == known:
            return known
    if form is None:
        return None
    raise TwingraphError(f"format '{form}'; write one of {', '.join(FORMATS)}")


def _base_iri(build: Path, settings: Settings) -> str:
    """The base IRI that the build was made with, which may differ from that of the settings now."""
    try:
        about = json.loads((build / "build.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return settings.base_iri
    base = about.get("base_iri") if isinstance(about, Mapping) else None
    return base if isinstance(base, str) else settings.base_iri
