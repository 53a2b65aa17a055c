"""The limits of docs/hosting.md in nginx, as they stand there: one client among many."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from servers import free_port, running, wait_for

ROOT = Path(__file__).parent.parent
WHOLE = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error; {user}
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {rules}
}}
"""


HOLDING = threading.Event()  # cleared: queries that are short go on until it is set
HOLDING.set()


class Slow(BaseHTTPRequestHandler):
    """What stands behind: a short query goes on as long as it is held, all else takes no time."""

    def do_GET(self) -> None:
        if self.path.startswith("/sparql"):
            HOLDING.wait(20)
        self.send_response(200)
        self.send_header("content-length", str(len(self.path)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(self.path.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    program = shutil.which("nginx")
    if program is None:
        pytest.skip("no nginx is here; Debian's package is nginx-light")
    text = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    rules = text.split("<!-- nginx: limits -->\n```nginx\n")[1].partition("```")[0]
    behind = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    number = free_port()
    folder = Path(tempfile.mkdtemp(prefix="twingraph-limits-"))
    rules = rules.replace("listen 80;", f"listen 127.0.0.1:{number};")
    rules = rules.replace("127.0.0.1:8000", f"127.0.0.1:{behind.server_address[1]}")
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(WHOLE.format(folder=folder, user=user, rules=rules), encoding="utf-8")
    try:
        with running([program, "-c", config], number):
            yield number
    finally:
        behind.shutdown()
        behind.server_close()
        shutil.rmtree(folder)


def get(port: int, path: str) -> tuple[int, bytes]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.closing(line):
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, answer.read()


def test_a_client_has_two_queries_at_a_time(port: int) -> None:
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(get(port, "/sparql?query=x")[0]))
        for _ in range(6)
    ]
    HOLDING.clear()
    try:
        for thread in threads:
            thread.start()
        wait_for(lambda: len(statuses) == 4)  # two are under way, all others are refused
        assert get(port, "/en/")[0] == 200  # pages go on
    finally:
        HOLDING.set()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, 200, 429, 429, 429, 429]


def test_a_long_query_passes(port: int) -> None:
    long = "/sparql?query=" + "%20" * 21_000
    wait_for(lambda: get(port, long) == (200, long.encode()))  # once there is room for a query


def test_apache_reads_its_limits(tmp_path: Path) -> None:
    program = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
    if program is None:
        pytest.skip("no apache2 is here")
    text = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    limits = text.split("<!-- apache: limits -->\n```apache\n")[1].partition("```")[0]
    names = ["mpm_event", "authz_core", "authz_host", "reqtimeout", "setenvif", "proxy"]
    if Path("/usr/lib/apache2/modules/mod_qos.so").exists():
        names += ["unique_id", "qos"]
    loaded = "\n".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in names
    )
    config = tmp_path / "apache.conf"
    config.write_text(f"{loaded}\nServerName x\nListen 127.0.0.1:1\nPidFile {tmp_path}/pid\n"
                      f"ErrorLog {tmp_path}/log\n{limits}")  # fmt: skip
    found = subprocess.run([program, "-t", "-f", str(config)], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr


def test_the_numbers_are_for_this_machine_only() -> None:
    text = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    assert re.search(r"location = /metrics \{\s+allow 127\.0\.0\.1;\s+deny all;", text)
