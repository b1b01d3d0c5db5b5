"""What was really assessed: each threat and layer of a framework in one of five states (DESIGN §1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from threatmodel.analysis.finding import OPEN_STATES, FindingState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from threatmodel.analysis.engine import RuleResult
    from threatmodel.catalog.framework import Entry, Framework


class Covered(Enum):
    """How an entry ends."""

    OPEN = "open"
    CANNOT_TELL = "cannot_tell"
    MITIGATED = "mitigated"
    """No finding is open: a control holds, or facts that the owner stated rule it out. `how` tells which."""
    NOT_APPLICABLE = "not_applicable"
    NO_RULE = "no_rule"


@dataclass(frozen=True, slots=True)
class Coverage:
    """One entry of a framework."""

    framework: str
    id: str
    state: Covered
    why: str
    rules: tuple[str, ...]
    """Rules that look for it."""
    open: int
    unknown: int


def coverage(frameworks: Mapping[str, Framework], results: Iterable[RuleResult]) -> tuple[Coverage, ...]:
    """Return the state of every entry that a rule may name, framework by framework, in the order of the publication."""
    by_entry: dict[str, list[RuleResult]] = {}
    for result in results:
        for reference in result.rule.references:
            by_entry.setdefault(reference, []).append(result)
    return tuple(
        _state(entry, by_entry.get(entry.reference, []))
        for framework in frameworks.values() for entry in framework.entries
        if entry.goes_wrong
    )  # fmt: skip


def _state(entry: Entry, results: list[RuleResult]) -> Coverage:
    findings = [finding for result in results for finding in result.findings]
    opened = [finding for finding in findings if finding.state in OPEN_STATES]
    unknown = [finding for finding in findings if finding.state is FindingState.UNKNOWN]
    settled = [finding for finding in findings if finding.state not in OPEN_STATES | {FindingState.UNKNOWN}]
    looked_at = sum(result.looked_at for result in results)
    unasked = sum(result.unasked for result in results)
    if not results:
        state, why = Covered.NO_RULE, "no rule looks for it yet"
    elif opened:
        state, why = Covered.OPEN, f"{len(opened)} open"
    elif unknown:
        facts = dict.fromkeys(fact for finding in unknown for fact in finding.missing)
        many = "fact is" if len(facts) == 1 else "facts are"
        state, why = Covered.CANNOT_TELL, f"{len(facts)} {many} missing, such as {next(iter(facts), 'none')}"
    elif not looked_at:
        kinds = sorted({kind for result in results for kind in result.rule.applies_to})
        state, why = Covered.NOT_APPLICABLE, f"the description has no {' and no '.join(kinds)}"
    elif settled:
        counted: dict[str, int] = {}
        for finding in settled:
            counted[finding.state.value] = counted.get(finding.state.value, 0) + 1
        state, why = (
            Covered.MITIGATED,
            ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in sorted(counted.items())),
        )
    elif unasked == looked_at:
        state, why = Covered.CANNOT_TELL, "too little is stated to ask"
    else:
        state = Covered.MITIGATED
        why = f"{_rules(results)} looked; ruled out by what the owner stated, which is no proof"
        if unasked:
            why += f" (on {unasked} of {looked_at} elements too little is stated to ask)"
    return Coverage(
        entry.framework, entry.id, state, why, tuple(result.rule.id for result in results), len(opened), len(unknown)
    )


def _rules(results: list[RuleResult]) -> str:
    return "1 rule" if len(results) == 1 else f"{len(results)} rules"
