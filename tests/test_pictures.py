"""Pictures: well-formed whatever they are given, small, the same every time, true to the graph."""

from __future__ import annotations

import gzip
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import NamedNode, QuerySolutions, RdfFormat, Store, Variable

from twingraph.settings import bundled
from twingraph.site.pictures import data, words
from twingraph.site.pictures.bars import Bar, bars_svg
from twingraph.site.pictures.embed import embed_code, embed_page, style_source
from twingraph.site.pictures.map import Arc, Point, land_svg, map_svg
from twingraph.site.pictures.marks import MARKS, Kind, stylesheet
from twingraph.site.pictures.matrix import Pair, country_matrix_svg
from twingraph.site.pictures.network import Partner, ego_network_svg
from twingraph.site.pictures.projection import Position, great_circle, project
from twingraph.site.pictures.svg import counted
from twingraph.site.pictures.timeline import Dated, timeline_svg
from twingraph.site.pictures.world import Place, gather, world_map_svg

SVG = "{http://www.w3.org/2000/svg}"
EN = words.words_in("en")
Rows = Callable[..., list[data.Row]]


@pytest.fixture(scope="session")
def rows(built: Path) -> Rows:
    """Ask a query of queries/site of the repository's own build: name, then its parameters."""
    store = Store()
    store.bulk_load(path=str(built / "twingraph.nq"), format=RdfFormat.N_QUADS)

    def ask(name: str, **terms: NamedNode) -> list[data.Row]:
        text = (bundled("queries") / "site" / f"{name}.rq").read_text(encoding="utf-8")
        asked: dict[Variable, Any] = {Variable(key): term for key, term in terms.items()}
        found = store.query(text, substitutions=asked or None)
        assert isinstance(found, QuerySolutions)
        names = [variable.value for variable in found.variables]
        result: list[data.Row] = []
        for row in found:
            values: dict[str, Any] = {name: row[name] for name in names}
            result.append(values)
        return result

    return ask


def place(slug: str) -> NamedNode:
    return NamedNode(f"https://w3id.org/twingraph/id/place/{slug}")


def name(iri: str) -> str:
    return iri.rsplit("/", 1)[-1]


def href(iri: str) -> str:
    return f"../place/{name(iri)}.html"


def city_map(rows: Rows, slug: str, **options: Any) -> str:
    found = data.map_of_place(rows("map-of-place", this=place(slug)), place(slug).value, name, href)
    return map_svg(
        found.points,
        found.arcs,
        title=f"Map of {slug}",
        description="d",
        words=EN,
        kinds=found.kinds,
        **options,
    )


def texts(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


def titles(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}title")]


def links(svg: str) -> list[str]:
    return [link.attrib["href"] for link in ET.fromstring(svg).iter(f"{SVG}a")]


def ids(svg: str) -> list[str]:
    return [node.attrib["id"] for node in ET.fromstring(svg).iter() if "id" in node.attrib]


@pytest.mark.parametrize(
    ("position", "expected"),
    [  # by d3-geo 3.1.1, geoNaturalEarth1().scale(1).translate([0, 0])
        (Position(52.52, 13.41), (0.175816, -0.921626)),
        (Position(-34.6, -58.38), (-0.836290, 0.610552)),
        (Position(35.69, 139.69), (1.992969, -0.629812)),
    ],
)
def test_the_projection_is_the_one_of_d3(position: Position, expected: tuple[float, float]) -> None:
    flat, origin = project(position), project(Position(0, 0))
    scale = 500 / 2.735386

    found = ((flat.x - origin.x) / scale, (flat.y - origin.y) / scale)

    assert found == pytest.approx(expected, abs=2e-6)


@given(
    st.tuples(*[st.floats(-80, 80), st.floats(-180, 180)] * 2),
)
def test_a_great_circle_is_the_shortest_way_and_never_jumps(
    ends: tuple[float, float, float, float],
) -> None:
    start, end = Position(*ends[:2]), Position(*ends[2:])

    pieces = great_circle(start, end)

    if start != end:
        assert (pieces[0][0], pieces[-1][-1]) == (start, end)
    for piece in pieces:
        steps = [abs(a.longitude - b.longitude) for a, b in pairwise(piece)]
        assert max(steps, default=0) <= 180
    assert len(pieces) <= 3


def test_berlins_map_has_all_its_partners_and_an_inset_of_europe(rows: Rows) -> None:
    svg = city_map(rows, "berlin")

    found = texts(svg)
    assert {"berlin", "tokyo", "los-angeles", "windhoek", "paris", "warsaw"} <= set(found)
    assert len(set(links(svg))) == 17
    assert len(ET.fromstring(svg).findall(f".//{SVG}clipPath")) == 2


def test_bonns_map_tells_kinds_apart_by_shape_line_and_words(rows: Rows) -> None:
    svg = city_map(rows, "bonn")

    assert "project-partnership" in texts(svg)
    assert "kherson · solidarity-partnership" in titles(svg)
    dashes = set(re.findall(r'stroke-dasharray="([^"]+)"', svg))
    assert {MARKS["project-partnership"].dash, MARKS["solidarity-partnership"].dash} <= dashes


def test_a_map_is_small_and_the_same_every_time(rows: Rows) -> None:
    whole = city_map(rows, "berlin", standalone=True)
    inside = city_map(rows, "berlin", land_href="../../static/land.svg")

    assert city_map(rows, "berlin", standalone=True) == whole
    assert len(gzip.compress(whole.encode(), 9)) < 20_000
    assert len(gzip.compress(inside.encode(), 9)) < 6_000
    assert len(gzip.compress(land_svg().encode(), 9)) < 11_000


def test_a_picture_asks_nothing_of_another_host_and_runs_nothing(rows: Rows) -> None:
    for svg in (city_map(rows, "bonn", standalone=True), land_svg()):
        assert not re.search(r"<script|\bon\w+=|@import|url\((?!#)", svg)
        assert set(re.findall(r"https?://[^\"' <)]+", svg)) == {"http://www.w3.org/2000/svg"}


def test_bonn_minsks_timeline_shows_both_starts_as_bars(rows: Rows) -> None:
    this = NamedNode("https://w3id.org/twingraph/id/partnership/bonn-minsk")
    items = data.timeline(rows("timeline", this=this), name, href, str, this.value)
    svg = timeline_svg(items, title="t", description="d", words=EN)

    starts = {(d.when, d.earliest, d.latest, d.implied) for d in items if d.kind == "start"}
    assert starts == {
        ("1993~", "1992-01-01", "1994-12-31", True),
        ("2003", "2003-01-01", "2003-12-31", False),
    }
    assert ("minsk-club-bonn", True) in {(d.label, d.lasts) for d in items}
    assert "start: Start · 1993~ (implied)" in titles(svg)
    implied = [
        node.attrib["class"]
        for node in ET.fromstring(svg).iter()
        if "tg-possible" in node.get("class", "")
    ]
    assert implied[0] == "tg-possible tg-k-twinning"  # the start; then events dated by others
    assert len(implied) == sum(d.implied for d in items)


def test_khersons_decision_is_on_its_timeline_and_no_start(rows: Rows) -> None:
    this = NamedNode("https://w3id.org/twingraph/id/partnership/bonn-kherson")
    items = data.timeline(rows("timeline", this=this), name, href, str)

    assert [(d.kind, d.when) for d in items] == [("decision", "2023-02-09")]


def test_a_date_without_a_bound_has_an_arrow_and_nothing_dated_no_picture() -> None:
    after = Dated("statement", "on or after 9 August 2020", "2020-08-09", None)
    never = Dated("recurring", "9 May of every year", None, None)
    backwards = Dated("impossible", "?", "2020-01-01", "2019-01-01")

    svg = timeline_svg([after, never, backwards], title="t", description="d", words=EN)

    assert len([t for t in titles(svg) if "event" in t]) == 1
    assert timeline_svg([never], title="t", description="d", words=EN) == ""


def test_a_number_of_one_has_a_form_of_its_own() -> None:
    for language, told in (("en", "Bonn and 1 more place"), ("de", "Bonn und 1 weiterer Ort")):
        words_of = words.words_in(language)
        assert counted(words_of, "picture.places", 1, name="Bonn") == told
    assert counted(EN, "picture.places", 2, name="Bonn") == "Bonn and 2 more places"
    assert counted(EN, "picture.map unlocated", 1) == "1 more has no coordinates."


def test_statistics_say_what_the_questions_say(rows: Rows) -> None:
    starts = rows("statistics-starts")
    by_year, by_decade = data.starts_by_year(starts), data.starts_by_year(starts, 10)
    asked = {
        row["decade"].value: (int(row["certain"].value), int(row["possible"].value))
        for row in rows("../library/starts-by-decade")
        if row["decade"] and row["certain"] and row["possible"]
    }

    drawn = {bar.label: (bar.certain, bar.possible) for bar in by_decade.bars}
    assert {label: numbers for label, numbers in drawn.items() if any(numbers)} == asked
    total = sum(int(row["partnerships"].value) for row in starts if row["partnerships"])
    listed = {row["partnership"] for row in rows("../library/status-of-partnerships")}
    assert by_year.dated + by_year.without == total == len(listed)
    assert data.begun_before(starts, 2004)[1] == 0
    assert data.begun_before(starts, 2000)[1] == 1  # Bonn–Minsk: about 1993, or 2003


def test_kinds_fields_sources_and_countries_are_counted(rows: Rows) -> None:
    kinds = data.kinds_counted(rows("statistics-kinds"), name, href, "not stated")
    pairs = data.country_pairs(rows("statistics-countries"), name, lambda one, other: "")
    sources = data.counted(rows("statistics-sources"), "source", name, href)

    assert next(bar for bar in kinds if bar.label == "twinning").certain >= 17
    assert sum(pair.number for pair in pairs) > 20
    assert len(sources) == 4  # the letter tells of no partnership
    for svg in (
        bars_svg(kinds, title="t", description="d", words=EN),
        country_matrix_svg(pairs, title="t", description="{count}", words=EN),
        bars_svg(sources, title="t", description="d", words=EN),
    ):
        assert links(svg) is not None


def test_a_network_has_each_partner_once_and_gathers_many_by_country(rows: Rows) -> None:
    partners, pairs, kinds = data.network(
        rows("map-of-place", this=place("berlin")),
        rows("network", this=place("berlin")),
        lambda iri: "",
        name,
        href,
    )
    svg = ego_network_svg(
        "Berlin", partners, pairs, title="t", description="d", words=EN, kinds=kinds
    )
    many = [Partner(str(i), f"City {i}", group=f"Country {i % 7}") for i in range(200)]
    gathered = ego_network_svg("X", many, [("1", "2")], title="t", description="d", words=EN)

    assert len(links(svg)) == len(partners) == 17
    assert "Country 0 (29)" in texts(gathered) and len(texts(gathered)) == 8


def test_ten_thousand_places_are_a_small_map() -> None:
    chance = random.Random(1)
    places = [
        Place(str(i), Position(chance.gauss(48, 9), chance.gauss(11, 25))) for i in range(10_000)
    ]
    pairs = [(chance.choice(places).position, chance.choice(places).position) for _ in range(5_000)]

    world = gather(places, pairs)
    svg = world_map_svg(
        world, "Place {}".format, "{}.html".format, title="t", description="d", words=EN
    )

    assert len(svg.encode()) < 100_000
    ET.fromstring(svg)


def test_a_dot_leads_to_its_greatest_place_the_first_by_name() -> None:
    near = Position(50.7, 7.1)
    names = {"a": "Zell", "b": "Bonn", "c": "Aachen"}
    world = gather([Place("a", near, 2), Place("b", near, 2), Place("c", near, 1)], [])

    svg = world_map_svg(world, names.__getitem__, "{}.html".format, title="t", description="d",
                        words=EN)  # fmt: skip

    assert world.named == {"a", "b"} and world.dots[0].partnerships == 5
    assert 'href="b.html"' in svg and "Zell" not in svg and "Aachen" not in svg


def test_an_embedded_page_allows_its_own_style_alone(rows: Rows) -> None:
    svg = city_map(rows, "bonn", prefix="embed")
    raw = embed_page(
        svg,
        title="Bonn <",
        page="https://example.org/en/place/bonn.html",
        site="twin & graph",
        words=EN,
        language="en",
        policy=f"default-src 'none'; style-src '{style_source()}'",
    )
    text = raw.decode("utf-8")

    assert "style=" not in text.partition("<body>")[2]
    assert "twin &amp; graph" in text and "Bonn &lt;" in text
    assert 'title="a&quot;b"' in embed_code("https://example.org/embed/place/a", 'a"b')


ANY = st.text(st.characters(codec="utf-16"), max_size=40) | st.sampled_from(
    [
        "</svg><script>alert(1)</script>",
        '" onload="x',
        "]]>",
        "&lt;",
        "\ud800",
        "\x00\x0b",
        "\u202eabc",
        "x" * 5000,
    ]
)
NUMBER = st.floats(-400, 400) | st.just(float("nan"))
DAY = (
    st.none()
    | st.dates().map(str)
    | st.sampled_from(["0000-00-00", "x", "2003-1-1", "9999-12-31", "0001-01-01"])
)
LINK = ANY | st.sampled_from(
    ["javascript:alert(1)", " java\nscript:alert(1)", "a.html", "http://["]
)


def well_formed(svg: str) -> None:
    """Does it parse, without a script, a handler or a link that runs, and with ids of its own?"""
    if not svg:
        return
    root = ET.fromstring(svg)
    for node in root.iter():
        assert node.tag.removeprefix(SVG) not in ("script", "foreignObject", "iframe")
        for key, value in node.attrib.items():
            assert not key.lower().startswith("on")
            assert key != "href" or not re.match(r"\s*(javascript|data|vbscript):", value, re.I)
            assert key not in ("x", "y", "cx", "cy", "d") or "nan" not in value
    found = ids(svg)
    assert len(found) == len(set(found)) and all(i.startswith("p-") for i in found)


@settings(max_examples=60)
@given(st.lists(st.tuples(ANY, NUMBER, NUMBER, ANY, LINK, st.booleans()), max_size=8))
def test_a_map_of_anything_is_well_formed(
    given_points: Sequence[tuple[str, float, float, str, str, bool]],
) -> None:
    points = [
        Point(label, Position(lat, lon), kind, label, link, ended)
        for label, lat, lon, kind, link, ended in given_points
    ]
    arcs = [Arc(a.position, b.position, a.kind) for a in points for b in points]
    kinds = [Kind(point.kind, point.label) for point in points]
    options: Any = {"title": "t", "description": "d", "words": EN, "prefix": "p"}

    well_formed(map_svg(points, arcs, kinds=kinds, land_href="land.svg", **options))
    places = [Place(str(number), point.position) for number, point in enumerate(points)]
    world = gather(places, [(arc.start, arc.end) for arc in arcs])
    well_formed(world_map_svg(
        world, lambda iri: points[int(iri)].label, lambda iri: points[int(iri)].href,
        land_href="land.svg", **options,
    ))  # fmt: skip


@settings(max_examples=60)
@given(
    st.lists(st.tuples(ANY, ANY, DAY, DAY, ANY, LINK, st.booleans(), st.booleans()), max_size=6),
    st.lists(st.tuples(ANY, st.integers(-2, 10**6), st.integers(0, 99), LINK), max_size=6),
    st.booleans(),
)
def test_other_pictures_of_anything_are_well_formed(
    given_dates: Sequence[Any], given_bars: Sequence[Any], upright: bool
) -> None:
    options: Any = {"title": "\x00<", "description": "&", "words": EN, "prefix": "p"}
    dates = [Dated(*values) for values in given_dates]
    bars = [Bar(*values) for values in given_bars]

    well_formed(timeline_svg(dates, **options))
    well_formed(bars_svg(bars, upright=upright, **options))
    well_formed(
        country_matrix_svg([Pair(b.label, b.href, b.certain, b.href) for b in bars], **options)
    )
    partners = [
        Partner(str(i), b.label, b.label, b.href, b.label, b.href) for i, b in enumerate(bars)
    ]
    well_formed(ego_network_svg(bars[0].label if bars else "", partners, [("0", "1")], **options))


def test_a_prefix_that_is_no_name_is_refused() -> None:
    with pytest.raises(ValueError, match="write lower-case letters"):
        bars_svg([Bar("a", 1)], title="t", description="d", words=EN, prefix='x"')


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    english, german = words.catalogue("en"), words.catalogue("de")

    def fields(word: str) -> list[str]:
        return sorted(re.findall(r"{\w+}", word))

    assert english.keys() == german.keys()
    assert {k for k in english if fields(english[k]) != fields(german[k])} == set()


def test_the_style_keeps_to_pictures() -> None:

    selectors = re.findall(r"(?:^|})\s*([^{}@]+){", stylesheet())
    assert all(part.strip().startswith(".tg-") for s in selectors for part in s.split(","))
