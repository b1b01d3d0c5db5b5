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


IMPACTS: Final = {
    "payment": Severity.HIGH,
    "privilege": Severity.HIGH,
    "execution": Severity.HIGH,
    "destruction": Severity.HIGH,
    "disclosure": Severity.MEDIUM,
    "persistence": Severity.MEDIUM,
    "unknown": Severity.LOW,
}
"""Impact of what happens → where its severity starts; disclosure of restricted data starts at `RESTRICTED`."""
RESTRICTED: Final = Severity.HIGH


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What moves the severity of something that happens."""

    impact: str
    restricted: bool = False
    """Of a disclosure: whether restricted data or a secret leaves."""
    certain: bool = False
    """
    Whether nothing stands in between, not even a claim, and an untrusted source certainly reaches it. A mishap needs no
    source: a deletion that nothing holds back and nothing undoes is grave without anybody who wants it.
    """
    final: bool = False
    """Whether what happens cannot be undone."""
    criticality: str | None = None
    """Of the agent or, where it says none, of the system; None where nobody says."""
    weakened: bool = False
    """Whether every route of the text passes a filter that holds."""
    mishap: bool = False
    mild: bool = False
    """Whether it can be undone with effort."""
    unknown: bool = False
    """Whether a fact is missing to tell."""


def judge_impact(found: Circumstances) -> tuple[Severity, tuple[Step, ...]]:
    """Work out the severity of something that happens: an attack path or a mishap."""
    start = RESTRICTED if found.restricted else IMPACTS[found.impact]
    what = f"{found.impact} of restricted data" if found.restricted else f"{found.impact} impact"
    steps = [Step(int(start), f"{what} weighs {start.word}")]
    if found.certain and found.final:
        final = "data that has left cannot be called back" if found.impact == "disclosure" else "it says reversible: no"
        reached = "" if found.mishap else "an untrusted source certainly reaches it, "
        reason = f"{reached}nothing stands in between, and {final}"
        steps.append(Step(1, reason))
    steps += _moved(found.criticality)
    if found.weakened:
        steps.append(Step(-1, "a filter weakens the text on every route"))
    if found.mishap:
        steps.append(Step(-1, "a mishap: no attacker makes it happen"))
    if found.mild:
        steps.append(Step(-1, "it can be undone with effort"))
    return _total(steps, unknown=found.unknown)


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
    return _total([Step(int(impact), f"the rule weighs {impact.word}"), *_moved(criticality)], unknown=unknown)


def _moved(criticality: str | None) -> list[Step]:
    moved = CRITICALITY.get(criticality or "", 0)
    return [Step(moved, f"criticality is {criticality}")] if moved else []


def _total(steps: list[Step], *, unknown: bool) -> tuple[Severity, tuple[Step, ...]]:
    if unknown:
        steps.append(Step(-1, "not certain: a fact is missing"))
    total = sum(step.change for step in steps)
    return Severity(min(max(total, 0), int(Severity.CRITICAL))), tuple(steps)
