"""What whoever steers an agent can bring about: every impact, with the routes to it (SEMANTICS 7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from threatmodel.analysis.marks import UNKNOWN, Mark
from threatmodel.analysis.store_writes import Keeping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from threatmodel.analysis.capability import Closure, Way
    from threatmodel.analysis.disclosure import Disclosure
    from threatmodel.analysis.impacts import Impacts
    from threatmodel.analysis.marks import Route
    from threatmodel.analysis.sessions import Session
    from threatmodel.model.elements import Agent


@dataclass(slots=True, eq=False)
class End:
    """One route of an agent to an impact."""

    way: Way | Route
    extra: Mark
    """What stands before the impact beyond what stands on the way."""
    taken: Session | None = None
    """Of a disclosure: what leaves."""
    mild: bool = False
    assets: tuple[str, ...] = ()
    only_for: str | None = None
    not_for: str | None = None
    rank: int = field(init=False)

    def __post_init__(self) -> None:
        """Work out the rank: the mark itself is only made for what is shown."""
        self.rank = max(self.way.rank, self.extra.rank, 0 if self.taken is None else self.taken.rank)

    def marks(self) -> tuple[Mark, ...]:
        """Return everything that stands on it, part by part."""
        if self.taken is None:
            return (*self.way.marks(), self.extra)
        return (*self.way.marks(), self.extra, self.taken.mark)


@dataclass(slots=True)
class Ends:
    """All routes of an agent to one impact of one action."""

    action: str
    impact: str
    every: list[End] = field(default_factory=list)
    _first: dict[int, End] = field(default_factory=dict)
    _missing: tuple[str, ...] | None = None

    def concerned(self) -> frozenset[str]:
        """Return the sources for which other routes count than for everyone else."""
        return frozenset(name for end in self.every for name in (end.only_for, end.not_for) if name is not None)

    def open_to(self, source: str | None) -> Ends | None:
        """Return the routes that count for a source; None for the source stands for all that are not `concerned`."""
        found = [
            end for end in self.every if end.only_for in (None, source) and (source is None or end.not_for != source)
        ]
        return Ends(self.action, self.impact, found) if found else None

    @property
    def rank(self) -> int:
        """The lowest rank of any route."""
        return min(end.rank for end in self.every)

    def first(self, most: int) -> End:
        """Return the first of the routes up to a rank (SEMANTICS 9.2)."""
        if most not in self._first:
            self._first[most] = first(end for end in self.every if end.rank <= most)
        return self._first[most]

    def missing(self) -> tuple[str, ...]:
        """Return every fact that a route lacks on which no control stands."""
        if self._missing is None:
            facts = {fact for end in self.every if end.rank == UNKNOWN for one in end.marks() for fact in one.missing}
            self._missing = tuple(sorted(facts))
        return self._missing


def controls(marks: Iterable[Mark]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the controls that break a route and those that claim to, each sorted."""
    broken: tuple[str, ...] = ()
    claimed: tuple[str, ...] = ()
    for mark in marks:
        broken = mark.broken if not broken else (*broken, *mark.broken)
        claimed = mark.claimed if not claimed else (*claimed, *mark.claimed)
    return tuple(sorted(set(broken))) if broken else (), tuple(sorted(set(claimed))) if claimed else ()


def first(ends: Iterable[End]) -> End:
    """Return the shortest route, of these the first by the ids of its steps, then by those of its controls."""
    found = list(ends)
    if len(found) == 1:
        return found[0]
    length = min(end.way.length for end in found)
    shortest = [end for end in found if end.way.length == length]
    if len(shortest) == 1:
        return shortest[0]
    return min(shortest, key=_by_ids)


def _by_ids(end: End) -> tuple[tuple[str, ...], tuple[str, ...]]:
    broken, claimed = controls(end.marks())
    return end.way.steps, broken + claimed


class Endings:
    """What can be brought about through each agent."""

    def __init__(self, closure: Closure, impacts: Impacts, disclosure: Disclosure) -> None:
        """Prepare."""
        self._closure = closure
        self._impacts = impacts
        self._disclosure = disclosure
        self._keeping = Keeping(closure.controls, closure.own)

    def of(self, agent: Agent) -> Iterator[Ends]:
        """Yield everything that whoever steers an agent can bring about."""
        found: dict[tuple[str, str], Ends] = {}

        def add(action: str, impact: str, end: End) -> None:
            key = (action, impact)
            if key not in found:
                found[key] = Ends(action, impact)
            found[key].every.append(end)

        for way in self._closure.ways[agent.id]:
            power = way.leg.power
            for harm in self._impacts.of(way):
                add(power.name, harm.impact, End(way, harm.mark, mild=harm.mild, assets=power.data or ()))
        for store, route, _ in self._keeping.of(agent):
            for harm in self._impacts.persistence(store, (), agent.id):
                add(store, "persistence", End(route, harm.mark))
        for out, taken in self._disclosure.exits(agent):
            end = End(out.way, out.mark, taken, assets=taken.assets, only_for=out.only_for, not_for=out.to)
            add(out.action, "disclosure", end)
        yield from found.values()
