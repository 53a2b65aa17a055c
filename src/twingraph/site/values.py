"""A value on a page: its text, its link, and its notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from twingraph.rdf.iris import page_path
from twingraph.rdf.vocabulary import PREFIXES, RDFS, TG, XSD
from twingraph.site.datewords import date_text
from twingraph.site.evidence import evidence_path, fragment_of, is_evidence
from twingraph.site.facts import MOST_DIGITS, Name, PageFacts, is_date, pick, short_iri
from twingraph.site.kind_names import language_name
from twingraph.site.links import local_link, outside_link, relative, site_name
from twingraph.site.reader import BuildReader, Term
from twingraph.translation import Words, words_of

_LANGUAGE_OF: Final = "http://purl.org/dc/terms/language"
_KILOMETRES: Final = TG.distanceKm.value

# properties from a piece of evidence to its owner; the first with a value counts
_OWNERS: Final = (
    TG.subject.value, PREFIXES["org"] + "organization", PREFIXES["org"] + "member", TG.about.value,
)  # fmt: skip


class Value(NamedTuple):
    """One value: `language` and `tag` where it isn't in the page's, `iso` for machines to read."""

    text: str
    href: str = ""
    language: str = ""
    iso: str = ""
    note: str = ""
    outside: bool = False
    absent: bool = False
    code: bool = False


class Citation(NamedTuple):
    """A citation as a page shows it: the quote, the document, the line."""

    anchor: str
    number: int
    href: str
    quote: str
    quote_language: str
    source: Value
    line: str
    supports: str
    anchored: bool = False  # is this the one place of the page that its address leads to?


@dataclass(frozen=True)
class ValueFormatter:
    """Turns loaded `facts` into values for the page at `current_path`."""

    facts: PageFacts
    current_path: str

    @property
    def site(self) -> BuildReader:
        """The site whose page is made."""
        return self.facts.site

    @property
    def language(self) -> str:
        """The language of the page."""
        return self.facts.language

    @property
    def words(self) -> Words:
        """The translations of the page's language."""
        return words_of(self.language)

    def link(self, iri: str, note: str = "") -> Value:
        """Return the name of an entity, linked to its page."""
        name = self.facts.name(iri)
        href = self._evidence(iri) if is_evidence(iri, self.site.base) else None
        if href is None:
            href = self._local(iri)
        if href is not None:
            return Value(name.text, href, name.language, note=note)
        return self.outside(iri, name, note)

    def _evidence(self, iri: str) -> str | None:
        """Return the link to a piece of evidence on the page of its entity."""
        base = self.site.base
        owners = (self.facts.links(iri, verb) for verb in _OWNERS)
        known = next((links for links in owners if links), [])
        owner = min(known, key=lambda each: (is_evidence(each, base), each), default=None)
        if owner is not None and not is_evidence(owner, base):
            page = page_path(self.site.path(owner) or "", self.language)
            place = f"{page}#{fragment_of(iri)}" if page is not None else None
        else:
            place = evidence_path(self.site, iri, self.language)
        return relative(place, self.current_path) if place is not None else None

    def outside(self, iri: str, name: Name | None = None, note: str = "") -> Value:
        """Return a link out of our site; an IRI that is no web address stays text."""
        text = name.text if name is not None else short_iri(iri, self.site.prefixes)
        return Value(text, outside_link(iri) or "", note=note, outside=True)

    def _local(self, iri: str) -> str | None:
        return local_link(iri, self.language, self.current_path, self.site.base)

    def elsewhere(self, iri: str) -> Value:
        """Return a link to the same entity, or a page about it, on another site."""
        site = site_name(iri)
        name = short_iri(iri, self.site.prefixes)
        last = iri.rstrip("/").rpartition("/")[2]
        text = f"{site}: {last}" if site and len(last) < 60 else name
        return Value(text, outside_link(iri) or "", outside=True)

    def value(self, term: Term, verb: str = "", note: str = "") -> Value:
        """Return a value of property `verb` in words."""
        if isinstance(term, NamedNode):
            return self.link(term.value, note)
        if is_date(term):
            text, iso = date_text(term.value, self.language, since=verb == TG.contactsSince.value)
            return Value(text, iso=iso, note=note)
        return self._plain(term, verb, note)

    def _plain(self, term: Literal, verb: str, note: str) -> Value:
        text, language = term.value, term.language or ""
        if term.datatype == XSD.boolean:
            text = self.words.gettext("yes")
        elif verb == _KILOMETRES and text.isdigit():
            text = self.words.gettext("{number} km", number=self.words.number(int(text)))
        elif verb == _LANGUAGE_OF:
            text = language_name(text, self.language)
        code = verb == TG.sha256.value or term.datatype.value.endswith("wktLiteral")
        shown = "" if language == self.language else language
        return Value(text, language=shown, note=note, code=code)

    def values(self, thing: str, verb: str) -> list[Value]:
        """Return all values of a property; of a text in several languages only the reader's."""
        terms = self.facts.values(thing, verb)
        texts = self.facts.texts(thing, verb)
        if len(texts) > 1 and len(texts) == len(terms) and "" not in texts:
            name = pick(texts, self.language)
            return [Value(name.text, language=name.language)]
        formatted = [self.value(term, verb) for term in terms]
        return sorted(formatted, key=lambda value: (not value.href, sort_key(value.text)))

    def text(self, thing: str, verb: NamedNode | str) -> Value | None:
        """Return a text in the reader's language, None where there is none."""
        name = pick(self.facts.texts(thing, verb), self.language)
        return Value(name.text, language=name.language) if name.text else None

    def property_name(self, verb: str) -> Value:
        """Return the name of a property, linked to its definition if it is ours."""
        name = self.facts.name(verb)
        return Value(name.text, self._local(verb) or "", name.language)

    def citation(self, iri: str, number: int = 0) -> Citation:
        """Return a citation with its quote, document and line."""
        facts = self.facts
        quote, line = facts.one(iri, TG.quote), facts.one(iri, TG.line)
        sources = facts.links(iri, TG.inSource)
        spoken = facts.one(sources[0], _LANGUAGE_OF) if sources else None
        supports = [facts.name(each_iri).text for each_iri in facts.links(iri, TG.supports)]
        return Citation(
            anchor=fragment_of(iri),
            number=number,
            href=self._in_source(iri, sources),
            quote=quote.value if quote is not None else "",
            quote_language=spoken.value if spoken is not None else "",
            source=self.link(sources[0])
            if sources
            else Value(self.words.gettext("unknown"), absent=True),
            line=self.words.gettext("line {number}", number=line.value) if line is not None else "",
            supports=self.words.gettext("for: {properties}", properties=", ".join(supports))
            if supports
            else "",
        )

    def _in_source(self, iri: str, sources: list[str]) -> str:
        """Return the link to a citation among those of its document."""
        page = self._local(sources[0]) if sources else None
        return f"{page}#{fragment_of(iri)}" if page is not None else ""

    def citations(self, things: Iterable[str]) -> list[Citation]:
        """Return the citations of some entities, each once, in the order of the documents."""
        cites = {iri for thing in things for iri in self.facts.links(thing, TG.cites)}
        return [
            self.citation(item, number)
            for number, item in enumerate(sorted(cites, key=self._place), 1)
        ]

    def _place(self, citation: str) -> tuple[str, int, str]:
        source = "".join(self.facts.links(citation, TG.inSource)[:1])
        line = self.facts.one(citation, TG.line)
        digits = line.value if line is not None else ""
        number = int(digits) if digits.isdecimal() and len(digits) <= MOST_DIGITS else 0
        return source, number, citation

    def comment(self, thing: str) -> Value | None:
        """Return the curator's comment on an entity."""
        return self.text(thing, RDFS.comment)


class TextFormatter(ValueFormatter):
    """The same texts without links, for tables with thousands of entities.

    Each entity is named, and each value formatted, once.
    """

    def __init__(self, facts: PageFacts, current_path: str) -> None:
        """Format for the page at `current_path`; `facts` are complete."""
        super().__init__(facts, current_path)
        self._links: dict[tuple[str, str], Value] = {}
        self._values: dict[tuple[Term, str, str], Value] = {}

    def link(self, iri: str, note: str = "") -> Value:
        """Return the name of an entity."""
        cached = self._links.get((iri, note))
        if cached is None:
            name = self.facts.name(iri)
            cached = Value(name.text, language=name.language, note=note)
            self._links[iri, note] = cached
        return cached

    def value(self, term: Term, verb: str = "", note: str = "") -> Value:
        """Return the text of a value of property `verb`."""
        cached = self._values.get((term, verb, note))
        if cached is None:
            cached = self._values[term, verb, note] = super().value(term, verb, note)
        return cached


_FOLD: Final = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss", "ł": "l", "é": "e"})


def sort_key(text: str) -> str:
    """Return the sort key of a name, which ignores case and accents.

    >>> sorted(["Zürich", "Äthiopien", "berlin"], key=sort_key)
    ['Äthiopien', 'berlin', 'Zürich']
    """
    folded = text.casefold()
    return folded if folded.isascii() else folded.translate(_FOLD)
