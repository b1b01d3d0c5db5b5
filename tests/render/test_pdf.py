"""The PDF report: tagged, with bookmarks, the same bytes twice, nothing fetched, nothing cut off."""

from __future__ import annotations

import os
import re
import zlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import weasyprint
from weasyprint.formatting_structure import boxes

from threatmodel import analyze, load
from threatmodel.render.html import html
from threatmodel.render.pdf import pdf, pdf_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.render.diagram import Picture

EDGE = 18 * 96 / 25.4  # the margin at the left and right, in CSS pixels


def texts(box: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[Any, tuple[str, ...]]]:  # noqa: ANN401
    """Yield every box of text of the main flow of a page, with the elements around it."""
    if isinstance(box, boxes.MarginBox):
        return
    if isinstance(box, boxes.TextBox):
        yield box, above
    for child in getattr(box, "children", ()):
        yield from texts(child, (*above, str(child.element_tag)))


def unpacked(made: bytes) -> Iterator[bytes]:
    """Yield the streams of a PDF, those that are compressed unpacked."""
    for part in re.findall(rb"stream\n(.*?)\nendstream", made, re.DOTALL):
        try:
            yield zlib.decompress(part)
        except zlib.error:
            yield part


@pytest.fixture
def laid_out(framed: Callable[..., Analysis], drawing: Picture) -> Callable[..., Any]:
    """Return a function that lays a description out on pages."""

    def lay_out(path: str | Path = "system.yaml", profile: Any = "review") -> Any:  # noqa: ANN401
        return weasyprint.HTML(string=html(framed(path), profile=profile, pictures=(drawing,))).render()

    return lay_out


def test_the_same_day_gives_the_same_bytes(desk: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    first = pdf(desk, profile="executive")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    second = pdf(desk, profile="executive")

    assert first == second
    assert os.environ["SOURCE_DATE_EPOCH"] == "1"


def test_it_is_tagged_and_says_so(desk: Analysis) -> None:
    made = pdf(desk, profile="executive")
    text = b"".join(unpacked(made))

    assert made.startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in text
    assert b"/MarkInfo" in text
    assert b"pdfuaid" in text
    assert b"/Lang (en)" in text


def test_nothing_is_fetched(desk: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a file beside the report, and an address that is refused stops nothing."""
    secret = tmp_path / "secret.css"
    secret.write_text("p { display: none }", encoding="utf-8")
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *_: pytest.fail("something is opened"))
    plain = '<html lang="en"><title>x</title><p>text</p></html>'
    links = f'<link rel="stylesheet" href="{secret.as_uri()}"><link rel="stylesheet" href="https://example.org/a.css">'

    assert pdf_of(plain, desk.today) == pdf_of(plain.replace("<p>", f"{links}<p>"), desk.today)


def test_bookmarks_are_the_sections_and_the_findings(laid_out: Callable[..., Any]) -> None:
    tree = laid_out().make_bookmark_tree()
    titles = [label for label, *_ in tree]
    findings = next(children for label, _, children, _ in tree if label.endswith("Findings"))

    assert titles[:3] == ["Contents", "1 What can it do right now", "2 What can make it do the wrong thing"]
    assert [label for label, *_ in findings] == ["Open", "Cannot tell", "Settled"]
    assert all(children for label, _, children, _ in findings if label != "Settled")


def test_contents_name_the_pages(laid_out: Callable[..., Any]) -> None:
    document = laid_out()
    pages = {label.split(" ", 1)[-1]: target[0] + 1 for label, target, *_ in document.make_bookmark_tree()}
    contents = "".join(box.text for box, _ in texts(document.pages[1]._page_box))

    for title in ("Findings", "Controls", "Threats assessed"):
        after = contents.split(title, 1)[1].lstrip(". ")
        assert after.startswith(str(pages[title]))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hostile", "many"])
def test_nothing_is_cut_off_and_no_heading_stands_alone(
    name: str, laid_out: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    document = laid_out(request.getfixturevalue(name))

    assert len(document.pages) > 10
    for page in document.pages:
        found = [(box, above) for box, above in texts(page._page_box) if box.text.strip()]
        wide = [
            box.text
            for box, _ in found
            if box.position_x < EDGE - 1 or box.position_x + box.width > page.width - EDGE + 1
        ]

        assert found
        assert wide == []
        assert not {"h1", "h2", "h3", "h4", "thead"} & set(found[-1][1])


def test_the_first_page_after_the_contents_answers_on_one_page(laid_out: Callable[..., Any], many: Path) -> None:
    document = laid_out(many)
    starts = {label.split(" ", 1)[-1]: target[0] for label, target, *_ in document.make_bookmark_tree()}
    after = starts["What can it do right now"] + 1

    assert any("can do right now" in box.text for box, above in texts(document.pages[after]._page_box) if "h3" in above)


SAMPLES = sorted((Path(__file__).resolve().parents[2] / "samples").glob("*/system.yaml"))


def pages_of(path: Path, profile: Any) -> list[str]:  # noqa: ANN401
    """Return the text of each page of the report of a sample."""
    analysis = analyze(load(path), today=date(2026, 11, 25))
    document = weasyprint.HTML(string=html(analysis, profile=profile)).render()
    return [" ".join(box.text for box, _ in texts(page._page_box)) for page in document.pages]


@pytest.mark.slow
@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.parent.name)
def test_a_summary_is_three_pages_and_begins_with_the_worst(path: Path) -> None:
    """A reader of page one knows the verdict, the four counts, and where to look first."""
    pages = pages_of(path, "executive")

    assert len(pages) <= 3
    for said in ("can be influenced", "proven controls", "Attack paths", "Mishaps"):
        assert said in pages[0]
    assert 1 == sum(said in pages[0] for said in ("Look here first", "Ask first", "Nothing is open or undecided"))


@pytest.mark.slow
def test_a_review_is_read_before_the_meeting() -> None:
    """The review edition keeps long texts of rules, and rules that found nothing, for the audit edition."""
    path = next(path for path in SAMPLES if path.parent.name == "support-desk")
    pages = pages_of(path, "review")

    assert len(pages) <= 20
    assert all("rules that stayed silent" not in page.lower() for page in pages)
    assert pages[0].count("Fix.") == 3
