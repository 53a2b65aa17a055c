"""A time of Wikibase (text, precision, calendar) -> EDTF at its own precision, never finer.

https://www.mediawiki.org/wiki/Wikibase/DataModel#Dates_and_times: month and day may be 00, and
`+1953-01-01` with precision 9 means the year. Precision 7 (century) is used both ways in practice,
so it gives wide bounds. Times that EDTF can't express (before year 1, above a century) are kept as
they are, elsewhere.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

DAY: Final = 11
MONTH: Final = 10
YEAR: Final = 9
DECADE: Final = 8
CENTURY: Final = 7
JULIAN: Final = "Q1985786"
_TIME: Final = re.compile(r"([+-]?)0*(\d{1,16})-(\d{2})-(\d{2})(T.*)?")


def edtf_of(text: str, precision: int, calendar: str = "") -> str:
    """Return the EDTF of a time; empty if our EDTF can't express it.

    >>> edtf_of("+1953-00-00T00:00:00Z", 9), edtf_of("+1953-01-01T00:00:00Z", 9)
    ('1953', '1953')
    >>> edtf_of("+00000002014-05-17T00:00:00Z", 11), edtf_of("+1954-05-00T00:00:00Z", 11)
    ('2014-05-17', '1954-05')
    >>> edtf_of("+1950-00-00T00:00:00Z", 8), edtf_of("+1900-00-00T00:00:00Z", 7)
    ('195X', '[1801..1999]')
    >>> edtf_of("-0044-03-15T00:00:00Z", 11), edtf_of("+1582-10-05T00:00:00Z", 11, JULIAN)
    ('', '1582-10-15')
    """
    match = _TIME.fullmatch(text.strip())
    if match is None or match[1] == "-":
        return ""
    year, month, day = int(match[2]), int(match[3]), int(match[4])
    if not 1 <= year <= 9999 or month > 12 or day > 31 or precision < CENTURY:
        return ""
    if precision == CENTURY:
        first = (year - 1) // 100 * 100 + 1 if year % 100 == 0 else year // 100 * 100 + 1
        return f"[{first:04}..{min(first + 198, 9999):04}]"
    if precision == DECADE:
        return f"{year // 10:03}X"
    if precision == YEAR or month == 0:
        return f"{year:04}"
    if precision == MONTH or day == 0:
        return f"{year:04}-{month:02}"
    try:
        if calendar.rpartition("/")[2] == JULIAN:
            return from_julian(year, month, day).isoformat()
        return date(year, month, day).isoformat()
    except (ValueError, OverflowError):
        return f"{year:04}-{month:02}"


def from_julian(year: int, month: int, day: int) -> date:
    """Return a day of the Julian calendar in the Gregorian.

    >>> from_julian(1918, 1, 31).isoformat()
    '1918-02-13'
    """
    before = year - (month < 3)
    ahead = before // 100 - before // 400 - 2
    return date(year, month, 1) + timedelta(days=day - 1 + ahead)


def is_late_julian(text: str, calendar: str) -> bool:
    """Is it a Julian date of a time in which no city counts so (after 1920)? Most likely a slip.

    >>> is_late_julian("+1988-01-01T00:00:00Z", JULIAN), is_late_julian("+1700-01-01", JULIAN)
    (True, False)
    """
    match = _TIME.fullmatch(text.strip())
    return bool(match and calendar.rpartition("/")[2] == JULIAN and int(match[2]) > 1920)
