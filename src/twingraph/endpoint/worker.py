"""The processes that evaluate queries: a fork server with the graph, and its forks.

The fork server is a process with one thread that loads the graph and forks workers. A worker has
one socket, no file or other descriptor and no right to open one, and limits for its memory and
processor time. A query that goes wrong there can affect nothing else.

It is run as `python -m twingraph.endpoint.worker`; its standard input is a socket, the lifeline
(`launch.py`): it receives the configuration, then `C` with a descriptor for each control, which is
a socket to a process that orders workers. On a control it reads and writes lines:

    F (with a descriptor)   fork a worker that reads from it     -> P <pid>, or N <reason>
    K <pid>                 kill a worker
    A, L, M <pid>           let others go before it: as for pages, long queries, the longest
                            a worker of this control has ended   -> X <pid> <status>
                            the graph is loaded                  -> R
                            new workers have more in memory      -> W
                            preparations are complete            -> E

It ends when its lifeline or the last control is closed.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final, TypeVar

from pyoxigraph import NamedNode, Store

from twingraph.endpoint.evaluate import Answer, Config, evaluate
from twingraph.endpoint.fork import work
from twingraph.endpoint.helper import EndedError, Helper, trim
from twingraph.endpoint.messages import PAGE
from twingraph.endpoint.priority import ORDERS
from twingraph.endpoint.query_message import unpack
from twingraph.problems import TwingraphError
from twingraph.rdf.frozen import load_store

if TYPE_CHECKING:
    from twingraph.endpoint.pages import PageMaker

Value = TypeVar("Value")
_QUIET: Final = 0.3  # seconds without an order, after which the next preparation begins
_AGAIN: Final = 5.0  # seconds until a preparation for which no process could start is tried again


_ORDERS: Final[Mapping[str, Callable[[int], None]]] = {
    "K": lambda pid: os.kill(pid, signal.SIGKILL),
    **ORDERS,
}


class _Control:
    """A connected process that orders workers: socket, incomplete line, workers."""

    def __init__(self, descriptor: int) -> None:
        self.socket = socket.socket(fileno=descriptor)
        self.socket.setblocking(False)
        self.partial = b""
        self.descriptors: list[int] = []
        self.alive: set[int] = set()

    def send_line(self, line: str) -> None:
        """Write a line; errors are ignored, because the end of the other side is noticed anyway."""
        with contextlib.suppress(OSError):
            self.socket.send(line.encode() + b"\n")

    def orders(self) -> Iterator[tuple[str, str]] | None:
        """Return the orders received, as (letter, number); None after the other side has closed."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self.socket, 65536, 16)
        except BlockingIOError:
            return iter(())
        except OSError:
            return None
        if not data:
            return None
        self.descriptors += descriptors
        *lines, self.partial = (self.partial + data).split(b"\n")
        words = (line.decode("ascii").partition(" ") for line in lines)
        return ((order, number) for order, _, number in words)


class _ForkServer:
    """The event loop of the fork server."""

    def __init__(
        self, store: Store, config: Config, pages: PageMaker | None, lifeline: socket.socket
    ) -> None:
        self._store = store
        self._config = config
        self._pages = pages
        self._preparations = pages.preparations() if pages is not None else []
        self._helper: Helper | None = None
        self._forgotten = False
        self._not_before = 0.0  # monotonic time before which no preparation begins
        self._lifeline = lifeline
        self._controls: dict[int, _Control] = {}
        self._libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def run(self) -> None:
        """Fork workers as ordered and report their ends, until the last control is closed."""
        wake, waker = os.pipe()
        os.set_blocking(waker, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        while True:
            idle = self._helper is None and self._preparations and self._controls
            watched = [self._lifeline.fileno(), wake, *self._controls]
            if self._helper is not None:
                watched.append(self._helper.descriptor)
            pause = max(_QUIET, self._not_before - time.monotonic()) if idle else None
            ready, _, _ = select.select(watched, [], [], pause)
            if not ready:
                self._begin_to_prepare()
            if self._helper is not None and self._helper.descriptor in ready:
                self._prepare(self._helper)
            if wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake, 4096)
                self._reap()
            if self._lifeline.fileno() in ready and not self._admit():
                break
            for number in ready:
                control = self._controls.get(number)
                if control is not None and not self._obey(control):
                    self._dismiss(control)
                    if not self._controls:
                        return
        for control in list(self._controls.values()):
            self._dismiss(control)

    def _admit(self) -> bool:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._lifeline, 64, 16)
        except ConnectionResetError:
            return False
        for descriptor in descriptors:
            control = _Control(descriptor)
            self._controls[descriptor] = control
            control.send_line("R")
            if not self._preparations:
                control.send_line("W")
                control.send_line("E")
        return bool(data)

    def _begin_to_prepare(self) -> None:
        """Start a helper process for the next preparation; if none can start, try again later."""
        try:
            self._helper = Helper(self._preparations[0].make, self._libc)
        except OSError:  # no process, no memory or no descriptor is left
            self._not_before = time.monotonic() + _AGAIN

    def _prepare(self, helper: Helper) -> None:
        """Read from a helper; when its result is complete, keep it and report that on all controls.

        A preparation that fails is skipped: each worker computes the same when it needs it.
        """
        if not helper.hear():
            return
        self._helper = None
        preparation = self._preparations[0]
        try:
            preparation.keep(helper.made())
        except Exception as error:  # noqa: BLE001  # a file of the build says anything
            if preparation.reads_build and not self._forgotten:
                self._forget(error)
                return  # the same preparation again, from the graph
            print(  # noqa: T201
                f"twingraph: {preparation.what} can't be prepared ({error}); workers make it "
                "when it is asked for",
                file=sys.stderr, flush=True,
            )  # fmt: skip
        self._preparations.pop(0)
        gc.collect()
        gc.freeze()
        if not self._preparations:
            trim(self._libc)
        for control in self._controls.values():
            control.send_line("W")
            if not self._preparations:
                control.send_line("E")

    def _forget(self, error: Exception) -> None:
        """Ignore the files in `prepared/`, which can't be read; queries don't need them."""
        assert self._pages is not None, "it has preparations"
        place = Path(self._config.graph).parent
        advice = "" if isinstance(error, EndedError) else ", run 'twingraph build'"
        print(  # noqa: T201
            f"twingraph: what {place} prepared for pages can't be read "
            f"({error}); pages ask the graph{advice}",
            file=sys.stderr, flush=True,
        )  # fmt: skip
        self._forgotten = True
        self._pages.forget_prepared()
        for control in self._controls.values():
            control.send_line("W")  # existing workers would fail on the same file

    def _answer_to(self, question: bytes) -> Answer:
        """Answer one question; called in a worker."""
        if question.startswith(PAGE) and self._pages is not None:
            return self._pages.answer(question[1:])
        return evaluate(self._store, self._config, unpack(question))

    def _obey(self, control: _Control) -> bool:
        orders = control.orders()
        if orders is None:
            return False
        for order, number in orders:
            if order == "F":
                self._fork(control)
            elif int(number) in control.alive:  # else it may be another process by now
                with contextlib.suppress(OSError):
                    _ORDERS[order](int(number))
        return True

    def _fork(self, control: _Control) -> None:
        descriptor = control.descriptors.pop(0)
        try:
            pid = os.fork()
        except OSError as error:
            os.close(descriptor)
            control.send_line(f"N no process can be started: {error.strerror}")
            return
        if pid == 0:
            signal.set_wakeup_fd(-1)
            work(self._answer_to, self._config, socket.socket(fileno=descriptor), self._libc)
        os.close(descriptor)
        control.alive.add(pid)
        control.send_line(f"P {pid}")

    def _reap(self) -> None:
        while any(control.alive for control in self._controls.values()):
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            for control in self._controls.values():
                if pid in control.alive:
                    control.alive.discard(pid)
                    control.send_line(f"X {pid} {os.waitstatus_to_exitcode(status)}")

    def _dismiss(self, control: _Control) -> None:
        self._controls = {
            number: other for number, other in self._controls.items() if other is not control
        }
        control.socket.close()
        for descriptor in control.descriptors:
            os.close(descriptor)
        for pid in control.alive:
            os.kill(pid, signal.SIGKILL)
        for pid in control.alive:
            os.waitpid(pid, 0)


def main() -> None:
    """Read the configuration from standard input, load the graph, and fork workers as ordered."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lifeline = socket.socket(fileno=os.dup(0))
    line = b""
    while not line.endswith(b"\n"):  # byte by byte: a descriptor may follow the line directly
        part = lifeline.recv(1)
        if not part:
            return
        line += part
    config = Config(**json.loads(line))
    program = Thread(target=_import_pages)
    if config.pages:
        program.start()
    try:
        # lenient: IRIs and literals of a build are valid; checking them takes a third of the time
        store = load_store(Path(config.graph), lenient=True)
    except TwingraphError as error:
        sys.exit(f"twingraph: {error}")
    graphs = {graph.value for graph in store.named_graphs() if isinstance(graph, NamedNode)}
    config = config._replace(graphs=frozenset((*graphs, config.published)))
    pages = None
    if config.pages:
        program.join()
        pages = in_thread(lambda: _import_pages()(store, config))
    gc.collect()
    gc.freeze()  # a garbage collection in a fork would copy every page it visits
    _ForkServer(store, config, pages, lifeline).run()


def in_thread(make: Callable[[], Value]) -> Value:
    """Call `make` in a thread that ends before anything is forked, and return its result.

    The engine has a random number generator for each thread, for blank nodes and UUIDs. If the
    thread that forks had used its own, all forks would generate the same numbers.
    """
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(make).result()


def _import_pages() -> type[PageMaker]:
    from twingraph.endpoint.pages import PageMaker

    return PageMaker


if __name__ == "__main__":
    main()
