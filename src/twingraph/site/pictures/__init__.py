"""Pictures as SVG texts, from plain records, without a script: maps, timelines, charts.

A page asks a query of queries/site, turns its rows into records, and the records into a picture:

| query | records (`data`) | picture |
|---|---|---|
| map-of-place | `map_of_place(rows, iri, name, href)` | `map.map_svg(points, arcs, …)` |
| map-of-partnership | `map_of_partnership(rows, name, href)` | `map.map_svg` |
| map-places, map-pairs | `world_places`, `world_pairs` | `world.gather`, `world.world_map_svg` |
| timeline | `timeline(rows, name, href, date_words)` | `timeline.timeline_svg(items, …)` |
| map-of-place, network | `network(rows, links, country, …)` | `network.ego_network_svg(…)` |
| statistics-starts | `starts_by_year`, `begun_before` | `bars.bars_svg(bars, upright=True)` |
| statistics-kinds | `kinds_counted` | `bars.bars_svg` |
| statistics-fields, -sources | `counted(rows, variable, …)` | `bars.bars_svg` |
| statistics-countries | `country_pairs` | `matrix.country_matrix_svg(pairs, …)` |

`data.iris_in(rows)` are the entities whose names a page must load first. Every picture takes
`title`, `description`, `words` (`words.words_in(language)`) and a `prefix` of its own for its ids,
and is an empty text where there is nothing to draw. The page's style sheet holds
`marks.stylesheet()`; a map with `land_href` asks for the one file `map.land_svg()`;
`standalone=True` makes a file of its own. On a narrow screen a picture scrolls in its box: `<div
class="picture" tabindex="0" role="region" aria-label="…">`, with `overflow-x: auto` and `min-width:
40rem` for the svg. The table beneath is the page's.
"""
