"""Where a person should edit for a finding: the file and the line."""

from __future__ import annotations

from twingraph.check.engine import Finding
from twingraph.derive.resolve import DATES
from twingraph.rdf.dataset import begins
from twingraph.rdf.vocabulary import TG
from twingraph.source.curated import Curated, SourceFile


def locate(curated: Curated, finding: Finding) -> tuple[str, int]:
    """Return the file and line to edit for a finding; ('', 0) where no file names its focus.

    A published value is derived from claims, so a wrong one is corrected in its claims.
    """
    value = value_of(finding.value)
    files = curated.files_of(finding.focus)
    if finding.path:
        for wanted in dict.fromkeys((value, None)):
            for file in files:
                if _states(file, finding, wanted):
                    return file.path, file.positions.line(finding.focus, finding.path, value)
        claim = _claim_about(curated, finding.focus, finding.path)
        if claim:
            return claim
    for file in sorted(files, key=lambda file: _edit_order(file, finding.path)):
        line = file.positions.line(finding.focus)
        if line:
            return file.path, line
    for file in curated.files:
        mentioned = file.positions.iris.get(finding.focus)
        if mentioned is not None:
            return file.path, mentioned
    return "", 0


def _states(file: SourceFile, finding: Finding, value: str | None) -> bool:
    """Does a file state `value` (any, if None) for the focus node and path of a finding?"""
    path = finding.path or ""
    if not file.is_table:
        return file.positions.has(finding.focus, path, value)
    start = f"<{finding.focus}> <{path}> " + (f"{finding.value} ." if value else "")
    return any(begins(lines, start) for lines in file.texts.values())


def _edit_order(file: SourceFile, path: str | None) -> tuple[int, str]:
    """Return a sort key: first the folder where a missing statement would be written.

    Names are written in entities, all else in sources.
    """
    names = path is not None and path.endswith("abel")
    order = ("entities", "sources") if names else ("sources", "imports", "entities")
    folder = file.path.removeprefix("data/").partition("/")[0]
    return order.index(folder) if folder in order else len(order), file.path


def _claim_about(curated: Curated, focus: str, path: str) -> tuple[str, int] | None:
    names = {bound.value: verb.value for verb, days in DATES.items() for bound in days}
    for file in curated.files:
        claim = file.claims.get((focus, names.get(path, path)))
        if claim is not None:
            return file.path, file.positions.line(claim, TG.value.value)
    return None


def value_of(term: str | None) -> str | None:
    """Return the IRI or the lexical form of an N-Triples term, as `Positions` indexes values."""
    if term is None:
        return None
    if term.startswith("<"):
        return term[1:-1]
    end = term.rfind('"')
    return term[1:end] if end > 0 else term
