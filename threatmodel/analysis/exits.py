"""Ways out of a session, by which what an agent reads can leave (SEMANTICS 7.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.influence import FREE_CONTEXTS, supply_chain
from threatmodel.analysis.legs import outgoing
from threatmodel.analysis.marks import CLEAR, Mark, Route, combine
from threatmodel.analysis.powers import REACHING_KINDS, WRITES, reaches
from threatmodel.analysis.sources import OUTSIDE, free, passes_text
from threatmodel.catalog.control import Confines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.capability import Closure, Way
    from threatmodel.analysis.legs import Leg
    from threatmodel.model.elements import Agent, DataFlow, Element

SHOWN: Final = frozenset({"html", "markdown"})
EVERYBODY: Final = frozenset({"any", "public"})


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a session."""

    action: str
    way: Way | Route
    """From the agent on."""
    mark: Mark = CLEAR
    """What stands before it beyond what stands on the way."""
    to: str | None = None
    """The party that gets it; no way out for the source itself."""
    only_for: str | None = None
    """The one source for which it is a way out (arguments of a tool that is the source)."""
    carries: tuple[str, ...] | None = None
    """The data it is limited to, where a flow says."""


class Exits:
    """Ways out of the sessions of every agent."""

    def __init__(self, closure: Closure) -> None:
        """Prepare."""
        self._closure = closure
        self._controls = closure.controls
        self._graph = closure.graph
        self._calls: dict[Leg, tuple[Mark, ...]] = {}
        self._reaches: dict[Leg, tuple[Mark, ...]] = {}

    def of(self, agent: Agent) -> Iterator[Exit]:
        """Yield every way out of a session of an agent."""
        for way in self._closure.ways[agent.id]:
            for mark in self._out_by_call(way.leg):
                yield Exit(way.leg.power.name, way, mark)
        for way in self._closure.ways[agent.id]:
            for mark in self._out_by_reach(way.leg):
                yield Exit(way.leg.power.name, way, mark)
        for reach in reaches(self._closure.own[agent.id], self._graph.tools_of[agent.id]):
            if reach.power is None:
                tool = self._graph.elements[reach.name]
                route = Route((agent.id, reach.name), self._controls.calls(agent.id))
                for mark in self._raw(agent, tool, reach.name):
                    yield Exit(reach.name, route, mark)
        yield from self._by_flow(agent)
        yield from self._by_delegation(agent)
        for tool in self._graph.tools_of[agent.id]:
            if supply_chain(tool) is not None:
                mark = self._controls.calls(tool.id, agent.id)
                yield Exit(tool.id, Route((agent.id, tool.id), mark), only_for=tool.id)

    def _out_by_call(self, leg: Leg) -> tuple[Mark, ...]:
        if leg not in self._calls:
            self._calls[leg] = tuple(self._by_call(leg))
        return self._calls[leg]

    def _out_by_reach(self, leg: Leg) -> tuple[Mark, ...]:
        if leg not in self._reaches:
            self._reaches[leg] = tuple(self._by_reach(leg))
        return self._reaches[leg]

    def _by_call(self, leg: Leg) -> Iterator[Mark]:
        """Yield what stands before data that leaves by a call of an action, once for each way it does."""
        power = leg.power
        places = (power.name, *((power.tool.id,) if power.tool else ()), leg.agent)
        confined = self._controls.confine(Confines.DISCLOSURE_BY_SEND, *places)
        to = power.word("to")
        if {"send", "write"} & set(power.effects):
            if to in {"external", "public"}:
                yield confined if "send" in power.effects else CLEAR
            elif to is None and "send" in power.effects:
                yield confined if confined.broken or confined.claimed else Mark(missing=(f"{power.place}.to",))
        if set(power.effects) & WRITES:
            for name in power.stores:
                store = self._graph.elements.get(name)
                if store is not None:
                    yield from self._outside_readers(store)

    def _outside_readers(self, store: Element) -> Iterator[Mark]:
        for name in store.words("readers"):
            if name in EVERYBODY:
                yield CLEAR
                continue
            reader = self._graph.elements.get(name)
            if reader is not None and reader.kind in {"person", "external", "agent"}:
                mark = self._outsider(reader)
                if mark is not None:
                    yield mark

    def _by_reach(self, leg: Leg) -> Iterator[Mark]:
        """Yield raw reach as a way out (7.2)."""
        power = leg.power
        tool = power.tool
        kind = tool.word("kind") if tool is not None else None
        if leg.basis == "latent":
            return
        if "execute" in power.effects or (kind in REACHING_KINDS and leg.basis == "attached"):
            yield from self._raw(self._graph.elements[leg.agent], tool, power.name)

    def _raw(self, holder: Element, tool: Element | None, action: str) -> Iterator[Mark]:
        runtime = self._graph.runtime_of(tool) if tool is not None else None
        place = None
        if runtime is None or runtime.word("egress") is None:
            runtime = self._graph.runtime_of(holder)
            place = f"{holder.place}.runtime.egress"
        egress = None if runtime is None else runtime.word("egress")
        if runtime is not None:
            place = f"{runtime.place}.egress"
        places = [action, holder.id, *((tool.id,) if tool is not None else ())]
        if runtime is not None:
            places.append(runtime.id)
        confined = self._controls.confine(Confines.DISCLOSURE_BY_REACH, *places)
        tried = self._controls.assumed(Confines.DISCLOSURE_BY_REACH, *places)
        if tried.broken:
            mark = tried
        elif egress == "any":
            mark = CLEAR
        elif egress is None:
            mark = confined if confined.broken or confined.claimed else Mark(missing=(str(place),))
        elif confined.claimed and not confined.broken:
            mark = confined
        elif self._controls.known_bad(Confines.DISCLOSURE_BY_REACH, *places) and not confined.broken:
            mark = CLEAR
        else:
            return
        yield mark

    def _by_flow(self, agent: Agent) -> Iterator[Exit]:
        """Yield flows to outsiders, and answers shown where something in them loads by itself."""
        for steps, mark, flow in self._free_routes(agent.id):
            target = self._graph.elements.get(flow.target)
            if target is None:
                continue
            carries = flow.words("carries") if flow.says("carries") else None
            gates = self._controls.calls(agent.id, f"{agent.id}>{target.id}") + mark
            action = f"{agent.id}>{target.id}"
            if target.kind in {"person", "external"} or (
                target.kind == "agent" and target.word("operated_by") == "third_party"
            ):
                outside = self._outsider(target)
                if outside is not None:
                    yield Exit(action, Route(steps, gates + outside), to=target.id, carries=carries)
            elif target.kind == "service":
                shown = self._loads(target, agent.id, flow.id)
                if shown is not None:
                    yield Exit(action, Route(steps, gates + shown), carries=carries)

    def _free_routes(self, start: str) -> Iterator[tuple[tuple[str, ...], Mark, DataFlow]]:
        """Yield what a message of free text reaches: like `outgoing`, but only where text stays text."""
        free_so_far = {start}
        for steps, mark, flow in outgoing(self._controls, start):
            if flow.source not in free_so_far or not free(self._graph, flow):
                continue
            stops = [self._controls.text(flow.id, *flow.via)]
            source = self._graph.elements.get(flow.source)
            if source is not None and source.id != start:
                stops.append(self._controls.text(source.id))
            stopped = combine(stops)
            if stopped.broken or stopped.claimed:
                yield steps, mark + Mark(broken=stopped.broken, claimed=stopped.claimed), flow
            else:
                yield steps, mark, flow
            target = self._graph.elements.get(flow.target)
            if target is not None and passes_text(target):
                free_so_far.add(target.id)

    def _loads(self, service: Element, agent: str, flow: str) -> Mark | None:
        """Return what stands before an answer that loads things by itself; None where it does not."""
        renders, loads = service.word("renders"), service.word("loads_remote")
        if loads in {"none", "allowlist"} or renders == "text":
            return None
        places = (service.id, agent, flow, f"{agent}>{service.id}")
        confined = self._controls.confine(Confines.DISCLOSURE_BY_ANSWER, *places)
        missing = tuple(
            f"{service.place}.{key}" for key, said in (("renders", renders), ("loads_remote", loads)) if said is None
        )
        return confined + Mark(missing=missing) if missing else confined

    def _by_delegation(self, agent: Agent) -> Iterator[Exit]:
        for delegation in self._graph.delegations_from.get(agent.id, ()):
            target = self._graph.elements[delegation.target]
            context = delegation.word("context")
            if target.word("operated_by") != "third_party" or (context is not None and context not in FREE_CONTEXTS):
                continue
            outside = self._outsider(target)
            if outside is not None:
                doubt = Mark(missing=(f"{delegation.place}.context",)) if context is None else CLEAR
                mark = self._on_edge(delegation.id, agent.id) + outside + doubt
                yield Exit(delegation.id, Route((agent.id, target.id), mark), to=target.id)
        for delegation in self._graph.delegations_to.get(agent.id, ()):
            caller = self._graph.elements[delegation.source]
            if caller.word("operated_by") != "third_party" or delegation.word("returns") == "typed":
                continue
            outside = self._outsider(caller)
            if outside is not None:
                mark = (
                    self._on_edge(delegation.id, agent.id) + self._controls.calls(f"{agent.id}>{caller.id}") + outside
                )
                yield Exit(f"{agent.id}>{caller.id}", Route((agent.id, caller.id), mark))

    def _on_edge(self, edge: str, agent: str) -> Mark:
        text = self._controls.text(edge)
        return self._controls.calls(edge, agent) + Mark(broken=text.broken, claimed=text.claimed)

    def _outsider(self, party: Element) -> Mark | None:
        """Return whether a party is an outsider to whom data leaves; a mark may name the missing fact."""
        trust = party.word("trust")
        if trust is None:
            return Mark(missing=(f"{party.place}.trust",))
        return CLEAR if trust in OUTSIDE else None
