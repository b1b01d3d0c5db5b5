"""Cuts: sets of controls that break every path, verified by running the analysis with them in place (SEMANTICS 12)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.candidates import AIMS, GATE, ISOLATION, Candidate, Pool, sound
from threatmodel.analysis.context import Context
from threatmodel.analysis.derived import derive
from threatmodel.analysis.hitting import MOST_STEPS, smallest_hitting_set

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from threatmodel.analysis.paths import AttackPath

    Clause: TypeAlias = frozenset[Candidate]
    """Candidates of which every set that breaks a path has to hold one."""
    Witness: TypeAlias = tuple[str, frozenset[Candidate]]
    """The path of a clause, and a set that leaves it."""

RUNS: Final = 300_000
"""Elements, controls, capabilities and paths that all runs derive together; then the best so far is taken."""
_EACH: Final = 100  # of these that a run takes as long as at the least
FEWEST_RUNS: Final = 12
"""Runs however large the system is."""
MOST_RUNS: Final = 4_000
"""Runs however small the system is."""
FEW_RUNS: Final = 100
"""With fewer runs a search may end before it found a set that breaks everything."""
SMALL: Final = 400
"""Paths of a system that can afford more rounds."""
MANY: Final = 1_000
"""Clauses of which a set is searched for only briefly."""
MOST_AT_ONCE: Final = 2_000
"""Routes that are added after one run."""
SHARES: Final = {"smallest": 0.42, "cheapest": 0.67, "working": 0.84}
"""Part of the runs that is used up at most once the search for a set ends; the rest is for single controls."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One set of controls."""

    aims: tuple[str, ...]
    """`smallest`, `cheapest`, `working`: every aim that this set is the answer to."""
    controls: tuple[Candidate, ...]
    breaks: int
    of: int
    cost: int
    exact: bool
    """Whether it is proven that no set of the aim breaks more, and that none that breaks as much comes first."""
    unbroken: tuple[str, ...]
    """Ids of paths that no control of the set breaks."""
    finished: bool
    """Whether the search came to its end; then no candidate of the aim breaks what is left."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What one control alone breaks."""

    candidate: Candidate
    breaks: int
    cost: int


@dataclass(frozen=True, slots=True)
class Singles:
    """What single controls break."""

    worth: tuple[Worth, ...]
    untried: int
    """Candidates that were left out, since there are too many."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a set leaves."""

    paths: tuple[AttackPath, ...]
    """Those that are listed."""
    count: int
    """All of them."""


class Tired(Exception):  # noqa: N818  no error: the search ends where its effort is used up
    """The runs that a search may take are used up."""


class Cutter:
    """Finds cuts of one system. Effort is counted, not timed: the same system gives the same sets everywhere."""

    def __init__(self, context: Context, *, exclude: frozenset[str] = frozenset(), effort: int = 1) -> None:
        """
        Look at the paths as they are.

        Args:
            context: The system, unchanged.
            exclude: Types of control that must not be proposed.
            effort: How many times the usual number of runs may be taken.
        """
        self._context = context
        first = derive(context)
        total = sum(first.paths.by_state.values())
        self.paths = tuple(path for path in first.paths.listed if path.state != "broken")
        self.total = total - first.paths.by_state["broken"]
        self.states = {state: first.paths.by_state[state] for state in ("open", "claimed", "unknown")}
        self.pool = Pool(context, first, exclude)
        self.influenced = tuple(sorted({one.agent for one in first.influences}))
        weight = len(context.graph.elements) + len(first.capabilities) + len(first.paths.listed) + total // 16
        weight += 2 * len(self.pool.all) + _EACH
        self.runs = min(max(RUNS // weight, FEWEST_RUNS), MOST_RUNS) * effort
        self.taken = 0
        self._until = self.runs
        self._known: dict[frozenset[Candidate], Left] = {frozenset(): Left(self.paths, self.total)}
        self._clauses: dict[Clause, Witness] = {}
        self._proven: dict[Clause, Witness] = {}

    def cost(self, candidate: Candidate) -> int:
        """Return what a candidate costs (12.1)."""
        return self.pool.cost(candidate)

    def candidates(self, path: AttackPath) -> Clause:
        """Return the candidates that stand on the route a path shows."""
        return self.pool.on(path)

    def ranked(self, aim: str = AIMS[0]) -> tuple[Candidate, ...]:
        """Return the candidates of an aim that stand on a route of a path, those on most paths first."""
        standing: dict[Candidate, int] = {}
        for path in self.paths:
            for one in self.candidates(path):
                standing[one] = standing.get(one, 0) + 1
        able = (one for one in standing if self.pool.allowed(aim, one))
        return tuple(sorted(able, key=lambda one: (-standing[one], one)))

    # Trying a set

    def allow(self, share: float) -> None:
        """Let runs be taken until this part of all of them is used up."""
        self._until = int(self.runs * share)

    @property
    def free(self) -> int:
        """How many runs may still be taken."""
        return max(self._until - self.taken, 0)

    def left(self, chosen: Iterable[Candidate]) -> Left:
        """
        Return what is not broken with these controls in place.

        Raises:
            Tired: it is not known yet, and no more runs may be taken.
        """
        key = frozenset(chosen)
        if key not in self._known:
            if self.taken >= self._until:
                raise Tired
            self.taken += 1
            self._known[key] = self._run(key)
        return self._known[key]

    def remaining(self, chosen: Iterable[Candidate]) -> tuple[AttackPath, ...]:
        """Return the paths that are not broken with these controls in place, whatever effort it takes."""
        key = frozenset(chosen)
        if key not in self._known:
            self._known[key] = self._run(key)
        return self._known[key].paths

    def _run(self, chosen: Iterable[Candidate]) -> Left:
        graph = self._context.graph
        extra = {f"cut-{number}": sound(number, candidate) for number, candidate in enumerate(sorted(chosen))}
        tried = replace(graph, elements={**graph.elements, **extra})
        context = Context(tried, self._context.catalog, self._context.placements, self._context.today, frozenset(extra))
        found = derive(context).paths
        count = sum(found.by_state.values()) - found.by_state["broken"]
        return Left(tuple(path for path in found.listed if path.state != "broken"), count)

    # The three sets

    def cuts(self) -> tuple[Cut, ...]:
        """Return the three sets, equal ones once, in the order of `AIMS`."""
        found: dict[tuple[Candidate, ...], Cut] = {}
        for aim in AIMS:
            self.allow(SHARES[aim])
            cut = self._cut(aim)
            known = found.get(cut.controls)
            if known:
                found[cut.controls] = replace(known, aims=(*known.aims, aim), exact=known.exact and cut.exact)
            else:
                found[cut.controls] = cut
        return tuple(found.values())

    def made(self, aim: str, chosen: Iterable[Candidate], *, exact: bool, finished: bool) -> Cut:
        """Return a set with what it breaks."""
        controls = tuple(sorted(chosen))
        unbroken = tuple(sorted(path.id for path in self.remaining(controls)))
        left = self._known[frozenset(controls)].count
        cost = sum(self.cost(one) for one in controls)
        return Cut((aim,), controls, max(self.total - left, 0), self.total, cost, exact, unbroken, finished)

    def _cut(self, aim: str) -> Cut:
        """Hit the routes found so far, put the set in place, and add the routes that are left, until none is."""
        search = _Aim(self, aim, self.pool.of(aim))
        exact = False
        with suppress(Tired):
            exact = search.best()
        self.keep(search.clauses, search.proven)
        return self.made(aim, search.chosen, exact=exact, finished=search.whole)

    def single(self) -> Singles:
        """Return what each single control breaks, most first, then by cost and name."""
        self.allow(1)
        ranked = self.ranked()
        worth, tried = [], 0
        for one in ranked:
            try:
                broken = self.total - self.left((one,)).count
            except Tired:
                break
            tried += 1
            if broken > 0:
                worth.append(Worth(one, broken, self.cost(one)))
        found = tuple(sorted(worth, key=lambda item: (-item.breaks, item.cost, item.candidate)))
        return Singles(found, len(ranked) - tried)

    # What searches share

    def shared(self, pool: frozenset[Candidate], hopeless: frozenset[str]) -> tuple[dict[Clause, Witness], set[Clause]]:
        """Return the clauses found so far as far as they go for a smaller pool, and those of them that are proven."""
        found: dict[Clause, Witness] = {}
        proven: set[Clause] = set()
        for clause, (path, chosen) in (*self._clauses.items(), *self._proven.items()):
            part = clause & pool
            if part and path not in hopeless and chosen <= pool:
                found[part] = (path, chosen)
                if clause in self._proven:
                    proven.add(part)
        return found, proven

    def keep(self, clauses: dict[Clause, Witness], proven: set[Clause]) -> None:
        """Note clauses for the searches to come."""
        self._clauses.update(clauses)
        self._proven.update({one: clauses[one] for one in proven})


class _Aim:
    """The search for one set."""

    def __init__(self, cutter: Cutter, aim: str, pool: frozenset[Candidate]) -> None:
        self._cutter = cutter
        self._pool = pool
        self._by_cost = aim == "cheapest"
        self.clauses: dict[Clause, Witness] = {}
        self.proven: set[Clause] = set()
        self._refuted: set[Clause] = set()
        self._learnt: dict[str, Clause] = {}
        self._rounds = 0
        self._hopeless: frozenset[str] = frozenset()
        self._knows_hopeless = False
        self._listed_all = True
        self.chosen: tuple[Candidate, ...] = ()
        """The best set so far."""
        self.whole = False
        """Whether it breaks everything that the pool breaks."""

    def best(self) -> bool:
        """
        Find the first set that breaks everything the pool can break.

        Returns:
            Whether it is proven to be the first.

        Raises:
            Tired: no more runs may be taken; `chosen` is the best so far.
        """
        if self._pool < self._cutter.pool.all:
            self._find_hopeless()
        elif self._cutter.runs < FEW_RUNS:
            self._begin()
        self.clauses, self.proven = self._cutter.shared(self._pool, self._hopeless)
        while True:
            chosen, searched = self._hit(self.clauses)
            left = self._left(chosen)
            if left:
                if not self.whole:
                    self.chosen = chosen
                self._add(left, chosen)
                continue
            if not self.whole or self._key(chosen) < self._key(self.chosen):
                self.chosen, self.whole = chosen, True
            if not searched:
                self._thin()
                return False
            if self._prove(chosen):
                self.chosen = chosen
                return self._listed_all

    def _begin(self) -> None:
        """Take, where a search may end early, what surely is a set: one kind of control on every agent."""
        for control in (ISOLATION, GATE):
            every = tuple(Candidate(control, agent) for agent in self._cutter.influenced)
            if self.whole and self._key(every) > self._key(self.chosen):
                continue
            if self._pool.issuperset(every) and not self._cutter.left(every).count:
                self.chosen, self.whole = every, True

    def _find_hopeless(self) -> None:
        """Find the paths that stay with everything in place, and forget what was asked for their sake."""
        everything = self._cutter.left(self._pool)
        self._hopeless = frozenset(path.id for path in everything.paths)
        self._listed_all = len(everything.paths) == everything.count
        self.clauses = {one: witness for one, witness in self.clauses.items() if witness[0] not in self._hopeless}
        self.proven &= self.clauses.keys()
        self._knows_hopeless = True

    def _hit(self, clauses: Iterable[Clause]) -> tuple[tuple[Candidate, ...], bool]:
        held = list(clauses)
        self._rounds += 1
        most = (MOST_STEPS if len(held) < MANY else MOST_STEPS // 8) // (1 + self._rounds // 12)
        return smallest_hitting_set(held, self._cutter.cost, by_cost=self._by_cost, most=most)

    def _key(self, chosen: tuple[Candidate, ...]) -> tuple[int, int, tuple[Candidate, ...]]:
        total = sum(self._cutter.cost(one) for one in chosen)
        return (total, len(chosen), chosen) if self._by_cost else (len(chosen), total, chosen)

    def _left(self, chosen: Iterable[Candidate]) -> list[AttackPath]:
        return [path for path in self._cutter.left(chosen).paths if path.id not in self._hopeless]

    def _add(self, left: list[AttackPath], chosen: tuple[Candidate, ...]) -> None:
        """Add what has to be hit for the routes that a set leaves; none of it is hit by that set."""
        before, held = len(self.clauses), frozenset(chosen)
        for path in left[:: max(len(left) // MOST_AT_ONCE, 1)]:
            clause = (self._guess(path) & self._pool) - held
            if clause and clause not in self._refuted:
                self.clauses.setdefault(clause, (path.id, held))
        if len(self.clauses) > before:
            return
        if not self._knows_hopeless:
            self._find_hopeless()
        able = next((path for path in left if path.id not in self._hopeless), None)
        if able is not None:
            self._add_sure((able.id, held), self._guess(able))

    def _guess(self, path: AttackPath) -> Clause:
        """
        Return what stands on the route of a path, and what was found to matter for paths like it.

        What others read for an agent no route shows: there a guess that is too large needs fewer runs to come right,
        but more rounds, which only a small system can afford.
        """
        known = self._cutter.candidates(path) | self._learnt.get(path.id.partition(">")[2], frozenset())
        if path.impact == "disclosure" and self._cutter.total <= SMALL:
            known |= self._cutter.pool.beside(path.agent)
        return known

    def _add_sure(self, witness: Witness, guess: Clause) -> None:
        """Add a clause that is proven at once: all that is not in it was in place, and the path stayed."""
        path, held = witness

        def grow(more: tuple[Candidate, ...]) -> None:
            nonlocal held
            if not more:
                return
            if any(one.id == path for one in self._cutter.left(held.union(more)).paths):
                held = held.union(more)
            elif len(more) > 1:
                middle = len(more) // 2
                grow(more[:middle])
                grow(more[middle:])

        # what breaks a path stands close together: most is put in place at once, and seldom anything is left to look at
        beside = self._cutter.pool.beside(path.removeprefix(f"{path.partition('>')[0]}>").partition(">")[0])
        others = sorted(self._pool - held - guess, key=lambda one: (one.on, one.control))
        grow(tuple(one for one in others if one not in beside))
        grow(tuple(one for one in others if one in beside))
        extra = self._pool - held - guess
        like = path.partition(">")[2]
        self._learnt[like] = self._learnt.get(like, frozenset()) | extra
        clause = self._pool - held
        self.clauses[clause] = witness
        self.proven.add(clause)

    def _prove(self, chosen: tuple[Candidate, ...]) -> bool:
        """
        Prove that no set comes before this one.

        A clause is proven if a path stays with everything else in place: so every set has to hold one of it. Only those
        are looked at that are needed to tell the set from better ones. One that does not hold is replaced by one that
        does; then the search goes on.
        """
        while True:
            first, searched = self._hit(self.proven)
            if not searched:
                raise Tired
            if first == chosen:
                return True
            missed = [one for one in self.clauses if one.isdisjoint(first)]
            if not missed:
                raise Tired
            missed.sort(key=lambda one: (len(one), sorted(one)))
            seen: set[Candidate] = set()
            for clause in missed:
                if not clause.isdisjoint(seen):
                    continue
                seen |= clause
                if self._left(self._pool - clause):
                    self.proven.add(clause)
                    continue
                self._refuted.add(clause)
                self._add_sure(self.clauses.pop(clause), clause)
                return False

    def _thin(self) -> None:
        """Leave out what the best set can do without, the dearest first."""
        for one in sorted(self.chosen, key=lambda item: (-self._cutter.cost(item), item)):
            rest = tuple(other for other in self.chosen if other != one)
            if not self._left(rest):
                self.chosen = rest
