"""Lines of text: wrapped, painted, and with a place where one fits."""

from __future__ import annotations

import pytest

from threatmodel.render.page import MARGIN, MUTED, Page, counted, listed, route


def test_a_place_stands_at_the_right_of_the_first_line_it_fits_on() -> None:
    page = Page(width=60)
    lines = page.block("open", "bad", ["x" * 45, "short", f"{MUTED}aside"], "system.yaml:3:1")

    assert lines[0] == "open" + " " * (MARGIN - 4) + "x" * 45
    assert lines[1].endswith("system.yaml:3:1")
    assert 60 == len(lines[1])
    assert lines[2] == " " * MARGIN + "aside"


def test_a_place_that_fits_nowhere_has_a_line_of_its_own() -> None:
    lines = Page(width=50).block("open", "bad", ["x" * 35], "a/long/folder/system.yaml:3:1")

    assert lines[1].strip() == "at a/long/folder/system.yaml:3:1"


def test_nothing_in_a_text_steers_the_terminal() -> None:
    lines = Page(color=True, width=60).block("open", "bad", ["a\x1b[2Jb\u202e"], "x\u202e:1:1")

    assert "a\\x1b[2Jb\\u202e" in lines[0]
    assert "x\\u202e:1:1" in lines[0]
    assert lines[0].startswith("\x1b[1;31mopen\x1b[0m")


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c", "d"], "a, b, c and d"),
     (["a", "b", "c", "d", "e"], "a, b, c and 2 more")],
)  # fmt: skip
def test_lists_end_where_a_reader_stops(names: list[str], text: str) -> None:
    assert text == listed(names)


def test_counts_and_routes_read_well() -> None:
    assert "1 thing" == counted(1, "thing")
    assert "1,200 things" == counted(1200, "thing")
    assert "a > b" == route(["a", "b"])
    assert "0 > 1 > 2 > 3 > (2 more) > 6 > 7 > 8 > 9" == route([str(number) for number in range(10)])
