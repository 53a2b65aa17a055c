"""The site as files on hosts as they come, with our rules: tried by `twingraph verify` itself."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from servers import free_port, running

from twingraph.cli import cli
from twingraph.site.attachments import FRAME_POLICY
from twingraph.site.hosting import Host, rules
from twingraph.verify.run import verify

NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log stderr warn; {user}
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {rules}
}}
"""
MODULES = ("mpm_event", "authz_core", "dir", "headers", "mime", "rewrite")
APACHE = """
ServerRoot {folder}
{modules}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
{user}
PidFile {folder}/pid
ErrorLog {folder}/log
TypesConfig {folder}/none
DocumentRoot {root}
<Directory />
  Options +FollowSymLinks
  Require all granted
</Directory>
<Directory {place}>
  Options +FollowSymLinks
{rules}
</Directory>
"""


class Static(NamedTuple):
    """The site of a small project as files: in `root` below `prefix`, made for `port`."""

    root: Path
    prefix: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.prefix}"


@pytest.fixture(scope="module")
def written() -> Iterator[Static]:
    """A small project's site, where a server that runs as nobody can read it."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="twingraph-static-"))
    folder.chmod(0o755)
    found = Static(folder / "site", "/", port)
    try:
        for words in (
            ["init", str(folder / "project"), "--base-iri", "https://example.org/data/"],
            ["--project", str(folder / "project"), "build", "--site", "--address", found.url,
             "--out", str(found.root)],
        ):  # fmt: skip
            done = CliRunner().invoke(cli, words)
            assert done.exit_code == 0, done.output
        yield found
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module", params=["/", "/twin/"])
def static(request: pytest.FixtureRequest, written: Static) -> Static:
    """That site at the root of a host, and below a path, where the files name another address."""
    if request.param == "/":
        return written
    root = written.root.parent / "www"
    found = Static(root, request.param, written.port)
    place = root / found.prefix.strip("/")
    shutil.copytree(written.root, place)
    for file in place.iterdir():
        if file.is_file():
            raw = file.read_bytes().replace(written.url.encode(), found.url.encode())
            file.write_bytes(raw)
    return found


@contextlib.contextmanager
def nginx(site: Static, folder: Path) -> Iterator[None]:
    text = rules("nginx", Host("127.0.0.1", str(site.root), site.prefix))
    assert "listen 80;" in text
    config = NGINX.format(
        folder=folder,
        user="user root;" if os.geteuid() == 0 else "",
        rules=text.replace("listen 80;", f"listen 127.0.0.1:{site.port};"),
    )
    (folder / "nginx.conf").write_text(config, "utf-8")
    with running(["nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"], site.port):
        yield


@contextlib.contextmanager
def apache(site: Static, folder: Path, server: str = "apache") -> Iterator[None]:
    modules = Path("/usr/lib/apache2/modules")
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    (folder / "none").touch()
    config = APACHE.format(
        folder=folder,
        modules="\n".join(f"LoadModule {m}_module {modules}/mod_{m}.so" for m in MODULES),
        port=site.port,
        user=user,
        root=site.root,
        place=f"{site.root}{site.prefix}".rstrip("/"),
        rules=rules(server, Host("127.0.0.1", str(site.root), site.prefix)),
    )
    (folder / "apache.conf").write_text(config, "utf-8")
    with running(["apache2", "-f", folder / "apache.conf", "-DFOREGROUND"], site.port):
        yield


@contextlib.contextmanager
def caddy(site: Static, folder: Path) -> Iterator[None]:
    text = rules("caddy", Host("127.0.0.1", str(site.root), site.prefix))
    listening = text.replace("127.0.0.1 {", f"http://127.0.0.1:{site.port} {{", 1)
    (folder / "Caddyfile").write_text(f"{{\n admin off\n auto_https off\n}}\n{listening}", "utf-8")
    with running(
        ["caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"],
        site.port,
        {"HOME": str(folder), "XDG_DATA_HOME": str(folder)},
    ):
        yield


HOSTS = {"nginx": (nginx, "nginx"), "apache": (apache, "apache2"), "caddy": (caddy, "caddy")}


@pytest.mark.parametrize("name", HOSTS)
def test_the_site_as_files_has_no_problem_on(name: str, static: Static) -> None:
    start, program = HOSTS[name]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    folder = Path(tempfile.mkdtemp(prefix="twingraph-host-"))
    folder.chmod(0o755)
    try:
        with start(static, folder):
            found = verify(static.url, pages=25)
            frame = get(static, "embed/place/musterstadt", "de")
            shown = get(static, "embed/de/place/musterstadt.html")
            page = get(static, "de/place/musterstadt.html")
            dates = get(static, "en/calendar/years/place/sampleford.ics")
    finally:
        shutil.rmtree(folder)

    assert [str(finding) for finding in found.problems] == []
    assert {finding.code for finding in found.findings} <= {"sparql", "catalogue", "canonical"}
    assert found.pages >= 25 and found.requests > 200
    assert frame.status == 303
    assert frame.headers["Location"].endswith("/embed/de/place/musterstadt.html")
    assert shown.headers["Content-Security-Policy"] == FRAME_POLICY
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert dates.headers["Content-Type"] == "text/calendar; charset=utf-8"


def get(site: Static, path: str, language: str = "") -> http.client.HTTPResponse:
    """Return the answer of the host that runs now; its body is read and let go."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    connection.request("GET", site.prefix + path, headers={"Accept-Language": language})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def test_a_redirect_service_leads_to_the_form_that_is_asked_for(static: Static) -> None:
    if shutil.which("apache2") is None:
        pytest.skip("apache2 is not installed")
    folder = Path(tempfile.mkdtemp(prefix="twingraph-host-"))
    folder.chmod(0o755)
    asked = [
        ("id/place/bonn", "text/html,*/*;q=0.8", "de", 303, "de/place/bonn.html"),
        ("id/place/bonn", "*/*", "fr", 303, "en/place/bonn.html"),
        ("id/place/bonn", "application/ld+json", "de", 303, "doc/place/bonn.jsonld"),
        ("id/place/bonn", "application/rdf+xml, text/html;q=0.1", "", 303, "doc/place/bonn.rdf"),
        ("vocab/type/twinning", "text/turtle", "", 303, "doc/vocab/type/twinning.ttl"),
        ("ns", "text/turtle", "", 303, "ns.ttl"),
        ("ns", "text/html", "", 303, "en/ns.html"),
        ("dumps/twingraph.nt", "*/*", "", 302, "dumps/twingraph.nt"),
    ]
    answers = []
    try:
        with apache(static, folder, "w3id"):
            connection = http.client.HTTPConnection("127.0.0.1", static.port, timeout=10)
            for path, accept, language, *_ in asked:
                headers = {"Accept": accept, "Accept-Language": language}
                connection.request("GET", static.prefix + path, headers=headers)
                answer = connection.getresponse()
                answer.read()
                answers.append((answer.status, answer.headers["Location"]))
            connection.close()
    finally:
        shutil.rmtree(folder)

    base = f"https://127.0.0.1{static.prefix}"
    assert answers == [(status, base + target) for *_, status, target in asked]
