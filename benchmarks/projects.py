"""Projects of any size: this project's own data with the first partnerships of a large list.

The list is an import (`rows.csv` with pairs of Wikidata items, `places.csv`), or a folder with the
two tables of a snapshot (`wikidata_p190_2016_edges.csv`, `…_nodes.csv`). A second list names the
same pairs and is made up by digest, so the same each time: a start year for each pair, of which
every twentieth differs from what the first list says, and now and then another kind.
`times` makes up further worlds: the same shape, other names, partners across.
"""

from __future__ import annotations

import csv
import hashlib
import random
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from twingraph.derive.names import fold

ROOT: Final = Path(__file__).parent.parent
SETTINGS: Final = """base_iri = "https://w3id.org/twingraph/"
title.en = "World"
title.de = "Welt"
publisher = "Benchmark"
licence = "http://creativecommons.org/publicdomain/zero/1.0/"
release = "2026-11-21"
"""
_IMPORT: Final = """title.en = "{name} list"
title.de = "{name} list"
language = "en"
sha256 = "{sha256}"

[a]
wikidata = "a"

[b]
wikidata = "b"
"""
_START: Final = '\n[start]\ncolumn = "since"\n'
_KIND: Final = """
[kind]
column = "kind"
codes.twinning = "twinning"
codes.friendship = "friendship"
"""
_NEW_ITEM: Final = 900_000_000  # from here on items are made up; 10,000,000 for each world
_NEW_NUMBER: Final = 100_000_000  # so are numbers of GeoNames
_ORDER: Final = 3  # letters of a name that decide the next one

Pair = tuple[str, str]
Rows = list[dict[str, str]]


class World(NamedTuple):
    """Pairs of items, each once, the places that they need, and what GeoNames knows of places."""

    pairs: list[Pair]
    places: Rows
    geonames: Rows


def _read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write(path: Path, rows: Sequence[dict[str, str]], columns: Sequence[str]) -> str:
    """Write a table; return its SHA-256."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest_number(*words: str) -> int:
    """Return a number that is a function of the words alone."""
    return int.from_bytes(hashlib.sha256("|".join(words).encode()).digest()[:6], "big")


def _distinct_pairs(rows: Rows) -> Iterator[Pair]:
    seen = set()
    for row in rows:
        low, high = sorted((row["source_qid"], row["target_qid"]))
        if low != high and (low, high) not in seen:
            seen.add((low, high))
            yield low, high


def read_world(folder: Path) -> World:
    """Read a large list: an import of this project, or the folder of a snapshot's tables."""
    geonames = _read(ROOT / "data" / "imports" / "geonames" / "rows.csv")
    own = _read(ROOT / "data" / "imports" / "wikidata-2016" / "places.csv")
    edges = folder / "wikidata_p190_2016_edges.csv"
    if not edges.exists():
        pairs = list(_distinct_pairs(_read(folder / "rows.csv")))
        return World(pairs, _read(folder / "places.csv"), geonames)
    known = {row["wikidata"]: row for row in own if row["wikidata"]} | _curated_items()
    places = [row for row in own if not row["wikidata"]]  # countries
    for node in _read(folder / "wikidata_p190_2016_nodes.csv"):
        stem = re.sub("[^a-z0-9]+", "-", fold(node["name_2016_de_pref"])).strip("-")
        place = {"slug": f"{stem}-{node['qid'].lower()}".strip("-"), "wikidata": node["qid"],
                 "label": node["name_2016_de_pref"]}  # fmt: skip
        if known.get(node["qid"], place).get("slug"):
            places.append(known.get(node["qid"], place))
    return World(list(_distinct_pairs(_read(edges))), places, geonames)


def _curated_items() -> dict[str, dict[str, str]]:
    """Return the items that the curated files link: no table need bring their places."""
    text = (ROOT / "data" / "links" / "wikidata.sssom.tsv").read_text(encoding="utf-8")
    return {item: {} for item in re.findall(r"\twd:(Q\d+)\t", text)}


def _curated_places() -> set[str]:
    """Return the slugs of the places that the curated files describe."""
    files = sorted((ROOT / "data" / "entities").glob("*.ttl"))
    texts = (path.read_text(encoding="utf-8") for path in files)
    return {slug for text in texts for slug in re.findall(r"(?m)^place:([a-z0-9-]+) a ", text)}


# --- more worlds ---------------------------------------------------------------------------------


def _names(labels: Sequence[str], number: int, seed: random.Random) -> list[str]:
    """Return made-up names that read like the labels: each letter follows three that precede it."""
    following: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        padded = "^" * _ORDER + label + "$"
        for start in range(len(padded) - _ORDER):
            following[padded[start : start + _ORDER]].append(padded[start + _ORDER])
    names: list[str] = []
    while len(names) < number:
        name = "^" * _ORDER
        while len(name) < 30 and (letter := seed.choice(following[name[-_ORDER:]])) != "$":
            name += letter
        if len(name) >= _ORDER + 4:
            names.append(name[_ORDER:].strip())
    return names


def multiplied(world: World, times: int, seed: int = 1) -> World:
    """Return a world and `times - 1` more, made up: every tenth partner is of another of them."""
    chance = random.Random(seed)
    towns = [row for row in world.places if row["wikidata"]]
    items = {item for pair in world.pairs for item in pair}
    countries = {row["slug"] for row in world.places if not row["wikidata"]}
    located = {row["slug"]: row for row in world.geonames}
    serial = {item: number for number, item in enumerate(sorted(items))}
    lone = sorted(items - {row["wikidata"] for row in towns})  # the curated files have these
    labels = [row["label"] for row in towns if row.get("label", "").isascii()]
    pairs, places, geonames = list(world.pairs), list(world.places), list(world.geonames)
    originals = [*towns, *({"slug": item.lower(), "wikidata": item} for item in lone)]
    for copy in range(1, times):
        names = _names(labels, len(originals), chance)
        for original, name in zip(originals, names, strict=True):
            number = serial.get(original["wikidata"])
            if number is None:
                continue
            stem = re.sub("[^a-z0-9]+", "-", fold(name)).strip("-") or "town"
            slug = f"{stem}-{copy}-{number}"
            places.append({"slug": slug, "wikidata": _item(copy, number), "label": name})
            there = located.get(original["slug"])
            if there is not None and original["slug"] not in countries:
                latitude = float(there["latitude"]) + chance.uniform(-0.5, 0.5)
                longitude = float(there["longitude"]) + chance.uniform(-0.5, 0.5)
                geonames.append(there | {
                    "slug": slug, "geonames": str(copy * _NEW_NUMBER + int(there["geonames"])),
                    "latitude": f"{max(-89.9, min(89.9, latitude)):.5f}",
                    "longitude": f"{max(-179.9, min(179.9, longitude)):.5f}", "names": "",
                })  # fmt: skip
        for first, second in world.pairs:
            other = copy if digest_number("across", first, second) % 10 else copy % (times - 1) + 1
            low, high = sorted((_item(copy, serial[first]), _item(other, serial[second])))
            pairs.append((low, high))
    return World(pairs, places, geonames)


def _item(copy: int, number: int) -> str:
    return f"Q{_NEW_ITEM + copy * 10_000_000 + number}"


# --- a project -----------------------------------------------------------------------------------


def _year(pair: Pair) -> int:
    return 1950 + digest_number("first", *pair) % 70


def make_project(folder: Path, world: World, size: int, lists: int) -> None:
    """Write a project of the first `size` partnerships of the world, told by one list or by two."""
    pairs = list(islice(world.pairs, size))
    shutil.copytree(
        ROOT / "data", folder / "data",
        ignore=lambda _, names: [name for name in names if name == "imports"],
    )  # fmt: skip
    (folder / "twingraph.toml").write_text(SETTINGS, encoding="utf-8")
    items = {item for pair in pairs for item in pair}
    places = [row for row in world.places if not row["wikidata"] or row["wikidata"] in items]
    slugs = {row["slug"] for row in places}
    first = [
        {"a": a, "b": b, "since": str(_year((a, b))) if digest_number("dated", a, b) % 10 < 6
         else ""}
        for a, b in pairs
    ]  # fmt: skip
    columns = ["a", "b"] if lists == 1 else ["a", "b", "since"]
    imports = folder / "data" / "imports"
    _write_list(imports / "first", first, columns, "First", "" if lists == 1 else _START)
    place_columns = ["slug", "wikidata", "label", "label_en", "label_de", "level", "code"]
    _write(imports / "first" / "places.csv", places, place_columns)
    if lists > 1:
        second = [
            {"a": pair[0], "b": pair[1],
             "since": str(_year(pair) + (digest_number("other", *pair) % 20 == 0)),
             "kind": "friendship" if digest_number("kind", *pair) % 100 == 0 else "twinning"}
            for pair in pairs
        ]  # fmt: skip
        _write_list(imports / "second", second, [*columns, "kind"], "Second", _START + _KIND)
    described = slugs | _curated_places()
    located = [row for row in world.geonames if row["slug"] in described]
    (imports / "geonames").mkdir()
    digest = _write(imports / "geonames" / "rows.csv", located, list(world.geonames[0]))
    spec = (ROOT / "data" / "imports" / "geonames" / "import.toml").read_text(encoding="utf-8")
    spec = re.sub('(?m)^large = .*\n|^sha256 = ".*"\n', "", spec)
    spec = spec.replace("places = true", f'sha256 = "{digest}"\nplaces = true')
    (imports / "geonames" / "import.toml").write_text(spec, encoding="utf-8")


def _write_list(folder: Path, rows: Rows, columns: Sequence[str], name: str, more: str) -> None:
    folder.mkdir(parents=True)
    digest = _write(folder / "rows.csv", rows, columns)
    text = _IMPORT.format(name=name, sha256=digest) + more
    (folder / "import.toml").write_text(text, encoding="utf-8")


# --- changes -------------------------------------------------------------------------------------


def drop_rows(project: Path, every: int) -> int:
    """Take every so manieth row (0: the last alone) out of the first list; return how many."""
    folder = project / "data" / "imports" / "first"
    rows = _read(folder / "rows.csv")
    kept = [row for number, row in enumerate(rows, 1) if number % every] if every else rows[:-1]
    digest = _write(folder / "rows.csv", kept, list(rows[0]))
    spec = (folder / "import.toml").read_text(encoding="utf-8")
    spec = re.sub('sha256 = ".*"', f'sha256 = "{digest}"', spec)
    (folder / "import.toml").write_text(spec, encoding="utf-8")
    return len(rows) - len(kept)


def change_curated(project: Path) -> None:
    """Give a curated source another title."""
    path = project / "data" / "sources" / "berlin-partners.ttl"
    old = path.read_text(encoding="utf-8")
    new = old.replace('dcterms:title "', 'dcterms:title "Once more: ', 1)
    assert new != old, f"{path} has no title"
    path.write_text(new, encoding="utf-8")
