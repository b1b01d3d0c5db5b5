"""Graph and catalog → findings. A rule that cannot be evaluated is an error, never silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatmodel.analysis.compiled import CompiledRule, compile_rule
from threatmodel.analysis.judge import Judge
from threatmodel.analysis.mitigation import Mitigation
from threatmodel.analysis.subjects import SUBJECTS
from threatmodel.analysis.truth import Truth
from threatmodel.analysis.weight import Weights
from threatmodel.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.analysis.context import Context
    from threatmodel.analysis.finding import Finding
    from threatmodel.analysis.truth import Truth
    from threatmodel.catalog.rule import Rule
    from threatmodel.model.elements import Element


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule did: a silent rule is a result too."""

    rule: Rule
    looked_at: int
    """Elements it was asked about; of a rule about something derived, the agents it could be derived of."""
    clear: int
    """Those on which its condition is false."""
    findings: tuple[Finding, ...]
    unasked: int = 0
    """Those of `clear` on which it is false only because too little is stated to ask."""

    @property
    def silence(self) -> str:
        """Why it has no finding; empty where it has one."""
        if self.findings:
            return ""
        kinds = " or ".join(dict.fromkeys("agent" if kind in SUBJECTS else kind for kind in self.rule.applies_to))
        if not self.looked_at:
            return f"the description has no {kinds}"
        if self.unasked == self.looked_at:
            return f"too little is stated to ask it ({kinds})"
        ruled_out = f"stated facts rule it out on {self.looked_at - self.unasked} of {self.looked_at} ({kinds})"
        return f"{ruled_out}; on the rest too little is stated to ask" if self.unasked else ruled_out


def run_rules(context: Context, rules: Iterable[Rule]) -> tuple[RuleResult, ...]:
    """
    Ask every rule about everything it applies to.

    Args:
        context: The system, with what was derived.
        rules: Those to ask.

    Returns:
        One result per rule, in the order given; findings in the order of the description.

    Raises:
        RuleError: a rule failed.
    """
    mitigation = Mitigation.of(context, context.subjects.derived.controls)
    judge = Judge(context, mitigation, Weights(context.graph))
    return tuple(_result(judge, compile_rule(rule)) for rule in rules)


def _result(judge: Judge, compiled: CompiledRule) -> RuleResult:
    findings: list[Finding] = []
    looked_at = clear = unasked = 0
    for kind in compiled.rule.applies_to:
        if kind in SUBJECTS:
            found, doubtful = _derived(judge, compiled, kind)
            looked_at += len(judge.context.graph.agents)
            clear += len(judge.context.graph.agents) - len({one.elements[0] for one in found})
            unasked += doubtful
            findings += found
            continue
        for element in judge.context.graph.of_kind(kind):
            looked_at += 1
            truth = _asked(compiled, judge.context, element)
            if truth.value is False:
                clear += 1
                unasked += bool(truth.missing)
            else:
                findings.append(_found(judge, compiled, element, truth))
    return RuleResult(compiled.rule, looked_at, clear, tuple(findings), unasked)


def _derived(judge: Judge, compiled: CompiledRule, kind: str) -> tuple[list[Finding], int]:
    """Return what a rule finds among what was derived, and of how many other agents too little is stated to ask."""
    subjects = judge.context.subjects
    findings = []
    for subject in subjects.having(kind, compiled.narrow):
        truth = _asked(compiled, judge.context, subject)
        if truth.value is not False:
            findings.append(_found(judge, compiled, subject, truth))
    hit = {one.elements[0] for one in findings}
    return findings, sum(1 for agent in subjects.undescribed if agent not in hit)


def _asked(compiled: CompiledRule, context: Context, subject: Element) -> Truth:
    try:
        return compiled.test(context, subject)
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise RuleError(compiled.rule.id, subject.id, f"{type(error).__name__}: {error}") from error


def _found(judge: Judge, compiled: CompiledRule, subject: Element, truth: Truth) -> Finding:
    try:
        return judge.finding(compiled, subject, truth)
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise RuleError(compiled.rule.id, subject.id, f"{type(error).__name__}: {error}") from error
