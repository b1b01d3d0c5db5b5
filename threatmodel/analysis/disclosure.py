"""Disclosure in one session: what an agent can read, and by which ways that can leave (SEMANTICS 7.1, 7.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.influence import FREE_CONTEXTS, supply_chain
from threatmodel.analysis.legs import outgoing
from threatmodel.analysis.marks import BROKEN, CLEAR, OPEN, UNKNOWN, Hop, Hops, Mark, Route, Search, combine
from threatmodel.analysis.powers import REACHING_KINDS, WRITES, credential_names, reaches
from threatmodel.analysis.sources import OUTSIDE, free, passes_text, source_mark
from threatmodel.catalog.control import Confines
from threatmodel.model.elements import Asset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from threatmodel.analysis.capability import Closure, Way
    from threatmodel.analysis.powers import Power
    from threatmodel.model.elements import Agent, DataFlow, Element

SECRET: Final = frozenset({"confidential", "restricted"})
SHOWN: Final = frozenset({"html", "markdown"})
EVERYBODY: Final = frozenset({"any", "public"})


@dataclass(frozen=True, slots=True)
class Reading:
    """One piece of data that gets into a session."""

    asset: str | None
    """Data or a credential; None where nobody says what is read."""
    mark: Mark
    """Gates before the reading, and facts that are missing to tell whether it is secret."""
    by: str = ""
    """The action that reads it; empty where it comes by itself (memory, a message, a secret in the context)."""


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a session."""

    action: str
    route: Route
    """From the agent on."""
    to: str | None
    """The party that gets it; no way out for the source itself."""
    only_for: str | None = None
    """The one source for which it is a way out (arguments of a tool that is the source)."""
    carries: tuple[str, ...] | None = None
    """The data it is limited to, where a flow says."""


class Disclosure:
    """Readings and ways out of every agent."""

    def __init__(self, closure: Closure) -> None:
        """Prepare."""
        self._closure = closure
        self._controls = closure.controls
        self._graph = closure.graph
        self._readings: dict[str, tuple[Reading, ...]] = {}
        self._own: dict[str, tuple[Reading, ...]] = {}
        self._answered: dict[str, tuple[Reading, ...]] = {}
        self._back: tuple[Hops, Mapping[str, list[tuple[Hop, frozenset[str]]]]] | None = None

    # Readings

    def readings(self, agent: str) -> tuple[Reading, ...]:
        """Return what gets into a session of an agent: its own, its callers', and its delegates' readings."""
        if agent not in self._readings:
            found = dict.fromkeys(self._own_readings(agent))
            found.update(dict.fromkeys(self._delegated(agent)))
            for caller in self._callers(agent):
                found.update(dict.fromkeys(self._own_readings(caller)))
                found.update(dict.fromkeys(self._delegated(caller)))
            self._readings[agent] = tuple(found)
        return self._readings[agent]

    def _callers(self, agent: str) -> tuple[str, ...]:
        """Return those whose conversation the agent is handed, directly or through others."""
        seen: dict[str, None] = {}
        todo = [agent]
        while todo:
            for delegation in self._graph.delegations_to.get(todo.pop(), ()):
                if (
                    delegation.word("context") in FREE_CONTEXTS
                    and delegation.source not in seen
                    and delegation.source != agent
                ):
                    seen[delegation.source] = None
                    todo.append(delegation.source)
        return tuple(seen)

    def _delegated(self, agent: str) -> tuple[Reading, ...]:
        """Return what comes back in results that are not typed, from those the agent asks and those they ask."""
        if agent not in self._answered:
            self._answered[agent] = tuple(dict.fromkeys(self._answers_to(agent)))
        return self._answered[agent]

    def _answers_to(self, agent: str) -> Iterator[Reading]:
        results, listed = self._results()
        search = Search(results, tuple(results.get(agent, ())), agent)
        reached = {agent: CLEAR}
        for name, rank in search.ranks().items():
            reached[name] = CLEAR if rank == OPEN else search.routes(rank)[name].mark
        for name, mark in reached.items():
            if name != agent:
                for reading in self._own_readings(name):
                    yield Reading(reading.asset, mark + reading.mark, reading.by)
            for hop, names in listed.get(name, ()):
                for leg in self._closure.legs[hop.target]:
                    if leg.power.name in names:
                        doubt = Mark(missing=leg.doubt) if leg.doubt else CLEAR
                        yield from self._read_by(leg.power, mark + hop.mark + leg.mark + doubt)

    def _results(self) -> tuple[Hops, Mapping[str, list[tuple[Hop, frozenset[str]]]]]:
        """Return the delegations whose results come back as text: for everything, and for listed actions."""
        if self._back is None:
            whole: Hops = {}
            listed: dict[str, list[tuple[Hop, frozenset[str]]]] = {}
            for delegation in self._graph.delegations:
                if delegation.word("returns") == "typed" or delegation.target not in self._closure.own:
                    continue
                stopped = self._controls.text(delegation.id)
                mark = self._controls.calls(delegation.id) + Mark(broken=stopped.broken, claimed=stopped.claimed)
                hop = Hop(delegation.source, delegation.target, mark)
                if delegation.says("actions"):
                    found = (self._graph.match_actions(name) for name in delegation.words("actions"))
                    names = frozenset(action.id for actions in found for action in actions)
                    listed.setdefault(delegation.source, []).append((hop, names))
                else:
                    whole.setdefault(delegation.source, []).append(hop)
            self._back = (whole, listed)
        return self._back

    def _own_readings(self, agent: str) -> tuple[Reading, ...]:
        if agent not in self._own:
            element = self._graph.elements[agent]
            found: dict[Reading, None] = {}
            for leg in self._closure.legs[agent]:
                mark = leg.mark + Mark(missing=leg.doubt) if leg.doubt else leg.mark
                found.update(dict.fromkeys(self._read_by(leg.power, mark)))
            for name in element.words("memory"):
                store = self._graph.elements.get(name)
                if store is not None:
                    found.update(dict.fromkeys(self._lying_in(store, self._controls.calls(name))))
            for flow in self._graph.flows:
                if flow.target == agent:
                    found.update(dict.fromkeys(self._brought_by(flow)))
            for credential in credential_names(self._graph, element):  # type: ignore[arg-type]
                if credential.word("visible_to_model") == "yes":
                    found[Reading(credential.id, CLEAR)] = None
            self._own[agent] = tuple(found)
        return self._own[agent]

    def _read_by(self, power: Power, mark: Mark) -> Iterator[Reading]:
        if "read" not in power.effects:
            return
        if power.data is not None:
            for name in power.data:
                yield from self._asset(name, mark, power.name)
        elif power.stores:
            for name in power.stores:
                store = self._graph.elements.get(name)
                if store is not None and store.kind == "store":
                    fact = f"{power.place}.data" if power.details is not None else None
                    yield from self._lying_in(store, mark, fact, power.name)
                else:
                    yield Reading(None, mark + Mark(missing=(f"{power.place}.data",)), power.name)
        else:
            yield Reading(None, mark + Mark(missing=(f"{power.place}.data",)), power.name)

    def _lying_in(self, store: Element, mark: Mark, fact: str | None = None, by: str = "") -> Iterator[Reading]:
        if not store.says("data"):
            yield Reading(None, mark + Mark(missing=(fact or f"{store.place}.data",)), by)
        for name in store.words("data"):
            yield from self._asset(name, mark, by)

    def _brought_by(self, flow: DataFlow) -> Iterator[Reading]:
        mark = self._controls.calls(flow.id)
        if flow.says("carries"):
            for name in flow.words("carries"):
                yield from self._asset(name, mark)
            return
        sender = self._graph.elements.get(flow.source)
        if (
            sender is not None
            and sender.kind in {"person", "external", "agent"}
            and source_mark(self._graph, sender) is not CLEAR
        ):
            yield Reading(None, mark + Mark(missing=(f"{flow.place}.carries",)))

    def _asset(self, name: str, mark: Mark, by: str = "") -> Iterator[Reading]:
        element = self._graph.elements.get(name)
        if not isinstance(element, Asset):
            return
        classified = element.classification
        if classified is None:
            yield Reading(name, mark + Mark(missing=(f"{element.place}.classification",)), by)
        elif classified in SECRET:
            yield Reading(name, mark, by)

    # Ways out

    def exits(self, agent: Agent) -> Iterator[Exit]:
        """Yield every way out of a session of an agent."""
        for way in self._closure.ways[agent.id]:
            yield from self._by_call(way)
        for way in self._closure.ways[agent.id]:
            yield from self._by_reach(way)
        for reach in reaches(self._closure.own[agent.id], self._graph.tools_of[agent.id]):
            if reach.power is None:
                tool = self._graph.elements[reach.name]
                mark = self._controls.calls(agent.id)
                yield from self._raw(agent, tool, reach.name, Route((agent.id, reach.name), mark))
        yield from self._by_flow(agent)
        yield from self._by_delegation(agent)
        for tool in self._graph.tools_of[agent.id]:
            if supply_chain(tool) is not None:
                mark = self._controls.calls(tool.id, agent.id)
                yield Exit(tool.id, Route((agent.id, tool.id), mark), None, only_for=tool.id)

    def _by_call(self, way: Way) -> Iterator[Exit]:
        power = way.leg.power
        confined = self._controls.confine(Confines.DISCLOSURE_BY_SEND, *self._places(way))
        to = power.word("to")
        if {"send", "write"} & set(power.effects):
            if to in {"external", "public"}:
                mark = confined if "send" in power.effects else CLEAR
                yield Exit(power.name, Route(way.route.steps, way.mark + mark), None)
            elif to is None and "send" in power.effects:
                unsaid = confined if confined.broken or confined.claimed else Mark(missing=(f"{power.place}.to",))
                yield Exit(power.name, Route(way.route.steps, way.mark + unsaid), None)
        if set(power.effects) & WRITES:
            for name in power.stores:
                store = self._graph.elements.get(name)
                if store is not None:
                    for mark in self._outside_readers(store):
                        yield Exit(power.name, Route(way.route.steps, way.mark + mark), None)

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

    def _places(self, way: Way) -> tuple[str, ...]:
        power = way.leg.power
        return (power.name, *((power.tool.id,) if power.tool else ()), way.leg.agent)

    def _by_reach(self, way: Way) -> Iterator[Exit]:
        """Yield raw reach as a way out (7.2)."""
        power, holder = way.leg.power, self._graph.elements[way.leg.agent]
        tool = power.tool
        kind = tool.word("kind") if tool is not None else None
        if way.leg.basis == "latent":
            return
        if "execute" in power.effects or (kind in REACHING_KINDS and way.leg.basis == "attached"):
            yield from self._raw(holder, tool, power.name, Route(way.route.steps, way.mark))

    def _raw(self, holder: Element, tool: Element | None, action: str, route: Route) -> Iterator[Exit]:
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
        yield Exit(action, Route(route.steps, route.mark + mark), None)

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
                    yield Exit(action, Route(steps, gates + outside), target.id, carries=carries)
            elif target.kind == "service":
                shown = self._loads(target, agent.id, flow.id)
                if shown is not None:
                    yield Exit(action, Route(steps, gates + shown), None, carries=carries)

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
            yield steps, mark + Mark(broken=stopped.broken, claimed=stopped.claimed), flow
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
                yield Exit(delegation.id, Route((agent.id, target.id), mark), target.id)
        for delegation in self._graph.delegations_to.get(agent.id, ()):
            caller = self._graph.elements[delegation.source]
            if caller.word("operated_by") != "third_party" or delegation.word("returns") == "typed":
                continue
            outside = self._outsider(caller)
            if outside is not None:
                mark = (
                    self._on_edge(delegation.id, agent.id) + self._controls.calls(f"{agent.id}>{caller.id}") + outside
                )
                yield Exit(f"{agent.id}>{caller.id}", Route((agent.id, caller.id), mark), None)

    def _on_edge(self, edge: str, agent: str) -> Mark:
        text = self._controls.text(edge)
        return self._controls.calls(edge, agent) + Mark(broken=text.broken, claimed=text.claimed)

    def _outsider(self, party: Element) -> Mark | None:
        """Return whether a party is an outsider to whom data leaves; a mark may name the missing fact."""
        trust = party.word("trust")
        if trust is None:
            return Mark(missing=(f"{party.place}.trust",))
        return CLEAR if trust in OUTSIDE else None


@dataclass(frozen=True, slots=True)
class Session:
    """What a way out can take along."""

    rank: int
    mark: Mark
    """Of the readings: gates if every one is gated, facts if none is certain."""
    assets: tuple[str, ...]
    by: str
    """The action of one of the readings that count, the first by name; empty if one comes by itself."""


def session(readings: tuple[Reading, ...], carries: tuple[str, ...] | None) -> Session | None:
    """Judge the readings together (7.1): the worst counts; a gate breaks them only if it stands before every one."""
    considered = [one for one in readings if carries is None or one.asset is None or one.asset in carries]
    if carries is not None:
        considered = [one for one in considered if one.asset is not None]
    if not considered:
        return None
    rank = min(one.mark.rank for one in considered)
    worst = [one for one in considered if one.mark.rank == rank]
    assets = tuple(sorted({one.asset for one in worst if one.asset is not None}))
    by = min(one.by for one in worst)
    if rank == OPEN:
        mark = CLEAR
    elif rank == BROKEN:
        mark = Mark(broken=tuple(sorted({name for one in worst for name in one.mark.broken})))
    elif rank == UNKNOWN:
        mark = Mark(missing=tuple(sorted({fact for one in worst for fact in one.mark.missing})))
    else:
        mark = Mark(claimed=tuple(sorted({name for one in worst for name in one.mark.claimed})))
    return Session(rank, mark, assets, by)
