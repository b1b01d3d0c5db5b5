"""What was really assessed: each threat of a framework in one of five states (DESIGN §1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from threatmodel.analysis.finding import OPEN_STATES, FindingState
from threatmodel.analysis.subjects import SUBJECTS
from threatmodel.catalog.framework import EntryKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.analysis.engine import RuleResult
    from threatmodel.analysis.finding import Finding
    from threatmodel.catalog.framework import Entry, Framework


class Covered(Enum):
    """How an entry ends."""

    OPEN = "open"
    CANNOT_TELL = "cannot_tell"
    MITIGATED = "mitigated"
    """No finding is open; `Proof` tells by what."""
    NOT_APPLICABLE = "not_applicable"
    NO_RULE = "no_rule"


class Proof(Enum):
    """By what an entry is mitigated; the weakest counts, and the kinds are never added up."""

    PROVEN = "proven"
    """Every finding is broken by a control that was tested, with evidence in force."""
    CONFIGURED = "configured"
    """Controls hold, and not all of them are proven."""
    DECIDED = "decided"
    """Somebody accepted, transferred or set aside what was found."""
    STATED = "stated"
    """Rules looked and found nothing: what the owner stated rules it out, which is no proof."""


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
    proof: Proof | None = None
    """Of a mitigated entry."""


@dataclass(frozen=True, slots=True)
class Assessor:
    """Says how entries end."""

    results: Mapping[str, list[RuleResult]]
    """Entry → what the rules that name it did."""
    proven: frozenset[str]
    """Controls that were tested, with evidence in force."""
    layers: frozenset[str]
    """Layers that an element of the system lies in."""

    def entry(self, entry: Entry, framework: Framework) -> Coverage:
        """Return how one entry ends."""
        results = self.results.get(entry.reference, [])
        findings = [finding for result in results for finding in result.findings]
        opened = sum(finding.state in OPEN_STATES for finding in findings)
        unknown = [finding for finding in findings if finding.state is FindingState.UNKNOWN]
        state, why, proof = self.end(entry, framework, results, findings)
        rules = tuple(result.rule.id for result in results)
        return Coverage(entry.framework, entry.id, state, why, rules, opened, len(unknown), proof)

    def end(
        self, entry: Entry, framework: Framework, results: list[RuleResult], findings: list[Finding]
    ) -> tuple[Covered, str, Proof | None]:
        """Return the state of an entry, why, and by what it is mitigated."""
        opened = [finding for finding in findings if finding.state in OPEN_STATES]
        unknown = [finding for finding in findings if finding.state is FindingState.UNKNOWN]
        looked_at = sum(result.looked_at for result in results)
        layer = _layer(entry, framework)
        if not results:
            return Covered.NO_RULE, "no rule looks for it", None
        if opened:
            claimed = sum(bool(finding.claimed_by) for finding in opened)
            said = f", {claimed} of them with a control that is only claimed" if claimed else ""
            return Covered.OPEN, f"{len(opened)} open{said}", None
        if unknown:
            facts = set[str]().union(*(finding.missing for finding in unknown))
            first = next((fact for finding in unknown for fact in finding.missing), "none")
            many = "fact is" if len(facts) == 1 else "facts are"
            return Covered.CANNOT_TELL, f"{len(facts)} {many} missing, such as {first}", None
        if layer and layer not in self.layers:
            return Covered.NOT_APPLICABLE, f"the system has nothing in layer {layer}", None
        if not looked_at:
            kinds = sorted({"agent" if kind in SUBJECTS else kind for one in results for kind in one.rule.applies_to})
            return Covered.NOT_APPLICABLE, f"the description has no {' and no '.join(kinds)}", None
        if findings:
            return self.mitigated(findings)
        unasked = sum(result.unasked for result in results)
        if unasked >= looked_at:
            return Covered.CANNOT_TELL, "too little is stated to ask", None
        why = f"{_rules(results)} looked; ruled out by what the owner stated, which is no proof"
        if unasked:
            why += f" (on {unasked} of {looked_at} elements too little is stated to ask)"
        return Covered.MITIGATED, why, Proof.STATED

    def mitigated(self, findings: list[Finding]) -> tuple[Covered, str, Proof]:
        """Return by what findings are settled: how many by proven controls, by others, by a decision."""
        broken = [finding for finding in findings if finding.state is FindingState.MITIGATED]
        proven = [finding for finding in broken if self.proven.intersection(finding.mitigated_by)]
        counts = {
            "broken by proven controls": len(proven),
            "broken by controls that are not proven": len(broken) - len(proven),
        }
        for finding in findings:
            if finding.state is not FindingState.MITIGATED:
                word = finding.state.value.replace("_", " ")
                counts[word] = counts.get(word, 0) + 1
        why = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
        if len(broken) < len(findings):
            return Covered.MITIGATED, why, Proof.DECIDED
        return Covered.MITIGATED, why, Proof.PROVEN if len(proven) == len(broken) else Proof.CONFIGURED


def coverage(
    frameworks: Mapping[str, Framework],
    results: tuple[RuleResult, ...],
    *,
    proven: frozenset[str],
    layers: frozenset[str],
) -> tuple[Coverage, ...]:
    """
    Return the state of every entry that a rule may name, framework by framework, in the order of the publication.

    Args:
        frameworks: All that are known.
        results: What every rule did, its findings after treatment.
        proven: Controls that were tested, with evidence in force.
        layers: Layers that an element of the system lies in.
    """
    by_entry: dict[str, list[RuleResult]] = {}
    for result in results:
        for reference in result.rule.references:
            by_entry.setdefault(reference, []).append(result)
    assessor = Assessor(by_entry, proven, layers)
    return tuple(
        assessor.entry(entry, framework)
        for framework in frameworks.values() for entry in framework.entries
        if entry.goes_wrong
    )  # fmt: skip


def _layer(entry: Entry, framework: Framework) -> str | None:
    """Return the layer that an entry is published for; None for one that goes across."""
    above = framework.by_id.get(entry.parent or "")
    return above.id if above is not None and above.kind is EntryKind.LAYER else None


def _rules(results: list[RuleResult]) -> str:
    return "1 rule" if len(results) == 1 else f"{len(results)} rules"
