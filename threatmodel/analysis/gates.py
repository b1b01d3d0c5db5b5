"""What a control is worth where it stands, for a call and for text (SEMANTICS 3, 4.5, 6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.holding import evidence, proven, standing
from threatmodel.analysis.marks import CLEAR, Mark, combine
from threatmodel.analysis.powers import powers_named
from threatmodel.catalog.control import Acts, Confines
from threatmodel.catalog.setting import Outcome
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import as_words
from threatmodel.model.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.analysis.context import Context
    from threatmodel.analysis.sending import Sent
    from threatmodel.model.elements import Control

GATING: Final = frozenset({Acts.GATE, Acts.AUTHORIZE})
OUTSIDERS: Final = frozenset({"untrusted", "partner"})
APPROVAL: Final = "human-approval"
POLICIES: Final = frozenset({"policy-enforcement", "policy-as-code"})


@dataclass(slots=True)
class Controls:
    """
    Every control with what it is worth.

    What an approval by an agent is worth hangs on what steers that agent, which hangs on gates: `approvers` holds what
    is known of them so far, and the analysis starts from the best and repeats until nothing changes.
    """

    context: Context
    approvers: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    """Approving agent → facts missing for its influence; None: it is influenced; no entry: it is not."""
    past_itself: frozenset[tuple[str, str]] = frozenset()
    """Approvals that are a claim, with approving agents that are steered only past that approval (3.5)."""
    supposed: frozenset[str] = frozenset()
    """Approvals that count as if they held, whoever approves: to see whether their agents are steered past them."""
    sent: dict[tuple[str, bool], tuple[Sent, ...]] = field(default_factory=dict)
    """Element → where its messages, or its text, go, as far as that was asked for."""
    _outcomes: dict[str, Outcome] = field(default_factory=dict)
    _text: dict[tuple[str, ...], Mark] = field(default_factory=dict)
    _channels: dict[str, frozenset[str]] = field(default_factory=dict)
    _calls: dict[tuple[str, ...], Mark] = field(default_factory=dict)
    _confined: dict[tuple[Confines, tuple[str, ...]], Mark] = field(default_factory=dict)
    _denied: list[tuple[Control, frozenset[str], frozenset[str]]] | None = None
    _by_id: dict[str, Control] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Note the controls by their ids."""
        self._by_id.update((control.id, control) for control in self.context.graph.controls)

    def outcome(self, control: Control) -> Outcome:
        """Return what a control is worth by what it says itself."""
        if control.id not in self._outcomes:
            known = self.context.catalog.controls.get(control.type)
            self._outcomes[control.id] = standing(control, known, self.context.today).outcome
        return self._outcomes[control.id]

    def at(self, place: str) -> tuple[Control, ...]:
        """
        Return the controls that stand at a place: those that name it, and a control that is the place itself.

        What stands in the `via:` of a flow is one of the places of that flow: it stands on no delegation, action or
        memory between the same two ends (SEMANTICS 3.7).
        """
        named = self.context.graph.controls_named.get(place, ())
        itself = self._by_id.get(place)
        return named if itself is None else (*named, itself)

    def acts(self, control: Control) -> Acts | None:
        """Return what its type does."""
        known = self.context.catalog.controls.get(control.type)
        return known.acts if known else None

    def gate(self, control: Control) -> Mark:
        """Return the mark that a gating control sets on a call that passes it; clear for every other control."""
        if self.acts(control) not in GATING:
            return CLEAR
        if control.id in self.supposed:
            return Mark(broken=(control.id,))
        outcome = self.outcome(control)
        missing: tuple[str, ...] = ()
        if control.type == APPROVAL and outcome is not Outcome.NOTHING:
            worst, missing = self._approvers(control)
            outcome = max(outcome, worst, key=lambda one: one.rank)
        if outcome is Outcome.HOLDS and missing:
            return Mark(missing=missing)
        return _marked(control.id, outcome)

    def _approvers(self, control: Control) -> tuple[Outcome, tuple[str, ...]]:
        """Return what the worst of those who approve leaves of the approval (SEMANTICS 3.5)."""
        missing: tuple[str, ...] = ()
        for name in control.words("by"):
            element = self.context.graph.elements.get(name)
            if element is None:
                continue
            if element.kind in {"person", "external"} and element.word("trust") in OUTSIDERS:
                return Outcome.NOTHING, ()
            if element.kind == "agent":
                if element.word("operated_by") == "third_party":
                    return Outcome.NOTHING, ()
                if name in self.approvers and (control.id, name) not in self.past_itself:
                    facts = self.approvers[name]
                    if facts is None:
                        return Outcome.NOTHING, ()
                    missing += facts
        return Outcome.HOLDS, missing

    def calls(self, *places: str) -> Mark:
        """Return the mark of the gates at these places, for a call that passes all of them."""
        if places not in self._calls:
            found = dict.fromkeys(control for place in places for control in self.at(place))
            self._calls[places] = combine(self.gate(control) for control in found)
        return self._calls[places]

    def text(self, *places: str) -> Mark:
        """Return the mark of isolating and filtering controls for text that passes all of these places (4.5)."""
        if places not in self._text:
            found = dict.fromkeys(control for place in places for control in self.at(place))
            self._text[places] = combine(self._on_text(control) for control in found)
        return self._text[places]

    def text_beside(
        self,
        kind: str,
        typed: bool | None,  # noqa: FBT001  a fact
        edge: tuple[str, ...],
        *places: str,
    ) -> Mark | None:
        """
        Return what `text` does where a fact of a flow or delegation says whether it is typed; None where it stops text.

        Of the fact and a control that says the same the worse counts (1.3): one that says free text wins over a control
        however sound, and one that says typed holds only as far as no such control is a claim or does nothing.

        Args:
            kind: `flow` or `delegation`.
            typed: What the fact says; None for nothing.
            edge: Where a control stands of which the fact says the same.
            places: What else the text passes.
        """
        same = () if typed is None else self.saying_the_same(kind, edge)
        places = (*edge, *places)
        if typed:
            outcomes = {self.outcome(control) for control in same}
            return None if not outcomes or Outcome.HOLDS in outcomes else self.text(*places)
        if not same:
            return self.text(*places)
        found = dict.fromkeys(control for place in places for control in self.at(place) if control not in same)
        return combine(self._on_text(control) for control in found)

    def saying_the_same(self, kind: str, places: tuple[str, ...]) -> tuple[Control, ...]:
        """Return the isolating controls there of which a fact of a flow or delegation says the same; none tried out."""
        if kind not in self._channels:
            known = self.context.catalog.controls
            self._channels[kind] = frozenset(
                control.id
                for control in self.context.graph.controls
                if control.id not in self.context.assumed
                and (type_ := known.get(control.type)) is not None
                and type_.acts is Acts.ISOLATE
                and type_.fact is not None
                and kind in type_.fact.at
            )
        channels = self._channels[kind]
        if not channels:
            return ()
        return tuple(dict.fromkeys(one for place in places for one in self.at(place) if one.id in channels))

    def _on_text(self, control: Control) -> Mark:
        acts, outcome = self.acts(control), None
        if acts is Acts.ISOLATE:
            return _marked(control.id, self.outcome(control))
        if acts is Acts.FILTER:
            outcome = self.outcome(control)
        return Mark(weakened=True) if outcome is Outcome.HOLDS else CLEAR

    def confine(self, what: Confines, *places: str) -> Mark:
        """Return the mark of the controls at these places that take away one impact (3.8)."""
        if (what, places) not in self._confined:
            marks = []
            for control in dict.fromkeys(control for place in places for control in self.at(place)):
                known = self.context.catalog.controls.get(control.type)
                if known is not None and what in known.confines:
                    marks.append(_marked(control.id, self.outcome(control)))
            self._confined[(what, places)] = combine(marks)
        return self._confined[(what, places)]

    def assumed(self, what: Confines, *places: str) -> Mark:
        """Return the mark of controls that are tried out against one impact: they hold whatever a fact says (12.1)."""
        mark = self.confine(what, *places)
        held = tuple(name for name in mark.broken if name in self.context.assumed)
        return Mark(broken=held) if held else CLEAR

    def known_bad(self, what: Confines, *places: str) -> bool:
        """Return whether a control against one impact stands there and is known to do nothing (1.3)."""
        return any(
            (known := self.context.catalog.controls.get(control.type)) is not None
            and what in known.confines
            and self.outcome(control) is Outcome.NOTHING
            for place in places
            for control in self.at(place)
        )

    def at_target(self, place: str) -> Mark:
        """
        Return the mark of the gates on an action for a route that goes past its tool (6.3).

        One at the target holds, one at the client or the tool is passed by; where nobody says, the route is unknown.
        """
        marks = []
        for control in dict.fromkeys(self.at(place)):
            mark, where = self.gate(control), control.word("at")
            if mark is CLEAR or where in {"client", "tool"}:
                continue
            if where == "target" or not mark.broken:
                marks.append(mark)
            else:
                marks.append(Mark(missing=(f"controls.{control.id}.at",)))
        return combine(marks)

    def authorization(self, agent: str) -> Mark:
        """Return the mark of what an owner says of an agent's authorization (3.6): at best a claim."""
        element = self.context.graph.elements[agent]
        said = element.body.get("authorization")
        if not isinstance(said, MapNode):
            return CLEAR
        decided, considers = said.get("decided"), said.get("considers")
        if decided not in (None, "unknown", "per_request"):
            return CLEAR
        considered = considers if isinstance(considers, list) else [considers] if considers is not None else []
        if considered and set(considered) <= {"identity", "role"}:
            return CLEAR
        return Mark(claimed=(f"{agent}.authorization",))

    def restores(self, control: Control) -> Outcome:
        """Return what a backup is worth: it holds only if restoring was tested, with evidence that counts (8.2)."""
        outcome = self.outcome(control)
        if outcome is Outcome.HOLDS and not (evidence(control) and proven(control, self.context.today)):
            return Outcome.CLAIM
        return outcome

    def denied(self, agent: str, action: str, tool: str) -> tuple[bool, bool]:
        """
        Return whether a policy denies an action outright (3.6): as an attached action, and on any basis.

        One that stands on the agent takes it from what is attached; one at the target, or on the tool or action itself,
        from every basis.
        """
        attached = always = False
        for control, actions, places in self._denials():
            if action not in actions:
                continue
            if {action, tool} & places:
                attached = always = True
            elif agent in places:
                attached = True
                always = always or control.word("at") == "target"
        return attached, always

    def denied_actions(self) -> frozenset[str]:
        """Return the actions that any policy denies outright to anyone."""
        return frozenset(name for _, actions, _ in self._denials() for name in actions)

    def _denials(self) -> list[tuple[Control, frozenset[str], frozenset[str]]]:
        """Return the controls that deny actions and hold: with the actions, and the places where they stand."""
        if self._denied is None:
            graph = self.context.graph
            self._denied = []
            for control in graph.controls:
                settings = control.body.get("settings")
                names = as_words(settings.get("denies")) if isinstance(settings, MapNode) else ()
                if names and self.outcome_of_denial(control) is Outcome.HOLDS:
                    actions = frozenset(
                        power.name for name in names for power in powers_named(graph, name)
                    ) | self._access_named(names)
                    places = frozenset(place for name in control.words("on") for place in graph.places_named(name))
                    self._denied.append((control, actions, places))
        return self._denied

    def _access_named(self, names: tuple[str, ...]) -> frozenset[str]:
        """Return what of the access of agents, and of their shells, a list of denied actions names."""
        found = set(names)
        for agent in self.context.graph.agents:
            written = agent.body.get("access")
            for target, value in written.items() if isinstance(written, MapNode) else ():
                doing = as_words(value.get("do") if isinstance(value, MapNode) else value) or ("*",)
                actions = {f"{target}.{verb}" for verb in doing}
                found |= {one for one in actions for name in names if name == target or matches(name, one)}
        return frozenset(found)

    def outcome_of_denial(self, control: Control) -> Outcome:
        """Return what a list of denied actions is worth: status and place of a control, not what it looks at."""
        status = {"tested": Outcome.HOLDS, "configured": Outcome.HOLDS}.get(control.word("status") or "", Outcome.CLAIM)
        settings = control.body.get("settings")
        said = settings if isinstance(settings, MapNode) else {}
        if (
            control.word("enforced") in {"nowhere", "in_prompt"}
            or said.get("mode") in {"flag", "log"}
            or said.get("acts") == "after"
        ):
            return Outcome.NOTHING
        if control.word("applies") not in {"always", None} or said.get("on_error") == "allow":
            return Outcome.CLAIM
        return status


def _marked(name: str, outcome: Outcome) -> Mark:
    if outcome is Outcome.HOLDS:
        return Mark(broken=(name,))
    return Mark(claimed=(name,)) if outcome is Outcome.CLAIM else CLEAR
