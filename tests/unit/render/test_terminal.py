from __future__ import annotations

import re

from threatmodel.diagnostics import Diagnostic, Label, Level
from threatmodel.render.terminal import diagnostics_text, summary_text, visible
from threatmodel.span import Span


def at(line: int, column: int, end: int, end_line: int | None = None) -> Span:
    return Span("system.yaml", line, column, end_line or line, end)


def shown(text: str, diagnostic: Diagnostic, *, width: int = 80, color: bool = False) -> list[str]:
    return diagnostics_text([diagnostic], {"system.yaml": text}, width=width, color=color).split("\n")


def underlined(lines: list[str]) -> str:
    """The part of the excerpt that stands above the marks, by columns of plain ASCII."""
    line, marks = lines[3], lines[4]
    begin, end = marks.index("^"), marks.rindex("^") + 1
    return line[begin:end]


def test_a_diagnostic_says_what_where_why_and_how() -> None:
    text = "\n" * 4 + "    tools: [web-search, shel]\n"
    diagnostic = Diagnostic(
        "unknown-reference",
        "no tool is named 'shel'",
        at(5, 25, 29),
        "referenced by agent 'planner'",
        ("did you mean 'shell'?",),
    )

    assert "\n".join(shown(text, diagnostic)) == (
        "error[unknown-reference]: no tool is named 'shel'\n"
        " --> system.yaml:5:25\n"
        "  |\n"
        "5 |     tools: [web-search, shel]\n"
        "  |                         ^^^^ referenced by agent 'planner'\n"
        "  |\n"
        "  = help: did you mean 'shell'?\n"
        "\n"
    )


def test_a_second_place_is_shown_with_marks_of_its_own() -> None:
    diagnostic = Diagnostic("x", "again", at(12, 1, 2), "again here", also=(Label(at(3, 1, 2), "first here"),))

    lines = shown("a\n" * 12, diagnostic)

    assert "12 | a" in lines
    assert "   | ^ again here" in lines
    assert "  ::: system.yaml:3:1" in lines
    assert " 3 | a" in lines
    assert "   | - first here" in lines


def test_tabs_and_wide_characters_keep_the_marks_in_place() -> None:
    lines = shown('\tx: "日本" bad', Diagnostic("x", "m", at(1, 10, 13)))

    assert lines[3] == '1 |     x: "日本" bad'
    assert lines[4] == "  | " + " " * 14 + "^^^"


def test_combining_marks_take_no_column() -> None:
    lines = shown("e\u0301: bad", Diagnostic("x", "m", at(1, 5, 8)))

    assert lines[4] == "  |    ^^^"


def test_a_long_line_is_cut_around_what_is_meant() -> None:
    text = "a" * 500 + " HERE " + "b" * 500
    lines = shown(text, Diagnostic("x", "m", at(1, 502, 506)), width=60)

    assert underlined(lines) == "HERE"
    assert lines[3].startswith("1 | …")
    assert lines[3].endswith("…")
    assert all(len(line) <= 60 for line in lines[:5])


def test_a_mark_longer_than_the_line_is_cut() -> None:
    lines = shown("x: " + "a" * 1000, Diagnostic("x", "m", at(1, 4, 1004)), width=60)

    assert all(len(line) <= 60 for line in lines)


def test_a_megabyte_on_one_line_is_shown_at_once() -> None:
    text = "a" * 2_000_000
    lines = shown(text, Diagnostic("x", "m", at(1, 1_000_000, 1_000_003)), width=80)

    assert sum(map(len, lines)) < 1000


def test_a_span_over_lines_marks_the_rest_of_the_first() -> None:
    lines = shown("a: {b: 1,\n  c: 2}\n", Diagnostic("x", "m", at(1, 4, 8, end_line=2)))

    assert underlined(lines) == "{b: 1,"


def test_nothing_in_an_excerpt_or_name_steers_the_terminal() -> None:
    diagnostic = Diagnostic("x", "name '\x1b[31m\u202eabc' \r\n", Span("a\x1b.yaml", 1, 1, 1, 3), "\x07", ("\u2066",))
    text = diagnostics_text([diagnostic], {"a\x1b.yaml": "\x1b]0;title\x07\u202e: 1"}, width=80)

    assert "\\x1b" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)


def test_visible_leaves_letters_alone() -> None:
    assert visible("Büro 日本 😀") == "Büro 日本 😀"
    assert visible("a\u200bb\ue000") == "a\\u200bb\\ue000"
    assert visible("\U000e0001") == "\\U000e0001"


def test_color_is_used_only_when_asked_for() -> None:
    diagnostic = Diagnostic("x", "m", at(1, 1, 2), "l", ("h",), (Label(at(1, 1, 2), "t"),), Level.WARNING)
    plain = shown("a\n", diagnostic)
    colored = shown("a\n", diagnostic, color=True)

    assert "\x1b" not in "".join(plain)
    assert "\x1b[1;33mwarning[x]\x1b[0m" in colored[0]
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in colored] == plain


def test_a_place_without_text_has_no_excerpt() -> None:
    diagnostic = Diagnostic("x", "m", at(99, 1, 2), "l", ("h",), (Label(at(98, 1, 2), "first here"),))

    lines = shown("a\n", diagnostic)

    assert lines[1].endswith("--> system.yaml:99:1")
    assert "   | first here" in lines
    assert "   = help: h" in lines


def test_line_ends_of_every_kind_count_as_the_parser_counts_them() -> None:
    text = "a\r\nb\rc\x85d\u2028e"

    assert [shown(text, Diagnostic("x", "m", at(n, 1, 2)))[3] for n in range(1, 6)] == [
        "1 | a",
        "2 | b",
        "3 | c",
        "4 | d",
        "5 | e",
    ]


def test_the_summary_counts() -> None:
    error = Diagnostic("x", "m", at(1, 1, 2))
    warning = Diagnostic("x", "m", at(1, 1, 2), level=Level.WARNING)

    assert summary_text([error, error, warning]) == "2 errors, 1 warning"
    assert summary_text([]) == "no errors"
