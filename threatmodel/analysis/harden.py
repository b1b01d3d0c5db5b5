"""What `harden` answers: the cuts, within a budget if there is one, why paths stay, and what single controls break."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.cuts import AIMS, MOST_TRIED_ALONE, Cut, Cutter, Singles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeAlias

    from threatmodel.analysis.context import Context
    from threatmodel.analysis.cuts import Candidate

    Counted: TypeAlias = Callable[[Iterable[Candidate]], int]
    """A set → how many paths it leaves."""

MOST_SETS: Final = 1500
"""Sets within a budget that are all tried; where there are more, the best of a search is taken and is not exact."""
MOST_EXAMPLES: Final = 5
"""Paths that a set leaves for which a control is looked for that breaks them, and controls tried for each."""


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
    context: Context, *, exclude: frozenset[str] = frozenset(), budget: int | None = None, seconds: float = 3.0
) -> Hardening:
    """
    Find the sets of controls that break the paths of a system.

    Args:
        context: The system; it is not changed.
        exclude: Types of control that must not be proposed.
        budget: What a set may cost at most. Where none that costs so little breaks every path, the set that breaks
            most is taken.
        seconds: How long the search for one set may take.
    """
    cutter = Cutter(context, exclude=exclude, seconds=seconds)
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
    states = {state: sum(path.state == state for path in cutter.paths) for state in ("open", "claimed", "unknown")}
    return Hardening(states, cuts, why, cutter.single(), budget)


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
    such = f", such as {example}" if example else ""
    if working and not any(cutter.allowed("working", one) for one in able):
        return f"only what takes work away breaks it{such}"
    if not cut.finished:
        return "the search ended before it found what breaks it"
    if budget is not None:
        return f"what breaks it does not fit into a budget of {budget} beside the rest"
    if working:
        return f"gates on single actions leave another way; more is needed{such}"
    return "each control on its route leaves another way"


def _example(cutter: Cutter, able: frozenset[Candidate], path_id: str) -> str:
    """Return the cheapest control that breaks a path alone; empty if none does."""
    for one in sorted(able, key=lambda item: (cutter.cost(item), item))[:MOST_EXAMPLES]:
        if all(path.id != path_id for path in cutter.remaining((one,))):
            return f"{one.control} on {one.on}"
    return ""


# A budget


def _within(cutter: Cutter, aim: str, cuts: tuple[Cut, ...], budget: int) -> Cut:
    """Return the set of an aim that costs at most `budget` and breaks most paths."""
    full = next(cut for cut in cuts if aim in cut.aims)
    if full.cost <= budget:
        return replace(full, aims=(aim,))
    until = time.monotonic() + cutter.seconds
    pool = [one for one in cutter.pool(aim) if cutter.cost(one) <= budget]
    tried: dict[tuple[Candidate, ...], int] = {}

    def left(chosen: Iterable[Candidate]) -> int:
        key = tuple(sorted(chosen))
        if key not in tried:
            tried[key] = len(cutter.remaining(key)) if key else len(cutter.paths)
        return tried[key]

    left(())
    exact = _sets(pool, cutter, budget) <= MOST_SETS and _try_all(cutter, pool, budget, left, until)
    if not exact:
        _grow(cutter, pool, budget, left, until)
        _shrink(cutter, full.controls, budget, left, until)
        for cut in cuts:
            if cut.cost <= budget and all(cutter.allowed(aim, one) for one in cut.controls):
                left(cut.controls)
    affordable = [chosen for chosen in tried if _cost(cutter, chosen) <= budget]

    def key(chosen: tuple[Candidate, ...]) -> tuple[int, int, int, tuple[Candidate, ...]]:
        size, cost = len(chosen), _cost(cutter, chosen)
        return (tried[chosen], cost, size, chosen) if aim == "cheapest" else (tried[chosen], size, cost, chosen)

    best = min(affordable, key=key)
    unbroken = tuple(sorted(path.id for path in cutter.remaining(best)))
    total = len(cutter.paths)
    broken = total - len(set(unbroken) & {path.id for path in cutter.paths})
    return Cut((aim,), best, broken, total, _cost(cutter, best), exact, unbroken, finished=True)


def _try_all(cutter: Cutter, pool: list[Candidate], budget: int, left: Counted, until: float) -> bool:
    """Try every set within the budget; return whether there was time for all."""
    most = budget // max(1, min(map(cutter.cost, pool), default=1))
    for size in range(1, most + 1):
        for chosen in itertools.combinations(pool, size):
            if time.monotonic() > until:
                return False
            if _cost(cutter, chosen) <= budget:
                left(chosen)
    return True


def _cost(cutter: Cutter, chosen: Iterable[Candidate]) -> int:
    return sum(cutter.cost(one) for one in chosen)


def _sets(pool: Iterable[Candidate], cutter: Cutter, budget: int) -> int:
    """Return how many sets cost at most `budget`."""
    ways = [1] + [0] * budget
    for one in pool:
        cost = cutter.cost(one)
        for total in range(budget, cost - 1, -1):
            ways[total] += ways[total - cost]
    return sum(ways)


def _grow(cutter: Cutter, pool: list[Candidate], budget: int, left: Counted, until: float) -> None:
    """Add, time after time, the control that breaks most further paths for what it costs."""
    chosen: tuple[Candidate, ...] = ()
    while time.monotonic() < until:
        room, now = budget - _cost(cutter, chosen), left(chosen)
        best, gain = None, 0.0
        for one in pool[:MOST_TRIED_ALONE]:
            cost = cutter.cost(one)
            if one in chosen or cost > room or time.monotonic() > until:
                continue
            more = (now - left((*chosen, one))) / max(cost, 1)
            if more > gain:
                best, gain = one, more
        if best is None:
            return
        chosen = (*chosen, best)


def _shrink(cutter: Cutter, whole: tuple[Candidate, ...], budget: int, left: Counted, until: float) -> None:
    """Take, time after time, away what a whole set can do without most easily, until it fits."""
    chosen = whole
    while _cost(cutter, chosen) > budget:
        best = chosen[:-1]
        for one in chosen:
            if time.monotonic() > until:
                break
            rest = tuple(other for other in chosen if other != one)
            best = min(best, rest, key=lambda item: (left(item), _cost(cutter, item), item))
        chosen = best
    left(chosen)
