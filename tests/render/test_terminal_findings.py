"""What `analyze` shows: a person can act on it, on one screen, whatever the names are."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from threatmodel import analyze, load
from threatmodel.load.source import parse
from threatmodel.render.terminal_findings import findings_text, summary_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Analysis

SAMPLES = Path(__file__).parents[2] / "samples"
SNAPSHOTS = Path(__file__).parent / "findings"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(
    ("name", "settings"),
    [("usual", {}), ("full", {"full": True}), ("narrow", {"width": 60})],
)
def test_the_text_is_what_it_was(
    name: str, settings: dict[str, object], desk: Analysis, request: pytest.FixtureRequest
) -> None:
    """A difference is read like code; `pytest tests/load tests/render --update-snapshots` writes what is shown now."""
    shown = findings_text(desk, **settings)  # type: ignore[arg-type]
    snapshot = SNAPSHOTS / f"{name}.txt"
    if request.config.getoption("--update-snapshots", default=False):
        snapshot.write_text(shown, encoding="utf-8")

    assert snapshot.read_text(encoding="utf-8") == shown


def test_what_is_settled_is_told_by_its_subject_where_the_id_holds_a_hash() -> None:
    """Nobody reads `contributor+3-more-599d5f28`; the rule and the way it ends say which finding it is."""
    analysis = analyze(load(SAMPLES / "open-project" / "system.yaml"), today=date(2026, 11, 25))

    text = " ".join(findings_text(analysis).split())

    assert "cross-session-poisoning of fixer>forge.push_fix:persistence" in text
    assert not re.search(r"-more-[0-9a-f]{8}", text.partition("Settled")[2])


def test_colour_changes_nothing_but_colour(desk: Analysis) -> None:
    plain, colored = findings_text(desk), findings_text(desk, color=True)

    assert plain == ESCAPE.sub("", colored)
    assert plain != colored


def test_no_line_is_wider_than_the_terminal(desk: Analysis) -> None:
    for width in (60, 80, 100, 120):
        widest = max(map(len, findings_text(desk, width=width, full=True).split("\n")))

        assert width >= widest


def test_every_finding_is_named_or_counted(desk: Analysis) -> None:
    text = findings_text(desk, full=True)
    groups = {finding.group for finding in desk.findings if finding.state.value in {"open", "expired"}}

    assert set() == {group for group in groups if group not in text}
    assert "4 open (3 high, 1 medium), 4 cannot tell, 4 settled" in text
    assert f"Next: threatmodel explain {desk.model.graph.document.file} 1" in text
    assert summary_line(desk).startswith("4 open (3 high, 1 medium), 4 cannot tell, 4 settled")


def test_an_empty_description_is_not_called_safe(judged: Callable[..., Analysis], tmp_path: Path) -> None:
    (tmp_path / "system.yaml").write_text("threatmodel: 1\n", encoding="utf-8")

    text = findings_text(judged(tmp_path / "system.yaml"))

    assert "nothing was assessed" in text


def test_lines_to_paste_settle_what_they_ask(judged: Callable[..., Analysis], tmp_path: Path) -> None:
    """Each line goes where the text says, with an answer in place of `unknown`, and its question is gone."""
    source = Path(__file__).parents[1] / "desk" / "system.yaml"
    analysis = judged()
    asked = {question.fact for question in analysis.questions}
    block = re.search(r"goes below line (\d+)(?:, one of ([^\n]*))?\n((?:(?!#)[^\n]+\n?)+)", findings_text(analysis))
    assert block is not None
    lines = source.read_text(encoding="utf-8").split("\n")
    answer = (block[2] or "said").split(" | ")[0]
    lines[int(block[1]) : int(block[1])] = block[3].rstrip("\n").replace("unknown", answer).split("\n")
    changed = tmp_path / "system.yaml"
    changed.write_text("\n".join(lines), encoding="utf-8")

    assert asked - {question.fact for question in judged(changed).questions}


def test_hostile_names_cannot_steer_the_terminal(judged: Callable[..., Analysis], tmp_path: Path) -> None:
    changed = tmp_path / "system.yaml"
    changed.write_text(
        'threatmodel: 1\nsystem: {name: "x\\e[2J\\u202ey", owner: a}\n'
        "treatments: [{finding: a@b, decision: avoid, owner: a, reason: r}]\n",
        encoding="utf-8",
    )

    text = findings_text(judged(changed), full=True)

    assert not [character for character in text if not character.isprintable() and character != "\n"]


def test_the_pasted_lines_are_yaml(desk: Analysis) -> None:
    for question in desk.questions:
        parse(question.paste, "paste.yaml")
