"""Analysis → the cures: the sets of controls that break the paths, what each leaves, what one control is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.context import Context
from threatmodel.analysis.harden import harden
from threatmodel.memory import without_collection
from threatmodel.render.terminal_harden import AIMS

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.cuts import Cut
    from threatmodel.analysis.harden import Hardening
    from threatmodel.render.report_bounds import Bounds

PROVEN_BEST: Final = {
    "smallest": "proven smallest",
    "cheapest": "proven cheapest",
    "working": "proven cheapest that does so",
}
MOST_STAYING: Final = 3  # paths of one reason
MOST_PATHS: Final = 20_000  # to break; for more of them a search takes longer than a reader of a report waits
_NEEDED: Final = frozenset(
    {
        "human-approval", "input-isolation", "sandbox", "backup-restore", "memory-validation", "egress-allowlist",
        "recipient-allowlist", "output-encoding",
    }
)  # fmt: skip
"""Types of control that cures are made of (SEMANTICS 12.1)."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A type of control at a place."""

    control: str
    title: str
    on: str


@dataclass(frozen=True, slots=True)
class Stays:
    """Paths that a set leaves, and why."""

    why: str
    paths: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class CureSet:
    """One set."""

    aim: str
    meaning: str
    controls: tuple[Proposed, ...]
    more: int
    breaks: int
    of: int
    cost: int
    how: str
    """How sure it is that none is better."""
    whole: bool
    """Whether no path is left."""
    stays: tuple[Stays, ...]


@dataclass(frozen=True, slots=True)
class Single:
    """What one control breaks alone."""

    proposed: Proposed
    breaks: int
    cost: int


@dataclass(frozen=True, slots=True)
class Cures:
    """What would break the paths that are open, claimed or unknown."""

    paths: int
    """For how many paths they were computed."""
    sets: tuple[CureSet, ...]
    singles: tuple[Single, ...]
    more_singles: int
    untried: int
    possible: bool
    """Whether the catalog lists the controls that cures are made of."""
    asked: bool
    """Whether they were looked for: not in a system of too many paths."""


def hardened(analysis: Analysis) -> Hardening | None:
    """Return the cures as `harden` finds them; None where they are not looked for."""
    model = analysis.model
    if not _possible(analysis) or _to_break(analysis) > MOST_PATHS:
        return None
    with without_collection():
        return harden(Context(model.graph, model.catalog, analysis.placements, analysis.today))


def cures(analysis: Analysis, found: Hardening | None, bounds: Bounds) -> Cures:
    """
    Return the cures as a report shows them.

    Args:
        analysis: What they are for.
        found: What `hardened` returned.
        bounds: How much a profile shows.
    """
    if found is None:
        possible = _possible(analysis)
        return Cures(_to_break(analysis), (), (), 0, 0, possible=possible, asked=not possible)
    worth = found.single.worth
    return Cures(
        paths=found.cuts[0].of,
        sets=tuple(
            _set(analysis, found, cut, aim, bounds.controls)
            for aim in AIMS for cut in found.cuts if cut.of and aim in cut.aims
        ),
        singles=tuple(
            Single(_proposed(analysis, one.candidate.control, one.candidate.on), one.breaks, one.cost)
            for one in worth[: bounds.singles]
        ),
        more_singles=max(0, len(worth) - bounds.singles),
        untried=found.single.untried,
        possible=True,
        asked=True,
    )


def _possible(analysis: Analysis) -> bool:
    return analysis.model.catalog.controls.keys() >= _NEEDED


def _to_break(analysis: Analysis) -> int:
    return sum(count for state, count in analysis.derived.paths.by_state.items() if state != "broken")


def _set(analysis: Analysis, found: Hardening, cut: Cut, aim: str, most: int) -> CureSet:
    best = "proven: none breaks more" if cut.unbroken else PROVEN_BEST[aim]
    how = best if cut.exact else "not proven to be the best"
    reasons: dict[str, list[str]] = {}
    for path in cut.unbroken:
        reasons.setdefault(found.why[cut.aims[0], path], []).append(path)
    return CureSet(
        aim=aim,
        meaning=AIMS[aim],
        controls=tuple(_proposed(analysis, one.control, one.on) for one in cut.controls[:most]),
        more=max(0, len(cut.controls) - most),
        breaks=cut.breaks,
        of=cut.of,
        cost=cut.cost,
        how=how if cut.finished else "the search ended early: not proven to be the best",
        whole=cut.breaks == cut.of and not cut.unbroken,
        stays=tuple(
            Stays(why, tuple(paths[:MOST_STAYING]), max(0, len(paths) - MOST_STAYING)) for why, paths in reasons.items()
        ),
    )


def _proposed(analysis: Analysis, control: str, on: str) -> Proposed:
    known = analysis.model.catalog.controls.get(control)
    return Proposed(control, known.title if known else control, on)
