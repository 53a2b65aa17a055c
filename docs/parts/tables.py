"""Ontology, data and decisions as Markdown: one function a generated part."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from parts.graph import PREFIX, Row, curated, label, ontology, rows, short
from twingraph.derive.resolve import DATES, RESOLVED
from twingraph.endpoint.formats import GRAPHS, ROWS
from twingraph.rdf.iris import source_of
from twingraph.rdf.vocabulary import HOME, SCHEMES
from twingraph.site.describe import FORMATS, GRAPH_FORMATS

ROOT: Final = Path(__file__).parent.parent.parent
TG: Final = HOME + "ns#"


def table(heads: tuple[str, ...], body: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table; bars and angle brackets in cells are made harmless.

    >>> print(table(("a", "b"), [("x|y", "<z>")]))
    | a | b |
    |---|---|
    | x\\|y | &lt;z&gt; |
    """
    lines = [heads, ("---",) * len(heads), *(tuple(map(_cell, row)) for row in body)]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return text.replace("| --- " * len(heads) + "|", "|---" * len(heads) + "|")


def _cell(text: str) -> str:
    """Make a cell of plain text; what stands in backquotes keeps its angle brackets."""
    parts = re.split(r"(`[^`]*`)", re.sub(r"\s+", " ", text).replace("|", "\\|"))
    return "".join(
        part if part.startswith("`") else part.replace("<", "&lt;").replace(">", "&gt;")
        for part in parts
    )


def _code(iri: str) -> str:
    return f"`{short(iri)}`"


def _codes(iris: str) -> str:
    return ", ".join(sorted(_code(part) for part in iris.split()))


# --- the model -----------------------------------------------------------------------------------


def kinds() -> str:
    """Return kind -> classes -> definition, as the data uses them."""
    found = rows(
        PREFIX
        + """SELECT ?kind ?class (COUNT(?thing) AS ?things) (SAMPLE(?text) AS ?definition) {
          ?thing a ?class
          FILTER (STRSTARTS(STR(?thing), "https://w3id.org/twingraph/id/"))
          BIND (REPLACE(STR(?thing), "^.*/id/([a-z]+)/.*$", "$1") AS ?kind)
          OPTIONAL { ?class skos:definition ?text FILTER (LANG(?text) = "en") }
        } GROUP BY ?kind ?class ORDER BY ?kind ?class"""
    )
    body = [(f"`{row['kind']}`", _code(row["class"]), _definition(row)) for row in found]
    return table(("kind in the IRI", "class", "is"), body)


_REUSED: Final = {
    "foaf:Person": "A person, in the public role that a source prints and nothing more.",
    "geo:Geometry": "The point of a place; made by the build from its coordinates.",
    "org:Membership": "Somebody's part in an organisation or a partnership, with a role.",
    "org:Organization": "An association, network, company or authority that is no territory.",
    "org:OrganizationalUnit": "A part of an authority or organisation: a council, a department.",
    "org:Post": "An office such as that of a mayor, whoever holds it.",
    "schema:AdministrativeArea": "The same node, for programs that read schema.org.",
    "schema:ContactPoint": "An address, telephone or fax of an office.",
    "schema:Place": "A hall, a lagoon, a landscape: a place that is nobody's partner.",
    "skos:Concept": "A code of one of the code lists.",
    "skos:ConceptScheme": "A code list.",
}


def _definition(row: Row) -> str:
    return row["definition"] or _REUSED.get(short(row["class"]), "")


def resolved() -> str:
    """Return the properties that are resolved, with the bounds that come with them."""
    body = []
    for verb in RESOLVED:
        [row] = rows(
            PREFIX
            + f"""SELECT (GROUP_CONCAT(STR(?class); SEPARATOR = " ") AS ?classes)
              {{ <{verb.value}> schema:domainIncludes ?class }}"""
        )
        bounds = " and ".join(_code(day.value) for day in DATES.get(verb, ()))
        body.append((_code(verb.value), _codes(row["classes"]), bounds or "none"))
    return table(("property", "of", "bounds published with it"), body)


def bases() -> str:
    """Return the bases of a start, with what each is."""
    body = [
        (_code(row["code"]), row["label"], row["definition"])
        for row in _concepts("basis", "countsAsPartnership")
    ]
    return table(("code", "label", "is"), body)


def types() -> str:
    """Return the kinds of partnership, whether they count as twinning and as partnership."""
    standing = {row["code"]: _yes(row["flag"]) for row in _concepts("type", "countsAsPartnership")}
    body = [
        (_code(row["code"]), row["label"], _yes(row["flag"]), standing[row["code"]],
         _codes(row["broader"]) or "–")
        for row in _concepts("type", "countsAsTwinning")
    ]  # fmt: skip
    heads = ("code", "label", "counts as twinning", "is a standing relation", "narrower than")
    return table(heads, body)


def _yes(flag: str) -> str:
    return "yes" if flag == "true" else "no"


def _concepts(scheme: str, flag: str = "countsAsTwinning") -> list[Row]:
    return rows(
        PREFIX
        + f"""SELECT ?code ?label ?german ?definition ?flag
          (GROUP_CONCAT(STR(?above); SEPARATOR = " ") AS ?broader) {{
          ?code skos:inScheme <{HOME}vocab/{scheme}> ; skos:prefLabel ?label, ?german .
          FILTER (LANG(?label) = "en" && LANG(?german) = "de")
          OPTIONAL {{ ?code skos:definition ?definition FILTER (LANG(?definition) = "en") }}
          OPTIONAL {{ ?code skos:broader ?above }}
          OPTIONAL {{ ?code tg:{flag} ?flag }}
        }} GROUP BY ?code ?label ?german ?definition ?flag
        ORDER BY DESC(?flag) ?code"""
    )


def rules() -> str:
    """Return the rules of queries/rules: file, and what its first comment says."""
    paths = sorted((ROOT / "queries" / "rules").glob("*.rq"))
    body = [
        (f"[`{path.name}`](../queries/rules/{path.name})",
         path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# "))
        for path in paths
    ]  # fmt: skip
    return table(("rule", "what it derives"), body)


def graphs() -> str:
    """Return the named graphs of this repository and what each speaks for."""
    ours = {
        "entities": "identity: labels, coordinates, levels, offices; our curation",
        "links": "identifiers elsewhere; our curation",
        "vocabulary": "ontology and code lists",
        "derived": "resolved values, bounds, shortcuts, labels, distances, geometries",
    }
    body = [(f"`…/graph/{name}`", words) for name, words in ours.items()]
    for graph in curated().by_graph:
        document = source_of(graph.value, HOME)
        if document:
            body.append((f"`…/{graph.value.removeprefix(HOME)}`", f"what {label(document)} says"))
    return table(("graph", "holds"), [("the default graph", "what is published"), *body])


# --- the ontology --------------------------------------------------------------------------------


def classes() -> str:
    """Return every class: our own, then the reused ones."""
    found = rows(
        PREFIX
        + """SELECT ?class ?label ?definition {
          ?class a owl:Class
          OPTIONAL { ?class rdfs:label ?label FILTER (LANG(?label) = "en") }
          OPTIONAL { ?class skos:definition ?definition FILTER (LANG(?definition) = "en") }
        } ORDER BY (!STRSTARTS(STR(?class), "https://w3id.org/twingraph/")) STR(?class)""",
        ontology(),
    )
    body = [(_code(row["class"]), row["label"] or "–", _definition(row)) for row in found]
    return table(("class", "label", "is"), body)


def properties(which: str) -> str:
    """Return the properties that are `claimed`, `derived`, `written` or `reused`."""
    found = rows(
        PREFIX
        + """SELECT ?property ?definition ?comment
          (GROUP_CONCAT(DISTINCT STR(?domain); SEPARATOR = " ") AS ?of)
          (GROUP_CONCAT(DISTINCT STR(?range); SEPARATOR = " ") AS ?value)
          (GROUP_CONCAT(DISTINCT STR(?list); SEPARATOR = " ") AS ?lists) {
          ?property a ?kind
          FILTER (?kind IN (owl:ObjectProperty, owl:DatatypeProperty, owl:AnnotationProperty))
          OPTIONAL { ?property skos:definition ?definition FILTER (LANG(?definition) = "en") }
          OPTIONAL { ?property rdfs:comment ?comment FILTER (LANG(?comment) = "en") }
          OPTIONAL { ?property schema:domainIncludes ?domain }
          OPTIONAL { ?property schema:rangeIncludes ?range }
          OPTIONAL { ?property rdfs:seeAlso ?list }
        } GROUP BY ?property ?definition ?comment ORDER BY STR(?property)""",
        ontology(),
    )
    mine = [row for row in found if _group(row) == which]
    if which == "reused":
        return ", ".join(_code(row["property"]) for row in mine) + "."
    body = [
        (_code(row["property"]), _codes(row["of"]), _value(row), row["definition"]) for row in mine
    ]
    return table(("property", "of", "value", "says"), body)


def _group(row: Row) -> str:
    if not row["property"].startswith(TG):
        return "reused"
    if row["comment"].startswith("DERIVED"):
        return "derived"
    return "claimed" if row["comment"].startswith("RESOLVED") else _written(row)


def _written(row: Row) -> str:
    # the dates are resolved too, whatever their comment starts with
    return "claimed" if row["property"] in {verb.value for verb in RESOLVED} else "written"


def _value(row: Row) -> str:
    schemes = [part.rpartition("/")[2] for part in row["lists"].split() if "/vocab/" in part]
    if schemes and "Concept" in row["value"]:
        return ", ".join(f"[`{scheme}:`](#{scheme})" for scheme in schemes)
    return _codes(row["value"])


def code_lists() -> str:
    """Return every code list with its codes."""
    parts = []
    for scheme in sorted(SCHEMES):
        [about] = rows(
            PREFIX
            + f"""SELECT ?definition {{ <{HOME}vocab/{scheme}> skos:definition ?definition
              FILTER (LANG(?definition) = "en") }}"""
        )
        body = [
            (_code(row["code"]), row["label"], row["german"], row["definition"])
            for row in sorted(_concepts(scheme), key=lambda row: row["code"])
        ]
        codes = table(("code", "English", "German", "is"), body)
        title = label(f"{HOME}vocab/{scheme}")
        parts.append(f"### {scheme}\n\n**{title}.** {about['definition']}\n\n{codes}")
    return "\n\n".join(parts)


# --- the rest ------------------------------------------------------------------------------------


def data_example(file: str, *things: str) -> str:
    """Return the blocks of some things from data/<file>.ttl, as they stand there."""
    text = (ROOT / "data" / f"{file}.ttl").read_text(encoding="utf-8")
    blocks = {block.split(" ", 1)[0]: block.strip() for block in text.split("\n\n")}
    missing = [iri for iri in things if iri not in blocks]
    if missing:
        raise LookupError(f"not in data/{file}.ttl: {', '.join(missing)}")
    return "```turtle\n" + "\n\n".join(blocks[iri] for iri in things) + "\n```"


def link_example(target: str, *things: str) -> str:
    """Return what is decided about some things in data/links/<target>.sssom.tsv."""
    text = (ROOT / "data" / "links" / f"{target}.sssom.tsv").read_text(encoding="utf-8")
    heads, *lines = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    found = {line[0]: line for line in lines}
    missing = [iri for iri in things if iri not in found]
    if missing:
        raise LookupError(f"not in {target}.sssom.tsv: {', '.join(missing)}")
    parts = []
    for iri in things:
        cells = zip(heads, found[iri], strict=True)
        body = [(f"`{head}`", f"`{cell}`" if cell else "") for head, cell in cells]
        parts.append(table(("column", "cell"), body))
    return "\n\n".join(parts)


def decisions() -> str:
    """Return the decision records: number, title, day and status."""
    body = []
    for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")):
        lines = path.read_text(encoding="utf-8").splitlines()
        number, _, title = lines[0].removeprefix("# ").partition(" ")
        day, _, status = lines[2].rstrip(".").partition(", ")
        body.append((number, f"[{title}]({path.name})", day, status))
    return table(("number", "title", "day", "status"), body)


def media_types() -> str:
    """Return the suffixes and media types of descriptions."""
    body = [
        (f"`.{suffix}`", f"`{kind}`", "yes" if suffix in FORMATS else "no",
         "yes" if suffix in GRAPH_FORMATS else "no")
        for suffix, kind in {**FORMATS, **GRAPH_FORMATS}.items()
    ]  # fmt: skip
    return table(("suffix", "media type", "things, `/ns`, `/shapes`", "graphs"), body)


def sparql_formats() -> str:
    """Return the formats in which /sparql answers, and the word of each for `format=`."""
    body: dict[tuple[str, str], list[str]] = {}
    for of, offers in (("SELECT, ASK", ROWS), ("CONSTRUCT, DESCRIBE", GRAPHS)):
        for offer in offers:
            body.setdefault((of, offer.suffix), []).append(f"`{offer.media_type}`")
    answers = [(of, f"`{suffix}`", ", ".join(types)) for (of, suffix), types in body.items()]
    return table(("answer to", "`format=`", "media types"), answers)
