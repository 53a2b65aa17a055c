"""The names of kinds of entities, and of languages, on pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from twingraph.translation import NNP_, NP_, Message, Plural, words_of

_KINDS: Final[Mapping[str, Plural]] = {
    "agreement": NNP_("kind of thing", "Agreement", "Agreements"),
    "cite": NNP_("kind of thing", "Citation", "Citations"),
    "claim": NNP_("kind of thing", "Claim", "Claims"),
    "contact": NNP_("kind of thing", "Contact point", "Contact points"),
    "decision": NNP_("kind of thing", "Decision", "Decisions"),
    "event": NNP_("kind of thing", "Event", "Events"),
    "geometry": NNP_("kind of thing", "Position", "Positions"),
    "membership": NNP_("kind of thing", "Membership", "Memberships"),
    "org": NNP_("kind of thing", "Organisation", "Organisations"),
    "partnership": NNP_("kind of thing", "Partnership", "Partnerships"),
    "person": NNP_("kind of thing", "Person", "People"),
    "place": NNP_("kind of thing", "Place", "Places"),
    "post": NNP_("kind of thing", "Office", "Offices"),
    "programme": NNP_("kind of thing", "Programme", "Programmes"),
    "project": NNP_("kind of thing", "Project", "Projects"),
    "quantity": NNP_("kind of thing", "Quantity", "Quantities"),
    "remark": NNP_("kind of thing", "Remark", "Remarks"),
    "source": NNP_("kind of thing", "Source document", "Source documents"),
    "statement": NNP_("kind of thing", "Public statement", "Public statements"),
    "unit": NNP_("kind of thing", "Unit of a body", "Units of bodies"),
    "scheme": NNP_("kind of thing", "Code list", "Code lists"),
    "concept": NNP_("kind of thing", "Code", "Codes"),
}

_LANGUAGES: Final[Mapping[str, Message]] = {
    "ar": NP_("language", "Arabic"),
    "be": NP_("language", "Belarusian"),
    "bg": NP_("language", "Bulgarian"),
    "cs": NP_("language", "Czech"),
    "de": NP_("language", "German"),
    "en": NP_("language", "English"),
    "es": NP_("language", "Spanish"),
    "fr": NP_("language", "French"),
    "he": NP_("language", "Hebrew"),
    "hu": NP_("language", "Hungarian"),
    "id": NP_("language", "Indonesian"),
    "it": NP_("language", "Italian"),
    "ja": NP_("language", "Japanese"),
    "mn": NP_("language", "Mongolian"),
    "nl": NP_("language", "Dutch"),
    "pl": NP_("language", "Polish"),
    "pt": NP_("language", "Portuguese"),
    "ru": NP_("language", "Russian"),
    "tr": NP_("language", "Turkish"),
    "uk": NP_("language", "Ukrainian"),
    "uz": NP_("language", "Uzbek"),
    "zh": NP_("language", "Chinese"),
}


def kind_name(kind: str, language: str) -> str:
    """Return the name of a kind in the singular.

    >>> kind_name("source", "en"), kind_name("source", "de")
    ('Source document', 'Quelldokument')
    """
    return words_of(language).plural(_KINDS[kind], 1)


def kinds_name(kind: str, language: str) -> str:
    """Return the name of a kind in the plural.

    >>> kinds_name("source", "en"), kinds_name("source", "de")
    ('Source documents', 'Quelldokumente')
    """
    return words_of(language).plural(_KINDS[kind], 2)


def language_name(tag: str, language: str) -> str:
    """Return the name of the language `tag` in `language`; the tag if it is unknown.

    >>> language_name("pl", "de"), language_name("tlh", "de")
    ('Polnisch', 'tlh')
    """
    name = _LANGUAGES.get(tag)
    return words_of(language).message(name) if name is not None else tag
