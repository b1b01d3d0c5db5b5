"""Whether a control holds, is a claim, or does nothing (SEMANTICS 3.2 to 3.6), as far as it says itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from threatmodel.catalog.setting import Outcome
from threatmodel.load.nodes import MapNode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from threatmodel.catalog.control import ControlType
    from threatmodel.model.elements import Control

_STATUS: Final = {"tested": Outcome.HOLDS, "configured": Outcome.HOLDS, "declared": Outcome.CLAIM}  # SEMANTICS 3.2
NOWHERE: Final = frozenset({"planned", "failed", "absent", "disabled"})


@dataclass(frozen=True, slots=True)
class Standing:
    """What a control is worth."""

    outcome: Outcome
    proven: bool
    """Whether it holds and was tested with evidence that still counts."""
    reason: str


def standing(control: Control, control_type: ControlType | None, today: date) -> Standing:
    """
    Judge a control by its status, its settings and its evidence.

    Whether whoever approves can be the attacker (SEMANTICS 3.5) depends on influence and is judged there.
    """
    status = control.word("status")
    if status in NOWHERE:
        return Standing(Outcome.NOTHING, proven=False, reason=f"its status is {status}")
    enforced = control.word("enforced")
    if enforced in {"nowhere", "in_prompt"}:  # SEMANTICS 3.3
        where = "only asked for in the prompt" if enforced == "in_prompt" else "enforced nowhere"
        return Standing(Outcome.NOTHING, proven=False, reason=f"it is {where}")
    worst, reason = _STATUS.get(status or "", Outcome.CLAIM), f"its status is {status or 'unsaid'}"
    if control.word("applies") not in {"always", None} and worst.rank < Outcome.CLAIM.rank:  # SEMANTICS 3.4
        worst, reason = Outcome.CLAIM, f"it applies only {control.word('applies')}"
    for name, outcome in _settings(control, control_type):
        if outcome.rank > worst.rank:
            worst, reason = outcome, f"its setting {name} does not make it hold"
    if control_type is not None and control_type.needs_decider and not control.words("by") and worst is Outcome.HOLDS:
        worst, reason = Outcome.CLAIM, "nobody says who decides"
    return Standing(worst, proven=worst is Outcome.HOLDS and proven(control, today), reason=reason)


def proven(control: Control, today: date) -> bool:
    """Return whether the control is tested, with evidence that has not expired (SEMANTICS 3.2)."""
    return control.word("status") == "tested" and any(counts(item, today) for item in evidence(control))


def evidence(control: Control) -> tuple[MapNode, ...]:
    """Return what the control names as evidence."""
    written = control.body.get("evidence")
    items = written if isinstance(written, list) else [written]
    return tuple(item for item in items if isinstance(item, MapNode))


def counts(item: Mapping[str, Any], today: date) -> bool:
    """Return whether a piece of evidence has not expired; ISO dates compare as text."""
    expires = item.get("expires")
    return expires is None or str(expires) >= today.isoformat()


def _settings(control: Control, control_type: ControlType | None) -> list[tuple[str, Outcome]]:
    if control_type is None:
        return []
    written = control.body.get("settings")
    said = written if isinstance(written, MapNode) else {}
    found = [(name, setting.outcome(said.get(name))) for name, setting in control_type.settings.items()]
    if said.get("on_timeout") is None and said.get("required") is True:  # SEMANTICS 3.5: either will do
        return [(name, outcome) for name, outcome in found if name != "on_timeout"]
    return found
