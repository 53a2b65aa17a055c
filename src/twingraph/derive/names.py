"""Names folded for finding: one plain ASCII form of whatever spelling, case or script.

A folded form is compared, never shown. The build publishes those of every name (`tg:foldedName`); a
search folds the typed text in the same way and looks for an equal form (docs/decisions/0010).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from anyascii import anyascii

from twingraph.rdf.dataset import text_of
from twingraph.rdf.iris import kind_of
from twingraph.rdf.ntriples import literal
from twingraph.rdf.vocabulary import CODES, RDFS, SKOS, TG

NAMES: Final = (RDFS.label, SKOS.prefLabel, SKOS.altLabel, TG.formerName)
FOLDED_KINDS: Final = frozenset(
    {"place", "org", "unit", "person", "event", "programme", "project", "concept"}
)

# Combining accents, the vowel points of Hebrew and Arabic, the Arabic kashida: many people omit
# them. The vowel signs of Indic scripts are never omitted, so they are kept.
_MARKS: Final = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")
# Signs within a word: apostrophes, soft and hard signs, Arabic ayn and hamza as anyascii has them.
_WITHIN: Final = re.compile("['`]")
_BETWEEN: Final = re.compile("[^a-z0-9]+")
# How German and Scandinavian names are written where a keyboard lacks the letter (as in passports).
_DIGRAPHS: Final = str.maketrans(
    {
        "ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe",
        "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Å": "Aa", "Ø": "Oe",
    }
)  # fmt: skip
_MAX_JOINED: Final = 4  # words of a name that people also write as one


def read_letters() -> None:
    """Load all tables of anyascii; it would open a file for each 256 characters when needed.

    A worker calls this before it gives up the right to open files. Letters end at U+2FFFF;
    surrogates are skipped.
    """
    for block in range(0x300):
        if not 0xD8 <= block < 0xE0:
            anyascii(chr(block << 8 | 0xFF))


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Return the form that the spellings of a name share: lower-case ASCII words, single spaces.

    >>> [fold(one) for one in ("MÜNCHEN", "Mu\u0308nchen", "Ｍｕｎｃｈｅｎ", "Мінськ", "北京")]
    ['munchen', 'munchen', 'munchen', 'minsk', 'beijing']
    >>> fold("Tel Aviv–Yafo"), fold("St.  Petersburg"), fold("Oʻzbekiston"), fold("Łódź")
    ('tel aviv yafo', 'st petersburg', 'ozbekiston', 'lodz')
    """
    whole = unicodedata.normalize("NFKC", text)
    plain_letters = anyascii(_MARKS.sub("", whole)).lower()
    return _BETWEEN.sub(" ", _WITHIN.sub("", plain_letters)).strip()


def forms(name: str) -> frozenset[str]:
    """Return every form under which a name is to be found.

    Beside the folded one that is the form with `ue` for `ü` and the like, and for a name of a few
    words the words written as one.

    >>> sorted(forms("Brüssel")), sorted(forms("La Paz"))
    (['bruessel', 'brussel'], ['la paz', 'lapaz'])
    """
    spelled = unicodedata.normalize("NFC", name)
    folded = {fold(spelled), fold(spelled.translate(_DIGRAPHS))}
    joined = {item.replace(" ", "") for item in folded if item.count(" ") < _MAX_JOINED}
    return frozenset(folded | joined) - {""}


def named_kind(iri: str, base: str) -> str | None:
    """Return the kind of a thing that is found by its names, `concept` for a code; else None.

    >>> base = "https://data.example.org/"
    >>> named_kind(base + "id/place/bonn", base), named_kind(CODES + "type/twinning", base)
    ('place', 'concept')
    >>> named_kind(base + "id/claim/bonn-minsk-kind", base) is None
    True
    """
    kind = kind_of(iri, base)
    if iri.startswith(CODES):
        kind = "concept" if iri.count("/") > CODES.count("/") else None
    return kind if kind in FOLDED_KINDS else None


def folded_names(thing: str, names: Iterable[str], base: str) -> Iterator[str]:
    """Yield the folded forms of the names of a thing that is found by name, as lines.

    Thing and names are texts of N-Triples, and so are the lines.

    >>> base = "https://data.example.org/"
    >>> [line.split(" ", 2)[2] for line in folded_names(f"<{base}id/place/a>", ['"A"'], base)]
    ['"a" .']
    """
    if named_kind(thing[1:-1], base) is not None:
        texts = {text_of(name) for name in names if name[0] == '"'}  # often equal in two languages
        folded = {form for text in texts for form in forms(text)}
        for form in sorted(folded):
            yield f"{thing} {TG.foldedName} {literal(form)} ."
