"""Totals agree wherever a reader meets them: the same sample gives the same numbers in every output."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from datetime import date
from functools import cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import weasyprint
from weasyprint.formatting_structure import boxes

from threatmodel import analyze, load, render_csv, render_json, render_text
from threatmodel.render.html import html
from threatmodel.render.markdown import markdown
from threatmodel.render.terminal_findings import summary_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from threatmodel.analysis.analysis import Analysis

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 25)
SAMPLES = sorted((ROOT / "samples").glob("*/system.yaml"))
OPEN: Final = ("open", "expired")
SETTLED: Final = ("mitigated", "accepted", "transferred", "avoided", "false_positive", "out_of_scope")
HARMS: Final = ("open", "claimed", "unknown", "broken")
DECIDED: Final = ("accepted", "transferred", "avoided", "false_positive")
CANNOT: Final = "Findings undecided"

every_sample = pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)


@cache
def analyzed(path: Path) -> Analysis:
    return analyze(load(path), today=TODAY)


@cache
def written(path: Path) -> dict[str, Any]:
    """Return the JSON, which every other output is held against."""
    read: dict[str, Any] = json.loads(render_json(analyzed(path)))
    return read


def states(path: Path) -> Mapping[str, int]:
    """Return how many findings the JSON has in each state, counted one by one."""
    return Counter(one["state"] for one in written(path)["findings"])


def together(found: Mapping[str, int], names: tuple[str, ...]) -> int:
    return sum(found.get(name, 0) for name in names)


def numbers(text: str, words: tuple[str, ...]) -> dict[str, int]:
    """Return the number before each of the words; none said is none there."""
    found = {word: re.search(rf"(\d+) (?:only )?{re.escape(word.replace('_', ' '))}\b", text) for word in words}
    return {word: int(hit[1]) for word, hit in found.items() if hit and hit[1] != "0"}


def some(counted: Mapping[str, int], words: tuple[str, ...]) -> dict[str, int]:
    """Return what is not zero."""
    return {word: counted[word] for word in words if counted.get(word)}


@cache
def page(path: Path, profile: str = "review") -> str:
    """Return the report as a browser gets it."""
    return html(analyzed(path), profile=profile, pictures=())  # type: ignore[arg-type]


def bare(markup: str) -> str:
    """Return the words of a piece of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def page_rows(path: Path, profile: str = "review") -> dict[str, tuple[int, str]]:
    """Return the rows of the counts on the first page: total, and what it is made of."""
    table = page(path, profile).partition('<table class="counts">')[2].partition("</table>")[0]
    cells = re.findall(
        r'<th scope="row">([^<]+)</th>\s*<td class="num">(\d+)</td>\s*<td[^>]*>(.*?)</td>', table, re.DOTALL
    )
    return {name: (int(total), bare(rest)) for name, total, rest in cells}


def markdown_rows(path: Path) -> dict[str, tuple[int, str]]:
    """Return the same rows of the Markdown."""
    table = markdown(analyzed(path)).partition("| State | Total |")[2].partition("\n\n")[0]
    return {
        name: (int(total), rest)
        for name, total, rest in re.findall(r"^\| ([^|]+) \| (\d+) \| ?(.*?) ?\|$", table, re.MULTILINE)
    }


def fourfold_of(path: Path) -> list[int]:
    """Return the numbers of the fourfold line, in its order, from the counts of the JSON. Its words may change."""
    agents = written(path)["summary"]["agents"]
    perhaps = [agents["perhaps_influenced"]] if agents["perhaps_influenced"] else []
    held = [agents["proven_controls"], agents["endangered"]] if agents["endangered"] else []
    return [agents["all"], agents["can_act"], agents["influenced"], *perhaps, *held, agents["unknown"]]


def counted(line: str) -> list[int]:
    """Return the numbers of a line."""
    return [int(number) for number in re.findall(r"\d+", line)]


@every_sample
def test_the_summary_of_the_json_counts_its_own_lists(path: Path) -> None:
    summary, found = written(path)["summary"], states(path)

    assert some(summary["by_state"], (*OPEN, "unknown", *SETTLED)) == dict(found)
    assert summary["findings"] == sum(found.values())
    assert some(summary["paths"], HARMS) == dict(Counter(one["state"] for one in written(path)["paths"]))
    assert some(summary["mishaps"], HARMS) == dict(Counter(one["state"] for one in written(path)["mishaps"]))
    assert summary["missing_facts"] == len(written(path)["questions"])
    for name, inside in (("open", OPEN), ("unknown", ("unknown",)), ("settled", SETTLED)):
        groups = {(one["group"], one["state"]) for one in written(path)["findings"] if one["state"] in inside}
        assert summary["groups"][name] == len(groups)


@every_sample
def test_the_text_says_what_the_json_says(path: Path) -> None:
    """Its head, its last line, and each group once."""
    text = render_text(analyzed(path), full=True, width=1000)
    lines, found = text.splitlines(), states(path)
    summary = written(path)["summary"]

    for line in (lines[1], summary_line(analyzed(path))):
        said = re.match(r"(\d+) open(?: \(([^)]*)\))?, (\d+) cannot tell, (\d+) settled", line)
        assert said is not None
        assert (int(said[1]), int(said[3]), int(said[4])) == (
            together(found, OPEN), found.get("unknown", 0), together(found, SETTLED),
        )  # fmt: skip
        grades = tuple(summary["open_by_severity"])
        assert numbers(said[2] or "", grades) == some(summary["open_by_severity"], grades)
    assert counted(lines[2]) == fourfold_of(path)
    paths, _, mishaps = lines[3].partition(" · ")
    assert numbers(paths, HARMS) == some(summary["paths"], HARMS)
    assert numbers(mishaps, HARMS) == some(summary["mishaps"], HARMS)
    heads = [line for line in lines if re.match(r" *\d+ (critical|high|medium|low|info) +\S", line)]
    first_unknown = lines.index("Cannot tell, since facts are missing") if found.get("unknown") else len(lines)
    assert len([line for line in heads if lines.index(line) < first_unknown]) == summary["groups"]["open"]
    settled = text.partition("\nSettled\n")[2].partition("\n\n")[0]
    assert numbers(settled, SETTLED) == some(found, SETTLED)


@every_sample
def test_the_sentence_is_the_same_everywhere(path: Path) -> None:
    """Text, page and Markdown begin with it, and its numbers are those of the JSON."""
    text = render_text(analyzed(path), full=True, width=1000).splitlines()[0].partition(": ")[2]
    on_page = re.search(r'<p class="sentence">(.*?)</p>', page(path), re.DOTALL)
    in_markdown = re.search(r"^\*\*(.*)\*\*$", markdown(analyzed(path)), re.MULTILINE)
    assert on_page is not None
    assert in_markdown is not None

    assert {bare(on_page[1]), in_markdown[1]} == {text}
    asked = re.search(r"(\d+) facts? (?:is|are) missing", text)
    assert (int(asked[1]) if asked else 0) == len(written(path)["questions"])


@every_sample
@pytest.mark.parametrize("form", ["page", "markdown"])
def test_the_table_of_the_report_says_what_the_json_says(path: Path, form: str) -> None:
    rows = page_rows(path) if form == "page" else markdown_rows(path)
    found, summary = states(path), written(path)["summary"]
    grades = tuple(summary["open_by_severity"])

    assert rows["Findings open"][0] == together(found, OPEN)
    assert rows[CANNOT][0] == found.get("unknown", 0)
    total, parts = rows["Findings settled"]
    assert total == together(found, SETTLED)
    assert sum(map(int, re.findall(r"(\d+) (?:mitigated )?by", parts))) == found.get("mitigated", 0)
    assert numbers(parts, (*DECIDED, "out_of_scope")) == some(found, (*DECIDED, "out_of_scope"))
    for name, counted, words in (
        ("Findings open", summary["open_by_severity"], grades),
        (CANNOT, summary["unknown_by_severity"], grades),
        ("Attack paths", summary["paths"], HARMS),
        ("Mishaps", summary["mishaps"], HARMS),
    ):
        total, parts = rows[name]
        assert total == together(counted, words)
        assert pairs(parts, words, form) == some(counted, words)


def pairs(text: str, words: tuple[str, ...], form: str) -> dict[str, int]:
    """Return the numbers of a cell: they stand before the words in Markdown, and behind them on a page."""
    text = text.replace("cannot tell", "unknown")
    if form == "markdown":
        return numbers(text, words)
    behind = {word: re.search(rf"\b{word} (\d+)", text) for word in words}
    return {word: int(hit[1]) for word, hit in behind.items() if hit and hit[1] != "0"}


@every_sample
def test_the_fourfold_line_is_the_same_everywhere(path: Path) -> None:
    agents = written(path)["summary"]["agents"]
    table = page(path).partition('<table class="fourfold">')[2].partition("</table>")[0]
    cells = [bare(cell) for cell in re.findall(r"<b>(.*?)</b>", table)]
    in_markdown = [line for line in markdown(analyzed(path)).splitlines() if line.startswith("Agents (")]
    held = f"{agents['proven_controls']} of {agents['endangered']}" if agents["endangered"] else "none needed"

    assert [counted(line) for line in in_markdown] == [fourfold_of(path)]
    assert [cell.partition(" (")[0] for cell in cells] == [
        str(agents["can_act"]), str(agents["influenced"]), held, str(agents["unknown"]),
    ]  # fmt: skip


@every_sample
def test_the_lists_of_the_report_are_as_long_as_their_totals(path: Path) -> None:
    """Open and unknown findings at a glance, settled ones by name, one entry for each question."""
    found, questions = states(path), len(written(path)["questions"])
    glance = page(path, "audit").partition('<table class="glance">')[2].partition("</table>")[0]
    counts = re.findall(r'<td class="num">(\d+)</td>', glance)
    settled = page(path).partition('<table class="settled">')[2].partition("</table>")[0]
    asked = markdown(analyzed(path)).partition("\n## What we do not know\n")[2].partition("\n## ")[0]
    more = re.search(r"(\d+) more facts?:", bare(page(path).rpartition('<div class="question">')[2]))

    assert sum(map(int, counts)) == together(found, (*OPEN, "unknown"))
    assert settled.count("<tr><td>") == together(found, SETTLED)
    assert page(path).count('<div class="question">') + (int(more[1]) if more else 0) == questions
    assert len(re.findall(r"^\d+\. ", asked, re.MULTILINE)) == page(path).count('<div class="question">')


@every_sample
def test_the_rows_of_the_csv_speak_of_the_same_findings(path: Path) -> None:
    rows = csv.DictReader(io.StringIO(render_csv(analyzed(path)), newline=""))
    named = {row["finding"]: row["state"] for row in rows if not row["coverage"]}

    assert Counter(named.values()) == states(path)


@every_sample
def test_the_pdf_prints_the_counts_of_the_page(path: Path) -> None:
    """It is made of the page; the executive edition is enough to see that no number is lost on paper."""
    pages = weasyprint.HTML(string=page(path, "executive")).render().pages
    printed = " ".join(" ".join(text for sheet in pages for text in words(sheet._page_box)).split())

    assert page_rows(path, "executive") == page_rows(path)
    for name, (total, parts) in page_rows(path).items():
        assert f"{name} {total} {parts}".strip() in printed


def words(box: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield what is printed, in order."""
    if isinstance(box, boxes.TextBox):
        yield box.text
    for child in getattr(box, "children", ()):
        yield from words(child)
