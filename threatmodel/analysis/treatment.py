"""Attach recorded decisions to findings; say which have expired and which match nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.finding import Finding, FindingState

if TYPE_CHECKING:
    from datetime import date

    from threatmodel.load.document import Entry

_STATES: Final = {
    "accept": FindingState.ACCEPTED,
    "transfer": FindingState.TRANSFERRED,
    "avoid": FindingState.AVOIDED,
    "false_positive": FindingState.FALSE_POSITIVE,
}
"""`mitigate` is not here: a plan leaves the finding open (DESIGN §5)."""
_DECIDABLE: Final = frozenset({FindingState.OPEN, FindingState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Treated:
    """Findings with their decisions, and the treatments that decide nothing."""

    findings: tuple[Finding, ...]
    unmatched: tuple[Entry, ...]
    """They name a finding that is not there (any more)."""


def treat(findings: tuple[Finding, ...], treatments: tuple[Entry, ...], today: date) -> Treated:
    """
    Give each finding the decision recorded for its id, and for no other.

    A decision past its date leaves the finding `expired`, which counts as open. The first of several decisions counts.
    """
    decisions: dict[str, Entry] = {}
    for entry in treatments:
        decisions.setdefault(entry.id, entry)
    known = {finding.id for finding in findings}
    treated = tuple(
        _decided(finding, decisions[finding.id], today) if finding.id in decisions else finding for finding in findings
    )
    return Treated(treated, tuple(entry for entry in treatments if entry.id not in known))


def _decided(finding: Finding, entry: Entry, today: date) -> Finding:
    decision, expires = str(entry.body.get("decision")), entry.body.get("expires")
    words = [f"{decision} by {entry.body['owner']}" if entry.body.get("owner") else decision]
    words += [f"until {expires}"] if expires else []
    words += [f"({entry.body['ticket']})"] if entry.body.get("ticket") else []
    words += [f": {entry.body['reason']}"] if entry.body.get("reason") else []
    text = " ".join(words).replace(" : ", ": ")
    if finding.state not in _DECIDABLE:
        return replace(finding, treatment=text)
    if expires is not None and str(expires) < today.isoformat():
        return replace(
            finding, treatment=f"{text} (expired)", state=FindingState.EXPIRED if decision in _STATES else finding.state
        )
    return replace(finding, treatment=text, state=_STATES.get(decision, finding.state))
