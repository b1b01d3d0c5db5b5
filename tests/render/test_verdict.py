"""The sentence that every view begins with: it names what is open, and counts each thing as what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from threatmodel import analyze, load
from threatmodel.analysis.finding import FindingState
from threatmodel.render.verdict import verdict_sentence

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
TODAY = date(2026, 11, 25)
WELL = "Nothing is open or undecided. That is as good as the facts stated and the rules asked."


def test_it_names_the_worst_and_counts_facts_as_facts() -> None:
    """Undecided findings and missing facts are two numbers."""
    analysis = analyze(load(SAMPLES / "support-desk" / "system.yaml"), today=TODAY)
    unknown = sum(one.state is FindingState.UNKNOWN for one in analysis.findings)
    sentence = verdict_sentence(analysis)

    assert "findings are open, the worst of them high" in sentence
    assert sentence.endswith(f"; {unknown} more cannot be decided. {len(analysis.questions)} facts are missing.")


def test_open_ways_are_never_called_nothing() -> None:
    """Without any finding, what outsiders can bring about is still open."""
    analysis = analyze(load(SAMPLES / "support-desk" / "system.yaml"), today=TODAY)
    live = sum(analysis.derived.paths.by_state.get(state, 0) for state in ("open", "claimed"))

    assert live
    assert f"No finding is open, but {live} attack paths are. {len(analysis.questions)} facts are missing." == (
        verdict_sentence(replace(analysis, findings=()))
    )


def test_undecided_ways_are_no_good_news() -> None:
    """What cannot be told is said, with what is missing."""
    analysis = analyze(load(SAMPLES / "postmark-mcp" / "system.yaml"), today=TODAY)
    paths = replace(analysis.derived.paths, by_state={"unknown": 1})
    doubtful = replace(analysis, findings=(), derived=replace(analysis.derived, paths=paths, mishaps=()))
    facts = len(analysis.questions)

    assert f"Nothing is known to be open; 1 attack path cannot be decided. {facts} facts are missing." == (
        verdict_sentence(doubtful)
    )


@pytest.mark.parametrize("name", ["echoleak-hardened", "hardened-desk"])
def test_a_hardened_system_is_praised_as_far_as_it_was_asked(name: str) -> None:
    """The best sentence still says what it rests on."""
    assert WELL == verdict_sentence(analyze(load(SAMPLES / name / "system.yaml"), today=TODAY))
