"""Commands that ask a build: query, export, report."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

import click

from twingraph.cli.group import cli
from twingraph.cli.shared import Context, built_folder, pass_context
from twingraph.cli.terminal import Progress
from twingraph.problems import TwingraphError

_FORMS: Final = ("ASK", "BASE", "CONSTRUCT", "DESCRIBE", "PREFIX", "SELECT")  # how SPARQL begins


@cli.command(short_help="Ask the graph a question of the library, or SPARQL.")
@click.argument("name", required=False)
@click.argument("parameters", nargs=-1)
@click.option("--file", "path", type=click.Path(path_type=Path), help="A file with a SPARQL query, "
              "'-' for standard input.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["table", "csv", "json", "turtle"]),
              help="How the result is printed: a table, or turtle for CONSTRUCT.")  # fmt: skip
@click.option("--endpoint", metavar="URL", help="Ask the SPARQL endpoint there, which holds the "
              "graph, instead of the build.")  # fmt: skip
@pass_context
def query(
    context: Context, name: str | None, parameters: tuple[str, ...], path: Path | None,
    form: str | None, endpoint: str | None,
) -> None:  # fmt: skip
    """Ask the graph: a question of the library by its NAME, or a SPARQL query from a file.

    PARAMETERS are written name=value. Without a NAME and a file, the questions are listed. Outside
    a project, the packaged graph is used.

    \b
    Example: the partners of Berlin
      twingraph query partners-of place=berlin
    """
    from twingraph.sparql.ask import ask, list_questions

    settings = context.settings_to_read()
    if name is None and path is None:
        click.echo(list_questions(settings), nl=False)
        return
    if (
        name is not None
        and path is None
        and ("{" in name or name.upper().split(maxsplit=1)[:1] in [[form] for form in _FORMS])
    ):
        raise click.UsageError("a SPARQL query is read from a file: write --file query.rq, or "
                               "--file - for standard input")  # fmt: skip
    if name is not None and path is not None:
        if "=" not in name:
            raise click.UsageError("name a question or a --file, not both")
        parameters = (name, *parameters)
        name = None
    folder = None if endpoint is not None else built_folder(settings)
    text = None if path is None else _read_query(path)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    with Progress() as progress:
        answer = ask(settings, folder, name, text, parameters, form, width, endpoint or "",
                     progress.report)  # fmt: skip
    sys.stdout.buffer.write(answer)


@cli.command(short_help="Write links for others: QuickStatements, SSSOM, BEACON, maps.")
@click.argument("form", type=click.Choice(["quickstatements", "sssom", "beacon", "json-map",
                                           "missing"]))  # fmt: skip
@click.option("--target", type=click.Choice(["wikidata", "geonames"]), default="wikidata",
              show_default=True, help="Whose identifiers.")  # fmt: skip
@click.option("--existing", type=click.Path(path_type=Path), help="For quickstatements: the P190 "
              "pairs that Wikidata has (CSV: item,item), which are not repeated.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="A file to write; without it, "
              "standard output.")  # fmt: skip
@pass_context
def export(
    context: Context, form: str, target: str, existing: Path | None, out: Path | None
) -> None:
    """Write links for other tools; what is left out, and why, goes to standard error.

    quickstatements: what our partnerships would add to Wikidata's P190. sssom, beacon, json-map:
    the links as mapping set, link dump and JSON. missing: what has no identifier yet.

    \b
    Example: new statements only
      twingraph export quickstatements --existing pairs.csv --out batch.txt
    """
    from twingraph.link.export import export as run
    from twingraph.link.export import write

    settings = context.settings_to_read(None)
    built = built_folder(settings)
    with Progress() as progress:
        written = run(settings, built, form, target, existing, progress.report)
    for line in written.notes:
        click.echo(line, err=True)
    if out is None:
        sys.stdout.buffer.write(written.content)
    else:
        write(written, out)


@cli.command(short_help="What we know and Wikidata does not, and the reverse.")
@click.argument("about", type=click.Choice(["wikidata"]))
@click.option("--snapshot", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Wikidata's P190: pairs (CSV: item,item) or entities (JSON, a dump); without "
              "it, the newest list in data/imports/wikidata*.")  # fmt: skip
@click.option("--service", help="In place of a snapshot: the URL of a query service to ask, such "
              "as https://query.wikidata.org/sparql.")  # fmt: skip
@click.option("--items", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="A table of what is known of items: qid, name, iso2, geonames_id.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "csv", "json", "quickstatements",
              "mismatches", "sssom"]), default="text", show_default=True,
              help="What is printed.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False),
              help="A new folder for all files: report, batches, what needs a person.")  # fmt: skip
@pass_context
def report(
    context: Context, about: str, snapshot: Path | None, service: str | None,
    items: Path | None, form: str, out: Path | None,
) -> None:  # fmt: skip
    """Compare our partnerships with Wikidata's P190: what is missing, one-sided or different.

    Nothing is sent anywhere. quickstatements and mismatches are what Wikidata's own tools take;
    what people decided about earlier ones (data/reviews/) is not proposed again.

    \b
    Example: everything into a folder
      twingraph report wikidata --snapshot pairs.csv --out wikidata
    """
    from twingraph.link.wikidata.command import load_report, write_files
    from twingraph.link.wikidata.outputs import FORMATS, left_out

    settings = context.settings_to_read(None)
    built = built_folder(settings)
    with Progress() as progress:
        result, facts = load_report(settings, built, snapshot, items, service, progress.report)
    if out is None:
        sys.stdout.buffer.write(FORMATS[form](result, facts, settings))
        if form in ("quickstatements", "mismatches"):
            for line in left_out(result):
                click.echo(line, err=True)
        return
    names = write_files(result, facts, settings, out)
    click.echo(f"{out}: {len(names)} files", err=True)
    sys.stdout.buffer.write(FORMATS["text"](result, facts, settings))


def _read_query(path: Path) -> str:
    try:
        if str(path) == "-":
            return sys.stdin.read()
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TwingraphError(f"{path}: {error}; name a UTF-8 file with a SPARQL query") from None
