"""What the pages say in words of their own, in each of their languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_WORDS: Final[dict[str, tuple[str, str]]] = {
    # every page
    "skip": ("Skip to the content", "Zum Inhalt springen"),
    "home": ("Home", "Start"),
    "navigation": ("Main navigation", "Hauptnavigation"),
    "places": ("Places", "Orte"),
    "partnerships": ("Partnerships", "Partnerschaften"),
    "events": ("Events", "Veranstaltungen"),
    "statements": ("Statements", "Äußerungen"),
    "sources": ("Sources", "Quellen"),
    "vocabulary": ("Code lists", "Codelisten"),
    "ontology": ("Ontology", "Ontologie"),
    "rules": ("Rules", "Regeln"),
    "data": ("Data", "Daten"),
    "query": ("Query", "Abfragen"),
    "language": ("Language", "Sprache"),
    "search": ("Search by name", "Nach Namen suchen"),
    "search here": ("in the page", "in der Seite"),
    "search label": ("City, organisation, person …", "Stadt, Organisation, Person …"),
    "search button": ("Find", "Finden"),
    "search note": (
        "Any spelling, script or language will do: Windhuk, Peking, Мінск.",
        "Schreibweise, Schrift und Sprache sind gleich: Windhuk, Peking, Мінск.",
    ),
    "found as": ("found as", "gefunden als"),
    "nearly": ("Nothing is called that; similar names:", "So heißt nichts; ähnliche Namen:"),
    "nothing called": (
        "Nothing in this graph is called that, or nearly that.",
        "Nichts in diesem Graphen heißt so oder so ähnlich.",
    ),
    "licence": ("Licence", "Lizenz"),
    "licence note": ("Data free to use:", "Daten frei verwendbar:"),
    "as of": ("As of {}", "Stand {}"),
    "not stated": ("not stated in our sources", "in unseren Quellen nicht angegeben"),
    "unknown": ("unknown", "unbekannt"),
    "implied": ("implied, not stated", "erschlossen, nicht ausdrücklich"),
    "implied short": ("implied", "erschlossen"),
    "yes": ("yes", "ja"),
    "no": ("no", "nein"),
    # a thing
    "kind of thing": ("Kind of thing", "Art des Gegenstands"),
    "facts": ("Facts", "Angaben"),
    "names": ("Names", "Namen"),
    "coordinates": ("Coordinates", "Koordinaten"),
    "claims": ("What the sources say", "Was die Quellen sagen"),
    "claims note": (
        "Each row is one source's word. The facts above follow from these rows by fixed rules.",
        "Jede Zeile gibt wieder, was eine einzelne Quelle sagt. Die Angaben oben folgen daraus "
        "nach festen Regeln.",
    ),
    "property": ("Property", "Eigenschaft"),
    "value": ("Value", "Wert"),
    "basis": ("Basis", "Grundlage"),
    "modality": ("Stated or implied", "Genannt oder erschlossen"),
    "stated": ("stated", "ausdrücklich"),
    "hedge": ("Hedge", "Einschränkung"),
    "words": ("Words of the source", "Worte der Quelle"),
    "source": ("Source", "Quelle"),
    "line": ("line {}", "Zeile {}"),
    "line head": ("Line", "Zeile"),
    "evidence": ("Evidence", "Belege"),
    "evidence for": ("for: {}", "für: {}"),
    "conflict": ("Sources differ:", "Die Quellen sagen Verschiedenes:"),
    "published as": ("All of it is published:", "Veröffentlicht ist alles davon:"),
    "bounds both": ("no earlier than {}, no later than {}", "nicht vor {}, nicht nach {}"),
    "bounds first": ("no earlier than {}", "nicht vor {}"),
    "bounds last": ("no later than {}", "nicht nach {}"),
    "status as of": ("as of {}", "Stand {}"),
    "status undated": ("no date given", "ohne Zeitangabe"),
    "valid": ("valid {}", "gültig {}"),
    "partners": ("Partners", "Partner"),
    "partner": ("Partner", "Partner"),
    "partners caption": ("{}: partners", "{}: Partner"),
    "country": ("Country", "Staat"),
    "kind": ("Kind", "Art"),
    "since": ("Since", "Seit"),
    "status": ("Status", "Status"),
    "distance": ("Distance", "Entfernung"),
    "kilometres": ("{} km", "{} km"),
    "parts": ("What it says", "Was darin steht"),
    "to": ("to", "an"),
    "remarks": ("Remarks", "Anmerkungen"),
    "quantities": ("Quantities", "Mengenangaben"),
    "incoming": ("Linked from", "Verknüpft mit"),
    "more": ("and {} more, in the description below", "und {} weitere, in der Beschreibung unten"),
    "elsewhere": ("Elsewhere", "Anderswo"),
    "downloads": ("This page as data", "Diese Seite als Daten"),
    "iri": ("Address of this thing (IRI)", "Adresse dieses Gegenstands (IRI)"),
    "iri note": (
        "The address to cite and to link to: it stays.",
        "Die Adresse zum Zitieren und Verlinken: Sie bleibt.",
    ),
    "term iri": ("IRI", "IRI"),
    # lists
    "name": ("Name", "Name"),
    "level": ("Level", "Ebene"),
    "date": ("Date", "Datum"),
    "end": ("End", "Ende"),
    "publisher": ("Publisher", "Herausgeber"),
    "citations": ("Citations", "Belegstellen"),
    "number of": ("Number", "Anzahl"),
    "codes": ("Codes", "Codes"),
    "code": ("Code", "Code"),
    "definition": ("Definition", "Definition"),
    "vocabulary note": (
        "Controlled values, each with its definition. Data names them by their address.",
        "Festgelegte Werte, jeder mit seiner Definition. Die Daten nennen sie mit ihrer Adresse.",
    ),
    "count": ("{} in all", "insgesamt {}"),
    "cut": ("The first {} are shown.", "Die ersten {} sind zu sehen."),
    "cited here": ("Cited from this document", "Aus diesem Dokument zitiert"),
    "evidence of": ("Is evidence for", "Belegt"),
    # home
    "lead": (
        "Who is partnered with whom, in what kind of partnership and since when: published as "
        "linked data, every fact with the words of the source that says so.",
        "Wer mit wem verbunden ist, in welcher Art von Partnerschaft und seit wann: veröffentlicht "
        "als Linked Data, jede Angabe mit den Worten der Quelle, die sie belegt.",
    ),
    "numbers": ("In numbers", "In Zahlen"),
    "number partnerships": ("partnerships", "Partnerschaften"),
    "number partners": ("partners", "Partner"),
    "number sources": ("source documents", "Quelldokumente"),
    "number citations": ("passages cited", "Belegstellen"),
    "doors": ("Three ways in", "Drei Wege hinein"),
    "door look": ("Look up", "Nachschlagen"),
    "door look note": (
        "A page for every place and every partnership, with its sources.",
        "Eine Seite für jeden Ort und jede Partnerschaft, mit ihren Quellen.",
    ),
    "door query": ("Query", "Abfragen"),
    "door query note": (
        "SPARQL over the whole graph, sources included.",
        "SPARQL über den ganzen Graphen samt Quellen.",
    ),
    "door data": ("Download", "Herunterladen"),
    "door data note": (
        "The whole graph as files: Turtle, JSON-LD, N-Triples, N-Quads, TriG.",
        "Der ganze Graph als Dateien: Turtle, JSON-LD, N-Triples, N-Quads, TriG.",
    ),
    "everything": ("Everything there is", "Alles, was es gibt"),
    "how": ("How to read it", "Wie man es liest"),
    "how note": (
        "A date is as precise as its source. What no source says is shown as “not stated in our "
        "sources” and never guessed. Where sources differ, what each of them says is published:",
        "Ein Datum ist so genau wie seine Quelle. Was keine Quelle sagt, steht als „in unseren "
        "Quellen nicht angegeben“ da und wird nie erraten. Wo Quellen Verschiedenes sagen, ist "
        "veröffentlicht, was jede von ihnen sagt:",
    ),
    "machines": ("For machines", "Für Maschinen"),
    "machines note": (
        "Every address of the graph answers: with this page for people, with RDF for programs that "
        "ask for it (Accept: text/turtle and others).",
        "Jede Adresse des Graphen antwortet: Menschen mit einer Seite, Programmen, die danach "
        "fragen, mit RDF (Accept: text/turtle und andere).",
    ),
    "context": ("JSON-LD context", "JSON-LD-Kontext"),
    # the data page
    "about publisher": ("Publisher", "Herausgeber"),
    "about licence": ("Licence", "Lizenz"),
    "about contact": ("Contact", "Kontakt"),
    "about issued": ("First published", "Zuerst veröffentlicht"),
    "about modified": ("Last changed", "Zuletzt geändert"),
    "about languages": ("Languages", "Sprachen"),
    "about version": ("Version", "Version"),
    "about period": ("Covers", "Zeitraum"),
    "about frequency": ("Updated", "Aktualisierung"),
    "about themes": ("Themes", "Themen"),
    "about keywords": ("Keywords", "Schlagwörter"),
    "releases": ("Releases", "Veröffentlichungen"),
    "releases none": (
        "Nothing has been released yet; the files above are those of the current build.",
        "Noch ist nichts veröffentlicht; die Dateien oben sind die des aktuellen Stands.",
    ),
    "release files": ("{} files, {}", "{} Dateien, {}"),
    "build files": (
        "All files of the current build",
        "Alle Dateien des aktuellen Stands",
    ),
    "data page": (
        "Data sets, releases, how to harvest and to cite",
        "Datensätze, Veröffentlichungen, Ernten und Zitieren",
    ),
    "harvest": ("For portals", "Für Portale"),
    "harvest note": (
        "The catalogue in DCAT-AP 3.0.1 stands at the address below, in the format that is asked "
        "for, or at an address of its own in each; catalog-de is the same in DCAT-AP.de 3.0. "
        "Every file has its size and checksum there.",
        "Der Katalog in DCAT-AP 3.0.1 steht unter der folgenden Adresse im gewünschten Format, "
        "oder in jedem Format unter einer eigenen; catalog-de ist derselbe in DCAT-AP.de 3.0. "
        "Jede Datei steht dort mit Größe und Prüfsumme.",
    ),
    "harvest changes": (
        "ETag and Last-Modified tell whether anything changed; HEAD is answered everywhere.",
        "ETag und Last-Modified sagen, ob sich etwas geändert hat; HEAD wird überall beantwortet.",
    ),
    "harvest sparql": ("Queries (SPARQL 1.1):", "Abfragen (SPARQL 1.1):"),
    "cite": ("How to cite", "Zitieren"),
    "cite version": (" Version {}.", " Version {}."),
    "cite note": (
        "The address of a thing or of a release stays; cite what you used.",
        "Die Adresse eines Gegenstands oder einer Veröffentlichung bleibt; zitieren Sie, was Sie "
        "benutzt haben.",
    ),
    "no size note": (
        "A page of the catalogue has 1 to {} data sets; write size=10.",
        "Eine Seite des Katalogs hat 1 bis {} Datensätze; schreiben Sie size=10.",
    ),
    # data
    "data note": (
        "Triple formats hold what is published; N-Quads and TriG also hold what each source says, "
        "in a graph of its own.",
        "Tripel-Formate enthalten, was veröffentlicht ist; N-Quads und TriG enthalten außerdem, "
        "was jede Quelle sagt, in einem eigenen Graphen.",
    ),
    "file": ("File", "Datei"),
    "format": ("Format", "Format"),
    "size": ("Size", "Größe"),
    "bytes": ("{} bytes", "{} Bytes"),
    "graphs": ("Named graphs", "Benannte Graphen"),
    # ontology and rules
    "classes": ("Classes", "Klassen"),
    "properties": ("Properties", "Eigenschaften"),
    "contents": ("Contents", "Inhalt"),
    "rules note": (
        "What the data is checked against (SHACL) before it is published.",
        "Wogegen die Daten geprüft werden (SHACL), bevor sie veröffentlicht werden.",
    ),
    "severity": ("Severity", "Schwere"),
    "violation": ("violation", "Verstoß"),
    "warning": ("warning", "Warnung"),
    "info": ("note", "Hinweis"),
    "message": ("What it tells", "Was sie meldet"),
    # query
    "query title": ("Ask the graph (SPARQL)", "Den Graphen fragen (SPARQL)"),
    "query note": (
        "SPARQL 1.1. Without GRAPH, a query reads what is published; GRAPH ?g reads what each "
        "source says. The prefixes of this site are declared already.",
        "SPARQL 1.1. Ohne GRAPH liest eine Abfrage, was veröffentlicht ist; GRAPH ?g liest, was "
        "jede Quelle sagt. Die Präfixe dieser Seiten sind schon deklariert.",
    ),
    "query text": ("Query", "Abfrage"),
    "run": ("Run", "Ausführen"),
    "result format": ("Result as", "Ergebnis als"),
    "table": ("table", "Tabelle"),
    "examples": ("Examples", "Beispiele"),
    "result": ("Result", "Ergebnis"),
    "rows": ("{} rows", "{} Zeilen"),
    "row": ("1 row", "1 Zeile"),
    "rows cut": (
        "{} rows, of which the first {} are shown; choose CSV or JSON for all.",
        "{} Zeilen, die ersten {} sind zu sehen; CSV oder JSON enthält alle.",
    ),
    "answer": ("Answer", "Antwort"),
    "nothing found": ("Nothing matches.", "Nichts passt darauf."),
    "no such term": ("{} is no term of the ontology.", "{} ist kein Begriff der Ontologie."),
    "did you mean": ("Did you mean {}?", "Ist {} gemeint?"),
    "failed": ("This query can't be answered", "Diese Abfrage lässt sich nicht beantworten"),
    # questions of the library
    "questions": ("Questions", "Fragen"),
    "questions note": (
        "What people ask of this graph, each with its answer, its query and an address for "
        "programs.",
        "Was an diesen Graphen gefragt wird: jede Frage mit ihrer Antwort, ihrer Abfrage und einer "
        "Adresse für Programme.",
    ),
    "questions all": ("All {} questions", "Alle {} Fragen"),
    "asked by": ("Asked by", "Gefragt von"),
    "for citizen": ("Citizens", "Bürgerinnen und Bürger"),
    "for city-officer": ("City officers", "Kommunalverwaltungen"),
    "for developer": ("Developers", "Entwicklerinnen und Entwickler"),
    "for journalist": ("Journalists", "Presse"),
    "for portal": ("Portals", "Portale"),
    "for researcher": ("Researchers", "Forschung"),
    "parameters": ("What to ask about", "Wonach gefragt wird"),
    "ask": ("Ask", "Fragen"),
    "cannot ask": ("This can't be asked", "So lässt sich das nicht fragen"),
    "run in editor": ("Run in the editor", "Im Editor ausführen"),
    "call": ("How to call it", "So rufen Programme das auf"),
    "command line": ("Command line", "Kommandozeile"),
    "result as data": ("This answer as data", "Diese Antwort als Daten"),
    "question as data": ("The question as data", "Die Frage als Daten"),
    "rows shown": (
        "{} rows, of which the first {} are shown; the files below hold all.",
        "{} Zeilen, die ersten {} sind zu sehen; die Dateien unten enthalten alle.",
    ),
    "api": ("All of this as an API", "All das als API"),
    "api note": (
        "Every question is an operation of the API, and an example for SPARQL editors.",
        "Jede Frage ist eine Operation der API und ein Beispiel für SPARQL-Editoren.",
    ),
    "api description": ("API description (OpenAPI)", "API-Beschreibung (OpenAPI)"),
    "sparql examples": ("Examples for SPARQL editors", "Beispiele für SPARQL-Editoren"),
    # refusals
    "not found": ("Not found", "Nicht gefunden"),
    "not found note": (
        "There is nothing at {}. Perhaps the list of places or of partnerships helps.",
        "Unter {} gibt es nichts. Vielleicht hilft die Liste der Orte oder der Partnerschaften.",
    ),
    "not acceptable": ("Not in that format", "Nicht in diesem Format"),
    "not acceptable note": (
        "None of the formats in Accept can be sent; there are these:",
        "Keines der Formate in Accept kann gesendet werden; es gibt diese:",
    ),
    "withdrawn": ("Withdrawn", "Zurückgezogen"),
    "withdrawn note": (
        "This was published here and has been withdrawn. Its address stays and is not given to "
        "anything else.",
        "Das war hier veröffentlicht und wurde zurückgezogen. Die Adresse bleibt und wird nicht "
        "neu vergeben.",
    ),
    "withdrawn why": ("Why", "Warum"),
    "withdrawn silent": ("No reason was noted.", "Ein Grund ist nicht vermerkt."),
    "withdrawn for": ("In its place", "An seiner Stelle"),
    "lookup": ("Found by its identifier", "Über die Kennung gefunden"),
    "several": ("Several things have this identifier", "Mehrere Gegenstände haben diese Kennung"),
    "several note": ("“{}” may mean any of these:", "„{}“ kann jeden von diesen meinen:"),
    "no such id": ("Nothing has this identifier", "Nichts hat diese Kennung"),
    "no such id note": (
        "Nothing here is called “{}”. What can be asked for: {}.",
        "Nichts heißt hier „{}“. Gefragt werden kann nach: {}.",
    ),
    "no id note": (
        "No identifier was given. What can be asked for: {}.",
        "Es fehlt die Kennung. Gefragt werden kann nach: {}.",
    ),
    "ids": (
        "an address of ours, a short name (bonn, place/bonn, place:bonn), a Wikidata item (Q586 or "
        "its address), a GeoNames number or address, a GND number or address, or any address that "
        "the data links to",
        "einer Adresse von uns, einem Kurznamen (bonn, place/bonn, place:bonn), einem "
        "Wikidata-Objekt (Q586 oder seiner Adresse), einer GeoNames-Nummer oder -Adresse, einer "
        "GND-Nummer oder -Adresse oder jeder Adresse, auf die die Daten verweisen",
    ),
    "changed": ("Not what you have", "Nicht das, was Sie haben"),
    "changed note": (
        "This has changed since the version that If-Match or If-Unmodified-Since names.",
        "Das hat sich geändert seit der Fassung, die If-Match oder If-Unmodified-Since nennt.",
    ),
    "method": ("Not done here", "Das geht hier nicht"),
    "method note": (
        "This address answers {} only; nothing here can be changed.",
        "Diese Adresse beantwortet nur {}; ändern lässt sich hier nichts.",
    ),
    "no such bytes": ("The file ends before that", "So weit reicht die Datei nicht"),
    "no such bytes note": (
        "{} has {} bytes; none of those that Range names is among them.",
        "{} hat {} Bytes; von denen, die Range nennt, ist keines darunter.",
    ),
    "no such coding": ("Not packed like that", "So ist es nicht gepackt"),
    "no such coding note": (
        "Accept-Encoding takes none of the forms in which {} lies here.",
        "Accept-Encoding nimmt keine der Formen, in denen {} hier liegt.",
    ),
    "not whole": ("Not all of it is here just now", "Gerade ist nicht alles da"),
    "not whole note": (
        "{} is not here as it was published; half of it is not sent. Ask again in a little while.",
        "{} liegt hier nicht so, wie es veröffentlicht ist; die Hälfte davon wird nicht gesendet. "
        "Bitte etwas später noch einmal fragen.",
    ),
    "no such release": ("No such release", "Keine solche Ausgabe"),
    "no such release note": (
        "Nothing was released as {}. Releases are named by their day, YYYY-MM-DD; there are {}.",
        "Unter {} ist nichts erschienen. Ausgaben heißen nach ihrem Tag, JJJJ-MM-TT; es gibt {}.",
    ),
    "no releases": ("none yet", "noch keine"),
    "no such file note": (
        "The release of {} has no file {}; its files are listed in SHA256SUMS.",
        "Die Ausgabe {} hat keine Datei {}; ihre Dateien stehen in SHA256SUMS.",
    ),
    "broken": ("A mistake of ours", "Ein Fehler bei uns"),
    "broken note": (
        "This could not be answered, and it is not your fault. Please report the address.",
        "Das ließ sich nicht beantworten, und es liegt nicht an Ihnen. Bitte die Adresse melden.",
    ),
}

_LANGUAGES: Final[dict[str, tuple[str, str]]] = {
    "ar": ("Arabic", "Arabisch"), "be": ("Belarusian", "Belarussisch"),
    "bg": ("Bulgarian", "Bulgarisch"), "cs": ("Czech", "Tschechisch"),
    "de": ("German", "Deutsch"), "en": ("English", "Englisch"), "es": ("Spanish", "Spanisch"),
    "fr": ("French", "Französisch"), "he": ("Hebrew", "Hebräisch"),
    "hu": ("Hungarian", "Ungarisch"), "id": ("Indonesian", "Indonesisch"),
    "it": ("Italian", "Italienisch"), "ja": ("Japanese", "Japanisch"),
    "mn": ("Mongolian", "Mongolisch"), "nl": ("Dutch", "Niederländisch"),
    "pl": ("Polish", "Polnisch"), "pt": ("Portuguese", "Portugiesisch"),
    "ru": ("Russian", "Russisch"), "tr": ("Turkish", "Türkisch"),
    "uk": ("Ukrainian", "Ukrainisch"), "uz": ("Uzbek", "Usbekisch"),
    "zh": ("Chinese", "Chinesisch"),
}  # fmt: skip

# Kinds of things: one, many.
_KINDS: Final[dict[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    "agreement": (("Agreement", "Vereinbarung"), ("Agreements", "Vereinbarungen")),
    "cite": (("Citation", "Belegstelle"), ("Citations", "Belegstellen")),
    "claim": (("Claim", "Angabe einer Quelle"), ("Claims", "Angaben der Quellen")),
    "contact": (("Contact point", "Kontaktstelle"), ("Contact points", "Kontaktstellen")),
    "decision": (("Decision", "Beschluss"), ("Decisions", "Beschlüsse")),
    "event": (("Event", "Veranstaltung"), ("Events", "Veranstaltungen")),
    "geometry": (("Position", "Lage"), ("Positions", "Lagen")),
    "membership": (("Membership", "Mitgliedschaft"), ("Memberships", "Mitgliedschaften")),
    "org": (("Organisation", "Organisation"), ("Organisations", "Organisationen")),
    "partnership": (("Partnership", "Partnerschaft"), ("Partnerships", "Partnerschaften")),
    "person": (("Person", "Person"), ("People", "Personen")),
    "place": (("Place", "Ort"), ("Places", "Orte")),
    "post": (("Office", "Amt"), ("Offices", "Ämter")),
    "programme": (("Programme", "Programm"), ("Programmes", "Programme")),
    "project": (("Project", "Projekt"), ("Projects", "Projekte")),
    "quantity": (("Quantity", "Mengenangabe"), ("Quantities", "Mengenangaben")),
    "remark": (("Remark", "Anmerkung"), ("Remarks", "Anmerkungen")),
    "source": (("Source document", "Quelldokument"), ("Source documents", "Quelldokumente")),
    "statement": (("Public statement", "Öffentliche Äußerung"),
                  ("Public statements", "Öffentliche Äußerungen")),
    "unit": (("Unit of a body", "Stelle einer Körperschaft"),
             ("Units of bodies", "Stellen von Körperschaften")),
    "scheme": (("Code list", "Codeliste"), ("Code lists", "Codelisten")),
    "concept": (("Code", "Code"), ("Codes", "Codes")),
}  # fmt: skip


def _column(table: Mapping[str, tuple[str, str]], at: int) -> dict[str, str]:
    return {key: pair[at] for key, pair in table.items()}


WORDS: Final = {"en": _column(_WORDS, 0), "de": _column(_WORDS, 1)}
LANGUAGE_NAMES: Final = {"en": _column(_LANGUAGES, 0), "de": _column(_LANGUAGES, 1)}
KIND: Final = {
    language: {kind: one[at] for kind, (one, _) in _KINDS.items()}
    for at, language in enumerate(("en", "de"))
}
KINDS: Final = {
    language: {kind: many[at] for kind, (_, many) in _KINDS.items()}
    for at, language in enumerate(("en", "de"))
}


def number_text(number: int, language: str) -> str:
    """Return a number with the thousands marked as the language does it.

    >>> number_text(1430, "en"), number_text(1430, "de")
    ('1,430', '1.430')
    """
    text = f"{number:,}"
    return text if language == "en" else text.replace(",", ".")
