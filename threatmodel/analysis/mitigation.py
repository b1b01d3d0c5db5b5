"""Which controls of a description break a finding about structure: those that hold, those that only claim to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.gates import APPROVAL, Controls
from threatmodel.analysis.holding import NOWHERE
from threatmodel.analysis.relations import relation
from threatmodel.catalog.control import Acts
from threatmodel.catalog.setting import Outcome
from threatmodel.model.effects import GONE
from threatmodel.model.elements import Action, DataFlow, Delegation
from threatmodel.model.facts import fact

if TYPE_CHECKING:
    from threatmodel.analysis.conditions import Test
    from threatmodel.analysis.context import Context
    from threatmodel.analysis.truth import Truth
    from threatmodel.catalog.rule import Rule
    from threatmodel.model.elements import Control, Element
    from threatmodel.model.facts import Fact

CALLING: Final = frozenset({"agent", "action"})  # kinds of elements on which a control stands before calls


@dataclass(frozen=True, slots=True)
class Mitigation:
    """What stands against the findings of rules about structure."""

    context: Context
    outcomes: dict[str, Outcome]
    """Control → what it is worth."""
    kept: dict[str, Outcome] = field(default_factory=dict)
    """Authorizing control → what it is worth where it keeps somebody from an element, whatever a call is about."""

    @classmethod
    def of(cls, context: Context, controls: Controls) -> Mitigation:
        """Judge every control once."""
        types = context.catalog.controls
        authorizing = (
            one for one in context.graph.controls if one.type in types and types[one.type].acts is Acts.AUTHORIZE
        )
        return cls(
            context,
            {control.id: worth(controls, control) for control in context.graph.controls},
            {control.id: as_wall(controls, control) for control in authorizing},
        )

    def controls(self, rule: Rule, matters: Test | None, subject: Element) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """
        Return the controls that could break a finding: those that hold, those that claim to.

        Args:
            rule: Whose finding it is.
            matters: Which of the elements that its `broken_at` leads to need a control; None: only the subject counts.
            subject: Controls stand on it, or on each of those elements.
        """
        holding, claiming = self.controls_at(rule, subject)
        if holding or matters is None or rule.broken_at is None:
            return holding, claiming
        way = relation(rule.broken_at["of"], subject.kind)
        if way is None or not way.complete(subject):
            return holding, claiming
        reached = way.ways(self.context.graph, subject)
        found = [self.controls_at(rule, one) for one in reached if matters(self.context, one).value is not False]
        claiming = tuple(dict.fromkeys((*claiming, *(name for _, claims in found for name in claims))))
        if not found or not all(holds for holds, _ in found):
            return (), claiming
        return tuple(dict.fromkeys(name for holds, _ in found for name in holds)), claiming

    def controls_at(self, rule: Rule, subject: Element) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the controls of `broken_by` that stand on an element: those that hold, those that claim to."""
        wanted = set(rule.broken_by)
        places = (subject.id, *owners(subject))
        standing_there = dict.fromkeys(
            control for place in places for control in self.context.graph.controls_on.get(place, ())
        )
        found: dict[Outcome, list[Control]] = {}
        for control in standing_there:
            if control.type in wanted and control is not subject:
                found.setdefault(self.outcome(control, subject), []).append(control)
        holding, claiming = found.get(Outcome.HOLDS, ()), found.get(Outcome.CLAIM, ())
        return tuple(control.id for control in holding), tuple(control.id for control in claiming)

    def outcome(self, control: Control, element: Element) -> Outcome:
        """
        Return what a control is worth on an element: nothing where a fact says that it is not so (SEMANTICS 1.3).

        Before calls an authorizing control is a gate (SEMANTICS 3.6); on anything else it is a wall.
        """
        outcome = self.outcomes[control.id]
        if element.kind not in CALLING:
            outcome = self.kept.get(control.id, outcome)
        known = self.context.catalog.controls.get(control.type)
        path = known.fact.at.get(element.kind) if known is not None and known.fact is not None else None
        if known is None or known.fact is None or path is None:
            return outcome
        said = fact(self.context.graph, element, tuple(path.split(".")))
        return Outcome.NOTHING if said.known and known.fact.says(said.value) is False else outcome

    def known_not_there(self, rule: Rule, element: Element, truth: Truth) -> tuple[Fact, ...]:
        """
        Return what controls say where no fact does: that they are not there (SEMANTICS 1.3, 3.2).

        Empty unless they say the same as every fact that is missing; a catalog entry names that fact.
        """
        gone, same = [], set()
        for control in self.context.graph.controls_on.get(element.id, ()):
            known = self.context.catalog.controls.get(control.type)
            if known and known.fact and control.type in rule.broken_by and control.word("status") in GONE:
                gone.append(fact(self.context.graph, control, ("status",)))
                same.add(f"{element.place}.{known.fact.at.get(element.kind)}")
        return tuple(gone) if all(one.place in same for one in truth.missing) else ()


def worth(controls: Controls, control: Control) -> Outcome:
    """Return what a control is worth; an approval by those who may be the attacker does nothing (SEMANTICS 3.5)."""
    outcome = controls.outcome(control)
    if control.type != APPROVAL:
        return outcome
    mark = controls.gate(control)
    return Outcome.HOLDS if mark.broken else Outcome.CLAIM if mark.claimed else Outcome.NOTHING


def as_wall(controls: Controls, control: Control) -> Outcome:
    """Return what an authorizing control is worth by its status and its place, not by what it looks at."""
    return Outcome.NOTHING if control.word("status") in NOWHERE else controls.outcome_of_denial(control)


def owners(element: Element) -> tuple[str, ...]:
    """Return the ids of the elements in the graph's sections that an element stands for."""
    if isinstance(element, Action):
        return (element.tool.id,)
    if isinstance(element, Delegation | DataFlow):
        return (element.source, element.target)
    return (element.id,)
