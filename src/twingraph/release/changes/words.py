"""What changes are called, in English and German: one, many, and what happened to them."""

from __future__ import annotations

from typing import Final, NamedTuple

from twingraph.translation import PAIRED


class Noun(NamedTuple):
    """A noun within a sentence: one and many, in English and in German."""

    en: tuple[str, str]
    de: tuple[str, str]

    def counted(self, number: int, language: str) -> str:
        """Return `number` with its noun.

        >>> NOUNS["place"].counted(1, "de"), NOUNS["place"].counted(1200, "de")
        ('1 Ort', '1.200 Orte')
        """
        singular, plural = self.en if language == "en" else self.de
        return f"{number_text(number, language)} {singular if number == 1 else plural}"


class What(NamedTuple):
    """Something that happens: to which noun ('' for what the thing is), and its participle."""

    noun: str
    en: str
    de: str


def number_text(number: int, language: str) -> str:
    """Return a number with the thousands marked as the language does it.

    >>> number_text(1430, "en"), number_text(1430, "de")
    ('1,430', '1.430')
    """
    text = f"{number:,}"
    return text if language == "en" else text.replace(",", ".")


NOUNS: Final[dict[str, Noun]] = {
    # kinds of things
    "agreement": Noun(("agreement", "agreements"), ("Vereinbarung", "Vereinbarungen")),
    "cite": Noun(("citation", "citations"), ("Belegstelle", "Belegstellen")),
    "claim": Noun(("claim of a source", "claims of sources"),
                  ("Angabe einer Quelle", "Angaben von Quellen")),
    "code": Noun(("code", "codes"), ("Code", "Codes")),
    "code-list": Noun(("code list", "code lists"), ("Codeliste", "Codelisten")),
    "contact": Noun(("contact point", "contact points"), ("Kontaktstelle", "Kontaktstellen")),
    "dataset": Noun(("data set", "data sets"), ("Datensatz", "Datensätze")),
    "decision": Noun(("decision", "decisions"), ("Beschluss", "Beschlüsse")),
    "event": Noun(("event", "events"), ("Veranstaltung", "Veranstaltungen")),
    "geometry": Noun(("position", "positions"), ("Lage", "Lagen")),
    "membership": Noun(("membership", "memberships"), ("Mitgliedschaft", "Mitgliedschaften")),
    "org": Noun(("organisation", "organisations"), ("Organisation", "Organisationen")),
    "other": Noun(("other thing", "other things"), ("anderer Gegenstand", "andere Gegenstände")),
    "partnership": Noun(("partnership", "partnerships"), ("Partnerschaft", "Partnerschaften")),
    "person": Noun(("person", "people"), ("Person", "Personen")),
    "place": Noun(("place", "places"), ("Ort", "Orte")),
    "post": Noun(("office", "offices"), ("Amt", "Ämter")),
    "programme": Noun(("programme", "programmes"), ("Programm", "Programme")),
    "project": Noun(("project", "projects"), ("Projekt", "Projekte")),
    "quantity": Noun(("quantity", "quantities"), ("Mengenangabe", "Mengenangaben")),
    "remark": Noun(("remark", "remarks"), ("Anmerkung", "Anmerkungen")),
    "source": Noun(("source document", "source documents"), ("Quelldokument", "Quelldokumente")),
    "statement": Noun(("public statement", "public statements"),
                      ("öffentliche Äußerung", "öffentliche Äußerungen")),
    "term": Noun(("term of the ontology", "terms of the ontology"),
                 ("Begriff der Ontologie", "Begriffe der Ontologie")),
    "unit": Noun(("unit of a body", "units of bodies"),
                 ("Stelle einer Körperschaft", "Stellen von Körperschaften")),
    # what things have
    "date": Noun(("date", "dates"), ("Datumsangabe", "Datumsangaben")),
    "detail": Noun(("detail", "details"), ("Einzelheit", "Einzelheiten")),
    "evidence": Noun(("piece of evidence", "pieces of evidence"), ("Beleg", "Belege")),
    "label": Noun(("label", "labels"), ("Bezeichnung", "Bezeichnungen")),
    "link": Noun(("link", "links"), ("Verknüpfung", "Verknüpfungen")),
    "name": Noun(("further name", "further names"), ("weiterer Name", "weitere Namen")),
    "status": Noun(("status", "statuses"), ("Status", "Status")),
    "type": Noun(("kind of partnership", "kinds of partnerships"),
                 ("Art der Partnerschaft", "Arten von Partnerschaften")),
    # what is counted
    "statement of the dump": Noun(("statement", "statements"), ("Aussage", "Aussagen")),
    "thing": Noun(("thing", "things"), ("Gegenstand", "Gegenstände")),
    "on things": Noun(("thing", "things"), ("Gegenstand", "Gegenständen")),
}  # fmt: skip

# kinds of change, in the order in which they are listed
WHATS: Final[dict[str, What]] = {
    "added": What("", "added", "hinzugefügt"),
    "reinstated": What("", "reinstated", "wiederhergestellt"),
    "suspended": What("", "suspended", "ausgesetzt"),
    "resumed": What("", "resumed", "wieder aufgenommen"),
    "ended": What("", "ended", "beendet"),
    "merged": What("", "merged into another", "mit anderem zusammengeführt"),
    "withdrawn": What("", "withdrawn", "zurückgezogen"),
    "removed": What("", "removed", "entfernt"),
    **{
        f"{name}-{how}": What(name if name != "fact" else "detail", en, de)
        for name, hows in {
            "status": "changed added removed",
            "date": "corrected changed added removed",
            "type": "changed added removed",
            "claim": "corrected added removed",
            "label": "changed added removed",
            "name": "changed added removed",
            "link": "confirmed added rejected removed",
            "fact": "changed added removed",
        }.items()
        for how in hows.split()
        for en, de in ({
            "added": ("added", "hinzugefügt"),
            "changed": ("changed", "geändert"),
            "confirmed": ("confirmed", "bestätigt"),
            "corrected": ("corrected", "berichtigt"),
            "rejected": ("rejected", "abgelehnt"),
            "removed": ("removed", "entfernt"),
        }[how],)
    },
    "evidence": What("evidence", "changed", "geändert"),
    "follows": What("", "changed by rules", "durch Regeln geändert"),
}  # fmt: skip

PHRASES: Final[dict[str, tuple[str, str]]] = {
    "first": ("First release", "Erste Veröffentlichung"),
    "same": ("Nothing changed", "Nichts geändert"),
    "same data": (
        "The data says the same as in the release before",
        "Die Daten sagen dasselbe wie in der Veröffentlichung davor",
    ),
    "by rules": (
        "Nobody changed anything; what follows by rules did change",
        "Niemand hat etwas geändert; geändert hat sich, was nach Regeln folgt",
    ),
    "evidence": ("evidence of {} changed", "Belege zu {} geändert"),
    "follows": ("Follows by rules: {} on {}", "Folgt nach Regeln: {} zu {}"),
    "itself": (
        "by the passing of time, or by a changed rule",
        "durch Zeitablauf oder eine geänderte Regel",
    ),
    "with": ("with {}", "mit {}"),
    "and": ("and", "und"),
    "more": ("and {} more", "und {} weitere"),
    "lines": ("In the dump: {} added, {} removed", "Im Dump: {} hinzugefügt, {} entfernt"),
}


def phrase(key: str, language: str) -> str:
    """Return a phrase of ours.

    >>> phrase("first", "de")
    'Erste Veröffentlichung'
    """
    return PHRASES[key][PAIRED.index(language)]
