"""What hangs on each fact that nobody states, and what would become of it with each answer (SEMANTICS 11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.context import Context
from threatmodel.analysis.derived import derive
from threatmodel.analysis.explain import mishap_id
from threatmodel.analysis.finding import FindingState
from threatmodel.analysis.weight import Weights
from threatmodel.analysis.whatif import Supposition, suppose
from threatmodel.model.layers import place_all
from threatmodel.model.supposed import SupposeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.derived import Derived

SUPPOSED: Final = 12_000  # elements that all answers together may have the analysis look at
PER_FACT: Final = 6  # answers that are tried
GONE: Final = "gone"
"""What is not there any more."""


@dataclass(frozen=True, slots=True)
class Hanging:
    """One conclusion that needs a fact."""

    kind: str
    """`path`, `influence`, `mishap`, `capability`, `invariant`, `credential`, `finding`, `workload`."""
    id: str
    state: str
    """As it is without the fact."""
    grave: int = 0
    """Severity of a path or mishap, 0 to 4; 0 for all else."""

    @property
    def key(self) -> tuple[str, str]:
        """What finds it again when a fact is stated."""
        return (self.kind, self.id)


@dataclass(frozen=True, slots=True)
class Becoming:
    """One answer, and what it makes of the conclusions that were asked about."""

    value: str
    states: Mapping[tuple[str, str], str]
    """Key of a `Hanging` → its state then; `gone` where it is not there any more."""


def hanging(analysis: Analysis) -> dict[str, tuple[Hanging, ...]]:
    """Return fact → what hangs on it: paths first, the gravest of each action and impact before its likes."""
    found: dict[str, dict[Hanging, None]] = {}

    def note(one: Hanging, facts: Iterable[str]) -> None:
        for fact in facts:
            found.setdefault(fact, {})[one] = None

    for hung, facts in _derived(analysis.derived, Weights(analysis.model.graph)):
        note(hung, facts)
    for finding in analysis.findings:
        if finding.state is FindingState.UNKNOWN:
            note(Hanging("finding", finding.id, finding.state.value), finding.missing)
    for agent, both in analysis.workloads.items():
        note(Hanging("workload", agent, "unknown"), (f"agents.{agent}.{key}" for key in both.missing))
    return {fact: _telling_first(hung) for fact, hung in found.items()}


def _telling_first(hung: Iterable[Hanging]) -> tuple[Hanging, ...]:
    """Put what differs in more than its source first: a reader is told three of them."""
    known = list(hung)
    paths = sorted((one for one in known if one.kind == "path"), key=lambda one: -one.grave)
    first: dict[str, Hanging] = {}
    for one in paths:
        first.setdefault(one.id.partition(">")[2], one)
    chosen = set(first.values())
    return (
        *first.values(),
        *(one for one in paths if one not in chosen),
        *(one for one in known if one.kind != "path"),
    )


def _derived(derived: Derived, weights: Weights | None = None) -> Iterator[tuple[Hanging, Sequence[str]]]:
    for path in derived.paths.listed:
        grave = int(weights.path(path)[0]) if weights is not None and path.missing else 0
        yield Hanging("path", path.id, path.state, grave), path.missing
    for influence in derived.influences:
        state = "certain" if influence.certainty == "yes" else "unknown"
        yield Hanging("influence", influence.agent, state), influence.missing
    for mishap in derived.mishaps:
        yield Hanging("mishap", mishap_id(mishap), mishap.state), mishap.missing
    for one in derived.capabilities:
        state = "certain" if one.certainty == "yes" else "unknown"
        yield Hanging("capability", f"{one.agent}>{one.action} ({one.basis})", state), one.missing
    for invariant in derived.invariants:
        yield Hanging("invariant", f"{invariant.agent} never {invariant.never}", invariant.state), invariant.missing
    for reach in derived.credentials:
        yield Hanging("credential", reach.credential, "unknown" if reach.missing else "known"), reach.missing


class Answers:
    """Tries answers to questions, as long as the effort allows."""

    def __init__(self, analysis: Analysis) -> None:
        """Effort is counted in elements, not timed: the same description gives the same text everywhere."""
        self._analysis = analysis
        self._size = max(len(analysis.model.graph.elements), 1)
        self._left = SUPPOSED // self._size

    def becoming(self, fact: str, values: Sequence[str], asked: Sequence[Hanging]) -> tuple[Becoming, ...]:
        """Return what each answer makes of some conclusions; answers that the format refuses are left out."""
        wanted = [one for one in asked if one.kind not in {"finding", "workload", "credential"}]
        found = []
        for value in values[:PER_FACT] if wanted else ():
            if not self._left:
                return ()
            self._left -= 1
            derived = self._with(fact, value)
            if derived is not None:
                found.append(Becoming(value, self._states(derived, wanted)))
        return tuple(found)

    def _with(self, fact: str, value: str) -> Derived | None:
        try:
            model = suppose(self._analysis.model, (Supposition("set", fact, value),))
        except SupposeError:
            return None
        placed = place_all(model.graph, model.catalog.controls)
        return derive(Context(model.graph, model.catalog, placed, self._analysis.today))

    @staticmethod
    def _states(derived: Derived, wanted: Sequence[Hanging]) -> dict[tuple[str, str], str]:
        states = {one.key: GONE for one in wanted}
        certain = {one.agent for one in derived.influences if one.certainty == "yes"}
        for one, _ in _derived(derived):
            if one.key in states:
                states[one.key] = one.state
                if one.kind == "influence" and one.id in certain:
                    states[one.key] = "certain"
        return states
