from __future__ import annotations

import pytest

from threatmodel.errors import LoadError
from threatmodel.load.nodes import MapNode, SeqNode, span_at
from threatmodel.load.source import parse
from threatmodel.span import Span


def at(line: int, column: int, end_line: int, end_column: int) -> Span:
    return Span("f", line, column, end_line, end_column)


def test_keys_and_values_know_where_they_stand() -> None:
    root = parse("agents:\n  triage:\n    tools: [crm, mail]\n    owner: me\n", "f")

    assert root.key_span("agents") == at(1, 1, 1, 7)
    assert span_at(root, ("agents", "triage")) == at(3, 5, 4, 14)
    assert span_at(root, ("agents", "triage", "tools")) == at(3, 12, 3, 23)
    assert span_at(root, ("agents", "triage", "tools", 1)) == at(3, 18, 3, 22)
    assert span_at(root, ("agents", "triage", "owner"), key=True) == at(4, 5, 4, 10)


def test_columns_count_code_points() -> None:
    root = parse('a: {"ключ😀": x}', "f")

    assert root["a"].key_span("ключ😀") == at(1, 5, 1, 12)
    assert root["a"].value_span("ключ😀") == at(1, 14, 1, 15)


def test_a_path_that_ends_early_gives_the_last_place_there_is() -> None:
    root = parse("a: {b: 1}\n", "f")

    assert span_at(root, ("a", "missing", "deeper")) == root["a"].span
    assert root["a"].key_span("missing") == root["a"].span
    assert root["a"].value_span("missing") == root["a"].span


def test_what_is_put_together_later_keeps_its_places() -> None:
    place, other = at(1, 1, 1, 2), at(2, 1, 2, 2)
    node, items = MapNode(place), SeqNode(place)
    node.put("k", 1, other, place)
    items.put(1, other)

    assert (node.span, node.key_span("k"), node.value_span("k")) == (place, other, place)
    assert (items.span, items.value_span(0), items.value_span(7)) == (place, other, place)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("Nil", "Nil"),
        ("12", 12),
        ("-7", -7),
        ("0o17", 15),
        ("0x1F", 31),
        ("007", 7),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-11-01", "2026-11-01"),
        ("15m", "15m"),
        ("--x", "--x"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    found = parse(f"x: {text}", "f")["x"]

    assert found == value
    assert type(found) is type(value)


def test_an_alias_stands_where_it_is_written() -> None:
    root = parse("a: &x {b: 1}\nc: *x\n", "f")

    assert root["c"] == {"b": 1}
    assert root.value_span("c") == at(2, 4, 2, 6)


def test_an_anchor_may_be_named_again() -> None:
    assert parse("a: &x 1\nb: &x 2\nc: *x\n", "f")["c"] == 2


def test_words_without_a_colon_are_told_from_empty_values() -> None:
    root = parse("a: {b: text, rest of it}\nc: {b: text, d: }\n", "f")

    assert root["a"].flow_words == ["rest of it"]
    assert root["c"].flow_words == []


def test_every_problem_of_a_file_is_found_at_once() -> None:
    with pytest.raises(LoadError) as caught:
        parse("a: 1\na: 2\nb: !x 3\n4: 5\nc: 99999999999999999999\n", "f")

    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [
        "duplicate-key",
        "tag",
        "key-not-text",
        "number",
    ]
    assert caught.value.sources == {"f": "a: 1\na: 2\nb: !x 3\n4: 5\nc: 99999999999999999999\n"}


def test_nothing_at_all_is_an_empty_mapping() -> None:
    assert parse("", "f") == {}
    assert parse("# only a remark\n", "f").span == at(1, 1, 1, 1)
