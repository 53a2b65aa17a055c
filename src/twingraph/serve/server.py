"""The process that serves: one address, ready when it says so, ended cleanly by a signal."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, TextIO

from twingraph.problems import TwingraphError
from twingraph.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
# A connection that says nothing for so long is closed, or some hundreds of them would keep all out.
_SILENCE: Final = 10  # seconds
_CONNECTIONS: Final = 4096
_SWITCH: Final = 0.001  # seconds a thread may compute while the event loop has something to do
_POLL: Final = 0.01  # seconds between two looks whether the socket answers


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
    _refuse_taken(host, port)
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
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(app, host, port, title))
    # The server's own threads may still want the interpreter: one that goes down under them aborts.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _refuse_taken(host: str, port: int) -> None:
    """Try the address before anything is loaded, so that the error is ours and comes at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind(address)
            attempt.listen(1)
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


async def _serve(app: ASGIApp, host: str, port: int, title: str) -> None:
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server.embed import Server

    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_SILENCE * 1000),
        backlog=1024,
        backpressure=_CONNECTIONS,
        log_level=LogLevels.error,
    )
    logging.getLogger("_granian").setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()
    for one in _SIGNALS:
        loop.add_signal_handler(one, server.stop)
    ready = asyncio.create_task(_tell_when_ready(host, port, title))
    try:
        await server.serve()
    finally:
        ready.cancel()


async def _tell_when_ready(host: str, port: int, title: str) -> None:
    where = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    shown = f"[{where}]" if ":" in where else where
    while True:
        try:
            _, writer = await asyncio.open_connection(where, port)
        except OSError:
            await asyncio.sleep(_POLL)
            continue
        writer.close()
        break
    print(  # noqa: T201  # what a person waits for at the terminal
        f"Serving {title} at http://{shown}:{port}/ (Ctrl-C ends)", file=sys.stderr, flush=True
    )
