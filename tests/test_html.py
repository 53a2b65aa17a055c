"""Pages are valid HTML: judged by the Nu Html Checker (vnu), unchanged."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from starlette.testclient import TestClient

PAGES: Final = (
    "index.html", "about.html", "statistics.html", "quality.html", "data.html", "wikidata.html",
    "place/bonn.html", "place/berlin.html", "place/germany.html", "place/index.html",
    "partnership/bonn-minsk.html", "partnership/bonn-kherson.html", "partnership/index.html",
    "source/bonn-minsk.html", "source/index.html", "event/index.html", "statement/index.html",
    "org/council-of-european-municipalities-and-regions.html", "query/index.html",
    "query/partners-of.html?place=bonn", "query/is-twinned-with.html?one=bonn&other=minsk",
    "query/partners-of.html?place=nowhere", "vocab/index.html", "vocab/type/twinning.html",
    "vocab/type.html", "ns.html", "shapes.html", "search?q=bonn+minsk", "search?q=%3Cb%3E",
    "nowhere.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def checker(node: Path) -> list[str]:
    jar = node / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
    if shutil.which("java") is None or not jar.is_file():
        pytest.skip("java or vnu-jar is not here; Debian's package is default-jre-headless")
    return ["java", "-jar", str(jar), "--format", "json", "--exit-zero-always"]


def problems(checker: list[str], files: list[Path]) -> list[str]:
    done = subprocess.run(
        [*checker, *map(str, files)], capture_output=True, check=True, timeout=300
    )
    return [
        f"{Path(message['url']).name}:{message.get('lastLine')}: {message['message']}"
        for message in json.loads(done.stderr)["messages"]
        if message["type"] == "error"
    ]


def test_every_kind_of_page_is_valid(
    client: TestClient, checker: list[str], tmp_path: Path
) -> None:
    files = []
    paths = [f"{language}/{path}" for language in ("en", "de") for path in PAGES]
    for number, path in enumerate([*paths, "sparql?lang=en", "sparql?query=ASK%20%7B%7D&lang=de"]):
        answer = client.get(f"/{path}", headers={"accept": "text/html"})
        file = tmp_path / f"{number:02}-{path.partition('?')[0].replace('/', '-')}.html"
        file.write_bytes(answer.content)
        files.append(file)

    assert problems(checker, files) == []


def test_the_checker_bites(checker: list[str], tmp_path: Path) -> None:
    file = tmp_path / "bad.html"
    file.write_text(
        "<!doctype html><html lang=en><title>x</title><p><div id=a></div><div id=a></div></p>",
        encoding="utf-8",
    )

    assert len(problems(checker, [file])) >= 2
