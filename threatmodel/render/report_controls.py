"""Controls of the description by what they are worth, and decisions by whether they still count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.finding import OPEN_STATES, Finding, FindingState
from threatmodel.analysis.holding import counts, evidence, standing
from threatmodel.catalog.setting import Outcome
from threatmodel.render.badges import Badge
from threatmodel.render.places import place

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis
    from threatmodel.load.document import Entry
    from threatmodel.model.elements import Control

PROVEN: Final = Badge("proven", "✓", "settled")
CONFIGURED: Final = Badge("configured, not proven", "◐", "decided")
CLAIMED: Final = Badge("claimed", "?", "unknown")
WITHOUT_EFFECT: Final = Badge("without effect", "✕", "aside")
STANDINGS: Final = (PROVEN, CONFIGURED, CLAIMED, WITHOUT_EFFECT)
"""From what stands most surely to what does not stand at all."""


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One piece of evidence as it is written."""

    ref: str
    kind: str
    date: str
    expires: str
    expired: bool


@dataclass(frozen=True, slots=True)
class ControlRow:
    """One control."""

    id: str
    type: str
    """The id of its type in the catalog."""
    title: str
    on: tuple[str, ...]
    by: tuple[str, ...]
    status: str | None
    standing: Badge
    reason: str
    evidence: tuple[EvidenceLine, ...]
    place: str


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """Controls that are worth the same."""

    standing: Badge
    rows: tuple[ControlRow, ...]


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One recorded decision."""

    finding: str
    decision: str
    owner: str
    expires: str
    ticket: str
    reason: str
    standing: Badge
    why: str
    place: str


def control_rows(analysis: Analysis) -> dict[str, ControlRow]:
    """Return a row for every control, in the order of the description."""
    return {control.id: _row(analysis, control) for control in analysis.model.graph.controls}


def control_groups(rows: dict[str, ControlRow]) -> tuple[ControlGroup, ...]:
    """Return the rows by what they are worth; every standing is there, maybe with none."""
    return tuple(
        ControlGroup(badge, tuple(row for row in rows.values() if row.standing == badge)) for badge in STANDINGS
    )


def _row(analysis: Analysis, control: Control) -> ControlRow:
    known = analysis.model.catalog.controls.get(control.type)
    judged = standing(control, known, analysis.today)
    badge = (
        PROVEN
        if judged.proven
        else {Outcome.HOLDS: CONFIGURED, Outcome.CLAIM: CLAIMED, Outcome.NOTHING: WITHOUT_EFFECT}[judged.outcome]
    )
    lines = tuple(
        EvidenceLine(
            ref=str(item.get("ref") or ""),
            kind=str(item.get("kind") or ""),
            date=str(item.get("date") or ""),
            expires=str(item.get("expires") or ""),
            expired=not counts(item, analysis.today),
        )
        for item in evidence(control)
    )
    return ControlRow(
        id=control.id,
        type=control.type,
        title=known.title if known else control.type,
        on=control.words("on"),
        by=control.words("by"),
        status=control.word("status"),
        standing=badge,
        reason=_reason(badge, judged.reason, lines),
        evidence=lines,
        place=place(analysis, control.span),
    )


def _reason(badge: Badge, reason: str, lines: tuple[EvidenceLine, ...]) -> str:
    if badge is PROVEN:
        return "tested, with evidence that still counts"
    if badge is CONFIGURED and reason == "its status is tested":
        return "its evidence has expired" if lines else "it is said to be tested, and names no evidence"
    return reason


def decisions(analysis: Analysis) -> tuple[DecisionRow, ...]:
    """Return every recorded decision with what it does today: those that need attention first."""
    by_id = {finding.id: finding for finding in analysis.findings}
    seen: set[str] = set()
    rows = []
    for entry in analysis.model.graph.document.treatments:
        rows.append(_decision(analysis, entry, by_id.get(entry.id), again=entry.id in seen))
        seen.add(entry.id)
    return tuple(
        sorted(rows, key=lambda row: (row.standing.style != "open", row.standing.style != "unknown", row.finding))
    )


def _decision(analysis: Analysis, entry: Entry, finding: Finding | None, *, again: bool) -> DecisionRow:
    expires = str(entry.body.get("expires") or "")
    decision = str(entry.body.get("decision") or "")
    past = bool(expires) and expires < analysis.today.isoformat()
    if finding is None:
        badge, why = Badge("matches nothing", "?", "unknown"), "no finding has this id today"
    elif again:
        badge, why = Badge("not used", "-", "aside"), "an earlier decision on the same finding counts"
    elif past:
        badge, why = Badge("expired", "!", "open"), "its date has passed, so it decides nothing"
    elif decision == "mitigate":
        badge, why = (
            Badge("plan", "=", "decided"),
            f"a plan changes nothing yet: the finding is {finding.state.value.replace('_', ' ')}",
        )
    elif finding.state in {FindingState.MITIGATED, FindingState.OUT_OF_SCOPE}:
        badge, why = (
            Badge("not needed", "-", "aside"),
            f"the finding is {finding.state.value.replace('_', ' ')} without it",
        )
    elif finding.state in OPEN_STATES or finding.state is FindingState.UNKNOWN:
        badge, why = Badge("without effect", "!", "open"), f"the finding is {finding.state.value}"
    else:
        badge, why = Badge("in force", "✓", "settled"), f"the finding is {finding.state.value.replace('_', ' ')}"
    return DecisionRow(
        finding=entry.id,
        decision=decision.replace("_", " "),
        owner=str(entry.body.get("owner") or ""),
        expires=expires,
        ticket=str(entry.body.get("ticket") or ""),
        reason=str(entry.body.get("reason") or ""),
        standing=badge,
        why=why,
        place=place(analysis, entry.span),
    )
