"""Ways out of a session, by which what an agent reads can leave (SEMANTICS 7.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.influence import supply_chain
from threatmodel.analysis.marks import CLEAR, Mark, Route
from threatmodel.analysis.passing import message_text, places_of, result_text, stops
from threatmodel.analysis.powers import REACHING_KINDS, reaches
from threatmodel.analysis.sending import texts
from threatmodel.analysis.sources import OUTSIDE
from threatmodel.analysis.store_writes import Keeping
from threatmodel.catalog.control import Confines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from threatmodel.analysis.capability import Closure, Way
    from threatmodel.analysis.legs import Leg
    from threatmodel.model.elements import Agent, Element

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


def telling(legs: Iterable[Leg], tool: str) -> Leg | None:
    """Return by which attached action of a tool least stands before what it is told; None where none is left."""
    own = (leg for leg in legs if leg.basis == "attached" and leg.power.tool is not None)
    found = (leg for leg in own if leg.power.tool is not None and leg.power.tool.id == tool)
    return min(found, key=lambda leg: (leg.mark.rank, leg.mark.broken + leg.mark.claimed), default=None)


class Exits:
    """Ways out of the sessions of every agent."""

    def __init__(self, closure: Closure) -> None:
        """Prepare."""
        self._closure = closure
        self._controls = closure.controls
        self._graph = closure.graph
        self._keeping = Keeping(closure.controls, closure.own)
        self._calls: dict[Leg, tuple[Mark, ...]] = {}
        self._reaches: dict[Leg, tuple[Mark, ...]] = {}

    def of(self, agent: Agent) -> Iterator[Exit]:
        """Yield every way out of a session of an agent."""
        for way in self._closure.ways[agent.id]:
            for mark in (*self._out_by_call(way.leg), *self._out_by_reach(way.leg)):
                yield Exit(way.leg.power.name, way, mark)
        yield from self._beside(agent)
        for kept in self._keeping.of(agent):
            for mark in self._outside_readers(self._graph.elements[kept.store]):
                yield Exit(kept.store, kept.route, mark, carries=kept.carries)
        yield from self._by_flow(agent)
        yield from self._by_delegation(agent)
        for tool in self._graph.tools_of[agent.id]:
            told = telling(self._closure.legs[agent.id], tool.id) if supply_chain(tool) is not None else None
            if told is not None:
                yield Exit(tool.id, Route((agent.id, tool.id), told.mark), only_for=tool.id)

    def _beside(self, agent: Agent) -> Iterator[Exit]:
        """Yield raw reach of code that runs in the process of an agent."""
        for reach in reaches(self._closure.own[agent.id], self._graph.tools_of[agent.id]):
            if reach.power is None:
                tool = self._graph.elements[reach.name]
                route = Route((agent.id, reach.name), self._controls.calls(agent.id))
                for mark in self._raw(agent, tool, reach.name):
                    yield Exit(reach.name, route, mark)

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
        if "write" in power.effects and to in {"external", "public"}:
            yield CLEAR
        if "send" in power.effects and to in {"external", "public", None}:
            yield confined if to is not None else confined + Mark(missing=(f"{power.place}.to",))
        facts = power.writes
        for name in power.stores if facts is not None else ():
            store = self._graph.elements.get(name)
            unsaid = self._controls.calls(name) + Mark(missing=facts) if facts else CLEAR
            for mark in self._outside_readers(store) if store is not None else ():
                yield unsaid + mark

    def _outside_readers(self, store: Element) -> Iterator[Mark]:
        for name in store.words("readers"):
            if name in EVERYBODY:
                yield CLEAR
                continue
            reader = self._graph.elements.get(name)
            mark = self._outsider(reader) if reader is not None else None
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
            mark = confined + Mark(missing=(str(place),))
        elif confined.claimed and not confined.broken:
            mark = confined
        elif self._controls.known_bad(Confines.DISCLOSURE_BY_REACH, *places) and not confined.broken:
            mark = CLEAR
        else:
            return
        yield mark

    def _by_flow(self, agent: Agent) -> Iterator[Exit]:
        """Yield flows to outsiders, and answers shown where something in them loads by itself."""
        for steps, mark, flow, limits in texts(self._controls, agent.id):
            target = self._graph.elements.get(flow.target)
            if target is None:
                continue
            carries = None if limits is None else tuple(sorted(limits))
            gates = self._controls.calls(agent.id) + mark
            action = f"{agent.id}>{target.id}"
            outside = self._outsider(target)
            if outside is not None:
                yield Exit(action, Route(steps, gates + outside), to=target.id, carries=carries)
            elif target.kind == "service":
                shown = self._loads(target, agent.id, *places_of(self._controls, flow))
                if shown is not None:
                    yield Exit(action, Route(steps, gates + shown), carries=carries)

    def _loads(self, service: Element, agent: str, *flow: str) -> Mark | None:
        """Return what stands before an answer that loads things by itself; None where it does not."""
        renders, loads = service.word("renders"), service.word("loads_remote")
        if loads in {"none", "allowlist"} or renders == "text":
            return None
        places = (service.id, agent, *flow, f"{agent}>{service.id}")
        confined = self._controls.confine(Confines.DISCLOSURE_BY_ANSWER, *places)
        missing = tuple(
            f"{service.place}.{key}" for key, said in (("renders", renders), ("loads_remote", loads)) if said is None
        )
        return confined + Mark(missing=missing) if missing else confined

    def _by_delegation(self, agent: Agent) -> Iterator[Exit]:
        for delegation in self._graph.delegations_from.get(agent.id, ()):
            target = self._graph.elements[delegation.target]
            message, outside = message_text(self._controls, delegation), self._outsider(target)
            if message is not None and outside is not None:
                mark = self._controls.calls(delegation.id, agent.id) + stops(message) + outside
                yield Exit(delegation.id, Route((agent.id, target.id), mark), to=target.id)
        for delegation in self._graph.delegations_to.get(agent.id, ()):
            caller = self._graph.elements[delegation.source]
            result, outside = result_text(self._controls, delegation), self._outsider(caller)
            if result is not None and outside is not None:
                mark = self._controls.calls(delegation.id, agent.id) + stops(result) + outside
                yield Exit(f"{agent.id}>{caller.id}", Route((agent.id, caller.id), mark))

    def _outsider(self, party: Element) -> Mark | None:
        """Return whether a party is an outsider to whom data leaves; a mark may name the missing fact."""
        if party.kind == "agent":
            if party.word("operated_by") != "third_party":
                return None
        elif party.kind not in {"person", "external"}:
            return None
        trust = party.word("trust")
        if trust is None:
            return Mark(missing=(f"{party.place}.trust",))
        return CLEAR if trust in OUTSIDE else None
