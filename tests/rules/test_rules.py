"""Every rule of the catalog, by its own cases: what it finds, on which line, and on what it stays silent."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from threatmodel import analyze, load, resources
from threatmodel.analysis.compiled import compile_rule
from threatmodel.analysis.conditions import paths_used
from threatmodel.analysis.relations import relation
from threatmodel.analysis.subjects import SUBJECTS
from threatmodel.catalog.reader import read_catalog
from threatmodel.load.document import SECTIONS
from threatmodel.model.facts import HOPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from threatmodel.catalog.rule import Rule

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TODAY = date(2026, 11, 25)
CATALOG = read_catalog([])
RULES = tuple(CATALOG.rules.values())
CASES = tuple(sorted(HERE.glob("*/*.yaml")))
REAL = (*sorted((ROOT / "samples").glob("*/system.yaml")), *sorted((ROOT / "templates/patterns").glob("*.yaml")))
EXPECT = re.compile(r"# expect(?:-(unknown|mitigated))?: ([a-z0-9-]+)")
NOT_IN_SAMPLES: set[str] = set()
"""Stable rules that no sample and no pattern shows yet: a new one may wait here until one does."""


def by_id(rule: Rule) -> str:
    return rule.id


def expected(text: str, rule: str) -> list[tuple[int, str]]:
    """Return what the marks name: line and state."""
    return sorted(
        (number, mark[1] or "open")
        for number, line in enumerate(text.splitlines(), start=1)
        for mark in EXPECT.finditer(line)
        if mark[2] == rule
    )


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
    wrong = [path for path, kinds in read_by(rule) if not all(leads(kind, path.split(".")) for kind in kinds)]

    assert wrong == []


def test_every_stable_rule_is_seen_in_a_sample() -> None:
    """A rule that nothing real sets off is a guess."""
    seen = {finding.rule for path in REAL for finding in analyze(load(path), today=TODAY).findings}

    assert {rule.id for rule in RULES if rule.status == "stable"} - seen == NOT_IN_SAMPLES


def test_the_hardened_sample_is_silent() -> None:
    """Where everything is said and done well, no rule has anything to say but what its controls break."""
    analysis = analyze(load(ROOT / "samples/hardened-desk/system.yaml"), today=TODAY)

    assert [one.id for one in analysis.findings if one.state.value != "mitigated"] == []


def read_by(rule: Rule) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each path that a rule reads, with the kinds of element it reads it of."""
    kinds = frozenset(rule.applies_to)
    yield from conditions(rule.when, kinds)
    if rule.broken_at is not None:
        yield from conditions({"some": rule.broken_at}, kinds)
    for path in filter(None, (rule.primary, *re.findall(r"\{([a-z_.]+)\}", rule.message + rule.unknown))):
        if path != "id" and not any(relation(path, kind) for kind in kinds):
            yield path, kinds


def conditions(condition: Mapping[str, Any], kinds: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the paths of a condition and those inside `where:`, which are read of what the relation finds."""
    for path in paths_used(condition):
        yield path, kinds
    for operator, operand in condition.items():
        if operator in {"some", "every"}:
            ways = [way for kind in kinds if (way := relation(operand["of"], kind))]
            yield from conditions(operand["where"], frozenset().union(*(way.finds for way in ways)))
        for part in operand if isinstance(operand, list) else [operand] if operator == "not" else []:
            if isinstance(part, dict):
                yield from conditions(part, kinds)


SCHEMA = json.loads(resources.schema_text("system-1"))["$defs"]
KIND_NAMES = {"person", "external", "service", "agent", "model", "tool", "skill", "action", "store", "data", "identity",
              "credential", "runtime", "control", "boundary", "flow", "delegation", "system"}  # fmt: skip


def leads(kind: str, path: list[str]) -> bool:
    """Return whether a path may exist on an element of that kind."""
    if kind in SUBJECTS:
        return path[0] in SUBJECTS[kind].fields and len(path) == 1
    assert kind in KIND_NAMES
    forms: list[dict[str, Any]] = [SCHEMA[kind]]
    for position, key in enumerate(path):
        forms = [
            inner
            for form in forms
            if key in form.get("properties", {})
            for inner in reached(form["properties"][key], key, last=position == len(path) - 1)
        ]
    return bool(forms)


def reached(node: dict[str, Any], key: str, *, last: bool) -> Iterator[dict[str, Any]]:
    """Yield the mappings that a key may hold or name; for the last key, whatever it holds."""
    if last:
        yield node
        return
    waiting = [node]
    while waiting:
        form = waiting.pop()
        if "properties" in form:
            yield form
        if "$ref" in form:
            waiting.append(SCHEMA[form["$ref"].rpartition("/")[2]])
        waiting += form.get("anyOf", ())
    yield from (SCHEMA[name] for name in HOPS.get(key, ()))


def test_the_check_of_paths_is_not_fooled() -> None:
    """It knows hops, inline mappings and its own limits."""
    assert leads("tool", ["credential", "scopes", "granted"])
    assert leads("agent", ["runtime", "sandbox"])
    assert leads("delegation", ["credential", "audience_bound"])
    assert not leads("tool", ["credential", "scope", "granted"])
    assert not leads("agent", ["stop", "untested"])
    assert set(SECTIONS.values()) <= KIND_NAMES | {"treatment"}
