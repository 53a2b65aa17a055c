"""The catalogue against the official shapes of DCAT-AP 3.0.1 and DCAT-AP.de 3.0, and its pages."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pyoxigraph import BlankNode, RdfFormat, parse, serialize
from rdflib import RDF, SKOS, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCTERMS, FOAF, PROV, XSD
from starlette.testclient import TestClient

from twingraph.about import About, Region, about_from
from twingraph.atomic import Written
from twingraph.build import build
from twingraph.catalogue.dcat import CATALOGUES, catalogue_files, wanted
from twingraph.catalogue.paging import read_catalogue
from twingraph.export.dumps import Frozen
from twingraph.export.editions import Edition, File, build_edition
from twingraph.rdf.authority import FILE_TYPES, FREQUENCIES, LANGUAGE_CODES, LICENCES, THEMES
from twingraph.rdf.frozen import read_frozen
from twingraph.rdf.vocabulary import HOME, prefixes_for
from twingraph.serve.app import create_app
from twingraph.settings import Settings, load_settings
from twingraph.source.rebase import rebase_quad

ROOT = Path(__file__).parent.parent
DCAT = Namespace("http://www.w3.org/ns/dcat#")
ADMS = Namespace("http://www.w3.org/ns/adms#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
EU = Namespace("http://publications.europa.eu/resource/authority/")
GRAPH = URIRef(f"{HOME}dataset/partnerships")
NT = URIRef(f"{GRAPH}#twingraph.nt")
PROFILES = ("base", "range", "recommended", "deprecated", "codelists", "full")
# What the official files find wrong with any catalogue that is right (docs/decisions/0013):
ALLOWED = {
    # the shape demands https://spdx.org/…, the vocabulary itself says http://spdx.org/…
    ("codelists", str(SPDX.algorithm)),
    # a publisher that is no body of the EU is in no list of bodies of the EU
    ("codelists", str(DCTERMS.publisher)),
    # the box of the data is no entry of the EU's list of places
    ("codelists", str(DCTERMS.spatial)),
    # code lists lie nowhere and in no year, links in no year (docs/harvesting.md)
    ("recommended", str(DCTERMS.spatial)),
    ("recommended", str(DCTERMS.temporal)),
    # the list that DCAT-AP 3 prescribes is reported as the one it gave up
    ("deprecated", str(ADMS.status)),
}
Validate = Callable[[Graph, str], list[Any]]


def told(path: Path) -> Graph:
    return Graph().parse(path)


@pytest.fixture(scope="module")
def catalogue(built: Path) -> Graph:
    return told(built / "catalog.ttl")


@pytest.fixture(scope="module")
def released(portal: Any) -> Path:
    """The folder of the second release."""
    found: Path = portal.project / "releases" / "2026-11-28"
    return found


@pytest.fixture(scope="module")
def frozen(built: Path, settings: Settings) -> Frozen:
    quads = read_frozen(built / "twingraph.nq")
    return Frozen(quads, HOME, prefixes_for(HOME), settings)


def edition_of(built: Path) -> Edition:
    names = [
        path for path in built.rglob("*") if path.is_file() and not path.name.startswith("catalog")
    ]
    files = {name.relative_to(built).as_posix(): Written.of(name.read_bytes()) for name in names}
    return build_edition(files, HOME)


def unexpected(found: list[Any], profile: str) -> list[Any]:
    return [item for item in found if (profile, item.path) not in ALLOWED]


# --- official shapes -----------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_the_official_shapes_find_nothing_in_the_catalogue_of_a_build(
    catalogue: Graph, dcat_ap: Validate, profile: str
) -> None:
    assert unexpected(dcat_ap(catalogue, profile), profile) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_the_official_shapes_find_nothing_in_the_catalogue_of_a_release(
    released: Path, dcat_ap: Validate, profile: str
) -> None:
    assert unexpected(dcat_ap(told(released / "catalog.ttl"), profile), profile) == []


def test_what_is_allowed_is_found_and_no_more_than_that(
    catalogue: Graph, dcat_ap: Validate
) -> None:
    found = {
        (profile, result.path)
        for profile in ("codelists", "deprecated", "recommended")
        for result in dcat_ap(catalogue, profile)
    }

    assert found == ALLOWED


class Damage(NamedTuple):
    """Something taken away or written wrongly, and what has to notice it by which property."""

    name: str
    do: Callable[[Graph], object]
    profile: str
    path: URIRef


DAMAGES = (
    Damage("the catalogue has no title",
           lambda g: g.remove((URIRef(f"{HOME}catalog"), DCTERMS.title, None)),
           "base", DCTERMS.title),
    Damage("the catalogue has no publisher",
           lambda g: g.remove((URIRef(f"{HOME}catalog"), DCTERMS.publisher, None)),
           "base", DCTERMS.publisher),
    Damage("a data set has no description",
           lambda g: g.remove((GRAPH, DCTERMS.description, None)), "base", DCTERMS.description),
    Damage("a distribution can't be reached",
           lambda g: g.remove((NT, DCAT.accessURL, None)), "base", DCAT.accessURL),
    Damage("the service has no address",
           lambda g: g.remove((URIRef(f"{HOME}sparql#service"), DCAT.endpointURL, None)),
           "base", DCAT.endpointURL),
    Damage("a record has no date",
           lambda g: g.remove((URIRef(f"{HOME}catalog#record-partnerships"), DCTERMS.modified,
                               None)),
           "base", DCTERMS.modified),
    Damage("the publisher has no name",
           lambda g: g.remove((URIRef(f"{HOME}catalog#publisher"), FOAF.name, None)),
           "base", FOAF.name),
    Damage("a checksum has no value",
           lambda g: g.remove((URIRef(f"{NT}-sha256"), SPDX.checksumValue, None)),
           "base", SPDX.checksumValue),
    Damage("two licences",
           lambda g: g.add((NT, DCTERMS.license, URIRef("https://example.org/licence"))),
           "base", DCTERMS.license),
    Damage("a language is not typed",
           lambda g: g.remove((EU["language/ENG"], RDF.type, None)), "range", DCTERMS.language),
    Damage("the contact is no contact",
           lambda g: g.remove((URIRef(f"{HOME}catalog#contact"), RDF.type, None)),
           "range", DCAT.contactPoint),
    Damage("a frequency of nobody's list",
           lambda g: g.remove((EU["frequency/IRREG"], SKOS.inScheme, None)),
           "codelists", DCTERMS.accrualPeriodicity),
    Damage("a period without an end",
           lambda g: g.remove((URIRef(f"{HOME}catalog#period"), DCAT.endDate, None)),
           "recommended", DCAT.endDate),
    Damage("an old version that is no data set",
           lambda g: g.add((GRAPH, DCAT.hasVersion, URIRef(f"{HOME}release/2026-11-21/#x"))),
           "full", DCAT.hasVersion),
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda case: case.name)
def test_a_damaged_catalogue_is_caught(catalogue: Graph, dcat_ap: Validate, damage: Damage) -> None:
    broken = Graph() + catalogue
    damage.do(broken)

    assert not isomorphic(broken, catalogue)
    found = unexpected(dcat_ap(broken, damage.profile), damage.profile)
    assert {item.path for item in found} == {str(damage.path)}


@pytest.mark.parametrize("name", ["build", "release"])
def test_dcat_ap_de_finds_nothing(
    built: Path, released: Path, dcat_ap: Validate, name: str
) -> None:
    folder = built if name == "build" else released

    assert dcat_ap(told(folder / "catalog-de.ttl"), "de") == []


@pytest.mark.parametrize(
    ("name", "violations", "warnings"), [("deprecated", 26, 16), ("quicktest", 40, 7)]
)
def test_the_negative_cases_of_dcat_ap_de_still_fail(
    artefacts: Callable[[str], Path],
    dcat_ap: Validate,
    name: str,
    violations: int,
    warnings: int,
) -> None:
    found = dcat_ap(told(artefacts(f"checks/dcat-ap-de/testcases/{name}.ttl")), "de")

    graves = [item.severity for item in found]
    assert (graves.count("Violation"), graves.count("Warning")) == (violations, warnings)


def test_dcat_ap_de_names_its_own_licence_and_level(built: Path) -> None:
    graph = told(built / "catalog-de.ttl")
    de = Namespace("http://dcat-ap.de/def/")

    assert set(graph.objects(NT, DCTERMS.license)) == {de["licenses/cc-zero"]}
    assert set(graph.objects(GRAPH, de["dcatde/politicalGeocodingLevelURI"])) == {
        de["politicalGeocoding/Level/international"]
    }
    assert set(graph.subjects(RDF.type, DCAT.Catalog)) == {URIRef(f"{HOME}catalog-de")}


# --- what is in it -------------------------------------------------------------------------------


def test_the_catalogue_has_no_blank_nodes_and_says_the_same_in_every_format(built: Path) -> None:
    for name in ("catalog", "catalog-de"):
        graphs = [set(parse(path=built / f"{name}.{item}")) for item in ("ttl", "rdf", "jsonld")]
        assert graphs[0] == graphs[1] == graphs[2]
        assert not [
            item for quad in graphs[0] for item in quad.triple if isinstance(item, BlankNode)
        ]


def test_jsonld_js_reads_the_same_from_the_catalogue(built: Path, node: Path) -> None:
    """Without any fetch: the official context of DCAT-AP is no valid JSON-LD 1.1."""
    lines = []
    for name in ("catalog", "catalog-de"):
        quads = serialize(
            (quad.triple for quad in parse(path=built / f"{name}.ttl")), format=RdfFormat.N_TRIPLES
        )
        document = json.loads((built / f"{name}.jsonld").read_text(encoding="utf-8"))
        told_of = {"name": name, "document": document, "quads": (quads or b"").decode()}
        lines.append(json.dumps(told_of) + "\n")
    done = subprocess.run(
        ["node", "canon.mjs"], cwd=node, input="".join(lines), capture_output=True, text=True,
        timeout=300, check=True,
    )  # fmt: skip

    assert json.loads(done.stdout) == {"all": 2, "right": 2, "wrong": {}}


def test_what_portals_would_take_for_packages_are_the_three_data_sets(released: Path) -> None:
    graph = told(released / "catalog.ttl")
    base = str(graph.value(None, RDF.type, DCAT.Catalog)).removesuffix("catalog")

    datasets = graph.subjects(RDF.type, DCAT.Dataset)
    assert {str(dataset).removeprefix(base) for dataset in datasets} == {
        "dataset/partnerships", "dataset/vocabulary", "dataset/links"
    }  # fmt: skip
    assert set(graph.subjects(RDF.type, DCAT.DatasetSeries)) == set()


def test_every_file_of_data_is_a_distribution_with_its_size_and_checksum(built: Path) -> None:
    graph = told(built / "catalog.ttl")
    lines = (built / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    told_of = {}
    for subject in graph.subjects(RDF.type, DCAT.Distribution):
        if (subject, DCAT.downloadURL, None) not in graph:
            continue  # the endpoint
        name = str(graph.value(subject, DCAT.downloadURL)).removeprefix(HOME).removeprefix("dumps/")
        digest = graph.value(graph.value(subject, SPDX.checksum), SPDX.checksumValue)
        size = graph.value(subject, DCAT.byteSize)
        assert isinstance(digest, Literal) and isinstance(size, Literal)
        assert (digest.datatype, size.datatype) == (XSD.hexBinary, XSD.nonNegativeInteger)
        assert (str(digest), int(size)) == (sums[name], (built / name).stat().st_size)
        told_of[name] = subject
    data = {
        name for name in sums
        if name.endswith((".nq", ".nt", ".trig", ".ttl", ".rdf", ".csv", ".geojson", ".tsv"))
        or name in ("twingraph.jsonld", "vocabulary.jsonld")
        or (name.startswith("links/") and name.endswith(".json"))
    }  # fmt: skip
    data -= {"links/void.ttl", "void.ttl", *CATALOGUES}
    assert set(told_of) == data


def test_the_endpoint_is_a_service_and_a_distribution(catalogue: Graph) -> None:
    service, form = URIRef(f"{HOME}sparql#service"), URIRef(f"{GRAPH}#sparql")

    assert catalogue.value(service, DCAT.servesDataset) == GRAPH
    assert catalogue.value(service, DCAT.endpointURL) == URIRef(f"{HOME}sparql")
    assert catalogue.value(form, DCAT.accessService) == service
    assert catalogue.value(form, DCAT.accessURL) == URIRef(f"{HOME}sparql")
    assert catalogue.value(form, DCAT.downloadURL) is None  # portals would open that instead


def test_each_document_and_its_graph_are_described_and_are_no_packages(
    catalogue: Graph, built: Path
) -> None:
    names = {str(quad.graph_name) for quad in read_frozen(built / "twingraph.nq")}
    graphs = {URIRef(name[1:-1]) for name in names if "/graph/source/" in name}
    void = Namespace("http://rdfs.org/ns/void#")

    assert graphs == set(catalogue.objects(GRAPH, void.subset))
    for graph in graphs:
        document = catalogue.value(graph, PROV.wasDerivedFrom)
        assert (GRAPH, PROV.wasDerivedFrom, document) in catalogue
        # a document whose source gives it no title has none
        assert (document, RDF.type, PROV.Entity) in catalogue
        assert int(str(catalogue.value(graph, void.triples))) > 0


def test_coverage_is_that_of_the_data(catalogue: Graph, built: Path) -> None:
    dump = Graph().parse(built / "twingraph.nt")
    schema = Namespace("https://schema.org/")
    east, north = (
        [
            value.toPython()
            for value in dump.objects(None, schema[name])
            if isinstance(value, Literal)
        ]
        for name in ("longitude", "latitude")
    )
    extent = catalogue.value(GRAPH, DCTERMS.spatial)
    first = min(str(value) for name in ("earliestStart", "earliestDate")
                for value in dump.objects(None, URIRef(f"{HOME}ns#{name}")))  # fmt: skip

    box = str(catalogue.value(extent, DCAT.bbox))
    assert box.startswith(f"POLYGON(({min(east)} {min(north)}, {max(east)} {min(north)}, ")
    period = catalogue.value(GRAPH, DCTERMS.temporal)
    assert str(catalogue.value(period, DCAT.startDate)) == first


def test_versions_are_listed_and_none_is_a_data_set(released: Path, portal: Any) -> None:
    graph = told(released / "catalog.ttl")
    name = URIRef(f"{portal.base}dataset/partnerships")
    now, before = (
        URIRef(f"{portal.base}release/{name}/#partnerships")
        for name in ("2026-11-28", "2026-11-21")
    )

    assert str(graph.value(name, DCAT.version)) == "2026-11-28"
    assert graph.value(name, DCAT.hasCurrentVersion) == now
    assert graph.value(now, DCAT.previousVersion) == before
    assert set(graph.subjects(DCAT.isVersionOf, name)) == {now, before}
    assert set(graph.objects(before, RDF.type)) == {DCAT.Resource}
    assert {value.language for value in graph.objects(name, ADMS.versionNotes)
            if isinstance(value, Literal)} == {"en", "de"}  # fmt: skip


def test_what_did_not_change_keeps_the_day_of_its_last_change(released: Path, portal: Any) -> None:
    graph = told(released / "catalog.ttl")

    for name in ("partnerships", "vocabulary"):
        dataset = URIRef(f"{portal.base}dataset/{name}")
        days = [str(graph.value(dataset, item)) for item in (DCTERMS.issued, DCTERMS.modified)]
        assert days == ["2026-11-21", "2026-11-21"]


def test_identifiers_stay_from_release_to_release(released: Path) -> None:
    before = told(released.with_name("2026-11-21") / "catalog.ttl")
    after = told(released / "catalog.ttl")

    for kind in (DCAT.Dataset, DCAT.Distribution, DCAT.DataService, FOAF.Agent, VCARD.Kind):
        assert set(before.subjects(RDF.type, kind)) == set(after.subjects(RDF.type, kind)) != set()


def test_the_same_in_gives_the_same_bytes(built: Path, frozen: Frozen) -> None:
    files = catalogue_files(frozen, edition_of(built))

    assert tuple(files) == CATALOGUES
    assert {name: (built / name).read_bytes() for name in files} == files


# --- another publisher ---------------------------------------------------------------------------

OTHER = "https://daten.example.org/partnerschaften/"


@pytest.fixture(scope="module")
def elsewhere(frozen: Frozen, built: Path) -> Callable[[Settings], dict[str, bytes]]:
    """The catalogues of the same files under other settings."""

    def made(settings: Settings) -> dict[str, bytes]:
        base = settings.base_iri
        quads = [rebase_quad(quad, HOME, base) for quad in read_frozen(built / "twingraph.nq")]
        graph = Frozen(quads, base, prefixes_for(base), settings)
        files = [
            File(item.name, item.url.replace(HOME, base), *item[2:])
            if isinstance(item, tuple)
            else replace(item, url=item.url.replace(HOME, base))
            for item in edition_of(built).files
        ]
        return catalogue_files(graph, Edition("", tuple(files)))

    return made


FULL: dict[str, Any] = {
    "description": {"en": "All that we know.", "de": "Alles, was wir wissen."},
    "keywords": {"en": ["twins"], "de": ["Partner"]},
    "themes": ["REGI"],
    "frequency": "MONTHLY",
    "spatial": [
        {
            "iri": "http://publications.europa.eu/resource/authority/country/DEU",
            "label": {"en": "Germany", "de": "Deutschland"},
            "box": [5.9, 47.3, 15.0, 55.1],
        }
    ],
    "publisher_iri": "https://example.org/stadt",
    "publisher_homepage": "https://example.org/",
    "publisher_type": "LocalAuthority",
    "contact": {"name": "Datenstelle", "email": "daten@example.org"},
    "creators": [{"name": "Josiah Carberry", "orcid": "0000-0002-1825-0097"}],
    "homepage": "https://example.org/daten",
    "documentation": "https://example.org/doc",
    "contributor_id": "http://dcat-ap.de/def/contributors/berlinOpenData",
    "political_level": "municipality",
    "doi": "10.5281/zenodo.1234567",
}


@pytest.mark.parametrize("licence", ["http://creativecommons.org/licenses/by/4.0/",
                                     "https://example.org/own-terms"])  # fmt: skip
def test_another_publisher_changes_settings_and_no_code(
    elsewhere: Callable[[Settings], dict[str, bytes]], dcat_ap: Validate, licence: str
) -> None:
    about, wrong = about_from(FULL)
    settings = Settings(
        ROOT, OTHER, title={"en": "Ties: of a town", "de": "Bande: einer Stadt"},
        publisher="Stadt Beispiel", licence=licence, release="2026-11-21", about=about,
    )  # fmt: skip
    files = elsewhere(settings)
    graph = Graph().parse(data=files["catalog.ttl"])

    assert wrong == wanted(settings) == []
    found = [
        result for profile in PROFILES for result in unexpected(dcat_ap(graph, profile), profile)
    ]
    # of terms of their own nobody can say what kind they are
    assert {(item.focus, item.severity) for item in found} == (
        {(licence, "Warning")} if "example" in licence else set()
    )
    german = Graph().parse(data=files["catalog-de.ttl"])
    assert [result for result in dcat_ap(german, "de") if result.severity == "Violation"] == []
    for raw in files.values():
        others = re.sub(rb"https://w3id.org/twingraph/(ns|vocab|shapes)\b", b"", raw)
        assert HOME.encode() not in others and b"twingraph contributors" not in raw
    told_of = files["catalog.ttl"].decode()
    for text in ("All that we know.", "Alles, was wir wissen.", "daten@example.org", "0000-0002-"
                 "1825-0097", "10.5281/zenodo.1234567", "country/DEU", "frequency/MONTHLY",
                 "https://example.org/stadt", "Ties: links to Wikidata"):  # fmt: skip
        assert text in told_of, text


def test_settings_that_say_nothing_still_make_a_valid_catalogue(
    elsewhere: Callable[[Settings], dict[str, bytes]], dcat_ap: Validate
) -> None:
    settings = Settings(ROOT, OTHER)
    files = elsewhere(settings)
    graph = Graph().parse(data=files["catalog.ttl"])

    found = [
        result for profile in PROFILES for result in unexpected(dcat_ap(graph, profile), profile)
    ]
    assert {item.severity for item in found} <= {"Warning"}
    german = dcat_ap(Graph().parse(data=files["catalog-de.ttl"]), "de")
    assert [result for result in german if result.severity == "Violation"] == []
    assert wanted(settings) == [
        "release",
        "publisher",
        "about.publisher_type",
        "about.contact.email",
    ]


def test_what_a_document_says_is_a_data_set_where_that_is_chosen(
    tmp_path: Path, dcat_ap: Validate, project_under: Callable[..., Settings]
) -> None:
    settings = project_under(OTHER, ROOT / "tests" / "atlas")
    chosen = replace(settings, about=About(source_packages=True))
    done = build(chosen, tmp_path / "build")
    assert done.folder is not None
    graph = told(done.folder / "catalog.ttl")

    found = [
        subject for subject in graph.subjects(RDF.type, DCAT.Dataset) if "/source-" in str(subject)
    ]
    assert len(found) == len(list((ROOT / "tests" / "atlas" / "data" / "sources").glob("*.ttl")))
    for item in found:
        slug = str(item).partition("/source-")[2]
        for suffix in ("nt", "ttl"):
            form = URIRef(f"{item}#sources/{slug}.{suffix}")
            assert (item, DCAT.distribution, form) in graph
            raw = (done.folder / "sources" / f"{slug}.{suffix}").read_bytes()
            digest = graph.value(graph.value(form, SPDX.checksum), SPDX.checksumValue)
            assert str(digest) == hashlib.sha256(raw).hexdigest()
    violations = [
        result
        for profile in PROFILES
        for result in unexpected(dcat_ap(graph, profile), profile)
        if result.severity == "Violation"
    ]
    assert violations == []
    with TestClient(create_app(tmp_path / "build"), follow_redirects=False) as client:
        page = client.get("/en/data.html").text
        assert all(f'id="{str(item).rpartition("/")[2]}"' in page for item in found)


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ({"theme": ["REGI"]}, "unknown key 'about.theme'; write one of contact, contributor_id"),
        ({"themes": ["CITY"]}, "about.themes ['CITY']; write a list of AGRI"),
        ({"frequency": "often"}, "about.frequency 'often'; write one of ANNUAL"),
        ({"description": "x"}, "about.description 'x'; write about.description.en"),
        ({"keywords": {"en": "x"}}, "about.keywords {'en': 'x'}; write about.keywords.en"),
        ({"contact": {"email": "x"}}, "write an address of mail"),
        ({"contact": {"phone": "x"}}, "about.contact.… is name: write a text"),
        ({"creators": [{"orcid": "0000-0002-1825-0097"}]}, "[[about.creators]] with name"),
        ({"creators": [{"name": "x", "orcid": "0000-0002-1825-0098"}]}, "ORCID iD alone"),
        ({"spatial": [{"iri": "https://example.org/x"}]}, "https://sws.geonames.org/<number>/"),
        ({"doi": "https://doi.org/10.5281/zenodo.1"}, "write the DOI alone"),
        ({"publisher_iri": "javascript:x"}, "write an address"),
        ({"homepage": "https://example.org/%zz"}, "write an address"),
        ({"homepage": "https://example.org/a b"}, "write an address"),
        ({"contact": {"email": "a|b@example.org"}}, "write an address of mail"),
        ({"publisher_type": "Club"}, "write one of Academia"),
        ({"contributor_id": "https://example.org"}, "http://dcat-ap.de/def/contributors/…"),
        ({"political_level": "village"}, "write one of administrativeDistrict"),
        ("x", "about 'x'; write about.description.en"),
    ],
)  # fmt: skip
def test_errors_in_about_are_reported_with_what_to_write(about: object, told: str) -> None:
    [line] = about_from(about)[1]

    assert told in line


def test_a_region_may_be_named_without_a_box() -> None:
    about, wrong = about_from({"spatial": [{"iri": "https://sws.geonames.org/2921044/"}]})

    assert (wrong, about.spatial) == ([], (Region("https://sws.geonames.org/2921044/"),))
    assert About() == about_from({})[0]


def test_our_own_settings_say_all_that_is_wanted() -> None:
    # nobody's address is known that could be published
    assert wanted(load_settings(ROOT)) == ["about.contact.email"]


# --- controlled values ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "table", "codes"),
    [
        ("dcatapit-data-theme-filtered.rdf", "data-theme", set(THEMES)),
        ("dcatapit-frequencies-filtered.rdf", "frequency", set(FREQUENCIES)),
        (
            "dcatapit-languages-filtered.rdf",
            "language",
            {code for code, *_ in LANGUAGE_CODES.values()},
        ),
        ("filetypes-skos.rdf", "file-type", {one for one, _ in FILE_TYPES.values()}),
    ],
)
def test_our_codes_are_in_the_official_tables(
    artefacts: Callable[[str], Path], file: str, table: str, codes: set[str]
) -> None:
    official = told(artefacts(f"checks/dcat-ap/vocab/{file}"))

    concepts = {str(subject) for subject in official.subjects(RDF.type, SKOS.Concept)}
    assert {f"{EU}{table}/{code}" for code in codes} <= concepts


@pytest.mark.parametrize(
    ("file", "table", "labels"),
    [
        ("dcatapit-data-theme-filtered.rdf", "data-theme", THEMES),
        ("dcatapit-frequencies-filtered.rdf", "frequency", FREQUENCIES),
    ],
)
def test_our_labels_are_those_of_the_official_tables(
    artefacts: Callable[[str], Path], file: str, table: str, labels: dict[str, tuple[str, str]]
) -> None:
    official = told(artefacts(f"checks/dcat-ap/vocab/{file}"))

    for code, (english, german) in labels.items():
        said = set(official.objects(EU[f"{table}/{code}"], SKOS.prefLabel))
        assert {Literal(english, "en"), Literal(german, "de")} <= said


def test_licences_are_in_the_registers_they_name(artefacts: Callable[[str], Path]) -> None:
    known = artefacts("checks/dcat-ap/vocab/mqa-licenses.csv").read_text(encoding="utf-8")
    german = artefacts("checks/dcat-ap-de/vocab/dcat-ap-de-licenses-open.rdf").read_text("utf-8")

    for item in LICENCES.values():
        assert f"/authority/licence/{item.eu}\n" in known
        assert f'"http://dcat-ap.de/def/licenses/{item.de}"' in german


# --- over HTTP -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "text/turtle"),
        ("*/*", "text/turtle"),
        ("text/turtle", "text/turtle"),
        ("application/rdf+xml, text/html;q=0.5", "application/rdf+xml"),
        ("application/ld+json", "application/ld+json"),
    ],
)
def test_the_catalogue_answers_in_the_format_asked_for(
    client: TestClient, accept: str, media_type: str
) -> None:
    answer = client.get("/catalog", headers={"accept": accept})

    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert "Accept" in answer.headers["vary"]
    alike = client.get(answer.headers["content-location"])
    assert alike.content == answer.content


def test_a_browser_is_sent_to_the_data_page(client: TestClient) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

    for path, place in (("/catalog", "/de/data.html"), ("/catalog-de", "/de/data.html"),
                        ("/dataset/links", "/de/data.html#links")):  # fmt: skip
        answer = client.get(path, headers={**browser, "accept-language": "de"})
        assert (answer.status_code, answer.headers["location"]) == (303, place)


@pytest.mark.parametrize("path", ["/catalog", "/catalog.ttl", "/catalog-de.rdf",
                                  "/catalog.jsonld?page=1", "/dataset/links.ttl",
                                  "/en/data.html"])  # fmt: skip
def test_head_tells_what_get_tells_and_nothing_comes_twice(client: TestClient, path: str) -> None:
    head, whole = client.head(path), client.get(path)

    assert head.status_code == whole.status_code == 200
    assert dict(head.headers) == dict(whole.headers)
    assert not whole.headers["etag"].startswith("W/")
    again = client.get(path, headers={"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    if not path.endswith(".html"):
        since = client.get(path, headers={"if-modified-since": whole.headers["last-modified"]})
        assert since.status_code == 304


@pytest.mark.parametrize("path", ["/catalog.csv", "/catalog-fr.ttl", "/catalog.ttl?page=2",
                                  "/catalog.ttl?page=0", "/catalog?page=x", "/dataset/people",
                                  "/dataset/links.csv", "/dataset/links.ttl.ttl"])  # fmt: skip
def test_what_is_not_there_is_404(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("size", ["0", "101", "-1", "x", "٣"])
def test_a_page_of_an_impossible_size_is_refused_with_what_to_write(
    client: TestClient, size: str
) -> None:
    answer = client.get("/catalog.ttl", params={"size": size}, headers={"accept": "text/plain"})

    assert answer.status_code == 400
    assert "write size=10" in answer.text


def test_a_single_page_is_a_view_of_itself(client: TestClient, built: Path) -> None:
    graph = Graph().parse(data=client.get("/catalog.ttl").text)
    view = URIRef(f"{HOME}catalog.ttl?page=1")

    assert set(graph.subjects(RDF.type, HYDRA.PartialCollectionView)) == {view}
    assert set(graph.predicate_objects(view)) == {
        (RDF.type, HYDRA.PartialCollectionView), (HYDRA.first, view), (HYDRA.last, view)
    }  # fmt: skip
    about = {item for item in graph if "/hydra/" not in f"{item}" and item[0] != view}
    assert about == set(told(built / "catalog.ttl"))


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_hold_together_what_the_catalogue_holds(built: Path, size: int) -> None:
    opened = read_catalogue((built / "catalog.ttl").read_bytes())
    pages = [opened.page(number, size) for number in range(1, opened.count(size) + 1)]

    whole = {fact for facts in opened.facts.values() for fact in facts}
    assert {item for page in pages for item in page} == whole
    for page in pages:
        assert len(page) == len(set(page))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_page_is_a_valid_catalogue_by_itself(
    client: TestClient, dcat_ap: Validate, profile: str
) -> None:
    for number in (1, 2, 3):
        page = Graph().parse(data=client.get(f"/catalog.ttl?size=1&page={number}").text)
        assert len(set(page.subjects(RDF.type, DCAT.Dataset))) == 1
        assert unexpected(dcat_ap(page, profile), profile) == []


# --- the data page -------------------------------------------------------------------------------


def schema_of(page: str) -> Any:
    script = page.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    return json.loads(script)


@pytest.mark.parametrize("language", ["en", "de"])
def test_schema_org_says_what_the_catalogue_says(
    client: TestClient, catalogue: Graph, language: str
) -> None:
    document = schema_of(client.get(f"/{language}/data.html").text)
    assert document["@context"] == "https://schema.org/"
    sets = {item["@id"]: item for item in document["@graph"] if item["@type"] == "Dataset"}

    assert set(sets) == {str(subject) for subject in catalogue.subjects(RDF.type, DCAT.Dataset)}
    for iri, one in sets.items():
        node = URIRef(iri)
        assert Literal(one["name"], language) in set(catalogue.objects(node, DCTERMS.title))
        described = set(catalogue.objects(node, DCTERMS.description))
        assert Literal(one["description"], language) in described
        assert 50 <= len(one["description"]) <= 5000
        licence = catalogue.value(node, DCTERMS.license)
        assert one["license"] == [
            str(licence), *sorted(map(str, catalogue.objects(licence, SKOS.exactMatch)))
        ]  # fmt: skip
        assert one["dateModified"] == str(catalogue.value(node, DCTERMS.modified))
        assert one["datePublished"] == str(catalogue.value(node, DCTERMS.issued))
        assert one["version"] == str(catalogue.value(node, DCAT.version))
        assert one["identifier"] == iri
        keywords = set(catalogue.objects(node, DCAT.keyword))
        assert {Literal(word, language) for word in one["keywords"]} == {
            word for word in keywords if isinstance(word, Literal) and word.language == language
        }
        told_of = {
            (each["contentUrl"], each["contentSize"], each["sha256"])
            for each in one["distribution"]
        }
        assert told_of == {
            (str(catalogue.value(form, DCAT.downloadURL)),
             f"{catalogue.value(form, DCAT.byteSize)} B",
             str(catalogue.value(catalogue.value(form, SPDX.checksum), SPDX.checksumValue)))
            for form in catalogue.objects(node, DCAT.distribution)
            if (form, DCAT.downloadURL, None) in catalogue
        }  # fmt: skip


def test_schema_org_is_json_ld_that_others_read(client: TestClient) -> None:
    document = schema_of(client.get("/en/data.html").text)
    document["@context"] = {"@vocab": "https://schema.org/"}  # as that context does; no network
    kinds: dict[str, set[str]] = {}
    for quad in parse(json.dumps(document), format=RdfFormat.JSON_LD):
        if str(quad.predicate) == f"<{RDF.type}>":
            kinds.setdefault(str(quad.object)[1:-1], set()).add(str(quad.subject)[1:-1])

    assert kinds["https://schema.org/DataCatalog"] == {f"{HOME}catalog"}
    assert len(kinds["https://schema.org/Dataset"]) == 3
    assert len(kinds["https://schema.org/DataDownload"]) > 20


def test_the_data_page_shows_every_file_with_size_and_checksum(
    client: TestClient, catalogue: Graph, read: Any
) -> None:
    page = client.get("/en/data.html").text
    text = read(page.partition("<script")[0]).text

    files = set(catalogue.subjects(DCAT.downloadURL, None))
    assert len(files) > 25
    for form in files:
        digest = str(catalogue.value(catalogue.value(form, SPDX.checksum), SPDX.checksumValue))
        size = int(str(catalogue.value(form, DCAT.byteSize)))
        name = str(catalogue.value(form, DCAT.downloadURL)).removeprefix(HOME)
        assert digest in text
        assert f'title="{size:,} bytes"' in page
        assert f'href="../{name}"' in page
    for words in ("CC0 1.0", f"{HOME}catalog", f"{HOME}sparql", "How to cite",
                  "The twingraph contributors (2026): twingraph: partnerships between cities. "
                  "Version 2026-11-21."):  # fmt: skip
        assert words in text


def test_text_of_settings_can_not_break_out_of_the_script(tmp_path: Path) -> None:
    from twingraph.catalogue.schemaorg import script_text

    written = script_text({"name": "</script><script>alert(1)</script><!--"})

    assert "<" not in written
    assert json.loads(written)["name"].startswith("</script>")


@pytest.mark.parametrize("cut", [0.5, 0.99])
def test_half_a_catalogue_is_never_sent(built: Path, tmp_path: Path, cut: float) -> None:
    copy = tmp_path / "build"
    shutil.copytree(built, copy)
    whole = (copy / "catalog.ttl").read_bytes()
    end = whole.rindex(b" .\n", 0, int(len(whole) * cut)) + 3  # it is still Turtle

    with TestClient(create_app(copy), follow_redirects=False) as client:
        (copy / "catalog.ttl").write_bytes(whole[:end])
        found = [client.get(name) for name in ("/catalog.ttl", "/catalog", "/en/data.html")]
        (copy / "catalog.ttl").write_bytes(whole)
        mended = client.get("/catalog.ttl")

    assert [item.status_code for item in found] == [503] * 3
    assert all("retry-after" in item.headers for item in found)
    assert mended.status_code == 200
