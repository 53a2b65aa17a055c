"""Feeds of releases: followed, replayed, read back by programs that are not ours."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import feedparser  # type: ignore[import-untyped]  # ships no types
import pyshacl
import pytest
from commands import edit, set_day
from pyoxigraph import DefaultGraph, RdfFormat, Triple, parse
from rdflib import SH, Graph
from starlette.testclient import TestClient

from twingraph.build import silent
from twingraph.export.editions import Edition
from twingraph.rdf.vocabulary import HOME
from twingraph.release.changes.delta import Dump
from twingraph.release.changes.diff import patch
from twingraph.release.compress import read_stored
from twingraph.release.feeds.documents import feed_documents, write_documents
from twingraph.release.feeds.entries import MOST_ENTRIES, FeedEntry, make_entries, make_feed
from twingraph.release.feeds.formats import write_atom, write_json_feed
from twingraph.release.feeds.history import HistoryRecord, history_of, read_history
from twingraph.release.feeds.ldes import PAGE_MEMBERS, member_lines, write_pages
from twingraph.release.feeds.members import Member, changed_members
from twingraph.release.feeds.memento import choose_memento
from twingraph.release.feeds.publication import Publication
from twingraph.release.index import list_editions
from twingraph.releasing import release
from twingraph.serve.app import create_app
from twingraph.settings import load_settings

ROOT = Path(__file__).parent.parent
AS = "https://www.w3.org/ns/activitystreams#"
DAYS = ("2026-11-21", "2026-11-28", "2026-11-28.2")
SOURCE = "data/sources/atlas.ttl"
BESTADT_CEDORF = """
claim:bestadt-cedorf-kind a tg:Claim ;
  tg:cites cite:aaburg-cedorf ;
  tg:property tg:partnershipType ;
  tg:subject partnership:bestadt-cedorf ;
  tg:value type:twinning .

partnership:bestadt-cedorf a tg:Partnership ;
  tg:cites cite:aaburg-cedorf ;
  tg:partner place:bestadt , place:cedorf .
"""


def on_day(project: Path, day: str) -> None:
    set_day(project, day)
    release(load_settings(project), day, silent)


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small project after three releases: a date changed; a partnership added, a thing gone."""
    project = tmp_path_factory.mktemp("feeds") / "atlas"
    shutil.copytree(ROOT / "tests" / "atlas", project)
    on_day(project, DAYS[0])
    edit(project, SOURCE, '"1992"^^edtf:EDTF', '"1993"^^edtf:EDTF')
    on_day(project, DAYS[1])
    for name, subject in (
        ("data/entities/works.ttl", "statement:abend-greeting-youth"),
        (SOURCE, "statement:abend-greeting-youth"),
        (SOURCE, "cite:abend-greeting-youth"),
    ):
        text = (project / name).read_text(encoding="utf-8")
        rest, found = re.subn(rf"(?ms)^{subject} .*?\.\n(\n|\Z)", "", text)
        assert found == 1
        (project / name).write_text(rest, encoding="utf-8")
    with (project / SOURCE).open("a", encoding="utf-8") as stream:
        stream.write(BESTADT_CEDORF)
    on_day(project, DAYS[2])
    return project


@pytest.fixture(scope="module")
def web(atlas: Path) -> Iterator[TestClient]:
    """The application over its newest state."""
    app = create_app(atlas / "build", releases=atlas / "releases")
    with TestClient(app, follow_redirects=False) as found:
        yield found


def folder(atlas: Path, day: str) -> Path:
    return atlas / "releases" / day


def pages_of(atlas: Path, day: str) -> list[Path]:
    """Where the pages of a release's feed would lie if they were not packed."""
    names = {path.name.partition(".")[0] for path in folder(atlas, day).glob("feed/0*.trig*")}
    return [folder(atlas, day) / "feed" / f"{name}.trig" for name in sorted(names)]


def dump(path: Path) -> Dump:
    return Dump(path.name, lambda: iter(read_stored(path).splitlines(keepends=True)))


def members(atlas: Path, day: str) -> list[tuple[str, str, tuple[bytes, ...]]]:
    """Action, entity and state of each member of a release, read without our reader."""
    found = []
    for page in pages_of(atlas, day):
        quads = list(
            parse(read_stored(page), format=RdfFormat.TRIG, base_iri="http://e/r/d/feed/p")
        )
        about = {
            quad.subject: quad.object for quad in quads if quad.predicate.value == AS + "object"
        }
        kinds = {
            quad.subject: quad.object
            for quad in quads
            if isinstance(quad.graph_name, DefaultGraph) and "activitystreams" in str(quad.object)
        }
        for name, entity in about.items():
            state = sorted(
                f"{quad.subject} {quad.predicate} {quad.object} .\n".encode()
                for quad in quads if quad.graph_name == name
            )  # fmt: skip
            found.append((str(kinds[name])[len(AS) + 1 : -1], str(entity)[1:-1], tuple(state)))
    return found


# --- the event stream ----------------------------------------------------------------------------


def test_members_of_all_releases_replayed_give_each_dump_byte_for_byte(atlas: Path) -> None:
    held: dict[str, tuple[bytes, ...]] = {}
    for day in DAYS:
        for action, entity, state in members(atlas, day):
            assert (action == "Create") is (entity not in held), (day, action, entity)
            held[entity] = state
            if action == "Delete":
                del held[entity]
        lines = b"".join(sorted(line for state in held.values() for line in state))
        assert lines == read_stored(folder(atlas, day) / "twingraph.nt"), day


def test_patches_and_differences_replayed_give_each_dump_byte_for_byte(atlas: Path) -> None:
    for old, new in pairwise(DAYS):
        wanted = read_stored(folder(atlas, new) / "twingraph.nq")
        whole = b"".join(patch(str(folder(atlas, old)), folder(atlas, new) / "changes.rdfp", None))
        lines = set(read_stored(folder(atlas, old) / "twingraph.nq").splitlines(keepends=True))
        lines -= set(read_stored(folder(atlas, new) / "removed.nq").splitlines(keepends=True))
        lines |= set(read_stored(folder(atlas, new) / "added.nq").splitlines(keepends=True))
        assert whole == wanted
        assert b"".join(sorted(lines)) == wanted


def test_each_release_tells_exactly_what_changed(atlas: Path) -> None:
    told = {day: {(action, entity.removeprefix(HOME)) for action, entity, _ in members(atlas, day)}
            for day in DAYS}  # fmt: skip

    assert told[DAYS[1]] == {("Update", "id/partnership/aaburg-cedorf"), ("Update", "")}
    assert ("Create", "id/partnership/bestadt-cedorf") in told[DAYS[2]]
    assert ("Delete", "id/statement/abend-greeting-youth") in told[DAYS[2]]
    assert len(told[DAYS[2]]) < 10


def test_pages_of_earlier_releases_stay_and_one_member_ends_each_transaction(atlas: Path) -> None:
    names: set[str] = set()
    for day in DAYS:
        found = "".join(read_stored(page).decode() for page in pages_of(atlas, day))
        here = set(re.findall(r"tree:member <([^>]+)>", found))
        positions = [int(number) for number in re.findall(r"schema:position (\d+)", found)]
        assert not names & here
        assert found.count("adms:status") == 1
        assert found.index("adms:status") > found.rindex("tree:member")
        assert positions == list(range(1, len(here) + 1))
        assert "http" not in re.findall(r"<([^>]*)> tree:member", found)[0]
        names |= here


def follow(node: Path, *words: str) -> list[dict[str, str]]:
    script = shutil.copy(ROOT / "tests/node/ldes.mjs", node) if node != ROOT / "tests/node" else (
        node / "ldes.mjs")  # fmt: skip
    done = subprocess.run(
        ["node", str(script), *words], capture_output=True, text=True, check=True, timeout=60
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def payload(found: list[dict[str, str]]) -> set[Triple]:
    text = "".join(row["quads"] for row in found)
    return {quad.triple for quad in parse(text.encode(), format=RdfFormat.N_QUADS)
            if not isinstance(quad.graph_name, DefaultGraph)}  # fmt: skip


@pytest.mark.slow
def test_ldes_client_follows_the_stream_to_the_newest_dump_and_on(
    atlas: Path, node: Path, serve: Callable[..., AbstractContextManager[Any]], tmp_path: Path
) -> None:
    if not (node / "node_modules" / "ldes-client").is_dir():
        pytest.skip("ldes-client is not here: npm ci --prefix tests/node")
    project = Path(shutil.copytree(atlas, tmp_path / "atlas", symlinks=True))
    state = str(tmp_path / "state")
    all_names = {name for day in DAYS for _, name, _ in members(atlas, day)}
    with serve(project / "build", project) as served:
        url = f"{served.url}/release/feed/ldes.trig"
        unordered = follow(node, url, "none")
        ordered = follow(node, url, "ascending", state)
        again = follow(node, url, "ascending", state)
        materialised = follow(node, url, "none", "-", "materialize")
        edit(project, SOURCE, '"1993"^^edtf:EDTF', '"1994"^^edtf:EDTF')
        on_day(project, "2026-12-05")
        then = follow(node, url, "ascending", state)

    times = [row["time"] for row in ordered]
    newest = folder(atlas, DAYS[2]) / "twingraph.nt"
    assert len(unordered) == len(ordered) == sum(len(members(atlas, day)) for day in DAYS)
    assert {row["id"] for row in unordered} == {row["id"] for row in ordered}
    assert times == sorted(times) and len(set(times)) == len(DAYS)
    assert again == []
    assert {row["id"] for row in materialised} == all_names
    assert payload(materialised) == {
        quad.triple for quad in parse(read_stored(newest), format=RdfFormat.N_TRIPLES)
    }
    assert {row["id"].partition("/change/")[2] for row in then} == {
        "dataset", "id/partnership/aaburg-cedorf",
    }  # fmt: skip


def test_a_page_is_full_at_some_size_and_every_member_is_found_again() -> None:
    found = [
        Member(
            "Create",
            f"http://e/{number:05}",
            (f'<http://e/{number}> <http://p> "{{" .\n'.encode(),),
        )
        for number in range(PAGE_MEMBERS + 1)
    ]
    pages = list(write_pages(found, "http://e/", "2026-11-21"))
    name = "http://e/release/2026-11-21/change/00007"

    assert [page.members for page in pages] == [PAGE_MEMBERS, 1]
    assert member_lines(pages[0].content, name) == found[7].lines
    assert member_lines(pages[1].content, name) is None


def test_a_citation_that_passes_to_another_owner_changes_both() -> None:
    cites = [
        f"<{HOME}id/place/{name}> <{HOME}ns#cites> <{HOME}id/cite/c> .\n".encode() for name in "ab"
    ]
    quote = f'<{HOME}id/cite/c> <{HOME}ns#quote> "q" .\n'.encode()
    old = Dump("old", lambda: iter([quote, *cites]))
    new = Dump("new", lambda: iter([quote, cites[1]]))

    assert [(item.action, item.iri[-1], item.lines) for item in changed_members(old, new)] == [
        ("Delete", "a", ()), ("Update", "b", (quote, cites[1])),
    ]  # fmt: skip


# --- the catalogue's changes ---------------------------------------------------------------------


def test_changes_of_the_catalogue_conform_to_the_shape_of_dcat_ap_feeds(
    atlas: Path, artefacts: Callable[[str], Path]
) -> None:
    shapes = Graph().parse(artefacts("checks/ldes/dcat-ap-feeds-shape.ttl"))
    shapes.parse(artefacts("checks/dcat-ap/3.0.1/html-shacl/shapes.ttl"))
    for triple in list(shapes.triples((None, SH.property, None))):
        if (triple[2], SH.path, None) not in shapes:  # official, and no shape: pySHACL refuses
            shapes.remove(triple)
    quads = list(parse((folder(atlas, DAYS[0]) / "feed/catalogue.trig").read_bytes(),
                       format=RdfFormat.TRIG, base_iri="http://e/r/d/feed/p"))  # fmt: skip
    text = "".join(f"{quad.triple} .\n" for quad in quads)
    graph = Graph().parse(data=text, format="nt")
    broken = Graph().parse(data=text.replace("#published", "#publishedd"), format="nt")

    assert sum(quad.predicate.value == AS + "object" for quad in quads) > 20
    conforms, _, report = pyshacl.validate(graph, shacl_graph=shapes)
    assert conforms, report[:2000]
    assert not pyshacl.validate(broken, shacl_graph=shapes)[0]


def test_the_catalogue_as_it_changed_is_the_newest_catalogue(atlas: Path) -> None:
    held: dict[str, set[Triple]] = {}
    for day in DAYS:
        quads = list(parse((folder(atlas, day) / "feed/catalogue.trig").read_bytes(),
                           format=RdfFormat.TRIG, base_iri="http://e/r/d/feed/p"))  # fmt: skip
        for quad in quads:
            if quad.predicate.value == AS + "object":
                held[str(quad.object)] = {
                    item.triple for item in quads if item.graph_name == quad.subject
                }
    newest = parse((folder(atlas, DAYS[2]) / "catalog.ttl").read_bytes(), format=RdfFormat.TURTLE)
    own = {quad.triple for quad in newest if str(quad.subject) in held}

    assert own <= {triple for state in held.values() for triple in state}


# --- Atom and JSON Feed --------------------------------------------------------------------------


def published(atlas: Path) -> dict[str, bytes]:
    releases = atlas / "releases" / "feed"
    return {path.relative_to(releases).as_posix(): path.read_bytes()
            for path in sorted(releases.rglob("*")) if path.is_file()}  # fmt: skip


def test_every_feed_is_read_by_feedparser_and_json_says_the_same(atlas: Path) -> None:
    files = published(atlas)
    feeds = [name for name in files if name.endswith(".atom")]
    for name in feeds:
        atom = feedparser.parse(files[name])
        plain = json.loads(files[name.removesuffix(".atom") + ".json"])
        assert atom.bozo == 0, (name, atom.get("bozo_exception"))
        assert atom.feed.title == plain["title"]
        assert atom.feed.updated == max(entry.updated for entry in atom.entries)
        assert [(entry.id, entry.title, entry.link) for entry in atom.entries] == [
            (item["id"], item["title"], item["url"]) for item in plain["items"]
        ]
        assert len({entry.id for entry in atom.entries}) == len(atom.entries) > 0
        assert plain["version"] == "https://jsonfeed.org/version/1.1"
    assert "en.atom" in feeds and "de/place/cedorf.atom" in feeds
    assert "en/partnership/bestadt-cedorf.atom" in feeds
    assert "en/partnership/aaburg-bestadt.atom" not in feeds  # nothing changed about it
    assert "en/place/germany.atom" not in feeds


def test_a_feed_says_what_happened_in_its_language(atlas: Path) -> None:
    files = published(atlas)
    english = feedparser.parse(files["en/place/cedorf.atom"]).entries
    german = feedparser.parse(files["de/place/cedorf.atom"]).entries

    assert [entry.title for entry in english] == [
        "Bestadt – Cedorf: Partnership added", "Aaburg – Cedorf: Date corrected",
    ]  # fmt: skip
    assert german[1].summary == "<ul><li>Datumsangabe berichtigt: Beginn: 1992 → 1993</li></ul>"
    assert english[1].updated == "2026-11-28T00:00:00Z"


def test_the_same_releases_give_the_same_feeds_and_the_server_sends_them(
    atlas: Path, web: TestClient
) -> None:
    settings = load_settings(atlas)
    editions = list_editions(atlas / "releases", settings.base_iri)
    files = published(atlas)

    for name, raw in feed_documents(Publication.of(settings), editions, atlas / "releases"):
        assert files[name] == raw, name
        sent = web.get(f"/release/feed/{name}")
        assert (sent.status_code, sent.content) == (200, raw), name
    again = web.get("/release/feed/en.atom", headers={"if-none-match": web.get(
        "/release/feed/en.atom").headers["etag"]})  # fmt: skip
    assert again.status_code == 304


def test_what_a_label_holds_breaks_no_feed() -> None:
    label = {"en": 'A\x00<b>&"\u2028]]> ' + "x" * 300}
    record = HistoryRecord("2026-11-21", HOME + "id/place/a", "place", label,
                           {"en": ("1 < 2 \x1b[31m",), "de": ("x",)})  # fmt: skip
    origin = Publication(HOME, HOME, {"en": "T & <T>"}, "P")
    for language in ("en", "de"):
        entries = make_entries(origin, (), [record] * (MOST_ENTRIES + 9), language)
        feed = make_feed(origin, (), entries, language)
        assert feedparser.parse(write_atom(feed, HOME)).bozo == 0
        assert len(json.loads(write_json_feed(feed, HOME))["items"]) == MOST_ENTRIES


def test_a_reader_who_follows_the_archives_gets_every_entry_once_more_entries_or_less() -> None:
    """RFC 5005 §4: the entries of an archive never change."""
    origin = Publication(HOME, HOME, {"en": "T"}, "P")
    records = [
        HistoryRecord(f"2026-{month:02}-01", f"{HOME}id/place/{number:03}", "place", {"en": "A"},
                      {"en": ("x",), "de": ("x",)})
        for month in range(5, 0, -1) for number in range(53)
    ]  # fmt: skip

    def followed(records: list[HistoryRecord]) -> tuple[set[str], dict[int, bytes]]:
        made = make_entries(origin, (), records, "en")
        feed = make_feed(origin, (), made, "en")
        entries, archives = {entry.id for entry in feed.entries}, {}
        while before := feed.earlier:
            expected = f"{HOME}release/feed/en/archive/{before}"
            read = feedparser.parse(write_atom(feed, HOME))
            links = {link.rel: link.href for link in read.feed.links}
            assert (read.bozo, links["prev-archive"]) == (0, f"{expected}.atom")
            assert json.loads(write_json_feed(feed, HOME))["next_url"] == f"{expected}.json"
            feed = make_feed(origin, (), made, "en", archive=before)
            archives[before] = write_atom(feed, HOME)
            assert b"<fh:archive/>" in archives[before]
            assert (
                f'rel="current" type="application/atom+xml" href="{HOME}release/feed/en.atom"'
                in (archives[before].decode())
            )
            entries |= {entry.id for entry in feed.entries}
        return entries, archives

    some, first = followed(records[53 * 2 :])
    every, later = followed(records)
    assert (len(some), [*first]) == (53 * 3, [1])
    assert (len(every), [*later]) == (53 * 5, [2, 1])
    assert first[1] == later[1]
    assert not followed(records[:100])[1]
    with pytest.raises(IndexError):
        make_feed(origin, (), make_entries(origin, (), records, "en"), "en", archive=3)


def test_archives_are_written_and_sent(
    atlas: Path, web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twingraph.release.feeds.entries.MOST_ENTRIES", 1)
    settings = load_settings(atlas)
    editions = list_editions(atlas / "releases", settings.base_iri)
    calls: Counter[tuple[str, str]] = Counter()

    def counted(
        publication: Publication,
        editions: Sequence[Edition],
        records: Sequence[HistoryRecord],
        language: str,
        thing: str = "",
    ) -> tuple[FeedEntry, ...]:
        calls[thing, language] += 1
        return make_entries(publication, editions, records, language, thing)

    with monkeypatch.context() as patched:
        patched.setattr("twingraph.release.feeds.documents.make_entries", counted)
        files = dict(feed_documents(Publication.of(settings), editions, atlas / "releases"))

    assert set(calls.values()) == {1}  # not once an archive
    assert {"en/archive/1.atom", "de/place/cedorf/archive/2.json"} <= files.keys()
    for name, raw in files.items():
        sent = web.get(f"/release/feed/{name}")
        assert (sent.status_code, sent.content) == (200, raw), name
    for number in ("0", "999", "9" * 30, "x"):
        for path in ("en", "en/place/cedorf"):
            assert web.get(f"/release/feed/{path}/archive/{number}.atom").status_code == 404


def test_a_feed_that_did_not_change_is_not_written_again(atlas: Path, tmp_path: Path) -> None:
    settings = load_settings(atlas)
    editions = list_editions(atlas / "releases", settings.base_iri)
    releases = tmp_path / "releases"
    shutil.copytree(atlas / "releases", releases)
    publication = Publication.of(settings)

    def written() -> dict[Path, int]:
        write_documents(publication, editions, releases)
        return {path: path.stat().st_ino for path in (releases / "feed").rglob("*.*")}

    before = written()
    changed = releases / "feed" / "en.atom"
    changed.write_bytes(b"")
    after = written()
    assert changed.stat().st_size
    assert {path for path in before if before[path] != after[path]} == {changed}
    assert before.keys() == after.keys()


def test_an_unchanged_entity_has_an_empty_feed_and_an_unknown_one_none(
    web: TestClient,
) -> None:
    quiet = web.get("/release/feed/en/place/poland.atom")

    assert feedparser.parse(quiet.content).bozo == 0
    assert feedparser.parse(quiet.content).feed.updated == "2026-11-21T00:00:00Z"
    assert feedparser.parse(quiet.content).entries == []
    for path in ("en/place/nowhere.atom", "fr.atom", "en.xml", "en/place/poland.xml", "other.trig",
                 "en/.atom", "en/.json", "en/archive/.atom"):  # fmt: skip
        assert web.get(f"/release/feed/{path}").status_code == 404, path


@pytest.mark.parametrize(
    ("accept", "name"),
    [("application/trig", "ldes.trig"), ("application/feed+json", "en.json"), ("*/*", "en.atom")],
)
def test_one_short_address_leads_to_the_form_asked_for(
    accept: str, name: str, web: TestClient
) -> None:
    answer = web.get("/feed", headers={"accept": accept})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/release/feed/{name}")


def test_the_history_of_an_entity_is_by_release_and_in_words(atlas: Path, web: TestClient) -> None:
    found = web.get("/doc/partnership/aaburg-cedorf/history.json").json()
    days = [(day, folder(atlas, day)) for day in DAYS[::-1]]
    iri = HOME + "id/place/cedorf"

    assert [row["release"] for row in found["history"]] == [DAYS[1]]
    assert found["history"][0]["changes"] == [
        {"en": "Date corrected: start: 1992 → 1993",
         "de": "Datumsangabe berichtigt: Beginn: 1992 → 1993"}
    ]  # fmt: skip
    assert [item.release for item in history_of(read_history(days), iri)] == [DAYS[2], DAYS[1]]
    assert web.get("/doc/place/poland/history.json").json()["history"] == []
    assert web.get("/doc/place/nowhere/history.json").status_code == 404


def test_the_page_of_an_entity_shows_its_history_in_its_language(web: TestClient) -> None:
    english, german = (web.get(f"/{name}/place/cedorf.html").text for name in ("en", "de"))

    assert '<h2 id="history">What changed</h2>' in english
    assert "Date corrected: start: 1992 → 1993" in english
    assert "28 November 2026</a></time>: " in english or "28 November 2026</a>: " in english
    assert 'type="application/atom+xml"' in english.partition("</head>")[0]
    assert "Partnership added" in english and "Datumsangabe berichtigt" in german
    assert 'href="../../release/feed/en/place/cedorf.atom"' in english
    assert 'id="history"' not in web.get("/en/place/poland.html").text


# --- Memento -------------------------------------------------------------------------------------

CEDORF = "id/partnership/aaburg-cedorf"


@pytest.mark.parametrize(
    ("wanted", "day"),
    [
        ("Fri, 20 Nov 2026 00:00:00 GMT", DAYS[0]),  # before the first
        ("Sat, 21 Nov 2026 00:00:00 GMT", DAYS[0]),
        ("Fri, 27 Nov 2026 23:59:59 GMT", DAYS[0]),
        ("Sat, 28 Nov 2026 00:00:00 GMT", DAYS[1]),
        ("Sat, 28 Nov 2026 00:00:01 GMT", DAYS[2]),
        ("Tue, 01 Jan 2030 00:00:00 GMT", DAYS[2]),  # after the last
    ],
)
def test_a_client_asks_for_a_day_and_gets_the_release_before_it(
    wanted: str, day: str, web: TestClient
) -> None:
    for path, where in ((CEDORF, CEDORF), ("dumps/twingraph.nq", "twingraph.nq")):
        answer = web.get(f"/timegate/{path}", headers={"accept-datetime": wanted})
        assert (answer.status_code, answer.headers["vary"]) == (302, "Accept-Datetime")
        assert answer.headers["location"] == f"/release/{day}/{where}"
        assert "memento-datetime" not in answer.headers
        assert f'<{HOME}{path}>; rel="original"' in answer.headers["link"]
        state = web.get(answer.headers["location"])
        moment = datetime.strptime(state.headers["memento-datetime"], "%a, %d %b %Y %H:%M:%S GMT")
        assert moment.strftime("%Y-%m-%d") == day[:10]


def test_a_resource_is_read_as_it_was_then(atlas: Path, web: TestClient) -> None:
    for day, year in zip(DAYS, ("1992", "1993", "1993"), strict=True):
        sent = web.get(f"/release/{day}/{CEDORF}.nt")
        whole = read_stored(folder(atlas, day) / "twingraph.nt").splitlines()
        assert f'"{year}"' in sent.text
        assert set(sent.content.splitlines()) <= set(whole)
        assert sent.headers["cache-control"].endswith("immutable")
        turtle = web.get(f"/release/{day}/{CEDORF}", headers={"accept": "text/turtle"})
        told = parse(turtle.content, format=RdfFormat.TURTLE)
        assert {quad.triple for quad in told} == {
            quad.triple for quad in parse(sent.content, format=RdfFormat.N_TRIPLES)
        }
    for gone in (
        f"{DAYS[0]}/id/partnership/bestadt-cedorf",
        "2026-11-22/" + CEDORF,
        f"{DAYS[2]}/id/statement/abend-greeting-youth",
        f"{DAYS[0]}/{CEDORF}.html",
    ):
        assert web.get(f"/release/{gone}").status_code == 404, gone
    name = f"/release/{DAYS[1]}/change/{CEDORF}"
    assert web.get(name).headers["location"] == f"/release/{DAYS[1]}/{CEDORF}"


def test_only_what_is_frozen_has_a_memento_datetime(web: TestClient) -> None:
    for path in (
        "/",
        f"/{CEDORF}",
        "/dumps/twingraph.nt",
        f"/doc/{CEDORF[3:]}.ttl",
        "/release/feed/en.atom",
        f"/timemap/link/{CEDORF}",
        "/release/latest/twingraph.nq",
    ):
        assert "memento-datetime" not in web.get(path).headers, path
    assert 'rel="timegate"' in web.get(f"/{CEDORF}").headers["link"]


def test_the_lists_of_states_name_the_same_ones_in_both_forms(web: TestClient) -> None:
    for path, days in ((CEDORF, DAYS), ("id/partnership/bestadt-cedorf", DAYS[2:]),
                       ("id/statement/abend-greeting-youth", DAYS[:2]), ("", DAYS)):  # fmt: skip
        text = web.get(f"/timemap/link/{path}").text
        listed = re.findall(r'<([^>]+)>; rel="[a-z ]*memento"', text)
        graph = Graph().parse(data=web.get(f"/timemap/ttl/{path}").text, format="turtle")
        told = {
            str(value) for value in graph.objects(None, None) if f"{HOME}release/" in str(value)
        }
        assert listed == [f"{HOME}release/{day}/{path}" for day in days]
        assert told == set(listed)
    assert web.get("/timemap/link/id/place/nowhere").status_code == 404
    assert web.get(f"/timemap/json/{CEDORF}").status_code == 404


def test_a_moment_that_is_none_is_refused_with_the_right_form(web: TestClient) -> None:
    for wrong in ("2026-11-21", "Sat, 31 Feb 2026 00:00:00 GMT", "x" * 9000):
        answer = web.get(f"/timegate/{CEDORF}", headers={"accept-datetime": wrong})
        assert answer.status_code == 400
        assert "Sat, 21 Nov 2026 00:00:00 GMT" in answer.text
    assert choose_memento(DAYS, datetime(1, 1, 1, tzinfo=UTC)) == DAYS[0]
