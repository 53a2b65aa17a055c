"""QuickStatements (V1): what our partnerships would add to Wikidata's P190, both ways.

One line a direction: dates with their precision, then one reference a document. What a source
only implies is left out, and so is every date that Wikidata could not tell as it is told here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from twingraph.link.facts import natural
from twingraph.link.twinnings import Evidence, StatedPair, Twinning

TWINNED: Final = "P190"
START: Final = "P580"
END: Final = "P582"
CIRCUMSTANCES: Final = "P1480"
CIRCA: Final = "Q5727902"
PRESUMABLY: Final = "Q18122778"
URL, TITLE, QUOTE, RETRIEVED = "S854", "S1476", "S1683", "S813"

_DATE: Final = re.compile(
    r"(?P<year>\d{4}|\d{3}X)(-(?P<month>\d{2})(-(?P<day>\d{2}))?)?(?P<about>~)?"
)
# Wikidata's own calendar question begins before this; nothing of ours is as old
_GREGORIAN: Final = 1583
# a bar parts commands and columns even inside quotes, and quotation marks end or alter a text
_UNSAFE: Final = re.compile(r'["“”|]')
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Written:
    """The commands, sorted, and one line for each thing left out."""

    lines: tuple[str, ...]
    left_out: tuple[str, ...]


def quickstatements(
    twinnings: Iterable[Twinning], existing: Iterable[tuple[str, str]] = ()
) -> Written:
    """Return the commands for `twinnings`, without those of the `existing` ordered pairs."""
    known = frozenset(existing)
    lines: list[tuple[tuple[int, str], tuple[int, str], str]] = []
    left_out: list[str] = []
    for twinning in twinnings:
        qualifiers, notes = _qualifiers(twinning)
        references, more = _references(twinning)
        both = (twinning.items, twinning.items[::-1])
        there = [f"{one} {TWINNED} {other}" for one, other in both if (one, other) in known]
        for one, other in both:
            if (one, other) not in known:
                cells = [one, TWINNED, other, *qualifiers, *references]
                lines.append((natural(one), natural(other), "\t".join(cells) + "\n"))
        if there:
            left_out.append(f"{twinning.name}: Wikidata has {' and '.join(there)}")
        left_out += [*notes, *more] if len(there) < len(both) else []
    return Written(tuple(line for _, _, line in sorted(lines)), tuple(left_out))


def _qualifiers(twinning: Twinning) -> tuple[list[str], list[str]]:
    """Return the cells of start, end and circumstances, and what was left out of them."""
    dates, notes = [], []
    for name, verb, told in (("start", START, twinning.start), ("end", END, twinning.end)):
        if told is None:
            continue
        time = wikidata_time(told.value)
        if time is None:
            notes.append(f"{twinning.name}: {name} {told.value}, for want of a precision for it")
        else:
            dates.append((name, verb, time, told))
    # P1480 speaks of the statement as a whole, so it must be true of every date it carries
    circumstances = {_circumstances(told) for _, _, _, told in dates}
    if len(circumstances) > 1:
        for name, _, _, told in dates:
            if _circumstances(told):
                notes.append(f"{twinning.name}: {name} {told.value}, as only one date is uncertain")
        dates = [one for one in dates if not _circumstances(one[3])]
        circumstances = {()}
    cells = [cell for _, verb, time, _ in dates for cell in (verb, time)]
    for items in circumstances:
        cells += [cell for item in items for cell in (CIRCUMSTANCES, item)]
    return cells, notes


def _circumstances(told: StatedPair) -> tuple[str, ...]:
    circa = (CIRCA,) if told.value.endswith("~") else ()
    return circa + ((PRESUMABLY,) if told.inferred else ())


def wikidata_time(value: str) -> str | None:
    """Return an EDTF date as Wikidata writes time and precision; None where it has no such.

    >>> wikidata_time("1967-06-27"), wikidata_time("1993~")
    ('+1967-06-27T00:00:00Z/11', '+1993-00-00T00:00:00Z/9')
    >>> wikidata_time("2018-05"), wikidata_time("199X"), wikidata_time("[1993~,2003]")
    ('+2018-05-00T00:00:00Z/10', '+1990-00-00T00:00:00Z/8', None)
    """
    match = _DATE.fullmatch(value)
    if match is None or int(match["year"].replace("X", "0")) < _GREGORIAN:
        return None
    decade = match["year"].endswith("X")
    if decade and (match["month"] or match["about"]):
        return None
    precision = 11 if match["day"] else 10 if match["month"] else 8 if decade else 9
    month, day = match["month"] or "00", match["day"] or "00"
    if int(month) > 12:  # a season of EDTF
        return None
    return f"+{match['year'].replace('X', '0')}-{month}-{day}T00:00:00Z/{precision}"


def _references(twinning: Twinning) -> tuple[list[str], list[str]]:
    """Return the cells of all references, each after the first opened by `!`."""
    cells: list[str] = []
    notes: list[str] = []
    for one in twinning.evidence:
        group, more = _reference(one)
        cells += [("!" if cells else "") + group[0], *group[1:]]
        notes += [f"{twinning.name}: {note}" for note in more]
    return cells, notes


def _reference(evidence: Evidence) -> tuple[list[str], list[str]]:
    page = evidence.page or evidence.about
    cells, notes = [URL, f'"{safe_url(page)}"'], []
    texts = [(TITLE, "title", evidence.title)] if evidence.title else []
    texts += [(QUOTE, "quote", one) for one in evidence.quotes]
    for prop, what, text in texts:
        written = monolingual(text, evidence.language)
        if written:
            cells += [prop, written]
        else:
            notes.append(f"a {what} of {evidence.name}, which V1 can't carry")
    if evidence.retrieved:
        cells += [RETRIEVED, f"+{evidence.retrieved}T00:00:00Z/11"]
    return cells, notes


def monolingual(text: str, language: str) -> str | None:
    r"""Return a text with its language as V1 writes it; None where V1 has no way to write it.

    >>> monolingual("City\nPartnerships", "en")
    'en:"City Partnerships"'
    >>> monolingual('so "called"', "en"), monolingual("a||b", "en"), monolingual("a", "")
    (None, None, None)
    """
    plain = "".join(one if one.isprintable() else " " for one in text)
    words = " ".join(plain.split())
    if not words or _UNSAFE.search(words) or not _LANGUAGE.fullmatch(language.lower()):
        return None
    return f'{language.lower()}:"{words}"'


def safe_url(url: str) -> str:
    """Return a URL in which nothing can end the cell that holds it.

    >>> safe_url('https://e.org/ä"|b c')
    'https://e.org/%C3%A4%22%7Cb%20c'
    """
    return quote(url, safe=":/?#[]@!$&'()*+,;=%~")


def summary(written: Written) -> Sequence[str]:
    """Return what a person is told beside the commands: counts first, then what was left out."""
    return (
        f"{len(written.lines)} statements; left out:",
        "every partnership: its kind (P3831), as no item for one has been confirmed",
        *written.left_out,
    )
