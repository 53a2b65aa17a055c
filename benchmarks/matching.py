"""How well names are matched: `python benchmarks/matching.py [tune|held]`.

The answer key is made without the matcher (docs/decisions/0029), from lists that are not part of
the repository (`TWINGRAPH_ARTEFACTS`, default `../shared`); `held` is the half that no threshold
was tuned on. Prints precision and recall at the write threshold, top-1, top-5 and time a query.
"""

from __future__ import annotations

import csv
import hashlib
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rapidfuzz import fuzz

from twingraph.derive.names import fold
from twingraph.link.countries import country_code
from twingraph.link.gazetteer import Gazetteer
from twingraph.link.matcher import Query, decide, find
from twingraph.link.places import gazetteer_of
from twingraph.settings import load_settings
from twingraph.source.read import read_project

ROOT: Final = Path(__file__).parent.parent
ALIKE: Final = 50  # of 100: names that share half their letters


@dataclass(frozen=True)
class Key:
    """A name with its answer: the item, or None where the gazetteer has no such place."""

    name: str
    country: str
    item: str | None


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a list."""
    with (folder / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def listed(folder: Path) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield (list, city, its country, partner, the partner's country)."""
    for row in rows(folder, "wikipedia_twins_2023.csv"):
        yield "2023", row["city"], row["country"], row["sister_city"], row["sister_country"]
    for row in rows(folder, "rgre_partnerships_c2014.csv"):
        yield "rgre", row["gemeindename"], "DE", row["partnergemeinde"], row["land"]


def answers(folder: Path) -> list[Key]:
    """Return the answer key."""
    nodes = {row["qid"]: row for row in rows(folder, "wikidata_p190_2016_nodes.csv")}
    partners: dict[str, set[str]] = defaultdict(set)
    for row in rows(folder, "wikidata_p190_2016_edges.csv"):
        partners[row["source_qid"]].add(row["target_qid"])
        partners[row["target_qid"]].add(row["source_qid"])
    items: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item, row in nodes.items():
        items[fold(row["name_2016_de_pref"]), row["iso2"]].add(item)
    lists: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for which, city, country, partner, theirs in listed(folder):
        own = items.get((fold(city), country_code(country) or "-"), set())
        if len(own) == 1 and country_code(theirs):
            lists[which, next(iter(own))].append((partner, country_code(theirs) or ""))
    seen: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for (_, city), named in lists.items():
        often = Counter(country for _, country in named)
        for partner, country in named:
            there = [one for one in partners[city] if nodes[one]["iso2"] == country]
            if len(there) == 1 and often[country] == 1:
                seen[partner, country].append((there[0], city))
    found = {}
    for (name, country), leads in seen.items():
        targets, origins = {item for item, _ in leads}, {city for _, city in leads}
        label = nodes[leads[0][0]]["name_2016_de_pref"]
        if len(targets) == 1 and (len(origins) > 1 or fuzz.ratio(fold(name), fold(label)) >= ALIKE):
            found[name, country] = Key(name, country, leads[0][0])
    for row in rows(folder, "eurocities_members_2025.csv"):
        answer = row["wikidata_qid"] if row["wikidata_qid"] in nodes else None
        code = country_code(row["country_name"]) or ""
        found[row["name_on_website"], code] = Key(row["name_on_website"], code, answer)
    for row in rows(folder, "joint_statement_signatories.csv"):
        if row["city_qid"]:
            answer = row["city_qid"] if row["city_qid"] in nodes else None
            found[row["signatory_body"], ""] = Key(row["signatory_body"], "", answer)
    return [found[key] for key in sorted(found)]


def half(name: str) -> str:
    """Return the half a name belongs to."""
    return "held" if int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2 else "tune"


def measure(gazetteer: Gazetteer, keys: list[Key], with_country: bool) -> Mapping[str, float]:
    """Match every name of the key and count."""
    counts: Counter[str] = Counter()
    spent = []
    for key in keys:
        began = time.perf_counter()
        candidates = find(gazetteer, Query(key.name, key.country if with_country else ""))
        judged = decide(candidates)
        spent.append(time.perf_counter() - began)
        hits = [key.item in one.place.ids for one in candidates]
        counts["written"] += judged.place is not None
        counts["right"] += judged.place is not None and key.item in judged.place.ids
        counts["there"] += key.item is not None
        counts["first"] += hits[:1] == [True]
        counts["five"] += any(hits[:5])
    spent.sort()
    there = max(counts["there"], 1)
    return {
        "names": len(keys), "written": counts["written"],
        "precision": counts["right"] / max(counts["written"], 1), "recall": counts["right"] / there,
        "top1": counts["first"] / there, "top5": counts["five"] / there,
        "ms_median": 1000 * spent[len(spent) // 2], "ms_p99": 1000 * spent[len(spent) * 99 // 100],
    }  # fmt: skip


def main() -> None:
    """Measure on one half of the key."""
    part = sys.argv[1] if len(sys.argv) > 1 else "held"
    folder = Path(os.environ.get("TWINGRAPH_ARTEFACTS", ROOT.parent / "shared")) / "world"
    settings = load_settings(ROOT)
    curated = read_project(settings, large=True)
    began = time.perf_counter()
    gazetteer = gazetteer_of(
        (quad for file in curated.files for quad in file.quads), settings.base_iri
    )
    words = f"{len(gazetteer.places)} places, {len(gazetteer.names)} names"
    sys.stdout.write(f"{words}, indexed in {time.perf_counter() - began:.1f} s\n")
    keys = [key for key in answers(folder) if half(key.name) == part]
    for with_country in (True, False):
        found = measure(gazetteer, keys, with_country)
        told = ", ".join(f"{name} {value:.4g}" for name, value in found.items())
        sys.stdout.write(f"{part}, {'with' if with_country else 'without'} country: {told}\n")


if __name__ == "__main__":
    main()
