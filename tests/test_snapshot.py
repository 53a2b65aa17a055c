"""One snapshot a request: while builds are swapped, no answer has parts of two of them."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from starlette.testclient import TestClient

from twingraph.build import build
from twingraph.serve.app import create_app
from twingraph.settings import load_settings

ROOT = Path(__file__).parent.parent


class Build(NamedTuple):
    """What tells one build from the other in each kind of answer."""

    service: Any
    name: str  # the beginning of the digest of its checksums
    title: str


class Two(NamedTuple):
    client: TestClient
    builds: list[Build]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """One app, and two builds whose titles and one label differ."""
    folder = tmp_path_factory.mktemp("two")
    apps = []
    for title in ("Alpha", "Omega"):
        project = folder / title
        shutil.copytree(ROOT / "tests" / "atlas", project)
        settings = project / "twingraph.toml"
        text = re.sub(r"(?m)^title.*\n", "", settings.read_text(encoding="utf-8"))
        settings.write_text(f'title.en = "{title}"\ntitle.de = "{title}"\n{text}', encoding="utf-8")
        for path in sorted((project / "data" / "entities").glob("*.ttl")):
            data = path.read_text(encoding="utf-8")
            marked = re.sub(r'(rdfs:label "[^"]*)"@en', rf'\1 {title}"@en', data)
            path.write_text(marked, encoding="utf-8")
        done = build(load_settings(project), project / "build")
        assert done.folder is not None, [str(problem) for problem in done.problems][:3]
        apps.append((create_app(project / "build"), title))
    app = apps[0][0]
    with TestClient(app, follow_redirects=False) as client:
        found = [
            Build(other.state.service, other.state.service.build[:16], title)
            for other, title in apps
        ]
        assert client.portal is not None
        client.portal.call(found[1].service.start)
        yield Two(client, found)
        app.state.service = found[0].service
        client.portal.call(found[1].service.close)


LABELS = "SELECT ?l { ?s rdfs:label ?l FILTER (CONTAINS(?l, 'Alpha') || CONTAINS(?l, 'Omega')) }"


def parts(path: str, answer: Any) -> set[str]:
    """Return the titles or names of builds that an answer shows, in its headers and its body."""
    seen = set(re.findall(r"Alpha|Omega", answer.text))
    if path.startswith("/sparql"):
        seen.add(answer.headers["etag"].strip('"').partition("-")[0])
    if path == "/health":
        seen.add(answer.text.split()[-1])
    return seen


def test_no_answer_has_parts_of_two_builds(two: Two) -> None:
    state = two.client.app.state  # type: ignore[attr-defined]  # Starlette's
    end = time.monotonic() + 6
    mixed: list[tuple[str, set[str]]] = []
    counted: dict[str, set[str]] = {}
    lock = threading.Lock()
    names = {item.name: item.title for item in two.builds}

    def swap() -> None:
        for chosen in itertools.cycle(two.builds):
            if time.monotonic() > end:
                return
            state.site, state.service = chosen.service.site, chosen.service
            time.sleep(0.003)

    def ask(number: int) -> None:
        turn = 0
        while time.monotonic() < end:
            turn += 1
            paths = [
                "/", "/en/index.html", "/de/index.html", "/en/place/index.html", "/health",
                "/catalog.ttl", "/void.ttl", "/search.json?q=alpha+omega", "/nothing/here",
            ]  # fmt: skip
            queries = {"format": "csv", "query": f"{LABELS} # {number} {turn}"}
            path = paths[turn % (len(paths) + 2)] if turn % (len(paths) + 2) < len(paths) else ""
            answer = two.client.get(path) if path else two.client.get("/sparql", params=queries)
            shown = {names.get(item, item) for item in parts(path or "/sparql", answer)}
            with lock:
                counted.setdefault(path or "/sparql", set()).update(shown)
                if len(shown & {"Alpha", "Omega"}) > 1:
                    mixed.append((path or "/sparql", shown))

    threads = [threading.Thread(target=swap)]
    threads += [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert mixed == []
    for path in ("/sparql", "/health", "/en/index.html"):  # both were served, by turns
        assert counted[path] & {"Alpha", "Omega"} == {"Alpha", "Omega"}, path


def test_a_result_is_kept_for_the_build_that_gave_it(two: Two) -> None:
    state = two.client.app.state  # type: ignore[attr-defined]  # Starlette's
    seen = []
    for chosen in [*two.builds, *two.builds]:
        state.site, state.service = chosen.service.site, chosen.service
        answer = two.client.get("/sparql", params={"query": LABELS, "format": "json"})
        labels = [row["l"]["value"] for row in json.loads(answer.text)["results"]["bindings"]]
        assert labels
        assert all(chosen.title in label for label in labels)
        seen.append(answer.headers["etag"])
    assert seen[:2] == seen[2:]
    assert seen[0] != seen[1]
