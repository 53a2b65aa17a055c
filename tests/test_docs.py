"""The documentation agrees with the program: its examples run, its lists are complete."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest
from pyoxigraph import NamedNode, Quad
from starlette.testclient import TestClient

from twingraph.check.run import all_codes
from twingraph.cli import cli
from twingraph.derive.dates import bounds
from twingraph.rdf.iris import VOCABULARY
from twingraph.rdf.turtle import iri_text
from twingraph.rdf.vocabulary import HOME, TG, prefixes_for
from twingraph.serve.app import create_app
from twingraph.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    path for folder in (ROOT, DOCS, DOCS / "decisions") for path in folder.glob("*.md")
)  # fmt: skip
HERE = "http://127.0.0.1:8000"

_FENCE = re.compile(r"^(`{3,})(.*)\n((?:.*\n)*?)\1$", re.MULTILINE)
_PART = re.compile(r"^<!-- begin: (\S+).* -->\n((?:.*\n)*?)<!-- end: \1 -->$", re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def fences(text: str, language: str) -> list[str]:
    return [match[3] for match in _FENCE.finditer(text) if match[2] == language]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#{1,6} (.+)$", _FENCE.sub("", text), re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads]
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain}


def run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(DOCS), "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=False, timeout=600,
    )  # fmt: skip


# --- what is shown runs --------------------------------------------------------------------------


def test_generated_parts_are_current() -> None:
    done = run("docs/generate.py", "--check")

    assert done.returncode == 0, f"run 'make docs': {done.stdout}{done.stderr}"


@pytest.mark.parametrize(
    "page", [page for page in PAGES if fences(page.read_text(encoding="utf-8"), "console")],
    ids=name_of,
)  # fmt: skip
def test_a_terminal_prints_what_the_page_shows(page: Path) -> None:
    if page.name == "CONTRIBUTING.md":
        pytest.skip("tests/test_contributing.py follows it")
    if "curl " in page.read_text(encoding="utf-8") and shutil.which("curl") is None:
        pytest.skip("curl is not here")

    done = run("docs/examples.py", name_of(page))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "script", [*DOCS.glob("*.py"), *(DOCS / "parts").glob("*.py")], ids=name_of
)
def test_the_scripts_do_what_their_docstrings_say(script: Path) -> None:
    done = run("-m", "doctest", str(script))

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_runner_of_examples_notices_a_lie(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo one\ntwo\n$ false\n```\n", encoding="utf-8")

    done = run("docs/examples.py", str(page))

    assert done.returncode == 1
    assert "page.md:2: $ echo one\nprints:\none\n" in done.stdout
    assert "page.md:4: $ false\nends with exit status 1" in done.stdout


def test_stale_parts_are_named(tmp_path: Path) -> None:
    words = (
        "import pathlib, sys, generate; generate.ROOT = pathlib.Path(sys.argv[1]);"
        "generate.PICTURES = {}; sys.exit(generate.main(['--check']))"
    )
    (tmp_path / "docs").mkdir()
    page = "<!-- begin: types -->\nold\n<!-- end: types -->\n"
    (tmp_path / "docs" / "old.md").write_text(page, encoding="utf-8")

    done = run("-c", words, str(tmp_path))

    assert (done.returncode, done.stdout) == (1, "docs/old.md\n")
    assert (tmp_path / "docs" / "old.md").read_text(encoding="utf-8") == page


def test_the_readme_has_exactly_two_commands_to_set_up() -> None:
    assert fences(text_of("README.md"), "sh") == ["make serve\n", "make test\n"]
    targets = set(re.findall(r"^([a-z]+(?: [a-z]+)*):", text_of("Makefile"), re.MULTILINE))
    assert {"serve", "test", "docs"} <= targets


def test_addresses_that_pages_link_to_answer(built: Path) -> None:
    found = {
        address
        for page in PAGES
        for address in re.findall(
            rf"(?<!`){HERE}(/[^\s)>`]*)", _FENCE.sub("", page.read_text(encoding="utf-8"))
        )
    }  # fmt: skip
    assert found
    with TestClient(create_app(built), base_url=HERE) as client:
        for address in sorted(found):
            answer = client.get(address, headers={"accept": "text/html"})
            assert answer.status_code == 200, address


def test_the_table_of_dates_is_right() -> None:
    rows = re.findall(
        r"^\|[^|]+\| `([^`]+)`[^|]* \| (\S+) \| (\S+) \|$", text_of("docs/model.md"), re.MULTILINE
    )
    assert len(rows) >= 7
    for value, first, last in rows:
        told = bounds(value)
        assert told is not None, value
        assert (told.earliest or "none", told.latest or "none") == (first, last), value


# --- what is listed is all there is --------------------------------------------------------------


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli, info_name="twingraph")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        yield name, command


def options(command: click.Command) -> set[str]:
    """The options of a command, those of the commands of a group among them."""
    inside = command.commands.values() if isinstance(command, click.Group) else ()
    own = {opt for parameter in command.params for opt in parameter.opts if opt.startswith("--")}
    return own.union(*map(options, inside))


def test_every_command_and_option_is_explained() -> None:
    text = text_of("docs/cli.md")
    for name, command in commands():
        assert f"## {name}\n" in text, f"docs/cli.md needs '## {name}' and its help part"
        assert f"twingraph {name} " in "".join(fences(text, "console")), f"no example of {name}"
        assert "Example:" in (command.help or ""), f"{name} --help has no example"
        for option in options(command):
            assert option in text, f"{name} {option}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_that_pages_name_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    known = {name: options(command) | {"--help"} for name, command in commands()}
    targets = re.findall(r"^([a-z ]+):", text_of("Makefile"), re.MULTILINE)
    makes = {name for line in targets for name in line.split()}
    shown = [
        line.removeprefix("$ ") for found in _FENCE.finditer(text) for line in found[3].splitlines()
    ]
    shown += re.findall(r"`([^`\n]+)`", _FENCE.sub("", text))
    for line in shown:
        if found := re.match(r"twingraph (?:--project \S+ )?([a-z]+)(?![^ ])([^|;]*)", line):
            assert found[1] in known, line
            assert set(re.findall(r"(?<=\s)--[a-z-]+", found[2])) <= known[found[1]], line
        elif found := re.match(r"make ([a-z]+)$", line):
            assert found[1] in makes, line


def test_every_problem_code_is_explained(settings: Settings) -> None:
    heads = set(re.findall(r"^### (\S+)$", text_of("docs/problems.md"), re.MULTILINE))

    assert heads == all_codes(settings)


def test_every_setting_is_explained() -> None:
    heads = set(re.findall(r"^## (\w+)$", text_of("docs/settings.md"), re.MULTILINE))

    assert heads == set(Settings.__dataclass_fields__) - {"folder"}


def test_every_term_is_in_the_vocabulary(quads: frozenset[Quad]) -> None:
    text = text_of("docs/vocabulary.md")
    ours = {
        quad.subject.value
        for quad in quads
        if quad.graph_name == NamedNode(HOME + VOCABULARY) and isinstance(quad.subject, NamedNode)
        and quad.subject.value.startswith((HOME + "ns#", HOME + "vocab/"))
    }  # fmt: skip
    ours |= {value.value for value in vars(TG).values() if isinstance(value, NamedNode)}
    schemes = {iri for iri in ours if re.fullmatch(HOME + "vocab/[a-z-]+", iri)}
    missing = {
        iri for iri in ours - schemes if f"`{iri_text(iri, set(), prefixes_for(HOME))}`" not in text
    }
    missing |= {iri for iri in schemes if f"### {iri.rpartition('/')[2]}\n" not in text}

    assert not missing, f"run 'make docs': {sorted(missing)}"


def test_every_address_is_explained(built: Path) -> None:
    text = text_of("docs/http.md")
    paths = [getattr(route, "path", "") for route in create_app(built).routes]
    literal = {path.partition("{")[0].rstrip("/.") for path in paths}

    assert literal >= {"/sparql", "/dumps"}
    assert not {path for path in literal - {"", "/en", "/de"} if f"`{path}" not in text
                and f"/{path[4:]}" not in text}  # fmt: skip


def test_every_file_of_a_build_is_explained(built: Path) -> None:
    text = text_of("docs/http.md")
    patterns = {
        r"^links/(geonames|wikidata)(?!-report)": "links/<target>",
        r"^tables/\w+\.csv": "tables/<name>.csv",
        r"^prepared/[\w-]+\.(json|svg)": "prepared/<name>",
        r"^kept/.+": "kept/<name>",
    }
    files = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    for pattern, shown in patterns.items():
        files = {re.sub(pattern, shown, name) for name in files}

    assert not {name for name in files if f"`{name}`" not in text}


def test_every_question_is_listed() -> None:
    heads = set(re.findall(r"^### (\S+)$", text_of("docs/queries.md"), re.MULTILINE))

    assert {path.stem for path in (ROOT / "queries" / "library").glob("*.rq")} <= heads


def test_every_decision_is_listed_with_its_status() -> None:
    text = text_of("docs/decisions/README.md")
    files = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert files
    for path in files:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 40, f"{path.name}: a record has at most 40 lines"
        head = re.fullmatch(r"# (\d{4}) (.+)", lines[0])
        day = re.fullmatch(r"(\d{4}-\d\d-\d\d), (accepted|superseded by \d{4})\.", lines[2])
        assert head and day and path.name.startswith(head[1] + "-"), path.name
        assert f"| {head[1]} | [{head[2]}]({path.name}) | {day[1]} | {day[2]} |" in text
    numbers = [path.name[:4] for path in files]
    assert len(set(numbers)) == len(numbers), "two records have one number"


def test_every_page_is_in_the_index() -> None:
    linked = set(_LINK.findall(text_of("docs/README.md")))

    assert {path.name for path in DOCS.glob("*.md") if path.name != "README.md"} <= linked


def test_every_folder_of_the_code_is_described() -> None:
    text = text_of("docs/README.md")
    package = ROOT / "src" / "twingraph"
    folders = {f"`{path.parent.name}/`" for path in package.glob("*/__init__.py")}
    modules = {f"`{path.name}`" for path in package.glob("*.py") if path.name != "__init__.py"}

    assert not {folder for folder in folders | modules if folder not in text}


@pytest.mark.parametrize("name", ["bonn.svg", "model.svg"])
def test_a_picture_says_in_words_what_it_shows(name: str) -> None:
    space = "{http://www.w3.org/2000/svg}"
    root = ElementTree.fromstring(text_of(f"docs/pictures/{name}"))

    texts = [root.findtext(f"{space}{name}", "") for name in ("title", "desc")]

    assert root.get("role") == "img"
    assert all(texts)
    assert root.get("aria-labelledby", "").split() == [
        item.get("id") for item in root if item.tag in (f"{space}title", f"{space}desc")
    ]


def test_the_picture_of_the_model_has_every_class() -> None:
    root = ElementTree.fromstring(text_of("docs/pictures/model.svg"))
    shown = " ".join(root.itertext())
    classes = {name for name in vars(TG) if name[0].isupper()}

    assert not {name for name in classes if not re.search(rf"\b{name}\b", shown)}


# --- links, citation, what must not stand there --------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in _LINK.findall(text):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), f"{name_of(page)}: {link}"
        if anchor:
            there = target.read_text(encoding="utf-8")
            assert anchor in anchors(there), f"{name_of(page)}: {link}"


def test_the_citation_names_this_release() -> None:
    text = text_of("CITATION.cff")
    values = dict(re.findall(r'^([a-z-]+): "?([^"\n]*)"?$', text, re.MULTILINE))
    settings = tomllib.loads(text_of("twingraph.toml"))

    assert all(re.match(r"[a-z-]+:|  ?-? | {4}", line) for line in text.splitlines() if line)
    assert {"cff-version", "message", "title", "version", "date-released", "url"} <= set(values)
    assert values["version"] == settings["release"]
    assert values["date-released"] == settings["release"][:10]
    assert values["url"] == settings["base_iri"]
    assert f'- name: "{settings["publisher"]}"' in text


def test_the_changelog_has_three_headings_a_release() -> None:
    releases = re.split(r"^## ", text_of("CHANGELOG.md"), flags=re.MULTILINE)[1:]
    assert releases
    for release in releases:
        heads = re.findall(r"^### (.+)$", release, re.MULTILINE)
        assert heads and set(heads) <= {"Data", "Ontology and shapes", "Software"}, release


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "queries.md"], ids=name_of
)  # fmt: skip
def test_prose_has_one_sentence_a_line(page: Path) -> None:
    text = _PART.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))
    for line in text.splitlines():
        if not line.startswith(("|", "<!--", "   ")):
            assert not re.search(r"[a-z)`*][.!?] [A-Z]", line), f"{name_of(page)}: {line}"


def tracked() -> list[Path]:
    """The files of the repository, or what lies there where git is not."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
        return [ROOT / name for name in done.stdout.split("\0") if name]
    return [
        path for path in ROOT.rglob("*") if not re.search(r"/(\.|build|node_modules)", str(path))
    ]


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    home = re.compile(r"(?<![\w.:/}-])/(?:home|root|work|Users|mnt|media)/\w")
    registry = re.compile(r"\b(?:pypi|npmjs|pythonhosted|crates)\.(?:org|com|io)\b")
    found = []
    for path in tracked():
        if not path.is_file() or path.stat().st_size > 2_000_000:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if home.search(line) or registry.search(line):
                found.append(f"{name_of(path)}:{number}: {line.strip()[:80]}")

    assert not found, "\n".join(found)
