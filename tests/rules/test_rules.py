"""Every rule of the catalog, by its own cases: what it finds, on which line, and on what it stays silent."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from threatmodel import analyze, load
from threatmodel.analysis.compiled import compile_rule
from threatmodel.analysis.rule_cases import Case
from threatmodel.analysis.rule_format import exists, paths_read
from threatmodel.catalog.reader import read_catalog

if TYPE_CHECKING:

    from threatmodel.catalog.rule import Rule

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TODAY = date(2026, 11, 25)
CATALOG = read_catalog([])
RULES = tuple(CATALOG.rules.values())
CASES = tuple(sorted(HERE.glob("*/*.yaml")))
REAL = (*sorted((ROOT / "samples").glob("*/system.yaml")), *sorted((ROOT / "templates/patterns").glob("*.yaml")))
NOT_IN_SAMPLES: set[str] = set()
"""Stable rules that no sample and no pattern shows yet: a new one may wait here until one does."""


def by_id(rule: Rule) -> str:
    return rule.id


def expected(text: str, rule: str) -> list[tuple[int, str]]:
    """Return what the marks name: line and state."""
    return [(hit.line, hit.state) for hit in Case("", text, "").marked(rule)]


def found(path: Path, rule: str) -> list[tuple[int, str]]:
    """Return line and state of the findings of one rule."""
    analysis = analyze(load(path), today=TODAY)
    return sorted((one.span.line, one.state.value) for one in analysis.findings if one.rule == rule)


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_findings_stand_on_the_marked_lines(case: Path) -> None:
    """A case's findings are those its marks name, no more and no fewer."""
    text = case.read_text(encoding="utf-8")

    assert expected(text, case.parent.name) == found(case, case.parent.name)


@pytest.mark.parametrize("rule", RULES, ids=by_id)
def test_a_rule_has_its_three_cases(rule: Rule) -> None:
    """One that fires, near misses on which it is silent, and one that says what it makes of facts nobody states."""
    cases = {name: (HERE / rule.id / f"{name}.yaml") for name in ("bad", "good", "unknown")}
    states = {name: {state for _, state in expected(path.read_text("utf-8"), rule.id)} for name, path in cases.items()}

    assert "open" in states["bad"]
    assert states["good"] == set()
    assert states["unknown"] <= {"unknown"}


def test_every_case_belongs_to_a_rule() -> None:
    assert {rule.id for rule in RULES} == {case.parent.name for case in CASES}


@pytest.mark.parametrize("rule", RULES, ids=by_id)
def test_the_examples_of_a_rule_are_true(rule: Rule, tmp_path: Path) -> None:
    """The bad one fires on its marked line and nowhere else, the good one does not fire."""
    path = tmp_path / "example.yaml"

    path.write_text(rule.bad, encoding="utf-8")
    marked = expected(rule.bad, rule.id)
    assert marked
    assert marked == found(path, rule.id)

    path.write_text(rule.good, encoding="utf-8")
    assert found(path, rule.id) == []


def test_ids_and_titles_are_unique() -> None:
    """Two rules are never taken for each other; a file is named after its rule."""
    titles = Counter(rule.title.lower() for rule in RULES)

    assert [title for title, count in titles.items() if count > 1] == []
    assert [rule.path for rule in RULES if Path(rule.path).stem != rule.id] == []


@pytest.mark.parametrize("rule", RULES, ids=by_id)
def test_what_a_rule_names_exists(rule: Rule) -> None:
    """Framework entries and controls resolve; it is mapped to the Agentic Top 10 and to the agentic threats."""
    missing = [name for name in rule.references if CATALOG.entry(name) is None]
    missing += [name for name in (*rule.controls, *rule.broken_by) if name not in CATALOG.controls]

    assert missing == []
    assert {"owasp-asi-2026", "owasp-agentic-threats"} <= {name.partition(":")[0] for name in rule.references}
    assert set(rule.broken_by) <= {*rule.controls}


@pytest.mark.parametrize("rule", RULES, ids=by_id)
def test_the_paths_of_a_rule_exist_in_the_format(rule: Rule) -> None:
    """A misspelt path would be unknown for ever: conditions, primary field and messages are held against the schema."""
    compile_rule(rule)
    wrong = [path for path, kinds in paths_read(rule) if not all(exists(kind, path) for kind in kinds)]

    assert wrong == []


def test_every_stable_rule_is_seen_in_a_sample() -> None:
    """A rule that nothing real sets off is a guess."""
    seen = {finding.rule for path in REAL for finding in analyze(load(path), today=TODAY).findings}

    assert {rule.id for rule in RULES if rule.status == "stable"} - seen == NOT_IN_SAMPLES


def test_the_hardened_sample_is_silent() -> None:
    """Where everything is said and done well, no rule has anything to say but what its controls break."""
    analysis = analyze(load(ROOT / "samples/hardened-desk/system.yaml"), today=TODAY)

    assert [one.id for one in analysis.findings if one.state.value != "mitigated"] == []


def test_the_check_of_paths_is_not_fooled() -> None:
    """It knows hops, inline mappings and its own limits."""
    assert exists("tool", "credential.scopes.granted")
    assert exists("agent", "runtime.sandbox")
    assert exists("delegation", "credential.audience_bound")
    assert not exists("tool", "credential.scope.granted")
    assert not exists("agent", "stop.untested")


def test_every_threat_is_looked_for_by_enough_rules() -> None:
    """No entry of the Agentic Top 10 and no layer has fewer than three rules, no agentic threat none."""
    found = Counter(name for rule in RULES for name in set(rule.references))
    layers = Counter(
        entry.parent
        for rule in RULES
        for entry in {CATALOG.entry(name) for name in rule.references if name.startswith("maestro:")}
        if entry is not None and entry.parent is not None
    )
    top, threats = CATALOG.frameworks["owasp-asi-2026"], CATALOG.frameworks["owasp-agentic-threats"]

    assert len(RULES) >= 60
    assert {one.id: found[one.reference] for one in top.entries if found[one.reference] < 3 and one.goes_wrong} == {}
    assert [one.id for one in threats.entries if one.goes_wrong and not found[one.reference]] == []
    assert {f"L{number}": layers[f"L{number}"] for number in range(1, 8) if layers[f"L{number}"] < 3} == {}
