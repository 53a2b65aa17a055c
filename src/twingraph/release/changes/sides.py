"""The arguments of `twingraph diff`: a release's date, a folder or a file -> a dump to compare."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, Quad, RdfFormat, parse

from twingraph.export.editions import PACKINGS
from twingraph.link.sssom import REFUSED
from twingraph.problems import TwingraphError
from twingraph.rdf.frozen import ABOUT as BUILD_ABOUT
from twingraph.rdf.frozen import NAME, quad_lines, refuse_doctype
from twingraph.rdf.turtle import is_new
from twingraph.rdf.vocabulary import HOME
from twingraph.release.changes.delta import LINE, Dump, is_default
from twingraph.release.compress import PackError, content_size, opened, read_stored, stored_path
from twingraph.release.index import LATEST, read_about, release_key, release_names
from twingraph.source.mappings import read_table

# formats without named graphs: dumps in them hold the default graph
_TRIPLES: Final = (RdfFormat.N_TRIPLES, RdfFormat.TURTLE, RdfFormat.RDF_XML, RdfFormat.JSON_LD)
# a line with the class of an entity, from which the base IRI of a dump is read
_ENTITY: Final = re.compile(
    rb"<(https?://[^\x00-\x20<>]*/)id/[a-z]+/[a-z0-9-]+> <[^<>]*#type> <[^<>]*> "
)


def find_dump(name: str, releases: Path | None) -> Dump:
    """Return the dump that `name` means: a release in `releases`, else a folder or a file.

    Raises `TwingraphError` where there is none.
    """
    known = release_names(releases) if releases else []
    if releases and (name == LATEST or release_key(name)) and not Path(name).exists():
        if not known:
            raise TwingraphError(f"{name}: {releases} holds no release; make one, 'release'")
        day = known[-1] if name == LATEST else name
        if day not in known:
            raise TwingraphError(f"{name}: no such release; there are {', '.join(known)}")
        return folder_dump(releases / day, day)
    path = Path(name)
    if path.is_dir():
        return folder_dump(path, name)
    path = stored_path(path)
    if not path.is_file():
        raise TwingraphError(
            f"{name}: no release, folder or file of that name; write a day such as 2026-11-21, a "
            "folder of a release or build, or a dump (.nq, .ttl, .nt, also .gz or .zst)"
        )
    return file_dump(path, name)


def folder_dump(folder: Path, name: str) -> Dump:
    """Return the dump in the folder of a release or a build."""
    about = read_about(folder) or read_about(folder, BUILD_ABOUT)
    base, path = about.get("base_iri"), stored_path(folder / NAME)
    if not isinstance(base, str) or not path.is_file():
        raise TwingraphError(f"{name}: neither a release nor a build; name a folder with {NAME}")
    decided, size = partial(_decided, folder, base), content_size(path)
    return Dump(name, partial(_walk, path), base, decided, size=size)


def file_dump(path: Path, name: str) -> Dump:
    """Return the dump in a file, packed or not; one that is not sorted N-Quads is converted."""
    suffix = path.with_suffix("").suffix if path.suffix in PACKINGS else path.suffix
    form = RdfFormat.from_extension(suffix.lower().removeprefix("."))
    if form is None:
        raise TwingraphError(f"{name}: '{suffix}' names no RDF format; write .nq, .nt or .ttl")
    try:
        if form == RdfFormat.N_QUADS and _is_canonical(path):
            base, size = _base_of(_walk(path)), content_size(path)
            return Dump(name, partial(_walk, path), base, size=size)
        lines = _canonical(path, name, form)
    except SyntaxError as error:
        raise TwingraphError(
            f"{name}:{error.lineno or 1}: {error.msg}; mend it, or take the file anew"
        ) from None
    except PackError as error:
        raise TwingraphError(f"{name}: damaged or cut off ({error}); take the file anew") from None
    except OSError as error:
        raise TwingraphError(f"{name}: {error}; name a dump that can be read") from None
    size = sum(map(len, lines))
    return Dump(name, lambda: iter(lines), _base_of(lines), triples=form in _TRIPLES, size=size)


def comparable(old: Dump, new: Dump) -> tuple[Dump, Dump]:
    """Return two dumps that can be compared: if one has triples only, both are reduced to those.

    Raises `TwingraphError` where their entities have different base IRIs.
    """
    if not (old.base and new.base):  # one of them has no entity of a project
        base = old.base or new.base or HOME
        old, new = replace(old, base=base), replace(new, base=base)
    if old.base != new.base:
        raise TwingraphError(
            f"{old.name} is named under {old.base}, {new.name} under {new.base}: nothing would be "
            "the same; build both with one base_iri"
        )
    if old.triples is new.triples:
        return old, new
    return _default_only(old), _default_only(new)


def _default_only(dump: Dump) -> Dump:
    lines: Callable[[], Iterator[bytes]] = lambda: filter(is_default, dump.lines())  # noqa: E731
    return replace(dump, lines=lines, triples=True)


def dump_digest(dump: Dump) -> bytes:
    """Return the SHA-256 of a dump's lines."""
    whole = hashlib.sha256()
    for line in dump.lines():
        whole.update(line)
    return whole.digest()


def _walk(path: Path) -> Iterator[bytes]:
    with opened(path) as stream:
        yield from stream


def _is_canonical(path: Path) -> bool:
    before = b""
    for line in _walk(path):
        if line <= before or not LINE.fullmatch(line):
            return False
        before = line
    return True


def _canonical(path: Path, name: str, form: RdfFormat) -> list[bytes]:
    with opened(path) as stream:
        raw = stream.read()
    refuse_doctype(raw, name, form)
    quads = [_plain(item, name, form) for item in parse(raw, format=form)]
    return quad_lines(quads).splitlines(keepends=True)


def _plain(quad: Quad, name: str, form: RdfFormat) -> Quad:
    if isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode):
        raise TwingraphError(f"{name}: {quad} has a blank node, which has no name to be compared "
                             "by; compare dumps of twingraph, which write none")  # fmt: skip
    if is_new(quad.object) or is_new(quad.subject):
        raise TwingraphError(f"{name}: {quad} is RDF 1.2; write plain RDF 1.1")
    if form in _TRIPLES:
        return Quad(quad.subject, quad.predicate, quad.object, DefaultGraph())
    return quad


def _base_of(lines: Iterator[bytes] | list[bytes]) -> str:
    """Return the base IRI of the first typed entity of a dump; '' if it has none."""
    match_of_base = next((match for line in lines if (match := _ENTITY.match(line))), None)
    return match_of_base[1].decode() if match_of_base else ""


def _decided(folder: Path, base: str) -> dict[tuple[str, str], bool]:
    """Return the decisions in the SSSOM files of a build: (subject, object) -> confirmed?"""
    decisions = {}
    names = {path.name.partition(".tsv")[0] for path in (folder / "links").glob("*.sssom.tsv*")}
    for name in sorted(names - {f"{REFUSED}.sssom"}):
        # decisions about links are in the tables of the targets
        text = read_stored(folder / "links" / f"{name}.tsv").decode()
        for decision in read_table(text, base).decisions:
            if decision.found and not decision.justification.endswith("UnspecifiedMatching"):
                decisions[decision.subject, decision.object] = decision.confirmed
    return decisions
