"""What an agent reads in one session, by itself, from callers and from those it asks (SEMANTICS 7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from threatmodel.analysis.components import gather
from threatmodel.analysis.influence import FREE_CONTEXTS
from threatmodel.analysis.marks import BROKEN, CLAIMED, CLEAR, OPEN, Hop, Hops, Mark, Search
from threatmodel.analysis.powers import credential_names
from threatmodel.analysis.sources import source_mark
from threatmodel.model.elements import Asset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from threatmodel.analysis.capability import Closure
    from threatmodel.analysis.powers import Power
    from threatmodel.model.elements import DataFlow, Element

Listed = dict[str, list[tuple[Hop, frozenset[str]]]]
"""Agent → its delegations that list actions, with these."""
SECRET: Final = frozenset({"confidential", "restricted"})


@dataclass(frozen=True, slots=True)
class Reading:
    """One piece of data that gets into a session."""

    asset: str | None
    """Data or a credential; None where nobody says what is read."""
    mark: Mark
    """Gates before the reading, and facts that are missing to tell whether it is secret."""
    by: str = ""
    """The action that reads it; empty where it comes by itself (memory, a message, a secret in the context)."""


class Held(NamedTuple):
    """How one piece of data gets into a session: of all its readings only the worst count."""

    rank: int
    by: str
    """The first of the actions that read it with that rank."""
    names: int
    """What stands before these: controls, claims, or facts, as the rank says; a set of bits, one per `Names`."""


class Names:
    """Numbers for names, so that large sets of them are cheap to join and to keep."""

    def __init__(self) -> None:
        """Begin with none."""
        self._numbers: dict[str, int] = {}
        self._marks: dict[tuple[int, int], Mark] = {}

    def bits(self, names: Iterable[str]) -> int:
        """Return a set of names."""
        found = 0
        for name in names:
            found |= 1 << self._numbers.setdefault(name, len(self._numbers))
        return found

    def mark(self, rank: int, bits: int) -> Mark:
        """Return the mark of that rank that the names of a set give."""
        if rank == OPEN or not bits:
            return CLEAR
        if (rank, bits) not in self._marks:
            names = tuple(sorted(name for name, number in self._numbers.items() if bits >> number & 1))
            if rank == BROKEN:
                mark = Mark(broken=names)
            else:
                mark = Mark(claimed=names) if rank == CLAIMED else Mark(missing=names)
            self._marks[(rank, bits)] = mark
        return self._marks[(rank, bits)]


@dataclass(frozen=True, slots=True)
class Session:
    """What a way out can take along."""

    rank: int
    names: int
    known: Names
    assets: tuple[str, ...]
    by: str
    """The action of one of the readings that count, the first by name; empty if one comes by itself."""

    @property
    def mark(self) -> Mark:
        """Of the readings: gates if every one is gated, facts if none is certain."""
        return self.known.mark(self.rank, self.names)


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

    def of(self, agent: str) -> Mapping[str | None, Held]:
        """Return what gets into a session of an agent: its own, its callers', and its delegates' readings."""
        if self._together is None:
            ahead = {
                one.id: [
                    delegation.source
                    for delegation in self._graph.delegations_to.get(one.id, ())
                    if delegation.word("context") in FREE_CONTEXTS
                ]
                for one in self._graph.agents
            }
            self._together = gather(ahead, self._whole(), _join)
        return self._together[agent]

    def session(self, agent: str, carries: tuple[str, ...] | None) -> Session | None:
        """Return what a way out of an agent can take along; None for nothing."""
        readings = self.of(agent)
        key = (id(readings), carries)  # agents that work together share one summary, which stays in `_together`
        if key not in self._sessions:
            self._sessions[key] = session(readings, carries, self._names)
        return self._sessions[key]

    def every(self, agent: str) -> tuple[Reading, ...]:
        """Return all readings one by one: what `of` sums up, for whoever has to explain it."""
        names = dict.fromkeys((agent,))
        todo = [agent]
        while todo:
            for delegation in self._graph.delegations_to.get(todo.pop(), ()):
                if delegation.word("context") in FREE_CONTEXTS and delegation.source not in names:
                    names[delegation.source] = None
                    todo.append(delegation.source)
        results, listed = self._results()
        found: dict[Reading, None] = {}
        for name in names:
            found.update(dict.fromkeys((*self._own_readings(name), *self._listed(listed.get(name, ()), CLEAR))))
            search = Search(results, tuple(results.get(name, ())), name)
            for other, rank in search.ranks().items():
                mark = CLEAR if rank == OPEN else search.routes(rank)[other].mark
                found.update(dict.fromkeys(self._passed_on(other, mark, listed)))
        return tuple(found)

    def _whole(self) -> dict[str, Mapping[str | None, Held]]:
        """Return what each agent reads, and what comes back to it in results that are not typed."""
        results, listed = self._results()
        own = {agent.id: summary(self._passed_on(agent.id, CLEAR, listed), self._names) for agent in self._graph.agents}
        ahead = {agent: [hop.target for hop in hops if hop.mark.rank == OPEN] for agent, hops in results.items()}
        found = gather(ahead, own, _join)
        if any(hop.mark.rank != OPEN for hops in results.values() for hop in hops):
            for agent in self._graph.agents:
                search = Search(results, tuple(results.get(agent.id, ())), agent.id)
                for name, rank in search.ranks().items():
                    if rank != OPEN:
                        more = summary(self._passed_on(name, search.routes(rank)[name].mark, listed), self._names)
                        found[agent.id] = _join(found[agent.id], more)
        return found

    def _passed_on(self, agent: str, mark: Mark, listed: Listed) -> Iterator[Reading]:
        """Yield what whoever asks an agent gets to read, past what stands on the way."""
        for reading in self._own_readings(agent):
            yield reading if mark is CLEAR else Reading(reading.asset, mark + reading.mark, reading.by)
        yield from self._listed(listed.get(agent, ()), mark)

    def _listed(self, hops: Iterable[tuple[Hop, frozenset[str]]], mark: Mark) -> Iterator[Reading]:
        """Yield what comes back by delegations that list what may be asked for."""
        for hop, names in hops:
            for leg in self._closure.legs[hop.target]:
                if leg.power.name in names:
                    doubt = Mark(missing=leg.doubt) if leg.doubt else CLEAR
                    yield from self._read_by(leg.power, mark + hop.mark + leg.mark + doubt)

    def _results(self) -> tuple[Hops, Listed]:
        """Return the delegations whose results come back as text: for everything, and for listed actions."""
        whole: Hops = {}
        listed: Listed = {}
        for delegation in self._graph.delegations:
            if delegation.word("returns") == "typed" or delegation.target not in self._closure.own:
                continue
            stopped = self._controls.text(delegation.id)
            mark = self._controls.calls(delegation.id)
            if stopped.broken or stopped.claimed:
                mark = mark + Mark(broken=stopped.broken, claimed=stopped.claimed)
            hop = Hop(delegation.source, delegation.target, mark)
            if delegation.says("actions"):
                found = (self._graph.match_actions(name) for name in delegation.words("actions"))
                names = frozenset(action.id for actions in found for action in actions)
                listed.setdefault(delegation.source, []).append((hop, names))
            else:
                whole.setdefault(delegation.source, []).append(hop)
        return whole, listed

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
            for flow in self._graph.flows_to.get(agent, ()):
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


def summary(readings: Iterable[Reading], known_names: Names) -> Mapping[str | None, Held]:
    """Return for each piece of data what its worst readings are."""
    found: dict[str | None, Held] = {}
    for one in readings:
        rank = one.mark.rank
        known = found.get(one.asset)
        if known is not None and known.rank < rank:
            continue
        names = known_names.bits(_names(one.mark))
        if known is None or rank < known.rank:
            found[one.asset] = Held(rank, one.by, names)
        elif one.by < known.by or names & ~known.names:
            found[one.asset] = Held(rank, min(one.by, known.by), names | known.names)
    return found


def _names(mark: Mark) -> tuple[str, ...]:
    """Return what gives a mark its rank; nothing for an open one."""
    return mark.broken or mark.missing or mark.claimed


def _join(one: Mapping[str | None, Held], other: Mapping[str | None, Held]) -> Mapping[str | None, Held]:
    if one is other or not other:
        return one
    if not one:
        return other
    found = dict(one)
    for asset, held in other.items():
        known = found.get(asset)
        if known is None or held.rank < known.rank:
            found[asset] = held
        elif held.rank == known.rank and held != known:
            found[asset] = Held(held.rank, min(held.by, known.by), held.names | known.names)
    return found


def session(readings: Mapping[str | None, Held], carries: tuple[str, ...] | None, known: Names) -> Session | None:
    """Judge the readings together (7.1): the worst counts; a gate breaks them only if it stands before every one."""
    considered = readings
    if carries is not None:
        considered = {asset: held for asset, held in readings.items() if asset is not None and asset in carries}
    if not considered:
        return None
    rank = min(held.rank for held in considered.values())
    worst = {asset: held for asset, held in considered.items() if held.rank == rank}
    assets = tuple(sorted(asset for asset in worst if asset is not None))
    by = min(held.by for held in worst.values())
    names = 0
    for held in worst.values():
        names |= held.names
    return Session(rank, names, known, assets, by)
