"""A finding: one rule on one subject, with its proof."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from threatmodel.analysis.severity import Severity, Step
    from threatmodel.span import Span


class FindingState(Enum):
    """Where a finding stands (DESIGN §5)."""

    OPEN = "open"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    MITIGATED = "mitigated"
    ACCEPTED = "accepted"
    TRANSFERRED = "transferred"
    AVOIDED = "avoided"
    FALSE_POSITIVE = "false_positive"
    OUT_OF_SCOPE = "out_of_scope"


OPEN_STATES: Final = frozenset({FindingState.OPEN, FindingState.EXPIRED})
"""What counts for `--fail-on`: an expired treatment decides nothing any more."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact that fired the rule, and where it stands."""

    fact: str
    """A sentence: `tools.mailer.version is floating`."""
    span: Span


@dataclass(frozen=True, slots=True)
class Compliance:
    """An entry that a recommended control helps to satisfy."""

    framework: str
    id: str
    through: str
    """The control."""
    mapping: str
    """`published` or `proposed`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's hit on one subject."""

    id: str
    """`<rule>@<subject>`."""
    rule: str
    title: str
    """Of the rule: what kind of problem it is."""
    message: str
    """Of this finding: what is wrong here, with names."""
    severity: Severity
    steps: tuple[Step, ...]
    """The arithmetic of the severity."""
    state: FindingState
    subject: str
    elements: tuple[str, ...]
    """The element that carries the weakness first."""
    layers: tuple[str, ...]
    references: tuple[tuple[str, tuple[str, ...]], ...]
    """Framework → threats of the rule."""
    compliance: tuple[Compliance, ...]
    controls: tuple[str, ...]
    """Types of control that would break it."""
    mitigated_by: tuple[str, ...]
    """Ids of the controls in the description that hold."""
    claimed_by: tuple[str, ...]
    """Ids of the controls that are only claims."""
    path: tuple[str, ...]
    """The route that it speaks of, step by step; empty where it speaks of none."""
    carries: int
    """Attack paths, not broken, that hang on it: those it speaks of, or those that lead over its subject."""
    missing: tuple[str, ...]
    """Places of facts that nobody states."""
    evidence: tuple[Evidence, ...]
    span: Span
    """The line to change."""
    fix: str
    why: str
    group: str
    treatment: str = ""
    """What was decided, in a sentence; empty where nothing was."""
