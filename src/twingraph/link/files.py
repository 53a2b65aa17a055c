"""The files of `links/` in a build, one writer a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from twingraph.link.facts import TARGETS, Linked
from twingraph.link.maps import write_beacon, write_json_map
from twingraph.link.missing import write_missing_csv, write_missing_json
from twingraph.link.sssom import write_sssom
from twingraph.link.void import write_void

FOLDER: Final = "links/"
LINKSETS: Final = FOLDER + "void.ttl"
_BY_TARGET: Final = {
    ".beacon.txt": write_beacon,
    ".json": write_json_map,
    ".sssom.tsv": write_sssom,
}

FILES: Final[dict[str, Callable[[Linked], str]]] = {
    FOLDER + "missing.csv": write_missing_csv,
    FOLDER + "missing.json": write_missing_json,
    LINKSETS: write_void,
    **{
        f"{FOLDER}{target.name}{suffix}": partial(write, target=target)
        for target in TARGETS.values()
        for suffix, write in _BY_TARGET.items()
    },
}
