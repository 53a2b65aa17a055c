"""Connections that ask for more than anybody needs: each is bounded, and ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from starlette.types import Receive, Scope, Send

from twingraph.serve.connection import FIELDS_BYTES, PATH_BYTES, PIPELINED
from twingraph.serve.connections import Connections, Waits
from twingraph.serve.lifetime import DRAINED
from twingraph.serve.pipelining import Turns
from twingraph.serve.request_target import scope_of, split_target

QUICK = Waits(
    first=0.4,
    idle=0.3,
    head=0.4,
    body=0.5,
    unread=0.5,
    drain=0.3,
    half=0.2,
    close=0.3,
    refused=0.02,
)
ADDRESS_BYTES = 10_000
LEFT = threading.Event()  # a client of `/never` has
OURS = (b"access-control-allow-origin: *", b"x-content-type-options: nosniff")


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what came; `/page` reads no body, `/endless` never ends, `/broken` breaks."""
    path = scope["path"]
    body = b""
    if path not in ("/page", "/endless"):
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        else:
            return
    if path == "/slow":
        await asyncio.sleep(0.1)
    if path == "/later":
        await asyncio.sleep(0.7)
    if path == "/never":
        assert (await receive())["type"] == "http.disconnect"
        LEFT.set()
        return
    if path == "/broken":
        raise RuntimeError("on purpose")
    if path == "/split":
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"x", b"a\r\nset-cookie: b")]})  # fmt: skip
    if path == "/short":
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"content-length", b"9")]})  # fmt: skip
        await send({"type": "http.response.body", "body": b"short"})
        return
    said = f"{scope['method']} {path} {len(scope['query_string'])} {len(body)}".encode()
    headers = [] if path == "/chunks" else [(b"content-length", str(len(said)).encode())]
    if path == "/endless":
        headers = []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while path == "/endless":
        await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
    await send({"type": "http.response.body", "body": said})


class Running(NamedTuple):
    port: int
    connections: Connections
    refused: list[int]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    loop = asyncio.new_event_loop()
    refused: list[int] = []
    ready = threading.Event()
    found: list[Running] = []
    stop = asyncio.Event()

    async def main() -> None:
        connections = Connections(echo, address_bytes=ADDRESS_BYTES, most=40, waits=QUICK,
                                  refused=refused.append)  # fmt: skip
        server = await loop.create_server(connections, "127.0.0.1", 0)
        found.append(Running(server.sockets[0].getsockname()[1], connections, refused))
        ready.set()
        await stop.wait()
        server.close()
        await connections.end(1)

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),))
    thread.start()
    ready.wait(10)
    yield found[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


@contextlib.contextmanager
def connected(running: Running) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as line:
        yield line


def everything(line: socket.socket) -> bytes:
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := line.recv(65536):
            parts.append(part)
    return b"".join(parts)


def exchange(running: Running, data: bytes) -> bytes:
    """Send `data`, as much as is taken, and return all that comes back until the end."""
    with connected(running) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(data)
        return everything(line)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


GET = b"GET /a HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (GET + b"X: " + b"a" * FIELDS_BYTES + b"\r\n\r\n", 431),
        (GET + b"X: " + b"a" * 4 * FIELDS_BYTES, 431),  # a header without end
        (GET + b"X: a\r\n" * 200 + b"\r\n", 431),
        (GET + b"x" * 4 * FIELDS_BYTES, 431),  # a name without end
        (CHUNKED + b"0\r\n" + b"X-T: aaaaaaaa\r\n" * 20000, 431),  # trailers without end
        (CHUNKED + b"0\r\nX-T: " + b"a" * 8 * FIELDS_BYTES, 431),
        (CHUNKED + b"1;" + b"a" * 8 * FIELDS_BYTES, 431),  # an extension of a chunk
        (b"GET /" + b"a" * ADDRESS_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /" + b"a" * 30 * ADDRESS_BYTES, 414),
        (b"GET /" + b"a/" * (PATH_BYTES // 2) + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /a?" + b"b" * (ADDRESS_BYTES - 7) + b" HTTP/1.1\r\nHost: x\r\n"
         b"Connection: close\r\n\r\n", 200),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /\xe4 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\n\r\n", 400),  # no Host
        (GET + b"Host: x\r\n\r\n", 400),
        (GET + b"Host: y\r\n\r\n", 400),
        (b"GET /a HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nHost: u@x\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nHost: x:80:80\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n", 400),
        (b"GET /a HTTP/1.0\r\nHost: a b\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nHost: " + b"x" * 2000 + b"\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET /a HTTP/2.0\r\nHost: x\r\n\r\n", 505),  # RFC 9110 §15.6.6
        (b"GET /a HTTP/0.9\r\nHost: x\r\n\r\n", 505),
        (b"GET /a HTTP/1.2\r\nHost: x\r\n\r\n", 505),
        (b"GET /a\r\n\r\n", 505),
        (b"BREW /a HTTP/1.1\r\nHost: x\r\n\r\n", 501),  # RFC 9110 §9.1
        (b"get /a HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),  # RFC 9112 §3.2.4
        (b"GET ftp://x/a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n", 400),  # RFC 9110 §4.2.1
        (b"GET http://u:p@x/a HTTP/1.1\r\nHost: x\r\n\r\n", 400),  # RFC 9110 §4.2.4
        (b"GET http://x/a HTTP/1.1\r\n\r\n", 400),  # still without Host
        (GET + b"Expect: tea\r\n\r\n", 417),  # RFC 9110 §10.1.1
        (GET + b"Expect: 100-continue, tea\r\n\r\n", 417),
        (GET + b"Expect: 100-continue\r\nExpect: tea\r\n\r\n", 417),
        (GET + b"Expect: , 100-continue,\r\n\r\n", 200),
        (GET + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),  # RFC 9112 §6.1
        (GET + b"Transfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (GET + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    ],
)  # fmt: skip
def test_what_is_not_taken_is_told_with_our_headers(
    running: Running, data: bytes, wanted: int
) -> None:
    answer = exchange(running, data)

    assert status(answer) == wanted
    if wanted != 200:
        assert running.refused[-1] == wanted
        for header in OURS:
            assert header in answer
        assert answer.endswith(b"\n")
        assert len(answer.partition(b"\r\n\r\n")[2].split()) > 4  # words


@pytest.mark.parametrize(
    "data",
    [
        b"HEAD /a HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"HEAD /a HTTP/1.1\r\n\r\n",
        b"HEAD /" + b"a/" * PATH_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"HEAD /a HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 4 * FIELDS_BYTES,
        b"HEAD /\xe4 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"HEAD /a HTTP/1.1\r\nbad header\r\n\r\n",
    ],
)
def test_a_refused_head_has_no_body(running: Running, data: bytes) -> None:
    answer = exchange(running, data)

    assert status(answer) >= 400
    assert answer.endswith(b"\r\n\r\n")


def test_chunks_of_one_byte_are_a_body(running: Running) -> None:
    body = b"1\r\nx\r\n" * 5000 + b"0\r\nTrailer: 1\r\n\r\n"
    answer = exchange(
        running, CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + body
    )

    assert answer.endswith(b"POST /a 0 5000")


# --- many requests at once ------------------------------------------------------------------------


def test_pipelined_requests_are_answered_in_their_order(running: Running) -> None:
    data = b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(100))
    data += b"POST /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"

    answer = exchange(running, data)

    said = [part.split(b"HTTP/1.1")[0] for part in answer.split(b"\r\n\r\n")[1:]]
    assert said == [*(b"GET /%d 0 0" % number for number in range(100)), b"POST /last 0 3"]


def test_what_follows_a_long_body_in_the_same_bytes_is_answered(running: Running) -> None:
    body = b"x" * 90_000
    data = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + body
    data += b"GET /b HTTP/1.1\r\nHost: x\r\nX-Pad: %b\r\n\r\n" % (b"x" * 40) * 300

    answer = exchange(running, data + b"GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert b"POST /a 0 90000" in answer
    assert answer.count(b"GET /b 0 0") == 300
    assert answer.endswith(b"GET /c 0 0")


def test_requests_without_end_are_not_collected(running: Running) -> None:
    tiny = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(running) as line:
        line.setblocking(False)
        sent = 0
        until = time.monotonic() + 1
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < until and sent < 17_000_000:
                try:
                    sent += line.send(tiny * 1000)
                except BlockingIOError:
                    time.sleep(0.01)
        kept = [one for one in running.connections.open if one._unread or one._waiting]
        assert sum(len(part) for one in kept for part in one._unread) < 1_000_000
        assert all(len(one._waiting) <= PIPELINED for one in kept)
    assert 429 in running.refused or sent < 17_000_000


# --- ends ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n",
        b"GET /a HTT",
        GET,
        b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",  # and then silence
        b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n\r\n",  # and then an empty line
        b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b",  # and then half of the next
        CHUNKED,
        CHUNKED + b"5\r\nab",
        b"POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n",
    ],
)
def test_every_state_of_a_connection_ends(running: Running, data: bytes) -> None:
    began = time.monotonic()
    with connected(running) as line:
        line.sendall(data)
        everything(line)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("drop", [b"\r\n", b"x", b"1\r\nx\r\n"])
@pytest.mark.parametrize(
    "head",
    [b"", b"GET /a HTTP/1.1\r\nHost: x\r\nX: ", CHUNKED, CHUNKED.replace(b"/a", b"/page")],
)
def test_drops_keep_no_connection_alive(running: Running, head: bytes, drop: bytes) -> None:
    with connected(running) as line:
        line.sendall(head)
        began = time.monotonic()
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            while time.monotonic() - began < 4:
                line.sendall(drop)
                time.sleep(0.05)
    assert time.monotonic() - began < 3


def test_half_of_the_next_request_does_not_cut_the_answer(running: Running) -> None:
    with connected(running) as line:
        line.sendall(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        time.sleep(0.2)
        line.sendall(b"bGET /b HTTP/1.1\r\nHost: x\r\n")
        answer = line.recv(65536)
        time.sleep(0.2)
        line.sendall(b"Connection: close\r\n\r\n")
        answer += everything(line)

    assert b"POST /a 0 2" in answer
    assert answer.endswith(b"GET /b 0 0")


@pytest.mark.parametrize(
    ("data", "answers"),
    [
        (b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n", [b"GET /slow 0 0"]),
        (b"GET /slow HTTP/1.0\r\n\r\n", [b"GET /slow 0 0"]),
        (b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", [b"POST /a 0 2"]),
        (CHUNKED + b"2\r\nab\r\n0\r\n\r\n", [b"POST /a 0 2"]),
        (b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n" * 3, [b"GET /slow 0 0"] * 3),
        (GET + b"\r\nGET /half HTT", [b"GET /a 0 0"]),
        (GET + b"\r\n" + CHUNKED + b"2\r\nab", [b"GET /a 0 0"]),
        (b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n" + CHUNKED + b"9\r\nab", [b"GET /slow 0 0"]),
        (CHUNKED + b"2\r\nab", []),
        (GET, []),
        (b"GET /never HTTP/1.0\r\n\r\n", []),  # it has most likely left, and can't be asked
        (b"", []),
    ],
)
def test_a_client_that_sends_no_more_gets_its_answers(
    running: Running, data: bytes, answers: list[bytes]
) -> None:
    began = time.monotonic()
    with connected(running) as line:
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        received = everything(line)

    received = received.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")  # of a busy machine
    parts = [part.split(b"HTTP/1.1")[0] for part in received.split(b"\r\n\r\n")[1:]]
    assert parts == answers
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"GET /" + b"a" * (ADDRESS_BYTES + 1), 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 101, 431),
    ],
)
def test_a_client_that_sends_no_more_is_told_why_it_is_refused(
    running: Running, data: bytes, wanted: int
) -> None:
    with connected(running) as line:
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        received = everything(line)

    assert status(received) == wanted


def test_a_slow_answer_waits_for_a_client_that_only_reads(running: Running) -> None:
    with connected(running) as line:
        line.sendall(b"GET /later HTTP/1.1\r\nHost: x\r\n\r\n")
        line.shutdown(socket.SHUT_WR)
        received = everything(line)

    probe = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert received.startswith(probe)
    assert received.replace(probe, b"").startswith(b"HTTP/1.1 200")
    assert received.endswith(b"GET /later 0 0")


def test_a_client_that_has_left_is_found_out(running: Running) -> None:
    LEFT.clear()
    with connected(running) as line:
        line.sendall(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n")

    assert LEFT.wait(3)


@pytest.mark.parametrize("head", [CHUNKED + b"0\r\n" + b"X-T: aaaa\r\n" * 20000,
                                  CHUNKED.replace(b"/a", b"/page")])  # fmt: skip
def test_what_nobody_wants_is_not_read_for_long(running: Running, head: bytes) -> None:
    chunks = (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 16
    sent = 0
    with connected(running) as line:
        line.settimeout(0.1)
        with contextlib.suppress(ConnectionError, TimeoutError):
            line.sendall(head)
            while sent < 60 * DRAINED:
                sent += line.send(chunks)
    assert sent < 60 * DRAINED  # the system's buffers take some too


def test_who_is_refused_waits_a_moment() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        waits = QUICK._replace(refused=0.3)
        connections = Connections(echo, address_bytes=ADDRESS_BYTES, most=40, waits=waits)
        server = await loop.create_server(connections, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        began = loop.time()
        writer.write(b"nonsense\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
        writer.close()
        server.close()
        return loop.time() - began

    assert asyncio.run(main()) > 0.28


def test_requests_ahead_of_answers_take_turns() -> None:
    running = most = 0
    order: list[str] = []

    async def main() -> None:
        turns = Turns()

        async def work(name: str) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.2 if name == "long" else 0)
            order.append(name)
            running -= 1

        await asyncio.gather(*(turns.take(work(name)) for name in ("a", "b", "long", "c", "d")))

    asyncio.run(main())
    assert order == ["a", "b", "c", "d", "long"]  # it runs on, and holds nobody up
    assert most == 2


def test_a_client_that_does_not_read_is_let_go(running: Running) -> None:
    with connected(running) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(60):
            time.sleep(0.1)
            if not running.connections.open:
                break
        assert not running.connections.open


def test_idle_connections_make_room(running: Running) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(120):
            stack.enter_context(connected(running))
        answer = exchange(running, GET + b"Connection: close\r\n\r\n")
        assert len(running.connections.open) <= 41

    assert status(answer) == 200


# --- ordinary life --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "end"),
    [
        (b"GET /a HTTP/1.0\r\n\r\n", b"GET /a 0 0"),
        (b"GET /chunks HTTP/1.0\r\n\r\n", b"GET /chunks 0 0"),
        (
            b"GET /chunks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            b"f\r\nGET /chunks 0 0\r\n0\r\n\r\n",
        ),
        (b"HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"\r\n\r\n"),
        (b"GET http://x/a?b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"GET /a 1 0"),
        (b"GET /a%20b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"GET /a b 0 0"),
        (
            b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n",
            b"GET /a 0 0",
        ),
        (b"GET /a HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", b"GET /a 0 0"),
        (b"GET /a HTTP/1.1\r\nHost: [2001:db8::1]:80\r\nConnection: close\r\n\r\n", b"/a 0 0"),
        (b"GET /a HTTP/1.1\r\nHost: x_y%20-.z:\r\nConnection: close\r\n\r\n", b"/a 0 0"),
        (b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n", b"it has been noted\n"),
        (b"GET /split HTTP/1.1\r\nHost: x\r\n\r\n", b"it has been noted\n"),
        (b"GET /short HTTP/1.1\r\nHost: x\r\n\r\n", b"short"),
    ],
)
def test_requests_of_every_kind(
    running: Running, request_: bytes, end: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = exchange(running, request_)

    assert answer.endswith(end), answer
    assert b"set-cookie" not in answer
    assert answer.lower().count(b"\r\nconnection: close\r\n") <= 1
    told = capfd.readouterr().err
    assert ("Traceback" in told) == (b"/broken" in request_ or b"/split" in request_)


UPGRADE = b" HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c, websocket\r\n"


def test_another_protocol_is_not_heeded(running: Running) -> None:
    """A server may ignore `Upgrade` (RFC 9110 §7.8): requests before and after are answered."""
    ahead, behind = b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n", GET + b"Connection: close\r\n\r\n"
    answer = exchange(running, ahead + b"GET /c" + UPGRADE + b"\r\n" + behind)

    assert [b"GET /b 0 0" in answer, b"GET /c 0 0" in answer] == [True, True]
    assert answer.endswith(b"GET /a 1 0") or answer.endswith(b"GET /a 0 0")
    assert answer.count(b"HTTP/1.1 200") == 3


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 3\r\n\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
    ],
)
@pytest.mark.parametrize("step", [1, 4096])
def test_a_body_behind_another_protocol_is_read(running: Running, body: bytes, step: int) -> None:
    data = b"POST /a" + UPGRADE + body
    if step > 1:  # what follows is not answered: the connection was to end
        data += b"POST /b HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"
    with connected(running) as line:
        for start in range(0, len(data), step):
            line.sendall(data[start : start + step])
        answer = everything(line)

    assert answer.endswith(b"POST /a 0 3")
    assert answer.count(b"HTTP/1.1") == 1
    assert b"connection: close" in answer


def test_http_1_0_is_not_asked_for_a_body(running: Running) -> None:
    """It knows no interim responses, so its `Expect` does not count (RFC 9110 §10.1.1)."""
    head = b"POST /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    assert exchange(running, head + b"abc").endswith(b"POST /a 0 3")
    with connected(running) as line:
        line.sendall(head)
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            line.recv(100)


def test_a_body_that_came_is_not_asked_for(running: Running) -> None:
    """Who wants to know whether its client has left reads on behind the body."""
    with connected(running) as line:
        line.sendall(
            b"POST /never HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            b"Content-Length: 3\r\n\r\nabc"
        )
        line.settimeout(0.2)
        with pytest.raises(TimeoutError):
            line.recv(100)


@pytest.mark.parametrize(
    ("bad", "wanted"),
    [(b"nonsense\r\n\r\n", b"400"), (b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", b"501")],
)
def test_what_is_refused_behind_a_request_is_told_behind_its_answer(
    running: Running, bad: bytes, wanted: bytes
) -> None:
    for path in (b"/a", b"/slow"):
        answer = exchange(running, b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path + bad)

        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.count(b"HTTP/1.1 ") == 2
        assert b"HTTP/1.1 %b " % wanted in answer
        assert answer.endswith(b"\n")


def test_the_host_of_the_target_counts() -> None:
    """RFC 9112 §3.2.2: a proxy's `Host` may be that of a hop."""
    headers = [(b"a", b"b"), (b"host", b"x")]
    scope = scope_of("GET", "1.1", b"HTTP://y:80/a", headers, (None, None))
    assert scope["headers"] == [(b"a", b"b"), (b"host", b"y:80")]
    assert scope_of("GET", "1.1", b"//y/a", headers, (None, None))["headers"] == headers


@pytest.mark.parametrize("expected", [b"100-continue", b"100-Continue,", b", 100-continue"])
def test_a_body_is_asked_for_where_the_client_waits(running: Running, expected: bytes) -> None:
    with connected(running) as line:
        line.sendall(
            b"POST /a HTTP/1.1\r\nHost: x\r\nExpect: %b\r\nContent-Length: 3\r\n\r\n" % expected
        )
        assert line.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(b"abc")
        assert line.recv(65536).endswith(b"POST /a 0 3")


@pytest.mark.parametrize(
    ("target", "wanted"),
    [(b"*", (b"*", b"")), (b"//a//b", (b"//a//b", b"")), (b"https://h?x", (b"/", b"x")),
     (b"/a#b?c", (b"/a", b""))],
)  # fmt: skip
def test_targets_are_split(target: bytes, wanted: Any) -> None:
    assert split_target(target) == wanted
