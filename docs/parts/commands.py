"""What the program says of itself: the help of its commands and the keys of its settings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, fields
from pathlib import Path
from typing import Final

import click

from twingraph.about import About
from twingraph.cli import cli
from twingraph.settings import FILE, Limits, Settings
from twingraph.site.hosting import Host, rules

ROOT: Final = Path(__file__).parent.parent.parent
WIDTH: Final = 78  # what click takes in a terminal of 80 columns


def help_of(*names: str) -> str:
    """Return what `twingraph NAME --help` prints in a terminal of 80 columns, as a code block."""
    context = click.Context(cli, info_name="twingraph", terminal_width=WIDTH,
                            **cli.context_settings)  # fmt: skip
    command: click.Command = cli
    for name in names:
        found = command.get_command(context, name) if isinstance(command, click.Group) else None
        if found is None:
            raise LookupError(f"no command {name!r}")
        command = found
        context = click.Context(command, info_name=name, parent=context, terminal_width=WIDTH)
    return f"```text\n{command.get_help(context).rstrip()}\n```"


def server_rules(server: str, prefix: str = "/") -> str:
    """Return the rules for a server that sends the site as files, as a code block."""
    language = {"nginx": "nginx", "caddy": "caddyfile", "netlify": "text"}.get(server, "apache")
    return f"```{language}\n{rules(server, Host(prefix=prefix))}```"


def commands() -> str:
    """Return a table of the commands with their one line each, in the order of a day's work."""
    context = click.Context(cli, info_name="twingraph")
    names = cli.list_commands(context)
    first = [name for name in ("init", "fmt", "check", "build", "query", "serve") if name in names]
    lines = ["| command | does |", "|---|---|"]
    for name in (*first, *(name for name in names if name not in first)):
        found = cli.get_command(context, name)
        if found is not None:
            lines.append(
                f"| [`twingraph {name}`](docs/cli.md#{name}) | {found.get_short_help_str(200)} |"
            )
    return "\n".join(lines)


def settings_table() -> str:
    """Return a table of the keys of twingraph.toml: type, default, what this repository writes."""
    written = tomllib.loads((ROOT / FILE).read_text(encoding="utf-8"))
    lines = ["| key | what to write | default | in this repository |", "|---|---|---|---|"]
    for item in fields(Settings):
        if item.name == "folder":
            continue
        name = item.name
        here = _shown(written[name]) if name in written else "the default"
        lines.append(
            f"| [`{name}`](#{name}) | {_TYPES[str(item.type)]} | {_default(item)} | {here} |"
        )
    return "\n".join(lines)


_TYPES: Final = {
    "str": "text",
    "int": "whole number",
    "Mapping[str, str]": "one text a language",
    "Limits": "numbers by name",
    "About": "texts and lists by name",
}


def _default(one: Field[object]) -> str:
    value: object = one.default
    if one.default_factory is not MISSING:
        value = one.default_factory()
    return _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, Limits):
        value = asdict(value)
    if isinstance(value, About):
        return "see there"
    if isinstance(value, Mapping) and not all(
        isinstance(item, str | int) for item in value.values()
    ):
        return "see there"
    if isinstance(value, Mapping):
        return ", ".join(f"`{key} = {text!r}`".replace("'", '"') for key, text in value.items())
    return f"`{value}`" if value != "" else "none"
