"""A problem has a place, a code and a remedy; this is the table of the codes that are not shapes.

The rules of `shapes/` bring their own codes, severities and words (docs/problems.md lists all).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

Severity = Literal["violation", "warning", "info"]
SEVERITIES: Final[tuple[Severity, ...]] = ("violation", "warning", "info")


class TwingraphError(Exception):
    """Going on would be wrong; the message says what to do. Caught once, in `cli.main`."""


class Rule(NamedTuple):
    """A code's severity and its words; `{…}` are filled by the caller."""

    severity: Severity
    en: str
    de: str


CODES: Final[dict[str, Rule]] = {
    "F01": Rule(
        "violation",
        "not UTF-8 (byte {byte} of the file); save the file as UTF-8",
        "kein UTF-8 (Byte {byte} der Datei); die Datei als UTF-8 speichern",
    ),
    "F02": Rule(
        "violation",
        "the file holds no statement; write at least one, or delete the file",
        "die Datei enthält keine Aussage; mindestens eine schreiben oder die Datei löschen",
    ),
    "F03": Rule(
        "violation",
        "not Turtle: {error}; mend the syntax here or just above",
        "kein Turtle: {error}; die Syntax hier oder kurz davor berichtigen",
    ),
    "F04": Rule(
        "warning",
        "starts with a byte order mark; run 'twingraph fmt', which removes it",
        "beginnt mit einer Bytereihenfolge-Marke; 'twingraph fmt' entfernt sie",
    ),
    "F05": Rule(
        "warning",
        "Windows line ends; run 'twingraph fmt', which writes plain ones",
        "Windows-Zeilenenden; 'twingraph fmt' schreibt einfache",
    ),
    "F06": Rule(
        "violation",
        "a line of {length} bytes, {limit} at most; break it, or store less in one statement",
        "eine Zeile von {length} Bytes, höchstens {limit}; umbrechen oder weniger ablegen",
    ),
    "F07": Rule(
        "warning",
        "a comment, which formatting would lose; write it as skos:editorialNote",
        "ein Kommentar, den die Formatierung verlöre; als skos:editorialNote schreiben",
    ),
    "F08": Rule(
        "violation",
        "a blank node; give it an IRI, such as {example}, so that it can be linked and compared",
        "ein leerer Knoten; einen IRI geben, etwa {example}, damit er verlinkt werden kann",
    ),
    "F09": Rule(
        "violation",
        "{iri} is not under the base IRI; write {base}id/<kind>/<slug>",
        "{iri} liegt nicht unter dem Basis-IRI; {base}id/<kind>/<slug> schreiben",
    ),
    "F10": Rule(
        "violation",
        "a file of {size} bytes, {limit} at most; split it",
        "eine Datei von {size} Bytes, höchstens {limit}; aufteilen",
    ),
    "F11": Rule(
        "warning",
        "not in the one form of a data file; run 'twingraph fmt {name}'",
        "nicht in der einen Form einer Datendatei; 'twingraph fmt {name}' ausführen",
    ),
    "F12": Rule(
        "violation",
        "cannot be read: {error}; make it a readable file inside the project",
        "nicht lesbar: {error}; eine lesbare Datei im Projekt daraus machen",
    ),
    "F13": Rule(
        "violation",
        "{term} is RDF 1.2, which few tools read; write a plain literal or an IRI",
        "{term} ist RDF 1.2, das wenige Werkzeuge lesen; ein einfaches Literal oder IRI schreiben",
    ),
    "F14": Rule(
        "violation",
        "the file's name names its graph; write data/sources/<slug>.ttl in a-z, 0-9 and hyphens",
        "der Dateiname benennt den Graphen; data/sources/<slug>.ttl aus a-z, 0-9, - schreiben",
    ),
    "F15": Rule(
        "warning",
        "nobody reads this file; move it to data/sources, entities, links or imports as .ttl",
        "niemand liest diese Datei; als .ttl nach data/sources, entities, links oder imports legen",
    ),
    "D01": Rule(
        "violation",
        "'{value}' is not an EDTF date; write 2003, 2018-05, 2018-09-28, 1993~ or 199X",
        "'{value}' ist kein EDTF-Datum; 2003, 2018-05, 2018-09-28, 1993~ oder 199X schreiben",
    ),
    "D10": Rule(
        "violation",
        "'{value}' is open, which is no start; write when it began, and no end",
        "'{value}' ist offen, also kein Beginn; schreiben, wann es begann, und kein Ende",
    ),
    "D04": Rule(
        "violation",
        "{property} is {found}, but {value} gives {expected}; build the dump again",
        "{property} ist {found}, aus {value} folgt aber {expected}; den Auszug neu erzeugen",
    ),
    "N01": Rule(
        "violation",
        "{property} is said to be not stated, and stated; drop tg:notStated or the value",
        "{property} gilt als nicht angegeben und ist es doch; tg:notStated oder den Wert streichen",
    ),
    "E05": Rule(
        "violation",
        "'{quote}' does not stand in line {at} of {source}; copy the words from the text",
        "'{quote}' steht nicht in Zeile {at} von {source}; die Wörter aus dem Text kopieren",
    ),
    "E07": Rule(
        "violation",
        "no text with SHA-256 {sha256} in the texts folder; add the text of {source}",
        "kein Text mit SHA-256 {sha256} im Textordner; den Text von {source} dazulegen",
    ),
    "E08": Rule(
        "violation",
        "{quoted} of {letters} letters of {source} are quoted, at most half may; shorten quotes",
        "{quoted} von {letters} Buchstaben von {source} sind zitiert, höchstens die Hälfte darf es "
        "sein; Zitate kürzen",
    ),
    "E09": Rule(
        "warning",
        "'{quote}' stands {times} times in line {at} of {source}; add a word that tells which",
        "'{quote}' steht {times}-mal in Zeile {at} von {source}; ein unterscheidendes Wort "
        "hinzunehmen",
    ),
    "X05": Rule(
        "violation",
        "no decision about a link: {error}; write SSSOM as docs/curation.md shows it",
        "keine Entscheidung zu einer Verknüpfung: {error}; SSSOM wie in docs/curation.md schreiben",
    ),
    "X06": Rule(
        "violation",
        "line {other} decides the same link of {subject}; keep one of the two rows",
        "Zeile {other} entscheidet dieselbe Verknüpfung von {subject}; eine der Zeilen behalten",
    ),
    "X07": Rule(
        "violation",
        "{subject} stands in no file of data/; describe it there, or delete the row",
        "{subject} steht in keiner Datei unter data/; dort beschreiben oder die Zeile löschen",
    ),
}


@dataclass(frozen=True, order=True)
class Problem:
    """One thing for a person to mend: `file:line: CODE what is wrong; what to write instead`.

    `file` is relative to the project (empty: no file is to blame), `line` counts from 1 (0: the
    file as a whole), `message` holds one text a language.

    >>> print(problem("F02", "data/sources/a.ttl"))
    data/sources/a.ttl: F02 the file holds no statement; write at least one, or delete the file
    """

    file: str
    line: int
    code: str
    severity: Severity
    message: Mapping[str, str] = field(compare=False)
    detail: str = ""

    def text(self, language: str = "en") -> str:
        """Return the line a person reads, in `en` or `de`."""
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.code} {self.message.get(language) or self.message['en']}"

    def __str__(self) -> str:
        """Return the English line."""
        return self.text()


def problem(code: str, file: str, line: int = 0, **values: object) -> Problem:
    """Return the problem of that code at that place, its words filled with `values`."""
    rule = CODES[code]
    words = {key: str(value) for key, value in values.items()}
    message = {"en": rule.en.format(**words), "de": rule.de.format(**words)}
    return Problem(file, line, code, rule.severity, message, message["en"])


def by_severity(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems for reading: violations first, then by file, line and code.

    >>> [p.code for p in by_severity([problem("F04", "a.ttl"), problem("F02", "b.ttl")])]
    ['F02', 'F04']
    """
    return sorted(set(problems), key=lambda one: (SEVERITIES.index(one.severity), one))
