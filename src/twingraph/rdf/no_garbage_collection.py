"""Bulk work without the cyclic garbage collector.

A build makes millions of small values that live to its end and form no cycles. The collector walks
all of them again and again, which took a fifth of the time of a build (docs/benchmarks.md).
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def without_collector() -> Iterator[None]:
    """Switch the cyclic garbage collector off inside the block, and restore its state after it.

    >>> with without_collector():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def give_back() -> None:
    """Free cycles, and give memory that is not in use back to the system (glibc)."""
    gc.collect()
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
