"""`twingraph serve`: binds the address, starts the processes, ends them on SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TextIO

from twingraph.problems import TwingraphError
from twingraph.rdf.frozen import NAME
from twingraph.settings import Limits, Settings, address_from

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from twingraph.endpoint.launch import OwnLauncher

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_FILES: Final = 8192  # descriptors, where the machine allows them: connections take one each
_BACKLOG: Final = 1024
_ADDRESS: Final = 4096  # bytes of an address beside the query in it, each byte of which is escaped
_OTHER_FILES: Final = 256  # descriptors for workers, files that are sent, and the log
_FEWEST: Final = 64  # connections, however few descriptors there may be
_CANNOT_START: Final = 1  # exit code
_GRACE: Final = 5  # seconds for answers under way when a signal comes
_ROOT: Final = (
    "twingraph: running as root; a service needs no rights: use an account of its own, see "
    "docs/hosting.md"
)
_SWITCH: Final = 0.001  # seconds a thread may compute while the event loop has something to do


def run(
    settings: Settings,
    build: Path,
    host: str,
    port: int,
    *,
    releases: Path | None = None,
    log: TextIO | None = None,
    endpoint: str | None = None,
    address: str = "",
    processes: int = 1,
) -> NoReturn:
    """Serve the build in folder `build` until SIGINT or SIGTERM; then exit with status 0.

    `releases` is the folder of the releases, `log` the stream of the request log. With `endpoint`,
    the URL of a SPARQL service with the same graph, queries go there. `address` is the public URL
    of the service. `processes` is the number of serving processes.

    Raises `TwingraphError` where the address can't be bound or `build` is no build. Any other ASGI
    server can run `twingraph.serve.app.create_app(build)` with the same result.
    """
    listeners = _take(host, port, processes)
    library = settings.resource("queries") / "library"
    ahead = _load_ahead(build, library, settings.limits, address) if endpoint is None else None
    from twingraph.serve.app import create_app

    app = create_app(
        build,
        library,
        releases=releases,
        limits=settings.limits,
        log=log,
        endpoint=endpoint,
        address=address,
        share=processes,
        ahead=ahead if processes == 1 else None,
    )
    title = settings.title.get("en", "twingraph")
    ready = f"Serving {title} at {_shown(host, port)} (Ctrl-C ends)"
    if os.geteuid() == 0 and (sys.stderr.isatty() or "JOURNAL_STREAM" in os.environ):
        print(_ROOT, file=sys.stderr)  # noqa: T201  # a person or the journal reads it
    sys.setswitchinterval(_SWITCH)
    _allow_files()
    gc.collect()
    gc.freeze()  # what is loaded stays; no collection need look at it again
    if processes == 1:
        _serve_until_end(app, listeners[0], ready)
    from twingraph.serve.metrics import Numbers
    from twingraph.serve.shared_metrics import Board, BoardPlaces
    from twingraph.serve.supervisor import SPARE, Supervisor
    from twingraph.serve.watch import mark_of, state_of

    board = Board(processes + SPARE)

    def child(slot: int, listener: socket.socket, line: socket.socket) -> NoReturn:
        app.state.numbers = Numbers(state_of(app), board, slot)
        app.state.places = BoardPlaces(board, slot)
        if mark_of(build) not in (None, app.state.service.mark):  # started anew after a build
            app.state.service = app.state.load()
            app.state.site = app.state.service.site
        _serve_until_end(app, listener, "", line)

    given = ahead.give() if ahead is not None else None
    os._exit(Supervisor(listeners, board, child, ready, dict([given] if given else [])).run())


def _load_ahead(build: Path, library: Path, limits: Limits, address: str) -> OwnLauncher | None:
    """Start the process that loads the graph, while this one imports; None if `build` is none."""
    from twingraph.endpoint.launch import OwnLauncher, config_of, pages_of

    try:
        about = json.loads((build / "build.json").read_text(encoding="utf-8"))
        graph, base = build.resolve() / NAME, str(about["base_iri"])
    except (OSError, ValueError, KeyError):  # reported when the build is opened
        return None
    public, _ = address_from(address)
    launcher = OwnLauncher(users=2)
    with contextlib.suppress(OSError):  # reported when the graph is needed
        launcher.start(config_of(graph, base, limits, pages_of(library, public, limits)))
    return launcher


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _serve_until_end(
    app: Starlette, listener: socket.socket, ready: str, line: socket.socket | None = None
) -> NoReturn:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(_serve(app, listener, ready, line))
    # threads that are still writing a page must not delay the end
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _take(host: str, port: int, processes: int) -> list[socket.socket]:
    """Bind a socket for each process, before anything is loaded, so that errors come at once.

    The kernel divides the connections among the sockets. Raises `TwingraphError` where the address
    can't be bound.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        taken = [_bound(family, kind, protocol, address)]
        if processes > 1:  # the first bind has shown that no other program has the port
            taken[0].close()
            taken = [_bound(family, kind, protocol, address, shared=True) for _ in range(processes)]
    except PermissionError:
        raise TwingraphError(
            f"port {port} needs more rights than you have; choose one above 1023 with --port"
        ) from None
    except OSError as error:
        if isinstance(error, socket.gaierror) or "assign" in str(error.strerror):
            raise TwingraphError(
                f"{host} is no address of this machine; write --host 127.0.0.1"
            ) from None
        raise TwingraphError(f"port {port} is taken; choose another with --port") from None
    return taken


def _bound(
    family: int, kind: int, protocol: int, address: Any, *, shared: bool = False
) -> socket.socket:
    taken = socket.socket(family, kind, protocol)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(address)
        if shared:
            taken.listen(_BACKLOG)  # from now on the kernel accepts connections
    except OSError:
        taken.close()
        raise
    return taken


def _shown(host: str, port: int) -> str:
    shown_host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{shown_host}]:{port}/" if ":" in shown_host else f"http://{shown_host}:{port}/"


def _allow_files() -> None:
    """Raise the soft limit of open files towards `_FILES`, as far as the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(
    app: Starlette, taken: socket.socket, ready: str, line: socket.socket | None = None
) -> int:
    """Serve on the socket `taken` until a signal comes or the parent process ends.

    `line` is the socket to the parent, which starts the fork servers; without it this process does.
    Return the exit code: 1 where the graph can't be loaded, which has been reported.
    """
    from twingraph.endpoint.pool import Pool
    from twingraph.serve.connections import Connections
    from twingraph.serve.link import Link
    from twingraph.serve.quick import Quick

    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    for number in _SIGNALS:
        loop.add_signal_handler(number, end.set)
    link = Link(line, end.set) if line is not None else None
    service = app.state.service
    if link is not None and isinstance(service.evaluator, Pool):
        service.evaluator.launcher = service.pages.launcher = app.state.launcher = link
        service.evaluator.places = app.state.places
    connections = app.state.connections = Connections(
        app,
        address_bytes=3 * app.state.limits.query_bytes + _ADDRESS,
        most=max(_FEWEST, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _OTHER_FILES),
        refused=app.state.refused,
        quick=Quick(app.state, app.state.note),
    )
    async with app.router.lifespan_context(app):
        server = await loop.create_server(connections, sock=taken, backlog=_BACKLOG)
        ended = loop.create_task(end.wait())
        started: asyncio.Task[None] = app.state.started
        await asyncio.wait((started, ended), return_when=asyncio.FIRST_COMPLETED)
        if started.done() and not started.cancelled() and started.exception() is not None:
            return _CANNOT_START
        if link is not None:
            link.ready()
        elif not end.is_set():
            print(ready, file=sys.stderr, flush=True)  # noqa: T201  # a person waits for it
        await end.wait()
        server.close()
        await connections.end(_GRACE)
    return 0
