"""Why a control on a route holds there, is only a claim, or does nothing (SEMANTICS 3, 4.5, 6.3, 8.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.gates import APPROVAL, GATING, OUTSIDERS, Controls
from threatmodel.analysis.holding import NOWHERE, evidence, proven
from threatmodel.analysis.proof import CLAIM, HOLDS, NOTHING, UNKNOWN, WEAKENS, Stand, written
from threatmodel.catalog.control import Acts, Confines
from threatmodel.catalog.setting import Outcome
from threatmodel.load.nodes import MapNode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.analysis.marks import Mark
    from threatmodel.model.elements import Control

WORDS: Final = {Outcome.HOLDS: HOLDS, Outcome.CLAIM: CLAIM, Outcome.NOTHING: NOTHING}
_RULES: Final = {
    "mode": "3.3", "acts": "3.3", "on_error": "3.4", "binds": "3.5", "on_timeout": "3.5", "required": "3.5",
    "decides": "3.6", "considers": "3.6",
}  # fmt: skip
_UNSAID: Final = {
    "binds": "what it binds to", "decides": "when it decides", "considers": "what it looks at",
    "on_timeout": "what happens when nobody answers",
}  # fmt: skip
BACKUP: Final = "backup-restore"


class ControlReasons:
    """Reasons for what the controls of one system are worth."""

    def __init__(self, controls: Controls) -> None:
        """Look controls up where the analysis does."""
        self._controls = controls

    def calls(self, *places: str) -> tuple[Stand, ...]:
        """Return the gates at these places, for a call that passes all of them."""
        return tuple(self.gate(one) for one in self._at(places) if self._controls.acts(one) in GATING)

    def gate(self, control: Control) -> Stand:
        """Return what a gate is worth for a call that passes it."""
        outcome, reason, rule = self.itself(control)
        if control.type == APPROVAL and outcome is not Outcome.NOTHING:
            mark = self._controls.gate(control)
            if mark.missing and outcome is Outcome.HOLDS:
                reason = "it holds only if no outsider steers who approves, and nobody can tell"
                return _stand(control, UNKNOWN, reason, "3.5", mark.missing)
            if not (mark.broken or mark.claimed or mark.missing):
                return _stand(control, NOTHING, self._approver(control), "3.5")
        return _stand(control, WORDS[outcome], reason, rule)

    def texts(self, *places: str) -> tuple[Stand, ...]:
        """Return what stops or weakens text at these places (4.5)."""
        found = []
        for control in self._at(places):
            acts = self._controls.acts(control)
            outcome, reason, rule = self.itself(control)
            if acts is Acts.ISOLATE:
                found.append(_stand(control, WORDS[outcome], reason, rule))
            elif acts is Acts.FILTER and outcome is Outcome.HOLDS:
                found.append(_stand(control, WEAKENS, "a filter: some of the text still passes", "4.5"))
            elif acts is Acts.FILTER and outcome is Outcome.CLAIM:
                found.append(_stand(control, NOTHING, f"a filter that is only a claim: {reason}", "4.5"))
            elif acts is Acts.FILTER:
                found.append(_stand(control, NOTHING, reason, rule))
        return tuple(found)

    def riding_along(self, *places: str) -> tuple[Stand, ...]:
        """Return the gates that stand where text passes: they decide on calls, and the text rides along (4.5)."""
        found = (one for one in self._at(places) if self._controls.acts(one) is Acts.GATE)
        return tuple(
            _stand(one, NOTHING, "a gate decides on the call; the text that rides along is not stopped", "4.5")
            for one in found
        )

    def confining(self, what: Confines, *places: str) -> tuple[Stand, ...]:
        """Return what takes away one impact at these places (3.8)."""
        found = []
        for control in self._at(places):
            known = self._controls.context.catalog.controls.get(control.type)
            if known is not None and what in known.confines and control.type != BACKUP:
                outcome, reason, rule = self.itself(control)
                found.append(_stand(control, WORDS[outcome], reason, rule))
        return tuple(found)

    def backup(self, control: Control, mark: Mark) -> Stand:
        """Return what a backup is worth, given the mark that it sets on a destruction (8.2)."""
        worth = self._controls.restores(control)
        outcome, reason, rule = self.itself(control)
        if worth is Outcome.NOTHING or outcome is Outcome.NOTHING:
            return _stand(control, NOTHING, reason, rule)
        if mark.missing:
            return _stand(control, UNKNOWN, "nobody has said where it lies", "8.2", mark.missing)
        if mark.broken or mark.claimed:
            if worth is Outcome.CLAIM and outcome is Outcome.HOLDS:
                return _stand(control, CLAIM, "nobody has shown that restoring works", "8.2")
            return _stand(control, WORDS[worth], reason, "8.2" if worth is Outcome.HOLDS else rule)
        stores = ", ".join(control.words("store"))
        return _stand(control, NOTHING, f"it lies in {stores}, which the agent can write or delete as well", "8.2")

    def past_tool(self, action: str, *bypassed: str) -> tuple[Stand, ...]:
        """Return the gates on an action, and on the tool that is passed by, for a route past the tool (6.3)."""
        found = []
        for control in self._at((action,)):
            if self._controls.acts(control) not in GATING:
                continue
            stand, where = self.gate(control), control.word("at")
            if stand.worth == NOTHING or where == "target":
                found.append(stand)
            elif where in {"client", "tool"}:
                found.append(_stand(control, NOTHING, f"it stands at the {where}, and this goes past it", "6.3"))
            elif stand.worth == HOLDS:
                reason = "this goes past the tool, and nobody has said where it decides (at:)"
                found.append(_stand(control, UNKNOWN, reason, "6.3", (f"controls.{control.id}.at",)))
            else:
                found.append(stand)
        known = {one.control for one in found}
        found += [
            _stand(one, NOTHING, "it stands on the tool, and this goes past the tool", "6.3")
            for one in self._at(bypassed)
            if self._controls.acts(one) in GATING and one.id not in known
        ]
        return tuple(found)

    def authorization(self, agent: str) -> tuple[Stand, ...]:
        """Return what an owner says of an agent's authorization (3.6)."""
        element = self._controls.context.graph.elements[agent]
        said = element.body.get("authorization")
        if not isinstance(said, MapNode):
            return ()
        claim = bool(self._controls.authorization(agent).claimed)
        facts = ", ".join(f"{key} {written(said[key])}" for key in ("decided", "considers") if key in said)
        why = "a call that nobody meant passes it exactly like a wanted one"
        why = "its owner says so, and nothing shows it" if claim else why
        name, worth = f"{agent}.authorization", CLAIM if claim else NOTHING
        reason = f"{facts}: {why}" if facts else why
        return (Stand(name, "policy-enforcement", worth, reason, "3.6", element.body.value_span("authorization")),)

    def itself(self, control: Control) -> tuple[Outcome, str, str]:
        """Return what a control is worth by what it says itself, why, and the rule (3.2 to 3.6)."""
        outcome = self._controls.outcome(control)
        status, enforced, applies = control.word("status"), control.word("enforced"), control.word("applies")
        if status in NOWHERE:
            return outcome, f"its status is {status}", "3.2"
        if enforced in {"nowhere", "in_prompt"}:
            where = "the model is only asked to mind itself (enforced: in_prompt)"
            return outcome, where if enforced == "in_prompt" else "it is enforced nowhere", "3.3"
        if outcome is Outcome.HOLDS:
            return outcome, self._good(control), "3.2"
        reasons = [(text, rule) for text, worth, rule in self._settings(control) if worth is outcome]
        if outcome is Outcome.CLAIM:
            if status == "declared" or status is None:
                reasons.insert(0, (f"its status is {status}" if status else "nobody has said its status", "3.2"))
            if applies not in {"always", None}:
                reasons.append((f"it holds only sometimes (applies: {applies})", "3.4"))
            known = self._controls.context.catalog.controls.get(control.type)
            if known is not None and known.needs_decider and not control.words("by"):
                reasons.append(("nobody has said who decides (by:)", "3.5"))
        if not reasons:
            return outcome, "by what it says it does not hold", "3.2"
        return outcome, listed(text for text, _ in reasons), reasons[0][1]

    def _good(self, control: Control) -> str:
        if control.word("status") != "tested":
            return "configured"
        if proven(control, self._controls.context.today):
            return "tested, with evidence in force"
        return f"configured, as far as anybody can show: tested with {'stale' if evidence(control) else 'no'} evidence"

    def _settings(self, control: Control) -> Iterable[tuple[str, Outcome, str]]:
        """Yield what each setting makes of a control, where that is less than that it holds."""
        known = self._controls.context.catalog.controls.get(control.type)
        settings = control.body.get("settings")
        said = settings if isinstance(settings, MapNode) else MapNode(control.span)
        for name, setting in (known.settings if known is not None else {}).items():
            value = said.get(name)
            if name == "on_timeout" and value is None and said.get("required") is True:
                continue
            worth = setting.outcome(value)
            if worth is Outcome.HOLDS:
                continue
            rule = _RULES.get(name, "3.2")
            if value is None or value == "unknown":
                unsaid = f"nobody has said {_UNSAID[name]}" if name in _UNSAID else f"{name} is unsaid"
                yield unsaid, worth, rule
            elif name == "considers":
                yield f"it looks only at {written(value)}, which a call that nobody meant has as well", worth, rule
            else:
                yield f"{name} is {written(value)}", worth, rule

    def _approver(self, control: Control) -> str:
        """Say who of those that approve can be the attacker."""
        graph = self._controls.context.graph
        for name in control.words("by"):
            element = graph.elements.get(name)
            if element is None:
                continue
            if element.kind in {"person", "external"} and element.word("trust") in OUTSIDERS:
                return f"{name}, who approves, can be the attacker"
            if element.kind == "agent" and element.word("operated_by") == "third_party":
                return f"{name}, an agent that others run, approves"
            if element.kind == "agent" and self._controls.approvers.get(name, ()) is None:
                return f"{name}, who approves, is an agent that outsiders steer"
        return "who approves can be the attacker"

    def _at(self, places: Iterable[str]) -> tuple[Control, ...]:
        return tuple(dict.fromkeys(control for place in places for control in self._controls.at(place)))


def _stand(control: Control, worth: str, reason: str, rule: str, missing: tuple[str, ...] = ()) -> Stand:
    return Stand(control.id, control.type, worth, reason, rule, control.span, missing)


def listed(reasons: Iterable[str]) -> str:
    """Return all reasons as one: a control holds only once none of them is left."""
    known = list(reasons)
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} and {known[-1]}"
