"""Releases: three of them from edits of the real data; refused, killed, short of disk, repeated."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import yaml  # type: ignore[import-untyped]  # ships no types; the tests of OpenAPI bring it
from commands import command, commands, edit, files_in, set_day, wait_for_files

from twingraph.build import build, silent
from twingraph.build_cache import KEPT
from twingraph.catalogue.citation import write_cff
from twingraph.current_build import UnpublishedError
from twingraph.problems import TwingraphError
from twingraph.release import compress
from twingraph.release.changes.diff import patch
from twingraph.release.changes.words import number_text
from twingraph.release.compress import opened, read_stored
from twingraph.release.contents import PACKED_FROM, _Writer
from twingraph.release.index import list_editions
from twingraph.releasing import Released, release
from twingraph.settings import load_settings
from twingraph.site.reader import PREPARED
from twingraph.translation import words_of

ROOT = Path(__file__).parent.parent
PARTNERS = "data/sources/berlin-partners.ttl"
BERLIN_BONN = """
cite:berlin-bonn-listed a tg:Citation ;
  tg:inSource source:berlin-partners ;
  tg:line 3 ;
  tg:quote "Berlin" .

claim:berlin-bonn-kind a tg:Claim ;
  tg:cites cite:berlin-bonn-listed ;
  tg:property tg:partnershipType ;
  tg:subject partnership:berlin-bonn ;
  tg:value type:twinning .

partnership:berlin-bonn a tg:Partnership ;
  tg:cites cite:berlin-bonn-listed ;
  tg:partner place:berlin , place:bonn .
"""
WITHDRAWN = """
event:bonn-minsk-talks-2018 <http://www.w3.org/2002/07/owl#deprecated> true ;
  skos:editorialNote "Keine eigene Veranstaltung."@de , "No event of its own."@en .
"""


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(project, *words), capture_output=True, text=True, check=False)


def publish(project: Path, day: str) -> Released:
    set_day(project, day)
    return release(load_settings(project), day, silent)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small project of tests/atlas, built."""
    folder = tmp_path_factory.mktemp("ready") / "atlas"
    shutil.copytree(ROOT / "tests" / "atlas", folder)
    assert build(load_settings(folder), folder / "build").folder
    return folder


@pytest.fixture(scope="module")
def once(ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with one release, of 2026-11-21."""
    folder = tmp_path_factory.mktemp("once") / "atlas"
    shutil.copytree(ready, folder, symlinks=True)
    publish(folder, "2026-11-21")
    return folder


@pytest.fixture
def atlas(ready: Path, tmp_path: Path) -> Path:
    """A copy of that project of one's own."""
    return Path(shutil.copytree(ready, tmp_path / "atlas", symlinks=True))


@pytest.fixture
def released(once: Path, tmp_path: Path) -> Path:
    """A copy of the released one."""
    return Path(shutil.copytree(once, tmp_path / "atlas", symlinks=True))


def digests(folder: Path) -> dict[str, str]:
    """The checksum of each file, also of what is kept packed only."""
    paths = {path for path in folder.rglob("*") if path.is_file()}
    paths |= {path.with_suffix("") for path in paths if path.suffix == ".zst"}
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(read_stored(path)).hexdigest()
        for path in sorted(paths)
    }


def assert_whole(folder: Path) -> None:
    """Check a release against its own SHA256SUMS, which must name every file in it."""
    found = digests(folder)
    del found["SHA256SUMS"]
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert dict(line.split("  ")[::-1] for line in lines) == found


# --- three releases of the real data -------------------------------------------------------------


@pytest.fixture(scope="module")
def cycle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after three releases, each made from edits of what people curate."""
    project = tmp_path_factory.mktemp("cycle")
    shutil.copytree(ROOT / "data", project / "data")
    shutil.copy(ROOT / "twingraph.toml", project)
    publish(project, "2026-11-21")
    edit(project, PARTNERS, '"1987-07-02"^^edtf:EDTF', '"1987-07-03"^^edtf:EDTF')
    status = "  tg:subject partnership:berlin-prague ;\n  tg:value status:"
    edit(project, PARTNERS, status + "active", status + "suspended")
    with (project / PARTNERS).open("a", encoding="utf-8") as stream:
        stream.write(BERLIN_BONN)
    publish(project, "2026-12-01")
    with (project / "data/entities/works.ttl").open("a", encoding="utf-8") as stream:
        stream.write(WITHDRAWN)
    edit(project, "data/entities/places.ttl", '"Paris"@de , "Paris"@en',
         '"Paris"@de , "Paris (City)"@en')  # fmt: skip
    rows = "data/links/wikidata.sssom.tsv"
    edit(project, rows, "place:windhoek\towl:sameAs\t\t", "place:windhoek\towl:sameAs\tNot\t")
    none = "unit:berlin-senate-chancellery\tskos:exactMatch\t\tsssom:NoTermFound"
    edit(project, rows, none, "unit:berlin-senate-chancellery\towl:sameAs\t\twd:Q99999999")
    publish(project, "2026-12-01.2")
    return project


def told(cycle: Path, day: str) -> dict[str, object]:
    about = json.loads((cycle / "releases" / day / "release.json").read_text(encoding="utf-8"))
    assert isinstance(about, dict)
    return about


def test_notes_say_in_the_words_of_the_field_what_each_release_changed(cycle: Path) -> None:
    assert [told(cycle, day)["notes"] for day in ("2026-11-21", "2026-12-01", "2026-12-01.2")] == [
        {"en": "First release", "de": "Erste Veröffentlichung"},
        {
            "en": "1 partnership added, 1 partnership suspended, 1 date corrected",
            "de": "1 Partnerschaft hinzugefügt, 1 Partnerschaft ausgesetzt, "
            "1 Datumsangabe berichtigt",
        },
        {
            "en": "1 event withdrawn, 1 label changed, 1 link confirmed, 1 link rejected",
            "de": "1 Veranstaltung zurückgezogen, 1 Bezeichnung geändert, 1 Verknüpfung "
            "bestätigt, 1 Verknüpfung abgelehnt",
        },
    ]
    notes = (cycle / "releases" / "2026-12-01" / "NOTES.md").read_text(encoding="utf-8")
    base = "https://w3id.org/twingraph/id/partnership/"
    for line in (
        f"- 1 partnership added: [Berlin – Bonn]({base}berlin-bonn) "
        "(with 1 citation and 1 claim of a source).",
        f"- 1 partnership suspended: [Berlin – Prague]({base}berlin-prague) "
        "(status: active → suspended).",
        f"- 1 date corrected: [Berlin – Paris]({base}berlin-paris) "
        "(start: 1987-07-02 → 1987-07-03).",
        f"- 1 Partnerschaft ausgesetzt: [Berlin – Prag]({base}berlin-prague) "
        "(Status: aktiv → ausgesetzt).",
    ):
        assert line in notes.splitlines()
    quads = len(read_stored(cycle / "releases" / "2026-12-01" / "twingraph.nq").splitlines())
    assert f"{number_text(quads, 'de')} Aussagen, " in notes


def test_changes_as_json_name_the_entity_the_change_and_the_values(cycle: Path) -> None:
    text = read_stored(cycle / "releases" / "2026-12-01" / "changes.json").decode()
    document = json.loads(text)

    changes = {item["change"]: item for item in document["changes"]}
    assert sorted(changes) == ["added", "date-corrected", "suspended"]
    date = changes["date-corrected"]
    assert date["iri"] == "https://w3id.org/twingraph/id/partnership/berlin-paris"
    assert date["property"] == "https://w3id.org/twingraph/ns#start"
    assert [row["value"] for row in date["before"] + date["after"]] == ["1987-07-02", "1987-07-03"]
    rows = document["changes"] + document["follows"]
    for sign in ("added", "removed"):
        lines = (cycle / "releases/2026-12-01" / f"{sign}.nq").read_bytes().splitlines()
        assert sum(row["statements"][sign] for row in rows) == len(lines)
        assert document["statements"][sign] == len(lines)


def test_patches_replayed_one_after_the_other_give_each_dump_byte_for_byte(cycle: Path) -> None:
    days = ("2026-11-21", "2026-12-01", "2026-12-01.2")
    dump = cycle / "replayed.nq"
    dump.write_bytes(read_stored(cycle / "releases" / days[0] / "twingraph.nq"))

    for day in days[1:]:
        lines = list(patch(str(dump), cycle / "releases" / day / "changes.rdfp", None))
        dump.write_bytes(b"".join(lines))
        assert dump.read_bytes() == read_stored(cycle / "releases" / day / "twingraph.nq")


def test_what_came_and_went_is_the_difference_of_the_two_dumps(cycle: Path) -> None:
    old, new = (set(read_stored(cycle / "releases" / day / "twingraph.nq").splitlines())
                for day in ("2026-12-01", "2026-12-01.2"))  # fmt: skip

    folder = cycle / "releases" / "2026-12-01.2"
    assert set(read_stored(folder / "added.nq").splitlines()) == new - old
    assert set(read_stored(folder / "removed.nq").splitlines()) == old - new


def test_every_file_has_its_checksum_and_none_can_be_written_to(cycle: Path) -> None:
    for day in ("2026-11-21", "2026-12-01", "2026-12-01.2"):
        folder = cycle / "releases" / day
        assert_whole(folder)
        modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
        assert modes == {0o444}


def test_a_release_holds_what_the_build_holds_and_every_dump_packed(cycle: Path) -> None:
    folder = cycle / "releases" / "latest"
    names = set(digests(folder))

    own = (f"{PREPARED}/", f"{KEPT}/")
    built = {name for name in digests(cycle / "build") if not name.startswith(own)}
    assert built | {"CITATION.cff", "NOTES.md", "zenodo.json"} <= names
    for dump in ("nq", "nt", "trig", "ttl", "jsonld"):
        plain = read_stored(folder / f"twingraph.{dump}")
        for suffix in ("gz", "zst"):
            with opened(folder / f"twingraph.{dump}.{suffix}") as stream:
                assert stream.read() == plain
    header = (folder / "twingraph.nq.gz").read_bytes()[:10]
    assert header[3:8] == b"\0\0\0\0\0"  # no name, no time
    assert gzip.decompress((folder / "twingraph.nq.gz").read_bytes()).startswith(b"<http")


def test_catalogue_and_void_of_a_release_name_its_own_addresses(cycle: Path) -> None:
    folder = cycle / "releases" / "2026-12-01"
    for name in ("catalog.ttl", "void.ttl"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "release/2026-12-01/twingraph.nq.zst" in text
        assert "/dumps/twingraph" not in text


def test_earlier_releases_stay_as_they_were_and_latest_leads_to_the_newest(cycle: Path) -> None:
    releases = cycle / "releases"

    editions = list_editions(releases, "https://w3id.org/twingraph/")

    assert [edition.date for edition in editions] == ["2026-12-01.2", "2026-12-01", "2026-11-21"]
    assert [edition.previous for edition in editions] == ["2026-12-01", "2026-11-21", ""]
    assert (releases / "latest").readlink() == Path("2026-12-01.2")
    [dump] = [item for item in editions[1].files if item.name == "twingraph.nq"]
    assert dump.url == "https://w3id.org/twingraph/release/2026-12-01/twingraph.nq"
    raw = read_stored(releases / "2026-12-01" / "twingraph.nq")
    assert (dump.size, dump.sha256) == (len(raw), hashlib.sha256(raw).hexdigest())


def test_numbers_are_written_as_on_the_pages() -> None:
    for language in ("en", "de"):
        assert number_text(1234567, language) == words_of(language).number(1234567)


# --- refusals ------------------------------------------------------------------------------------


def test_a_release_that_exists_is_never_written_again(released: Path) -> None:
    before = digests(released / "releases")

    with pytest.raises(TwingraphError, match=r'stays as it is.*release = "2026-11-21.2"'):
        publish(released, "2026-11-21")

    assert digests(released / "releases") == before


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-02-30", "no day of a release; write 2026-11-21"),
        ("2026-11-21.1", "no day of a release"),
        ("../2026-11-21", "no day of a release"),
        ("", "no day of a release"),
        ("2026-11-22", 'says release = "2026-11-21"; write release = "2026-11-22" there'),
    ],
)
def test_a_day_that_is_none_or_another_than_the_settings_say_is_refused(
    atlas: Path, day: str, words: str
) -> None:
    with pytest.raises(TwingraphError) as refusal:
        release(load_settings(atlas), day, silent)

    assert words in str(refusal.value)
    assert list_editions(atlas / "releases", load_settings(atlas).base_iri) == []


def test_a_day_before_the_newest_release_is_refused(released: Path) -> None:

    with pytest.raises(TwingraphError, match="2026-11-20 is before 2026-11-21, the newest"):
        publish(released, "2026-11-20")


def test_violations_are_reported_and_nothing_is_released(atlas: Path) -> None:
    (atlas / "data/sources/broken.ttl").write_text("<http://example.org/a> a ", encoding="utf-8")

    with pytest.raises(UnpublishedError):
        publish(atlas, "2026-11-21")
    done = run(atlas, "release")

    assert (done.returncode, done.stdout.split()[1]) == (1, "F03")
    assert "nothing was released: mend the violations" in done.stderr
    assert not (atlas / "releases" / "latest").exists()


def test_a_build_that_was_changed_by_hand_is_refused(atlas: Path) -> None:
    build(load_settings(atlas), atlas / "build")
    path = atlas / "build" / "twingraph.ttl"
    path.write_bytes(path.read_bytes() + b"\n")

    with pytest.raises(TwingraphError, match="was changed after it was built; delete"):
        publish(atlas, "2026-11-21")
    with (atlas / "build" / "SHA256SUMS").open("a", encoding="utf-8") as sums:
        sums.write(f"{'0' * 64}  more.ttl\n")
    with pytest.raises(TwingraphError, match="was changed after it was built; delete"):
        publish(atlas, "2026-11-21")

    assert [path.name for path in (atlas / "releases").iterdir()] == [".lock"]


@pytest.mark.parametrize("more", [1, -1])
def test_a_file_that_changes_while_it_is_packed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    source, folder = tmp_path / "build", tmp_path / "release"
    source.mkdir()
    folder.mkdir()
    raw = b"abcdefgh" * PACKED_FROM
    (source / "twingraph.nq").write_bytes(raw)
    packer = compress._packer
    monkeypatch.setattr(compress, "_packer", lambda out, path, size: packer(out, path, size + more))

    with pytest.raises(TwingraphError, match="was changed after it was built; delete"):
        _Writer(folder, "https://example.org/").take(
            {"twingraph.nq": hashlib.sha256(raw).hexdigest()}, source
        )


def test_data_that_changes_while_it_is_released_is_refused(atlas: Path) -> None:
    def meddle(doing: str, share: float = 0.0) -> None:
        if doing == "packing":
            with (atlas / "data/entities/places.ttl").open("a", encoding="utf-8") as stream:
                stream.write("\n")

    with pytest.raises(TwingraphError, match="changed while it was being released"):
        release(load_settings(atlas), "2026-11-21", meddle)

    assert [path.name for path in (atlas / "releases").iterdir()] == [".lock"]


def test_an_earlier_release_that_was_changed_is_not_compared_with(released: Path) -> None:
    path = released / "releases/2026-11-21/twingraph.nq.zst"
    raw = bytearray(path.read_bytes())
    path.chmod(0o644)
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)

    with pytest.raises(TwingraphError, match="was changed after it was published; put back"):
        publish(released, "2026-11-22")


def test_files_that_git_does_not_know_are_refused_by_name(atlas: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]

    def commit() -> None:
        for each in (["add", "data", "twingraph.toml"], ["commit", "-qm", "all"]):
            subprocess.run([*git, *each], cwd=atlas, check=True, capture_output=True)

    subprocess.run([*git, "init", "-q"], cwd=atlas, check=True, capture_output=True)
    commit()
    (atlas / "notes.txt").write_text("not published", encoding="utf-8")
    (atlas / "data/sources/new one.ttl").write_text("", encoding="utf-8")

    with pytest.raises(TwingraphError, match=r"not committed: data/sources/new one\.ttl; commit"):
        publish(atlas, "2026-11-21")
    (atlas / "data/sources/new one.ttl").unlink()
    with pytest.raises(TwingraphError, match=r"not committed: twingraph\.toml; commit"):
        publish(atlas, "2026-11-22")
    commit()

    assert publish(atlas, "2026-11-22").folder.is_dir()


def test_a_release_without_a_change_is_marked_and_keeps_its_day_of_change(
    released: Path,
) -> None:
    publish(released, "2026-11-22")

    about = told(released, "2026-11-22")
    assert about["modified"] == "2026-11-21"
    notes = about["notes"]
    assert isinstance(notes, dict)
    assert notes["en"] == "The data says the same as in the release before"


def test_what_a_doi_deposit_lacks_is_reported_and_the_rest_is_used(atlas: Path) -> None:
    done = run(atlas, "release")
    with (atlas / "twingraph.toml").open("a", encoding="utf-8") as toml:
        toml.write(
            'about.description.en = "Who is twinned: \\"all\\""\n'
            'about.keywords.en = ["twinning"]\nabout.contact.email = "a@example.org"\n'
            'about.doi = "10.5281/zenodo.1"\n[[about.creators]]\nname = "Abend, Ada"\n'
            'orcid = "0000-0002-1825-0097"\naffiliation = "Stadt Aaburg"\n'
        )
    made = publish(atlas, "2026-11-22")

    assert done.returncode == 0, done.stderr
    assert "a DOI deposit still wants who made it: [[about.creators]]" in done.stderr
    assert made.missing == ()
    cff = yaml.safe_load((made.folder / "CITATION.cff").read_text(encoding="utf-8"))
    assert cff["authors"] == [
        {"family-names": "Abend", "given-names": "Ada", "affiliation": "Stadt Aaburg",
         "orcid": "https://orcid.org/0000-0002-1825-0097"}
    ]  # fmt: skip
    assert (cff["version"], cff["date-released"], cff["doi"]) == (
        "2026-11-22", "2026-11-22", "10.5281/zenodo.1",
    )  # fmt: skip
    assert cff["abstract"] == 'Who is twinned: "all"'
    deposit = json.loads((made.folder / "zenodo.json").read_text(encoding="utf-8"))
    assert deposit["creators"] == [
        {"name": "Abend, Ada", "affiliation": "Stadt Aaburg", "orcid": "0000-0002-1825-0097"}
    ]
    assert deposit["publication_date"] == deposit["version"] == "2026-11-22"
    assert deposit["license"] == "CC0-1.0"


@pytest.mark.parametrize("text", ['a: "b" # c', "two\nlines\u2028three\x85", "- 'x'", "Ω🙂\\"])
def test_the_citation_is_yaml_whatever_a_title_holds(atlas: Path, text: str) -> None:
    settings = load_settings(atlas)
    object.__setattr__(settings, "title", {"en": text})

    assert yaml.safe_load(write_cff(settings, "2026-11-21"))["title"] == text


# --- what lies among releases --------------------------------------------------------------------


def test_what_is_half_foreign_or_led_elsewhere_is_no_release(
    released: Path, tmp_path: Path
) -> None:
    releases, base = released / "releases", load_settings(released).base_iri
    whole = releases / "2026-11-21"

    def copy(day: str) -> Path:
        shutil.copytree(whole, releases / day)
        about = json.loads((whole / "release.json").read_text(encoding="utf-8")) | {"date": day}
        (releases / day / "release.json").unlink()
        (releases / day / "release.json").write_text(json.dumps(about), encoding="utf-8")
        return releases / day

    def tell(folder: Path, **more: object) -> None:
        path = folder / "release.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | more), encoding="utf-8")

    kept = copy("2026-11-22")
    (copy("2026-11-23") / "twingraph.nq.zst").unlink()
    cut = copy("2026-11-24") / "twingraph.ttl.gz"
    cut.unlink()
    cut.write_text("", encoding="utf-8")
    secret = tmp_path / "secret"
    secret.write_bytes((whole / "twingraph.nt.zst").read_bytes())
    led = copy("2026-11-25") / "twingraph.nt.zst"
    led.unlink()
    led.symlink_to(secret)
    tell(copy("2026-11-26"), base_iri="https://example.org/other/")
    out = {"name": "../../../secret", "size": secret.stat().st_size, "sha256": "0" * 64}
    tell(copy("2026-11-27"), files=[out])
    listed = json.loads((whole / "release.json").read_text(encoding="utf-8"))["files"]
    wrong = ("../secret.zst", "twingraph.ttl.zst", "twingraph.nq.xz", "twingraph.nq")
    for number, stored in enumerate(wrong):
        day = f"2026-11-{16 + number}"
        changed = [item | {"stored": stored} if item["name"] == "twingraph.nq" else item
                   for item in listed]  # fmt: skip
        tell(copy(day), files=changed)
    (copy("2026-11-28") / "release.json").write_text("[" * 100_000, encoding="utf-8")
    (releases / "2026-11-29").symlink_to(kept)
    (releases / "2026-11-30").mkdir()
    (releases / "2026-12-01").write_text("a file", encoding="utf-8")
    (releases / "letters.txt").write_text("dear", encoding="utf-8")

    assert [item.date for item in list_editions(releases, base)] == ["2026-11-22", "2026-11-21"]
    assert list_editions(tmp_path / "nowhere", base) == []


# --- whole or not at all -------------------------------------------------------------------------


def test_two_hash_seeds_and_two_places_make_the_same_bytes_of_every_file(tmp_path: Path) -> None:
    found = []
    for seed in ("0", "4242"):
        project = Path(shutil.copytree(ROOT / "tests" / "atlas", tmp_path / seed / "atlas"))
        env = {**os.environ, "PYTHONHASHSEED": seed}
        for day in ("2026-11-21", "2026-11-22"):
            set_day(project, day)
            done = subprocess.run(command(project, "release"), capture_output=True, text=True,
                                  env=env, check=False)  # fmt: skip
            assert done.returncode == 0, done.stderr
            label = '"Bestadt"@en', f'"Bestadt {day}"@en'
            edit(project, "data/entities/places.ttl", *label) if day == "2026-11-21" else None
        found.append(digests(project / "releases"))

    assert found[0] == found[1]
    assert len(found[0]) > 100


TURNS: Final = 12


@pytest.mark.slow
def test_sigkill_at_any_moment_leaves_whole_releases_and_a_whole_latest(atlas: Path) -> None:
    releases, base = atlas / "releases", load_settings(atlas).base_iri
    publish(atlas, "2026-11-21")
    number = files_in(releases / "2026-11-21")
    day, killed, halves = 1, 0, 0

    with commands() as started:
        for turn in range(TURNS):
            set_day(atlas, f"2026-12-{day:02}")
            child = started.start(atlas, "release")
            # once so many files are written, and every fourth time just when the folder is renamed
            draft, final = releases / ".draft", releases / f"2026-12-{day:02}"
            awaited = sys.maxsize if turn % 4 == 3 else number * turn // TURNS
            wait_for_files(draft, awaited, final.exists)
            os.kill(child, signal.SIGKILL)
            killed += started.end() == signal.SIGKILL

            names = sorted(path.name for path in releases.iterdir() if path.name[0] != ".")
            whole = [item.date for item in list_editions(releases, base)]
            # feeds come after `latest`, and are made anew by the next release
            assert [name for name in names if name != "feed"] == [*sorted(whole), "latest"]
            for name in whole[:2]:
                assert_whole(releases / name)
            led = (releases / "latest").readlink().name
            assert led in whole[:2]
            halves += (releases / ".draft").exists()
            if turn < TURNS - 1:  # what is half is awaited anew; the last one is left lying
                shutil.rmtree(releases / ".draft", ignore_errors=True)
            day += f"2026-12-{day:02}" in whole

    assert killed >= TURNS // 2
    assert halves >= 3  # else the moments missed what they are about
    set_day(atlas, f"2026-12-{day:02}")
    last = run(atlas, "release")
    assert last.returncode == 0, last.stderr
    assert (releases / "latest").readlink().name == f"2026-12-{day:02}"
    assert not (releases / ".draft").exists()


def test_latest_is_mended_where_the_last_release_was_killed_before_it(released: Path) -> None:
    publish(released, "2026-11-22")
    latest = released / "releases" / "latest"
    latest.unlink()
    latest.symlink_to("2026-11-21")

    with pytest.raises(TwingraphError, match="stays as it is"):
        publish(released, "2026-11-22")

    assert latest.readlink().name == "2026-11-22"


@pytest.mark.parametrize("bytes_", [50_000, 300_000])
def test_a_full_disk_is_said_and_nothing_is_lost(released: Path, bytes_: int) -> None:
    set_day(released, "2026-11-22")
    build(load_settings(released), released / "build")
    before = digests(released / "releases")
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes_}, {bytes_})); "
        "from twingraph.cli import main; main(sys.argv[1:])"
    )

    done = subprocess.run(
        [sys.executable, "-c", limited, "--project", str(released), "release"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "nothing was released, and what was stays as it is" in done.stderr
    assert "Traceback" not in done.stderr
    assert digests(released / "releases") == before
    assert (released / "releases" / "latest").readlink().name == "2026-11-21"


def test_two_releases_at_once_are_one_and_a_refusal(atlas: Path) -> None:
    refused = []

    def again(doing: str, share: float = 0.0) -> None:
        if doing == "packing":
            with pytest.raises(TwingraphError) as refusal:
                release(load_settings(atlas), "2026-11-21", silent)
            refused.append(str(refusal.value))

    release(load_settings(atlas), "2026-11-21", again)

    assert "another release is being written" in refused[0]
