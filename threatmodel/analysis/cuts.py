"""Cuts: sets of controls that break every path, verified by running the analysis with them in place (SEMANTICS 12)."""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.context import Context
from threatmodel.analysis.derived import derive
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import Control
from threatmodel.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from threatmodel.analysis.capability import Capability
    from threatmodel.analysis.paths import AttackPath
    from threatmodel.model.graph import ModelGraph

GATE: Final = "human-approval"
ISOLATION: Final = "input-isolation"
NOWHERE: Final = Span("", 1, 1, 1, 1)
MOST_ROUNDS: Final = 400
MOST_SEARCHED: Final = 60_000
"""Sets tried by one exact search; beyond that the best found so far is taken, and the cut says it is not exact."""
MOST_COMPARED: Final = 1500
"""Clauses of which those that follow from others are left out; beyond that comparing takes longer than it saves."""
MOST_TRIED_ALONE: Final = 150
"""Candidates whose worth alone is worked out: those that stand on most paths."""


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """One control at one place."""

    control: str
    """The type."""
    on: str

    @property
    def isolates(self) -> bool:
        """Whether it keeps text from an agent."""
        return self.control == ISOLATION


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
    """Candidates that were left out, since there are too many or time was up."""


AIMS: Final = ("smallest", "cheapest", "working")


class Cutter:
    """Finds cuts of one system."""

    def __init__(self, context: Context, *, exclude: frozenset[str] = frozenset(), seconds: float = math.inf) -> None:
        """
        Look at the paths as they are.

        Args:
            context: The system, unchanged.
            exclude: Types of control that must not be proposed.
            seconds: How long one search may take (each set, and the worth of single controls); then the best so far
                is taken and said not to be exact.
        """
        self.seconds = seconds
        self._context = context
        self._exclude = exclude
        first = derive(context)
        self.paths = tuple(path for path in first.paths.listed if path.state != "broken")
        self._reached = _actions_by_place(context.graph, first.capabilities)

    def cost(self, candidate: Candidate) -> int:
        """Return what a candidate costs: a gate one per action behind it, others what the catalog says (12.1)."""
        if candidate.control == GATE:
            places = {candidate.on, *self._context.graph.places_named(candidate.on)}
            return max(1, len({action for place in places for action in self._reached.get(place, ())}))
        return self._context.catalog.controls[candidate.control].cost

    def pool(self, aim: str = AIMS[0]) -> tuple[Candidate, ...]:
        """Return every candidate that a set of that aim may hold, those on most paths first."""
        standing: dict[Candidate, int] = {}
        for path in self.paths:
            for one in self.candidates(path):
                standing[one] = standing.get(one, 0) + 1
        return tuple(sorted((one for one in standing if self.allowed(aim, one)), key=lambda one: (-standing[one], one)))

    def candidates(self, path: AttackPath) -> frozenset[Candidate]:
        """Return the candidates that stand on the route a path shows."""
        found = set(self._gates(path)) | set(self._isolations(path)) | set(self._confining(path))
        return frozenset(one for one in found if one.control not in self._exclude)

    def _split(self, path: AttackPath) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the steps of the text up to and with the agent, and those from the agent on."""
        position = next((index for index, step in enumerate(path.steps) if step == path.agent and index > 0), 0)
        return path.steps[: position + 1], path.steps[position:]

    def _gates(self, path: AttackPath) -> Iterable[Candidate]:
        graph = self._context.graph
        _, acting = self._split(path)
        for step in acting:
            yield Candidate(GATE, step)
            action = graph.actions.get(step)
            if action is not None:
                yield Candidate(GATE, action.tool.id)
        for one, other in itertools.pairwise(acting):
            yield Candidate(GATE, f"{one}>{other}")
        if ">" in path.action:
            yield Candidate(GATE, path.action)
        reading = graph.actions.get(path.reading)
        if reading is not None:
            yield Candidate(GATE, reading.id)
            yield Candidate(GATE, reading.tool.id)

    def _isolations(self, path: AttackPath) -> Iterable[Candidate]:
        graph = self._context.graph
        text, _ = self._split(path)
        for step in text:
            if step in graph.elements and graph.elements[step].kind in {
                "agent",
                "service",
                "external",
                "store",
                "tool",
                "skill",
            }:
                yield Candidate(ISOLATION, step)
            action = graph.actions.get(step)
            if action is not None:
                yield Candidate(ISOLATION, step)
                yield Candidate(ISOLATION, action.tool.id)
        for one, other in itertools.pairwise(text):
            yield Candidate(ISOLATION, f"{one}>{other}")

    def _confining(self, path: AttackPath) -> Iterable[Candidate]:
        last = path.steps[-2] if len(path.steps) > 1 else path.agent
        holder = next(
            (
                step
                for step in reversed(path.steps[:-1])
                if step in self._context.graph.delegations_to or step == path.agent
            ),
            last,
        )
        tool = self._context.graph.actions.get(path.action)
        places = (path.action, *((tool.tool.id,) if tool else ()), holder)
        if path.impact == "execution":
            yield from (Candidate("sandbox", place) for place in places)
        if path.impact == "destruction":
            yield Candidate("backup-restore", path.action)
        if path.impact == "persistence":
            yield Candidate("memory-validation", path.action)
        if path.impact == "disclosure":
            yield from (Candidate("egress-allowlist", place) for place in places)
            yield Candidate("recipient-allowlist", path.action)
            if ">" in path.action:
                yield Candidate("output-encoding", path.action.rpartition(">")[2])

    # Trying a set

    def remaining(self, chosen: Iterable[Candidate]) -> tuple[AttackPath, ...]:
        """Return the paths that are not broken with these controls in place."""
        graph = self._context.graph
        extra = {f"cut-{number}": _sound(number, candidate) for number, candidate in enumerate(sorted(chosen))}
        tried = replace(graph, elements={**graph.elements, **extra})
        context = Context(tried, self._context.catalog, self._context.placements, self._context.today, frozenset(extra))
        return tuple(path for path in derive(context).paths.listed if path.state != "broken")

    def cuts(self) -> tuple[Cut, ...]:
        """Return the three sets, equal ones once, in the order of `AIMS`."""
        found: dict[tuple[Candidate, ...], Cut] = {}
        clauses: dict[str, set[frozenset[Candidate]]] = {aim: set() for aim in AIMS}
        for aim in AIMS:
            cut = self._cut(aim, clauses[aim])
            known = found.get(cut.controls)
            found[cut.controls] = replace(known, aims=(*known.aims, aim)) if known else cut
        return tuple(found.values())

    def allowed(self, aim: str, candidate: Candidate) -> bool:
        """Return whether a set of that aim may hold a candidate; `working` leaves agents what they read and do."""
        if aim != "working":
            return True
        if candidate.isolates:
            return False
        return (
            candidate.control != GATE
            or ">" in candidate.on
            or candidate.on in self._context.graph.actions
            or "." in candidate.on
        )

    def _cut(self, aim: str, clauses: set[frozenset[Candidate]]) -> Cut:
        hopeless: set[str] = set()
        exact, finished = True, False
        until = time.monotonic() + self.seconds
        chosen: tuple[Candidate, ...] = ()
        useless: dict[str, set[Candidate]] = {}
        for _ in range(MOST_ROUNDS):
            left = [path for path in (self.remaining(chosen) if chosen else self.paths) if path.id not in hopeless]
            if not left:
                finished = True
                break
            if time.monotonic() > until:
                exact = False
                break
            before = len(clauses)
            for path in left:
                held = useless.setdefault(path.id, set())
                standing = self.candidates(path) & set(chosen)
                held |= standing
                able = frozenset(one for one in self.candidates(path) if self.allowed(aim, one) and one not in held)
                if able:
                    clauses.add(able)
                else:
                    hopeless.add(path.id)
            if len(clauses) == before and not hopeless:
                exact = False
                break
            chosen, proven = smallest_hitting_set(clauses, self.cost, by_cost=aim == "cheapest", until=until)
            exact = exact and proven
        unbroken = tuple(sorted(path.id for path in self.remaining(chosen)))
        total = len(self.paths)
        return Cut((aim,), tuple(sorted(chosen)), total - len(set(unbroken) & {path.id for path in self.paths}), total,
                   sum(self.cost(one) for one in chosen), exact and not unbroken, unbroken, finished)  # fmt: skip

    def single(self) -> Singles:
        """Return what each single control breaks, most first, then by cost and name."""
        pool = self.pool()
        before = {path.id for path in self.paths}
        worth = []
        tried = 0
        until = time.monotonic() + self.seconds
        for one in pool[:MOST_TRIED_ALONE]:
            if time.monotonic() > until:
                break
            tried += 1
            broken = len(before - {path.id for path in self.remaining((one,))})
            if broken:
                worth.append(Worth(one, broken, self.cost(one)))
        found = tuple(sorted(worth, key=lambda item: (-item.breaks, item.cost, item.candidate)))
        return Singles(found, len(pool) - tried)


def smallest_hitting_set(
    clauses: Iterable[frozenset[Candidate]], cost: Callable[[Candidate], int], *, by_cost: bool, until: float = math.inf
) -> tuple[tuple[Candidate, ...], bool]:
    """
    Return the first set, by size and then cost (or cost and then size) and then names, that meets every clause.

    Args:
        clauses: Of each the set has to hold one member.
        cost: What a candidate costs.
        by_cost: Whether cost counts before size.
        until: When to stop, by `time.monotonic`.

    Returns:
        The set, and whether the search was finished: then no better one exists.
    """
    wanted = list(clauses)
    if len(wanted) <= MOST_COMPARED:
        wanted = [clause for clause in wanted if not any(other < clause for other in wanted)]
    weight: Mapping[Candidate, int] = {one: cost(one) for clause in wanted for one in clause}

    def key(chosen: tuple[Candidate, ...]) -> tuple[int, int, tuple[Candidate, ...]]:
        total = sum(weight[one] for one in chosen)
        return (total, len(chosen), tuple(sorted(chosen))) if by_cost else (len(chosen), total, tuple(sorted(chosen)))

    best = _greedy(wanted, weight)
    tried = 0
    late = False

    def search(left: list[frozenset[Candidate]], chosen: tuple[Candidate, ...]) -> None:
        nonlocal best, tried, late
        tried += 1
        late = late or time.monotonic() > until
        if late or tried > MOST_SEARCHED:
            return
        if not left:
            if key(chosen) < key(best):
                best = chosen
            return
        bound = _bound(left, weight, by_cost=by_cost)
        now = key(chosen)
        if (now[0] + bound) > key(best)[0]:
            return
        clause = min(left, key=lambda one: (len(one), sorted(one)))
        for one in sorted(clause, key=lambda item: (-sum(item in other for other in left), weight[item], item)):
            search([other for other in left if one not in other], (*chosen, one))

    search(wanted, ())
    return tuple(sorted(best)), not late and tried <= MOST_SEARCHED


def _greedy(clauses: list[frozenset[Candidate]], weight: Mapping[Candidate, int]) -> tuple[Candidate, ...]:
    holding: dict[Candidate, list[int]] = {}
    for number, clause in enumerate(clauses):
        for one in clause:
            holding.setdefault(one, []).append(number)
    counts = {one: len(numbers) for one, numbers in holding.items()}
    met, chosen = [False] * len(clauses), []
    while not all(met):
        one = min(counts, key=lambda item: (-counts[item], weight[item], item))
        chosen.append(one)
        for number in holding[one]:
            if not met[number]:
                met[number] = True
                for other in clauses[number]:
                    counts[other] -= 1
    return tuple(chosen)


def _bound(clauses: list[frozenset[Candidate]], weight: Mapping[Candidate, int], *, by_cost: bool) -> int:
    """Return a lower bound: clauses that share no candidate need one each."""
    used: set[Candidate] = set()
    total = 0
    for clause in sorted(clauses, key=len):
        if not clause & used:
            used |= clause
            total += min(weight[one] for one in clause) if by_cost else 1
    return total


def _sound(number: int, candidate: Candidate) -> Control:
    """Return a control as a sound one would stand: proven, at the target, approved by a team, a backup of its own."""
    body = MapNode(NOWHERE)
    settings = MapNode(NOWHERE)
    if candidate.control == GATE:
        settings.update({"binds": "parameters", "on_timeout": "deny"})
        body.update({"by": "the-approving-team", "at": "target"})
    evidence = MapNode(NOWHERE)
    evidence.update({"kind": "test", "ref": "cut"})
    body.update(
        {
            "type": candidate.control,
            "on": [candidate.on],
            "status": "tested",
            "settings": settings,
            "evidence": [evidence],
        }
    )
    if candidate.control == "backup-restore":
        body["store"] = "a-store-of-its-own"
    return Control(f"cut-{number}", body, NOWHERE, f"controls.cut-{number}", candidate.control)


def _actions_by_place(graph: ModelGraph, capabilities: Iterable[Capability]) -> dict[str, set[str]]:
    """Return place → the actions that are reached through it."""
    found: dict[str, set[str]] = {}
    for one in capabilities:
        name, route = one.action, one.route
        places = {*route, name}
        action = graph.actions.get(name)
        if action is not None:
            places.add(action.tool.id)
        elif name.endswith(".*"):
            places.add(name.removesuffix(".*"))
        places.update(f"{a}>{b}" for a, b in itertools.pairwise(route))
        for place in places:
            found.setdefault(place, set()).add(name)
    return found
