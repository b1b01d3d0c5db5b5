"""Severity of a finding, with its arithmetic. This table is the one place that decides it (DESIGN §5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Severity(IntEnum):
    """Five steps."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The name as people write it."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Severity:
        """Return the severity of that name."""
        return cls[word.upper()]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the arithmetic."""

    change: int
    """Steps up or down; the first line holds the start."""
    reason: str


CRITICALITY: Final = {"critical": 1, "high": 0, "medium": 0, "low": -1}
"""How far the criticality of the element, or else of the system, moves a finding."""


def judge(impact: Severity, *, criticality: str | None, unknown: bool) -> tuple[Severity, tuple[Step, ...]]:
    """
    Work out the severity of a finding about structure.

    Args:
        impact: What the rule says of its own weight.
        criticality: Of the element or, where it says none, of the system; None where nobody says.
        unknown: Whether it is not certain that the finding holds.

    Returns:
        The severity and the lines that lead to it. Claimed controls never lower it.
    """
    steps = [Step(int(impact), f"the rule weighs {impact.word}")]
    moved = CRITICALITY.get(criticality or "", 0)
    if moved:
        steps.append(Step(moved, f"criticality is {criticality}"))
    if unknown:
        steps.append(Step(-1, "not certain: a fact is missing"))
    total = sum(step.change for step in steps)
    return Severity(min(max(total, 0), int(Severity.CRITICAL))), tuple(steps)
