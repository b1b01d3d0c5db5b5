"""The last part of every route to an action: what one agent does itself, past a tool, or by setting something off."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import UNKNOWN, Mark
from threatmodel.analysis.powers import APART, Power, attached, credential_names, powers_named, reaches
from threatmodel.analysis.reach import opaque, opens
from threatmodel.analysis.sending import messages
from threatmodel.model.elements import Credential, Service, as_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.gates import Controls
    from threatmodel.model.elements import Agent
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
    within = Within(controls, agent, own)
    legs = [_attached(controls, agent, power) for power in own]
    legs += within.at_first()
    legs += _messages(controls, agent)
    known: dict[tuple[object, ...], int] = {}
    waiting = deque(legs)
    while waiting:
        leg = waiting.popleft()
        for following in (*_set_off(controls, graph, agent, leg), *within.past(leg)):
            key = (
                following.power.name, following.basis, following.named, following.credential, following.mark,
                following.doubt,
            )  # fmt: skip
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
    """Return the data an agent can read by its own actions, memory and flows into it."""
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
    for flow in graph.flows_to.get(agent.id, ()):
        found.update(flow.words("carries"))
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


class Within:
    """What raw reach of an agent gets at (5.3); looked up when it has any."""

    def __init__(self, controls: Controls, agent: Agent, own: tuple[Power, ...]) -> None:
        """Prepare."""
        self._controls = controls
        self._agent = agent
        self._own = own
        self._found: tuple[tuple[Credential, ...], frozenset[str]] | None = None

    def at_first(self) -> list[Leg]:
        """Return the latent legs of attached powers and of code that runs beside the agent."""
        controls, agent = self._controls, self._agent
        found: list[Leg] = []
        for way in reaches(self._own, controls.context.graph.tools_of[agent.id]):
            if way.power is None:
                gates: Mark = controls.calls(agent.id)
                doubt: tuple[str, ...] = ()
            else:
                gates = controls.calls(
                    *way.power.gate_places, f"{way.power.name}>{agent.id}", *_tool_edge(way.power, agent), agent.id
                )
                doubt = way.power.doubt
            found += self._legs((agent.id, way.name), gates, doubt, visible_only=way.visible_only)
        return found

    def past(self, leg: Leg) -> Iterator[Leg]:
        """Yield the latent legs of an `execute` that was set off (5.2); they pass what stands before it."""
        if leg.basis != "triggered" or "execute" not in leg.power.effects:
            return
        tool = leg.power.tool
        apart = tool is not None and tool.word("runs_in") in APART
        for found in self._legs(leg.steps, leg.mark, leg.doubt, visible_only=apart):
            if found.power.name not in leg.steps:
                yield found

    def _legs(self, steps: tuple[str, ...], gates: Mark, doubt: tuple[str, ...], *, visible_only: bool) -> list[Leg]:
        controls, agent = self._controls, self._agent
        if self._found is None:
            self._found = self._credentials()
        credentials, handed = self._found
        found: list[Leg] = []
        for credential in credentials:
            facts = in_reach(credential, agent, handed, visible_only=visible_only)
            if facts is None:
                continue
            graph = controls.context.graph
            for power in (*opens(graph, credential), *opaque(graph, credential)):
                if power.tool is not None and controls.denied(agent.id, power.name, power.tool.id)[1]:
                    continue
                mark = gates + controls.at_target(power.name)
                if power.writes is not None and power.stores:
                    mark = mark + controls.calls(*power.stores)
                facts_of_it = tuple(dict.fromkeys((*doubt, *facts, *power.doubt)))
                after = steps if steps[-1] == power.name else (*steps, power.name)
                found.append(Leg(agent.id, power, "latent", after, mark, facts_of_it, power.name, credential.id))
        return found

    def _credentials(self) -> tuple[tuple[Credential, ...], frozenset[str]]:
        """Return the agent's credentials, and those that lie in data it reads."""
        graph = self._controls.context.graph
        readable = readable_data(graph, self._agent, self._own)
        assets = (graph.elements.get(data) for data in readable)
        handed = frozenset(name for asset in assets if asset is not None for name in asset.words("opens"))
        credentials = dict.fromkeys(credential_names(graph, self._agent))
        for name in sorted(handed):
            element = graph.elements.get(name)
            if isinstance(element, Credential):
                credentials.setdefault(element)
        return tuple(credentials), handed


# Setting something off


def _set_off(controls: Controls, graph: ModelGraph, agent: Agent, leg: Leg) -> Iterator[Leg]:
    """Yield what doing an action sets off by itself, or by what it writes (5.5)."""
    power = leg.power
    for name in power.words("triggers"):
        yield from _triggered(controls, agent, leg, name, leg.doubt)
    facts = power.writes
    if facts is None:
        return
    doubt = tuple(dict.fromkeys((*leg.doubt, *facts))) if facts else leg.doubt
    for store in (graph.elements.get(name) for name in power.stores):
        if store is not None:
            for name in store.words("triggers"):
                yield from _triggered(controls, agent, leg, name, doubt)


def _triggered(controls: Controls, agent: Agent, leg: Leg, name: str, doubt: tuple[str, ...]) -> Iterator[Leg]:
    for found in _off(controls, agent, leg.steps, leg.mark, doubt, (name,), leg.named):
        if found.power.name not in leg.steps:
            yield found


def _messages(controls: Controls, agent: Agent) -> list[Leg]:
    """Return what memory, flows and messages of an agent set off."""
    return [*_by_memory(controls, agent), *_by_flows(controls, agent)]


def _off(
    controls: Controls,
    agent: Agent,
    steps: tuple[str, ...],
    mark: Mark,
    doubt: tuple[str, ...],
    names: tuple[str, ...],
    named: str | None = None,
) -> Iterator[Leg]:
    """Yield the actions of these names, set off by what was done so far."""
    for name in names:
        for power in powers_named(controls.context.graph, name):
            if power.tool is not None and controls.denied(agent.id, power.name, power.tool.id)[1]:
                continue
            facts = tuple(dict.fromkeys((*doubt, *power.doubt))) if power.doubt else doubt
            gates = mark + controls.calls(*power.gate_places)
            yield Leg(agent.id, power, "triggered", (*steps, power.name), gates, facts, named)


def _by_memory(controls: Controls, agent: Agent) -> Iterator[Leg]:
    for name in agent.words("memory"):
        store = controls.context.graph.elements.get(name)
        if store is not None and (not store.says("writers") or agent.id in store.words("writers")):
            yield from _off(
                controls, agent, (agent.id, name), controls.calls(name, agent.id), (), store.words("triggers")
            )


def _by_flows(controls: Controls, agent: Agent) -> Iterator[Leg]:
    graph = controls.context.graph
    for steps, gates, flow, _ in messages(controls, agent.id):
        target = graph.elements.get(flow.target)
        if target is None:
            continue
        mark = gates + controls.calls(agent.id)
        said = flow.body.get("triggers")
        if said is not None and said != "unknown":
            yield from _off(controls, agent, steps, mark, (), flow.words("triggers"))
        elif isinstance(target, Service):
            for leg in _off(controls, agent, steps, mark, (f"{flow.place}.triggers",), target.words("tools")):
                if set(leg.power.effects) - {READ}:
                    yield leg
        if target.kind == "store":
            yield from _off(controls, agent, steps, mark + controls.calls(target.id), (), target.words("triggers"))


def own_powers(controls: Controls) -> dict[str, tuple[Power, ...]]:
    """Return agent → what it holds itself."""
    return {agent.id: attached(controls, agent) for agent in controls.context.graph.agents}
