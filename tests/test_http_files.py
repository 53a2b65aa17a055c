"""Files over HTTP, requested over a real socket so that no client library corrects anything."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple, NoReturn
from urllib.parse import urlsplit

import pytest
from anyio import CapacityLimiter, to_thread
from servers import free_port
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message as ASGIMessage

from twingraph.export.editions import MEDIA_TYPES
from twingraph.release.compress import opened, pack, read_stored
from twingraph.releasing import release
from twingraph.serve.app import create_app
from twingraph.settings import load_settings
from twingraph.site.datapage import DATA_PAGE
from twingraph.site.reader import BuildFile
from twingraph.web.files.published import CutOffError, PublishedFile, published_file, read_whole
from twingraph.web.files.ranges import Span
from twingraph.web.files.send import FileBody

ROOT = Path(__file__).parent.parent
DATE = "2024-05-17"
MIDNIGHT = 1715904000
BASE = "https://w3id.org/twingraph/"
ETAG = re.compile(r'"[0-9a-f]{32}"')
SERVE = """
import asyncio, sys
from pathlib import Path
from twingraph.serve import server
from twingraph.serve.app import create_app
app = create_app(Path(sys.argv[1]), releases=Path(sys.argv[2]))
[taken] = server._take("127.0.0.1", int(sys.argv[3]), 1)
asyncio.run(server._serve(app, taken, "Serving files"))
"""


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Server(NamedTuple):
    port: int
    releases: Path
    build: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, path: str, *headers: tuple[str, str], method: str = "GET") -> Answer:
        """Send exactly this; nothing is added but Host."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())


def write_release(
    releases: Path, date: str, files: dict[str, bytes], base: str = BASE, *, only: bool = False
) -> Path:
    """Write a release as `released.py` reads it, in place; packed files lie beside, or `only`."""
    folder = releases / date
    for name, raw in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
        if name.endswith((".nq", ".ttl")):
            for suffix in (".gz", ".zst"):
                pack(folder / name, folder / (name + suffix))
    listed: list[dict[str, str | int]] = [
        {
            "name": path.relative_to(folder).as_posix(),
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    for told in listed if only else ():
        if (folder / f"{told['name']}.zst").is_file():
            told["stored"] = f"{told['name']}.zst"
            (folder / str(told["name"])).unlink()
    sums = "".join(f"{item['sha256']}  {item['name']}\n" for item in listed)
    about = {"base_iri": base, "date": date, "files": listed, "notes": {"en": "x", "de": "x"}}
    (folder / "release.json").write_text(json.dumps(about), "utf-8")
    (folder / "SHA256SUMS").write_text(sums, "utf-8")
    return folder


@pytest.fixture(scope="module")
def server(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server as it runs, with three releases and some that are none."""
    releases = tmp_path_factory.mktemp("releases")
    names = [
        "twingraph.nq", "twingraph.ttl", "links/missing.csv", "shapes.ttl", "void.ttl",
        *(path.name for path in built.glob("catalog*")),
    ]  # fmt: skip
    files = {name: (built / name).read_bytes() for name in names}
    files["empty.csv"] = b""
    for date in (DATE, f"{DATE}.2", "2024-04-01"):
        write_release(releases, date, files, only=date == DATE)
    (releases / DATE / "linked.nq").symlink_to(releases / f"{DATE}.2" / "twingraph.nq")
    (releases / DATE / "unlisted.nq").write_text("# not in release.json\n", "utf-8")
    write_release(releases, ".2024-05-19", files)
    (releases / "latest").symlink_to(f"{DATE}.2")
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-W",
            "default::ResourceWarning",
            "-c",
            SERVE,
            str(built),
            str(releases),
            str(port),
        ],
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        told = process.stderr.readline()
        assert told.startswith(b"Serving "), told + process.stderr.read()
        yield Server(port, releases, built)
    finally:
        process.terminate()
        _, rest = process.communicate(timeout=20)
    complaints = [line for line in rest.decode().splitlines() if "became shorter while" not in line]
    assert complaints == [], "the server complained: " + rest.decode()


@pytest.fixture(scope="module")
def known(server: Server) -> dict[str, str]:
    """What {…} stands for in the battery."""
    release = server.releases / DATE
    files = {
        "nq": server.releases / f"{DATE}.2" / "twingraph.nq",  # of the same content
        "gz": release / "twingraph.nq.gz",
        "zst": release / "twingraph.nq.zst",
        "empty": release / "empty.csv",
        "dump": server.build / "twingraph.nq",
    }
    found = {"many": ",".join(f"{2 * number}-{2 * number}" for number in range(2500))}
    for name, path in files.items():
        raw = path.read_bytes()
        digest = hashlib.sha256(raw)
        found |= {
            f"{name}.etag": f'"{digest.hexdigest()[:32]}"',
            f"{name}.sha": b64encode(digest.digest()).decode(),
            f"{name}.size": str(len(raw)),
            f"{name}.end": str(len(raw) - 1),
            f"{name}.last5": str(len(raw) - 5),
            f"{name}.last9": str(len(raw) - 9),
            f"{name}.last": formatdate(MIDNIGHT, usegmt=True),
            f"{name}.later": formatdate(MIDNIGHT + 1, usegmt=True),
            f"{name}.earlier": formatdate(MIDNIGHT - 1, usegmt=True),
            f"{name}.path": str(path),
        }
    return found


def battery() -> list[tuple[str, str, str, str]]:
    lines = (ROOT / "tests" / "http_battery.txt").read_text("utf-8").splitlines()
    rows = [line.split("|") for line in lines if line and not line.startswith("#")]
    return [(row[0].strip(), row[1].strip(), row[2].strip(), row[3].strip()) for row in rows]


BATTERY = battery()


def fill(text: str, known: dict[str, str]) -> str:
    return re.sub(r"\{([a-z0-9.]+)\}", lambda match: known[match[1]], text)


def send(server: Server, path: str, headers: str, known: dict[str, str], method: str) -> Answer:
    path = re.sub(r"^R(?=/)", f"/release/{DATE}", re.sub(r"^D(?=/)", "/dumps", path))
    sent = []
    for part in fill(headers, known).split(" && "):
        name, colon, value = part.partition(":")
        if colon:
            sent.append((name, value.strip()))
    return server.ask(path, *sent, method=method)


def parts_of(answer: Answer) -> list[tuple[str, bytes]]:
    """Read multipart/byteranges with the standard library's reader of MIME."""
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + answer.body)
    parts = message.get_payload()
    assert isinstance(parts, list) and not message.defects
    found = []
    for part in parts:
        assert isinstance(part, Message) and part["content-type"]
        raw = part.get_payload(decode=True)
        assert isinstance(raw, bytes)
        found.append((str(part["content-range"]), raw))
    return found


def differs(answer: Answer, expected: str, known: dict[str, str]) -> list[str]:
    """Return what of `expected` did not come."""
    wrong = []
    for part in re.split(r"; (?!charset)", fill(expected, known)):
        name, equals, value = part.partition("=")
        if match := re.fullmatch(r"(all|bytes|parts)(?: (\S+))? of (\w+)", part):
            raw = Path(known[f"{match[3]}.path"]).read_bytes()
            spans = [
                tuple(map(int, each.split("-"))) for each in (match[2] or "").split(",") if each
            ]
            if match[1] == "parts":
                told = [(f"bytes {a}-{b}/{len(raw)}", raw[a : b + 1]) for a, b in spans]
                right = parts_of(answer) == told
                right &= answer.headers["content-length"] == str(len(answer.body))
            else:
                right = answer.body == (raw[spans[0][0] : spans[0][1] + 1] if spans else raw)
        elif part == "nothing":
            right = answer.body == b""
        elif part == "told":
            right = len(answer.body) > 20 and "content-type" in answer.headers
        elif part.startswith("!"):
            right = part[1:] not in answer.headers
        else:
            right = bool(equals) and answer.headers[name] == value
        if not right:
            wrong.append(f"{part} (came: {answer.headers.get(name)})")
    return wrong


def test_the_battery_of_requests_is_the_same() -> None:
    assert len(BATTERY) >= 60
    assert len({item[:2] for item in BATTERY}) == len(BATTERY)
    assert {item[2] for item in BATTERY} >= {"200", "206", "304", "302", "404", "406", "412", "416"}


def test_every_request_of_the_battery_is_answered_as_written(
    server: Server, known: dict[str, str]
) -> None:
    wrong = []
    for path, headers, status, expected in BATTERY:
        answer = send(server, path, headers, known, "GET")
        found = differs(answer, expected, known)
        if answer.status != int(status) or found:
            wrong.append((path, headers[:80], answer.status, found))
    assert not wrong, "\n".join(map(str, wrong))


def test_head_tells_what_get_would_for_every_request_of_the_battery(
    server: Server, known: dict[str, str]
) -> None:
    """Range is for GET alone (RFC 9110 §14.2), so with one HEAD tells of the whole."""
    wrong = []
    for path, headers, _, _ in BATTERY:
        kept = " && ".join(
            part for part in headers.split(" && ") if not part.startswith(("Range:", "If-Range:"))
        )
        get = send(server, path, kept, known, "GET")
        head = send(server, path, headers, known, "HEAD")
        told = [{k.lower(): v for k, v in each.headers.items() if k.lower() != "date"}
                for each in (get, head)]  # fmt: skip
        if (head.status, head.body) != (get.status, b"") or told[0] != told[1]:
            wrong.append((path, headers[:80], head.status, get.status, told))
    assert not wrong, "\n".join(map(str, wrong))


# --- downloads -----------------------------------------------------------------------------------

FORMS = [("twingraph.nq", "", "twingraph.nq"), ("twingraph.nq.zst", "", "twingraph.nq.zst"),
         ("twingraph.nq", "gzip", "twingraph.nq.gz"), ("twingraph.nq", "zstd", "twingraph.nq.zst"),
         ("links/missing.csv", "gzip", "links/missing.csv")]  # fmt: skip


@pytest.mark.parametrize(("name", "coding", "stored"), FORMS)
def test_a_download_cut_off_anywhere_and_resumed_has_the_published_checksum(
    server: Server, name: str, coding: str, stored: str, tmp_path: Path
) -> None:
    sums = server.ask(f"/release/{DATE}/SHA256SUMS").body.decode()
    published = {file: digest for digest, file in re.findall(r"^(\w+)  (.+)$", sums, re.MULTILINE)}
    path = f"/release/{DATE}/{name}"
    asked = [("Accept-Encoding", coding)] if coding else []
    lies = server.releases / DATE / stored
    size = len(lies.read_bytes() if lies.is_file() else read_stored(lies))
    chance = random.Random(f"{name} {coding}")
    for cuts in ([0], [1], [size - 1], sorted(chance.sample(range(size), 4))):
        got, tag = b"", ""
        for cut in cuts:
            got, tag = read_until(server, path, asked, got, tag, cut)
        got, tag = read_until(server, path, asked, got, tag, size)

        assert hashlib.sha256(got).hexdigest() == published[stored], cuts
    unpacked = got
    if name != stored:
        came = tmp_path / Path(stored).name
        came.write_bytes(got)
        with opened(came) as stream:
            unpacked = stream.read()
    assert hashlib.sha256(unpacked).hexdigest() == published[name]


def read_until(
    server: Server, path: str, asked: list[tuple[str, str]], got: bytes, tag: str, cut: int
) -> tuple[bytes, str]:
    """Go on with a download up to byte `cut`, then hang up as a broken line does."""
    more = [("Range", f"bytes={len(got)}-"), ("If-Range", tag)] if got else []
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
        connection.putrequest("GET", path, skip_accept_encoding=True)
        for header in (*asked, *more):
            connection.putheader(*header)
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status == (206 if got else 200)
        got += answer.read(cut - len(got))
        tag = str(answer.headers["etag"])
        answer.close()
    return got, tag


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_resumes_a_download(server: Server, tmp_path: Path) -> None:
    whole = read_stored(server.releases / DATE / "twingraph.nq")
    target = tmp_path / "twingraph.nq"
    for cut in (1, 65536, len(whole) - 1):
        target.write_bytes(whole[:cut])
        url = f"{server.address}/release/{DATE}/twingraph.nq"
        words = ["curl", "--silent", "--show-error", "--fail", "-C", "-", "-o", str(target), url]
        subprocess.run(words, check=True, timeout=60)

        assert target.read_bytes() == whole


def test_curl_and_latest_give_the_newest_packed_for_the_way(server: Server) -> None:
    first = server.ask("/release/latest/twingraph.nq")
    second = server.ask(first.headers["location"], ("Accept-Encoding", "gzip"))

    assert (first.status, second.status) == (302, 200)
    assert second.headers["content-encoding"] == "gzip"


# --- files that are not what they were -----------------------------------------------------------


@pytest.fixture
def odd(server: Server) -> Iterator[Path]:
    """A release of its own to be spoiled."""
    folder = write_release(server.releases, "2024-03-01", {"big.nt": bytes(64 << 20), "a.nt": b"a"})
    assert server.ask("/release/2024-03-01/a.nt").body == b"a"
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_that_is_not_whole_is_503_and_not_a_part_of_it(
    server: Server, odd: Path, method: str, tmp_path: Path
) -> None:
    file, other = odd / "a.nt", tmp_path / "a.nt"
    other.write_bytes(b"b")
    states = []
    file.write_bytes(b"")
    states.append(server.ask("/release/2024-03-01/a.nt", method=method))
    file.unlink()
    states.append(server.ask("/release/2024-03-01/a.nt", method=method))
    file.symlink_to(other)
    states.append(server.ask("/release/2024-03-01/a.nt", method=method))
    states.append(server.ask("/release/2024-03-01/a.nt", ("Range", "bytes=0-0"), method=method))

    assert [state.status for state in states] == [503] * 4
    assert {state.headers["retry-after"] for state in states} == {"10"}
    assert {state.headers["etag"] for state in states} == {None}
    assert all("not here as it was published" in state.body.decode() for state in states) or (
        method == "HEAD"
    )


def test_what_is_kept_packed_is_sent_as_it_was_published_or_not_to_its_end(
    server: Server,
) -> None:
    whole = b"".join(b"<http://e/%06d> <http://e/p> <http://e/o> .\n" % n for n in range(40_000))
    folder = write_release(server.releases, "2024-03-02", {"a.nq": whole}, only=True)
    stored, path = folder / "a.nq.zst", "/release/2024-03-02/a.nq"
    packed = stored.read_bytes()
    try:
        assert not (folder / "a.nq").exists()
        got, head = server.ask(path), server.ask(path, method="HEAD")
        assert got.body == whole
        for answer in (got, head):
            assert answer.headers["content-length"] == str(len(whole))
            assert answer.headers["etag"] == f'"{hashlib.sha256(whole).hexdigest()[:32]}"'
        part = server.ask(path, ("Range", "bytes=5-9,1000000-1000004"))
        assert part.status == 206
        assert whole[5:10] in part.body and whole[1_000_000:1_000_005] in part.body
        assert server.ask(path, ("Accept-Encoding", "zstd")).body == packed

        damaged = bytearray(packed)
        damaged[len(packed) // 2] ^= 1
        stored.write_bytes(damaged)
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            server.ask(path)
        stored.write_bytes(packed[:-1])
        assert server.ask(path).status == 503
        stored.unlink()
        assert server.ask(path).status == 503
    finally:
        shutil.rmtree(folder)


WHOLE = b"".join(b"<http://e/%06d> <http://e/p> <http://e/o> .\n" % n for n in range(4000))


def packed_only(folder: Path) -> PublishedFile:
    """Write a file that lies there packed only."""
    (folder / "a.nq").write_bytes(WHOLE)
    packed = folder / "a.nq.zst"
    pack(folder / "a.nq", packed)
    sha256 = hashlib.sha256(WHOLE).hexdigest()
    return PublishedFile(packed, "a.nq", len(WHOLE), sha256, 0, packed.stat().st_size)


async def sent_by(body: FileBody, limiter: CapacityLimiter) -> bytes:
    """Return what it sends to a client."""
    sent = []

    async def receive() -> ASGIMessage:
        return await asyncio.Future[ASGIMessage]()

    async def send(message: ASGIMessage) -> None:
        sent.append(message.get("body", b""))

    app = SimpleNamespace(state=SimpleNamespace(unpacking=limiter))
    scope = {"type": "http", "method": "GET", "app": app, "asgi": {"spec_version": "2.4"}}
    await body(scope, receive, send)
    return b"".join(sent)


def no_other() -> NoReturn:
    raise AssertionError("the file is whole")


def test_a_range_far_into_a_packed_file_is_ignored(server: Server) -> None:
    """To send it would be to unpack all before it for nobody (RFC 9110 §14.2 lets us ignore it)."""
    whole = b"".join(b"<http://e/%07d> <http://e/p> <http://e/o> .\n" % n for n in range(250_000))
    folder = write_release(server.releases, "2024-03-03", {"a.nq": whole}, only=True)
    path, near, far = "/release/2024-03-03/a.nq", 8 << 20, 10 << 20
    try:
        for header, status in (
            (f"bytes={near}-{near + 9}", 206), (f"bytes={near + 1}-{near + 1}", 200),
            ("bytes=-1", 200), (f"bytes=0-0,{far}-{far}", 200), (f"bytes=0-{far}", 206),
            (f"bytes={len(whole)}-", 416),
        ):  # fmt: skip
            answer = server.ask(path, ("Range", header))
            assert answer.status == status, header
            if status == 200:
                assert answer.body == whole, header
                assert answer.headers["content-range"] is None
        assert (
            server.ask(path, ("Range", f"bytes={near}-{near + 9}")).body == whole[near : near + 10]
        )
        packed = server.ask(f"{path}.zst", ("Range", "bytes=-1"))  # what lies there has ranges
        assert packed.status == 206
    finally:
        shutil.rmtree(folder)


def test_spans_of_a_packed_file_are_sent_in_any_order(tmp_path: Path) -> None:
    held = packed_only(tmp_path)
    parts: list[bytes | Span] = [Span(90_000, 90_100), b"--", Span(5000, 5010)]
    past = Span(len(WHOLE) + 5000, len(WHOLE) + 5001)

    async def main() -> bytes:
        limiter = CapacityLimiter(2)
        with pytest.raises(CutOffError):
            await sent_by(FileBody(held, [past], 206, {}, no_other), limiter)
        return await sent_by(FileBody(held, parts, 206, {}, no_other), limiter)

    assert asyncio.run(main()) == WHOLE[90_000:90_100] + b"--" + WHOLE[5000:5010]


def test_who_unpacks_leaves_threads_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, gate, chunk = packed_only(tmp_path), threading.Event(), FileBody._chunk

    def late(body: FileBody, start: int, most: int) -> bytes:
        gate.wait(10)
        return chunk(body, start, most)

    monkeypatch.setattr(FileBody, "_chunk", late)

    async def main() -> list[bytes]:
        limiter, others = CapacityLimiter(2), to_thread.current_default_thread_limiter()
        others.total_tokens = 4
        bodies = [FileBody(held, [Span(90_000, 90_100)], 206, {}, no_other) for _ in range(8)]
        sending = [asyncio.create_task(sent_by(body, limiter)) for body in bodies]
        try:
            async with asyncio.timeout(10):
                while limiter.statistics().tasks_waiting < 6:
                    await asyncio.sleep(0.01)
                assert limiter.borrowed_tokens == 2
                assert await to_thread.run_sync(lambda: "at once") == "at once"
        finally:
            gate.set()
        return await asyncio.gather(*sending)

    assert asyncio.run(main()) == [WHOLE[90_000:90_100]] * 8


def test_files_that_answers_are_made_from_are_read_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "catalog.ttl"
    whole = b"<a> <b> <c> .\n<a> <b> <d> .\n"
    held = PublishedFile(path, path.name, len(whole), hashlib.sha256(whole).hexdigest(), 0)
    found = []
    for raw in (whole, whole[:14], whole.replace(b"d", b"e")):
        path.write_bytes(raw)
        found.append(read_whole(held))

    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(whole)
    path.unlink()
    found.append(read_whole(held))
    path.symlink_to(elsewhere)
    found.append(read_whole(held))

    assert found == [whole, None, None, None, None]


def test_a_file_cut_off_while_it_is_sent_breaks_the_connection(server: Server, odd: Path) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
        connection.request("GET", "/release/2024-03-01/big.nt")
        answer = connection.getresponse()
        got = len(answer.read(1))
        (odd / "big.nt").write_bytes(b"")
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            got += len(answer.read())
    assert got < 64 << 20


def test_many_who_hang_up_leave_no_file_open(server: Server, odd: Path) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.sendall(b"GET /release/2024-03-01/big.nt HTTP/1.1\r\nHost: x\r\n\r\n")
            line.recv(1000)
    answer = server.ask("/release/2024-03-01/big.nt", ("Range", "bytes=-1"))

    assert (answer.status, answer.body) == (206, b"\0")


# --- releases that come and go -------------------------------------------------------------------


def test_a_release_that_comes_while_running_is_seen_and_only_when_whole(
    server: Server, tmp_path: Path
) -> None:
    date = "2024-06-24"
    made = write_release(tmp_path, date, {"twingraph.nq": b"<a> <b> <c> .\n"})
    path, target = f"/release/{date}/twingraph.nq", server.releases / date
    before = server.ask(path)
    latest = server.ask("/release/latest/").headers["location"]
    try:
        target.mkdir()
        nothing_yet = server.ask(path)
        (target / "release.json").write_bytes((made / "release.json").read_bytes())
        (target / "twingraph.nq").write_bytes(b"<a>")
        half = server.ask(path)
        still = server.ask("/release/latest/").headers["location"]
        shutil.rmtree(target)
        made.rename(target)
        there = server.ask(path)
        newest = server.ask("/release/latest/").headers["location"]
    finally:
        shutil.rmtree(target, ignore_errors=True)

    assert [item.status for item in (before, nothing_yet, half, there)] == [404, 503, 503, 200]
    assert half.headers["retry-after"] == "10"
    assert there.body == b"<a> <b> <c> .\n"
    assert latest == still == f"/release/{DATE}.2/"
    assert newest == f"/release/{date}/"
    assert server.ask(path).status == 404


def test_an_unknown_release_is_404_with_those_there_are(server: Server) -> None:
    page = server.ask("/release/2020-01-01/", ("Accept", "text/html"), ("Accept-Language", "de"))
    told = json.loads(server.ask("/release/2020-01-01/a", ("Accept", "application/json")).body)

    assert page.status == 404
    assert "Keine solche Ausgabe" in page.body.decode()
    assert [item["href"] for item in told["alternates"]] == [
        f"/release/{DATE}.2/", f"/release/{DATE}/", "/release/2024-04-01/",
    ]  # fmt: skip


def test_a_release_under_another_base_is_none_of_ours(server: Server) -> None:
    folder = write_release(server.releases, "2024-02-01", {"a.nt": b"a"}, "https://example.org/")
    answer = server.ask("/release/2024-02-01/a.nt")
    shutil.rmtree(folder)

    assert answer.status == 404


def test_two_releases_of_a_day_have_two_times(server: Server) -> None:
    times = [
        server.ask(f"/release/{date}/twingraph.nq", method="HEAD").headers["last-modified"]
        for date in (DATE, f"{DATE}.2")
    ]

    assert times == [formatdate(MIDNIGHT + item, usegmt=True) for item in (0, 1)]


def test_no_file_says_it_came_to_be_later_than_now(server: Server) -> None:
    """A day that is yet to come is no Last-Modified (RFC 9110 §8.8.2.1)."""
    folder = write_release(server.releases, "2999-01-01", {"a.nt": b"a"})
    answer = server.ask("/release/2999-01-01/a.nt")
    shutil.rmtree(folder)

    modified, now = (
        parsedate_to_datetime(answer.headers[name]) for name in ("last-modified", "date")
    )
    assert modified <= now


@pytest.mark.parametrize(
    ("written", "release", "said"),
    [(5, "", 5), (5, "2024-05-17", MIDNIGHT), (MIDNIGHT + 9, "2024-05-17", MIDNIGHT + 9)],
)
def test_a_build_is_as_old_as_its_release_unless_written_later(
    tmp_path: Path, written: int, release: str, said: int
) -> None:
    path = tmp_path / "a.nt"
    path.touch()
    os.utime(path, (written, written))

    held = published_file("a.nt", BuildFile(path, "application/n-triples", 0, "0" * 64), release)
    assert held.modified == said


def test_a_release_has_a_page(server: Server) -> None:
    browser = ("Accept", "text/html")
    first = server.ask(f"/release/{DATE}/", browser, ("Accept-Language", "de"))
    every = server.ask("/release/", browser)
    page = urlsplit(first.headers["location"])

    assert (first.status, every.status) == (303, 303)
    assert page.path.startswith("/de/") and page.fragment == f"release-{DATE}"
    assert server.ask(page.path).status == 200
    assert server.ask(every.headers["location"]).status == 200


# --- HEAD everywhere -----------------------------------------------------------------------------

JSON = ("Accept", "application/json")
ROUTES: list[tuple[str, tuple[str, str] | None, int]] = [
    ("/", None, 200), ("/", ("Accept", "text/turtle"), 200), ("/", ("Accept", "image/png"), 406),
    ("/?uri=Q586", None, 303), ("/?uri=Q0", None, 404),
    ("/en/", None, 200), ("/en", None, 308), ("/de/index.html", None, 200),
    ("/en/place/bonn.html", None, 200), ("/en/place/bonn", None, 200), ("/en/place/", None, 200),
    ("/en/place", None, 308), ("/en/place/atlantis.html", None, 404), ("/de/ns.html", None, 200),
    (f"/de/{DATA_PAGE}", None, 200), ("/de/dumps.html", None, 200),
    ("/en/vocab/type/twinning.html", None, 200),
    ("/id/place/bonn", None, 303), ("/id/place/bonn", ("Accept", "text/turtle"), 303),
    ("/id/place/bonn", ("Accept", "image/png"), 406), ("/id/place/atlantis", None, 404),
    ("/doc/place/bonn", None, 303), ("/doc/place/bonn.ttl", None, 200),
    ("/doc/place/bonn.json", None, 200), ("/doc/place/bonn.xls", None, 404),
    ("/doc/list/place", None, 303), ("/doc/list/place.ttl", None, 200),
    ("/ns", None, 303), ("/ns.ttl", None, 200), ("/shapes.ttl", None, 200),
    ("/graph/published", None, 303), ("/doc/graph/entities.nq", None, 200),
    ("/void.ttl", None, 200), ("/void.xls", None, 404), ("/.well-known/void", None, 303),
    ("/context.jsonld", None, 200), ("/dumps", None, 303), ("/dumps/", None, 303),
    ("/dumps/twingraph.nt", None, 200), ("/dumps/nothing.nt", None, 404),
    ("/dumps/nothing.nt", JSON, 404), ("/links/missing.csv", None, 200),
    ("/links/nothing.csv", None, 404), ("/static/style.css", None, 200), ("/static/x", None, 404),
    ("/release/", None, 303), (f"/release/{DATE}/", None, 303), ("/release/2020-01-01/", None, 404),
    ("/sparql", ("Accept", "text/html"), 200), ("/sparql", ("Accept", "text/turtle"), 200),
    ("/sparql?query=ASK%20%7B%7D", None, 200), ("/sparql?query=nonsense", None, 400),
    ("/sparql?query=SELECT%20*%20%7B%20%3Fs%20a%20%3Fo%20%7D%20ORDER%20BY%20%3Fs%20%3Fo%20LIMIT%203",
     ("Accept", "text/csv"), 200),
    ("/search?q=bonn", None, 303), ("/en/search?q=bonn", None, 200),
    ("/search.json?q=x", None, 200), ("/lookup?id=Q586", None, 303), ("/lookup?id=", None, 400),
    ("/lookup?id=Q0", None, 404),
    ("/wikidata/Q586", None, 303), ("/query", None, 303), ("/query/partners-of", None, 303),
    ("/query/partners-of.csv?place=bonn", None, 200), ("/query/partners-of.csv", None, 400),
    ("/query/nothing", None, 404), ("/en/query/partners-of.html", None, 200),
    ("/doc/query/partners-of.ttl", None, 200), ("/openapi.json", None, 200),
    ("/.well-known/sparql-examples", None, 200), ("/robots.txt", None, 200),
    ("/sitemap.xml", None, 200), ("/sitemap-1.xml", None, 200), ("/sitemap-0.xml", None, 404),
    ("/.well-known/sparql-examples.ttl", None, 200), ("/query/", None, 303),
    ("/en/query/", None, 200), ("/de/query/", None, 200), ("/en/query/index.html", None, 200),
    ("/de/query/index.html", None, 200), ("/de/query/partners-of.html", None, 200),
    ("/shapes", None, 303), ("/release", None, 303), (f"/release/{DATE}", None, 308),
    (f"/release/{DATE}/twingraph.nq", None, 200), ("/catalog", None, 200),
    ("/catalog", ("Accept", "text/html"), 303), ("/catalog-de", None, 200),
    ("/catalog.ttl", None, 200), ("/catalog.xls", None, 404), ("/catalog-de.rdf", None, 200),
    ("/catalog.jsonld?page=1&size=1", None, 200), ("/dataset/links", None, 303),
    ("/dataset/nothing", None, 404), ("/en/data.html", None, 200), ("/en/data", None, 200),
    ("/de/data", None, 200), ("/health", None, 200), ("/geonames/2946447", None, 303),
    ("/geonames/2946447/", None, 303), ("/gnd/0", None, 404), ("/de/search", None, 200),
    ("/de", None, 308),
    *((f"/reconcile/{part}/{kind}{query}", None, 200)
      for kind in ("entity", "property", "type")
      for part, query in (("suggest", "?prefix=bo"), ("1.0-draft/suggest", "?prefix=bo"),
                          ("flyout", "?id=bonn"))),
    ("/feed", None, 303), ("/release/feed/ldes.trig", None, 200),
    ("/release/feed/en.atom", None, 200), ("/release/feed/de/place/bonn.json", None, 200),
    ("/doc/place/bonn/history.json", None, 200), ("/timegate/id/place/bonn", None, 404),
    ("/timemap/link/id/place/bonn", None, 404), (f"/release/{DATE}/id/place/bonn", None, 404),
    (f"/release/{DATE}/vocab/type/twinning", None, 404),
    (f"/release/{DATE}/change/id/place/bonn", None, 404),
    ("/en/calendar/x", None, 404), ("/de/calendar/x", None, 404), ("/en/query/answer/", None, 303),
    ("/de/query/answer/", None, 303), ("/en/reconcile", None, 200), ("/de/reconcile", None, 200),
    ("/embed/place/bonn", None, 303), ("/embed/x", None, 404), ("/reconcile", None, 200),
    ("/reconcile/", None, 200), ("/reconcile/1.0-draft", None, 200),
    ("/reconcile/1.0-draft/", None, 200), ("/reconcile/1.0-draft/extend", None, 405),
    ("/reconcile/1.0-draft/extend/propose", None, 200), ("/reconcile/1.0-draft/match", None, 405),
    ("/reconcile/1.0-draft/preview", None, 404),
    *[(f"/reconcile/{version}suggest/{what}", None, 200) for version in ("", "1.0-draft/")
      for what in ("entity", "property", "type")],
    *[(f"/reconcile/flyout/{what}", None, 200) for what in ("entity", "property", "type")],
    ("/reconcile/preview", None, 404), ("/reconcile/properties", None, 200),
    ("/sparql/completions.json", None, 200),
    ("/linkset.json", None, 200), ("/nothing", None, 404), ("/nothing", JSON, 404),
]  # fmt: skip


def told(answer: Answer) -> dict[str, list[str]]:
    """Return all headers but the time, several of one name kept apart."""
    names = {header.lower() for header in answer.headers} - {"date"}
    return {name: answer.headers.get_all(name, []) for name in sorted(names)}


def test_head_is_get_without_its_body_for_every_kind_of_address(server: Server) -> None:
    """Harvesters ask HEAD first and leave if it says something else than GET would."""
    wrong = []
    for path, header, status in ROUTES:
        headers = (header,) if header else ()
        get, head = server.ask(path, *headers), server.ask(path, *headers, method="HEAD")
        same = (head.status, head.body, told(head)) == (get.status, b"", told(get))
        length = get.headers["content-length"]
        if not same or get.status != status or length != str(len(get.body)):
            wrong.append((path, header, get.status, head.status, told(get), told(head)))
    assert not wrong, "\n".join(map(str, wrong))


def test_every_route_is_among_those_addresses(built: Path) -> None:
    routes = [route for route in create_app(built).routes if isinstance(route, Route)]
    asked = [path.partition("?")[0] for path, _, _ in ROUTES]
    silent = {route.path for route in routes if not any(map(route.path_regex.match, asked))}

    assert silent == {"/metrics"}  # it counts the very requests that would be compared


def test_head_says_410_and_301_as_get_does(withdrawn: TestClient) -> None:
    found = {}
    for path in ("id/place/nirgends", "id/place/aberg"):
        for accept in ("text/html", "text/turtle", "application/json", "image/png"):
            get = withdrawn.get(f"/{path}", headers={"accept": accept})
            head = withdrawn.head(f"/{path}", headers={"accept": accept})
            assert (head.status_code, head.content) == (get.status_code, b"")
            assert dict(head.headers) == dict(get.headers)
            found[path] = get.status_code
    assert sorted(found.values()) == [301, 410]


# --- behind nginx --------------------------------------------------------------------------------

NGINX = shutil.which("nginx")
HOSTING = (ROOT / "docs" / "hosting.md").read_text("utf-8")
NGINX_AROUND = """
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log stderr warn;
{user}
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{servers}
}}
"""


def nginx_block(name: str) -> str:
    """Return a configuration of docs/hosting.md, to the letter."""
    match = re.search(rf"<!-- nginx: {name} -->\n```nginx\n(.*?)```", HOSTING, re.DOTALL)
    assert match is not None
    return match[1]


class Nginx(NamedTuple):
    """Two sites: everything through the proxy, and the releases straight from the disk."""

    through: Server
    static: Server


@pytest.fixture(scope="module")
def nginx(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """Run nginx with what docs/hosting.md says; only addresses and folders are put in."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    folder = tmp_path_factory.mktemp("nginx")
    ports = [free_port() for _ in range(2)]
    # A worker process drops to nobody, who may not read a folder of pytest's.
    user = "user root;" if os.geteuid() == 0 else ""
    proxy = nginx_block("proxy").replace("http://127.0.0.1:8000", server.address)
    static = nginx_block("releases").replace("/srv/twingraph/releases", str(server.releases))
    both = proxy.rstrip().removesuffix("}") + static + "}\n"
    servers = [
        text.replace("listen 80;", f"listen 127.0.0.1:{port};")
        for text, port in zip((proxy, both), ports, strict=True)
    ]
    config = folder / "nginx.conf"
    config.write_text(
        NGINX_AROUND.format(folder=folder, user=user, servers="\n".join(servers)), "utf-8"
    )
    words = [NGINX, "-p", str(folder), "-c", str(config), "-e", "stderr"]
    tried = subprocess.run([*words, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    process = subprocess.Popen(words, stderr=subprocess.PIPE)
    found = [Server(port, server.releases, server.build) for port in ports]
    try:
        for item in found:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    item.ask("/robots.txt")
                    break
                time.sleep(0.05)
        yield Nginx(*found)
    finally:
        process.terminate()
        _, told_by_nginx = process.communicate(timeout=20)
    assert b"[emerg]" not in told_by_nginx, told_by_nginx.decode()


def test_every_request_of_the_battery_is_answered_the_same_through_nginx(
    nginx: Nginx, known: dict[str, str]
) -> None:
    wrong = []
    for path, headers, status, expected in BATTERY:
        if "%" in path or ".." in path or "//" in path or "/./" in path:
            continue  # nginx puts such paths right before it asks, or refuses them itself
        names = [part.partition(":")[0] for part in headers.split(" && ")]
        twice = any(names.count(name) > 1 for name in names if name.startswith("If-"))
        if twice or "{many}" in headers:  # nginx takes neither, nor a header of more than 8 KiB
            status, expected = "400", "told"
        expected = re.sub(r"; vary=[^;]*", "", expected)  # it names the same in two headers
        answer = send(nginx.through, path, headers, known, "GET")
        found = differs(answer, expected, known)
        if answer.status != int(status) or found:
            wrong.append((path, headers[:80], answer.status, found))
    assert not wrong, "\n".join(map(str, wrong))


STATIC: list[tuple[str, str, int, str]] = [
    ("R/twingraph.nq", "", 200, "all of nq; content-type=application/n-quads; !accept-ranges; "
     "cache-control=public, max-age=31536000, immutable; access-control-allow-origin=*; "
     "vary=Accept-Encoding; !content-encoding"),
    ("R/twingraph.nq.gz", "", 200, "all of gz; content-type=application/gzip; !content-encoding"),
    ("R/twingraph.nq.zst", "", 200, "all of zst; content-type=application/zstd; !content-encoding"),
    ("R/twingraph.nq.gz", "Accept-Encoding: gzip", 200, "all of gz; !content-encoding"),
    ("R/empty.csv", "", 200, "all of empty; content-type=text/csv; charset=utf-8"),
    ("R/SHA256SUMS", "", 200, "content-type=text/plain; charset=utf-8"),
    ("R/links/missing.csv", "", 200, "content-type=text/csv; charset=utf-8"),
    ("R/twingraph.nq", "Accept-Encoding: gzip", 200, "all of gz; content-encoding=gzip; "
     "content-type=application/n-quads; vary=Accept-Encoding"),
    ("R/twingraph.nq", "Accept-Encoding: gzip;q=0", 200, "all of nq; !content-encoding"),
    ("R/twingraph.nq", "Accept-Encoding: zstd", 200, "all of nq; !content-encoding"),
    ("R/twingraph.nq", "Range: bytes=100-199", 200, "all of nq; !content-range"),
    ("R/twingraph.nq.gz", "Range: bytes=100-199", 206, "bytes 100-199 of gz"),
    ("R/twingraph.nq.gz", "Range: bytes=-5", 206, "bytes {gz.last5}-{gz.end} of gz"),
    ("R/twingraph.nq.gz", "Range: bytes=0-9,100-109", 206, "parts 0-9,100-109 of gz"),
    ("R/twingraph.nq", "Range: bytes=0-9 && Accept-Encoding: gzip", 200,
     "all of gz; content-encoding=gzip; !content-range"),
    ("R/twingraph.nq.gz", "Range: bytes={gz.size}-", 416, "content-range=bytes */{gz.size}"),
    ("R/twingraph.nq", 'Range: bytes=0-9 && If-Range: "a"', 200, "all of nq"),
    ("R/twingraph.nq", 'If-Match: "a"', 412, "!cache-control"),
    ("R/linked.nq", "", 403, "!cache-control"),
    ("R/nothing.nq", "", 404, "!cache-control"),
    ("R/../../etc/passwd", "", 404, "told"),
]  # fmt: skip


def test_nginx_sends_releases_from_the_disk_as_we_would(
    nginx: Nginx, known: dict[str, str]
) -> None:
    wrong = []
    for path, headers, status, expected in STATIC:
        answer = send(nginx.static, path, headers, known, "GET")
        found = differs(answer, expected, known)
        if answer.status != status or found:
            wrong.append((path, headers[:80], answer.status, found))
    assert not wrong, "\n".join(map(str, wrong))
    tags = {
        coding: send(nginx.static, "R/twingraph.nq", f"Accept-Encoding: {coding}", known, "HEAD")
        .headers["etag"]
        for coding in ("identity", "gzip")
    }  # fmt: skip
    assert len(set(tags.values())) == 2
    again = nginx.static.ask(f"/release/{DATE}/twingraph.nq", ("If-None-Match", tags["identity"]))
    assert (again.status, again.body) == (304, b"")
    assert nginx.static.ask("/release/latest/twingraph.nq").status == 302


def test_nginx_packs_pages_and_leaves_files_alone(nginx: Nginx) -> None:
    packing = ("Accept-Encoding", "gzip")
    page = nginx.through.ask("/en/place/bonn.html", packing)
    dump = nginx.through.ask("/dumps/twingraph.nq", packing)

    assert page.headers["content-encoding"] == "gzip"
    assert page.headers["etag"].startswith("W/")
    assert dump.headers["content-encoding"] is None
    assert ETAG.fullmatch(dump.headers["etag"])
    again = nginx.through.ask("/en/place/bonn.html", ("If-None-Match", page.headers["etag"]))
    assert again.status == 304


def test_nginx_knows_every_media_type_that_we_do() -> None:
    types = re.findall(r"^      (\S+) (\w+);$", nginx_block("releases"), re.MULTILINE)
    ours = {f".{suffix}": kind for kind, suffix in types}

    assert ours == {**MEDIA_TYPES, ".gz": "application/gzip", ".zst": "application/zstd"}


# --- a release as it is made ---------------------------------------------------------------------


def test_every_file_of_a_release_comes_with_its_checksum_however_it_is_packed(
    tmp_path: Path,
) -> None:
    project = Path(shutil.copytree(ROOT / "tests" / "atlas", tmp_path / "atlas"))
    settings = replace(load_settings(project), release="2024-05-17")
    folder = release(settings, "2024-05-17", lambda *_: None).folder
    codings, wrong = set(), []
    app = create_app(project / "build", releases=project / "releases")
    with TestClient(app, follow_redirects=False) as client:
        sums = client.get("/release/2024-05-17/SHA256SUMS").text
        listed = re.findall(r"^(\w{64})  (.+)$", sums, re.MULTILINE)
        for digest, name in listed:
            for coding in ("identity", "gzip", "zstd"):
                asked = {"accept-encoding": coding}
                answer = client.get(f"/release/2024-05-17/{name}", headers=asked)
                used = answer.headers.get("content-encoding", "identity")
                codings.add(used)
                # the client has unpacked what was packed on the way
                if hashlib.sha256(answer.content).hexdigest() != digest or used not in (
                    "identity", coding,
                ):  # fmt: skip
                    wrong.append((name, coding, answer.status_code))
        page = client.get("/en/data.html").text

    stored = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    stored |= {name.removesuffix(".zst") for name in stored}
    assert {name for _, name in listed} == stored - {"SHA256SUMS"}
    assert wrong == []
    assert codings == {"identity", "gzip", "zstd"}
    assert 'id="release-2024-05-17"' in page
