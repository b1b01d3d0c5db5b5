"""Analysis → JSON, version 1 (DESIGN §5): `threatmodel/schemas/analysis-1.schema.json` describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from threatmodel.analysis.coverage import Covered, Proof
from threatmodel.analysis.finding import FindingState
from threatmodel.analysis.weight import Weights
from threatmodel.export.relation_rows import (
    Lines,
    capability_row,
    credential_row,
    facts,
    influence_row,
    invariant_row,
    mishap_row,
    most_facts,
    path_lines,
)
from threatmodel.render.path_view import FATES, by_state
from threatmodel.render.view import overview
from threatmodel.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.coverage import Coverage
    from threatmodel.analysis.engine import RuleResult
    from threatmodel.analysis.finding import Finding
    from threatmodel.analysis.posture import Posture
    from threatmodel.load.document import Entry
    from threatmodel.span import Span

FORMAT: Final = "threatmodel/analysis-1"


def analysis_json(analysis: Analysis) -> str:
    """
    Return an analysis as JSON text that ends with a newline.

    Keys stand in the order of `_data`, lists in that of the analysis: the same input gives the same bytes. Each
    finding, question and so on has a line of its own, so that a diff of two analyses shows what changed.
    """
    parts = (f'"{key}": {_lines(value)}' for key, value in _data(analysis).items())
    return "{" + ",\n ".join(parts) + "}\n"


def _lines(value: object) -> str:
    if isinstance(value, Lines) and value:
        return "[\n  " + ",\n  ".join(value) + "\n ]"
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join(map(_compact, value)) + "\n ]"
    if isinstance(value, dict) and value:
        return "{\n  " + ",\n  ".join(f"{_compact(key)}: {_compact(item)}" for key, item in value.items()) + "\n }"
    return _compact(value)


_compact: Final = json.JSONEncoder(ensure_ascii=False).encode


def _data(analysis: Analysis) -> dict[str, Any]:
    """Return an analysis as data (the longest lists as JSON already); `summary` says where there is more."""
    graph, derived = analysis.model.graph, analysis.derived
    weights = Weights(graph)
    most = most_facts(derived.paths.listed, derived.influences, derived.capabilities, analysis.findings)
    return {
        "format": FORMAT,
        "system": graph.system.word("name"),
        "file": graph.document.file,
        "date": analysis.today.isoformat(),
        "version": VERSION,
        "findings": _finding_lines(analysis.findings, most),
        "capabilities": [capability_row(one, most) for one in derived.capabilities],
        "influence": [influence_row(one, most) for one in derived.influences],
        "paths": path_lines(derived.paths.listed, weights, most),
        "mishaps": [mishap_row(one, weights, most) for one in derived.mishaps],
        "invariants": [invariant_row(one, most) for one in derived.invariants],
        "credentials": [credential_row(one, most) for one in derived.credentials],
        "workload": {
            agent: {"computed": both.computed, "declared": both.declared, "missing": list(both.missing)}
            for agent, both in analysis.workloads.items()
        },
        "layers": {element: list(placement.layers) for element, placement in analysis.placements.items()},
        "questions": [
            {"fact": one.fact, "ask": one.ask, "unlocks": one.unlocks, "ways": one.ways, "paste": one.paste}
            for one in analysis.questions
        ],
        "coverage": _coverage(analysis.coverage),
        "rules": [_rule(result) for result in analysis.results],
        "unmatched_treatments": [_unmatched(entry) for entry in analysis.unmatched],
        "summary": _summary(analysis),
    }


def _finding_lines(findings: Iterable[Finding], most: int | None) -> Lines:
    """Return findings as JSON; what all findings of a rule say is turned into text once."""
    of_rule: dict[str, str] = {}
    lines = Lines()
    for finding in findings:
        if finding.rule not in of_rule:
            of_rule[finding.rule] = _compact(_of_rule(finding))[1:]
        lines.append(f"{_compact(_finding(finding, most))[:-1]}, {of_rule[finding.rule]}")
    return lines


def _finding(finding: Finding, most: int | None) -> dict[str, Any]:
    return {
        "id": finding.id,
        "rule": finding.rule,
        "message": finding.message,
        "severity": finding.severity.word,
        "state": finding.state.value,
        "subject": finding.subject,
        "elements": list(finding.elements),
        "layers": list(finding.layers),
        "group": finding.group,
        "mitigated_by": list(finding.mitigated_by),
        "claimed_by": list(finding.claimed_by),
        "treatment": finding.treatment or None,
        "path": list(finding.path),
        "carries": finding.carries,
        **facts(finding.missing, most),
        "evidence": [{"fact": one.fact, **_start(one.span)} for one in finding.evidence],
        "place": {**_start(finding.span), "end_line": finding.span.end_line, "end_column": finding.span.end_column},
        "steps": [{"change": step.change, "reason": step.reason} for step in finding.steps],
    }


def _of_rule(finding: Finding) -> dict[str, Any]:
    return {
        "title": finding.title,
        "references": {framework: list(entries) for framework, entries in finding.references},
        "compliance": _compliance(finding),
        "controls": list(finding.controls),
        "why": finding.why,
        "fix": finding.fix,
    }


def _compliance(finding: Finding) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for one in finding.compliance:
        entry = {"id": one.id, "through": one.through, "mapping": one.mapping}
        found.setdefault(one.framework, []).append(entry)
    return found


def _start(span: Span) -> dict[str, Any]:
    return {"file": span.file, "line": span.line, "column": span.column}


def _coverage(entries: tuple[Coverage, ...]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in entries:
        found.setdefault(one.framework, {})[one.id] = {
            "state": one.state.value,
            "why": one.why,
            "proof": None if one.proof is None else one.proof.value,
            "rules": list(one.rules),
            "open": one.open,
            "unknown": one.unknown,
        }
    return found


def _rule(result: RuleResult) -> dict[str, Any]:
    return {
        "id": result.rule.id,
        "looked_at": result.looked_at,
        "clear": result.clear,
        "findings": len(result.findings),
        "silence": result.silence or None,
    }


def _unmatched(entry: Entry) -> dict[str, Any]:
    return {"finding": entry.id, "decision": entry.body.get("decision"), **_start(entry.span)}


def _summary(analysis: Analysis) -> dict[str, Any]:
    seen, derived = overview(analysis), analysis.derived
    coverage: Mapping[str, Any] = _coverage(analysis.coverage)
    return {
        "findings": len(analysis.findings),
        "by_state": {state.value: seen.by_state[state.value] for state in FindingState},
        "open_by_severity": dict(seen.open_by_severity),
        "unknown_by_severity": dict(seen.unknown_by_severity),
        "groups": {"open": len(seen.open), "unknown": len(seen.unknown), "settled": len(seen.settled)},
        "missing_facts": seen.missing_facts,
        "rules": len(analysis.results),
        "silent_rules": sum(1 for result in analysis.results if not result.findings),
        "elements": len(analysis.model.graph.elements),
        "agents": _posture(analysis.posture),
        "paths": dict(derived.paths.by_state),
        "capabilities": derived.capability_count,
        "followed_delegations": derived.deepest,
        "mishaps": by_state([one.state for one in derived.mishaps]),
        "invariants": by_state([one.state for one in derived.invariants], FATES),
        "covered": {name: _by_state(entries) for name, entries in coverage.items()},
    }


def _posture(found: Posture) -> dict[str, int]:
    return {
        "all": found.agents, "can_act": found.act, "influenced": found.influenced,
        "perhaps_influenced": found.perhaps_influenced, "endangered": found.endangered,
        "proven_controls": found.proven, "unknown": found.unknown,
    }  # fmt: skip


def _by_state(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    states = [entry["state"] for entry in entries.values()]
    proofs = [entry["proof"] for entry in entries.values()]
    found: dict[str, Any] = {state.value: states.count(state.value) for state in Covered}
    return {**found, "mitigated_by": {proof.value: proofs.count(proof.value) for proof in Proof}}
