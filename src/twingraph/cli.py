"""Words on the command line -> one call each; problems -> exit status 0, 1 or 2."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, TextIO

import click

from twingraph.problems import (
    SEVERITIES,
    Problem,
    Severity,
    TwingraphError,
    first_of_each,
    printable,
)
from twingraph.progress import line_of
from twingraph.settings import (
    FILE,
    STARTER_BASE,
    Settings,
    address_from,
    find_project,
    load_settings,
    nearest_project,
)
from twingraph.translation import LANGUAGES, words_of
from twingraph.version import __version__

if TYPE_CHECKING:
    from twingraph.link.import_report import Imported

_COLOURS: Final[dict[Severity, str]] = {"violation": "red", "warning": "yellow", "info": "blue"}
_BUILD: Final = "build"
_SITE: Final = "site"
_RELEASES: Final = "releases"


@dataclass(frozen=True)
class Context:
    """What every command may ask: where the project is."""

    project: Path | None

    def settings(self) -> Settings:
        """Find and read the project's settings, or raise `TwingraphError`."""
        return load_settings(self.project or find_project(Path.cwd()))

    def settings_to_read(self, out: Path | None = None) -> Settings:
        """Return the project's settings, or without one those of the graph that came along."""
        from twingraph.current_build import settings_at_hand

        return load_settings(self.project) if self.project else settings_at_hand(Path.cwd(), out)


_context = click.make_pass_decorator(Context)


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


@cli.command(short_help="What needs a person: file, line, what to write.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--texts", type=click.Path(path_type=Path), help="Folder of the source texts: prove "
              "every quote against them.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text",
              show_default=True, help="How problems are printed.")  # fmt: skip
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True,
              help="Language of the problems.")  # fmt: skip
@click.option("--strict", is_flag=True, help="Warnings too make the exit status 1.")
@_context
def check(
    context: Context, paths: tuple[Path, ...], texts: Path | None, form: str, lang: str,
    strict: bool,
) -> None:  # fmt: skip
    """List everything that needs a person: file, line, what is wrong, what to write instead.

    PATHS are data files or folders of the project (the whole project is read, their problems are
    told), or dumps of anybody's: .nq, .nt, .trig, .jsonld, .rdf, or a .ttl outside the project.

    \b
    Example: one file, with its quotes proven against the texts
      twingraph check data/sources/bonn-minsk.ttl --texts ../texts
    """
    from twingraph.check.paths import check_paths

    settings = _settings_or_default(context, paths)
    with _Progress() as progress:
        found = check_paths(settings, paths, texts, progress.tell)
    _print_problems(found.problems, form, lang)
    if found.quotes:
        click.echo(f"{found.quotes[0]} of {found.quotes[1]} quotes proven", err=True)
    sys.exit(_status(found.problems, strict))


@cli.command(short_help="Write data files in their one form.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 if a file would "
              "change.")  # fmt: skip
@click.option("--rebase", "old", metavar="OLD", default="", help="Move what is named under the "
              "former base IRI OLD to the base_iri of twingraph.toml, once.")  # fmt: skip
@_context
def fmt(context: Context, paths: tuple[Path, ...], only_check: bool, old: str) -> None:
    """Write data files in their one form; the triples stay the same.

    Without PATHS, every file under data/. A file that can't be formatted without loss (comments,
    blank nodes, broken syntax) is left alone and told.

    \b
    Example: is every file in the one form?
      twingraph fmt --check

    \b
    Example: base_iri was https://old.example.org/ and is another one now
      twingraph fmt --rebase https://old.example.org/
    """
    from twingraph.source.fmt import format_files

    settings = context.settings()
    with _Progress() as progress:
        done = format_files(settings, paths, not only_check, old, progress.tell)
    for name in done.changed:
        click.echo(f"{'would change' if only_check else 'formatted'} {printable(name)}")
    if done.problems:
        _print_problems(done.problems, "text", "en")
    outcome = "to format" if only_check else "formatted"
    click.echo(f"{done.read} files, {len(done.changed)} {outcome}", err=True)
    sys.exit(1 if done.problems or (only_check and done.changed) else 0)


_address = click.option(
    "--address", metavar="URL", default="",
    help="The URL under which the public opens the site, in place of the one in twingraph.toml.",
)  # fmt: skip


def _at(settings: Settings, address: str) -> Settings:
    """Return settings with another public address, if one was given."""
    if not address:
        return settings
    public, wrong = address_from(address)
    if wrong:
        raise TwingraphError(wrong[0])
    return replace(settings, address=public)


@cli.command(short_help="Check, freeze the graph, write every dump.")
@click.option("--out", type=click.Path(path_type=Path), help="Where the build goes; without it, "
              "'build' in the project ('site' with --site).")  # fmt: skip
@click.option("--site", "as_site", is_flag=True, help="Write the whole site as files instead, from "
              "a current build: every page in every language, descriptions, dumps.")  # fmt: skip
@_address
@click.option("--large", is_flag=True, help="With the lists that call themselves large.")
@_context
def build(context: Context, out: Path | None, as_site: bool, address: str, large: bool) -> None:
    """Check, then freeze the graph and write every dump; swapped in as a whole, never half.

    \b
    Example: into another folder
      twingraph build --out /srv/twingraph/build
    Example: the site for a host that serves files
      twingraph build --site --out /srv/twingraph/site
    """
    if as_site:
        _write_site(_at(context.settings(), address), out, _releases(context))
        return
    from twingraph.build import build as run
    from twingraph.catalogue.dcat import wanted

    settings = _at(context.settings(), address)
    with _Progress() as progress:
        built = run(settings, (out or settings.folder / _BUILD).absolute(), progress.tell, large)
    _print_problems(built.problems, "text", "en")
    if built.folder is None:
        click.echo("nothing was published: mend the violations and build again", err=True)
        sys.exit(1)
    missing = wanted(settings)
    if missing:
        click.echo(f"portals would learn more from {', '.join(missing)} in {FILE}", err=True)
    click.echo(f"{built.quads} statements in {_short(out or settings.folder / _BUILD)}", err=True)


@cli.command(short_help="Ask the graph a question of the library, or SPARQL.")
@click.argument("name", required=False)
@click.argument("parameters", nargs=-1)
@click.option("--file", "path", type=click.Path(path_type=Path), help="A file with a SPARQL query, "
              "'-' for standard input.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["table", "csv", "json", "turtle"]),
              help="How the result is printed: a table, or turtle for CONSTRUCT.")  # fmt: skip
@click.option("--endpoint", metavar="URL", help="Ask the SPARQL endpoint there, which holds the "
              "graph, instead of the build.")  # fmt: skip
@_context
def query(
    context: Context, name: str | None, parameters: tuple[str, ...], path: Path | None,
    form: str | None, endpoint: str | None,
) -> None:  # fmt: skip
    """Ask the graph: a question of the library by its NAME, or a SPARQL query from a file.

    PARAMETERS are written name=value. Without a NAME and a file, the questions are listed. Outside
    a project, the graph that came along is asked.

    \b
    Example: the partners of Berlin
      twingraph query partners-of place=berlin
    """
    from twingraph.sparql.ask import ask, list_questions

    settings = context.settings_to_read()
    if name is None and path is None:
        click.echo(list_questions(settings), nl=False)
        return
    if name is not None and path is not None:
        if "=" not in name:
            raise click.UsageError("name a question or a --file, not both")
        parameters = (name, *parameters)
        name = None
    folder = None if endpoint is not None else _built(settings)
    text = None if path is None else _read_query(path)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    with _Progress() as progress:
        answer = ask(settings, folder, name, text, parameters, form, width, endpoint or "",
                     progress.tell)  # fmt: skip
    sys.stdout.buffer.write(answer)


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
@_address
@click.option("--endpoint", metavar="URL", help="Ask the SPARQL endpoint there, which holds the "
              "same build, instead of a store of our own.")  # fmt: skip
@click.option("--large", is_flag=True, help="Take up the large lists as well: serve without them "
              "at once, and with them as soon as they are built.")  # fmt: skip
@_context
def serve(
    context: Context, host: str, port: int, out: Path | None, releases: Path | None, log: Path,
    processes: int | None, address: str, endpoint: str | None, large: bool,
) -> None:  # fmt: skip
    """Serve pages, descriptions, dumps and SPARQL; build first if there is no current build.

    Outside a project, the graph that came along is served.

    \b
    Example: on another port
      twingraph serve --port 8080
    """
    from twingraph.serve.server import cores, run

    settings = _at(context.settings_to_read(out), address)
    build = _built(settings, out)
    with _log(log) as lines, _large_lists(settings, build) if large else contextlib.nullcontext():
        run(settings, build, host, port, releases=releases or settings.folder / _RELEASES,
            log=lines, address=settings.address, endpoint=endpoint,
            processes=processes or cores())  # fmt: skip


@cli.command(short_help="Write what linkers take away: QuickStatements, SSSOM, BEACON, maps.")
@click.argument("form", type=click.Choice(["quickstatements", "sssom", "beacon", "json-map",
                                           "missing"]))  # fmt: skip
@click.option("--target", type=click.Choice(["wikidata", "geonames"]), default="wikidata",
              show_default=True, help="Whose identifiers.")  # fmt: skip
@click.option("--existing", type=click.Path(path_type=Path), help="For quickstatements: the P190 "
              "pairs that Wikidata has (CSV: item,item), which are not repeated.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="A file to write; without it, "
              "standard output.")  # fmt: skip
@_context
def export(
    context: Context, form: str, target: str, existing: Path | None, out: Path | None
) -> None:
    """Write what linkers take away; what is left out, and why, goes to standard error.

    quickstatements: what our partnerships would add to Wikidata's P190. sssom, beacon, json-map:
    the links as mapping set, link dump and JSON. missing: what has no identifier yet.

    \b
    Example: new statements only
      twingraph export quickstatements --existing pairs.csv --out batch.txt
    """
    from twingraph.link.export import export as run
    from twingraph.link.export import write

    settings = context.settings_to_read(None)
    built = _built(settings)
    with _Progress() as progress:
        found = run(settings, built, form, target, existing, progress.tell)
    for line in found.notes:
        click.echo(line, err=True)
    if out is None:
        sys.stdout.buffer.write(found.content)
    else:
        write(found, out)


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
@_context
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
    built = _built(settings)
    with _Progress() as progress:
        found, facts = load_report(settings, built, snapshot, items, service, progress.tell)
    if out is None:
        sys.stdout.buffer.write(FORMATS[form](found, facts, settings))
        if form in ("quickstatements", "mismatches"):
            for line in left_out(found):
                click.echo(line, err=True)
        return
    names = write_files(found, facts, settings, out)
    click.echo(f"{out}: {len(names)} files", err=True)
    sys.stdout.buffer.write(FORMATS["text"](found, facts, settings))


@cli.command(short_help="Publish a checked build for good, under its day.")
@click.argument("date", required=False)
@_context
def release(context: Context, date: str | None) -> None:
    """Publish a checked build for good in releases/DATE: all formats, packed ones, notes, patch.

    DATE is the day in twingraph.toml (release). A stale build is built first. What is published
    never changes again; releases/latest leads to the newest.

    \b
    Example: the second release of a day
      twingraph release 2026-11-21.2
    """
    from twingraph.current_build import UnpublishedError
    from twingraph.releasing import release as run

    settings = context.settings()
    try:
        with _Progress() as progress:
            done = run(settings, date or settings.release, progress.tell)
    except UnpublishedError as error:
        _print_problems(error.problems, "text", "en")
        click.echo("nothing was released: mend the violations and release again", err=True)
        sys.exit(1)
    size = done.size / 1_000_000
    click.echo(f"{_short(done.folder)}: {done.files} files, {size:.1f} MB", err=True)
    click.echo(done.notes["en"], err=True)
    for line in done.missing:
        click.echo(f"a DOI deposit still wants {line}", err=True)
    if not settings.about.contact.email:
        click.echo(f"portals will name nobody to ask: about.contact.email is missing in {FILE}",
                   err=True)  # fmt: skip


@cli.command(short_help="What changed between two releases, builds or dumps.")
@click.argument("old", default="latest")
@click.argument("new", required=False)
@click.option("--format", "form", default="text", show_default=True,
              type=click.Choice(["text", "json", "markdown", "added", "removed", "patch"]),
              help="Words, or N-Quads that came or went, or an RDF Patch.")  # fmt: skip
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True,
              help="Language of the words.")  # fmt: skip
@_context
def diff(context: Context, old: str, new: str | None, form: str, lang: str) -> None:
    """Tell what changed from OLD to NEW: days of releases, folders of them or of builds, dumps.

    OLD is the latest release, NEW the project as it is. Exit status as of diff: 0 the same,
    1 different, 2 wrong usage.

    \b
    Example: what the next release would bring, for the changelog
      twingraph diff latest --format markdown
    """
    from twingraph.release.changes.diff import diff as run

    built = str(_short(_built(context.settings()))) if new is None else new
    with _Progress() as progress:
        report, differs = run(old, built, _releases(context), form, lang, progress.tell)
    sys.stdout.buffer.writelines(report)
    sys.exit(int(differs))


@cli.command(short_help="Put an RDF Patch on a dump: the next one, byte for byte.")
@click.argument("old")
@click.argument("path", metavar="PATCH", type=click.Path(path_type=Path))
@_context
def patch(context: Context, old: str, path: Path) -> None:
    """Print the dump that OLD (as for diff) becomes by PATCH, a changes.rdfp of a release.

    \b
    Example: the next release from the one before
      twingraph patch 2026-11-21 changes.rdfp > twingraph.nq
    """
    from twingraph.release.changes.diff import patch as run

    sys.stdout.buffer.writelines(run(old, path, _releases(context)))


@cli.group("import", short_help="Take a list in: a spreadsheet, or Wikidata.")
def import_() -> None:
    """Take a list in as a source: rows into data/imports, names matched to places.

    \b
    Example: a city office's spreadsheet
      twingraph import table partners.xlsx
    """


@import_.command("table", short_help="A table: CSV, TSV or Excel.")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--slug", default="", help="What the list is called in the project; without it, as "
              "the file.")  # fmt: skip
@click.option("--country-a", default="", help="Country code of every first partner, where no "
              "column tells.")  # fmt: skip
@click.option("--country-b", default="", help="Country code of every second partner, where no "
              "column tells.")  # fmt: skip
@click.option("--date", "day", default="", help="Day of the decisions; without it, today.")
@_context
def import_table(
    context: Context, path: Path, slug: str, country_a: str, country_b: str, day: str
) -> None:
    """Take the list in FILE in: guess what its columns mean, match its names, write what is sure.

    What is not sure goes to data/imports/<slug>/review.csv; decide there and run the same command
    again. No row is dropped: in = written + for review + refused.

    \b
    Example: partners of German municipalities
      twingraph import table partners.csv --country-a DE
    """
    from twingraph.link.import_table import import_table as run

    settings = context.settings()
    done = run(settings, path, day or date.today().isoformat(), slug, (country_a, country_b))
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
@_context
def import_wikidata(
    context: Context, paths: tuple[Path, ...], slug: str, service: str, contact: str, day: str
) -> None:
    """Take Wikidata's partnerships in: from files, or without any from the query service.

    FILES are query results (JSON or CSV), entities (Special:EntityData), or dumps with an entity a
    line (.json.gz, .json.bz2), which are read in constant memory. The service is asked slice by
    slice; a run that was stopped goes on with the same command. Coordinates, countries and
    GeoNames numbers of the items become a second list, SLUG-places.

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
    with _Progress() as progress:
        done = run(settings, paths, day or date.today().isoformat(), slug, progress.tell, client)
    _tell_import(done)


@cli.command("match", short_help="Which places do names mean?")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--limit", default=3, show_default=True, type=click.IntRange(1, 20),
              help="Candidates a name.")  # fmt: skip
@_context
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
    built = _built(settings)
    with _Progress() as progress:
        matched = match_file(settings, built, path, limit, progress.tell)
    sys.stdout.buffer.write(matched.encode())


@cli.command(short_help="Try a deployed site from outside: what is wrong, what to write.")
@click.argument("url")
@click.option("--pages", default=40, show_default=True, type=click.IntRange(1, 10_000),
              help="How many of its pages are read.")  # fmt: skip
@click.option("--requests", default=1000, show_default=True, type=click.IntRange(1, 1_000_000),
              help="How many requests are sent at most.")  # fmt: skip
@click.option("--seconds", default=300.0, show_default=True, type=click.FloatRange(1, 86_400),
              help="How long it may take.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text",
              show_default=True, help="Lines for people, or JSON for programs.")  # fmt: skip
def verify(url: str, pages: int, requests: int, seconds: float, form: str) -> None:
    """Ask the site at URL as browsers, programs and harvesters do, and list what is wrong.

    Redirects, negotiation, media types, links, headers, checksums, feeds. No other host is asked.
    Exit status: 0 fine, 1 problems found, 2 no address.

    \b
    Example: after a deployment
      twingraph verify https://data.example.org/
    """
    from twingraph.verify.client import Limits
    from twingraph.verify.findings import report
    from twingraph.verify.run import verify as run

    with _Progress() as progress:
        found = run(url, Limits(requests=requests, seconds=seconds), pages, progress.tell)
    if form == "json":
        summary: dict[str, object] = {
            "url": url,
            "requests": found.requests,
            "pages": found.pages,
            "findings": [finding._asdict() for finding in found.findings],
        }
        click.echo(json.dumps(summary, indent=1, ensure_ascii=False))
    else:
        click.echo(report(found.findings, found.requests), nl=False)
    sys.exit(1 if found.problems else 0)


@cli.command(short_help="Rules for a web server that sends the site as files.")
@click.argument("server", type=click.Choice(["nginx", "apache", "caddy", "netlify", "w3id"]))
@click.option("--host", default="data.example.org", show_default=True,
              help="The name under which the public reaches it.")  # fmt: skip
@click.option("--root", default="/srv/twingraph/site", show_default=True,
              help="The folder that the server sends.")  # fmt: skip
@click.option("--prefix", default="/", show_default=True,
              help="The path of the site below it, as /twingraph/.")  # fmt: skip
def rules(server: str, host: str, root: str, prefix: str) -> None:
    """Write what SERVER must be told about the files of 'twingraph build --site'.

    Media types, headers, and where the IRIs of things lead; see docs/publishing.md.

    \b
    Example: nginx
      twingraph rules nginx --host data.example.org > /etc/nginx/conf.d/twingraph.conf
    """
    from twingraph.site.hosting import Host
    from twingraph.site.hosting import rules as run

    click.echo(run(server, Host(host, root, prefix)), nl=False)


@cli.command(short_help="Make a small project folder, whole from the first minute.")
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
    click.echo(f"made {_short(folder)} with {len(made)} files; read {_short(folder / 'README.md')}")


def _settings_or_default(context: Context, paths: Sequence[Path]) -> Settings:
    """A dump can be checked anywhere; files of a project only in one."""
    from twingraph.check.paths import is_dump

    alone = context.project is None and nearest_project(Path.cwd()) is None
    if alone and paths and all(is_dump(path, None) for path in paths):
        return Settings(Path.cwd())
    return context.settings()


def _releases(context: Context) -> Path | None:
    """Return where the releases of the project lie; None outside one."""
    folder = context.project or nearest_project(Path.cwd())
    return folder / "releases" if folder else None


def _built(settings: Settings, out: Path | None = None) -> Path:
    """Return the folder of a current build, building it first if need be."""
    from twingraph.current_build import UnpublishedError, ensure_build

    try:
        with _Progress() as progress:
            return ensure_build(settings, out, progress.tell)
    except UnpublishedError as error:
        _print_problems(error.problems, "text", "en", err=True)
        raise


def _write_site(settings: Settings, out: Path | None, releases: Path | None) -> None:
    """Write the site of a current build as files, and tell how many and how fast."""
    from twingraph.site.reader import load_site
    from twingraph.site.static_site import write_site

    folder = (out or settings.folder / _SITE).absolute()
    reader = load_site(_built(settings), settings.resource("queries") / "library")
    begun = time.monotonic()
    with _Progress() as progress:
        written = write_site(reader, folder, releases=releases, progress=progress.tell)
    seconds = time.monotonic() - begun
    click.echo(
        f"{written.files} files, {written.pages} of them pages, in {_short(out or folder)} "
        f"({seconds:.1f} s, {written.files / seconds:.0f} files a second)",
        err=True,
    )


@contextlib.contextmanager
def _large_lists(settings: Settings, out: Path) -> Iterator[None]:
    """Build with the large lists beside what is done here, where there is no such build yet.

    The build is a process of its own, and no more urgent than what is served meanwhile. Its
    problems go to standard error, for standard output may be the log of requests.
    """
    from twingraph.build import is_current

    if not (settings.folder / FILE).is_file() or is_current(settings, out, large=True):
        yield
        return
    words = [sys.executable, "-c", _BESIDE, "--project", str(settings.folder), "build", "--large",
             "--out", str(out)]  # fmt: skip
    words += ["--address", settings.address] if settings.address else []
    click.echo("the large lists are being built and will be taken up when they are", err=True)
    with subprocess.Popen(words, stdin=subprocess.PIPE) as process:
        try:
            yield
        finally:
            process.terminate()


# A command that is no more urgent than what it runs beside, and ends when that ends, however it
# does: then the pipe to it is closed. A build that is killed leaves the last one standing. The pipe
# is read without a buffer, whose lock a thread would still hold when the interpreter ends.
_BESIDE: Final = """
import os, sys, threading
os.nice(5)
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
    """Open the log; raises OSError, which `main` tells."""
    if str(path) in ("-", "none"):
        yield sys.stdout if str(path) == "-" else None
        return
    with path.open("a", encoding="utf-8") as stream:
        yield stream


def _read_query(path: Path) -> str:
    try:
        if str(path) == "-":
            return sys.stdin.read()
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TwingraphError(f"{path}: {error}; name a UTF-8 file with a SPARQL query") from None


def _tell_import(done: Imported) -> NoReturn:
    """Print what became of a list that was taken in, and end: 1 if a person must mend something."""
    for line in done.lines:
        click.echo(line)
    if done.problems:
        _print_problems(done.problems, "text", "en", err=True)
    for line in done.unfollowed:
        click.echo(printable(line), err=True)
    sys.exit(1 if done.unfollowed else _status(done.problems, False))


def _print_problems(problems: Sequence[Problem], form: str, lang: str, err: bool = False) -> None:
    if form == "json":
        rows = [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "code": problem.code,
                "severity": problem.severity,
                "message": dict(problem.message),
            }
            for problem in problems
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1), err=err)
        return
    stream = sys.stderr if err else sys.stdout
    coloured = stream.isatty() and "NO_COLOR" not in os.environ
    shown, left_out = first_of_each(problems)
    for item in shown:
        text = item.text(lang)
        if coloured:
            place, code, rest = text.partition(item.code)
            text = place + click.style(code, fg=_COLOURS[item.severity], bold=True) + rest
        click.echo(text, err=err, color=coloured)
    for code, number in left_out.items():
        words = words_of(lang).gettext("… and {number} more of {code}; --format json lists all")
        click.echo(words.format(number=number, code=code), err=err)
    counts = Counter(problem.severity for problem in problems)
    report = ", ".join(
        f"{counts[name]} {name}{'s' * (counts[name] != 1)}" for name in SEVERITIES[:2]
    )
    notes = f", {counts['info']} to note" if counts["info"] else ""
    click.echo(f"{report}{notes}", err=True)


def _status(problems: Sequence[Problem], strict: bool) -> int:
    counted: tuple[Severity, ...] = ("violation", "warning") if strict else ("violation",)
    return int(any(problem.severity in counted for problem in problems))


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.absolute().is_relative_to(Path.cwd()) else str(path)


class _Progress:
    """One line on the terminal that says what is being done; silent in a pipe."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._begun = time.monotonic()
        self._line = ""

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)

    def tell(self, doing: str, share: float = 0.0) -> None:
        """Show what is being done now, and how long the rest may take."""
        if self._shown:
            line = line_of(printable(doing), share, time.monotonic() - self._begun)
            line = line[: shutil.get_terminal_size().columns - 1]  # one line, which can be erased
            if line != self._line:
                self._line = line
                click.echo(f"\r\x1b[K{line}", nl=False, err=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; every error of ours becomes words and an exit status."""
    run: Callable[..., object] = cli.main
    try:
        run(args=arguments, prog_name="twingraph", standalone_mode=True)
    except TwingraphError as error:
        click.echo(f"twingraph: {_printable(error)}", err=True)
        sys.exit(2)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            # the reader left; there is nobody to tell, and Python must not try at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        place = error.filename or "the terminal"
        words = f"{place}: {error.strerror}; name another place, or free it"
        click.echo(f"twingraph: {_printable(words)}", err=True)
        sys.exit(2)


def _printable(words: object) -> str:
    """Return an error's lines as they may go to a terminal, whatever file names are in them."""
    return "\n".join(map(printable, str(words).split("\n")))


if __name__ == "__main__":
    main()
