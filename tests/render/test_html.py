"""The HTML report is one file that loads nothing, lets nothing in, and says what it said before."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from threatmodel.render.html import html
from threatmodel.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.render.diagram import Picture

SNAPSHOTS = Path(__file__).parent / "report"
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """What a page holds: elements with their attributes, ids, and its text line by line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.lines: list[str] = [""]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; a cell goes on in its line, a block begins one."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag not in {"span", "code", "b", "a", "td", "th"}:
            self.lines.append("")
        if tag in {"td", "th"}:
            self.lines[-1] += " | "

    def handle_endtag(self, tag: str) -> None:
        """Hold the page to closing what it opened."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text, spaces folded outside `pre`."""
        if "style" not in self.open:
            self.lines[-1] += data if "pre" in self.open else re.sub(r"\s+", " ", data)

    def values(self, name: str) -> list[str]:
        """Return every value of an attribute."""
        return [value or "" for _, attributes in self.elements for key, value in attributes.items() if key == name]

    @property
    def text(self) -> str:
        """The text, without empty lines."""
        return "\n".join(line.strip() for line in self.lines if line.strip()) + "\n"


def test_the_text_is_what_it_was(
    framed: Callable[..., Analysis],
    drawing: Picture,
    request: pytest.FixtureRequest,
) -> None:
    """A difference is read like code; `pytest tests/load tests/render --update-snapshots` writes what is shown now."""
    shown = Page(html(framed(), pictures=(drawing,))).text.replace(f"threatmodel {VERSION}", "threatmodel VERSION")
    snapshot = SNAPSHOTS / "review.txt"
    if request.config.getoption("--update-snapshots", default=False):
        snapshot.write_text(shown, encoding="utf-8")

    assert snapshot.read_text(encoding="utf-8") == shown


@pytest.mark.parametrize("profile", ["executive", "review", "audit"])
def test_a_page_is_whole_and_loads_nothing(profile: Any, framed: Callable[..., Analysis], drawing: Picture) -> None:  # noqa: ANN401
    page = Page(html(framed(), profile=profile, pictures=(drawing,)))
    tags = {tag for tag, _ in page.elements}
    ids = page.values("id")

    assert page.open == []
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form"}
    assert not page.values("src")
    assert len(ids) == len(set(ids))
    assert {link for link in page.values("href") if not link.startswith("https://")} <= {f"#{name}" for name in ids}
    assert ("html", {"lang": "en"}) in page.elements
    assert all(attributes.get("scope") in {"col", "row"} for tag, attributes in page.elements if tag == "th")
    assert "url(" not in html(framed(), profile=profile, pictures=(drawing,))


def test_headings_go_down_one_step_at_a_time(framed: Callable[..., Analysis], drawing: Picture) -> None:
    page = Page(html(framed(), profile="audit", pictures=(drawing,)))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("profile", ["executive", "review", "audit"])
def test_names_are_text_whatever_they_hold(
    profile: Any,  # noqa: ANN401
    framed: Callable[..., Analysis],
    hostile: Path,
    drawing: Picture,
) -> None:
    text = html(framed(hostile), profile=profile, pictures=(drawing,))
    page = Page(text)

    assert not {tag for tag, _ in page.elements} & {"script", "img"}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert not [value for value in page.values("href") if value.startswith("javascript")]
    assert "{{ 7 * 7 }} {% raw %}" in page.text
    assert "\\u202eelif" in page.text
    assert not re.search("[\u200b\u202a-\u202e\u2066-\u2069]", text)


def test_severity_and_state_are_words_with_a_shape(framed: Callable[..., Analysis], drawing: Picture) -> None:
    text = html(framed(), pictures=(drawing,))
    badges = re.findall(
        r'<span class="badge [a-z]+"><span class="shape" aria-hidden="true">(.)</span> ([a-z ,]+)</span>', text
    )

    assert len(badges) == text.count('class="badge ')
    assert {("▲", "high"), ("?", "cannot tell"), ("!", "open"), ("✓", "mitigated")} <= set(badges)


def test_every_finding_is_in_the_audit_edition(framed: Callable[..., Analysis], many: Path, drawing: Picture) -> None:
    analysis = framed(many)
    text = html(analysis, profile="audit", pictures=(drawing,))

    assert len(analysis.findings) > 100
    assert [] == [one.id for one in analysis.findings if f"<code>{one.id}</code>" not in text]


def test_a_catalog_without_frameworks_is_said_to_assess_nothing(desk: Analysis, drawing: Picture) -> None:
    assert "0 of 0 published threats" in html(desk, pictures=(drawing,))


def test_a_summary_needs_no_pictures(desk: Analysis) -> None:
    assert "<svg" not in html(desk, profile="executive")


def test_real_pictures_of_hostile_names_stay_pictures(framed: Callable[..., Analysis], hostile: Path) -> None:
    page = Page(html(framed(hostile)))
    ids = page.values("id")

    assert "svg" in {tag for tag, _ in page.elements}
    assert not {tag for tag, _ in page.elements} & {"script", "img", "image", "foreignobject", "a:href"}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert len(ids) == len(set(ids))
    assert {link for link in page.values("xlink:href") if not link.startswith("#")} == set()


def test_a_picture_that_would_shrink_turns_its_page(drawing: Picture, desk: Analysis) -> None:
    wide = replace(drawing, name="layers-1", svg=drawing.svg.replace("0 0 40 20", "0 0 1200 400"))
    text = html(desk, pictures=(wide, drawing))

    assert text.count('<figure class="picture layers turned">') == 1
    assert '<section class="chapter pictures turned-first">' in text
    assert '<li><a href="#picture-2">Layers</a></li>' in text
    assert '<li><a href="#picture-1">' not in text
