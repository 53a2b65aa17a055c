"""Commands for those who write data: check, fmt, init."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from twingraph.cli.group import cli
from twingraph.cli.shared import Context, pass_context, settings_or_default
from twingraph.cli.terminal import Progress, exit_status, print_problems, short_path
from twingraph.problems import printable
from twingraph.settings import STARTER_BASE
from twingraph.translation import LANGUAGES


@cli.command(short_help="List problems: file, line, what to write instead.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--texts", type=click.Path(path_type=Path), help="Folder of the source texts: prove "
              "every quote against them.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text",
              show_default=True, help="How problems are printed.")  # fmt: skip
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True,
              help="Language of the problems.")  # fmt: skip
@click.option("--strict", is_flag=True, help="Warnings too make the exit status 1.")
@pass_context
def check(
    context: Context, paths: tuple[Path, ...], texts: Path | None, form: str, lang: str,
    strict: bool,
) -> None:  # fmt: skip
    """List everything that needs a person: file, line, what is wrong, what to write instead.

    PATHS are data files or folders of the project (the whole project is read, their problems are
    shown), or any dumps: .nq, .nt, .trig, .jsonld, .rdf, or a .ttl outside the project.

    \b
    Example: one file, with its quotes proven against the texts
      twingraph check data/sources/bonn-minsk.ttl --texts ../texts
    """
    from twingraph.check.paths import check_paths

    settings = settings_or_default(context, paths)
    with Progress() as progress:
        problems = check_paths(settings, paths, texts, progress.report)
    print_problems(problems.problems, form, lang)
    if problems.quotes:
        click.echo(f"{problems.quotes[0]} of {problems.quotes[1]} quotes proven", err=True)
    sys.exit(exit_status(problems.problems, strict))


@cli.command(short_help="Write data files in canonical form.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 if a file would "
              "change.")  # fmt: skip
@click.option("--rebase", "old", metavar="OLD", default="", help="Move what is named under the "
              "former base IRI OLD to the base_iri of twingraph.toml, once.")  # fmt: skip
@pass_context
def fmt(context: Context, paths: tuple[Path, ...], only_check: bool, old: str) -> None:
    """Write data files in canonical form; the triples stay the same.

    Without PATHS, every file under data/. A file that can't be formatted without loss (comments,
    blank nodes, broken syntax) is left unchanged and reported.

    \b
    Example: is every file in the one form?
      twingraph fmt --check

    \b
    Example: base_iri was https://old.example.org/ and is another one now
      twingraph fmt --rebase https://old.example.org/
    """
    from twingraph.source.fmt import format_files

    settings = context.settings()
    with Progress() as progress:
        done = format_files(settings, paths, not only_check, old, progress.report)
    for name in done.changed:
        click.echo(f"{'would change' if only_check else 'formatted'} {printable(name)}")
    if done.problems:
        print_problems(done.problems, "text", "en")
    outcome = "to format" if only_check else "formatted"
    click.echo(f"{done.read} files, {len(done.changed)} {outcome}", err=True)
    sys.exit(1 if done.problems or (only_check and done.changed) else 0)


@cli.command(short_help="Make a small project that works at once.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--base-iri", default=STARTER_BASE, show_default=True, help="The beginning of every "
              "IRI that the project publishes; it ends in '/'.")  # fmt: skip
@click.option("--title", help="What the site and the data set are called.")
def init(folder: Path, base_iri: str, title: str | None) -> None:
    """Make DIR a small complete project: settings, one source with its text, two towns.

    Every command works in it at once; its README.md says what to do next.

    \b
    Example: partnerships of your own, under your own name
      twingraph init partners --base-iri https://data.example.org/partners/
    """
    from twingraph.source.starter import make_project

    made = make_project(folder, base_iri, title, date.today())
    click.echo(
        f"made {short_path(folder)} with {len(made)} files; read {short_path(folder / 'README.md')}"
    )
