"""What an agent reads in one session, by itself, from callers and from those it asks (SEMANTICS 7.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.components import gather
from threatmodel.analysis.handing import Handing, Tie, tie_of
from threatmodel.analysis.legs import Leg
from threatmodel.analysis.marks import CLEAR, OPEN, Hop, Hops, Mark, Search
from threatmodel.analysis.passing import FREE_CONTEXTS, message_text, places_of, result_text, stops
from threatmodel.analysis.powers import Power, credential_names
from threatmodel.analysis.sessions import Names, Reading, join, raised, session, summary
from threatmodel.analysis.sources import source_mark
from threatmodel.model.elements import Asset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from threatmodel.analysis.capability import Closure
    from threatmodel.analysis.handing import Walk
    from threatmodel.analysis.sessions import Held, Session
    from threatmodel.model.elements import DataFlow, Element

SECRET: Final = frozenset({"confidential", "restricted"})
_BY_ITSELF: Final = Power("", (), "")
"""Stands for what an agent reads without any action: who asks for everything gets to read that too."""


class Readings:
    """What gets into the sessions of all agents."""

    def __init__(self, closure: Closure) -> None:
        """Prepare."""
        self._closure = closure
        self._controls = closure.controls
        self._graph = closure.graph
        self._names = Names()
        self._own: dict[str, tuple[Reading, ...]] = {}
        self._together: dict[str, Mapping[str | None, Held]] | None = None
        self._sessions: dict[tuple[int, tuple[str, ...] | None], Session | None] = {}
        self._ties = self._returning()
        self._handing = Handing(closure.controls, closure.own, self._ties)
        self._walks: list[Walk] | None = None

    def of(self, agent: str) -> Mapping[str | None, Held]:
        """Return what gets into a session of an agent: its own, its callers', and its delegates' readings."""
        if self._together is None:
            self._together = self._spread(self._handed_over(), self._with_results())
        return self._together[agent]

    def session(self, agent: str, carries: tuple[str, ...] | None) -> Session | None:
        """Return what a way out of an agent can take along; None for nothing."""
        readings = self.of(agent)
        key = (id(readings), carries)  # agents that work together share one summary, which stays in `_together`
        if key not in self._sessions:
            perhaps = carries is None or any(True for name in carries for _ in self._asset(name, CLEAR))
            self._sessions[key] = session(readings, carries, self._names, perhaps=perhaps)
        return self._sessions[key]

    def every(self, agent: str) -> tuple[Reading, ...]:
        """Return all readings one by one: what `of` sums up, for whoever has to explain it."""
        hops = self._handed_over()
        callers = Search(hops, tuple(hops.get(agent, ())), agent)
        found: dict[Reading, None] = {}
        for name, rank in ((agent, OPEN), *callers.ranks().items()):
            mark = CLEAR if rank == OPEN else callers.routes(rank)[name].mark
            for reading in (*self._own_readings(name), *self._from_delegates(name)):
                found[reading if mark is CLEAR else replace(reading, mark=mark + reading.mark)] = None
        return tuple(found)

    # From callers

    def _handed_over(self) -> Hops:
        """Return agent → its callers, where what these read comes along with what they ask."""
        found: Hops = {}
        for delegation in self._graph.delegations:
            message = message_text(self._controls, delegation)
            if message is None or delegation.target not in self._closure.own:
                continue
            said = delegation.word("context")
            mark = CLEAR if said in FREE_CONTEXTS else Mark(claimed=message.claimed)
            mark = mark if said is not None else Mark(missing=(f"{delegation.place}.context",))
            found.setdefault(delegation.target, []).append(Hop(delegation.target, delegation.source, mark))
        return found

    def _spread(self, hops: Hops, own: dict[str, Mapping[str | None, Held]]) -> dict[str, Mapping[str | None, Held]]:
        """Return for every agent what it and all those that its hops lead to read, past what stands on the way."""
        ahead = {agent: [hop.target for hop in some if hop.mark.rank == OPEN] for agent, some in hops.items()}
        found = gather(ahead, own, join)
        if any(hop.mark.rank != OPEN for some in hops.values() for hop in some):
            for agent in self._graph.agents:
                search = Search(hops, tuple(hops.get(agent.id, ())), agent.id)
                for name, rank in search.ranks().items():
                    if rank != OPEN:
                        more = raised(own[name], search.routes(rank)[name].mark, self._names)
                        found[agent.id] = join(found[agent.id], more)
        return found

    # From delegates

    def _returning(self) -> dict[str, list[Tie]]:
        """Return agent → the delegations to it whose results come back as text, with what stands on these."""
        found: dict[str, list[Tie]] = {}
        for delegation in self._graph.delegations:
            result = result_text(self._controls, delegation)
            if result is not None and delegation.target in self._closure.own:
                tie = tie_of(self._controls, delegation)
                tie = tie if result.rank == OPEN else replace(tie, gates=tie.gates + stops(result))
                found.setdefault(delegation.target, []).append(tie)
        return found

    def _with_results(self) -> dict[str, Mapping[str | None, Held]]:
        """
        Return what each agent reads, and what comes back to it in results that are not typed.

        Who may ask for which reading is cut exactly as who may do it (5.4); what an agent reads without an action comes
        back only to who may ask it for everything.
        """
        own = {agent.id: summary(self._own_readings(agent.id), self._names) for agent in self._graph.agents}
        if not self._handing.selective:
            return self._spread(self._results(), own)
        found = dict(own)
        for walk in self._walked():
            total: Mapping[str | None, Held] = {}
            for leg in walk.legs:
                total = join(total, summary(self._asked_for(leg), self._names))
            for caller, routes in walk.callers.items():
                for one in routes:
                    mark = one.gates + Mark(missing=one.doubt) if one.doubt else one.gates
                    found[caller] = join(found[caller], raised(total, mark, self._names))
        return found

    def _results(self) -> Hops:
        """Return agent → those it asks, where nothing cuts what it may ask for."""
        found: Hops = {}
        for target, ties in self._ties.items():
            for tie in ties:
                found.setdefault(tie.caller, []).append(Hop(tie.caller, target, tie.gates))
        return found

    def _walked(self) -> list[Walk]:
        """Return who may ask for which reading."""
        if self._walks is None:
            legs = [
                leg
                for agent in self._ties
                for leg in (
                    *(leg for leg in self._closure.legs[agent] if "read" in leg.power.effects),
                    Leg(agent, _BY_ITSELF, "attached", (agent,), CLEAR, (), None),
                )
            ]
            self._walks = self._handing.walk(legs)
        return self._walks

    def _asked_for(self, leg: Leg) -> Iterator[Reading]:
        """Yield what comes back to whoever asks for a leg."""
        if leg.power is _BY_ITSELF:
            yield from self._by_itself(leg.agent)
        else:
            yield from self._read_by(leg.power, leg.mark + Mark(missing=leg.doubt) if leg.doubt else leg.mark)

    def _from_delegates(self, agent: str) -> Iterator[Reading]:
        """Yield one by one what comes back to an agent."""
        if not self._handing.selective:
            hops = self._results()
            search = Search(hops, tuple(hops.get(agent, ())), agent)
            for other, rank in search.ranks().items():
                mark = search.routes(rank)[other].mark
                for reading in self._own_readings(other):
                    yield replace(reading, mark=mark + reading.mark)
            return
        for walk in self._walked():
            for one in walk.callers.get(agent, ()):
                mark = one.gates + Mark(missing=one.doubt)
                for leg in walk.legs:
                    for reading in self._asked_for(leg):
                        yield replace(reading, mark=mark + reading.mark)

    # Its own

    def _own_readings(self, agent: str) -> tuple[Reading, ...]:
        if agent not in self._own:
            found: dict[Reading, None] = {}
            for leg in self._closure.legs[agent]:
                found.update(dict.fromkeys(self._asked_for(leg)))
            found.update(dict.fromkeys(self._by_itself(agent)))
            self._own[agent] = tuple(found)
        return self._own[agent]

    def _by_itself(self, agent: str) -> Iterator[Reading]:
        """Yield what gets into a session of an agent without any action of it."""
        element = self._graph.elements[agent]
        for name in element.words("memory"):
            store = self._graph.elements.get(name)
            if store is not None:
                yield from self._lying_in(store, self._controls.calls(name))
        for flow in self._graph.flows_to.get(agent, ()):
            yield from self._brought_by(flow)
        for credential in credential_names(self._graph, element):  # type: ignore[arg-type]
            if credential.word("visible_to_model") == "yes":
                yield Reading(credential.id, CLEAR)

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
        mark = self._controls.calls(*places_of(self._controls, flow))
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
