"""The command group; errors become a message and exit status 2."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from twingraph.cli.mistake import mistake_error
from twingraph.cli.shared import Context
from twingraph.cli.terminal import printable_lines
from twingraph.problems import TwingraphError
from twingraph.version import __version__


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="A project is a folder with a twingraph.toml. Exit status: 0 fine, 1 problems found, "
    "2 wrong usage.",
)
@click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False),
    help="The project folder; without it, the nearest twingraph.toml from here upwards.",
)
@click.version_option(__version__, prog_name="twingraph")
@click.pass_context
def cli(context: click.Context, project: Path | None) -> None:
    """Publish what is known about city partnerships: check, build, query and serve one graph.

    \b
    Example: everything, from curated files to a site on this machine
      twingraph serve
    """
    context.obj = Context(project)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; every error becomes a message and an exit status."""
    run: Callable[..., object] = cli.main
    try:
        run(args=arguments, prog_name="twingraph", standalone_mode=True)
    except TwingraphError as error:
        click.echo(f"twingraph: {printable_lines(error)}", err=True)
        sys.exit(2)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            # the reader of the pipe is gone: Python must not try to flush at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        place = error.filename or "the terminal"
        words = f"{place}: {error.strerror}; name another place, or free it"
        click.echo(f"twingraph: {printable_lines(words)}", err=True)
        sys.exit(2)
    except Exception as error:  # noqa: BLE001  # whatever it is, a user sees no traceback
        click.echo(f"twingraph: {printable_lines(mistake_error(error))}", err=True)
        sys.exit(2)
