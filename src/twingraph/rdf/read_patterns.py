"""What was read of a graph, recorded as patterns: a result can change only with matching lines.

| pattern | which lines |
|---|---|
| `* * *` | all |
| `* * <>` | those whose value is an IRI |
| `* <p> *` | those with a property |
| `* <p> <o>` | those with a property and a value |
| `<k/ * *` | those about subjects of a kind: whose IRI is that up to its last `/` or `#` |
| `<k/ <p> *` | those of them with a property |

Whoever reads the same writes the same, so that a file of the build before is still right where no
changed line matches a pattern of what its writer read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from typing import Final

ALL: Final = "* * *"
LINKS: Final = "* * <>"


def of_property(predicate: str, value: str = "*") -> str:
    """Return the pattern of a predicate, or of a predicate with a value (N-Triples terms)."""
    return f"* {predicate} {value}"


def of_kind(subject: str, predicate: str = "*") -> str:
    """Return the pattern of statements about all subjects whose IRI has the same namespace.

    >>> of_kind("http://e/id/place/bonn")
    '<http://e/id/place/ * *'
    """
    cut = max(subject.rfind("/"), subject.rfind("#")) + 1
    return f"<{subject[:cut]} {predicate} *"


def patterns_of(line: str) -> Iterator[str]:
    """Yield every pattern that a line matches.

    >>> list(patterns_of('<http://e/a> <p> "o" .'))
    ['* * *', '* <p> *', '* <p> "o"', '<http://e/ * *', '<http://e/ <p> *']
    """
    subject, predicate, end = line.split(" ", 2)
    value = end[:-2]
    yield ALL
    if value[0] == "<":
        yield LINKS
    yield of_property(predicate)
    yield of_property(predicate, value)
    yield of_kind(subject[1:-1])
    yield of_kind(subject[1:-1], predicate)


def touched(lines: Iterable[str]) -> Set[str]:
    """Return all patterns that some lines match."""
    return {pattern for line in lines for pattern in patterns_of(line)}
