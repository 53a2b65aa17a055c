"""Our dates (EDTF) beside Wikidata's (time and precision): the same, finer, or different?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal

from twingraph.link.wikidata.statements import DAY, DECADE, MONTH, YEAR, WikidataTime

_EDTF: Final = re.compile(
    r"(?P<year>\d{4}|\d{3}X)(-(?P<month>\d{2})(-(?P<day>\d{2}))?)?(?P<about>~)?"
)
# Wikidata's own question of calendars begins before this; nothing of ours is as old
_GREGORIAN: Final = 1583
PRECISIONS: Final = {DAY: "day", MONTH: "month", YEAR: "year", DECADE: "decade", 7: "century"}

Relation = Literal["same", "finer", "coarser", "different"]


def wikidata_time(value: str) -> WikidataTime | None:
    """Return an EDTF date as a Wikidata time; None if Wikidata can't express it.

    >>> wikidata_time("1967-06-27").value, wikidata_time("1993~").precision
    ('+1967-06-27T00:00:00Z', 9)
    >>> wikidata_time("2018-05").value, wikidata_time("199X").precision
    ('+2018-05-00T00:00:00Z', 8)
    >>> wikidata_time("[1993~,2003]") is None
    True
    """
    match = _EDTF.fullmatch(value)
    if match is None or int(match["year"].replace("X", "0")) < _GREGORIAN:
        return None
    decade = match["year"].endswith("X")
    if decade and (match["month"] or match["about"]):
        return None
    precision = DAY if match["day"] else MONTH if match["month"] else DECADE if decade else YEAR
    month, day = match["month"] or "00", match["day"] or "00"
    if int(month) > 12:  # a season of EDTF
        return None
    return WikidataTime(f"+{match['year'].replace('X', '0')}-{month}-{day}T00:00:00Z", precision)


def relate(own: WikidataTime, others: Sequence[WikidataTime]) -> Relation:
    """Return the relation of our date to theirs; of several of theirs, to the nearest.

    Both are cut to the coarser precision first: `+1953-01-01` of precision 9 is the year 1953.

    >>> relate(WikidataTime("+1953-00-00T00:00:00Z", 9), [WikidataTime("+1953-01-01T00:00:00Z", 9)])
    'same'
    >>> relate(WikidataTime("+1987-07-02T00:00:00Z", 11), [WikidataTime("+1987-00-00T00:00:00Z")])
    'finer'
    """
    order: tuple[Relation, ...] = ("same", "finer", "coarser", "different")
    return min((_relate(own, their) for their in others), key=order.index, default="different")


def _relate(own: WikidataTime, other: WikidataTime) -> Relation:
    precision = min(own.precision, other.precision)
    if _cut(own, precision) != _cut(other, precision) or not other.value:
        return "different"
    if own.precision == other.precision:
        return "same"
    return "finer" if own.precision > other.precision else "coarser"


def _cut(time: WikidataTime, precision: int) -> str:
    text = time.value
    year = text.partition("-")[0] if not text.startswith("-") else text[:5]
    if precision >= DAY:
        return text[:11]
    if precision == MONTH:
        return text[:8]
    if precision == YEAR:
        return year
    return year[: -1 if precision == DECADE else -2 if precision == 7 else -3]
