"""The process that serves: one address, ready when it says so, ended cleanly by a signal."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, TextIO

from twingraph.problems import TwingraphError
from twingraph.settings import Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_FILES: Final = 8192  # descriptors, where the machine allows them: connections take one each
_BACKLOG: Final = 1024
_ADDRESS: Final = 4096  # bytes of an address beside the query in it, each byte of which is escaped
_OTHER_FILES: Final = 256  # descriptors for workers, files that are sent, and the log
_FEWEST: Final = 64  # connections, however few descriptors there may be
_GRACE: Final = 5  # seconds for answers under way when a signal comes
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
) -> NoReturn:
    """Serve the build in folder `build` until SIGINT or SIGTERM; then end the process with 0.

    `releases` is the folder of the releases; a line a request goes to `log`; `endpoint` is asked in
    place of the graph in the build; `address` is how the public reaches the service. Raises
    `TwingraphError` where the address can't be had or `build` is no build. Every ASGI server serves
    the same: `twingraph.serve.app.create_app(build)` is all there is to it.
    """
    taken = _take(host, port)
    import uvloop

    from twingraph.serve.app import create_app

    app = create_app(
        build,
        settings.resource("queries") / "library",
        releases=releases,
        limits=settings.limits,
        log=log,
        endpoint=endpoint,
        address=address,
    )
    title = settings.title.get("en", "twingraph")
    sys.setswitchinterval(_SWITCH)
    _allow_files()
    gc.collect()
    gc.freeze()  # what is loaded stays; no collection need look at it again
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        ready = f"Serving {title} at {_shown(host, port)} (Ctrl-C ends)"
        runner.run(_serve(app, taken, ready))
    # A page that a thread still makes must not delay the end.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _take(host: str, port: int) -> socket.socket:
    """Take the address before anything is loaded, so that the error is ours and comes at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        taken = socket.socket(family, kind, protocol)
        try:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(address)
        except OSError:
            taken.close()
            raise
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


def _shown(host: str, port: int) -> str:
    where = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{where}]:{port}/" if ":" in where else f"http://{where}:{port}/"


def _allow_files() -> None:
    """Raise the number of descriptors as far as it may be raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(app: Starlette, taken: socket.socket, ready: str) -> None:
    """Answer at the socket `taken` until a signal comes."""
    from twingraph.serve.connection import Connections

    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    for number in _SIGNALS:
        loop.add_signal_handler(number, end.set)
    connections = Connections(
        app,
        address_bytes=3 * app.state.limits.query_bytes + _ADDRESS,
        most=max(_FEWEST, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _OTHER_FILES),
        refused=app.state.refused,
    )
    async with app.router.lifespan_context(app):
        server = await loop.create_server(connections, sock=taken, backlog=_BACKLOG)
        print(ready, file=sys.stderr, flush=True)  # noqa: T201  # a person waits for it
        await end.wait()
        server.close()
        await connections.end(_GRACE)
