"""What goes first: look-ups before pages, pages before long queries, those before preparations.

A priority alone does not see to that. A kernel that does not preempt lets a process that wakes wait
for the time slice of whatever computes, some milliseconds, whatever their priorities. So what
computes for long is kept off one of the cores, where there are several.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from typing import Final


def lower_page(pid: int) -> None:
    """Let look-ups go before a process that makes pages; it may have every core."""
    os.setpriority(os.PRIO_PROCESS, pid, 10)


def lower(pid: int) -> None:
    """Let look-ups and pages go before a process, and keep it off one core."""
    lower_page(pid)
    leave_a_core(pid)


def lower_most(pid: int) -> None:
    """Let everybody else go before a process: what takes long has time."""
    os.setpriority(os.PRIO_PROCESS, pid, 19)
    leave_a_core(pid)
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):  # a place where this is forbidden
            os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))


ORDERS: Final[Mapping[str, Callable[[int], None]]] = {
    "A": lower_page,
    "L": lower,
    "M": lower_most,
}
"""What a process may be ordered to, by the letters that `worker.py` knows."""


def leave_a_core(pid: int) -> None:
    """Keep a process (0: this one) off the first core that this one may use, unless it is the only.

    All processes of a service leave the same core.
    """
    if not hasattr(os, "sched_setaffinity"):  # no Linux
        return
    with contextlib.suppress(OSError):  # a place where this is forbidden
        cores = os.sched_getaffinity(0)
        if len(cores) > 1:
            os.sched_setaffinity(pid, cores - {min(cores)})
