"""One thing with its whole proof: a finding, an attack path or a mishap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.amending import STORES, Amending, amendings, ways
from threatmodel.analysis.answering import NOT_THERE, answer, never_answer
from threatmodel.analysis.closing import Closing, closings
from threatmodel.analysis.context import Context
from threatmodel.analysis.finding import Finding
from threatmodel.analysis.keeping import Keeping, keepings
from threatmodel.analysis.paths import AttackPath, Invariant, Mishap
from threatmodel.analysis.questions import Question, ask, paste
from threatmodel.analysis.restating import Restating, restatings
from threatmodel.analysis.route_reasons import RouteReasons
from threatmodel.analysis.severity import Severity, Step
from threatmodel.analysis.stopping import told_where
from threatmodel.analysis.trial import Trial, standing
from threatmodel.analysis.weight import Weights
from threatmodel.catalog.control import Acts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.paths import Paths
    from threatmodel.analysis.proof import Stage

TRIES: Final = STORES + 2
"""Tries that one control can take: below that nothing is said of it."""


@dataclass(frozen=True, slots=True)
class Cure:
    """What would close a path or a mishap, and what keeps a broken one closed: each was tried."""

    amendings: tuple[Amending, ...] = ()
    """Controls that the description has already, with every key that makes them hold."""
    restatings: tuple[Restating, ...] = ()
    """Facts on the way, said otherwise."""
    closings: tuple[Closing, ...] = ()
    """New controls."""
    keepings: tuple[Keeping, ...] = ()
    """Of a broken one: the controls that break it."""
    idle: tuple[tuple[str, str], ...] = ()
    """Controls on its steps that are not there, and that would not close it if they were: each with what they would."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One thing, why it is so, and what would change it."""

    kind: str
    """`finding`, `path`, `mishap` or `never`."""
    id: str
    answer: str
    """What can happen, and why nothing, or what, stands in between; of a finding without a route its message."""
    state: str
    severity: Severity
    arithmetic: tuple[Step, ...]
    stages: tuple[Stage, ...]
    """Empty for a finding that speaks of no route."""
    cure: Cure
    missing: tuple[Question, ...]
    finding: Finding | None = None
    harm: AttackPath | Mishap | None = None
    """What the stages prove; None where they prove less than that, or nothing."""

    @property
    def mends(self) -> tuple[str, ...]:
        """Return the controls that only claim to break it, and would alone if they were sound."""
        alone = [one.controls[0] for one in self.cure.amendings if len(one.controls) == 1]
        claimed = self.harm.claimed_by if self.harm is not None else ()
        return tuple(name for name in claimed if name in alone)


def mishap_id(one: Mishap) -> str:
    """Return `agent>action:impact`."""
    return f"{one.agent}>{one.action}:{one.impact}"


def never_id(one: Invariant) -> str:
    """Return `agent never item`, as `paths` shows it."""
    return f"{one.agent} never {one.never}"


def explain(analysis: Analysis, one: Finding | AttackPath | Mishap | Invariant) -> Explained:
    """Work out the proof of one thing that an analysis has found."""
    reasons = RouteReasons(analysis.derived)
    if isinstance(one, Invariant):
        return _never(analysis, one, reasons)
    if isinstance(one, Finding):
        return _finding(analysis, one, reasons)
    graph, context = analysis.model.graph, _context(analysis)
    weights = Weights(graph)
    path = isinstance(one, AttackPath)
    severity, steps = weights.path(one) if isinstance(one, AttackPath) else weights.mishap(one)
    stages = reasons.path(one) if isinstance(one, AttackPath) else reasons.mishap(one)
    return Explained(
        kind="path" if path else "mishap",
        id=one.id if isinstance(one, AttackPath) else mishap_id(one),
        answer=answer(graph, one, stages),
        state=one.state,
        severity=severity,
        arithmetic=steps,
        stages=stages,
        cure=_cure(context, analysis.derived.paths, one, stages),
        missing=_questions(analysis, one.missing),
        harm=one,
    )


def _never(analysis: Analysis, one: Invariant, reasons: RouteReasons) -> Explained:
    """Work out what became of one item of `never:`."""
    steps, action = reasons.never(one.agent, one.never)
    stages = reasons.way(steps, action) if steps else ()
    severity, arithmetic = _never_severity(analysis, one, action)
    known = standing(one)
    harm = Mishap(one.agent, action, "never", False, steps, known or "broken", one.gates, (), one.missing)  # noqa: FBT003
    cure, context = Cure(), _context(analysis)
    trial = Trial(context, analysis.derived.paths, harm, one.never)
    if known == "broken":
        cure = Cure(keepings=keepings(context, harm, trial))
    elif known is not None:
        amended = tuple(amendings(context, stages, trial))
        cure = Cure(amended, restatings(context, harm, stages, trial.again()))
    return Explained(
        kind="never",
        id=never_id(one),
        answer=never_answer(analysis.model.graph, one),
        state=one.state,
        severity=severity,
        arithmetic=arithmetic,
        stages=stages,
        cure=cure,
        missing=_questions(analysis, one.missing),
        harm=harm if known is not None else None,
    )


def _never_severity(analysis: Analysis, one: Invariant, action: str) -> tuple[Severity, tuple[Step, ...]]:
    """Return how grave it is: as the finding about it, else as the worst that comes of the action, else nothing."""
    found = next((it for it in analysis.findings if it.subject == f"{one.agent}>{one.never}"), None)
    if found is not None:
        return found.severity, found.steps
    weights, derived = Weights(analysis.model.graph), analysis.derived
    each = [weights.path(it) for it in derived.paths.listed if (it.agent, it.action) == (one.agent, action)]
    each += [weights.mishap(it) for it in derived.mishaps if (it.agent, it.action) == (one.agent, action)]
    return max(each, key=lambda it: it[0], default=(Severity.INFO, (Step(0, "no harm is known to come of it"),)))


def _finding(analysis: Analysis, one: Finding, reasons: RouteReasons) -> Explained:
    harm, context = _harm_of(analysis, one), _context(analysis)
    stages: tuple[Stage, ...] = ()
    if isinstance(harm, AttackPath):
        stages = reasons.path(harm)
    elif harm is not None:
        stages = reasons.mishap(harm)
    elif len(one.path) > 1:
        stages = _other_route(analysis, one, reasons)
    return Explained(
        kind="finding",
        id=one.id,
        answer=one.message if harm is None else answer(analysis.model.graph, harm, stages),
        state=one.state.value,
        severity=one.severity,
        arithmetic=one.steps,
        stages=stages,
        cure=_cure(context, analysis.derived.paths, harm, stages) if harm is not None else Cure(),
        missing=_questions(analysis, one.missing),
        finding=one,
        harm=harm,
    )


def _cure(context: Context, paths: Paths, one: AttackPath | Mishap, stages: tuple[Stage, ...]) -> Cure:
    trial = Trial(context, paths, one)
    if one.state == "broken":
        return Cure(keepings=keepings(context, one, trial))
    amended = tuple(told_where(context, one, amendings(context, stages, trial), trial))
    restated = restatings(context, one, stages, trial.again())
    added = closings(context, one, trial, alone=not (amended or restated))
    return Cure(amended, restated, added, idle=tuple(_idle(context, stages, amended, trial.again())))


def _idle(
    context: Context, stages: Iterable[Stage], amended: Iterable[Amending], trial: Trial
) -> Iterator[tuple[str, str]]:
    """Yield the controls that are not there and would not close it: a filter weakens, of others that is tried."""
    useful = {name for one in amended for name in one.controls}
    missing = {stand.control for stage in stages for stand in stage.stands if stand.reason in NOT_THERE} - useful
    for control in context.graph.controls:
        known = context.catalog.controls.get(control.type)
        if control.id not in missing or known is None:
            continue
        if known.acts is Acts.FILTER:
            yield control.id, "it would only weaken this: a filter"
        elif trial.left >= TRIES and all(trial.closes(changes) is None for changes in ways(context, control)):
            yield control.id, "it would not close this"


def _harm_of(analysis: Analysis, one: Finding) -> AttackPath | Mishap | None:
    """Return the path or the mishap whose route a finding shows."""
    derived = analysis.derived
    if not one.path:
        return None
    for path in derived.paths.listed:
        if path.steps == one.path and one.subject.endswith(f"{path.agent}>{path.action}:{path.impact}"):
            return path
    return next((found for found in derived.mishaps if mishap_id(found) == one.subject), None)


def _other_route(analysis: Analysis, one: Finding, reasons: RouteReasons) -> tuple[Stage, ...]:
    """Return the stages of what is no path: a capability, or an influence."""
    agents = {agent.id for agent in analysis.model.graph.agents}
    found = reasons.way(one.path, one.path[-1]) if one.path[0] in agents and one.path[-1] not in agents else ()
    return found if found and all(stage.kind != "step" for stage in found) else reasons.text(one.path)


def _context(analysis: Analysis) -> Context:
    model = analysis.model
    return Context(model.graph, model.catalog, analysis.placements, analysis.today)


def _questions(analysis: Analysis, facts: Iterable[str]) -> tuple[Question, ...]:
    wanted = dict.fromkeys(facts)
    known = [one for one in analysis.questions if one.fact in wanted]
    found = {one.fact for one in known}
    graph = analysis.model.graph
    return (*known, *(Question(fact, ask(graph, fact), paste(fact), 0) for fact in wanted if fact not in found))
