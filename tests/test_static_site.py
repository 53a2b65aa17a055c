"""The site as files: the same bytes as the server's, every link resolved, swapped in as a whole."""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import html5rdf
import pytest
from starlette.testclient import TestClient

from twingraph.build import build
from twingraph.problems import TwingraphError
from twingraph.rdf.vocabulary import EVIDENCE_KINDS
from twingraph.serve.app import create_app
from twingraph.settings import load_settings
from twingraph.site.name_index import MOST, NameRow, file_of, read_rows, shards
from twingraph.site.pages import page, page_paths
from twingraph.site.reader import LANGUAGES, BuildReader, load_site
from twingraph.site.render import static_file
from twingraph.site.results import example_of
from twingraph.site.static_site import WrittenSite, write_site

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    shutil.copytree(ROOT / "tests" / "atlas", folder, dirs_exist_ok=True)
    assert build(load_settings(folder), folder / "build").folder is not None
    return folder


@pytest.fixture(scope="module")
def reader(project: Path) -> BuildReader:
    return load_site(project / "build")


@pytest.fixture(scope="module")
def written(project: Path, reader: BuildReader) -> WrittenSite:
    return write_site(reader, project / "site")


@pytest.fixture(scope="module")
def server(project: Path) -> Iterator[TestClient]:
    with TestClient(create_app(project / "build"), follow_redirects=False) as client:
        yield client


def files_of(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_every_page_has_the_bytes_that_the_server_sends(
    reader: BuildReader, written: WrittenSite, server: TestClient
) -> None:
    equal = 0
    paths = [f"{language}/{path}" for language in LANGUAGES for path in page_paths(reader)]
    for path in paths:
        sent = server.get(f"/{path}").content.decode()
        live = re.sub(r'"(?:\.\./)*sparql\?', f'"{reader.address}sparql?', sent)
        assert live.encode() == (written.folder / path).read_bytes(), path
        equal += 1
    assert equal + 1 == written.pages


def test_a_query_leads_to_the_live_server(reader: BuildReader, project: Path) -> None:
    site = write_site(reader, project / "elsewhere", address="https://live.example.org/data")
    text = (site.folder / "en" / "statistics.html").read_text(encoding="utf-8")

    assert text.count('href="https://live.example.org/data/sparql?query=') == 10
    assert 'href="../sparql?' not in text


def test_other_files_have_the_bytes_that_the_server_sends(
    reader: BuildReader, written: WrittenSite, server: TestClient
) -> None:
    offline = (
        "404.html",
        "SHA256SUMS",
        "index.html",
        "sparql/",
        "robots.txt",
        "sitemap",
        "search/",
    )
    checked = 0
    for name in files_of(written.folder):
        if name.startswith((*LANGUAGES, *offline)):
            continue
        question = name.removeprefix("query/").partition(".")[0]
        asks = name.startswith("query/")
        example = example_of(reader, reader.library[question]).values if asks else {}
        answer = server.get(f"/{name}", params=example, headers={"accept-encoding": "identity"})
        assert answer.status_code == 200, name
        body = (written.folder / name).read_bytes()
        if name == "static/site.js":  # a copy says that it is one
            body = body.removeprefix(copy_script())
        assert answer.content == body, name
        checked += 1
    assert checked > 100


def test_the_index_of_names_finds_every_entity_by_each_of_its_forms(
    reader: BuildReader, written: WrittenSite
) -> None:
    folder = written.folder
    prefixes = json.loads((folder / "search" / "index.json").read_bytes())
    shards = {each: json.loads((folder / file_of(each)).read_bytes()) for each in prefixes}
    rows = read_rows(reader)

    assert len(rows) > 100
    for row in rows:
        longest = max((each for each in prefixes if row.form.startswith(each)), key=len)
        assert list(row) in shards[longest], row
        assert all((folder / language / row.path).is_file() for language in LANGUAGES), row
    for prefix, shard in shards.items():
        assert 0 < len(shard) <= MOST
        assert all(form.startswith(prefix) for form, *_ in shard)
        assert shard == sorted(shard, key=lambda row: row[0])
    assert sorted(files_of(folder / "search")) == sorted(
        ["index.json", *(file_of(each).removeprefix("search/") for each in prefixes)]
    )


def test_a_long_shard_is_split_and_keeps_the_first() -> None:
    rows = [NameRow(f"a{n:04}", "A", f"place/{n}.html", "place") for n in range(3 * MOST)]
    found = dict(shards(rows))

    assert found["a"] == rows[:MOST]
    assert max(map(len, found.values())) <= MOST
    assert {row for shard in found.values() for row in shard} == set(rows)


def test_every_link_inside_leads_to_a_file_and_a_place_in_it(written: WrittenSite) -> None:
    names = set(files_of(written.folder))
    ids: dict[str, set[str]] = {}
    links: list[tuple[str, str]] = []
    for name in sorted(names):
        if not name.endswith(".html"):
            continue
        tree = html5rdf.parse((written.folder / name).read_bytes(), namespaceHTMLElements=False)
        elements = list(tree.iter())
        found = [element.get("id") for element in elements if element.get("id")]
        assert len(found) == len(set(found)), f"{name}: an id twice"
        ids[name] = set(found)
        links += [
            (name, element.get(attribute))
            for element in elements
            for attribute in ("href", "src", "action")
            if element.get(attribute) is not None
        ]
    checked = 0
    for name, link in links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path)))
        target = name if not parts.path else target
        if target not in names:
            target = f"{target}/index.html"
        assert target in names, f"{name}: {link}"
        if parts.fragment:
            assert unquote(parts.fragment) in ids[target], f"{name}: {link}"
        checked += 1
    assert checked > 1000


def test_checksums_are_those_of_every_file(written: WrittenSite) -> None:
    lines = (written.folder / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    assert sorted(listed) == [name for name in files_of(written.folder) if name != "SHA256SUMS"]
    for name, digest in listed.items():
        raw = (written.folder / name).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == digest, name
    assert written.files == len(listed) + 1


def test_the_same_build_gives_the_same_site_and_another_folder_is_left_alone(
    project: Path, reader: BuildReader, written: WrittenSite, tmp_path: Path
) -> None:
    again = write_site(reader, project / "site")
    assert again.folder == written.folder
    assert (project / "site").resolve() == written.folder

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(TwingraphError, match="a folder with files in it"):
        write_site(reader, tmp_path / "mine")


def test_a_copy_says_where_the_live_server_is(reader: BuildReader, tmp_path: Path) -> None:
    site = write_site(reader, tmp_path / "site", address="https://partners.example")
    for path in ("en/search", "de/search", "sparql"):
        text = (site.folder / path / "index.html").read_text()
        assert f'href="https://partners.example/{path}"' in text


def test_a_page_is_a_function_of_build_language_and_path(
    reader: BuildReader, project: Path
) -> None:
    other = load_site(project / "build")
    for path in page_paths(reader)[::9]:
        assert page(reader, "de", path) == page(other, "de", path)
    assert page(reader, "de", "nothing.html") is None


# --- evidence ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(EVIDENCE_KINDS))
def test_evidence_is_shown_on_the_page_of_what_it_is_about(
    client: TestClient, site: BuildReader, kind: str
) -> None:
    names = [row["thing"].value for row in site.rows("described") if row["thing"] is not None]
    of_kind = [name.rpartition("/id/")[2] for name in names if f"/id/{kind}/" in name]
    assert of_kind
    for name in of_kind[:: max(1, len(of_kind) // 25)]:
        answer = client.get(f"/id/{name}", headers={"accept": "text/html"})
        assert answer.status_code == 303, name
        place, _, fragment = answer.headers["location"].partition("#")
        assert fragment.partition("-")[0] in EVIDENCE_KINDS
        assert f'id="{fragment}"' in client.get(place).text, name
        assert client.get(f"/en/{name}.html").headers["location"].endswith(f"#{fragment}")
        assert client.get(f"/doc/{name}.ttl").status_code == 200
    assert client.get(f"/en/{kind}/index.html").status_code == 404
    assert all(f"/{kind}/" not in path for path in page_paths(site))


def test_the_script_of_every_page_is_small() -> None:
    script = static_file("site.js")
    assert script is not None and len(script) <= 6 * 1024
    assert len(copy_script()) <= 3 * 1024  # what a copy has in front of it
    assert len(gzip.compress(copy_script() + script)) <= 4 * 1024


def copy_script() -> bytes:
    return (ROOT / "src/twingraph/site/static/copy.js").read_bytes()
