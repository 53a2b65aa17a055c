"""Commands that publish: build, release, diff, patch, rules, verify."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click

from twingraph.cli.group import cli
from twingraph.cli.shared import (
    BUILD,
    SITE,
    Context,
    address_option,
    at_address,
    built_folder,
    pass_context,
    releases_folder,
)
from twingraph.cli.terminal import Progress, print_problems, short_path
from twingraph.settings import (
    FILE,
    Settings,
)
from twingraph.translation import LANGUAGES


@cli.command(short_help="Check, freeze the graph, write every dump.")
@click.option("--out", type=click.Path(path_type=Path), help="Where the build goes; without it, "
              "'build' in the project ('site' with --site).")  # fmt: skip
@click.option("--site", "as_site", is_flag=True, help="Write the whole site as files instead, from "
              "a current build: every page in every language, descriptions, dumps.")  # fmt: skip
@address_option
@click.option("--large", is_flag=True, help="With the lists that call themselves large.")
@click.option("--anew", is_flag=True,
              help="Make everything from nothing; without it, what has not changed is taken from "
              "the build before.")  # fmt: skip
@pass_context
def build(
    context: Context, out: Path | None, as_site: bool, address: str, large: bool, anew: bool
) -> None:
    """Check, then freeze the graph and write every dump; swapped in as a whole, never half.

    \b
    Example: into another folder
      twingraph build --out /srv/twingraph/build
    Example: the site for a host that serves files
      twingraph build --site --out /srv/twingraph/site
    """
    if as_site:
        _write_site(at_address(context.settings(), address), out, releases_folder(context))
        return
    from twingraph.build import build as run
    from twingraph.catalogue.dcat import wanted

    settings = at_address(context.settings(), address)
    with Progress() as progress:
        place = (out or settings.folder / BUILD).absolute()
        built = run(settings, place, progress.report, large, anew)
    print_problems(built.problems, "text", "en")
    if built.folder is None:
        click.echo("nothing was published: mend the violations and build again", err=True)
        sys.exit(1)
    missing = wanted(settings)
    if missing:
        click.echo(f"portals would learn more from {', '.join(missing)} in {FILE}", err=True)
    click.echo(
        f"{built.quads} statements in {short_path(out or settings.folder / BUILD)}", err=True
    )


@cli.command(short_help="Publish a checked build permanently, under its date.")
@click.argument("date", required=False)
@pass_context
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
        with Progress() as progress:
            done = run(settings, date or settings.release, progress.report, progress.note)
    except UnpublishedError as error:
        print_problems(error.problems, "text", "en")
        click.echo("nothing was released: mend the violations and release again", err=True)
        sys.exit(1)
    size = done.size / 1_000_000
    click.echo(f"{short_path(done.folder)}: {done.files} files, {size:.1f} MB", err=True)
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
@pass_context
def diff(context: Context, old: str, new: str | None, form: str, lang: str) -> None:
    """Show what changed from OLD to NEW: days of releases, folders of them or of builds, dumps.

    OLD is the latest release, NEW the project as it is. Exit status as of diff: 0 the same,
    1 different, 2 wrong usage.

    \b
    Example: what the next release would bring, for the changelog
      twingraph diff latest --format markdown
    """
    from twingraph.release.changes.diff import diff as run

    built = str(short_path(built_folder(context.settings()))) if new is None else new
    with Progress() as progress:
        report, differs = run(old, built, releases_folder(context), form, lang, progress.report)
    sys.stdout.buffer.writelines(report)
    sys.exit(int(differs))


@cli.command(short_help="Apply an RDF Patch to a dump: the next one, byte for byte.")
@click.argument("old")
@click.argument("path", metavar="PATCH", type=click.Path(path_type=Path))
@pass_context
def patch(context: Context, old: str, path: Path) -> None:
    """Print the dump that OLD (as for diff) becomes by PATCH, a changes.rdfp of a release.

    \b
    Example: the next release from the one before
      twingraph patch 2026-11-21 changes.rdfp > twingraph.nq
    """
    from twingraph.release.changes.diff import patch as run

    sys.stdout.buffer.writelines(run(old, path, releases_folder(context)))


@cli.command(short_help="Check a deployed site: what is wrong, what to write instead.")
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
    """Check the site at URL as browsers, programs and harvesters use it; list what is wrong.

    Redirects, negotiation, media types, links, headers, checksums, feeds. No other host is
    contacted. Exit status: 0 fine, 1 problems found, 2 no address.

    \b
    Example: after a deployment
      twingraph verify https://data.example.org/
    """
    from twingraph.verify.client import Limits
    from twingraph.verify.findings import report
    from twingraph.verify.run import verify as run

    with Progress() as progress:
        findings = run(url, Limits(requests=requests, seconds=seconds), pages, progress.report)
    if form == "json":
        summary: dict[str, object] = {
            "url": url,
            "requests": findings.requests,
            "pages": findings.pages,
            "findings": [finding._asdict() for finding in findings.findings],
        }
        click.echo(json.dumps(summary, indent=1, ensure_ascii=False))
    else:
        click.echo(report(findings.findings, findings.requests), nl=False)
    sys.exit(1 if findings.problems else 0)


@cli.command(short_help="Rules for a web server that sends the site as files.")
@click.argument("server", type=click.Choice(["nginx", "apache", "caddy", "netlify", "w3id"]))
@click.option("--host", default="data.example.org", show_default=True,
              help="The name under which the public reaches it.")  # fmt: skip
@click.option("--root", default="/srv/twingraph/site", show_default=True,
              help="The folder that the server sends.")  # fmt: skip
@click.option("--prefix", default="/", show_default=True,
              help="The path of the site below it, as /twingraph/.")  # fmt: skip
def rules(server: str, host: str, root: str, prefix: str) -> None:
    """Write the configuration of SERVER for the files of 'twingraph build --site'.

    Media types, headers, and redirects of the IRIs of things; see docs/publishing.md.

    \b
    Example: nginx
      twingraph rules nginx --host data.example.org > /etc/nginx/conf.d/twingraph.conf
    """
    from twingraph.site.hosting import Host
    from twingraph.site.hosting import rules as run

    click.echo(run(server, Host(host, root, prefix)), nl=False)


def _write_site(settings: Settings, out: Path | None, releases: Path | None) -> None:
    """Write the site of a current build as files, and print how many and how fast."""
    from twingraph.site.reader import load_site
    from twingraph.site.static_site import write_site

    folder = (out or settings.folder / SITE).absolute()
    reader = load_site(built_folder(settings), settings.resource("queries") / "library")
    begun = time.monotonic()
    with Progress() as progress:
        written = write_site(reader, folder, releases=releases, progress=progress.report)
    seconds = time.monotonic() - begun
    click.echo(
        f"{written.files} files, {written.pages} of them pages, in {short_path(out or folder)} "
        f"({seconds:.1f} s, {written.files / seconds:.0f} files a second)",
        err=True,
    )
