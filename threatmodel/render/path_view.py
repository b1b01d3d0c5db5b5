"""Derived → attack paths a reader can decide about: those that differ only in their source or route are one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import STATES
from threatmodel.analysis.weight import Weights
from threatmodel.render.agent_view import kind_rank

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from threatmodel.analysis.derived import Derived
    from threatmodel.analysis.paths import AttackPath, Invariant, Mishap
    from threatmodel.analysis.severity import Severity
    from threatmodel.model.graph import ModelGraph

FATES: Final = ("reached", "unknown", "held")
"""What becomes of an invariant, worst first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which paths were asked for; None: all of them."""

    agent: str | None = None
    states: Container[str] | None = None
    impact: str | None = None

    def wants(self, one: AttackPath | Mishap) -> bool:
        """Return whether a path or a mishap is among them."""
        return (
            self.agent in (None, one.agent)
            and self.impact in (None, one.impact)
            and (self.states is None or one.state in self.states)
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """All paths to one impact through one action of one agent: whoever breaks one of them likely breaks all."""

    paths: tuple[AttackPath, ...]
    """The worst state first, of one state the gravest, then those of people, then the shortest."""
    severity: Severity
    """Of the first."""

    @property
    def first(self) -> AttackPath:
        """The path to show: the worst of them, so that way, id and severity speak of the same one."""
        return self.paths[0]

    @property
    def state(self) -> str:
        """The worst of their states."""
        return self.first.state

    @property
    def sources(self) -> Mapping[str, tuple[str, ...]]:
        """State → where paths in that state begin."""
        return {state: found for state in STATES if (found := tuple(p.source for p in self.paths if p.state == state))}

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts that would settle those of which nobody can tell."""
        return tuple(sorted({fact for path in self.paths for fact in path.missing}))


@dataclass(frozen=True, slots=True)
class PathView:
    """What was asked for, grouped and counted."""

    decisions: tuple[Decision, ...]
    """The worst state first, of one state the gravest, then in the order of agent, action, impact."""
    paths: tuple[AttackPath, ...]
    mishaps: tuple[tuple[Mishap, Severity], ...]
    """In the same order, each with how grave it is."""
    invariants: tuple[Invariant, ...]
    """Reached first; none where a state or an impact was asked for."""
    found: Mapping[str, int]
    """State → how many of all paths, asked for or not, listed or not."""
    cut: int
    """How many paths exist beyond those that are listed; decisions may be missing then."""


def path_view(graph: ModelGraph, derived: Derived, wanted: Wanted) -> PathView:
    """Group, weigh and count."""
    weights = Weights(graph)
    chosen = tuple(path for path in derived.paths.listed if wanted.wants(path))
    groups: dict[tuple[str, str, str], list[AttackPath]] = {}
    for path in chosen:
        groups.setdefault((path.agent, path.action, path.impact), []).append(path)

    def worst_first(path: AttackPath) -> tuple[int, int, bool, int, int, str]:
        """Of paths equally bad, those of people first, then the shortest: a reader follows them best."""
        grave = -weights.path(path)[0]
        return (
            STATES.index(path.state), grave, path.mild, kind_rank(graph, path.source), len(path.steps), path.id
        )  # fmt: skip

    ordered = (tuple(sorted(same, key=worst_first)) for same in groups.values())
    mishaps = ((one, weights.mishap(one)[0]) for one in derived.mishaps if wanted.wants(one))
    whole = wanted.states is None and wanted.impact is None
    kept = [one for one in derived.invariants if whole and wanted.agent in (None, one.agent)]
    return PathView(
        decisions=tuple(
            sorted(
                (Decision(same, weights.path(same[0])[0]) for same in ordered),
                key=lambda one: _order(one.first, one.severity),
            )
        ),
        paths=chosen,
        mishaps=tuple(sorted(mishaps, key=lambda pair: _order(*pair))),
        invariants=tuple(sorted(kept, key=lambda one: (FATES.index(one.state), one.agent, one.never))),
        found=derived.paths.by_state,
        cut=sum(derived.paths.by_state.values()) - len(derived.paths.listed),
    )


def by_state(states: list[str], order: tuple[str, ...] = STATES) -> dict[str, int]:
    """Return how often each state occurs, in a fixed order."""
    counts = Counter(states)
    return {state: counts[state] for state in order}


def _order(one: AttackPath | Mishap, severity: Severity) -> tuple[int, int, bool, str, str, str]:
    return (STATES.index(one.state), -severity, one.mild, one.agent, one.action, one.impact)
