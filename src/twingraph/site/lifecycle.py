"""The state of an entity: current, merged into another, withdrawn, or unknown."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from pyoxigraph import NamedNode

from twingraph.rdf.iris import kind_of, local_path
from twingraph.rdf.vocabulary import PREFIXES, SKOS
from twingraph.site.facts import PageFacts
from twingraph.site.kind_names import kind_name
from twingraph.site.reader import BuildReader
from twingraph.site.thing import is_known
from twingraph.site.values import Value, ValueFormatter

_REASON: Final = PREFIXES["skos"] + "editorialNote"


class Lifecycle(NamedTuple):
    """The state of an entity; `instead` are the paths of those that replace it."""

    state: Literal["current", "merged", "withdrawn", "unknown"]
    instead: tuple[str, ...] = ()


def lifecycle_of(site: BuildReader, path: str) -> Lifecycle:
    """Return the state of the entity at `path` (`id/place/bonn`).

    An entity replaced by a single other one, directly or by way of a third, is merged into it. One
    replaced by several is withdrawn: it is unknown which of them a link means.
    """
    if path in ("ns", "shapes"):
        return Lifecycle("current")
    if local_path(path) is None:
        return Lifecycle("unknown")
    if path.startswith("graph/"):
        return Lifecycle("current" if site.iri(path) in site.graphs else "unknown")
    if not is_known(site, site.iri(path)):
        return Lifecycle("unknown")
    instead = _instead(site, path)
    if instead is None:
        return Lifecycle("current")
    met = {path}
    state = instead
    while len(state) == 1 and state[0] not in met:
        met.add(state[0])
        further = _instead(site, state[0])
        if further is None:
            return Lifecycle("merged", state)
        state = further
    return Lifecycle("withdrawn", tuple(item for item in instead if item != path))


def _instead(site: BuildReader, path: str) -> tuple[str, ...] | None:
    """Return the paths of those that replace a withdrawn entity; None if it is not withdrawn."""
    named = site.remember("withdrawn", lambda: _withdrawn(site)).get(site.iri(path))
    if named is None:
        return None
    paths = [own for item in named if (own := site.path(item)) is not None]
    return tuple(
        each_path
        for each_path in paths
        if local_path(each_path) and is_known(site, site.iri(each_path))
    )


def _withdrawn(site: BuildReader) -> dict[str, list[str]]:
    """Return every withdrawn entity with the IRIs of those that replace it; they are few."""
    replacements: dict[str, list[str]] = {}
    for row in site.rows("withdrawn"):
        if isinstance(row["this"], NamedNode):
            instead = replacements.setdefault(row["this"].value, [])
            if isinstance(row["replacement"], NamedNode):
                instead.append(row["replacement"].value)
    return replacements


class WithdrawnPage(NamedTuple):
    """The content of the page of a withdrawn entity."""

    title: Value
    kind: Value
    iri: str
    comment: Value | None
    reason: Value | None
    instead: list[Value]


def withdrawn_page(site: BuildReader, path: str, language: str, current_path: str) -> WithdrawnPage:
    """Make the page of the withdrawn entity at `path`, for `current_path`."""
    iri = site.iri(path)
    facts = PageFacts(site, language)
    facts.load({iri})
    instead = lifecycle_of(site, path).instead
    facts.mention(site.iri(item) for item in instead)
    facts.complete()
    formatter = ValueFormatter(facts, current_path)
    name = facts.name(iri)
    kind = kind_of(iri, site.base)
    scheme = facts.links(iri, SKOS.inScheme)
    return WithdrawnPage(
        title=Value(name.text, language=name.language),
        kind=formatter.link(scheme[0]) if scheme else Value(kind_name(kind or "concept", language)),
        iri=iri,
        comment=formatter.comment(iri),
        reason=formatter.text(iri, _REASON),
        instead=[formatter.link(site.iri(item)) for item in instead],
    )
