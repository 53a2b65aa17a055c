"""Translations of the program's texts, for each language with a catalogue (GNU gettext).

English is written in the source; each other language is a folder
`site/locale/<language>/LC_MESSAGES` with `twingraph.po` for translators and the compiled
`twingraph.mo` that is read here with the standard library. `make locale` extracts, merges and
compiles (docs/decisions/0038). Texts have placeholders by name, in the form of `str.format`.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

DOMAIN: Final = "twingraph"
SOURCE_LANGUAGE: Final = "en"
LOCALE: Final = Path(__file__).parent / "site" / "locale"
LANGUAGES: Final[tuple[str, ...]] = (
    SOURCE_LANGUAGE,
    *sorted(file.parts[-3] for file in LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")),
)

# The languages of texts that are written as pairs, not in the catalogues: changes of a release,
# titles of the catalogue, headers of queries. A further catalogue needs no more of them.
PAIRED: Final = ("en", "de")


class Message(NamedTuple):
    """A text that is translated when its reader is known; `context` separates two meanings.

    A value may be a message itself, or a tuple of alternatives.

    >>> str(M_("did you mean {names}?", names=("Bonn", "Bochum")))
    'did you mean Bonn or Bochum?'
    """

    text: str
    context: str = ""
    values: Mapping[str, object] = {}

    def __str__(self) -> str:
        """Return the text in English."""
        if not self.values:
            return self.text
        plain = {
            name: " or ".join(value) if isinstance(value, tuple) and not isinstance(value, Message)
            else str(value) if isinstance(value, Message) else value
            for name, value in self.values.items()
        }  # fmt: skip
        return self.text.format(**plain)


def N_(text: str) -> str:  # noqa: N802  # the name that gettext tools know
    """Mark a text in a table for extraction; the code that reads the table translates it."""
    return text


def M_(text: str, /, **values: object) -> Message:  # noqa: N802
    """Make a message that is translated later: what is refused, and what to write instead."""
    return Message(text, "", values)


def NP_(context: str, text: str) -> Message:  # noqa: N802
    """Mark a text in a table for extraction, together with its context."""
    return Message(text, context)


class Plural(NamedTuple):
    """A noun, or a text with a number, in the singular and the plural of English."""

    one: str
    many: str
    context: str


def NNP_(context: str, singular: str, plural: str) -> Plural:  # noqa: N802
    """Mark a noun in a table for extraction, with its plural and its context."""
    return Plural(singular, plural, context)


class Words:
    """One language: its texts, and how it writes numbers."""

    def __init__(self, language: str) -> None:
        """Open the catalogue of `language`; English, the source, has none."""
        self.language = language
        self._catalogue = (
            gettext.NullTranslations()
            if language == SOURCE_LANGUAGE
            else gettext.translation(DOMAIN, LOCALE, [language])
        )
        self._thousands = self.pgettext("thousands separator", ",")
        self._decimal = self.pgettext("decimal separator", ".")

    def gettext(self, text: str, /, **values: object) -> str:
        """Return `text` in this language, its placeholders filled with `values`.

        >>> words_of("de").gettext("line {number}", number=7)
        'Zeile 7'
        """
        translated = self._catalogue.gettext(text)
        return translated.format(**values) if values else translated

    def ngettext(self, singular: str, plural: str, number: int, /, **values: object) -> str:
        """Return the plural form for `number`; `{number}` is replaced by it, formatted.

        >>> [words_of("de").ngettext("{number} row", "{number} rows", n) for n in (1, 1430)]
        ['1 Zeile', '1.430 Zeilen']
        """
        translated = self._catalogue.ngettext(singular, plural, number)
        return translated.format(number=self.number(number), **values)

    def pgettext(self, context: str, text: str, /, **values: object) -> str:
        """Return the translation of `text` in `context`.

        >>> words_of("de").pgettext("column", "Office"), words_of("de").pgettext("month", "May")
        ('Stelle', 'Mai')
        """
        translated = self._catalogue.pgettext(context, text)
        return translated.format(**values) if values else translated

    def message(self, message: Message) -> str:
        """Return a marked text in this language."""
        values = {name: self._value(value) for name, value in message.values.items()}
        if message.context:
            return self.pgettext(message.context, message.text, **values)
        return self.gettext(message.text, **values)

    def _value(self, value: object) -> object:
        if isinstance(value, Message):
            return self.message(value)
        if isinstance(value, tuple):
            return self.pgettext("date", " or ").join(map(str, value))
        return value

    def error(self, error: Exception) -> str:
        """Return the message of an error, in this language if it has a translation.

        >>> words_of("de").error(ValueError("no message"))
        'no message'
        """
        first = error.args[0] if error.args else ""
        return self.message(first) if isinstance(first, Message) else str(error)

    def plural(self, noun: Plural, number: int) -> str:
        """Return the form of a marked noun that goes with `number`."""
        return self._catalogue.npgettext(noun.context, noun.one, noun.many, number)

    def number(self, number: int) -> str:
        """Return an integer with the thousands separator of the language.

        >>> words_of("en").number(1430), words_of("de").number(1430)
        ('1,430', '1.430')
        """
        return f"{number:,}".replace(",", self._thousands)

    def decimal(self, number: float, places: int) -> str:
        """Return a number with `places` decimal places.

        >>> words_of("en").decimal(3.79, 1), words_of("de").decimal(3.79, 1)
        ('3.8', '3,8')
        """
        return f"{number:.{places}f}".replace(".", self._decimal)


def choose_text(texts: Mapping[str, str], language: str) -> tuple[str, str]:
    """Return the text for a reader of `language`, and its language tag.

    The text in `language`, else without a language, else in English, else any; empty if there is
    none.

    >>> choose_text({"en": "Minsk", "be": "Мінск"}, "de")
    ('Minsk', 'en')
    """
    for tag in (language, "mul", "", SOURCE_LANGUAGE, *sorted(texts)):
        if tag in texts:
            return texts[tag], tag
    return "", ""


@cache
def words_of(language: str) -> Words:
    """Return the translations of one of `LANGUAGES`."""
    return Words(language)


def own_name(language: str) -> str:
    """Return the name of a language in that language.

    >>> [own_name(language) for language in ("en", "de")]
    ['English', 'Deutsch']
    """
    return words_of(language).pgettext("what this language calls itself", "English")
