"""Write the generated parts of the documentation anew: `python docs/generate.py [--check]`.

A part stands between `<!-- begin: NAME … -->` and `<!-- end: NAME -->`; what stands there is made
from the program, the ontology, the shapes, the data and the graph, never by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from parts.bonn import draw_bonn
from parts.columns import columns
from parts.commands import commands, help_of, server_rules, settings_table
from parts.problems import problem_list
from parts.tables import (
    bases,
    classes,
    code_lists,
    data_example,
    decisions,
    graphs,
    kinds,
    link_example,
    media_types,
    properties,
    resolved,
    rules,
    sparql_formats,
    types,
)

ROOT: Final = Path(__file__).parent.parent
BEGIN: Final = "<!-- begin: "
END: Final = "<!-- end: "

# name of a part -> what makes its lines from the words behind the name
PARTS: Final[dict[str, Callable[..., str]]] = {
    "bases": bases,
    "classes": classes,
    "code-lists": code_lists,
    "columns": columns,
    "commands": commands,
    "data": data_example,
    "decisions": decisions,
    "graphs": graphs,
    "help": help_of,
    "kinds": kinds,
    "link": link_example,
    "media-types": media_types,
    "problems": problem_list,
    "properties": properties,
    "resolved": resolved,
    "rules": rules,
    "server-rules": server_rules,
    "settings": settings_table,
    "sparql-formats": sparql_formats,
    "types": types,
}
PICTURES: Final[dict[str, Callable[[], str]]] = {"docs/pictures/bonn.svg": draw_bonn}


class PartError(Exception):
    """A page asks for a part that can't be made; the message says which and where."""


def pages() -> list[Path]:
    """Return every Markdown page that may hold generated parts, sorted."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def renew(text: str, name: str, parts: dict[str, Callable[..., str]] = PARTS) -> str:
    """Return a page with its parts made anew.

    >>> print(renew("<!-- begin: x a -->\\nold\\n<!-- end: x -->\\n", "p.md", {"x": str.upper}))
    <!-- begin: x a -->
    A
    <!-- end: x -->
    <BLANKLINE>
    """
    lines = iter(enumerate(text.split("\n"), 1))
    done: list[str] = []
    for number, line in lines:
        done.append(line)
        if not line.startswith(BEGIN):
            continue
        part, *words = line.removeprefix(BEGIN).removesuffix(" -->").split()
        if part not in parts:
            raise PartError(f"{name}:{number}: no part {part!r}; write one of {', '.join(parts)}")
        end = f"{END}{part} -->"
        if not any(inner == end for _, inner in lines):
            raise PartError(f"{name}:{number}: the part has no end; write {end}")
        try:
            done += [parts[part](*words).rstrip("\n"), end]
        except (LookupError, OSError, TypeError) as error:
            raise PartError(f"{name}:{number}: {part} {' '.join(words)}: {error}") from None
    return "\n".join(done)


def documents() -> dict[Path, str]:
    """Return every file that is generated, in whole or in parts, as it must be now."""
    made = {ROOT / name: draw() for name, draw in PICTURES.items()}
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if BEGIN in text:
            made[page] = renew(text, page.relative_to(ROOT).as_posix())
    return made


def main(arguments: Sequence[str]) -> int:
    """Write what is stale, or with `--check` only name it; 0 fine, 1 stale, 2 wrong usage."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write("write: python docs/generate.py [--check]\n")
        return 2
    try:
        made = documents()
    except PartError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    stale = [
        path for path, text in made.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]  # fmt: skip
    for path in stale:
        sys.stdout.write(f"{path.relative_to(ROOT).as_posix()}\n")
        if not arguments:
            path.write_text(made[path], encoding="utf-8", newline="\n")
    if arguments and stale:
        sys.stderr.write("stale; run 'make docs'\n")
    return int(bool(arguments and stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
