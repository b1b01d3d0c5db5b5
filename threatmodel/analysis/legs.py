"""The last part of every route to an action: what one agent does itself, past a tool, or by setting something off."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import CLEAR, UNKNOWN, Mark
from threatmodel.analysis.powers import WRITES, Power, attached, credential_names, power_of, reaches
from threatmodel.analysis.reach import opaque, opens
from threatmodel.model.elements import Credential, Service, as_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.gates import Controls
    from threatmodel.model.elements import Agent, DataFlow, Element
    from threatmodel.model.graph import ModelGraph

IN_REACH: Final = frozenset({"env", "file", "code", "memory", "prompt"})
"""Places of secrets that raw reach gets at (SEMANTICS 5.3)."""
READ: Final = "read"


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """One way in which an agent brings about an action without any other agent."""

    agent: str
    power: Power
    basis: str
    """`attached`, `latent` or `triggered`."""
    steps: tuple[str, ...]
    """The agent, what gives the reach or sets it off, the action."""
    mark: Mark
    """Gates on the way."""
    doubt: tuple[str, ...]
    """Facts without which nobody can tell whether the way exists."""
    named: str | None
    """The action that `actions:` of a delegation and identities cut; None for a message, which no list names."""
    credential: str | None = None
    rank: int = field(init=False)
    """Of its mark and its doubts together."""

    def __post_init__(self) -> None:
        """Work out the rank once: it is asked for with every way over the leg."""
        object.__setattr__(self, "rank", max(self.mark.rank, UNKNOWN) if self.doubt else self.mark.rank)


def legs_of(controls: Controls, agent: Agent, own: tuple[Power, ...]) -> tuple[Leg, ...]:
    """Return every leg of an agent, attached ones first."""
    graph = controls.context.graph
    first = [_attached(controls, agent, power) for power in own]
    first += _latent(controls, agent, own)
    legs = list(first)
    known: dict[tuple[str, str | None, Mark, tuple[str, ...]], int] = {}
    sent = _messages(controls, agent)
    waiting = deque([*first, *sent])
    legs += sent
    while waiting:
        leg = waiting.popleft()
        for following in _set_off(controls, graph, agent, leg):
            if following.power.name in leg.steps:
                continue
            key = (following.power.name, following.named, following.mark, following.doubt)
            place = known.setdefault(key, len(legs))
            if place == len(legs):
                legs.append(following)
            elif (len(following.steps), following.steps) < (len(legs[place].steps), legs[place].steps):
                legs[place] = following  # of routes that differ in their steps only, the first (SEMANTICS 9.2)
            else:
                continue
            waiting.append(following)
    return tuple(legs)


def _attached(controls: Controls, agent: Agent, power: Power) -> Leg:
    mark = controls.calls(*power.gate_places, f"{power.name}>{agent.id}", *_tool_edge(power, agent), agent.id)
    mark = mark + controls.authorization(agent.id)
    tool = power.tool
    credential = next(iter(tool.words("credential")), None) if tool is not None else None
    if power.details is not None:
        credential = next(iter(as_words(power.details.get("credential"))), None)
    return Leg(agent.id, power, "attached", (agent.id, power.name), mark, power.doubt, power.name, credential)


def _tool_edge(power: Power, agent: Agent) -> tuple[str, ...]:
    return () if power.tool is None else (f"{power.tool.id}>{agent.id}", f"{agent.id}>{power.tool.id}")


# Past the tool


def readable_data(graph: ModelGraph, agent: Agent, own: tuple[Power, ...]) -> set[str]:
    """Return the data an agent can read by its own actions and memory."""
    found: set[str] = set()
    for power in own:
        if READ in power.effects:
            found.update(power.data or ())
            if power.data is None:
                for name in power.stores:
                    store = graph.elements.get(name)
                    found.update(store.words("data") if store is not None else ())
    for name in agent.words("memory"):
        store = graph.elements.get(name)
        found.update(store.words("data") if store is not None else ())
    return found


def in_reach(
    credential: Credential, agent: Agent, handed: frozenset[str], *, visible_only: bool
) -> tuple[str, ...] | None:
    """
    Return whether raw reach gets at a credential (5.3): the facts that are missing to tell, or None for no.

    Args:
        credential: One of the agent's.
        agent: Whose environment it is.
        handed: Credentials that lie in data the agent reads.
        visible_only: Whether only what the model sees counts.
    """
    if credential.id in handed or credential.word("visible_to_model") == "yes":
        return ()
    if visible_only:
        return None
    holders = credential.words("held_by")
    if holders and agent.id not in holders:
        return None
    stored = credential.word("stored_in")
    if stored is None:
        return (f"{credential.place}.stored_in",)
    return () if stored in IN_REACH else None


def _latent(controls: Controls, agent: Agent, own: tuple[Power, ...]) -> list[Leg]:
    graph = controls.context.graph
    ways = list(reaches(own, graph.tools_of[agent.id]))
    if not ways:
        return []
    readable = readable_data(graph, agent, own)
    handed = frozenset(
        name for data in readable if (asset := graph.elements.get(data)) is not None for name in asset.words("opens")
    )
    credentials = dict.fromkeys(credential_names(graph, agent))
    for name in sorted(handed):
        element = graph.elements.get(name)
        if isinstance(element, Credential):
            credentials.setdefault(element)
    found: list[Leg] = []
    for way in ways:
        if way.power is None:
            gates: Mark = controls.calls(agent.id)
            doubt: tuple[str, ...] = ()
        else:
            gates = controls.calls(
                *way.power.gate_places, f"{way.power.name}>{agent.id}", *_tool_edge(way.power, agent), agent.id
            )
            doubt = way.power.doubt
        for credential in credentials:
            facts = in_reach(credential, agent, handed, visible_only=way.visible_only)
            if facts is None:
                continue
            for power in (*opens(graph, credential), *opaque(graph, credential)):
                if power.tool is not None and controls.denied(agent.id, power.name, power.tool.id)[1]:
                    continue
                mark = gates + controls.at_target(power.name)
                facts_of_it = tuple(dict.fromkeys((*doubt, *facts, *power.doubt)))
                steps = (agent.id, way.name, power.name) if way.name != power.name else (agent.id, power.name)
                found.append(Leg(agent.id, power, "latent", steps, mark, facts_of_it, power.name, credential.id))
    return found


# Setting something off


def _set_off(controls: Controls, graph: ModelGraph, agent: Agent, leg: Leg) -> Iterator[Leg]:
    """Yield what doing an action sets off by itself, or by what it writes (5.5)."""
    power = leg.power
    for name in power.words("triggers"):
        yield from _triggered(controls, graph, agent, leg, name)
    if set(power.effects) & WRITES:
        for store in (graph.elements.get(name) for name in power.stores):
            if store is not None:
                for name in store.words("triggers"):
                    yield from _triggered(controls, graph, agent, leg, name)


def _triggered(controls: Controls, graph: ModelGraph, agent: Agent, leg: Leg, name: str) -> Iterator[Leg]:
    for action in graph.match_actions(name):
        power = power_of(action)
        if controls.denied(agent.id, power.name, action.tool.id)[1]:
            continue
        mark = leg.mark + controls.calls(*power.gate_places)
        yield Leg(agent.id, power, "triggered", (*leg.steps, power.name), mark, leg.doubt, leg.named)


def _messages(controls: Controls, agent: Agent) -> list[Leg]:
    """Return what memory, flows and messages of an agent set off."""
    return [*_by_memory(controls, agent), *_by_flows(controls, agent)]


def _off(
    controls: Controls, agent: Agent, steps: tuple[str, ...], mark: Mark, doubt: tuple[str, ...], names: tuple[str, ...]
) -> Iterator[Leg]:
    """Yield the actions of these names, set off by what was done so far."""
    for name in names:
        for action in controls.context.graph.match_actions(name):
            power = power_of(action)
            gates = mark + controls.calls(*power.gate_places)
            yield Leg(agent.id, power, "triggered", (*steps, power.name), gates, doubt, None)


def _by_memory(controls: Controls, agent: Agent) -> Iterator[Leg]:
    for name in agent.words("memory"):
        store = controls.context.graph.elements.get(name)
        if store is not None and (not store.says("writers") or agent.id in store.words("writers")):
            yield from _off(
                controls, agent, (agent.id, name), controls.calls(name, agent.id), (), store.words("triggers")
            )


def _by_flows(controls: Controls, agent: Agent) -> Iterator[Leg]:
    graph = controls.context.graph
    for steps, gates, flow in outgoing(controls, agent.id):
        target = graph.elements.get(flow.target)
        if target is None:
            continue
        mark = gates + controls.calls(agent.id)
        said = flow.body.get("triggers")
        if said is not None and said != "unknown":
            yield from _off(controls, agent, steps, mark, (), flow.words("triggers"))
        elif isinstance(target, Service):
            doing = (power for power in _service_powers(graph, target) if set(power.effects) - {READ})
            names = tuple(power.name for power in doing if power.action is not None)
            yield from _off(controls, agent, steps, mark, (f"{flow.place}.triggers",), names)
        if target.kind == "store":
            yield from _off(controls, agent, steps, mark + controls.calls(target.id), (), target.words("triggers"))


def _service_powers(graph: ModelGraph, service: Element) -> tuple[Power, ...]:
    return tuple(power_of(action) for name in service.words("tools") for action in graph.match_actions(name))


def outgoing(controls: Controls, start: str) -> tuple[tuple[tuple[str, ...], Mark, DataFlow], ...]:
    """
    Return every flow that a message of an element can take: its own, and those of relays that pass something on.

    Returns:
        The steps up to and with the flow's target, the gates on the way, the flow; nearest first.
    """
    if start not in controls.sent:
        controls.sent[start] = tuple(_outgoing(controls, start))
    return controls.sent[start]


def _outgoing(controls: Controls, start: str) -> Iterator[tuple[tuple[str, ...], Mark, DataFlow]]:
    graph = controls.context.graph
    seen = {start}
    waiting: deque[tuple[tuple[str, ...], Mark]] = deque([((start,), CLEAR)])
    while waiting:
        steps, mark = waiting.popleft()
        for flow in graph.flows_from.get(steps[-1], ()):
            relays = tuple(name for name in flow.via if name in graph.elements)
            if any(graph.elements[name].word("passes") == "none" for name in relays):
                continue
            on = mark + controls.calls(flow.id, *flow.via)
            after = (*steps, *(name for name in relays if graph.elements[name].kind != "control"), flow.target)
            yield after, on, flow
            target = graph.elements.get(flow.target)
            if (
                target is not None
                and target.id not in seen
                and target.kind in {"service", "external"}
                and target.word("passes") != "none"
            ):
                seen.add(target.id)
                waiting.append((after, on + controls.calls(target.id)))


def own_powers(controls: Controls) -> dict[str, tuple[Power, ...]]:
    """Return agent → what it holds itself."""
    return {agent.id: attached(controls, agent) for agent in controls.context.graph.agents}
