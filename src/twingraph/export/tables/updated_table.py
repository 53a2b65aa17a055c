"""A table of the previous build with the rows of some entities replaced."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping

_END = b"\r\n"


def edited(raw: bytes, rows: Mapping[str, bytes]) -> Iterator[bytes] | None:
    r"""Return the table, in pieces, with the rows of some things (by IRI) replaced by others.

    `raw` has a head, then rows sorted by the IRIs in their first cell. None where that can't be
    done line by line: a cell holds a line end, or an IRI is quoted.

    >>> made = edited(b"iri,name\r\nb,B\r\nd,D\r\n", {"b": b"", "c": b"c,C\r\n"})
    >>> b"".join(made or ())
    b'iri,name\r\nc,C\r\nd,D\r\n'
    """
    lines = raw.split(_END)
    quoted = (line for line in lines if b'"' in line)
    if lines.pop() or not lines or any(line[:1] == b'"' or line.count(b'"') & 1 for line in quoted):
        return None
    return _edited(lines, rows)


def _edited(lines: list[bytes], rows: Mapping[str, bytes]) -> Iterator[bytes]:
    reached = 0
    for thing, row in sorted(rows.items()):
        key = thing.encode()
        start = stop = bisect_left(lines, key, max(reached, 1), key=_first)
        while stop < len(lines) and _first(lines[stop]) == key:
            stop += 1
        yield _joined(lines[reached:start])
        yield row
        reached = stop
    yield _joined(lines[reached:])


def _first(line: bytes) -> bytes:
    return line[: line.index(b",")]


def _joined(lines: list[bytes]) -> bytes:
    return _END.join([*lines, b""])
