"""An unexpected exception -> a file with its traceback, and a line for the terminal.

What the user wrote is told where it is read; what arrives here is a mistake in twingraph itself.
"""

from __future__ import annotations

import os
import tempfile
import traceback
from typing import Final

from twingraph.problems import TwingraphError

_MOST: Final = 300  # characters of the message: the file has all of it


def mistake_error(error: BaseException) -> TwingraphError:
    """Return what to tell the user; the traceback is written into a file that the message names.

    The file is new and nobody else's to read (`mkstemp`). Where no folder takes it, the message has
    the place in our code instead.
    """
    message = " ".join(str(error).split())[:_MOST]
    what = f"{type(error).__name__}: {message}" if message else type(error).__name__
    if isinstance(error, MemoryError):
        return TwingraphError("there is not enough memory for this; end other programs, or give "
                              "more")  # fmt: skip
    words = f"a mistake of ours, not of yours ({what})"
    try:
        handle, name = tempfile.mkstemp(prefix="twingraph-mistake-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
            traceback.print_exception(error, file=stream)
    except OSError:
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
        return TwingraphError(f"{words}; please report it with this place: {where}")
    return TwingraphError(f"{words}; please report it with the traceback, which is in {name}")
