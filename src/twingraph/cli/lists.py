"""Commands that take lists in: import table, import wikidata, match."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from twingraph.cli.group import cli
from twingraph.cli.shared import Context, built_folder, pass_context
from twingraph.cli.terminal import Progress, exit_status, print_problems
from twingraph.problems import printable

if TYPE_CHECKING:
    from twingraph.link.import_report import Imported


@cli.group("import", short_help="Import a list: a spreadsheet, or Wikidata.")
def import_() -> None:
    """Import a list as a source: rows into data/imports, names matched to places.

    \b
    Example: a city office's spreadsheet
      twingraph import table partners.xlsx
    """


@import_.command("table", short_help="A table: CSV, TSV or Excel.")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--slug", default="", help="What the list is called in the project; without it, as "
              "the file.")  # fmt: skip
@click.option("--city-a", default="", help="Name of every first partner, where no column tells: a "
              "list of the partners of one place.")  # fmt: skip
@click.option("--country-a", default="", help="Country code of every first partner, where no "
              "column tells.")  # fmt: skip
@click.option("--country-b", default="", help="Country code of every second partner, where no "
              "column tells.")  # fmt: skip
@click.option("--date", "day", default="", help="Day of the decisions; without it, today.")
@pass_context
def import_table(
    context: Context, path: Path, slug: str, city_a: str, country_a: str, country_b: str, day: str
) -> None:
    """Import the list in FILE: guess its columns, match its names, write what is sure.

    What is not sure goes to data/imports/<slug>/review.csv; decide there and run the same command
    again. No row is dropped: in = written + for review + refused.

    \b
    Example: partners of German municipalities
      twingraph import table partners.csv --country-a DE
    Example: the partners of one city
      twingraph import table bonn.xlsx --city-a Bonn --country-a DE
    """
    from twingraph.link.import_table import import_table as run

    settings = context.settings()
    with Progress() as progress:
        done = run(
            settings, path, day or date.today().isoformat(), slug, (country_a, country_b),
            progress.report, city_a,
        )  # fmt: skip
    _tell_import(done)


@import_.command("wikidata", short_help="Statements of P190: files, or the query service.")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--slug", default="wikidata", show_default=True, help="What the list is called in "
              "the project.")  # fmt: skip
@click.option("--service", default="", metavar="URL", help="Ask the query service there; without "
              "files and without this, Wikidata's own.")  # fmt: skip
@click.option("--contact", default="", help="Whom the service may ask: an e-mail address or a "
              "page; without it, about.contact.email of twingraph.toml.")  # fmt: skip
@click.option("--date", "day", default="", help="Day of the snapshot; without it, today.")
@pass_context
def import_wikidata(
    context: Context, paths: tuple[Path, ...], slug: str, service: str, contact: str, day: str
) -> None:
    """Take Wikidata's partnerships in: from files, or without any from the query service.

    FILES are query results (JSON or CSV), entities (Special:EntityData), or dumps with an entity a
    line (.json.gz, .json.bz2), which are read in constant memory. The service is queried slice by
    slice; the same command continues an interrupted run. Coordinates, countries and GeoNames
    numbers of the items become a second list, SLUG-places.

    \b
    Example: from a dump
      twingraph import wikidata latest-all.json.gz --date 2026-11-23
    """
    from twingraph.link.wikidata.client import SERVICE, QueryClient
    from twingraph.link.wikidata_in.command import import_wikidata as run

    settings = context.settings()
    client = None
    if service or not paths:
        client = QueryClient.of(service or SERVICE, settings, contact)
    with Progress() as progress:
        done = run(settings, paths, day or date.today().isoformat(), slug, progress.report, client)
    _tell_import(done)


@cli.command("match", short_help="Which places do names mean?")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--limit", default=3, show_default=True, type=click.IntRange(1, 20),
              help="Candidates a name.")  # fmt: skip
@pass_context
def match_names(context: Context, path: Path, limit: int) -> None:
    """Match the names in FILE (CSV: name, and country, region or id if known) to places.

    With - in place of FILE, standard input is read.
    Prints CSV: each name with a verdict (sure, likely, none), places, scores and reasons.

    \b
    Example: names.csv with the columns name,country
      twingraph match names.csv
    """
    from twingraph.link.match_names import match_file

    settings = context.settings_to_read(None)
    built = built_folder(settings)
    with Progress() as progress:
        matched = match_file(settings, built, path, limit, progress.report)
    sys.stdout.buffer.write(matched.encode())


def _tell_import(done: Imported) -> NoReturn:
    """Print the outcome of an import, and exit: with 1 if a person must mend something."""
    for line in done.lines:
        click.echo(line)
    if done.problems:
        print_problems(done.problems, "text", "en", err=True)
    for line in done.unfollowed:
        click.echo(printable(line), err=True)
    sys.exit(1 if done.unfollowed else exit_status(done.problems, False))
