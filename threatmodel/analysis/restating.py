"""The facts on the way of a path or mishap whose change closes it: found on its steps, each of them tried."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.levers import Lever, levers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from threatmodel.analysis.context import Context
    from threatmodel.analysis.paths import AttackPath, Mishap
    from threatmodel.analysis.proof import Stage
    from threatmodel.analysis.trial import Change, Trial

MOST: Final = 4  # that are named
ALIKE: Final = 2  # of those that take the same
FEW: Final = 3  # facts that are named together, where none does alone


@dataclass(frozen=True, slots=True)
class Restating:
    """Facts that close it, once they are as said here: one, or some that only help together."""

    changes: tuple[Change, ...]
    leaves: str
    """`broken` or `gone`."""
    closes: int


def restatings(
    context: Context, one: AttackPath | Mishap, stages: Iterable[Stage], trial: Trial
) -> tuple[Restating, ...]:
    """
    Return what could be said of the elements on the way so that it is closed.

    Args:
        context: The system, unchanged.
        one: It is not broken.
        stages: Its proof: candidates are the facts that decide its steps.
        trial: Tries the changes; only what closes it is returned.
    """
    able = sorted(levers(context.graph, one, tuple(stages)), key=lambda lever: lever.loses)
    found: list[Restating] = []
    for lever in able:
        if len(found) == MOST:
            break
        means = lever.changes[0].means
        if sum(one.changes[0].means == means for one in found) == ALIKE:
            continue
        tried = trial.closes(lever.changes)
        if tried is not None:
            found.append(Restating(lever.changes, tried.leaves, tried.closes))
    return tuple(found) or tuple(_together([lever for lever in able if not lever.loses], trial))


def _together(able: list[Lever], trial: Trial) -> Iterator[Restating]:
    """Yield the fewest facts that close it together, up to three, where none does alone."""
    chosen = able[:]
    if len(chosen) <= 1 or trial.closes(_all(chosen)) is None:
        return
    for lever in able[::-1]:
        less = [one for one in chosen if one is not lever]
        if len(less) > 1 and trial.closes(_all(less)) is not None:
            chosen = less
    tried = trial.closes(_all(chosen)) if len(chosen) <= FEW else None
    if tried is not None:
        yield Restating(_all(chosen), tried.leaves, tried.closes)


def _all(chosen: Iterable[Lever]) -> tuple[Change, ...]:
    every = itertools.chain.from_iterable(lever.changes for lever in chosen)
    return tuple({change.fact: change for change in every}.values())
