"""Derived → what each agent can do, against what was intended: the one place that groups and counts capabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.load.nodes import MapNode, SeqNode
from threatmodel.model.elements import as_words
from threatmodel.model.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from threatmodel.analysis.capability import Capability
    from threatmodel.analysis.derived import Derived
    from threatmodel.analysis.influence import Influence
    from threatmodel.model.elements import Agent
    from threatmodel.model.graph import ModelGraph
    from threatmodel.span import Span

VERDICTS: Final = ("forbidden", "excess", "unknown", "unstated", "intended")
"""What an ability is against what was intended, in the order in which a reader decides."""
_BASES: Final = ("attached", "delegated", "triggered", "latent")


@dataclass(frozen=True, slots=True)
class Ability:
    """One action an agent can bring about on one basis, with all its effects."""

    parts: tuple[Capability, ...]
    """One per effect; they differ in nothing else but intent."""
    span: Span
    """The line that gives it."""
    nameless: bool = False
    """Whether the description says that whoever does it has no identity; unsaid is not that."""

    @property
    def first(self) -> Capability:
        """What all parts agree in."""
        return self.parts[0]

    @property
    def undescribed(self) -> bool:
        """Whether nobody has said what it does."""
        return any(part.effect == "unknown" for part in self.parts)

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`: forbidden and excess count even where something about it is unknown."""
        intents = {part.intent for part in self.parts}
        for word in ("forbidden", "excess"):
            if word in intents:
                return word
        if self.undescribed or self.first.certainty == "unknown":
            return "unknown"
        return self.first.intent


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """What one agent can do right now, and who can make it do so."""

    agent: Agent
    abilities: tuple[Ability, ...]
    """Forbidden first."""
    influences: tuple[Influence, ...]
    steers: tuple[str, ...]
    """Who steers it certainly or, where that is nobody, perhaps; people first."""

    def actions(self, *verdicts: str) -> int:
        """Return how many different actions it can bring about, of some verdicts or all."""
        return len({one.first.action for one in self.abilities if not verdicts or one.verdict in verdicts})

    @property
    def undescribed(self) -> int:
        """How many of them nobody can describe."""
        return len({one.first.action for one in self.abilities if one.undescribed})

    @property
    def doubtful(self) -> int:
        """How many are described, but nobody can tell whether the agent has them."""
        sure = {one.first.action for one in self.abilities if one.first.certainty == "yes" or one.undescribed}
        return len({one.first.action for one in self.abilities} - sure)

    @property
    def steered(self) -> str:
        """`yes`, `unknown` or `no`."""
        known = {one.certainty for one in self.influences}
        return "yes" if "yes" in known else "unknown" if known else "no"


def answers(graph: ModelGraph, derived: Derived) -> tuple[AgentAnswer, ...]:
    """Return an answer per agent, in the order of the description."""
    parts: dict[str, dict[tuple[str, str], list[Capability]]] = {}
    for one in derived.capabilities:
        parts.setdefault(one.agent, {}).setdefault((one.action, one.basis), []).append(one)
    steering: dict[str, list[Influence]] = {}
    for influence in derived.influences:
        steering.setdefault(influence.agent, []).append(influence)
    found = []
    for agent in graph.agents:
        grouped = parts.get(agent.id, {}).values()
        abilities = (
            Ability(tuple(same), place(graph, agent.id, same[0].route), _nameless(graph, same[0])) for same in grouped
        )
        influences = tuple(steering.get(agent.id, ()))
        steers = [name for one in influences if one.certainty == "yes" for name in one.by]
        steers = steers or [name for one in influences for name in one.by]
        found.append(AgentAnswer(agent, tuple(sorted(abilities, key=_order)), influences, people_first(graph, steers)))
    return tuple(found)


def place(graph: ModelGraph, agent: str, route: Sequence[str]) -> Span:
    """
    Return the line that lets an agent take a route: what lists the tool or store, or the delegation.

    Args:
        graph: The described system.
        agent: Its id.
        route: From the agent to an action.
    """
    element = graph.elements[agent]
    step = route[1] if len(route) > 1 else agent
    for delegation in graph.delegations_from.get(agent, ()):
        if delegation.target == step:
            return delegation.span
    if step == f"{agent}.shell":
        return element.body.key_span("runtime") if "runtime" in element.body else element.span
    tool = step.partition(".")[0]
    for key in ("tools", "skills", "memory"):
        names = element.body.get(key)
        for at, name in enumerate(as_words(names)):
            if name in {tool, step} or matches(name, step):
                return names.value_span(at) if isinstance(names, SeqNode) else element.body.value_span(key)
    access = element.body.get("access")
    if isinstance(access, MapNode) and tool in access:
        return access.key_span(tool)
    return element.span


def people_first(graph: ModelGraph, names: Iterable[str]) -> tuple[str, ...]:
    """Return names of sources with those of people first: a reader knows them."""
    return tuple(sorted(dict.fromkeys(names), key=lambda name: (kind_rank(graph, name), name)))


def kind_rank(graph: ModelGraph, name: str) -> int:
    """Return 0 for a person, 1 for a system of others, 2 for all else."""
    element = graph.elements.get(name)
    return {"person": 0, "external": 1}.get(element.kind, 2) if element is not None else 2


def _nameless(graph: ModelGraph, one: Capability) -> bool:
    """Return whether `identity: none` stands where the identity of an ability would: at its secret, else its agent."""
    steps = (graph.elements.get(step) for step in reversed(one.route))
    doer = next((step for step in steps if step is not None and step.kind == "agent"), graph.elements[one.agent])
    holder = graph.elements.get(one.credential or "", doer)
    return one.identity is None and holder.word("identity") == "none"


def _order(ability: Ability) -> tuple[int, int, str]:
    return (VERDICTS.index(ability.verdict), _BASES.index(ability.first.basis), ability.first.action)
