"""The page with the figures: each script writes its own part of `docs/benchmarks.md`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def replaced(text: str, name: str, part: str) -> str:
    """Return a page with another text between its marks of that name.

    >>> replaced("<!-- measured: x -->\\nold\\n<!-- end of x -->\\n", "x", "new\\n")
    '<!-- measured: x -->\\nnew\\n<!-- end of x -->\\n'
    """
    first, last = f"<!-- measured: {name} -->\n", f"<!-- end of {name} -->\n"
    found = re.compile(re.escape(first) + ".*?" + re.escape(last), re.DOTALL)
    new, times = found.subn(lambda _: first + part + last, text)
    if times != 1:
        raise SystemExit(f"{PAGE.name} needs one line '{first.strip()}' and one '{last.strip()}'")
    return new


def write_part(name: str, part: str) -> None:
    """Put a script's result into its part of the page."""
    PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), name, part), encoding="utf-8")
