"""Attack paths, mishaps, invariants: what an outsider, or a model that errs, brings about (SEMANTICS 8, 9, 5.7)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from threatmodel.analysis.capability import MOST_STEPS, Bounds
from threatmodel.analysis.ends import End, controls, first
from threatmodel.analysis.marks import BROKEN, CLEAR, STATES, UNKNOWN, Mark
from threatmodel.analysis.sending import messages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.capability import Closure
    from threatmodel.analysis.ends import Endings, Ends
    from threatmodel.analysis.impacts import Impacts
    from threatmodel.analysis.steering import Influences
    from threatmodel.model.graph import ModelGraph

MODEL_PLANS: Final = frozenset({"model_selects", "model_plans", "self_modifying"})
MOST_PATHS: Final = 20_000  # listed one and all; where there are more, they are counted, and the worst are listed
WORST_PATHS: Final = 5_000  # listed then: nobody reads more, and writing them takes longer than finding them
ON_ITS_OWN: Final = frozenset({"destruction", "payment", "privilege", "execution"})


@dataclass(frozen=True, slots=True)
class AttackPath:
    """That text of one source can bring about one impact through one agent and action."""

    source: str
    agent: str
    action: str
    impact: str
    mild: bool
    assets: tuple[str, ...]
    steps: tuple[str, ...]
    state: str
    broken_by: tuple[str, ...]
    claimed_by: tuple[str, ...]
    missing: tuple[str, ...]
    weakened: bool
    """Whether every route of the source to the agent passes a filter that holds."""
    reading: str = ""
    """Of a disclosure: an action that reads what leaves; empty where it comes by itself."""

    @property
    def id(self) -> str:
        """`source>agent>action:impact`."""
        return f"{self.source}>{self.agent}>{self.action}:{self.impact}"


@dataclass(frozen=True, slots=True)
class Mishap:
    """That an agent can bring about an impact without any attacker."""

    agent: str
    action: str
    impact: str
    mild: bool
    steps: tuple[str, ...]
    state: str
    broken_by: tuple[str, ...]
    claimed_by: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Invariant:
    """What became of one item of `never:`."""

    agent: str
    never: str
    state: str
    """`held`, `reached` or `unknown`."""
    gates: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths that are listed, and how many there are."""

    listed: tuple[AttackPath, ...]
    """
    All of them up to `MOST_PATHS` and `MOST_STEPS`, by id. Beyond that the worst by state, `WORST_PATHS` of them, and
    of one state those of the first source for each agent, action and impact before those of its other sources.
    """
    by_state: dict[str, int]
    by_agent: dict[str, tuple[int, ...]]
    """Agent → its paths in each state, in the order of `STATES`; an agent without any has no entry."""


def attack_paths(graph: ModelGraph, influences: Influences, endings: Endings, *, only: str = "") -> Paths:
    """
    Find every path: all are counted, the worst are listed.

    Paths differ in their source only where the text gets to the agent by another rank, or a way out leads to the source
    itself: they are counted by the rank, not one by one. With `only`, the paths of that agent are all there are.
    """
    by_agent: dict[str, tuple[int, ...]] = {}
    found: list[Parted] = []
    for agent in graph.agents:
        if only and agent.id != only:
            continue
        most = [influences.reaching(agent.id, rank) for rank in range(len(STATES))]
        if not most[-1]:
            continue
        exact = [most[0], *(one & ~less for less, one in itertools.pairwise(most))]
        parted = [tuple(_branches(ends, exact, influences)) for ends in endings.of(agent)]
        counts = [0] * len(STATES)
        for branch in itertools.chain.from_iterable(parted):
            for rank, count in enumerate(branch.counts()):
                counts[rank] += count
        if any(counts):
            by_agent[agent.id] = tuple(counts)
        found.append((agent.id, parted))
    totals = [sum(numbers) for numbers in zip(*by_agent.values(), strict=True)] or [0] * len(STATES)
    listed = tuple(sorted(_listed(found, totals, influences), key=_id))
    return Paths(listed, dict(zip(STATES, totals, strict=True)), by_agent)


@dataclass(slots=True)
class Branch:
    """Routes of one agent to one impact of one action, and the sources for which they count."""

    ends: Ends
    sources: list[int]
    """Rank of the text → the sources that reach the agent by no lower one, as a set of bits."""

    def counts(self) -> list[int]:
        """Return rank → how many paths there are."""
        least = self.ends.rank
        numbers = [one.bit_count() for one in self.sources]
        return [0] * least + [sum(numbers[: least + 1])] + numbers[least + 1 :]

    def of(self, rank: int) -> int:
        """Return the sources whose path has that rank."""
        least = self.ends.rank
        if rank > least:
            return self.sources[rank]
        bits = 0
        for one in self.sources[: least + 1] if rank == least else ():
            bits |= one
        return bits


Parted = tuple[str, list[tuple[Branch, ...]]]
"""An agent, and for each impact its branches."""


def _branches(ends: Ends, exact: list[int], influences: Influences) -> Iterator[Branch]:
    concerned = ends.concerned()
    if not concerned:
        yield Branch(ends, exact)
        return
    apart = influences.bits(concerned)
    usual = ends.open_to(None)
    if usual is not None:
        yield Branch(usual, [one & ~apart for one in exact])
    for name in sorted(concerned):
        bit = influences.bits((name,))
        own = ends.open_to(name) if bit else None
        if own is not None:
            yield Branch(own, [one & bit for one in exact])


def _listed(found: list[Parted], counts: list[int], influences: Influences) -> Iterator[AttackPath]:
    """
    Yield all paths or, past `MOST_PATHS` and `MOST_STEPS`, the worst.

    Of each rank one path per agent, action and impact comes first, then those of their other sources: where not all are
    listed, it is sources that are left out before anything that can happen.
    """
    room, steps = MOST_PATHS if sum(counts) <= MOST_PATHS else WORST_PATHS, MOST_STEPS
    for rank in (rank for rank, count in enumerate(counts) if count):
        for others in (False, True):
            for agent, parted in found:
                teller = Teller(agent, influences)
                for branches in parted:
                    for path in teller.paths(branches, rank, others=others):
                        room -= 1
                        steps -= len(path.steps) + len(path.missing)
                        if room < 0 or steps < 0:
                            return
                        yield path


def _id(path: AttackPath) -> str:
    return path.id


class Beginning(NamedTuple):
    """How the text of one source comes to an agent."""

    steps: tuple[str, ...]
    controls: tuple[tuple[str, ...], tuple[str, ...]]
    missing: tuple[str, ...]
    weakened: bool


class Ending(NamedTuple):
    """How one impact comes about from there."""

    end: End
    steps: tuple[str, ...]
    """After the agent."""
    controls: tuple[tuple[str, ...], tuple[str, ...]]
    missing: tuple[str, ...]
    reading: str


class Teller:
    """Makes the paths through one agent; what many of them share is made once."""

    def __init__(self, agent: str, influences: Influences) -> None:
        """Prepare."""
        self._agent = agent
        self._influences = influences
        self._beginnings: dict[tuple[str, int], Beginning] = {}
        self._joined: dict[tuple[int, int], tuple[str, ...]] = {}
        self._same: dict[tuple[str, ...], tuple[str, ...]] = {}

    def _ending(self, ends: Ends, rank: int) -> Ending:
        """Return the first of the routes up to a rank."""
        end = ends.first(rank)
        missing = ends.missing() if rank == UNKNOWN else ()
        reading = "" if end.taken is None else end.taken.by
        return Ending(end, end.way.steps[1:], controls(end.marks()), self._same.setdefault(missing, missing), reading)

    def paths(self, branches: tuple[Branch, ...], rank: int, *, others: bool) -> Iterator[AttackPath]:
        """Yield the path of the first source of that rank to one impact, or those of all others."""
        found = [(branch.of(rank), branch.ends) for branch in branches]
        bits = 0
        for one, _ in found:
            bits |= one
        lowest = bits & -bits
        chosen = bits ^ lowest if others else lowest
        if not chosen:
            return
        sources: list[tuple[str, Ends, Ending]] = []
        for one, ends in found:
            if one & chosen:
                ending = self._ending(ends, rank)
                sources += [(source, ends, ending) for source in self._influences.names(one & chosen)]
        if len(branches) > 1:
            sources.sort(key=lambda one: one[0])
        for source, ends, ending in sources:
            yield self._path(source, ends, rank, ending)

    def _path(self, source: str, ends: Ends, rank: int, ending: Ending) -> AttackPath:
        """Return the path of a source to an impact, by the routes of that rank."""
        key = (source, rank)
        begin = self._beginnings.get(key)
        if begin is None:
            begin = self._beginnings[key] = self._beginning(source, rank)
        return AttackPath(
            source, self._agent, ends.action, ends.impact, ending.end.mild, ending.end.assets,
            begin.steps + ending.steps, STATES[rank], _both(begin.controls[0], ending.controls[0]),
            _both(begin.controls[1], ending.controls[1]), self._missing(begin, ending), begin.weakened, ending.reading,
        )  # fmt: skip

    def _beginning(self, source: str, rank: int) -> Beginning:
        bit = self._influences.bits((source,))
        missing = self._influences.missing(bit, self._agent) if rank == UNKNOWN else ()
        weakened = rank < BROKEN and not self._influences.strong(self._agent, rank) & bit
        route = self._influences.route(source, self._agent, rank)
        return Beginning(route.steps, controls(route.marks()), self._same.setdefault(missing, missing), weakened)

    def _missing(self, begin: Beginning, ending: Ending) -> tuple[str, ...]:
        """Return the facts that are missing on either part; parts that lack the same are one tuple, so ids will do."""
        if not begin.missing or not ending.missing:
            return begin.missing or ending.missing
        key = (id(begin.missing), id(ending.missing))
        if key not in self._joined:
            self._joined[key] = _both(begin.missing, ending.missing)
        return self._joined[key]


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return two sorted lists as one."""
    return tuple(sorted({*one, *other})) if one and other else one or other


def mishaps(closure: Closure, impacts: Impacts) -> Iterator[Mishap]:
    """Yield what agents whose model decides can bring about by mistake (8.1)."""
    for agent in closure.graph.agents:
        planning = agent.word("planning")
        if planning is not None and planning not in MODEL_PLANS:
            continue
        unsaid = CLEAR if planning is not None else Mark(missing=(f"{agent.place}.planning",))
        found: dict[tuple[str, str], list[End]] = {}
        for way in closure.ways[agent.id]:
            for harm in impacts.of(way):
                if harm.impact in ON_ITS_OWN and not harm.by_deploy:
                    end = End(way, harm.mark + unsaid, mild=harm.mild)
                    found.setdefault((way.leg.power.name, harm.impact), []).append(end)
        for (action, impact), ends in found.items():
            rank = min(end.rank for end in ends)
            end = first(one for one in ends if one.rank == rank)
            broken, claimed = controls(end.marks())
            facts = {
                fact
                for one in (ends if rank == UNKNOWN else ())
                if one.rank == UNKNOWN
                for mark in one.marks()
                for fact in mark.missing
            }
            yield Mishap(
                agent.id, action, impact, end.mild, end.way.steps, STATES[rank],
                broken, claimed, tuple(sorted(facts)),
            )  # fmt: skip


def invariants(closure: Closure) -> Iterator[Invariant]:
    """Yield what became of every item of every `never:` (5.7); reached even where gates stand on every route."""
    graph, controls = closure.graph, closure.controls
    for agent in graph.agents:
        bounds = Bounds(graph, agent)
        for name in dict.fromkeys(bounds.never):
            marks: list[tuple[Mark, tuple[str, ...]]] = []
            for way in closure.ways[agent.id]:
                for effect in way.leg.power.effects:
                    if bounds.covers(name, way.leg.power, effect):
                        marks.append((way.gates, way.doubt))
                    elif effect == "unknown" and name in _EFFECTS:
                        marks.append((way.gates, way.doubt or (f"{way.leg.power.place}.effect",)))
            element = graph.elements.get(name)
            if element is not None and element.kind in {"service", "external", "store"}:
                marks += [(sent.mark, ()) for sent in messages(controls, agent.id) if sent.flow.target == name]
            if element is not None and element.kind == "store":
                marks += [(controls.calls(name), ())] * (name in agent.words("memory"))
                marks += [(controls.calls(name, agent.id), ())] * (agent.id in element.words("writers"))
            yield _invariant(agent.id, name, marks)


_EFFECTS: Final = frozenset(
    {"read", "write", "delete", "execute", "send", "pay", "deploy", "configure", "grant", "spawn"}
)


def _invariant(agent: str, name: str, marks: list[tuple[Mark, tuple[str, ...]]]) -> Invariant:
    if not marks:
        return Invariant(agent, name, "held", (), ())
    certain = [mark for mark, doubt in marks if not doubt]
    if not certain:
        return Invariant(agent, name, "unknown", (), tuple(sorted({fact for _, doubt in marks for fact in doubt})))
    worst = min(certain, key=lambda mark: (mark.rank, len(mark.broken)))
    return Invariant(agent, name, "reached", tuple(sorted(worst.broken)), ())
