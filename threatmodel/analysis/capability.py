"""Capability: what each agent can do, by itself and through those it delegates to (SEMANTICS 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.legs import Leg, legs_of, own_powers
from threatmodel.analysis.marks import Mark, Route
from threatmodel.analysis.powers import WRITES, Power, permits
from threatmodel.model.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.analysis.gates import Controls
    from threatmodel.model.elements import Agent, Delegation
    from threatmodel.model.graph import ModelGraph

TRAVELS: Final = frozenset({"caller", "caller_and_actor"})


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One route of an agent to an action: delegations, then a leg."""

    agent: str
    leg: Leg
    route: Route
    """From the agent to the action; its mark holds gates only."""
    doubt: tuple[str, ...]
    """Facts without which nobody can tell whether the way exists."""

    @property
    def basis(self) -> str:
        """`attached`, `latent`, `triggered` or `delegated`."""
        return self.leg.basis if self.leg.agent == self.agent else "delegated"

    @property
    def mark(self) -> Mark:
        """Gates and doubts together: what a path over it is judged by."""
        return self.route.mark + Mark(missing=self.doubt) if self.doubt else self.route.mark


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing an agent can do, by the worst of its routes of one basis."""

    agent: str
    action: str
    effect: str
    data: tuple[str, ...] | None
    reversible: str | None
    basis: str
    route: tuple[str, ...]
    identity: str | None
    credential: str | None
    lifetime: str | None
    gates: tuple[str, ...]
    """Controls that hold and break this route."""
    claims: tuple[str, ...]
    certainty: str
    missing: tuple[str, ...]
    intent: str


@dataclass(slots=True)
class Closure:
    """Everything each agent can bring about, with the ways."""

    controls: Controls
    own: dict[str, tuple[Power, ...]] = field(default_factory=dict)
    legs: dict[str, tuple[Leg, ...]] = field(default_factory=dict)
    ways: dict[str, list[Way]] = field(default_factory=dict)

    @property
    def graph(self) -> ModelGraph:
        """The described system."""
        return self.controls.context.graph

    def build(self) -> Closure:
        """Find all ways; returns itself."""
        self.own = own_powers(self.controls)
        self.legs = {agent.id: legs_of(self.controls, agent, self.own[agent.id]) for agent in self.graph.agents}
        self.ways = {agent.id: [] for agent in self.graph.agents}
        listed = {delegation.id: _listed(self.graph, delegation) for delegation in self.graph.delegations}
        for agent in self.graph.agents:
            for leg in self.legs[agent.id]:
                self.ways[agent.id].append(Way(agent.id, leg, Route(leg.steps, leg.mark), leg.doubt))
                if leg.agent in self.graph.delegations_to:
                    self._back(leg, listed)
        return self

    def latent_writes(self) -> dict[str, tuple[tuple[Power, Mark], ...]]:
        """Return agent → the writes that raw reach gives it."""
        return {
            agent: tuple(
                (leg.power, leg.mark + Mark(missing=leg.doubt) if leg.doubt else leg.mark)
                for leg in legs
                if leg.basis == "latent" and set(leg.power.effects) & WRITES and leg.power.stores
            )
            for agent, legs in self.legs.items()
        }

    def _back(self, leg: Leg, listed: Mapping[str, frozenset[str] | None]) -> None:
        """
        Walk delegations backwards from the agent that acts, and add a way for everyone who can ask for it.

        What a caller may ask is cut by `actions:` of every delegation, by how deep each lets it go, and by identities
        as far as they travel (5.4). Of routes that end alike in how the identity travels, the first is kept per rank.
        """
        begin = (leg.agent, "yes")
        waiting: list[tuple[str, str, Route, tuple[str, ...], tuple[str, ...]]] = [
            (leg.agent, "yes", Route(leg.steps, leg.mark), leg.doubt, ())
        ]
        seen: dict[tuple[str, str, int], int] = {(*begin, (leg.mark + Mark(missing=leg.doubt)).rank): 0}
        while waiting:
            agent, travels, route, doubt, unsaid = waiting.pop(0)
            depth = 1 + len(route.steps) - len(leg.steps)
            for delegation in self.graph.delegations_to.get(agent, ()):
                if delegation.source in route.steps[:depth]:
                    continue
                if not _deep_enough(delegation, depth) or not _asks_for(listed[delegation.id], leg):
                    continue
                tool = leg.power.tool.id if leg.power.tool is not None else leg.power.name
                if self.controls.denied(delegation.source, leg.power.name, tool)[1]:
                    continue
                goes, facts = _travelled(delegation, travels, unsaid)
                more = self._cut(delegation.source, leg, goes, facts)
                if more is None:
                    continue
                gates = self.controls.calls(delegation.id, delegation.source)
                ahead = Route((delegation.source, *route.steps), gates + route.mark)
                facts_now = tuple(dict.fromkeys((*doubt, *more)))
                rank = (ahead.mark + Mark(missing=facts_now) if facts_now else ahead.mark).rank
                if any((delegation.source, goes, lower) in seen for lower in range(rank + 1)):
                    continue
                seen[(delegation.source, goes, rank)] = depth
                self.ways[delegation.source].append(Way(delegation.source, leg, ahead, facts_now))
                waiting.append((delegation.source, goes, ahead, facts_now, facts))

    def _cut(self, caller: str, leg: Leg, goes: str, unsaid: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the facts that leave it open whether the caller's identity stops it; None where it does."""
        if goes == "no" or leg.named is None:
            return ()
        element = self.graph.elements[caller]
        identity = self.graph.identity_of(element)
        setting_off = leg.power if leg.basis != "triggered" else _named_power(self.own.get(leg.agent, ()), leg)
        if permits(identity, setting_off):
            return ()
        return unsaid if goes == "unknown" else None

    # Answers

    def capabilities(self) -> tuple[Capability, ...]:
        """Return what every agent can do: one entry per action, effect and basis, by its worst route."""
        found: list[Capability] = []
        for agent in self.graph.agents:
            bounds = Bounds(self.graph, agent)
            best: dict[tuple[str, str], Way] = {}
            for way in self.ways[agent.id]:
                key = (way.leg.power.name, way.basis)
                if key not in best or _order(way) < _order(best[key]):
                    best[key] = way
            for (name, basis), way in best.items():
                beside = best.get((name, "attached"))
                if basis == "latent" and beside is not None and set(beside.mark.broken) == set(way.mark.broken):
                    continue
                found += [self._entry(agent, effect, way, bounds) for effect in way.leg.power.effects]
        return tuple(found)

    def _entry(self, agent: Agent, effect: str, way: Way, bounds: Bounds) -> Capability:
        power, leg = way.leg.power, way.leg
        credential = self.graph.elements.get(leg.credential or "")
        holder = self.graph.elements[leg.agent]
        identity = self.graph.identity_of(credential) if credential is not None else None
        if credential is None:
            identity = (
                self.graph.identity_of(power.tool) if power.tool is not None else None
            ) or self.graph.identity_of(holder)
        certain = not way.doubt and (effect != "unknown" or ":" in power.name)
        return Capability(
            agent=agent.id,
            action=power.name,
            effect=effect,
            data=power.data,
            reversible=power.word("reversible"),
            basis=way.basis,
            route=way.route.steps,
            identity=None if identity is None else identity.id,
            credential=leg.credential,
            lifetime=None if credential is None else credential.word("lifetime"),
            gates=way.route.mark.broken,
            claims=way.route.mark.claimed,
            certainty="yes" if certain else "unknown",
            missing=way.doubt,
            intent=bounds.of(power, effect),
        )


class Bounds:
    """What an owner has in mind for an agent, and what must not be (5.7)."""

    def __init__(self, graph: ModelGraph, agent: Agent) -> None:
        """Resolve both lists."""
        self._graph = graph
        self.never = agent.words("never")
        self._intended = agent.words("intended") if agent.says("intended") else None

    def of(self, power: Power, effect: str) -> str:
        """Return `intended`, `excess`, `forbidden` or `unstated`."""
        if any(self.covers(name, power, effect) for name in self.never):
            return "forbidden"
        if self._intended is None:
            return "unstated"
        return "intended" if any(self.covers(name, power, effect) for name in self._intended) else "excess"

    def covers(self, name: str, power: Power, effect: str) -> bool:
        """Return whether an item of a list names a power: by action, tool, pattern, effect, store or service."""
        if matches(name, power.name) or name == effect:
            return True
        if power.tool is not None and name == power.tool.id:
            return True
        return name in power.stores or name in power.words("target")


def _order(way: Way) -> tuple[int, tuple[int, tuple[str, ...], tuple[str, ...]]]:
    return (way.mark.rank, way.route.key)


def _listed(graph: ModelGraph, delegation: Delegation) -> frozenset[str] | None:
    """Return the actions a delegation may ask for; None where it lists none."""
    if not delegation.says("actions"):
        return None
    names = delegation.words("actions")
    found = {action.id for name in names for action in graph.match_actions(name)}
    return frozenset((*found, *names))


def _asks_for(listed: frozenset[str] | None, leg: Leg) -> bool:
    if listed is None:
        return True
    if leg.named is None:
        return False
    tool = leg.power.tool.id if leg.power.tool is not None and leg.basis != "triggered" else leg.named.partition(".")[0]
    return leg.named in listed or (leg.named.endswith(".*") and tool in listed)


def _deep_enough(delegation: Delegation, depth: int) -> bool:
    """Return whether `max_depth` lets a delegation reach that many agents behind it."""
    most = delegation.body.get("max_depth")
    return not isinstance(most, int) or depth <= most


def _travelled(delegation: Delegation, travels: str, unsaid: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return how the caller's identity gets to where the action is, and the facts that are missing to tell."""
    identity = delegation.word("identity")
    if travels == "no" or identity in {"actor_only", "none"}:
        return "no", ()
    if identity is None:
        return "unknown", (*unsaid, f"{delegation.place}.identity")
    return travels, unsaid


def _named_power(own: tuple[Power, ...], leg: Leg) -> Power:
    return next((power for power in own if power.name == leg.named), leg.power)
