"""The published answers to small descriptions, where they lie beside the checkout."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from threatmodel import analyze, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.analysis import Analysis

ANSWERS = Path(__file__).resolve().parents[3] / "shared" / "data" / "answers"
CASES = sorted(ANSWERS.glob("*/expected.yaml")) if ANSWERS.is_dir() else []
MEMBERS = {"gates", "broken_by", "claimed_by", "opens", "excess_scopes"}
AMONG = {"missing", "assets", "data"}


def analyzed(folder: Path) -> Analysis:
    """Return the analysis of a case."""
    return analyze(load(folder / "system.yaml"), today=date(2026, 11, 25))


def plain(value: object) -> object:
    """YAML 1.1 reads yes and no as truth values."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def fits(want: dict[str, Any], entry: object) -> bool:
    """Return whether an entry has every field that is asked for."""
    for key, value in want.items():
        got = getattr(entry, key)
        if key in MEMBERS:
            good = set(value) == set(got)
        elif key in AMONG:
            good = set(value) <= set(got or ())
        elif isinstance(value, list):
            good = value == list(got)
        else:
            good = plain(value) == plain(got)
        if not good:
            return False
    return True


@pytest.mark.skipif(not CASES, reason="the published answers are not beside this checkout")
@pytest.mark.parametrize("case", CASES or [None], ids=lambda p: p.parent.name if p else "none")
def test_a_published_answer_is_given(case: Path) -> None:
    """Capabilities, paths, mishaps, invariants and credentials hold what the case says, and nothing it excludes."""
    expected = yaml.safe_load(case.read_text(encoding="utf-8"))
    analysis = analyzed(case.parent)
    found = analysis.derived
    sections = {"paths": found.paths.listed, "mishaps": found.mishaps, "invariants": found.invariants}
    wrong: list[str] = []
    for agent, part in (expected.get("can") or {}).items():
        own = [one for one in found.capabilities if one.agent == agent]
        wrong += [f"{agent} can {item}" for item in part.get("includes", []) if not any(fits(item, one) for one in own)]
        wrong += [
            f"{agent} cannot {name}" for name in part.get("excludes", []) if any(one.action == name for one in own)
        ]
    for section, entries in sections.items():
        part = expected.get(section) or {}
        wrong += [
            f"{section} {item}" for item in part.get("includes", []) if not any(fits(item, one) for one in entries)
        ]
        wrong += [
            f"no {section} {item}" for item in part.get("excludes", []) if any(fits(item, one) for one in entries)
        ]
        if "count_open" in part and sum(one.state == "open" for one in found.paths.listed) != part["count_open"]:
            wrong.append(f"{part['count_open']} open paths")
    for name, fields in (expected.get("credentials") or {}).items():
        wrong += [f"credential {name}"] * (
            not any(one.credential == name and fits(fields, one) for one in found.credentials)
        )
    wrong += _influence(analysis, expected.get("influence") or {})
    asked, facts = expected.get("questions") or {}, [one.fact for one in analysis.questions]
    wrong += [f"question on {fact}" for fact in asked.get("includes", []) if fact not in facts]
    wrong += [f"no question on {fact}" for fact in asked.get("excludes", []) if fact in facts]
    wrong += ["the first question"] if "first" in asked and facts[:1] != [asked["first"]] else []

    assert wrong == []


def _influence(analysis: Analysis, expected: dict[str, Any]) -> Iterator[str]:
    """Yield what steers an agent otherwise than the case says."""
    for agent, part in expected.items():
        own = {one.certainty: one for one in analysis.derived.influences if one.agent == agent}
        most = "yes" if "yes" in own else "unknown" if own else "no"
        sources = {source for one in own.values() for source in one.by}
        if plain(part.get("certainty", most)) != most:
            yield f"{agent} is influenced: {most}"
        if not set(part.get("by", ())) <= sources or set(part.get("not_by", ())) & sources:
            yield f"{agent} is influenced by {sorted(sources)}"
        if "weakened" in part and part["weakened"] != (most in own and own[most].weakened):
            yield f"the influence on {agent} is weakened or not"
