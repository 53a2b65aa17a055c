"""What broke under attack, by kind: requests, projects with traps, settings, a log without room."""

from __future__ import annotations

import errno
import io
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from twingraph.atomic import locked, replace_file, write_synced
from twingraph.endpoint.formats import choose_formats
from twingraph.endpoint.protocol import RefusedError, permit, read_fields
from twingraph.problems import TwingraphError
from twingraph.serve.app import create_app
from twingraph.serve.log import Log, Seen
from twingraph.settings import load_settings, settings_from
from twingraph.source.fmt import format_files
from twingraph.source.mappings import read_table
from twingraph.source.read import read_project

ROOT = Path(__file__).parent.parent
ASK = "/sparql?query=ASK%7B%7D"


@pytest.mark.parametrize("path", [ASK, "/sparql?query=SELECT%20*%20%7B%7D&format=csv"])
@pytest.mark.parametrize("again", [False, True])
def test_preconditions_of_the_endpoint_are_kept(client: TestClient, path: str, again: bool) -> None:
    if again:  # from the cache
        client.get(path)
    tag = client.get(path).headers["etag"]

    wrong = client.get(path, headers={"if-match": '"x"'})
    assert wrong.status_code == 412
    assert "If-Match" in wrong.text
    assert client.get(path, headers={"if-match": f'"x", {tag}'}).status_code == 200
    assert client.get(path, headers={"if-match": "*"}).status_code == 200
    assert client.get(path, headers={"if-match": f"W/{tag}"}).status_code == 412
    same = client.get(path, headers={"if-none-match": tag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert same.headers["access-control-allow-origin"] == "*"
    assert client.get(path, headers={"if-none-match": "*"}).status_code == 304
    assert client.head(path, headers={"if-match": '"x"'}).status_code == 412
    assert client.get(path, headers={"if-unmodified-since": "nonsense"}).status_code == 200


def test_the_numbers_are_told_while_they_change(built: Path) -> None:
    wrong: list[int] = []
    with TestClient(create_app(built)) as client:

        def ask(number: int) -> None:
            for turn in range(25):
                found = client.get("/metrics" if number % 2 else f"/nothing/{number}/{turn}")
                if found.status_code != (200 if number % 2 else 404):
                    wrong.append(found.status_code)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert wrong == []


def test_a_form_of_many_fields_is_refused_on_the_page_for_names(client: TestClient) -> None:
    answer = client.post("/de/reconcile", content="a=b&" * 6)

    assert answer.status_code == 400
    assert "5" in answer.text
    assert client.post("/de/reconcile", content="names=" + "a" * 1_100_000).status_code == 413


def test_an_invalid_escape_is_reported_in_a_table_of_links() -> None:
    text = (ROOT / "tests/cases/X06/ok-one-each.links.sssom.tsv").read_text(encoding="utf-8")
    table = read_table(text.replace("owl:sameAs", "owl:%As"), "https://w3id.org/twingraph/")

    assert any("no IRI" in words for _, words in table.wrong)


def test_formats_without_end_are_not_read() -> None:
    formats = read_fields([("query", "ASK {}"), ("format", "a," * 50_000)]).formats

    assert len(formats) <= 20

    many = [("query", "ASK {}"), *[("format", "a," * 500), ("results", "b," * 500)] * 99]
    formats = read_fields(many).formats
    assert len(formats) <= 20  # of all lists together
    began = time.process_time()
    choose_formats(formats, None)
    assert time.process_time() - began < 0.02


@pytest.mark.parametrize(
    "query",
    ["A" * 60_000, "ASK { " + "p" * 30_000 + ":x ?p ?o }", "ASK { ?s ?p " + "A" * 60_000 + " }",
     "ASK { <" + "a" * 60_000],
)  # fmt: skip
def test_a_mistake_in_a_long_word_is_shown_shortened(client: TestClient, query: str) -> None:
    for accept in ("text/plain", "application/json"):
        answer = client.post("/sparql", data={"query": query}, headers={"accept": accept})
        assert answer.status_code == 400
        assert len(answer.content) < 3000


@pytest.mark.parametrize("size", [60_000, 61_924, 65_000])
def test_a_query_of_full_length_fits_into_an_address(client: TestClient, size: int) -> None:
    assert client.get("/sparql", params={"query": "ASK {} #".ljust(size, "x")}).status_code == 200


@pytest.mark.parametrize(("method", "status"), [("GET", 414), ("HEAD", 414), ("POST", 413)])
def test_a_query_that_is_too_long_is_reported_on_its_line(method: str, status: int) -> None:
    asked = read_fields([("query", "ASK {} #".ljust(65_537, "x"))])
    with pytest.raises(RefusedError) as refused:
        permit(asked, 65_536, method)
    assert refused.value.status == status


# --- projects with traps --------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "tests" / "atlas", folder)
    yield folder


@pytest.fixture
def prey(tmp_path: Path) -> Path:
    path = tmp_path / "prey.txt"
    path.write_text("mine", encoding="utf-8")
    return path


def test_fmt_writes_into_no_link(project: Path, prey: Path) -> None:
    path = next((project / "data" / "entities").glob("*.ttl"))
    path.write_text(path.read_text(encoding="utf-8") + "\n\n\n", encoding="utf-8")
    for name in (f".{path.name}.fmt", f".{path.name}"):
        (path.parent / name).symlink_to(prey)
    path.chmod(0o640)

    done = format_files(load_settings(project), [], write=True)

    assert len(done.changed) == 1
    assert prey.read_text(encoding="utf-8") == "mine"
    assert path.stat().st_mode & 0o777 == 0o640
    left = {item.name for item in path.parent.iterdir() if item.name.startswith(".")}
    assert left == {f".{path.name}.fmt", f".{path.name}"}


def test_a_hidden_link_is_reported(project: Path, prey: Path) -> None:
    (project / "data" / "entities" / ".places.ttl.fmt").symlink_to(prey)
    (project / "data" / "entities" / ".places.ttl.swp").write_text("x", encoding="utf-8")

    found = [
        str(problem)
        for file in read_project(load_settings(project)).files
        for problem in file.problems
        if problem.code == "F15"
    ]

    assert len(found) == 1
    assert ".places.ttl.fmt" in found[0]


def test_a_lock_that_is_a_link_is_refused_and_what_it_leads_to_stays(
    tmp_path: Path, prey: Path
) -> None:
    lock = tmp_path / ".build.lock"
    lock.symlink_to(prey)
    with pytest.raises(TwingraphError, match="is a link"), locked(lock, "busy"):
        pass
    lock.unlink()
    lock.symlink_to(tmp_path / "nowhere")
    with pytest.raises(TwingraphError, match="is a link"), locked(lock, "busy"):
        pass

    assert prey.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_lock_does_not_empty_what_it_locks(prey: Path) -> None:
    with locked(prey, "busy"), pytest.raises(TwingraphError, match="busy"), locked(prey, "busy"):
        pass
    assert prey.read_text(encoding="utf-8") == "mine"


def test_files_are_not_written_through_links(tmp_path: Path, prey: Path) -> None:
    link = tmp_path / "draft"
    link.symlink_to(prey)
    with pytest.raises(OSError, match="symbolic links"):
        write_synced(link, b"theirs")
    assert prey.read_text(encoding="utf-8") == "mine"


def test_what_cannot_be_replaced_leaves_nothing_behind(
    tmp_path: Path, prey: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(prey, b"theirs")

    assert [path.name for path in tmp_path.iterdir()] == ["prey.txt"]
    assert prey.read_text(encoding="utf-8") == "mine"


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [10**20, 2**63, 0, -1, 1])
def test_a_limit_that_no_machine_can_keep_is_refused(number: int) -> None:
    with pytest.raises(TwingraphError, match=r"limits.memory_bytes .* write a whole number from"):
        settings_from(Path(), {"limits": {"memory_bytes": number}})


@pytest.mark.parametrize(
    "key", ["seconds", "rows", "result_bytes", "query_bytes", "concurrent", "waiting"]
)
def test_every_limit_has_a_bound(key: str) -> None:
    with pytest.raises(TwingraphError, match=rf"limits.{key} .* write a whole number from"):
        settings_from(Path(), {"limits": {key: 10**20}})


# --- the log -------------------------------------------------------------------------------------


class Disk(io.StringIO):
    """A disk that is full for a while."""

    full = False

    def flush(self) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().flush()


def test_the_log_goes_on_when_there_is_room_again(capsys: pytest.CaptureFixture[str]) -> None:
    disk = Disk()
    log = Log(disk, clock=lambda: 0.0)
    log._lines.append("one")
    log.flush()
    disk.full = True
    for _ in range(3):
        log._lines.append("lost")
        log.flush()
    disk.full = False
    log._lines.append("two")
    log.flush()

    assert "one\n" in disk.getvalue()
    assert disk.getvalue().endswith("two\n")
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert "No space left" in told[0]
    assert "3 lines of the log were lost" in told[1]
    assert Seen("GET", "/", 200, 0.0).rows == -1


@pytest.mark.parametrize("title", ["", " ", {}, {"en": "Ours", "de": ""}])
def test_a_title_without_words_is_refused(title: object) -> None:
    with pytest.raises(TwingraphError, match=r"title; write title.en"):
        settings_from(Path(), {"title": title})
