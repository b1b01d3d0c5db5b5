"""Analysis → what views for people show: the one place that groups, sorts and counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.finding import OPEN_STATES, Finding, FindingState
from threatmodel.analysis.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.analysis.analysis import Analysis

SETTLED: Final = tuple(
    state for state in FindingState if state not in OPEN_STATES and state is not FindingState.UNKNOWN
)


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one rule in one state that a reader decides together."""

    id: str
    state: FindingState
    severity: Severity
    """The highest of its members."""
    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The member that speaks for the group."""
        return self.findings[0]

    @property
    def carries(self) -> int:
        """The most attack paths that hang on one of its members."""
        return max(finding.carries for finding in self.findings)

    @property
    def subjects(self) -> tuple[str, ...]:
        """What the members are about."""
        return tuple(finding.subject for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Overview:
    """Groups and totals. A total counts findings unless it says groups."""

    open: tuple[Group, ...]
    unknown: tuple[Group, ...]
    settled: tuple[Group, ...]
    """Mitigated, decided, or out of scope."""
    by_state: Mapping[str, int]
    """Every state, also those with none."""
    open_by_severity: Mapping[str, int]
    """Worst first, every severity."""
    unknown_by_severity: Mapping[str, int]
    missing_facts: int


def overview(analysis: Analysis) -> Overview:
    """Group and count the findings of an analysis."""
    groups = grouped(analysis.findings)
    states = Counter(finding.state for finding in analysis.findings)
    return Overview(
        open=tuple(group for group in groups if group.state in OPEN_STATES),
        unknown=tuple(group for group in groups if group.state is FindingState.UNKNOWN),
        settled=tuple(group for group in groups if group.state in SETTLED),
        by_state={state.value: states.get(state, 0) for state in FindingState},
        open_by_severity=_by_severity(finding for finding in analysis.findings if finding.state in OPEN_STATES),
        unknown_by_severity=_by_severity(
            finding for finding in analysis.findings if finding.state is FindingState.UNKNOWN
        ),
        missing_facts=len(analysis.questions),
    )


def grouped(findings: tuple[Finding, ...]) -> tuple[Group, ...]:
    """Return the groups, each where its most severe member would stand. A group never mixes states."""
    members: dict[tuple[str, FindingState], list[Finding]] = {}
    for finding in findings:
        members.setdefault((finding.group, finding.state), []).append(finding)
    groups = [
        Group(name, state, max(one.severity for one in found), tuple(found)) for (name, state), found in members.items()
    ]
    return tuple(sorted(groups, key=lambda one: (-int(one.severity), -one.carries, one.id, one.state.value)))


def _by_severity(findings: object) -> dict[str, int]:
    counted = Counter(finding.severity for finding in findings)  # type: ignore[attr-defined]
    return {severity.word: counted.get(severity, 0) for severity in sorted(Severity, reverse=True)}
