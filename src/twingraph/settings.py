"""twingraph.toml -> Settings: what a project publishes, under which names, within which limits."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from twingraph.about import About, about_from
from twingraph.problems import TwingraphError
from twingraph.rdf.vocabulary import HOME

FILE: Final = "twingraph.toml"
STARTER_BASE: Final = "https://example.org/partnerships/"
# First segments of the paths of a site: the path of an address must not begin with one of these.
_OWN_PATHS: Final = frozenset({
    "catalog", "dataset", "de", "doc", "dumps", "en", "feed", "graph", "health", "id", "links",
    "lookup", "metrics", "ns", "query", "reconcile", "release", "search", "shapes", "sparql",
    "static", "tables", "vocab",
})  # fmt: skip
_FEEDBACK = re.compile(r"(mailto:[^\s?]+@[^\s?]+|https?://\S+)?")


@dataclass(frozen=True)
class Limits:
    """The limits of a query, and of queries at the same time (`limits.…` in twingraph.toml)."""

    seconds: int = 30
    memory_bytes: int = 512 * 1024 * 1024
    rows: int = 100_000
    result_bytes: int = 64 * 1024 * 1024
    query_bytes: int = 64 * 1024
    concurrent: int = 4
    waiting: int = 128


@dataclass(frozen=True)
class Settings:
    """A project's settings; `folder` is where its twingraph.toml lies."""

    folder: Path
    base_iri: str = HOME
    address: str = ""
    title: Mapping[str, str] = field(default_factory=lambda: {"en": "twingraph"})
    publisher: str = ""
    licence: str = "http://creativecommons.org/publicdomain/zero/1.0/"
    release: str = ""
    feedback: str = ""
    max_file_bytes: int = 64 * 1024 * 1024
    max_line_bytes: int = 64 * 1024
    limits: Limits = field(default_factory=Limits)
    about: About = field(default_factory=About)

    @property
    def public_address(self) -> str:
        """The URL under which clients open everything: `address`, else the base IRI."""
        return self.address or self.base_iri

    def resource(self, name: str) -> Path:
        """Return the folder `ontology`, `shapes` or `queries`: the project's own, else ours."""
        own = self.folder / name
        return own if own.is_dir() else bundled(name)


def bundled(name: str) -> Path:
    """Return a folder that ships with the program, from the wheel or from a checkout."""
    package = Path(__file__).parent
    inside = package / "bundled" / name
    return inside if inside.is_dir() else package.parent.parent / name


def nearest_project(start: Path) -> Path | None:
    """Return the nearest folder at or above `start` that holds a twingraph.toml, else None."""
    return next((parent for parent in (start, *start.parents) if (parent / FILE).is_file()), None)


def find_project(start: Path) -> Path:
    """Return the nearest project; raise `TwingraphError` where there is none."""
    folder = nearest_project(start)
    if folder is None:
        raise TwingraphError(
            f"no {FILE} here or above ({start}); make a project with 'twingraph init DIR', go to "
            "one, or name it with --project DIR"
        )
    return folder


def load_settings(folder: Path) -> Settings:
    """Read the twingraph.toml of `folder`; raise `TwingraphError` that says what to write."""
    path = folder / FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise TwingraphError(f"{path} is missing; --project names a folder that holds it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise TwingraphError(f"{path} can't be read: {error}; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise TwingraphError(f"{path}: {error}; write it as TOML") from None
    return settings_from(folder, table)


def _is_release(text: str) -> bool:
    if not re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2}(\.[0-9]+)?)?", text):
        return False
    try:
        return not text or bool(date.fromisoformat(text[:10]))
    except ValueError:
        return False


_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")
# An address as a header can say it (RFC 3986): of others it may have a query and a fragment.
_ADDRESS: Final = re.compile(r"https?://[!#$&-;=?-Z\[\]_a-z~%]+")


def wrong_url(value: object) -> str:
    """Return what is wrong with the beginning of our IRIs or addresses; '' for nothing.

    >>> wrong_url("https://example.org/ties/")
    ''
    >>> wrong_url("https://example.org/städte/")
    "has 'ä' in its path, where only a-z, 0-9, '.', '_', '~' and '-' are the same to all programs"
    >>> wrong_url("http://[::1/")
    'has no host that can be read'
    """
    if not isinstance(value, str) or not re.match("https?://", value):
        return "begins with neither https:// nor http://"
    if not value.endswith("/"):
        return "has no '/' at its end"
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
        if ":" in host:
            ip_address(host)
    except ValueError:
        return "has no host that can be read"
    if "@" in parts.netloc:
        return "has a user's name in it"
    if not (":" in host or _HOST.fullmatch(host)) or port == 0 or parts.netloc.endswith(":"):
        return "has no host that can be read"
    if parts.query or parts.fragment or "?" in value or "#" in value:
        return "has a query or a fragment"
    odd = re.search(r"[^A-Za-z0-9._~/\-]", parts.path)
    if odd:
        return (
            f"has {odd[0]!r} in its path, where only a-z, 0-9, '.', '_', '~' and '-' are the same "
            "to all programs"
        )
    steps = parts.path.removeprefix("/").removesuffix("/").split("/")
    if parts.path != "/" and {"", ".", ".."}.intersection(steps):
        return "has an empty step or dots alone in its path"
    return ""


def address_from(value: object) -> tuple[str, list[str]]:
    """Return the public address with a slash at its end, and what is wrong with it.

    >>> address_from("https://data.example.org/data")
    ('https://data.example.org/data/', [])
    >>> address_from("data.example.org")[1][0].partition(";")[0]
    "address 'data.example.org' begins with neither https:// nor http://"
    >>> address_from("https://data.example.org/en/")[1]
    ["address 'https://data.example.org/en/'; /en is a path of the site itself; write another one"]
    """
    if value == "":
        return "", []
    text = value.rstrip("/") + "/" if isinstance(value, str) else ""
    reason = wrong_url(text)
    if reason:
        return "", [f"address {value!r} {reason}; write an absolute http(s) URL, such as "
                    "https://data.example.org/"]  # fmt: skip
    first = urlsplit(text).path.split("/")[1]
    if first in _OWN_PATHS:
        return "", [f"address {value!r}; /{first} is a path of the site itself; write another one"]
    return text, []


def settings_from(folder: Path, table: Mapping[str, object]) -> Settings:
    """Turn a parsed twingraph.toml into Settings.

    >>> settings_from(Path("."), {"base_iri": "https://example.org/twins/"}).base_iri
    'https://example.org/twins/'
    >>> settings_from(Path("."), {"base": "https://example.org/"})
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: twingraph.toml: unknown key 'base'; write one of \
about, address, base_iri, feedback, licence, limits, max_file_bytes, max_line_bytes, publisher, \
release, title
    """
    known = sorted(set(Settings.__dataclass_fields__) - {"folder"})
    wrong = [
        f"unknown key '{key}'; write one of {', '.join(known)}" for key in table if key not in known
    ]
    base = table.get("base_iri", HOME)
    if isinstance(base, str) and HOME.startswith(base) and base != HOME:
        wrong.append(f"base_iri {base!r} holds {HOME}; write one that is not above it")
    elif reason := wrong_url(base):
        wrong.append(f"base_iri {base!r} {reason}; write an absolute http(s) IRI that ends in '/'")
    address, wrong_address = address_from(table.get("address", ""))
    wrong += wrong_address
    title = table.get("title", {"en": "twingraph"})
    title = {"en": title} if isinstance(title, str) else title
    if not (
        isinstance(title, dict)
        and title
        and all(isinstance(text, str) and text.strip() for text in title.values())
    ):
        wrong.append('title; write title.en = "…" and title.de = "…"')
    feedback = table.get("feedback", "")
    if not (isinstance(feedback, str) and _FEEDBACK.fullmatch(feedback)):
        wrong.append(
            f'feedback {feedback!r}; write "mailto:name@example.org" or the address of an issue '
            'tracker, "https://example.org/new?title={title}&body={iri}"'
        )
    release = table.get("release", "")
    release = release.isoformat() if isinstance(release, date) else release
    if not (isinstance(release, str) and _is_release(release)):
        wrong.append(f'release {release!r}; write a day, release = "2026-11-21"')
    licence = table.get("licence", "http://creativecommons.org/publicdomain/zero/1.0/")
    if not (isinstance(licence, str) and _ADDRESS.fullmatch(licence)):
        wrong.append(
            f"licence {licence!r}; write the address of a licence, https://…, other letters than "
            "those of ASCII as %XX"
        )
    for key in ("publisher",):
        if not isinstance(table.get(key, ""), str):
            wrong.append(f"{key} {table[key]!r}; write a text in quotes")
    for key in ("max_file_bytes", "max_line_bytes"):
        number = table.get(key, 1)
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            wrong.append(f"{key} {number!r}; write a whole number of bytes")
    limits = table.get("limits", {})
    wrong += _wrong_limits(limits)
    about, wrong_about = about_from(table.get("about", {}))
    wrong += wrong_about
    if wrong:
        raise TwingraphError("\n".join(f"{FILE}: {line}" for line in wrong))
    values = {
        **table,
        "base_iri": base,
        "address": address,
        "title": title,
        "release": release,
        "about": about,
    }
    if isinstance(limits, dict):
        values["limits"] = Limits(**limits)
    return Settings(folder, **values)  # type: ignore[arg-type]  # each value was checked above


# The allowed range of each limit: below it no query runs, above it no machine has the memory.
_BOUNDS: Final = {
    "seconds": (1, 86_400),
    "memory_bytes": (16 * 1024 * 1024, 2**46),
    "rows": (1, 2**31),
    "result_bytes": (1024, 2**32 - 1),
    "query_bytes": (256, 16 * 1024 * 1024),
    "concurrent": (1, 4096),
    "waiting": (1, 1_000_000),
}


def _wrong_limits(limits: object) -> list[str]:
    if not isinstance(limits, dict):
        return [f"limits {limits!r}; write limits.seconds = 30 and the like"]
    known = sorted(Limits.__dataclass_fields__)
    wrong = []
    for key, number in limits.items():
        if key not in known:
            wrong.append(f"unknown key 'limits.{key}'; write one of {', '.join(known)}")
        elif isinstance(number, bool) or not isinstance(number, int):
            wrong.append(f"limits.{key} {number!r}; write a whole number above 0")
        elif not _BOUNDS[key][0] <= number <= _BOUNDS[key][1]:
            least, most = _BOUNDS[key]
            wrong.append(f"limits.{key} {number!r}; write a whole number from {least} to {most}")
    return wrong
