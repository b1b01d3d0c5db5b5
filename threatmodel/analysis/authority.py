"""Who may do what for whom: indexes over capabilities and delegations for the rules about authority."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.components import components
from threatmodel.analysis.holding import NOWHERE
from threatmodel.analysis.powers import WRITES, Power, permits, power_of
from threatmodel.model.effects import GRAVE
from threatmodel.model.elements import Action, Agent, Control, as_words
from threatmodel.model.worst import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from threatmodel.analysis.capability import Capability
    from threatmodel.model.elements import DataStore, Delegation, Element
    from threatmodel.model.graph import ModelGraph

LOUD: Final = frozenset({"send", "write"})
"""Effects that count as much where they leave the organisation."""
OUTSIDE: Final = frozenset({"external", "public"})
LIMITS: Final = frozenset(
    {"loop-limit", "cost-limit", "rate-limit", "spending-limit", "session-limit", "circuit-breaker"}
)
"""Types of control that end or slow down a run."""


def run_by_others(agent: Element) -> bool:
    """Return whether others run an agent, and nobody vouches for them (SEMANTICS 4.1)."""
    return agent.word("operated_by") == "third_party" and agent.word("trust") not in {"internal", "curated"}


def works_at(action: Action) -> tuple[str, ...]:
    """Return the systems that an action works on; where none is named, its tool stands for it."""
    return action.words("target") or (action.tool.id,)


class Authority:
    """Indexes over what was derived. Nothing is made before it is asked for."""

    def __init__(self, graph: ModelGraph, capabilities: tuple[Capability, ...]) -> None:
        """Take what every agent can do, as it was listed."""
        self._graph = graph
        self._capabilities = capabilities

    @cached_property
    def own(self) -> Mapping[str, tuple[Capability, ...]]:
        """Agent → what it does itself beyond reading and no gate stops, on any basis but delegation."""
        found: dict[str, list[Capability]] = {}
        for one in self._capabilities:
            if one.basis != "delegated" and not one.gates and one.effect not in {"read", "unknown"}:
                found.setdefault(one.agent, []).append(one)
        return {agent: tuple(parts) for agent, parts in found.items()}

    @cached_property
    def powerful(self) -> Mapping[str, tuple[Capability, ...]]:
        """Agent → those of its own that do harm by themselves, or that reach the outside."""
        found = {agent: tuple(filter(self.weighs, parts)) for agent, parts in self.own.items()}
        return {agent: parts for agent, parts in found.items() if parts}

    def weighs(self, one: Capability) -> bool:
        """Return whether a capability does harm by itself, or writes or sends where outsiders read."""
        if one.effect in GRAVE:
            return True
        action = self._graph.actions.get(one.action)
        return one.effect in LOUD and action is not None and action.word("to") in OUTSIDE

    @cached_property
    def changing(self) -> Mapping[str, tuple[Capability, ...]]:
        """Agent → what it can bring about beyond reading and no gate stops, others' help included."""
        found: dict[str, list[Capability]] = {}
        for one in self._capabilities:
            if not one.gates and one.effect not in {"read", "unknown"}:
                found.setdefault(one.agent, []).append(one)
        return {agent: tuple(parts) for agent, parts in found.items()}

    @cached_property
    def handed(self) -> Mapping[tuple[str, str], tuple[Capability, ...]]:
        """(Caller, callee) → what the caller can bring about through that callee, gated or not."""
        found: dict[tuple[str, str], list[Capability]] = {}
        for one in self._capabilities:
            if one.basis == "delegated" and len(one.route) > 1:
                found.setdefault((one.route[0], one.route[1]), []).append(one)
        return {pair: tuple(parts) for pair, parts in found.items()}

    @cached_property
    def kinds(self) -> Mapping[str, frozenset[str]]:
        """Agent → the effects that it has by itself, gated or not."""
        found: dict[str, set[str]] = {}
        for one in self._capabilities:
            if one.basis != "delegated":
                found.setdefault(one.agent, set()).add(one.effect)
        return {agent: frozenset(effects) for agent, effects in found.items()}

    @cached_property
    def reading(self) -> Mapping[str, tuple[str, ...]]:
        """Agent → the data that it reads itself."""
        found: dict[str, dict[str, None]] = {}
        for one in self._capabilities:
            if one.effect == "read" and one.basis != "delegated":
                found.setdefault(one.agent, {}).update(dict.fromkeys(one.data or ()))
        return {agent: tuple(names) for agent, names in found.items()}

    def touched(self, one: Capability) -> tuple[Element, ...]:
        """Return the stores, services and others that a capability works on."""
        action = self._graph.actions.get(one.action)
        names = (*action.words("store"), *action.words("target")) if action else (one.action.partition(".")[0],)
        found = (self._graph.elements.get(name) for name in names)
        return tuple(element for element in found if element is not None)

    @cached_property
    def checked_at(self) -> Mapping[str, tuple[tuple[Action, Control], ...]]:
        """System → the actions on it before which a control stands that this system itself enforces."""
        found: dict[str, list[tuple[Action, Control]]] = {}
        for control in self._graph.controls:
            if control.word("at") == "target" and control.word("status") not in NOWHERE:
                for place in control.words("on"):
                    for action in self._graph.match_actions(place):
                        for where in works_at(action):
                            found.setdefault(where, []).append((action, control))
        return {where: tuple(pairs) for where, pairs in found.items()}

    def lacks(self, agent: Element, parts: Sequence[Capability]) -> bool:
        """Return whether an agent's own identity does not permit an action that others do under theirs (5.4, 5.6)."""
        identity = self._graph.identity_of(agent)
        if identity is None or any(part.identity in (None, identity.id) for part in parts):
            return False
        action = self._graph.actions.get(parts[0].action)
        place, _, verb = parts[0].action.rpartition(".")
        effects = tuple(part.effect for part in parts)
        target = place if place in self._graph.elements and verb in effects else None
        asked = power_of(action) if action is not None else Power(parts[0].action, effects, agent.place, target=target)
        return not permits(identity, asked)

    # Delegations that come back to where they began

    @cached_property
    def loops(self) -> Mapping[str, tuple[str, ...]]:
        """Delegation → the agents of the endless loop that it stands for: one delegation for each such loop."""
        graph = self._graph
        edges = [one for one in graph.delegations if not one.says("max_depth") and not self._bounded(one)]
        ahead: dict[str, list[str]] = {}
        for one in edges:
            ahead.setdefault(one.source, []).append(one.target)
        part = {agent: number for number, same in enumerate(components(ahead)) for agent in same}
        found: dict[int, Delegation] = {}
        for one in sorted(edges, key=lambda edge: not self._limits_on(edge)):
            if part[one.source] == part[one.target]:
                found.setdefault(part[one.source], one)
        return {
            edge.id: tuple(agent.id for agent in graph.agents if part.get(agent.id) == number)
            for number, edge in found.items()
        }

    def _bounded(self, edge: Delegation) -> bool:
        return any(self.says_limits(self._graph.elements[end]) for end in (edge.source, edge.target))

    def _limits_on(self, edge: Delegation) -> bool:
        places = (edge.id, edge.source, edge.target)
        return any(one.type in LIMITS for place in places for one in self._graph.controls_on.get(place, ()))

    @staticmethod
    def says_limits(agent: Element) -> bool:
        """Return whether a limit of its run is stated."""
        return agent.says("limits") and agent.body.get("limits") not in ("none", UNKNOWN, {})

    def limited(self, agent: Element) -> bool:
        """Return whether its run is bounded, by what is stated or by a control that is said to be there."""
        standing = self._graph.controls_on.get(agent.id, ())
        return self.says_limits(agent) or any(
            one.type in LIMITS and one.word("status") not in {None, "declared", *NOWHERE} for one in standing
        )

    # Agents that set each other going

    @cached_property
    def handoffs(self) -> Mapping[str, tuple[str, ...]]:
        """Agent → the agents that go on where it ends: by delegation, by a message, or by what lies in a queue."""
        graph = self._graph
        found: dict[str, dict[str, None]] = {agent.id: {} for agent in graph.agents}
        for one in graph.delegations:
            found[one.source][one.target] = None
        for store in graph.of_kind("store"):
            if store.word("kind") == "queue":
                readers = self.readers(store)
                for writer in self.writers(store):
                    found[writer].update(dict.fromkeys(name for name in readers if self.wakes(name)))
        for agent in graph.agents:
            for flow in graph.flows_from.get(agent.id, ()):
                relay = graph.elements.get(flow.target)
                onward = (flow.target,) if relay is None or relay.kind != "service" else tuple(
                    later.target for later in graph.flows_from.get(flow.target, ())
                )  # fmt: skip
                found[agent.id].update(dict.fromkeys(name for name in onward if self.wakes(name)))
        return {agent: tuple(name for name in later if name != agent) for agent, later in found.items()}

    @cached_property
    def heads(self) -> frozenset[str]:
        """Agents without limits that no other such agent sets going; of those that set each other going, the first."""
        free = [agent.id for agent in self._graph.agents if not self.says_limits(agent)]
        known = frozenset(free)
        ahead = {name: [later for later in self.handoffs[name] if later in known] for name in free}
        part = {agent: number for number, same in enumerate(components(ahead)) for agent in same}
        entered = {part[later] for name in free for later in ahead[name] if part[later] != part[name]}
        first: dict[int, str] = {}
        for name in free:
            first.setdefault(part[name], name)
        return frozenset(name for number, name in first.items() if number not in entered)

    def wakes(self, name: str) -> bool:
        """Return whether an agent of that name starts by what comes in."""
        agent = self._graph.elements.get(name)
        return isinstance(agent, Agent) and agent.word("trigger") in {"event", "agent"}

    def writers(self, store: DataStore | Element) -> tuple[str, ...]:
        """Return the agents that write into a store."""
        return tuple(self._users(store, WRITES, "writers", into=True))

    def readers(self, store: DataStore | Element) -> tuple[str, ...]:
        """Return the agents that read a store."""
        return tuple(self._users(store, frozenset({"read"}), "readers", into=False))

    def _users(self, store: Element, effects: frozenset[str], key: str, *, into: bool) -> Iterator[str]:
        graph = self._graph
        named = set(store.words(key))
        flows = graph.flows_to.get(store.id, ()) if into else graph.flows_from.get(store.id, ())
        named |= {flow.source if into else flow.target for flow in flows}
        acting = [action for action in self._working_on.get(store.id, ()) if effects & set(action.effects)]
        for agent in graph.agents:
            access = agent.body.get("access")
            entry = access.get(store.id) if isinstance(access, dict) else None
            verbs = set(as_words(entry.get("do") if isinstance(entry, dict) else entry))
            by_tool = any(action in graph.attached[agent.id] for action in acting)
            if agent.id in named or verbs & effects or by_tool or (not into and store.id in agent.words("memory")):
                yield agent.id

    @cached_property
    def _working_on(self) -> Mapping[str, tuple[Action, ...]]:
        found: dict[str, list[Action]] = {}
        for action in self._graph.actions.values():
            for name in action.words("store"):
                found.setdefault(name, []).append(action)
        return {store: tuple(actions) for store, actions in found.items()}
