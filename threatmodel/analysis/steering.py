"""Which sources of outsiders' text reach which agents, how surely, and by which route first (SEMANTICS 4.7, 9.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.components import spread
from threatmodel.analysis.dominators import dominators
from threatmodel.analysis.influence import Influence
from threatmodel.analysis.marks import BROKEN, CLAIMED, UNKNOWN, Search
from threatmodel.analysis.towards import Towards

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from threatmodel.analysis.influence import Texts
    from threatmodel.analysis.marks import Hop, Route


MOST_NAMES: Final = 1_000_000  # sources and facts listed with all influences together; all are counted


class Influences:
    """
    Which sources reach whom, by routes of which rank, and by which route first.

    Sets of sources are integers here, one bit per source in the order of their names: all sources are spread over the
    system at once. A source that others can write to, and that may do less at the start of a route than in its middle,
    is the exception: a route never comes back to where it began, so each such source is walked by itself.
    """

    def __init__(self, texts: Texts) -> None:
        """Prepare; everything is worked out when it is first asked for."""
        self._texts = texts
        self._agents = tuple(agent.id for agent in texts.graph.agents)
        self.sources = tuple(sorted(texts.starts))
        """Every source, sorted."""
        self._bit = {name: 1 << place for place, name in enumerate(self.sources)}
        self._own_way = frozenset(name for name in self.sources if self._comes_back(name))
        self._reached: dict[int, Mapping[str, int]] = {}
        self._strong: dict[int, Mapping[str, int]] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self._searches: dict[str, Search] = {}
        self._into: dict[str, list[Hop]] = {}
        self._begun: dict[str, list[Hop]] = {}
        for hops in texts.hops.values():
            for hop in hops:
                self._into.setdefault(hop.target, []).append(hop)
        for name in self.sources:
            if name not in self._own_way:
                for hop in texts.starts[name]:
                    self._begun.setdefault(hop.target, []).append(hop)
        self._towards: dict[int, Towards] = {}
        self._towards_whom = ""
        self._everyone = Search(texts.hops, tuple(hop for name in self.sources for hop in texts.starts[name]), None)
        self._lacking: list[Hop] = []
        self._behind: dict[str, int] = {}
        self._begin_at = 0
        self._leading: Mapping[str, int] = {}
        self._setting_out: dict[str, int] = {}
        self._taken: dict[int, int] = {}
        self._facts: dict[int, tuple[str, ...]] = {}
        self._doubts()

    # Who reaches whom

    def hops_from(self, name: str) -> tuple[Hop, ...]:
        """Return the ways of text out of an element that passes it on."""
        return tuple(self._texts.hops.get(name, ()))

    def reaching(self, agent: str, most: int) -> int:
        """Return the sources whose text reaches an agent by a route of at most that rank."""
        return self._spread(most).get(agent, 0) & ~self._bit.get(agent, 0)

    def names(self, sources: int) -> tuple[str, ...]:
        """Return the names of a set of sources, sorted."""
        if sources not in self._names:
            found = []
            rest = sources
            while rest:
                lowest = rest & -rest
                found.append(self.sources[lowest.bit_length() - 1])
                rest ^= lowest
            self._names[sources] = tuple(found)
        return self._names[sources]

    def bits(self, names: Iterable[str]) -> int:
        """Return the set of those of the names that are sources."""
        found = 0
        for name in names:
            found |= self._bit.get(name, 0)
        return found

    def strong(self, agent: str, most: int) -> int:
        """Return the sources whose text reaches an agent, up to that rank, without passing a filter that holds."""
        if most not in self._strong:
            self._strong[most] = spread(*self._graph(most, weakened=False, every=True))
        return self._strong[most].get(agent, 0)

    def _spread(self, most: int) -> Mapping[str, int]:
        if most not in self._reached:
            ahead, first = self._graph(most, weakened=True, every=False)
            found = spread(ahead, first)
            for name in self._own_way:
                for node, rank in self._search(name).ranks().items():
                    if rank <= most:
                        found[node] = found.get(node, 0) | self._bit[name]
            self._reached[most] = found
        return self._reached[most]

    def _graph(self, most: int, *, weakened: bool, every: bool) -> tuple[dict[str, list[str]], dict[str, int]]:
        """Return the hops up to a rank, and the sources that set out to each element."""
        ahead = {
            node: [hop.target for hop in hops if hop.mark.rank <= most and (weakened or not hop.mark.weakened)]
            for node, hops in self._texts.hops.items()
        }
        first: dict[str, int] = {}
        for name in self.sources:
            if every or name not in self._own_way:
                for hop in self._texts.starts[name]:
                    if hop.mark.rank <= most and (weakened or not hop.mark.weakened):
                        first[hop.target] = first.get(hop.target, 0) | self._bit[name]
        return ahead, first

    def _comes_back(self, source: str) -> bool:
        """Return whether text passes a source on by a hop that its own text has not, or only with more before it."""
        least: dict[tuple[str, tuple[str, ...]], int] = {}
        for hop in self._texts.starts[source]:
            way = (hop.target, hop.through)
            least[way] = min(least.get(way, BROKEN), hop.mark.rank)
        return any(
            hop.mark.rank < least.get((hop.target, hop.through), BROKEN + 1) for hop in self._texts.hops.get(source, ())
        )

    def passing(self, most: int) -> tuple[list[tuple[str, str]], Mapping[str, list[str]]]:
        """Return source and first element of every text that sets out, and element → those it passes text on to."""
        starts = [
            (name, hop.target) for name in self.sources for hop in self._texts.starts[name] if hop.mark.rank <= most
        ]
        return starts, self._graph(most, weakened=True, every=True)[0]

    # By which route

    def route(self, source: str, agent: str, most: int) -> Route:
        """Return the first route of a source to an agent it reaches by that rank; cheap for one agent after another."""
        if self._towards_whom != agent:
            self._towards, self._towards_whom = {}, agent
        if most not in self._towards:
            self._towards[most] = Towards(agent, most, self._into, self._begun)
        return self._towards[most].route(source) or self._search(source).routes(most)[agent]

    def first_routes(self, most: int) -> Mapping[str, Route]:
        """Return element → the first route of anybody's text to it on which nothing of a higher rank stands."""
        return self._everyone.routes(most)

    def _search(self, source: str) -> Search:
        if source not in self._searches:
            self._searches[source] = Search(self._texts.hops, tuple(self._texts.starts[source]), source)
        return self._searches[source]

    # What is missing

    def missing(self, sources: int, agent: str) -> tuple[str, ...]:
        """Return every fact that an unbroken route of any of these sources to an agent lacks, sorted (9.3)."""
        if not self._lacking:
            return ()
        if sources not in self._taken:
            self._taken[sources] = self._passed(sources)
        chosen = self._taken[sources] & self._leading.get(agent, 0) & ~self._behind.get(agent, 0)
        if chosen not in self._facts:
            facts: set[str] = set()
            for place, hop in enumerate(self._lacking):
                if chosen >> place & 1:
                    facts.update(hop.mark.missing)
            self._facts[chosen] = tuple(sorted(facts))
        return self._facts[chosen]

    def _doubts(self) -> None:
        """Number the hops that lack a fact, and note which of them lead to whom."""
        first: dict[str, int] = {}
        for hops in self._texts.hops.values():
            for hop in hops:
                if hop.mark.missing and hop.mark.rank < BROKEN:
                    self._lacking.append(hop)
        self._begin_at = len(self._lacking)
        for name in self.sources:
            for hop in self._texts.starts[name]:
                if hop.mark.rank == UNKNOWN:
                    self._setting_out[name] = self._setting_out.get(name, 0) | 1 << len(self._lacking)
                    self._lacking.append(hop)
        for place, hop in enumerate(self._lacking):
            first[hop.target] = first.get(hop.target, 0) | 1 << place
        if self._lacking:
            ahead, begun = self._graph(UNKNOWN, weakened=True, every=True)
            self._leading = spread(ahead, first)
            self._set_behind(ahead, begun)

    def _set_behind(self, ahead: Mapping[str, Iterable[str]], begun: Iterable[str]) -> None:
        """Note the hops to which text gets only through an agent: no route to it takes them, as none meets it twice."""
        nearest = dominators(ahead, begun)
        for place in range(self._begin_at):
            name = self._lacking[place].source
            self._behind[name] = self._behind.get(name, 0) | 1 << place
        for node, before in reversed(nearest.items()):
            if before is not None and node in self._behind:
                self._behind[before] = self._behind.get(before, 0) | self._behind[node]

    def _passed(self, sources: int) -> int:
        """Return the numbers of the hops that lack a fact and that text of one of these sources gets to."""
        reached = self._spread(UNKNOWN)
        found = 0
        for place in range(self._begin_at):
            name = self._lacking[place].source
            if reached.get(name, 0) & sources & ~self._bit.get(name, 0):
                found |= 1 << place
        for name in self.names(sources):
            found |= self._setting_out.get(name, 0)
        return found

    # Answers

    def entries(self) -> tuple[Influence, ...]:
        """Return one entry per agent and certainty, in the order of the description, `yes` first."""
        found: list[Influence] = []
        for agent in self._agents:
            certain = self.reaching(agent, CLAIMED)
            if certain:
                found.append(self._entry(agent, certain, "yes"))
            doubtful = self.reaching(agent, UNKNOWN) & ~certain
            if doubtful:
                found.append(self._entry(agent, doubtful, "unknown"))
        if sum(one.by_count + one.missing_count for one in found) <= MOST_NAMES:
            return tuple(found)
        most = max(1, MOST_NAMES // (2 * len(found)))
        return tuple(replace(one, by=one.by[:most], missing=one.missing[:most]) for one in found)

    def certainties(self, agent: str) -> tuple[bool, tuple[str, ...] | None]:
        """Return whether an agent is influenced for certain, and the facts missing to tell of the rest, if any."""
        certain = self.reaching(agent, CLAIMED)
        doubtful = self.reaching(agent, UNKNOWN) & ~certain
        return bool(certain), self.missing(doubtful, agent) if doubtful else None

    def _entry(self, agent: str, by: int, certainty: str) -> Influence:
        most = UNKNOWN if certainty == "unknown" else CLAIMED
        missing = self.missing(by, agent) if certainty == "unknown" else ()
        weakened = not self.strong(agent, most) & by
        names, route = self.names(by), self._first(agent, by, most).steps
        return Influence(agent, names, certainty, weakened, route, missing, len(names), len(missing))

    def _first(self, agent: str, by: int, most: int) -> Route:
        """Return the first route of any of these sources to an agent."""
        anyone = self._everyone.routes(most).get(agent)
        if anyone is not None and self._bit[anyone.steps[0]] & by:
            return anyone
        names = frozenset(self.names(by))
        source, route = Towards(agent, most, self._into, self._begun).nearest(names - self._own_way)
        apart = [self._search(name).routes(most)[agent] for name in sorted(names & self._own_way)]
        if source:
            apart.append(route or self._search(source).routes(most)[agent])
        return min(apart, key=lambda one: one.key)
