"""A query as it travels to a worker: a head of fixed size, the formats, extras, then the text.

    kind      1 byte   `QUERY`
    formats   1 byte   so many bytes name the formats of rows and of graphs, parted by a space
    extras    4 bytes  so many bytes of JSON name graphs and bindings; none where there are none
    text               the rest is the query in UTF-8

Most queries are short and have no extras: nothing of them is escaped, parsed or copied twice.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

QUERY: Final = b"Q"
_HEAD: Final = struct.Struct("!cBI")


class Question(NamedTuple):
    """A query: its text, the formats of rows and of graphs, its dataset, terms for variables.

    A format is a suffix, empty where none fits. `dataset` names the default and the named graphs,
    None for those of the text, or for all there is; `bindings` are terms in N-Triples by variable.
    """

    query: str
    rows: str
    graphs: str
    dataset: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    bindings: Mapping[str, str] | None = None


def pack(question: Question) -> bytes:
    """Return the bytes of a question; raise `UnicodeEncodeError` for a text with lone surrogates.

    >>> pack(Question("ASK {}", "json", "nt"))
    b'Q\\x07\\x00\\x00\\x00\\x00json ntASK {}'
    """
    extras = b""
    if question.dataset or question.bindings:
        extras = json.dumps([question.dataset, question.bindings]).encode()
    return head_of(question.rows, question.graphs, len(extras)) + extras + question.query.encode()


def unpack(packed: bytes) -> Question:
    """Return the question of its bytes.

    >>> unpack(pack(Question("ASK {}", "", "nt", bindings={"a": "<http://e/>"})))
    Question(query='ASK {}', rows='', graphs='nt', dataset=None, bindings={'a': '<http://e/>'})
    """
    _, formats, extras = _HEAD.unpack_from(packed)
    start = _HEAD.size + formats
    rows, graphs = _named(packed[_HEAD.size : start])
    dataset, bindings = json.loads(packed[start : start + extras]) if extras else (None, None)
    return Question(str(packed[start + extras :], "utf-8"), rows, graphs, dataset, bindings)


def head_of(rows: str, graphs: str, extras: int = 0) -> bytes:
    """Return the header, which is followed by the extras and the text."""
    formats = f"{rows} {graphs}".encode("ascii")
    return _HEAD.pack(QUERY, len(formats), extras) + formats


@lru_cache(maxsize=256)
def _named(formats: bytes) -> tuple[str, str]:
    rows, _, graphs = formats.decode("ascii").partition(" ")
    return rows, graphs
