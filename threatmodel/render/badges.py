"""Words with a shape and a style for severities and states, so that none of them is told by colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from threatmodel.analysis.coverage import Covered
from threatmodel.analysis.finding import FindingState
from threatmodel.analysis.severity import Severity


@dataclass(frozen=True, slots=True)
class Badge:
    """A word as a reader sees it."""

    word: str
    shape: str
    """One character that fonts on a bare system have."""
    style: str
    """Name of its class in the style sheet."""


SEVERITIES: Final = {
    Severity.CRITICAL: Badge("critical", "■", "critical"),
    Severity.HIGH: Badge("high", "▲", "high"),
    Severity.MEDIUM: Badge("medium", "◆", "medium"),
    Severity.LOW: Badge("low", "●", "low"),
    Severity.INFO: Badge("info", "○", "info"),
}
STATES: Final = {
    FindingState.OPEN: Badge("open", "!", "open"),
    FindingState.EXPIRED: Badge("open, decision expired", "!", "open"),
    FindingState.UNKNOWN: Badge("cannot tell", "?", "unknown"),
    FindingState.MITIGATED: Badge("mitigated", "✓", "settled"),
    FindingState.ACCEPTED: Badge("accepted", "=", "decided"),
    FindingState.TRANSFERRED: Badge("transferred", "=", "decided"),
    FindingState.AVOIDED: Badge("avoided", "=", "decided"),
    FindingState.FALSE_POSITIVE: Badge("false positive", "=", "decided"),
    FindingState.OUT_OF_SCOPE: Badge("out of scope", "-", "aside"),
}
COVERED: Final = {
    Covered.OPEN: Badge("open", "!", "open"),
    Covered.CANNOT_TELL: Badge("cannot tell", "?", "unknown"),
    Covered.MITIGATED: Badge("nothing found", "○", "aside"),
    Covered.NOT_APPLICABLE: Badge("not applicable", "-", "aside"),
    Covered.NO_RULE: Badge("no rule", "∅", "none"),
}
