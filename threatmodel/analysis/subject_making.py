"""Paths, mishaps, abilities, invariants and influence → subjects, with the fields that rules read."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import STATES
from threatmodel.analysis.powers import REACHING_KINDS
from threatmodel.analysis.subjects import (
    CapabilitySubject,
    InfluenceSubject,
    InvariantSubject,
    MishapSubject,
    PathSubject,
    Told,
)
from threatmodel.load.nodes import MapNode, SeqNode
from threatmodel.model.effects import GRAVE
from threatmodel.model.elements import Asset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from threatmodel.analysis.authority import Authority
    from threatmodel.analysis.capability import Capability
    from threatmodel.analysis.influence import Influence
    from threatmodel.analysis.paths import AttackPath, Invariant, Mishap
    from threatmodel.model.elements import DataFlow, Delegation, Element
    from threatmodel.model.graph import ModelGraph
    from threatmodel.span import Span


class Maker:
    """Makes the subjects of one system."""

    def __init__(
        self,
        graph: ModelGraph,
        steered: Mapping[str, str],
        powers: Mapping[tuple[str, str], tuple[Capability, ...]],
        authority: Authority,
    ) -> None:
        """
        Know what the fields are read from.

        Args:
            graph: The described system.
            steered: Agent → `yes` or `perhaps`.
            powers: (Agent, action) → its capabilities.
            authority: Who may do what for whom.
        """
        self._graph = graph
        self._steered = steered
        self._powers = powers
        self._authority = authority
        self._agents = frozenset(agent.id for agent in graph.agents)
        self._named: dict[str, tuple[str | None, ...]] = {}

    def path(self, same: list[AttackPath]) -> PathSubject:
        """Return the attack paths to one impact through one action of an agent, whatever their source, as a subject."""
        paths = sorted(same, key=lambda one: (STATES.index(one.state), one.mild, len(one.steps), one.id))
        first = paths[0]
        worst = [one for one in paths if one.state == first.state]
        assets = list(dict.fromkeys(name for one in worst for name in one.assets))
        sources = list(dict.fromkeys(one.source for one in worst))
        body = self._harm(first, assets)
        _put(
            body,
            sources=sources,
            certain=self._steered.get(first.agent) == "yes" and first.state != "unknown",
            weakened=all(one.weakened for one in worst),
            sensitivity=self._sensitivity(assets),
            way=self._way_out(first) if first.impact == "disclosure" else "call",
        )
        names = (first.agent, first.action, *first.steps[-2:], *first.steps, *sources, *assets, *first.claimed_by)
        return PathSubject(
            f"{first.agent}>{first.action}:{first.impact}", body, self._line(first.agent, first.action),
            f"paths.{first.agent}>{first.action}:{first.impact}", first.agent, self._elements(names), first.steps,
            tuple(paths),
        )  # fmt: skip

    def mishap(self, one: Mishap) -> MishapSubject:
        """Return a mishap as a subject."""
        name = f"{one.agent}>{one.action}:{one.impact}"
        names = (one.agent, one.action, *one.steps, *one.claimed_by)
        return MishapSubject(
            name, self._harm(one, []), self._line(one.agent, one.action), f"mishaps.{name}", one.agent,
            self._elements(names), one.steps, one,
        )  # fmt: skip

    def capability(self, parts: tuple[Capability, ...]) -> CapabilitySubject:
        """Return what an agent can do with one action, on every basis, as one subject."""
        first = parts[0] if len(parts) == 1 else min(parts, key=_readiest)
        body = Told(self._graph.elements[first.agent].span, partial(self._ability, parts, first))
        return CapabilitySubject(
            f"{first.agent}>{first.action}", body, self._basis_line(parts, first), f"capabilities.{first.action}",
            first.agent, self._elements((first.agent, first.action, *first.route)), first.route, parts,
        )  # fmt: skip

    def invariant(self, one: Invariant) -> InvariantSubject:
        """Return an item of `never:` as a subject."""
        agent = self._graph.elements[one.agent]
        body = MapNode(agent.span)
        state = "undecided" if one.state == "unknown" else one.state
        _put(body, agent=one.agent, never=one.never, gates=list(one.gates), state=state)
        places = agent.body.get("never")
        span = agent.body.value_span("never") if "never" in agent.body else agent.span
        if isinstance(places, SeqNode) and one.never in places:
            span = places.value_span(places.index(one.never))
        parts = self._powers.get((one.agent, one.never), ())
        steps = parts[0].route if parts else ()
        return InvariantSubject(
            f"{one.agent}>{one.never}", body, span, f"{agent.place}.never", one.agent,
            self._elements((one.agent, one.never, *steps)), steps, one,
        )  # fmt: skip

    def influence(self, one: Influence) -> InfluenceSubject:
        """Return what steers an agent, as a subject."""
        agent = self._graph.elements[one.agent]
        body = MapNode(agent.span)
        _put(
            body, agent=one.agent, by=list(one.by), certain=one.certainty == "yes", weakened=one.weakened,
            entry=self._entry(one.route, agent),
        )  # fmt: skip
        names = (one.agent, *reversed(one.route), *one.by)
        return InfluenceSubject(
            one.agent, body, agent.span, f"influence.{one.agent}", one.agent, self._elements(names), one.route,
            one.missing,
        )  # fmt: skip

    def _harm(self, one: AttackPath | Mishap, assets: list[str]) -> MapNode:
        parts = self._powers.get((one.agent, one.action), ())
        body = MapNode(self._graph.elements[one.agent].span)
        acting = one.steps[one.steps.index(one.agent) :] if one.agent in one.steps else one.steps
        _put(
            body,
            agent=one.agent, action=one.action, effect=_each(part.effect for part in parts), assets=assets,
            impact="undescribed" if one.impact == "unknown" else one.impact, state=one.state, mild=one.mild,
            through=[step for step in acting[1:] if step in self._agents],
            bases=_each(part.basis for part in parts), around=_around(parts),
            gates=_each((*one.broken_by, *one.claimed_by)),
        )  # fmt: skip
        return body

    def _ability(self, parts: tuple[Capability, ...], first: Capability, field: str) -> str | list[str]:
        """Return one field of an ability; there are many of them, and most are never asked for."""
        found = _ABILITY.get(field)
        if found is not None:
            return found(parts)
        if field == "through":
            return [step for step in first.route[1:-1] if step in self._agents]
        if field == "to":
            action = self._graph.actions.get(first.action)
            return "unsaid" if action is None else action.word("to") or "unsaid"
        if field == "deputy":
            return _word(self._deputy(self._graph.elements[first.agent], parts))
        if field == "steered":
            return self._steered.get(first.agent, "no")
        return first.agent if field == "agent" else first.action

    def _deputy(self, agent: Element, parts: tuple[Capability, ...]) -> bool:
        """Return whether it is only another agent's identity that lets it happen, and the caller's would not."""
        return all(part.basis == "delegated" for part in parts) and self._authority.lacks(agent, parts)

    # Fields

    def _entry(self, route: Sequence[str], agent: Element) -> str:
        """Return how text comes into the context of an agent, by the last step before it."""
        before = route[-2] if len(route) > 1 else ""
        element = self._graph.elements.get(before)
        if element is None:
            return "result" if before in self._graph.actions or "." in before else "instructions"
        if element.kind in {"tool", "skill"}:
            return "supply_chain"
        if element.kind == "agent":
            return "delegation"
        if element.kind != "store":
            return "flow"
        told = agent.body.get("instructions")
        return "instructions" if isinstance(told, MapNode) and before in str(told.get("from")) else "store"

    def _way_out(self, path: AttackPath) -> str:
        """Return by what kind of way the data of a disclosure leaves."""
        if ">" in path.action:
            target = self._graph.elements.get(path.action.rpartition(">")[2])
            if target is not None and target.kind == "service":
                return "answer"
            return "delegation" if target is not None and target.kind == "agent" else "flow"
        action = self._graph.actions.get(path.action)
        if action is None:
            element = self._graph.elements.get(path.action)
            if element is not None and element.kind in {"tool", "skill"} and path.source == path.action:
                return "arguments"
            return "store" if element is not None and element.kind == "store" else "reach"
        effects = set(action.effects)
        if "send" in effects:
            return "call"
        if "execute" in effects or action.tool.word("kind") in REACHING_KINDS:
            return "reach"
        return "write"

    def _sensitivity(self, assets: Iterable[str]) -> str:
        found = [self._graph.elements.get(name) for name in assets]
        words = {one.classification for one in found if isinstance(one, Asset)}
        if "restricted" in words or any(one is not None and one.kind == "credential" for one in found):
            return "restricted"
        return "confidential" if "confidential" in words else "unsaid"

    def _elements(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the elements that names stand for, each once: of an action its tool, of an edge both its ends."""
        found: dict[str, None] = {}
        for name in names:
            known = self._named.get(name)
            if known is None:
                known = self._named[name] = tuple(self._element(part) for part in name.split(">"))
            for one in known:
                if one is not None:
                    found[one] = None
        return tuple(found)

    def _element(self, name: str) -> str | None:
        """Return the element that a name stands for: itself, or the tool of an action."""
        return next((one for one in (name, name.partition(".")[0]) if one in self._graph.elements), None)

    def _basis_line(self, parts: Sequence[Capability], first: Capability) -> Span:
        """Return the line that gives an ability: the delegation or the secret it hangs on, else its action's."""
        given: Element | None = None
        if all(part.basis == "delegated" for part in parts):
            given = self._graph.find(">".join(first.route[:2]))
        elif all(part.basis == "latent" for part in parts):
            given = self._graph.elements.get(first.credential or "")
        return self._line(first.agent, first.action) if given is None else given.span

    def _line(self, agent: str, action: str) -> Span:
        """Return the line that says most of it: of what it happens by, else of the agent."""
        known = self._graph.actions.get(action) or self._graph.elements.get(action) or self._edges.get(action)
        return known.span if known is not None else self._graph.elements[agent].span

    @cached_property
    def _edges(self) -> Mapping[str, Element]:
        """`from>to` → the first flow or delegation between the two."""
        found: dict[str, Element] = {}
        edges: tuple[DataFlow | Delegation, ...] = (*self._graph.flows, *self._graph.delegations)
        for edge in edges:
            found.setdefault(f"{edge.source}>{edge.target}", edge)
        return found


def _around(parts: Sequence[Capability]) -> bool:
    """Return whether a gate stands before one way to the action, and another way leads past it."""
    return any(part.gates for part in parts) and any(not part.gates for part in parts)


def _each(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


_INTENTS: Final = ("forbidden", "excess", "intended", "unstated")
_ABILITY: Final[Mapping[str, Callable[[tuple[Capability, ...]], str | list[str]]]] = {
    "effect": lambda parts: _each(part.effect for part in parts),
    "assets": lambda parts: _each(name for part in parts for name in part.data or ()),
    "gates": lambda parts: _each(name for part in parts for name in part.gates),
    "claims": lambda parts: _each(name for part in parts for name in part.claims),
    "identities": lambda parts: _each(part.identity for part in parts if part.identity),
    "credentials": lambda parts: _each(part.credential for part in parts if part.credential),
    "bases": lambda parts: _each(part.basis for part in parts),
    "intent": lambda parts: min((part.intent for part in parts), key=_INTENTS.index),
    "certain": lambda parts: _word(any(part.certainty == "yes" for part in parts)),
    "grave": lambda parts: _word(any(part.effect in GRAVE for part in parts)),
    "gated": lambda parts: _word(all(part.gates for part in parts)),
    "around": lambda parts: _word(_around(parts)),
}
"""Field of an ability → what its parts say of it."""


def _readiest(part: Capability) -> tuple[bool, bool, int]:
    """Order the parts of one ability: certain, ungated and short first."""
    return (part.certainty != "yes", bool(part.gates), len(part.route))


def _word(value: bool) -> str:  # noqa: FBT001  a truth value is what it turns into a word
    return "yes" if value else "no"


def _put(body: MapNode, **fields: object) -> None:
    for key, value in fields.items():
        body[key] = _word(value) if isinstance(value, bool) else value
