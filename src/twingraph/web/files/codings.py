"""Chooses the content coding that a client prefers (RFC 9110 §12.5.3), of the available ones."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

IDENTITY: Final = "identity"
_ORDER: Final = ("zstd", "gzip")  # of equal weights, the first is sent: its files are smaller
_ALIAS: Final = {"x-gzip": "gzip"}  # §8.4.1.3
_WEIGHT: Final = r"[ \t]*;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)"
_MEMBER: Final = re.compile(rf"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:{_WEIGHT})?")
_UNNAMED: Final = 0.0001  # below every weight that can be written


def choose_coding(header: str | None, available: Collection[str]) -> str | None:
    """Return the coding to send, `identity` for none; None where the client takes none of them.

    `available` are the codings in which the file lies beside the plain one. Without the header the
    plain file is sent: a simple request for `x.nq` gets the bytes of its published checksum.

    >>> [choose_coding(one, ("gzip", "zstd")) for one in (None, "gzip", "gzip, zstd", "br", "*")]
    ['identity', 'gzip', 'zstd', 'identity', 'zstd']
    >>> choose_coding("identity;q=0", ("gzip",)) is None
    True
    >>> [choose_coding(one, ("gzip",)) for one in ("gzip;q=0.5", "gzip;q=0.5, identity", "*;q=0")]
    ['gzip', 'identity', None]
    """
    weights: dict[str, float] = {}
    for text in (header or "").split(","):
        match = _MEMBER.fullmatch(text.strip())
        if match is not None:
            name = match[1].lower()
            weights.setdefault(_ALIAS.get(name, name), float(match[2]) if match[2] else 1.0)
    ready = [item for item in _ORDER if item in available]
    rated = [(weights.get(item, weights.get("*", 0.0)), item) for item in ready]
    best = max(rated, key=lambda each: each[0], default=(0.0, ""))
    # The file as it is always will do, unless it is ruled out; named, it competes.
    plain = weights.get(IDENTITY, 0.0 if weights.get("*") == 0 else _UNNAMED)
    if max(best[0], plain) == 0:
        return None
    return best[1] if best[0] >= plain else IDENTITY
