"""The statements that a page has loaded from the graph, and the names of the entities in them.

A few queries about many entities each keep a page cheap on a remote store: load the entities of the
page, then call `complete()` once, then read names as often as needed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from copy import copy
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from twingraph.rdf.iris import kind_of
from twingraph.rdf.vocabulary import EDTF, PREFIXES, RDFS, SKOS, TG
from twingraph.site.datewords import date_text
from twingraph.site.incoming import incoming_of, own_triples
from twingraph.site.kind_names import kind_name
from twingraph.site.properties import FOREIGN
from twingraph.site.reader import BuildReader, Term
from twingraph.translation import choose_text, words_of

_LABELS: Final = (
    RDFS.label.value, SKOS.prefLabel.value, "http://purl.org/dc/terms/title",
)  # fmt: skip
# Kinds without labels: their names are made from their statements.
_UNNAMED: Final = {"cite", "claim", "remark", "quantity", "geometry", "contact"}
_LONG: Final = 90
MOST_DIGITS: Final = 18  # of a number that is grouped in thousands; a longer one is shown as it is
_KEPT: Final = 10_000  # entities whose labels are kept from page to page
_Labels = list[tuple[str, Term]]


class Name(NamedTuple):
    """The name of an entity, and its language if that is not the page's."""

    text: str
    language: str = ""


def pick(texts: Mapping[str, str], language: str) -> Name:
    """Return the text for a reader of `language`, with its tag where that is another language.

    >>> pick({"en": "Minsk", "be": "Мінск"}, "de")
    Name(text='Minsk', language='en')
    """
    text, tag = choose_text(texts, language)
    return Name(text, "" if tag == language else tag)


class PageFacts:
    """Thing -> property -> values, as far as a page needs them."""

    def __init__(self, site: BuildReader, language: str) -> None:
        """Start with nothing known."""
        self.site = site
        self.language = language
        self.incoming: list[tuple[str, str]] = []
        self.numbers: Mapping[str, int] = {}  # of statements that point to the entity, by property
        self._seen: set[str] = set()  # everything that is mentioned
        self._of: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
        self._known: set[str] = set()
        self._labelled: set[str] = set()
        self._names: dict[str, Name] = {}  # until more is loaded

    def in_language(self, language: str) -> PageFacts:
        """Return the same facts with the names of another language; load nothing more into either.

        The names that one has found already would not see what is loaded through the other.
        """
        other = copy(self)
        other.language = language
        other._names = {}
        return other

    def read_description(self, thing: str) -> None:
        """Load the statements of `thing` (`own.rq`), and count those that point to it."""
        for triple in own_triples(self.site, thing):
            value = triple.object
            if not (
                isinstance(triple.subject, NamedNode) and isinstance(value, NamedNode | Literal)
            ):
                continue
            subject, verb = triple.subject.value, triple.predicate.value
            if not (isinstance(value, NamedNode) and value.value == thing and subject != thing):
                self._add(subject, verb, value)
        pointing, numbers = incoming_of(self.site, thing)
        self.incoming = [item for item in pointing if item[1] != thing]
        itself = Counter(verb for verb, item in pointing if item == thing)
        self.numbers = {verb: number - itself[verb] for verb, number in numbers.items()}
        self._known.add(thing)

    def _add(self, thing: str, verb: str, value: Term) -> None:
        if self._names:
            self._names.clear()
        values = self._of[thing][verb]
        if value not in values:
            values.append(value)
            self._seen.update((thing, verb))
            if isinstance(value, NamedNode):
                self._seen.add(value.value)

    def load(self, things: Iterable[str]) -> None:
        """Load all statements of each of `things`."""
        self._ask("nodes", {thing for thing in things if thing not in self._known}, self._known)

    def complete(self) -> None:
        """Load the labels of all entities in the loaded statements."""
        self._label()
        unnamed = {item for item in self._seen if kind_of(item, self.site.base) in _UNNAMED}
        self.load(unnamed)
        self._label()

    def _label(self) -> None:
        wanted = self._seen - self._labelled
        kept: dict[str, _Labels] = self.site.remember("labels", dict)
        known = {item: labels for item in wanted if (labels := kept.get(item)) is not None}
        missing = {item: _Labels() for item in wanted if item not in known}
        for thing, verb, value in self.site.statements_of("labels", missing):
            missing[thing].append((verb, value))
        if len(missing) <= _KEPT:
            if len(kept) + len(missing) > _KEPT:
                kept.clear()
            kept.update(missing)
        for item, labels in (known | missing).items():
            for verb, value in labels:
                self._add(item, verb, value)
        self._labelled |= wanted

    def mention(self, things: Iterable[str]) -> None:
        """Note entities that a page names without having loaded them."""
        self._seen.update(things)

    def _ask(self, query: str, things: set[str], done: set[str]) -> None:
        for thing, verb, value in self.site.statements_of(query, things):
            self._add(thing, verb, value)
        done |= things

    # --- reading ---------------------------------------------------------------------------------

    def values(self, thing: str, verb: NamedNode | str) -> list[Term]:
        """Return the values of a property, IRIs first, in a stable order."""
        name = verb.value if isinstance(verb, NamedNode) else verb
        known = self._of.get(thing)
        terms = known.get(name, ()) if known else ()
        if len(terms) < 2:
            return list(terms)
        return sorted(terms, key=lambda term: (isinstance(term, Literal), term.value, str(term)))

    def one(self, thing: str, verb: NamedNode | str) -> Term | None:
        """Return the first value of a property, None where there is none."""
        return next(iter(self.values(thing, verb)), None)

    def links(self, thing: str, verb: NamedNode | str) -> list[str]:
        """Return the IRIs among the values of a property."""
        return [item.value for item in self.values(thing, verb) if isinstance(item, NamedNode)]

    def properties(self, thing: str) -> list[str]:
        """Return the properties of an entity, sorted."""
        return sorted(self._of[thing]) if thing in self._of else []

    def texts(self, thing: str, verb: NamedNode | str) -> dict[str, str]:
        """Return the texts of a property by their language tag."""
        values = self.values(thing, verb)
        if not values:
            return {}
        literals = [item for item in values if isinstance(item, Literal)]
        return {item.language or "": item.value for item in reversed(literals)}

    # --- names -----------------------------------------------------------------------------------

    def name(self, iri: str) -> Name:
        """Return the name of an entity: its label, else one made from its statements."""
        name = self._names.get(iri)
        if name is None:
            name = self._names[iri] = self._name(iri)
        return name

    def _name(self, iri: str) -> Name:
        for verb in _LABELS:
            texts = self.texts(iri, verb)
            if texts:
                return pick(texts, self.language)
        if iri in FOREIGN:
            return Name(words_of(self.language).message(FOREIGN[iri]))
        graph = iri.removeprefix(f"{self.site.base}graph/")
        if graph != iri:
            return Name(words_of(self.language).gettext("graph {name}").format(name=graph))
        kind = kind_of(iri, self.site.base)
        made = self._made_name(iri, kind) if kind in _UNNAMED else None
        return made or Name(short_iri(iri, self.site.prefixes))

    def _made_name(self, iri: str, kind: str | None) -> Name | None:
        kind_word = kind_name(kind or "", self.language)
        match kind:
            case "cite":
                quote = self.one(iri, TG.quote)
                return Name(f"“{quote.value}”") if quote is not None else None
            case "claim":
                subject, verb = self.links(iri, TG.subject), self.links(iri, TG.property)
                if subject and verb:
                    return Name(f"{self.name(subject[0]).text}: {self.name(verb[0]).text}")
            case "remark":
                comment = pick(self.texts(iri, RDFS.comment), self.language)
                return Name(shorten(comment.text), comment.language) if comment.text else None
            case "quantity":
                return Name(self.quantity(iri))
            case "geometry" | "contact":
                slug = iri.rpartition("/")[2]
                owner = [item for verb, item in self.incoming if iri in self.links(item, verb)]
                called = self.name(owner[0]).text if owner else slug
                return Name(f"{kind_word}: {called}")
        return None

    def quantity(self, iri: str) -> str:
        """Return a quantity in words: `> 1,000 artists in exchange`."""
        counts = self.links(iri, TG.counts)
        number = self.one(iri, TG.number)
        comparator = self.one(iri, TG.comparator)
        sign = {"=": "", ">=": "≥ ", "<=": "≤ ", "~": "≈ "}
        mark = comparator.value if comparator is not None else "="
        digits = number.value if number is not None else "?"
        if digits.isdecimal() and len(digits) <= MOST_DIGITS:
            digits = words_of(self.language).number(int(digits))
        counted = self.name(counts[0]).text if counts else ""
        return f"{sign.get(mark, mark + ' ')}{digits} {counted}".strip()

    def date(self, value: Term | None) -> str:
        """Return a date in words; '' for None."""
        return date_text(value.value, self.language).text if value is not None else ""


def facts_about(site: BuildReader, language: str, rows: Iterable[Iterable[object]]) -> PageFacts:
    """Return the facts that a page needs to name every IRI in `rows`."""
    facts = PageFacts(site, language)
    facts.mention(term.value for row in rows for term in row if isinstance(term, NamedNode))
    facts.complete()
    return facts


def is_date(value: Term) -> bool:
    """Is it a date that can be written in words?"""
    return isinstance(value, Literal) and (
        value.datatype == EDTF or value.datatype.value == PREFIXES["xsd"] + "date"
    )


def shorten(text: str) -> str:
    """Return `text`, cut between two words where it is long.

    >>> shorten("one two " * 20)[-9:]
    'one two …'
    """
    return text if len(text) <= _LONG else text[:_LONG].rpartition(" ")[0] + " …"


def short_iri(iri: str, prefixes: Mapping[str, str]) -> str:
    """Return an IRI as prefixed name where a prefix fits, else as it is.

    >>> short_iri("http://www.w3.org/ns/org#member", PREFIXES)
    'org:member'
    """
    cut = max(iri.rfind("#"), iri.rfind("/")) + 1
    for prefix, namespace in prefixes.items():
        if namespace == iri[:cut] and iri[cut:]:
            return f"{prefix}:{iri[cut:]}"
    return iri
