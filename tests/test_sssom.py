"""Tables of links by other tools: read by the rules of SSSOM 1.0 (TSV), and kept by `fmt`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from twingraph.cli import cli
from twingraph.rdf.vocabulary import HOME, prefixes_for
from twingraph.source.mappings import MappingTable, format_table, read_table

HEAD = f"""\
#curie_map:
#  place: {HOME}id/place/
#  wd: http://www.wikidata.org/entity/
"""
COLUMNS = "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
ROW = "place:bonn\towl:sameAs\twd:Q586\tsemapv:ManualMappingCuration\n"


def read(text: str) -> MappingTable:
    table = read_table(text, HOME)
    assert table.wrong == ()
    return table


def formatted(text: str) -> str:
    """The table in its one form, which has to be read as the same and to be its own form."""
    table = read(text)
    written = format_table(table, HOME)
    again = read(written)
    assert set(again.decisions) == set(table.decisions)
    assert again.slots == table.slots
    assert format_table(again, HOME) == written
    return written


def test_built_in_prefixes_may_be_left_out() -> None:
    [one] = read(HEAD + COLUMNS + ROW).decisions

    assert one.predicate == prefixes_for(HOME)["owl"] + "sameAs"
    assert one.justification == "https://w3id.org/semapv/vocab/ManualMappingCuration"
    assert (one.author, one.day, one.confirmed) == ("", "", True)


def test_columns_may_be_in_any_order_and_further_ones_are_kept() -> None:
    text = (
        HEAD + "#  orcid: https://orcid.org/\n"
        "mapping_date\tobject_id\tobject_label\tauthor_id\tpredicate_id\tmapping_justification\t"
        "my_note\tsubject_id\n"
        "2026-11-21\twd:Q586\tBonn\torcid:0000-0002-1825-0097\towl:sameAs\t"
        "semapv:LexicalMatching\tseen twice\tplace:bonn\n"
    )

    written = formatted(text)

    columns, row = (line.split("\t") for line in written.splitlines()[-2:])
    assert columns == [
        "subject_id", "predicate_id", "predicate_modifier", "object_id", "object_label",
        "mapping_justification", "author_id", "author_label", "mapping_date", "confidence",
        "comment", "my_note",
    ]  # fmt: skip
    assert dict(zip(columns, row, strict=True))["author_id"] == "orcid:0000-0002-1825-0097"
    assert "#  orcid: https://orcid.org/\n" in written


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace("http://www.wikidata.org/entity/", '"http://www.wikidata.org/entity/"'),
        HEAD.replace("http://www.wikidata.org/entity/", "'http://www.wikidata.org/entity/'"),
        HEAD.replace("#", "# "),
        HEAD + "# license: http://creativecommons.org/publicdomain/zero/1.0/\n",
        f"#curie_map: {{place: {HOME}id/place/, wd: 'http://www.wikidata.org/entity/'}}\n",
        HEAD + "#creator_id:\n#- orcid:1\n#- orcid:2\n",
        HEAD + "#mapping_set_description: >-\n#  One line,\n#  and another.\n",
        HEAD + "#mapping_set_version: 2026-11-21 # of the release\n",
        "#mapping_set_id: https://e.org/x\n" + HEAD,
        "\ufeff".removeprefix("\ufeff") + HEAD,
    ],
)
def test_the_header_is_yaml(head: str) -> None:
    assert "wd:Q586" in formatted(head + COLUMNS + ROW)


def test_what_a_header_says_is_kept_whatever_its_form() -> None:
    head = (
        HEAD + '#creator_id: ["orcid:1", "orcid:2"]\n#mapping_set_title: "Ties: \'Bonn\' – #1"\n'
        "#mapping_set_description: |\n#  One.\n#  Two.\n#other:\n#  depth: [1, {two: 3}]\n"
        "#subject_source:\n"
    )

    written = formatted(head + COLUMNS + ROW)

    assert '#creator_id: ["orcid:1", "orcid:2"]\n' in written
    assert "#mapping_set_title: \"Ties: 'Bonn' – #1\"\n" in written
    assert '#mapping_set_description: "One.\\nTwo.\\n"\n' in written
    assert '#other: {"depth": ["1", {"two": "3"}]}\n' in written


@pytest.mark.parametrize("end", ["\n", "\n\n", "\n\t\t\t\n", "\r\n", ""])
def test_line_ends_and_blank_lines_at_the_end_are_no_rows(end: str) -> None:
    text = (HEAD + COLUMNS + ROW).rstrip("\n")
    text = text.replace("\n", "\r\n") if "\r" in end else text

    assert len(read(text + end).decisions) == 1


def test_a_known_prefix_with_another_iri_gets_another_name() -> None:
    text = (
        HEAD + "#  gn: https://example.org/gn/\n" + COLUMNS.rstrip("\n") + "\tobject_source\n"
        "place:bonn\towl:sameAs\tgn:7\tsemapv:LexicalMatching\tgn:set\n"
    )

    written = format_table(read(text), HOME)

    assert format_table(read(written), HOME) == written
    assert "#  gn2: https://example.org/gn/\n" in written
    assert "\tgn2:7\t" in written and "\tgn2:set\t" in written


def test_our_own_published_table_is_read_as_a_curated_one(built: Path) -> None:
    for name in ("wikidata", "geonames"):
        text = (built / "links" / f"{name}.sssom.tsv").read_text(encoding="utf-8")

        table = read(text)

        assert len(table.decisions) > 20
        assert all(
            dict(decision.others)["subject_label"]
            for decision in table.decisions
            if decision.confirmed
        )
        formatted(text)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + COLUMNS + ROW.replace("wd:Q586", "w:Q586"), 5, "no prefix of the curie_map"),
        (HEAD + "#  skos: http://e/\n" + COLUMNS + ROW, 4, "prefix 'skos' is http://www.w3.org/"),
        (HEAD + "#license: a\n#license: b\n" + COLUMNS + ROW, 5, "'license' a second time"),
        (HEAD + "#license: [a\n" + COLUMNS + ROW, 4, "no YAML"),
        (HEAD + "#a: &x [1]\n#b: *x\n" + COLUMNS + ROW, 1, "an alias"),
        (HEAD + COLUMNS.replace("object_id", "object") + ROW, 4, "no column object_id"),
        (HEAD + COLUMNS.replace("object_id", "subject_id") + ROW, 4, "more than once"),
        (HEAD + COLUMNS + ROW.replace("wd:Q586", '"wd:Q586'), 5, "no row of cells"),
        (HEAD + COLUMNS + ROW.replace("wd:Q586", "wd:Q" + "5" * 200_000), 5, "no row of cells"),
        (HEAD + COLUMNS + ROW.replace("wd:Q586", "wd:Q5\x0186"), 5, "U+0001"),
        (HEAD + COLUMNS[:-1] + "\tmapping_date\n" + ROW[:-1] + "\t20261101\n", 5, "no day such"),
        (HEAD + COLUMNS[:-1] + "\tmapping_date\n" + ROW[:-1] + "\t2026-02-30\n", 5, "no day such"),
        (HEAD + COLUMNS[:-1] + "\treview_date\n" + ROW[:-1] + "\tgestern\n", 5, "no day such"),
        (HEAD + COLUMNS[:-1] + "\tconfidence\n" + ROW[:-1] + "\tNaN\n", 5, "no number from 0"),
        ("", 1, "no row of columns"),
    ],
)
def test_what_is_no_sssom_is_reported_by_its_line(text: str, line: int, words: str) -> None:
    wrong = read_table(text, HOME).wrong

    assert [(place, words in told) for place, told in wrong][:1] == [(line, True)], wrong


def test_fmt_leaves_what_it_cannot_keep_and_tells_no_traceback(tmp_path: Path) -> None:
    folder = tmp_path / "p" / "data" / "links"
    folder.mkdir(parents=True)
    (tmp_path / "p" / "twingraph.toml").write_text(f'base_iri = "{HOME}"\n', "utf-8")
    path = folder / "wikidata.sssom.tsv"
    long = HEAD + COLUMNS + ROW.replace("wd:Q586", "wd:Q" + "5" * 200_000)
    path.write_text(long, "utf-8")

    done = CliRunner().invoke(cli, ["--project", str(tmp_path / "p"), "fmt"])

    assert done.exit_code == 1
    assert "data/links/wikidata.sssom.tsv:5: X05" in done.output
    assert path.read_text("utf-8") == long


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40))
def test_any_comment_goes_round(comment: str) -> None:
    cell = '"' + comment.replace('"', '""') + '"'
    text = HEAD + COLUMNS[:-1] + "\tcomment\n" + ROW[:-1] + f"\t{cell}\n"
    table = read_table(text, HOME)
    if table.wrong:
        return
    written = format_table(table, HOME)

    assert format_table(read(written), HOME) == written


@pytest.mark.parametrize(
    ("space", "words"),
    [
        (" ", "is no IRI"),
        ("\u00a0", "is no IRI"),
        ("\u3000", "is no IRI"),
        ("\u2028", "a character that cannot be seen"),  # these two end a line elsewhere
        ("\u0085", "a character that cannot be seen"),
    ],
)
def test_an_iri_with_a_space_of_any_kind_is_none(space: str, words: str) -> None:
    """The engine accepts some of them, which other libraries do not read back."""
    table = read_table(HEAD + COLUMNS + ROW.replace("Q586", f"Q586{space}1"), HOME)

    assert table.decisions == ()
    assert words in table.wrong[0][1]
