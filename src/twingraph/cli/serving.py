"""The command that serves: pages, dumps and SPARQL, the large lists built beside."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

import click

from twingraph.child_process import fork
from twingraph.cli.group import cli
from twingraph.cli.mistake import mistake_error
from twingraph.cli.shared import (
    RELEASES,
    Context,
    address_option,
    at_address,
    built_folder,
    pass_context,
)
from twingraph.cli.terminal import short_path
from twingraph.problems import TwingraphError
from twingraph.settings import (
    FILE,
    Settings,
)

_PR_SET_PDEATHSIG: Final = 1
_LONG: Final = 50_000_000  # bytes of a graph that takes more than a moment to open


@cli.command(short_help="Serve pages, dumps and SPARQL; build first if need be.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535),
              help="Port to listen on.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="The build to serve; without it, "
              "'build' in the project.")  # fmt: skip
@click.option("--releases", type=click.Path(path_type=Path), help="The folder of the releases; "
              "without it, 'releases' in the project.")  # fmt: skip
@click.option("--log", type=click.Path(path_type=Path, allow_dash=True), default="-",
              show_default=True, help="Where a line a request goes: a file, '-' for standard "
              "output, 'none' for nowhere.")  # fmt: skip
@click.option("--processes", type=click.IntRange(1, 256), help="How many processes take requests; "
              "without it, as many as there are cores.")  # fmt: skip
@address_option
@click.option("--endpoint", metavar="URL", help="Ask the SPARQL endpoint there, which holds the "
              "same build, instead of a store of our own.")  # fmt: skip
@click.option("--large", is_flag=True, help="Take up the large lists as well: serve without them "
              "at once, and with them as soon as they are built.")  # fmt: skip
@pass_context
def serve(
    context: Context, host: str, port: int, out: Path | None, releases: Path | None, log: Path,
    processes: int | None, address: str, endpoint: str | None, large: bool,
) -> None:  # fmt: skip
    """Serve pages, descriptions, dumps and SPARQL; build first if there is no current build.

    Outside a project, the packaged graph is served.

    \b
    Example: on another port
      twingraph serve --port 8080
    """
    from twingraph.rdf.frozen import NAME
    from twingraph.serve.server import cores, run

    settings = at_address(context.settings_to_read(out), address)
    build = _built_beside(settings, out)
    size = (build / NAME).stat().st_size if (build / NAME).is_file() else 0
    if sys.stderr.isatty() and size > _LONG:
        click.echo(f"opening {endpoint or short_path(build)} ({size / 1e6:.0f} MB) …", err=True)
    with _log(log) as lines, _large_lists(settings, build) if large else contextlib.nullcontext():
        run(settings, build, host, port, releases=releases or settings.folder / RELEASES,
            log=lines, address=settings.address, endpoint=endpoint,
            processes=processes or cores())  # fmt: skip


def _built_beside(settings: Settings, out: Path | None) -> Path:
    """Return the folder of a current build, built by a child process if need be.

    The memory that a build takes goes with the child; a server would keep it.
    """

    def send(writer: int) -> None:
        outcome: object = None
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        try:
            outcome = built_folder(settings, out)
        except TwingraphError as error:
            outcome = TwingraphError(str(error))
        except OSError as error:
            outcome = error
        except Exception as error:  # noqa: BLE001  # a mistake of ours, reported as without a child
            outcome = mistake_error(error)
        with os.fdopen(writer, "wb") as stream:
            pickle.dump(outcome, stream)

    child = fork(send) if (settings.folder / FILE).is_file() else None
    if child is None:
        return built_folder(settings, out)
    pid, reader = child
    try:
        with os.fdopen(reader, "rb") as stream:
            raw = stream.read()
    except BaseException:
        os.kill(pid, signal.SIGTERM)
        raise
    finally:
        os.waitpid(pid, 0)
        gc.unfreeze()
    reply = pickle.loads(raw) if raw else None
    if isinstance(reply, Exception):
        raise reply
    if not isinstance(reply, Path):
        raise TwingraphError("the build was ended; see above why, or run 'twingraph build'")
    return reply


@contextlib.contextmanager
def _large_lists(settings: Settings, out: Path) -> Iterator[None]:
    """Build with the large lists in the background, if there is no such build yet.

    The build is a separate process of lower priority than the server. Its
    problems go to standard error, for standard output may be the log of requests.
    """
    from twingraph.build import is_current

    if not (settings.folder / FILE).is_file() or is_current(settings, out, large=True):
        yield
        return
    words = [sys.executable, "-c", BESIDE, "--project", str(settings.folder), "build", "--large",
             "--out", str(out)]  # fmt: skip
    words += ["--address", settings.address] if settings.address else []
    click.echo("the large lists are being built and will be taken up when they are", err=True)
    with subprocess.Popen(words, stdin=subprocess.PIPE) as process:
        try:
            yield
        finally:
            process.terminate()


# A command of low priority that ends when its parent ends, however that happens: the pipe to it is
# closed then. A build that is killed leaves the last build in place. The pipe is read without a
# buffer, whose lock a thread would still hold when the interpreter ends.
BESIDE: Final = """
import os, sys, threading
from twingraph.endpoint.priority import leave_a_core
os.nice(5)
leave_a_core(0)
os.dup2(2, 1)
def end_with_parent():
    while os.read(0, 4096):
        pass
    os._exit(1)
threading.Thread(target=end_with_parent, daemon=True).start()
from twingraph.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    if end.code:
        print("the large lists were not built, and what is served is without them; mend what is "
              "told above and run 'twingraph build --large'", file=sys.stderr)
    raise
"""


@contextlib.contextmanager
def _log(path: Path) -> Iterator[TextIO | None]:
    """Open the log; raises OSError, which `main` reports."""
    if str(path) in ("-", "none"):
        yield sys.stdout if str(path) == "-" else None
        return
    with path.open("a", encoding="utf-8") as stream:
        yield stream
