"""Pages of the code lists: the list of all, and each with its codes."""

from __future__ import annotations

from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from twingraph.rdf.vocabulary import CODES, PREFIXES, SCHEMES
from twingraph.site.facts import PageFacts
from twingraph.site.kind_names import kind_name
from twingraph.site.lists import ListPage
from twingraph.site.partners import iris_in
from twingraph.site.reader import BuildReader
from twingraph.site.values import Value, ValueFormatter, sort_key
from twingraph.translation import words_of

_DEFINITION: Final = PREFIXES["skos"] + "definition"


def vocabulary_page(site: BuildReader, language: str, current_path: str) -> ListPage:
    """Make the list of the code lists."""
    rows = site.rows("schemes")
    facts = PageFacts(site, language)
    facts.load(iris_in(rows))
    facts.complete()
    formatter = ValueFormatter(facts, current_path)
    words = words_of(language)
    table = []
    for row in rows:
        scheme, number = row["scheme"], row["concepts"]
        if isinstance(scheme, NamedNode) and number is not None:
            definition = formatter.text(scheme.value, _DEFINITION)
            shown = [definition] if definition else []
            table.append([[formatter.link(scheme.value)], shown, [Value(number.value)]])
    table.sort(key=lambda row: sort_key(row[0][0].text))
    columns = [words.gettext("Name"), words.gettext("Definition"), words.gettext("Codes")]
    return ListPage(
        words.gettext("Code lists"),
        words.gettext(
            "Controlled values, each with its definition. Data names them by their address."
        ),
        columns,
        table,
        "",
        None,
    )


class CodePage(NamedTuple):
    """A code list: what it is for, and its codes."""

    title: Value
    kind: str
    iri: str
    definition: Value | None
    columns: list[str]
    rows: list[list[list[Value]]]


def scheme_page(site: BuildReader, iri: str, language: str, current_path: str) -> CodePage:
    """Make the page of a code list, narrower codes below the broader."""
    rows = site.rows("concepts", this=NamedNode(iri))
    facts = PageFacts(site, language)
    facts.load({iri, *iris_in(rows)})
    facts.complete()
    formatter = ValueFormatter(facts, current_path)
    broader = {str(row["concept"].value): row["broader"] for row in rows if row["concept"]}
    order: list[tuple[str, int]] = []

    def add(parent: str | None, depth: int) -> None:
        below = [key for key, up in broader.items() if (up.value if up else None) == parent]
        for item in sorted(below, key=lambda each: sort_key(facts.name(each).text)):
            if all(item != each for each, _ in order):
                order.append((item, depth))
                add(item, depth + 1)

    add(None, 0)
    table = []
    for concept, depth in order:
        link = formatter.link(concept)
        definition = formatter.text(concept, _DEFINITION)
        notation = facts.one(concept, PREFIXES["skos"] + "notation")
        table.append([
            [link._replace(text="– " * depth + link.text)],
            [definition] if definition else [],
            [Value(notation.value, code=True)] if notation else [],
        ])  # fmt: skip
    name = facts.name(iri)
    words = words_of(language)
    return CodePage(
        title=Value(name.text, language=name.language),
        kind=kind_name("scheme", language),
        iri=iri,
        definition=formatter.text(iri, _DEFINITION),
        columns=[words.gettext("Name"), words.gettext("Definition"), words.gettext("Code")],
        rows=table,
    )


def is_scheme(iri: str) -> bool:
    """Is it one of our code lists?"""
    return iri.removeprefix(CODES) in SCHEMES
