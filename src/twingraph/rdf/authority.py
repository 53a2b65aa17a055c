"""Controlled vocabularies that catalogues use: their codes, labels and schemes.

EU authority tables (Publications Office), ADMS, SPDX and DCAT-AP.de. Harvesters look values up by
their IRIs; shapes ask for their type, scheme and label in the same graph.
"""

from __future__ import annotations

from typing import Final, NamedTuple

EU: Final = "http://publications.europa.eu/resource/authority/"
IANA: Final = "http://www.iana.org/assignments/media-types/"
PUBLISHER_TYPES: Final = "http://purl.org/adms/publishertype/1.0"
LICENCE_TYPES: Final = "http://purl.org/adms/licencetype/1.0"
CHANGE_TYPES: Final = "http://purl.org/adms/changetype/1.0"
DE_LICENCES: Final = "http://dcat-ap.de/def/licenses"
DE_CONTRIBUTORS: Final = "http://dcat-ap.de/def/contributors"
DE_LEVELS: Final = "http://dcat-ap.de/def/politicalGeocoding/Level"

# code -> (English label, German label), as in the EU tables
THEMES: Final = {
    "AGRI": (
        "Agriculture, fisheries, forestry and food",
        "Landwirtschaft, Fischerei, Forstwirtschaft und Nahrungsmittel",
    ),
    "ECON": ("Economy and finance", "Wirtschaft und Finanzen"),
    "EDUC": ("Education, culture and sport", "Bildung, Kultur und Sport"),
    "ENER": ("Energy", "Energie"),
    "ENVI": ("Environment", "Umwelt"),
    "GOVE": ("Government and public sector", "Regierung und öffentlicher Sektor"),
    "HEAL": ("Health", "Gesundheit"),
    "INTR": ("International issues", "Internationale Themen"),
    "JUST": (
        "Justice, legal system and public safety",
        "Justiz, Rechtssystem und öffentliche Sicherheit",
    ),
    "REGI": ("Regions and cities", "Regionen und Städte"),
    "SOCI": ("Population and society", "Bevölkerung und Gesellschaft"),
    "TECH": ("Science and technology", "Wissenschaft und Technologie"),
    "TRAN": ("Transport", "Verkehr"),
}
FREQUENCIES: Final = {
    "ANNUAL": ("annual", "jährlich"),
    "ANNUAL_2": ("semiannual", "halbjährlich"),
    "ANNUAL_3": ("three times a year", "dreimal im Jahr"),
    "BIENNIAL": ("biennial", "zweijährlich"),
    "BIMONTHLY": ("bimonthly", "zweimonatlich"),
    "BIWEEKLY": ("biweekly", "zweiwöchentlich"),
    "CONT": ("continuous", "kontinuierlich"),
    "DAILY": ("daily", "täglich"),
    "IRREG": ("irregular", "unregelmäßig"),
    "MONTHLY": ("monthly", "monatlich"),
    "MONTHLY_2": ("semimonthly", "zweimal im Monat"),
    "NEVER": ("never", "niemals"),
    "QUARTERLY": ("quarterly", "vierteljährlich"),
    "UNKNOWN": ("unknown", "unbekannt"),
    "WEEKLY": ("weekly", "wöchentlich"),
}
# language tag -> code of the EU's table of languages, its English and its German name
LANGUAGE_CODES: Final = {
    "bg": ("BUL", "Bulgarian", "Bulgarisch"),
    "cs": ("CES", "Czech", "Tschechisch"),
    "da": ("DAN", "Danish", "Dänisch"),
    "de": ("DEU", "German", "Deutsch"),
    "el": ("ELL", "Greek", "Griechisch"),
    "en": ("ENG", "English", "Englisch"),
    "es": ("SPA", "Spanish", "Spanisch"),
    "et": ("EST", "Estonian", "Estnisch"),
    "fi": ("FIN", "Finnish", "Finnisch"),
    "fr": ("FRA", "French", "Französisch"),
    "ga": ("GLE", "Irish", "Irisch"),
    "hr": ("HRV", "Croatian", "Kroatisch"),
    "hu": ("HUN", "Hungarian", "Ungarisch"),
    "it": ("ITA", "Italian", "Italienisch"),
    "lt": ("LIT", "Lithuanian", "Litauisch"),
    "lv": ("LAV", "Latvian", "Lettisch"),
    "mt": ("MLT", "Maltese", "Maltesisch"),
    "nl": ("NLD", "Dutch", "Niederländisch"),
    "no": ("NOR", "Norwegian", "Norwegisch"),
    "pl": ("POL", "Polish", "Polnisch"),
    "pt": ("POR", "Portuguese", "Portugiesisch"),
    "ro": ("RON", "Romanian", "Rumänisch"),
    "ru": ("RUS", "Russian", "Russisch"),
    "sk": ("SLK", "Slovak", "Slowakisch"),
    "sl": ("SLV", "Slovenian", "Slowenisch"),
    "sv": ("SWE", "Swedish", "Schwedisch"),
    "tr": ("TUR", "Turkish", "Türkisch"),
    "uk": ("UKR", "Ukrainian", "Ukrainisch"),
}
# media type -> (EU file type, what people call it)
FILE_TYPES: Final = {
    "application/geo+json": ("GEOJSON", "GeoJSON"),
    "application/json": ("JSON", "JSON"),
    "application/ld+json": ("JSON_LD", "JSON-LD"),
    "application/n-quads": ("RDF_N_QUADS", "N-Quads"),
    "application/n-triples": ("RDF_N_TRIPLES", "N-Triples"),
    "application/rdf+xml": ("RDF_XML", "RDF/XML"),
    "application/trig": ("RDF_TRIG", "TriG"),
    "text/csv": ("CSV", "CSV"),
    "text/tab-separated-values": ("TSV", "TSV"),
    "text/turtle": ("RDF_TURTLE", "Turtle"),
}
# code of the ADMS publisher types -> (English, German)
PUBLISHER_KINDS: Final = {
    "Academia-ScientificOrganisation": (
        "Academia/Scientific organisation",
        "Akademische/wissenschaftliche Organisation",
    ),
    "Company": ("Company", "Unternehmen"),
    "IndustryConsortium": ("Industry consortium", "Industriekonsortium"),
    "LocalAuthority": ("Local authority", "Kommunalbehörde"),
    "NationalAuthority": ("National authority", "Nationale Behörde"),
    "NonGovernmentalOrganisation": (
        "Non-Governmental Organisation",
        "Nichtregierungsorganisation",
    ),
    "NonProfitOrganisation": ("Non-Profit Organisation", "Gemeinnützige Organisation"),
    "PrivateIndividual(s)": ("Private Individual(s)", "Privatperson(en)"),
    "RegionalAuthority": ("Regional authority", "Regionalbehörde"),
    "StandardisationBody": ("Standardisation body", "Normungsorganisation"),
    "SupraNationalAuthority": ("Supra-national authority", "Supranationale Behörde"),
}
LEVELS: Final = {
    "administrativeDistrict": ("district", "Kreis"),
    "european": ("Europe", "Europa"),
    "federal": ("federation", "Bund"),
    "international": ("international", "international"),
    "municipality": ("municipality", "Kommune"),
    "state": ("federal state", "Land"),
}


class Licence(NamedTuple):
    """The names of a licence in each register, and its ADMS type.

    `ckan` is the title in CKAN's register, by which ckanext-dcat finds a licence; `name` is what
    people call it.
    """

    eu: str
    ckan: str
    name: str
    spdx: str
    de: str
    kind: str
    kind_labels: tuple[str, str]


_FREE = "PublicDomain", ("Public domain", "Gemeinfrei")
_NAMED = "Attribution", ("Attribution", "Namensnennung")
_SHARED = (
    "ViralEffect-ShareAlike",
    ("Viral effect (a.k.a. Share-alike)", "Weitergabe unter gleichen Bedingungen"),
)
# IRI without scheme, www. and the last slash -> names
LICENCES: Final = {
    "creativecommons.org/publicdomain/zero/1.0": Licence(
        "CC0", "Creative Commons CCZero", "CC0 1.0", "CC0-1.0", "cc-zero", *_FREE
    ),
    "creativecommons.org/licenses/by/4.0": Licence(
        "CC_BY_4_0", "Creative Commons Attribution", "CC BY 4.0", "CC-BY-4.0", "cc-by/4.0", *_NAMED
    ),
    "creativecommons.org/licenses/by-sa/4.0": Licence(
        "CC_BYSA_4_0", "Creative Commons Attribution Share-Alike", "CC BY-SA 4.0", "CC-BY-SA-4.0",
        "cc-by-sa/4.0", *_SHARED
    ),
    "opendatacommons.org/licenses/by/1-0": Licence(
        "ODC_BY", "Open Data Commons Attribution License", "ODC-By 1.0", "ODC-By-1.0", "odby",
        *_NAMED
    ),
    "opendatacommons.org/licenses/odbl/1-0": Licence(
        "ODC_BL", "Open Data Commons Open Database License (ODbL)", "ODbL 1.0", "ODbL-1.0", "odbl",
        *_SHARED
    ),
    "opendatacommons.org/licenses/pddl/1-0": Licence(
        "ODC_PDDL", "Open Data Commons Public Domain Dedication and License (PDDL)", "PDDL 1.0",
        "PDDL-1.0", "odcpddl", *_FREE
    ),
}  # fmt: skip


def licence_of(iri: str) -> Licence | None:
    """Return the names of a licence in the registers; None for a licence that is in none.

    >>> licence_of("https://creativecommons.org/licenses/by/4.0/").eu
    'CC_BY_4_0'
    >>> licence_of("https://www.opendatacommons.org/licenses/odbl/1.0").spdx
    'ODbL-1.0'
    """
    name = iri.partition("://")[2].removeprefix("www.").rstrip("/")
    if name.startswith("opendatacommons.org/"):
        name = name.replace("/1.0", "/1-0")
    return LICENCES.get(name)
