"""Lines by their property, by their value, and from a value back to its subjects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from twingraph.rdf.byte_lines import ByteLines
from twingraph.rdf.dataset import text_of
from twingraph.rdf.scan import raw_lines

Lines = Sequence[str]


def by_property(lines: Iterable[str]) -> Mapping[str, Lines]:
    """Return lines by their property, as it is written.

    >>> by_property(["<a> <p> <b> ."])["<p>"]
    ['<a> <p> <b> .']
    """
    found: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        found[line.split(" ", 2)[1]].append(line)
    return found


def raw_by_property(lines: Iterable[bytes]) -> Mapping[str, Lines]:
    """Return the same for lines that stay bytes until they are read."""
    found: dict[bytes, list[bytes]] = defaultdict(list)
    for line in lines:
        found[line.split(b" ", 2)[1]].append(line)
    return {name.decode(): ByteLines.of(several) for name, several in found.items()}


def by_value(lines: Iterable[str]) -> Mapping[str, Lines]:
    """Return lines by their value, as it is written.

    >>> by_value(["<a> <p> <b> .", '<a> <p> "b c" .'])
    {'<b>': ['<a> <p> <b> .'], '"b c"': ['<a> <p> "b c" .']}
    """
    found: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        found[line.split(" ", 2)[2][:-2]].append(line)
    return dict(found)


def inverted(lines: Lines) -> Callable[[str], Iterable[str]]:
    """Return a function from an IRI, or a literal's text, to the subjects of lines that have it.

    >>> lines = ['<a> <p> "b"@en .', "<b> <p> <b> ."]
    >>> raw = ByteLines.of([line.encode() for line in lines])
    >>> inverted(lines)("b"), inverted(raw)("b"), inverted(raw)("c")
    (['a', 'b'], ['a', 'b'], [])
    """
    raw = raw_lines(lines)
    if raw is None:
        index: dict[str, list[str]] = defaultdict(list)
        for line in lines:
            subject, _, end = line.split(" ", 2)
            is_plain = end[0] == "<" and "\\" not in end
            index[end[1:-3] if is_plain else text_of(end[:-2])].append(subject[1:-1])
        return lambda value: index.get(value, [])
    raw_index: dict[bytes, list[bytes]] = defaultdict(list)
    for raw_line in raw:  # made into text when they are found
        raw_subject, _, raw_end = raw_line.split(b" ", 2)
        is_iri = raw_end.startswith(b"<")
        value = raw_end[1:-3] if is_iri else text_of(raw_end[:-2].decode()).encode()
        raw_index[value].append(raw_subject)
    return lambda value: [item[1:-1].decode() for item in raw_index.get(value.encode(), ())]
