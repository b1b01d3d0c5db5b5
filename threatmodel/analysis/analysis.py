"""The one structure that every output is made from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from threatmodel.analysis.context import Context
from threatmodel.analysis.coverage import Coverage, coverage
from threatmodel.analysis.derived import Derived, derive
from threatmodel.analysis.engine import RuleResult, run_rules
from threatmodel.analysis.finding import OPEN_STATES, Finding, FindingState
from threatmodel.analysis.holding import proven
from threatmodel.analysis.known import Subjects
from threatmodel.analysis.posture import Posture, posture
from threatmodel.analysis.questions import Question, questions
from threatmodel.analysis.treatment import treat
from threatmodel.analysis.workload import Workload, workload
from threatmodel.model.layers import Placement, place_all

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from threatmodel.analysis.severity import Severity
    from threatmodel.catalog.reader import Catalog
    from threatmodel.load.document import Entry
    from threatmodel.model.graph import ModelGraph


@dataclass(frozen=True, slots=True)
class Model:
    """A description that loaded, with the catalog it was read against."""

    graph: ModelGraph
    catalog: Catalog


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that was found on one day."""

    model: Model
    today: date
    findings: tuple[Finding, ...]
    """Most severe first, then by id (DESIGN §5)."""
    results: tuple[RuleResult, ...]
    """What each rule did, in the order of their ids; its findings are before treatments."""
    placements: Mapping[str, Placement]
    workloads: Mapping[str, Workload]
    derived: Derived
    """Capabilities, influence, attack paths, mishaps, invariants and credential reach."""
    posture: Posture
    questions: tuple[Question, ...]
    coverage: tuple[Coverage, ...]
    unmatched: tuple[Entry, ...]
    """Treatments that name no finding."""

    def open_at(self, least: Severity) -> tuple[Finding, ...]:
        """Return open findings of at least that severity."""
        return tuple(one for one in self.findings if one.state in OPEN_STATES and one.severity >= least)

    def unknown_at(self, least: Severity) -> tuple[Finding, ...]:
        """Return findings in state unknown of at least that severity."""
        return tuple(one for one in self.findings if one.state is FindingState.UNKNOWN and one.severity >= least)


def analyze_model(model: Model, today: date) -> Analysis:
    """
    Derive every relation and run every stable rule.

    Args:
        model: It is not changed.
        today: Decides what has expired.

    Raises:
        RuleError: a rule could not be evaluated.
    """
    graph, catalog = model.graph, model.catalog
    placements = place_all(graph, catalog.controls)
    context = Context(graph, catalog, placements, today)
    derived = derive(context)
    context = replace(context, known=Subjects(graph, derived))
    results = run_rules(context, [rule for rule in catalog.rules.values() if rule.status == "stable"])
    found = sorted((finding for result in results for finding in result.findings), key=order)
    treated = treat(tuple(found), graph.document.treatments, today)
    workloads = {agent.id: workload(agent) for agent in graph.agents}
    asked = questions(graph, derived, treated.findings, workloads)
    findings = by_fact(treated.findings, asked)
    results = _after_treatment(results, findings)
    return Analysis(
        model=model,
        today=today,
        findings=findings,
        results=results,
        placements=placements,
        workloads=workloads,
        derived=derived,
        posture=posture(graph, derived, today),
        questions=asked,
        coverage=coverage(
            catalog.frameworks, results,
            proven=frozenset(control.id for control in graph.controls if proven(control, today)),
            layers=frozenset(layer for placement in placements.values() for layer in placement.layers),
        ),
        unmatched=treated.unmatched,
    )


def order(finding: Finding) -> tuple[int, int, str]:
    """Most severe first, then by how many attack paths hang on it, then by id."""
    return (-int(finding.severity), -finding.carries, finding.id)


def by_fact(findings: tuple[Finding, ...], asked: tuple[Question, ...]) -> tuple[Finding, ...]:
    """Group what cannot be told by the missing fact that would settle most, whatever rule asks for it."""
    rank = {question.fact: position for position, question in enumerate(asked)}
    first: dict[tuple[str, ...], str] = {}

    def grouped(finding: Finding) -> Finding:
        if finding.state is not FindingState.UNKNOWN or not finding.missing:
            return finding
        if finding.missing not in first:
            first[finding.missing] = min(finding.missing, key=lambda fact: rank.get(fact, len(rank)))
        return replace(finding, group=f"unsaid@{first[finding.missing]}")

    return tuple(map(grouped, findings))


def _after_treatment(results: tuple[RuleResult, ...], findings: tuple[Finding, ...]) -> tuple[RuleResult, ...]:
    by_id = {finding.id: finding for finding in findings}
    return tuple(
        replace(result, findings=tuple(by_id[finding.id] for finding in result.findings)) for result in results
    )
