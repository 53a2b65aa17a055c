"""The processes that evaluate queries: a keeper with the graph, and its forks, a query at a time.

The keeper is a process of its own, with one thread, that loads the graph and forks. A fork holds
one socket and nothing else: no file, no other descriptor and no right to open one, a ceiling for
its memory, a clock for its processor time. What a query does there, it can do to nobody.

Run as `python -m twingraph.serve.worker`, its standard input the socket to the server. The server
writes lines to the keeper, and gets lines:

    {…}                     the configuration, first of all
    F (with a descriptor)   fork a worker that listens there     -> P <pid>
    K, L, S, C <pid>        kill, lower its priority, stop it, let it go on
                            a worker has ended                   -> X <pid> <status>
                            the graph is loaded                  -> R
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import re
import resource
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    Variable,
    parse,
)

from twingraph.publish.exchange import EXCHANGE

LENGTH: Final = struct.Struct("!I")  # before a question: its bytes
REPLY: Final = struct.Struct("!cBII")  # before an answer: kind, flags, rows, bytes
LAST: Final = 1  # flag: this worker ends now
FRESH: Final = 2  # flag: evaluated again, the answer would hold other blank nodes
_GROWTH: Final = 64 * 1024  # KiB a worker may keep after an answer
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_RESULTS: Final[Mapping[str, QueryResultsFormat]] = {
    "json": QueryResultsFormat.JSON,
    "xml": QueryResultsFormat.XML,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
}
_NEW: Final = {"json": b'"type":"bnode"', "xml": b"<bnode>", "csv": b"_:", "tsv": b"_:"}


class Config(NamedTuple):
    """What a keeper is told: which graph, and what a query on it may take."""

    graph: str
    base: str
    prefixes: dict[str, str]
    published: str
    seconds: int
    memory_bytes: int
    rows: int
    result_bytes: int


class Answer(NamedTuple):
    """What a worker tells: `R` rows, `B` yes or no, `G` triples; or why not.

    `S` no SPARQL, `V` can't be evaluated, `F` the format does not fit (its body: the form of the
    query), `L` too many rows, `T` too many bytes, `M` too much memory.
    """

    kind: bytes
    body: bytes = b""
    rows: int = 0
    flags: int = 0


class _TooLarge(Exception):  # noqa: N818  # never leaves this module
    pass


# --- one query -----------------------------------------------------------------------------------


def evaluate(store: Store, config: Config, asked: Mapping[str, Any]) -> Answer:
    """Evaluate the question `asked`: query, formats (for rows, for graphs), graphs, bindings."""
    chosen: dict[str, Any] = {}
    if asked.get("graphs"):
        default, named = asked["graphs"]
        chosen["default_graph"] = [
            DefaultGraph() if one == config.published else NamedNode(one) for one in default
        ]
        chosen["named_graphs"] = [NamedNode(one) for one in named if one != config.published]
    if asked.get("bindings"):
        chosen["substitutions"] = dict(_bindings(asked["bindings"]))
    try:
        found = store.query(
            asked["query"], base_iri=config.base, prefixes=config.prefixes, **chosen
        )
        return _written(found, config, *asked["formats"])
    except SyntaxError as error:
        return Answer(b"S", str(error.msg).encode())
    except MemoryError:
        return Answer(b"M")
    except _TooLarge:
        return Answer(b"T")
    except (RuntimeError, OSError, ValueError) as error:
        return Answer(b"V", str(error).encode())


def _bindings(texts: Mapping[str, str]) -> list[tuple[Variable, Any]]:
    found = []
    for name, text in texts.items():  # terms travel as N-Triples
        (line,) = parse(f"<x:x> <x:x> {text} .", format=RdfFormat.N_TRIPLES)
        found.append((Variable(name), line.object))
    return found


def _written(found: Any, config: Config, rows: str, graphs: str) -> Answer:
    if isinstance(found, QueryTriples):
        return _graph(found, config, graphs) if graphs else Answer(b"F", b"graph")
    if not rows:
        return Answer(b"F", b"rows")
    sink = _Sink(config.result_bytes)
    found.serialize(sink, format=_RESULTS[rows])
    body = b"".join(sink.parts)
    if isinstance(found, QueryBoolean):
        return Answer(b"B", body, 1)
    assert isinstance(found, QuerySolutions), "rows, yes or no, triples: nothing else"
    number = COUNTERS[rows](body)
    if number > config.rows:
        return Answer(b"L", rows=number)
    return Answer(b"R", body, number, FRESH if _NEW[rows] in body else 0)


def _graph(found: QueryTriples, config: Config, suffix: str) -> Answer:
    triples: set[Triple] = set()
    for one in found:
        triples.add(one)
        if len(triples) > config.rows:
            return Answer(b"L", rows=len(triples))
    flags = FRESH if any(map(_is_new, triples)) else 0
    body = EXCHANGE[suffix](list(triples), config.prefixes)
    if len(body) > config.result_bytes:
        return Answer(b"T")
    return Answer(b"G", body, len(triples), flags)


def _is_new(one: Triple) -> bool:
    return isinstance(one.object, BlankNode) or isinstance(one.subject, BlankNode)


class _Sink:
    """A file in memory that takes so many bytes and no more."""

    def __init__(self, limit: int) -> None:
        self.parts: list[bytes] = []
        self.left = limit

    def write(self, part: bytes) -> int:
        self.left -= len(part)
        if self.left < 0:
            raise _TooLarge
        self.parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        pass


def _json_rows(body: bytes) -> int:
    """Count the rows of SPARQL JSON results as the engine writes them, without reading them.

    Rows part at `}},{"`. A text that ends in those signs has its closing quote there, which a `}`
    or a comma follows, as no name of a variable does. Rows without any value are read properly.

    >>> _json_rows(b'{"head":{"vars":["a"]},"results":{"bindings":[{"a":{"type":"literal",'
    ...            b'"value":"}},{"}},{"a":{"type":"literal","value":"1"}}]}}')
    2
    """
    start = body.find(b'"bindings":[') + 12
    if body.startswith(b"]", start):
        return 0
    if body.startswith(b"{}", start) or b",{}" in body:
        return len(json.loads(body)["results"]["bindings"])
    parted = body.count(b'}},{"', start)
    if b'{"}' in body or b'{",' in body:
        parted -= len(re.findall(rb'\}\},\{"[},]', body[start:]))
    return parted + 1


def _csv_rows(body: bytes) -> int:
    """Count the records below the header (RFC 4180); a quoted field may hold line ends.

    >>> _csv_rows(b'a,b\\r\\n1,"x\\r\\ny"\\r\\n')
    1
    """
    if b'"' not in body:
        return body.count(b"\n") - 1
    return sum(part.count(b"\n") for part in body.split(b'"')[::2]) - 1


COUNTERS: Final[Mapping[str, Callable[[bytes], int]]] = {
    "json": _json_rows,
    "xml": lambda body: body.count(b"<result>"),  # in a text it would be escaped
    "csv": _csv_rows,
    "tsv": lambda body: body.count(b"\n") - 1,  # a line end in a text is escaped
}


# --- a worker ------------------------------------------------------------------------------------


def _work(store: Store, config: Config, own: socket.socket, libc: ctypes.CDLL | None) -> NoReturn:
    """Answer questions until the other side closes; never return."""
    with contextlib.suppress(BaseException):  # its end is told by the keeper, in whatever way
        _shut_in(config, own, libc)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        while True:
            question = _receive(own)
            if question is None:
                break
            # the second clock, in case the server's fails: processor time, so that a stop is free
            signal.setitimer(signal.ITIMER_PROF, config.seconds + 1)
            answer = evaluate(store, config, json.loads(question))
            signal.setitimer(signal.ITIMER_PROF, 0)
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            last = grown > _GROWTH or answer.kind == b"M"
            head = REPLY.pack(
                answer.kind, answer.flags | (LAST if last else 0), answer.rows, len(answer.body)
            )
            if len(answer.body) < 65536:
                own.sendall(head + answer.body)
            else:
                own.sendall(head)
                own.sendall(answer.body)
            if last:
                break
    os._exit(0)


def _shut_in(config: Config, own: socket.socket, libc: ctypes.CDLL | None) -> None:
    for one in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPROF):
        signal.signal(one, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to hear
    if libc is not None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    kept = own.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ceiling = _address_space() + config.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _address_space() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:  # no Linux: what is resident is near enough
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize()


def _receive(own: socket.socket) -> bytes | None:
    """Return the next question, None where there is none any more."""
    held = own.recv(65536)
    if not held:
        return None
    while len(held) < LENGTH.size:
        held += own.recv(65536)
    (length,) = LENGTH.unpack_from(held)
    parts, missing = [held[LENGTH.size :]], length - len(held) + LENGTH.size
    while missing > 0:
        part = own.recv(65536)
        if not part:
            return None
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


# --- the keeper ----------------------------------------------------------------------------------


def _lower(pid: int) -> None:
    """Let everybody else go first: what takes long has time."""
    os.setpriority(os.PRIO_PROCESS, pid, 19)
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))


_ORDERS: Final[Mapping[str, Callable[[int], None]]] = {
    "K": lambda pid: os.kill(pid, signal.SIGKILL),
    "L": _lower,
    "S": lambda pid: os.kill(pid, signal.SIGSTOP),
    "C": lambda pid: os.kill(pid, signal.SIGCONT),
}


def _keep(store: Store, config: Config, control: socket.socket) -> None:
    """Fork workers as told, and tell of their ends, until the server is gone."""
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    alive: set[int] = set()
    held, descriptors = b"", list[int]()
    control.sendall(b"R\n")
    while True:
        ready, _, _ = select.select([control.fileno(), wake], [], [])
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
            _reap(alive, control)
        if control.fileno() not in ready:
            continue
        try:
            data, found, _, _ = socket.recv_fds(control, 65536, 16)
        except ConnectionResetError:
            break
        if not data:
            break
        descriptors += found
        *lines, held = (held + data).split(b"\n")
        for line in lines:
            order, _, number = line.decode("ascii").partition(" ")
            if order == "F":
                pid = _fork(store, config, descriptors.pop(0), libc)
                alive.add(pid)
                with contextlib.suppress(OSError):
                    control.sendall(f"P {pid}\n".encode())
            elif int(number) in alive:  # never a number that is somebody else's by now
                with contextlib.suppress(OSError):
                    _ORDERS[order](int(number))
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
    for pid in alive:
        os.waitpid(pid, 0)


def _fork(store: Store, config: Config, descriptor: int, libc: ctypes.CDLL | None) -> int:
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        _work(store, config, socket.socket(fileno=descriptor), libc)
    os.close(descriptor)
    return pid


def _reap(alive: set[int], control: socket.socket) -> None:
    while alive:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        alive.discard(pid)
        with contextlib.suppress(OSError):
            control.sendall(f"X {pid} {os.waitstatus_to_exitcode(status)}\n".encode())


def main() -> None:
    """Load the graph that the server names, and keep workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=os.dup(0))
    told = b""
    while not told.endswith(b"\n"):  # nothing else is said before the graph is loaded
        part = control.recv(65536)
        if not part:
            return
        told += part
    config = Config(**json.loads(told))
    store = Store()
    store.load(path=config.graph, format=RdfFormat.N_QUADS)
    gc.collect()
    gc.freeze()  # a collection in a fork would copy what it looks at
    _keep(store, config, control)


if __name__ == "__main__":
    main()
