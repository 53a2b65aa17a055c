"""The catalogues of texts: whole, compiled, and enough to add a language to the site."""

from __future__ import annotations

import ast
import configparser
import os
import re
import shutil
import string
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

import twingraph
from twingraph.translation import DOMAIN, LANGUAGES, LOCALE, SOURCE_LANGUAGE, choose_text

ROOT = Path(__file__).parent.parent
TRANSLATED = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None, "gettext": None, "N_": None,
    "M_": None, "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2), "NP_": ((1, "c"), 2), "NNP_": ((1, "c"), 2, 3),
}  # fmt: skip


def read_catalogue(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file)


def key(message: Message) -> tuple[str | None, str]:
    """Return what a text is looked up by: its context, and its singular."""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value or ()]  # type: ignore[attr-defined] # a text or several


def placeholders(value: object) -> set[str]:
    return {
        name for text in texts(value) for _, name, _, _ in string.Formatter().parse(text) if name
    }


def partition(section: str) -> tuple[str, str, str]:
    return section.partition(": ")


def extracted() -> set[tuple[str | None, str]]:
    mapping = configparser.ConfigParser()
    mapping.read(ROOT / "babel.cfg")
    methods = [(pattern, method) for method, _, pattern in map(partition, mapping.sections())]
    options = {pattern: dict(mapping[f"{method}: {pattern}"]) for pattern, method in methods}
    found = extract_from_dir(str(ROOT / "src"), methods, options, keywords=KEYWORDS)
    return {
        (context, text if isinstance(text, str) else text[0])
        for _, _, text, _, context in found
        if text
    }


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_of_the_program_is_in_the_catalogue_and_translated(language: str) -> None:
    messages = [message for message in read_catalogue(language) if message.id]

    assert {key(message) for message in messages} == extracted()  # else: make locale
    for message in messages:
        assert not message.fuzzy, message.id
        assert all(texts(message.string)), f"no {language} text for {message.id!r}"
        assert placeholders(message.string) == placeholders(message.id), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_the_program_reads_is_what_translators_wrote(language: str) -> None:
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        compiled = {key(message): texts(message.string) for message in read_mo(file) if message.id}

    written = {
        key(message): texts(message.string) for message in read_catalogue(language) if message.id
    }
    assert compiled == written  # else: make locale


def test_texts_fall_back_to_no_language_then_english_then_any() -> None:
    assert choose_text({"de": "Köln", "en": "Cologne", "": "Colonia"}, "de") == ("Köln", "de")
    assert choose_text({"pl": "Kolonia", "en": "Cologne", "mul": "K"}, "de") == ("K", "mul")
    assert choose_text({"pl": "Kolonia", "en": "Cologne", "": "Colonia"}, "de") == ("Colonia", "")
    assert choose_text({"pl": "Kolonia", "en": "Cologne"}, "de") == ("Cologne", "en")
    assert choose_text({"ru": "Кёльн", "pl": "Kolonia"}, "de") == ("Kolonia", "pl")


# --- a third language ----------------------------------------------------------------------------


def made_up(messages: Iterable[Message]) -> Catalog:
    """Return a catalogue whose every text is the English one in guillemets."""
    made = Catalog(locale="eo", domain=DOMAIN, fuzzy=False)
    for message in messages:
        if message.id:
            own = message.context in ("what this language calls itself",)
            words = ["Esperanto" if own else f"«{text}»" for text in texts(message.id)]
            made.add(message.id, tuple(words) if len(words) > 1 else words[0],
                     context=message.context)  # fmt: skip
    return made


SCRIPT = """
import sys
from pathlib import Path
from starlette.testclient import TestClient
from twingraph.serve.app import create_app
from twingraph.web.sitemap import write_sitemap

client = TestClient(create_app(Path(sys.argv[1])), follow_redirects=False)
client.__enter__()
for path in ("/eo/place/bonn.html", "/en/place/bonn.html", "/eo/partnership/index.html",
             "/eo/query/partners-of.html", "/eo/nowhere"):
    answer = client.get(path, headers={"accept": "text/html"})
    print(f"=== {path} {answer.status_code}")
    print(answer.text)
moved = client.get("/id/place/bonn", headers={"accept": "text/html", "accept-language": "eo"})
print("=== moved", moved.headers["location"])
print(write_sitemap("https://e/", ["place/bonn.html"], "").decode())
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, built: Path) -> dict[str, str]:
    """Return pages of a copy of the program that has a catalogue more, by their paths."""
    folder = tmp_path_factory.mktemp("third")
    source = Path(twingraph.__file__).parent
    shutil.copytree(source, folder / "src" / "twingraph",
                    ignore=shutil.ignore_patterns("__pycache__", "bundled"))  # fmt: skip
    for name in ("ontology", "shapes", "queries"):
        (folder / name).symlink_to(ROOT / name)
    catalogue = folder / "src/twingraph/site/locale/eo/LC_MESSAGES"
    catalogue.mkdir(parents=True)
    made = made_up(read_catalogue("de"))
    with (catalogue / f"{DOMAIN}.po").open("wb") as file:
        write_po(file, made)
    with (catalogue / f"{DOMAIN}.mo").open("wb") as file:
        write_mo(file, made)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(built)],
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    parts = re.split(r"^=== (\S+) (.*)\n", done.stdout, flags=re.MULTILINE)
    return {parts[at]: parts[at + 1] + "\n" + parts[at + 2] for at in range(1, len(parts), 3)}


def test_a_catalogue_makes_a_language_of_the_pages(seen: dict[str, str]) -> None:
    page = seen["/eo/place/bonn.html"]

    assert page.startswith("200")
    assert '<html lang="eo">' in page
    assert "«Facts»" in page
    assert "Bonn" in page
    assert "«not stated in our sources»" in page
    assert "«1 row»" not in page
    assert seen["/eo/partnership/index.html"].startswith("200")
    assert "«Partnerships»" in seen["/eo/partnership/index.html"]
    assert seen["/eo/query/partners-of.html"].startswith("200")
    assert seen["/eo/nowhere"].startswith("404")
    assert "«Not found»" in seen["/eo/nowhere"]


def test_the_new_language_is_in_switch_alternates_sitemap_and_negotiation(
    seen: dict[str, str],
) -> None:
    english = seen["/en/place/bonn.html"]
    assert 'hreflang="eo" href="../../eo/place/bonn.html"' in english
    assert re.search(r'<a href="[^"]*eo/place/bonn.html" lang="eo"[^>]*>Esperanto</a>', english)
    assert "/eo/place/bonn.html" in seen["moved"]
    assert 'hreflang="eo" href="https://e/eo/place/bonn.html"' in seen["moved"]
    assert "«" not in english


def test_labels_of_the_graph_show_their_language_where_it_is_not_the_readers(
    seen: dict[str, str],
) -> None:
    assert re.search(
        r'lang="en"[^>]*>Germany</a> <span class="tag">\(en\)', seen["/eo/place/bonn.html"]
    )


def test_no_text_stands_in_an_f_string() -> None:
    """The extractor does not see it there, so that it would stay English everywhere."""
    hidden = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sorted((ROOT / "src").rglob("*.py"))
        for string in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call)
        and (
            call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        )
        in KEYWORDS
    ]

    assert hidden == []
