"""What a report comes to: one honest sentence and its counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatmodel.analysis.finding import OPEN_STATES, FindingState
from threatmodel.analysis.severity import Severity
from threatmodel.render.badges import SEVERITIES, STATES, Badge
from threatmodel.render.report_controls import PROVEN, STANDINGS
from threatmodel.render.verdict import verdict_sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.render.report_controls import ControlRow
    from threatmodel.render.view import Overview


@dataclass(frozen=True, slots=True)
class Count:
    """A number of the verdict."""

    badge: Badge
    number: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the report comes to: a sentence and counts, never one score."""

    sentence: str
    style: str
    """Of the worst open finding; `unknown` or `settled` where none is open."""
    open: tuple[Count, ...]
    unknown: tuple[Count, ...]
    open_total: int
    claimed_only: int
    """Open findings that a claimed control would break."""
    unknown_total: int
    missing_facts: int
    mitigated_proven: int
    """Mitigated by at least one control that is proven."""
    mitigated_configured: int
    """Mitigated, and no control behind it is proven."""
    decided: tuple[Count, ...]
    set_aside: int
    controls: tuple[Count, ...]
    """Controls of the description, by what they are worth."""


def verdict(analysis: Analysis, groups: Overview, controls: Mapping[str, ControlRow]) -> Verdict:
    """
    Return the verdict.

    Args:
        analysis: Totals are of its findings after treatment.
        groups: The same findings, grouped and counted.
        controls: Control of the description → its row.
    """
    opened = [finding for finding in analysis.findings if finding.state in OPEN_STATES]
    mitigated = [finding for finding in analysis.findings if finding.state is FindingState.MITIGATED]
    proven = sum(
        any(name in controls and controls[name].standing == PROVEN for name in finding.mitigated_by)
        for finding in mitigated
    )
    unknown = groups.by_state[FindingState.UNKNOWN.value]
    nothing = not any(result.looked_at for result in analysis.results)
    worst = max((finding.severity for finding in opened), default=None)
    return Verdict(
        sentence=verdict_sentence(analysis),
        style=SEVERITIES[worst].style if worst is not None else "unknown" if unknown or nothing else "settled",
        open=tuple(Count(SEVERITIES[Severity.of(word)], number) for word, number in groups.open_by_severity.items()),
        unknown=tuple(
            Count(SEVERITIES[Severity.of(word)], number) for word, number in groups.unknown_by_severity.items()
        ),
        open_total=len(opened),
        claimed_only=sum(bool(finding.claimed_by) for finding in opened),
        unknown_total=unknown,
        missing_facts=groups.missing_facts,
        mitigated_proven=proven,
        mitigated_configured=len(mitigated) - proven,
        decided=tuple(
            Count(STATES[state], groups.by_state[state.value])
            for state in (
                FindingState.ACCEPTED,
                FindingState.TRANSFERRED,
                FindingState.AVOIDED,
                FindingState.FALSE_POSITIVE,
            )
        ),
        set_aside=groups.by_state[FindingState.OUT_OF_SCOPE.value],
        controls=tuple(Count(badge, sum(row.standing == badge for row in controls.values())) for badge in STANDINGS),
    )
