"""`twingraph import table FILE`: a list into data/imports/<slug>/, as far as it is sure.

The file is stored, a mapping is guessed if there is none, names are matched, and certain rows are
written. The others go to review.csv: in = written + review + refused.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from twingraph.derive.names import fold
from twingraph.link.gazetteer import Gazetteer
from twingraph.link.guess import Guess, guess, header_below, toml_of
from twingraph.link.import_files import (
    refuse_options,
    table_rows,
    texts_of,
    write_files,
    write_whole,
)
from twingraph.link.import_report import (
    Imported,
    left_behind,
    place_line,
    reason_group,
    some_names,
    unused_columns,
    without_country,
)
from twingraph.link.naming import Minter, Undecided, code_of, name_places
from twingraph.link.places import gazetteer_of, partners_of
from twingraph.link.review import Answer, read_answers, write_review
from twingraph.link.snapshots import Difference, compare
from twingraph.problems import TwingraphError
from twingraph.progress import Progress, ignore, part
from twingraph.rdf.dataset import Dataset
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import TG
from twingraph.settings import Settings
from twingraph.source.curated import Curated, SourceFile, lines_of
from twingraph.source.mappings import Decision
from twingraph.source.read import read_project
from twingraph.source.tables.cells import Sheet, read_csv
from twingraph.source.tables.matches import (
    MANUAL,
    Matches,
    decide_not,
    decide_place,
    key_iri,
    write_matches,
)
from twingraph.source.tables.outcome import Side
from twingraph.source.tables.places import NAME as PLACES
from twingraph.source.tables.places import write_places
from twingraph.source.tables.read import ReadImport, known_places, read_import
from twingraph.source.tables.spec import FILE, MATCHES, REVIEW, ROWS
from twingraph.source.tables.spreadsheet import take
from twingraph.source.tables.statements import graph_name

_PROGRAM: Final = "twingraph"
_READ, _MATCHED = 0.1, 0.9  # shares of an import that are done by then


def import_table(
    settings: Settings, path: Path, day: str, slug: str = "", countries: tuple[str, str] = ("", ""),
    progress: Progress = ignore, city: str = "",
) -> Imported:  # fmt: skip
    """Import the list in the file `path`; `day` is the day of the decisions.

    `countries` are those of all first and of all second partners, where the list gives none, and
    `city` is the name of all first partners, where no column tells it.
    Raises `TwingraphError`.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise TwingraphError(f"{path}: {error.strerror}; name a table that can be read") from None
    if len(raw) > settings.max_file_bytes:
        raise TwingraphError(f"{path} has {len(raw)} bytes, {settings.max_file_bytes} at most; "
                             "raise max_file_bytes in twingraph.toml")  # fmt: skip
    taken = take(raw, path.name)
    slug = slug or re.sub("[^a-z0-9]+", "-", fold(path.name.partition(".")[0])).strip("-")
    return import_rows(
        settings,
        slug,
        taken.text,
        day,
        countries,
        taken.notes,
        path.stem,
        progress=progress,
        city=city,
    )


def import_rows(
    settings: Settings, slug: str, text: str, day: str, countries: tuple[str, str] = ("", ""),
    notes: tuple[str, ...] = (), title: str = "", toml: str = "", progress: Progress = ignore,
    city: str = "",
) -> Imported:  # fmt: skip
    """Import a list whose rows are CSV already; `toml` is its mapping where it is known.

    Everything is decided before the first file is written. Raises `TwingraphError`.
    """
    refuse_options(settings, slug, day, countries)
    title = title if title and title.isprintable() else slug
    folder = settings.folder / "data" / "imports" / slug
    sheet = read_csv(text)
    if sheet.wrong and not sheet.rows:
        line, column, words = sheet.wrong[0]
        raise TwingraphError(f"the table can't be read: line {line}, column {column}: {words}")
    before = texts_of(settings, folder)
    changed = dict(before)
    if FILE not in before:
        guessed = guess(sheet, city)
        if not toml and not (guessed.is_whole or (city and guessed.b)):
            raise TwingraphError(_no_partners(text, sheet, guessed, slug))
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        toml = toml or toml_of(
            guessed, {"sha256": sha256}, {"en": title, "de": title},
            (countries[0].upper(), countries[1].upper()), city,
        )  # fmt: skip
        changed[FILE] = toml
    elif any(
        given and f'"{given}"' not in before[FILE] for given in (city, *map(str.upper, countries))
    ):
        notes += (f"data/imports/{slug}/{FILE} is there already, and --city-a, --country-a and "
                  "--country-b change nothing in it; write name or country = { value = \"…\" } "
                  "below [a] or [b]",)  # fmt: skip
    difference = None
    if before.get(ROWS, text) != text:
        for line in re.findall(r"^(?:as_of|retrieved) = .*$", toml, re.MULTILINE):
            key = line.partition(" ")[0]
            changed[FILE] = re.sub(rf"(?m)^{key} = .*$", line, changed[FILE])
        difference = _later(settings, folder, before[ROWS], text, changed)
    changed[ROWS] = text
    places_path = settings.folder / "data" / "entities" / PLACES
    places_before = places_path.read_text(encoding="utf-8") if places_path.exists() else ""
    progress("reading the project")
    done = _decide(settings, folder, day, changed, part(progress, _READ, _MATCHED))
    changed |= done.texts
    progress("writing the list", _MATCHED)
    written = write_files(folder, before, changed)
    if done.places != places_before:
        write_whole(places_path, done.places)
        written.append(f"data/entities/{PLACES}")
    curated, table = _read(settings, slug, changed)
    results: Counter[str] = Counter(outcome.result for outcome in table.outcomes)
    results["refused"] += len(table.sheet.wrong if table.sheet else ())
    reasons = Counter(
        reason_group(outcome.reason) for outcome in table.outcomes if outcome.result == "refused"
    )
    reasons.update(words for _, _, words in (table.sheet.wrong if table.sheet else ()))
    return Imported(
        slug, results, reasons, done.minted, done.decided, len(done.review), tuple(written),
        new_places=done.new_places, unfollowed=done.unfollowed,
        notes=(*notes, *without_country(table), *left_behind(curated, table)),
        problems=table.problems, difference=difference, unused=unused_columns(table),
    )  # fmt: skip


def _no_partners(text: str, sheet: Sheet, guessed: Guess, slug: str) -> str:
    """Return the question which columns hold the partners, and what may help."""
    words = f"which columns hold the two partners? The header is: {some_names(sheet.columns)}; "
    line = header_below(text)
    if line:
        return f"{words}line {line} looks like one: take out the lines above it, and import again"
    side = {**guessed.a, **guessed.b}
    if "name" in side:
        words += (f"if '{side['name'][:60]}' holds the partners of one place, name that place: "
                  "--city-a Bonn --country-a DE; else ")  # fmt: skip
    return words + f"write data/imports/{slug}/{FILE} as docs/lists.md shows, and import again"


def _later(
    settings: Settings, folder: Path, old: str, new: str, changed: dict[str, str]
) -> Difference:
    """Compare with the snapshot before, which is kept, and note the new checksum."""
    before = hashlib.sha256(old.encode()).hexdigest()
    after = hashlib.sha256(new.encode()).hexdigest()
    known = known_places((), settings.base_iri)
    spec_name = folder.name
    later = {}
    for name, text in (("old", old), ("new", new)):
        texts = {**changed, ROWS: text}
        later[name] = read_import(spec_name, texts, known, settings.base_iri)
    changed[f"rows-{before[:8]}.csv"] = old
    changed[FILE] = changed[FILE].replace(before, after)
    as_of = later["new"].spec.texts["as_of"] if later["new"].spec else ""
    return compare(later["old"].outcomes, later["new"].outcomes, as_of or after[:8])


@dataclass(frozen=True)
class _Decided:
    texts: Mapping[str, str]
    places: str
    review: tuple[Undecided, ...]
    new_places: tuple[str, ...]
    minted: int
    decided: int
    unfollowed: tuple[str, ...]


def _decide(
    settings: Settings, folder: Path, day: str, texts: Mapping[str, str],
    progress: Progress = ignore,
) -> _Decided:  # fmt: skip
    """Apply the decisions of people, then match the other names; return the files to write.

    `texts` are those of the list's files by name, as they will be written.
    """
    curated, table = _read(settings, folder.name, texts)
    _refuse_unreadable(table, folder)
    quads = [quad for file in curated.files for quad in file.quads]
    gazetteer = gazetteer_of(quads, settings.base_iri, weighted=False)
    matches = table.matches or Matches()
    known_places = gazetteer.places
    before_minting = len(known_places)
    codes = {plain(quad.object): plain(quad.subject).removeprefix(settings.base_iri + "id/place/")
             for quad in quads if quad.predicate == TG.countryCode}  # fmt: skip
    minter = Minter(gazetteer, codes)
    table_rows(texts.get(REVIEW, ""), folder / REVIEW)
    answers, unfollowed = read_answers(texts.get(REVIEW, ""), gazetteer.by_slug)
    decisions = list(matches.decisions)
    by_person = _answered(answers, settings.base_iri, folder.name, day, minter)
    decisions = [decision for decision in decisions if decision.subject not in
                 {new.subject for new in by_person if new.confirmed or not new.found}]  # fmt: skip
    decisions += by_person
    after = _with(matches, by_person)
    own = f"{settings.base_iri}graph/import/{folder.name}"
    others = (quad for quad in quads if str(quad.graph_name) != f"<{own}>")
    partners = partners_of(others, settings.base_iri)
    made = 0
    while True:
        named = name_places(
            table.outcomes, after, gazetteer, minter, _PROGRAM, day, partners, progress
        )
        decisions += named.decisions
        made += len(named.decisions)
        if len(gazetteer.places) == before_minting + len(minter.rows):
            break
        # the new places are candidates for the names that are left
        gazetteer = Gazetteer([*known_places, *minter.places()])
        after = _with(after, named.decisions)
    places = settings.folder / "data" / "entities" / PLACES
    before = places.read_text(encoding="utf-8") if places.exists() else ""
    rows = [row.cells for row in table_rows(before, places)]
    written = write_places([*rows, *minter.rows]) if minter.rows else before
    new = {MATCHES: write_matches(decisions, folder.name, settings.base_iri)} if decisions else {}
    review = write_review(named.review, {item.key: item.decision for item in unfollowed})
    if named.review or REVIEW in texts:
        new[REVIEW] = review
    new_places = tuple(place_line(row) for row in minter.rows)
    review_name = f"data/imports/{folder.name}/{REVIEW}"
    return _Decided(
        new, written, tuple(named.review), new_places, len(minter.rows), made + len(by_person),
        tuple(f"{review_name}:{item.line}: {item.words}" for item in unfollowed),
    )  # fmt: skip


def _answered(
    answers: Iterable[Answer], base: str, slug: str, day: str, minter: Minter
) -> list[Decision]:
    decisions = []
    for answer in answers:
        key = key_iri(base, slug, answer.name, answer.country, answer.region)
        if answer.verdict == "place":
            decisions.append(decide_place(key, answer.slug, "curator", day, MANUAL, "", ""))
        elif answer.verdict == "new":
            side = Side(key, answer.name, answer.country, answer.region)
            new = minter.place(side, code_of(side))
            decisions.append(decide_place(key, new, "curator", day, MANUAL, "", ""))
        elif answer.verdict == "no":
            decisions.append(decide_not(key, "", "curator", day, answer.words))
        else:
            decisions.append(decide_not(key, answer.slug, "curator", day, answer.words))
    return decisions


def _with(matches: Matches, decisions: Iterable[Decision]) -> Matches:
    places, none, refused = dict(matches.places), dict(matches.none), set(matches.refused)
    for decision in decisions:
        slug = decision.object.rpartition("/")[2]
        if not decision.found:
            none[decision.subject] = decision.comment
        elif decision.modifier:
            refused.add((decision.subject, slug))
            if places.get(decision.subject) == slug:
                del places[decision.subject]
        else:
            places[decision.subject] = slug
    return Matches(places, none, frozenset(refused), matches.decisions)


def _refuse_unreadable(table: ReadImport, folder: Path) -> None:
    unfit = any(problem.code in ("I01", "X05") for problem in table.problems)
    if table.spec is None or table.sheet is None or unfit:
        words = "\n".join(str(problem) for problem in table.problems) or f"{folder}: no list in it"
        raise TwingraphError(words)


def _read(
    settings: Settings, slug: str, texts: Mapping[str, str]
) -> tuple[Curated, ReadImport]:  # fmt: skip
    """Read the project with the files of one list as they are in `texts`."""
    curated = read_project(settings)
    own = f"data/imports/{slug}/{ROWS}"
    files = [file for file in curated.files if file.path != own]
    known = known_places((line for file in files for line in lines_of(file)), settings.base_iri)
    table = read_import(slug, texts, known, settings.base_iri)
    dataset = Dataset((), {graph_name(slug, settings.base_iri): table.texts} if table.texts else {})
    files.append(SourceFile(own, "", dataset, table.problems, (), table.lines))
    return replace(curated, files=tuple(files)), table
