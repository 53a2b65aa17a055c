"""The meaning of P190: which kinds of partnership we propose to Wikidata as P190, and why.

P190 ("twinned administrative body") is for "twin towns, sister cities, twinned municipalities and
other localities that have a partnership or cooperative agreement, either legally or informally
acknowledged by their governments": one flat property for every kind of lasting tie. Whether a tie
makes towns twins in our own graph (`tg:twinnedWith`) is another question, and a narrower one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple


class Kind(NamedTuple):
    """A code of `vocab/type/`: is it proposed as P190, does P190 express all of it, and why."""

    exported: bool
    flattened: bool
    en: str
    de: str


KINDS: Final[dict[str, Kind]] = {
    "case-by-case": Kind(
        False, True,
        "no: single projects without a standing partnership are no acknowledged tie",
        "nein: einzelne Projekte ohne dauerhafte Partnerschaft sind keine anerkannte Verbindung",
    ),
    "contact": Kind(
        False, True,
        "no: contact without any agreement is no partnership",
        "nein: Kontakt ohne jede Vereinbarung ist keine Partnerschaft",
    ),
    "friendship": Kind(
        True, True,
        "yes: friendly ties that both governments acknowledge, if informally",
        "ja: freundschaftliche Beziehungen, die beide Seiten anerkennen, wenn auch formlos",
    ),
    "partnership": Kind(
        True, False,
        "yes: a partnership whose kind the source leaves open",
        "ja: eine Partnerschaft, deren Art die Quelle offenlässt",
    ),
    "project-partnership": Kind(
        True, True,
        "yes: a lasting agreement, for joint projects only",
        "ja: eine dauerhafte Vereinbarung, aber nur für gemeinsame Projekte",
    ),
    "sister-city": Kind(
        True, False,
        "yes: the same as a twinning, under the American name",
        "ja: dasselbe wie eine Städtepartnerschaft, unter dem amerikanischen Namen",
    ),
    "solidarity-partnership": Kind(
        True, True,
        "yes: an acknowledged partnership to help in need",
        "ja: eine anerkannte Partnerschaft zur Hilfe in der Not",
    ),
    "twinning": Kind(
        True, False,
        "yes: what the property is named after",
        "ja: wonach die Eigenschaft heißt",
    ),
    "utility-partnership": Kind(
        True, True,
        "yes: a cooperative agreement of the towns' utilities, acknowledged by them",
        "ja: eine Vereinbarung der kommunalen Betriebe, von den Städten anerkannt",
    ),
}  # fmt: skip


def is_exported(kinds: Iterable[str]) -> bool:
    """Is a partnership of these kinds proposed as P190? One without a published kind is.

    >>> is_exported([]), is_exported(["case-by-case"]), is_exported(["case-by-case", "twinning"])
    (True, False, True)
    """
    known = [KINDS[kind] for kind in kinds if kind in KINDS]
    return not known or any(kind.exported for kind in known)


def is_flattened(kinds: Iterable[str]) -> bool:
    """Does P190 alone express less than these kinds do?

    >>> is_flattened(["friendship"]), is_flattened(["twinning"])
    (True, False)
    """
    known = [KINDS[kind] for kind in kinds if kind in KINDS]
    return bool(known) and all(kind.flattened for kind in known)
