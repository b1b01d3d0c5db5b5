"""What `harden` answers: the cuts, within a budget if there is one, why paths stay, and what single controls break."""

from __future__ import annotations

import itertools
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.candidates import AIMS
from threatmodel.analysis.cuts import Cut, Cutter, Singles, Tired

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from threatmodel.analysis.candidates import Candidate
    from threatmodel.analysis.context import Context

BUDGETED: Final = {"smallest": 0.8, "cheapest": 0.85, "working": 0.9}
"""Part of the runs that is used up at most once the search for a set within a budget ends."""
MOST_EXAMPLES: Final = 5
"""Paths that a set leaves for which a control is looked for that breaks them."""
MOST_TRIED: Final = 12
"""Controls that are tried for one of them; fewer where the runs that a system may take are few."""


@dataclass(frozen=True, slots=True)
class Hardening:
    """The cures of one system."""

    states: Mapping[str, int]
    """State → how many paths are in it, as the description is."""
    cuts: tuple[Cut, ...]
    """In the order of `AIMS`, equal ones once."""
    why: Mapping[tuple[str, str], str]
    """First aim of a set and path that it leaves → why."""
    single: Singles
    budget: int | None


def harden(
    context: Context, *, exclude: frozenset[str] = frozenset(), budget: int | None = None, effort: int = 1
) -> Hardening:
    """
    Find the sets of controls that break the paths of a system.

    Args:
        context: The system; it is not changed.
        exclude: Types of control that must not be proposed.
        budget: What a set may cost at most. Where none that costs so little breaks every path, the set that breaks
            most is taken.
        effort: How many times the usual number of runs may be taken.
    """
    cutter = Cutter(context, exclude=exclude, effort=effort)
    cuts = cutter.cuts()
    dear = {aim for cut in cuts if budget is not None and cut.cost > budget for aim in cut.aims}
    if budget is not None:
        cuts = _joined(_within(cutter, aim, cuts, budget) for aim in AIMS)
    free = Cutter(context) if exclude else cutter
    why = {
        (cut.aims[0], path): _reason(
            cutter, free, cut, path, budget if cut.aims[0] in dear else None, look=number < MOST_EXAMPLES
        )
        for cut in cuts
        for number, path in enumerate(cut.unbroken)
    }
    return Hardening(cutter.states, cuts, why, cutter.single(), budget)


def _joined(cuts: Iterable[Cut]) -> tuple[Cut, ...]:
    found: dict[tuple[Candidate, ...], Cut] = {}
    for cut in cuts:
        known = found.get(cut.controls)
        found[cut.controls] = (
            replace(known, aims=known.aims + cut.aims, exact=known.exact and cut.exact) if known else cut
        )
    return tuple(found.values())


def _reason(cutter: Cutter, free: Cutter, cut: Cut, path_id: str, budget: int | None, *, look: bool) -> str:
    """Say why a set leaves a path unbroken."""
    path = next((one for one in cutter.paths if one.id == path_id), None)
    if path is None:
        return "it comes up only with these controls in place"
    able = cutter.candidates(path)
    if not able:
        held = sorted({one.control for one in free.candidates(path)})
        return (
            f"only what is excluded stands on its route: {', '.join(held)}" if held else "no control has a place on it"
        )
    working = cut.aims[0] == "working"
    example = _example(cutter, able, path_id) if look and working else ""
    such = f"; {example} would" if example else ""
    if working and not any(cutter.pool.allowed("working", one) for one in able):
        return f"nothing that leaves agents what they do breaks it{such}"
    if not cut.finished:
        return "the search ended before it found what breaks it"
    if budget is not None:
        return f"what breaks it does not fit into a budget of {budget} beside the rest"
    if working:
        return f"no gate on a single action or a flow breaks it{such}"
    return "each control on its route leaves another way"


def _example(cutter: Cutter, able: frozenset[Candidate], path_id: str) -> str:
    """Return the cheapest control that breaks a path alone; empty if none does."""
    for one in sorted(able, key=lambda item: (cutter.cost(item), item))[: min(MOST_TRIED, cutter.runs // 20)]:
        if all(path.id != path_id for path in cutter.remaining((one,))):
            return f"{one.control} on {one.on}"
    return ""


# A budget


def _within(cutter: Cutter, aim: str, cuts: tuple[Cut, ...], budget: int) -> Cut:
    """Return the set of an aim that costs at most `budget` and breaks most paths."""
    full = next(cut for cut in cuts if aim in cut.aims)
    if full.cost <= budget:
        return replace(full, aims=(aim,))
    search = _Within(cutter, aim, budget)
    cutter.allow(BUDGETED[aim])
    exact = search.try_all()
    if not exact:
        search.take(*(cut.controls for cut in cuts))
        with suppress(Tired):
            search.grow()
            search.shrink(full.controls)
    return cutter.made(aim, search.best(), exact=exact, finished=True)


class _Within:
    """The sets of one aim that were tried within a budget."""

    def __init__(self, cutter: Cutter, aim: str, budget: int) -> None:
        self._cutter = cutter
        self._aim = aim
        self._budget = budget
        self._tried: dict[tuple[Candidate, ...], int] = {(): cutter.total}

    def cost(self, chosen: Iterable[Candidate]) -> int:
        """Return what a set costs."""
        return sum(self._cutter.cost(one) for one in chosen)

    def best(self) -> tuple[Candidate, ...]:
        """Return the set that leaves least, then the first as the aim orders sets."""

        def key(chosen: tuple[Candidate, ...]) -> tuple[int, int, int, tuple[Candidate, ...]]:
            size, cost = len(chosen), self.cost(chosen)
            return (self._tried[chosen], *((cost, size) if self._aim == "cheapest" else (size, cost)), chosen)

        return min((chosen for chosen in self._tried if self.cost(chosen) <= self._budget), key=key)

    def left(self, chosen: Iterable[Candidate]) -> int:
        """Return how many paths a set leaves."""
        key = tuple(sorted(chosen))
        if key not in self._tried:
            self._tried[key] = self._cutter.left(key).count
        return self._tried[key]

    def take(self, *sets: tuple[Candidate, ...]) -> None:
        """Look at sets that are known already."""
        for chosen in sets:
            if self.cost(chosen) <= self._budget and all(self._cutter.pool.allowed(self._aim, one) for one in chosen):
                self.left(chosen)

    def try_all(self) -> bool:
        """Try every set within the budget; return whether that could be done."""
        pool = sorted(one for one in self._cutter.pool.of(self._aim) if self._cutter.cost(one) <= self._budget)
        if self._sets(pool) > self._cutter.free:
            return False
        with suppress(Tired):
            most = self._budget // max(1, min(map(self._cutter.cost, pool), default=1))
            for size in range(1, most + 1):
                for chosen in itertools.combinations(pool, size):
                    if self.cost(chosen) <= self._budget:
                        self.left(chosen)
            return True
        return False

    def _sets(self, pool: Iterable[Candidate]) -> int:
        """Return how many sets cost at most the budget."""
        ways = [1] + [0] * self._budget
        for one in pool:
            cost = self._cutter.cost(one)
            for total in range(self._budget, cost - 1, -1):
                ways[total] += ways[total - cost]
        return sum(ways)

    def grow(self) -> None:
        """Add, time after time, the control that breaks most further paths for what it costs."""
        chosen: tuple[Candidate, ...] = ()
        pool = [one for one in self._cutter.ranked(self._aim) if self._cutter.cost(one) <= self._budget]
        while True:
            room, now = self._budget - self.cost(chosen), self.left(chosen)
            best, gain = None, 0.0
            for one in pool:
                cost = self._cutter.cost(one)
                if one not in chosen and cost <= room:
                    more = (now - self.left((*chosen, one))) / max(cost, 1)
                    if more > gain:
                        best, gain = one, more
            if best is None:
                return
            chosen = (*chosen, best)

    def shrink(self, whole: tuple[Candidate, ...]) -> None:
        """Take, time after time, away what a whole set can do without most easily, until it fits."""
        chosen = whole
        while self.cost(chosen) > self._budget:
            rests = [tuple(other for other in chosen if other != one) for one in chosen]
            chosen = min(rests, key=lambda item: (self.left(item), self.cost(item), item))
        self.left(chosen)
