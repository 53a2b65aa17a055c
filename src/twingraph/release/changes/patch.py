"""RDF Patch: what changes one dump into the next, as Apache Jena writes and reads it.

https://jena.apache.org/documentation/rdf-patch/ (media type `application/rdf-patch`): a header,
then one transaction of deletions (`D`) and additions (`A`). `id` and `prev` name the dump after
and before by its SHA-256 (RFC 6920), so that a patch can't be put on a dump it wasn't made for.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from twingraph.problems import TwingraphError
from twingraph.release.changes.delta import LINE, Delta

_HEADER: Final = re.compile(rb"H\s+(\w+)\s+(\S.*?)\s*\.\s*")
_CHANGE: Final = re.compile(rb"([AD]) (.*\n)", re.DOTALL)


def digest_name(digest: bytes) -> str:
    """Return the name of what has the SHA-256 `digest` (RFC 6920 §3).

    >>> digest_name(hashlib.sha256(b"").digest())
    'ni:///sha-256;47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'
    """
    return "ni:///sha-256;" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def write_patch(delta: Delta, before: bytes, after: bytes) -> Iterator[bytes]:
    """Yield the lines of a patch; `before` and `after` are the SHA-256 of the two dumps."""
    yield f"H id <{digest_name(after)}> .\n".encode()
    yield f"H prev <{digest_name(before)}> .\n".encode()
    yield b"TX .\n"
    for line in delta.removed:
        yield b"D " + line
    for line in delta.added:
        yield b"A " + line
    yield b"TC .\n"


def apply_patch(
    old: Callable[[], Iterable[bytes]], patch: Iterable[bytes], name: str = ""
) -> Iterator[bytes]:
    r"""Yield the lines of a dump after a patch; `old` gives its lines, sorted, each time anew.

    `name` is what the patch is called. Patches of others are understood too, unless they declare
    prefixes or aren't canonical N-Quads behind their letter: `TwingraphError` says in which line.
    So it does where `prev` names another dump than `old`, and last of all where the outcome isn't
    what `id` names.

    >>> line = b'<http://e/> <http://e/> "a" .\n'
    >>> list(apply_patch(lambda: [line], [b"TX .\n", b"D " + line, b"TC .\n"]))
    []
    """
    header, changed = _read(patch, name)
    if b"prev" in header:
        before = _digest(old())
        _refuse_other(header[b"prev"], before, f"{name}: made for another dump than this one")
    kept = (line for line in old() if line not in changed)
    put = sorted(line for line, added in changed.items() if added)
    after = hashlib.sha256()
    for line in heapq.merge(kept, put):
        after.update(line)
        yield line
    _refuse_other(header.get(b"id", b""), after.digest(), f"{name}: the outcome isn't what it says")


def _digest(lines: Iterable[bytes]) -> bytes:
    whole = hashlib.sha256()
    for line in lines:
        whole.update(line)
    return whole.digest()


def _refuse_other(announced: bytes, digest: bytes, words: str) -> None:
    name = announced.decode("utf-8", "replace").strip("<>")
    if name.startswith("ni:///sha-256;") and name != digest_name(digest):
        raise TwingraphError(f"{words} ({name}); take the files of one release")


def _read(patch: Iterable[bytes], name: str) -> tuple[dict[bytes, bytes], dict[bytes, bool]]:
    """Return a patch's header and, for each line it speaks of, whether the line is there after."""
    header: dict[bytes, bytes] = {}
    done: dict[bytes, bool] = {}
    inside: dict[bytes, bool] | None = None
    number = 0
    for number, line in enumerate(patch, 1):
        change, header_line = _CHANGE.fullmatch(line), _HEADER.fullmatch(line)
        word = line.strip()
        if change and LINE.fullmatch(change[2]):
            (done if inside is None else inside)[change[2]] = change[1] == b"A"
        elif header_line:
            header[header_line[1]] = header_line[2]
        elif word == b"TX ." and inside is None:
            inside = {}
        elif word in (b"TC .", b"TA .") and inside is not None:
            done.update(inside if word == b"TC ." else {})
            inside = None
        elif word and not word.startswith(b"#"):
            raise TwingraphError(
                f"{name}:{number}: not understood; write H, TX, D, A or TC, IRIs in full and "
                "literals as canonical N-Quads"
            )
    if inside is not None:
        raise TwingraphError(f"{name}:{number}: ends within a transaction; take the whole file")
    return header, done
