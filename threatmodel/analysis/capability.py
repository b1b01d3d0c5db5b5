"""Capability: what each agent can do, by itself and through those it delegates to (SEMANTICS 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from threatmodel.analysis.handing import Handing
from threatmodel.analysis.legs import Leg, legs_of, own_powers
from threatmodel.analysis.marks import Mark
from threatmodel.model.patterns import matches

if TYPE_CHECKING:
    from threatmodel.analysis.gates import Controls
    from threatmodel.analysis.handing import Handed
    from threatmodel.analysis.powers import Power
    from threatmodel.model.elements import Agent
    from threatmodel.model.graph import ModelGraph

MOST_CAPABILITIES: Final = 50_000  # listed; all are counted
MOST_STEPS: Final = 2_000_000  # of what is listed, together: steps of routes and missing facts


@dataclass(slots=True, eq=False)
class Way:
    """One route of an agent to an action: delegations, then a leg."""

    agent: str
    leg: Leg
    handed: Handed | None
    """The delegations; None where the agent acts itself."""
    rank: int
    """Of gates and doubts together: what a path over it is judged by."""
    length: int
    """How many steps the route has."""

    @property
    def basis(self) -> str:
        """`attached`, `latent`, `triggered` or `delegated`."""
        return self.leg.basis if self.handed is None else "delegated"

    @property
    def steps(self) -> tuple[str, ...]:
        """The agents that hand on, then the steps of the leg."""
        return self.leg.steps if self.handed is None else (*self.handed.agents(), *self.leg.steps)

    @property
    def gates(self) -> Mark:
        """What stands on the delegations and the leg."""
        return self.leg.mark if self.handed is None else self.handed.gates + self.leg.mark

    @property
    def doubt(self) -> tuple[str, ...]:
        """Facts without which nobody can tell whether the way exists."""
        if self.handed is None or not self.handed.doubt:
            return self.leg.doubt
        return tuple(dict.fromkeys((*self.leg.doubt, *self.handed.doubt)))

    def marks(self) -> tuple[Mark, ...]:
        """Return what `mark` joins, part by part."""
        doubts = (Mark(missing=self.doubt),) if self.doubt else ()
        return (self.leg.mark, *doubts) if self.handed is None else (self.handed.gates, self.leg.mark, *doubts)

    @property
    def mark(self) -> Mark:
        """Gates and doubts together."""
        doubt = self.doubt
        return self.gates + Mark(missing=doubt) if doubt else self.gates


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


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The capabilities that are listed, and how many there are."""

    listed: tuple[Capability, ...]
    """All of them up to `MOST_CAPABILITIES` and `MOST_STEPS`, beyond that the worst; in order."""
    count: int
    acting: frozenset[str]
    """Agents that certainly do more than read, listed or not."""
    doubtful: frozenset[str]
    """Agents of which it is not certain that they can do something, listed or not."""


@dataclass(slots=True)
class Closure:
    """Everything each agent can bring about, with the ways."""

    controls: Controls
    own: dict[str, tuple[Power, ...]] = field(default_factory=dict)
    legs: dict[str, tuple[Leg, ...]] = field(default_factory=dict)
    ways: dict[str, list[Way]] = field(default_factory=dict)
    deepest: int | None = None
    """The most delegations that were followed; None where all were."""

    @property
    def graph(self) -> ModelGraph:
        """The described system."""
        return self.controls.context.graph

    def build(self) -> Closure:
        """Find all ways; returns itself."""
        self.own = own_powers(self.controls)
        self.legs = {agent.id: legs_of(self.controls, agent, self.own[agent.id]) for agent in self.graph.agents}
        self.ways = {agent.id: [] for agent in self.graph.agents}
        handing = Handing(self.controls, self.own)
        asked = [leg for agent, legs in self.legs.items() if agent in self.graph.delegations_to for leg in legs]
        walked = {leg: walk for walk in handing.walk(asked) for leg in walk.legs}
        self.deepest = handing.deepest
        for agent, legs in self.legs.items():
            for leg in legs:
                self.ways[agent].append(Way(agent, leg, None, leg.rank, len(leg.steps)))
                if leg in walked:
                    for caller, routes in walked[leg].callers.items():
                        self.ways[caller] += [
                            Way(caller, leg, one, one.rank, one.depth + len(leg.steps)) for one in routes
                        ]
        return self

    def latent_writes(self) -> dict[str, tuple[tuple[Power, Mark, bool], ...]]:
        """Return agent → the writes that raw reach gives it, with their marks, and whether they are certain."""
        return {
            agent: tuple(
                (leg.power, leg.mark + Mark(missing=(*leg.doubt, *facts)), not (leg.doubt or facts))
                for leg in legs
                if leg.basis == "latent" and leg.power.stores and (facts := leg.power.writes) is not None
            )
            for agent, legs in self.legs.items()
        }

    # Answers

    def capabilities(self) -> Capabilities:
        """Return what every agent can do: one entry per action, effect and basis, by its worst route."""
        found: list[tuple[Way, str, Bounds]] = []
        for agent in self.graph.agents:
            bounds = Bounds(self.graph, agent)
            best: dict[tuple[str, str], Way] = {}
            for way in self.ways[agent.id]:
                key = (way.leg.power.name, way.basis)
                known = best.get(key)
                if known is None or _before(way, known):
                    best[key] = way
            for (name, basis), way in best.items():
                beside = best.get((name, "attached")) if basis == "latent" else None
                if beside is not None and set(beside.mark.broken) == set(way.mark.broken):
                    continue
                found += [(way, effect, bounds) for effect in way.leg.power.effects]
        facts: dict[Leg, _Facts] = {}
        for way, _, _ in found:
            if way.leg not in facts:
                facts[way.leg] = self._facts(way.leg)
        certain = [(way.agent, effect, _certain(way, effect)) for way, effect, _ in found]
        return Capabilities(
            listed=tuple(_entry(*one, facts[one[0].leg]) for one in _worst(found)),
            count=len(found),
            acting=frozenset(agent for agent, effect, sure in certain if sure and effect not in _HARMLESS),
            doubtful=frozenset(agent for agent, _, sure in certain if not sure),
        )

    def _facts(self, leg: Leg) -> _Facts:
        """Return what is the same whoever asks for a leg."""
        power = leg.power
        credential = self.graph.elements.get(leg.credential or "")
        identity = self.graph.identity_of(credential) if credential is not None else None
        if credential is None:
            identity = (
                self.graph.identity_of(power.tool) if power.tool is not None else None
            ) or self.graph.identity_of(self.graph.elements[leg.agent])
        return _Facts(
            power.data,
            power.word("reversible"),
            None if identity is None else identity.id,
            None if credential is None else credential.word("lifetime"),
        )


class _Facts(NamedTuple):
    data: tuple[str, ...] | None
    reversible: str | None
    identity: str | None
    lifetime: str | None


def _entry(way: Way, effect: str, bounds: Bounds, facts: _Facts) -> Capability:
    power, gates, doubt = way.leg.power, way.gates, way.doubt
    return Capability(
        agent=way.agent,
        action=power.name,
        effect=effect,
        data=facts.data,
        reversible=facts.reversible,
        basis=way.basis,
        route=way.steps,
        identity=facts.identity,
        credential=way.leg.credential,
        lifetime=facts.lifetime,
        gates=gates.broken,
        claims=gates.claimed,
        certainty="yes" if _certain(way, effect) else "unknown",
        missing=doubt,
        intent=bounds.of(power, effect),
    )


def _certain(way: Way, effect: str) -> bool:
    return not way.doubt and (effect != "unknown" or ":" in way.leg.power.name)


def _worst(found: list[tuple[Way, str, Bounds]]) -> list[tuple[Way, str, Bounds]]:
    """Return what is listed: what must not be first, then what nobody intends, what is certain, what no gate stops."""
    if len(found) <= MOST_CAPABILITIES and sum(way.length for way, _, _ in found) <= MOST_STEPS:
        return found
    ranks = [
        (_INTENTS.get(bounds.of(way.leg.power, effect), len(_INTENTS)), not _certain(way, effect), way.gates.rank)
        for way, effect, bounds in found
    ]
    chosen: list[int] = []
    steps = 0
    for place in sorted(range(len(found)), key=ranks.__getitem__)[:MOST_CAPABILITIES]:
        steps += found[place][0].length
        if steps > MOST_STEPS:
            break
        chosen.append(place)
    return [found[place] for place in sorted(chosen)]


_HARMLESS: Final = frozenset({"read", "unknown"})
_INTENTS: Final = {"forbidden": 0, "excess": 1}


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


def _before(way: Way, known: Way) -> bool:
    """Return whether a way comes before another: worse, certain, shorter, then by its steps and its controls (9.2)."""
    if way.rank != known.rank:
        return way.rank < known.rank
    if bool(way.doubt) != bool(known.doubt):
        return not way.doubt
    if way.length != known.length:
        return way.length < known.length
    mine, theirs = way.steps, known.steps
    if mine != theirs:
        return mine < theirs
    one, other = way.gates, known.gates
    return (*one.broken, *one.claimed) < (*other.broken, *other.claimed)
