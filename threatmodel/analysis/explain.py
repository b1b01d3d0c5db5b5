"""One thing with its whole proof: a finding, an attack path or a mishap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.closing import Closing, closings, mends
from threatmodel.analysis.context import Context
from threatmodel.analysis.finding import Finding
from threatmodel.analysis.paths import AttackPath, Mishap
from threatmodel.analysis.proof import CLAIM, HOLDS, NOTHING, UNKNOWN, Stage, Stand
from threatmodel.analysis.questions import Question, ask, paste
from threatmodel.analysis.route_reasons import RouteReasons
from threatmodel.analysis.weight import Weights

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.severity import Severity, Step
    from threatmodel.model.graph import ModelGraph

_DEEDS: Final = {
    "payment": "pay by {action}", "privilege": "give rights away by {action}", "execution": "run code by {action}",
    "unknown": "do {action}, of which nobody has said what it does",
}  # fmt: skip
NAMES: Final = 3  # names of a longer list in a sentence
NOT_THERE: Final = {f"its status is {word}": word for word in ("absent", "planned", "disabled")}
"""Reasons of controls that are not there at all."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One thing, why it is so, and what would change it."""

    kind: str
    """`finding`, `path` or `mishap`."""
    id: str
    answer: str
    """What can happen, and why nothing, or what, stands in between; of a finding without a route its message."""
    state: str
    severity: Severity
    arithmetic: tuple[Step, ...]
    stages: tuple[Stage, ...]
    """Empty for a finding that speaks of no route."""
    closings: tuple[Closing, ...]
    mends: tuple[str, ...]
    """Controls that only claim to break it, and would alone if they were sound."""
    missing: tuple[Question, ...]
    finding: Finding | None = None
    harm: AttackPath | Mishap | None = None
    """What the stages prove; None where they prove less than that, or nothing."""


def mishap_id(one: Mishap) -> str:
    """Return `agent>action:impact`."""
    return f"{one.agent}>{one.action}:{one.impact}"


def explain(analysis: Analysis, one: Finding | AttackPath | Mishap) -> Explained:
    """Work out the proof of one thing that an analysis has found."""
    reasons = RouteReasons(analysis.derived)
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
        closings=closings(context, one) if one.state != "broken" else (),
        mends=mends(context, one),
        missing=_questions(analysis, one.missing),
        harm=one,
    )


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
        closings=closings(context, harm) if harm is not None and harm.state != "broken" else (),
        mends=mends(context, harm) if harm is not None else (),
        missing=_questions(analysis, one.missing),
        finding=one,
        harm=harm,
    )


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
    return (*known, *(Question(fact, ask(fact), paste(fact), 0) for fact in wanted if fact not in found))


# The answer


def answer(graph: ModelGraph, one: AttackPath | Mishap, stages: Iterable[Stage]) -> str:
    """Return one sentence or two: who can make which agent do what, and why nothing, or what, stops it."""
    said = _answer(graph, one, stages)
    return f"{said[0].upper()}{said[1:]}" if said.startswith(("whoever ", "anyone ")) else said


def _answer(graph: ModelGraph, one: AttackPath | Mishap, stages: Iterable[Stage]) -> str:
    known = list(stages)
    stands = [stand for stage in known for stand in stage.stands]
    deed = _deed(graph, one)
    if isinstance(one, AttackPath):
        borrowed = any(stage.rule == "4.1e" for stage in known)
        who = f"whoever writes in the name of {one.source}" if borrowed else _who(graph, one.source)
        subject, can = who, f"make {one.agent} {deed}"
    else:
        subject, can = f"Without any attacker, {one.agent}", f"{deed}, by a mistake of its model"
    verb = "can"
    if one.state == "broken":
        return f"{subject} cannot {can}: {_stops(one.broken_by, stands)}."
    if one.state == "unknown":
        subject = f"{subject[0].lower()}{subject[1:]}" if isinstance(one, Mishap) else subject
        return f"Nobody can tell whether {subject} {verb} {can}: nobody has said {_listed(one.missing)}."
    if one.state == "claimed":
        only = "only a claim stands" if len(one.claimed_by) == 1 else "only claims stand"
        return f"{subject} {verb} {can}, and {only} in between: {_claims(one.claimed_by, stands)}."
    useless = list({stand.control: stand for stand in stands if stand.worth == NOTHING}.values())
    filtered = " past a filter" if isinstance(one, AttackPath) and one.weakened else ""
    if not useless:
        return f"{subject} {verb} {can}{filtered}, and nothing stands in between."
    useless.sort(key=lambda stand: stand.reason in NOT_THERE)
    said = _listed([f"{stand.control} ({NOT_THERE.get(stand.reason, stand.reason)})" for stand in useless])
    return f"{subject} {verb} {can}{filtered}, and nothing stops it. What might have, and does not: {said}."


def _who(graph: ModelGraph, source: str) -> str:
    element = graph.elements.get(source)
    if element is None:
        return "anyone" if source in {"any", "public"} else f"whoever wrote what {source} brings back"
    return {
        "person": source, "agent": f"{source}, an agent that others run,", "external": f"whoever writes in {source}",
        "tool": f"whoever is behind {source}", "skill": f"whoever is behind {source}",
        "store": f"whoever writes into {source}",
    }.get(element.kind, f"whoever writes what {source} passes on")  # fmt: skip


def _deed(graph: ModelGraph, one: AttackPath | Mishap) -> str:
    assets = one.assets if isinstance(one, AttackPath) else ()
    what = _listed(assets) or "what it knows"
    action = one.action
    if one.impact == "disclosure":
        ends = action.partition(">")
        if ends[1]:
            target = graph.elements.get(ends[2])
            shown = target is not None and target.kind == "service"
            return f"give away {what} in answers that {ends[2]} shows" if shown else f"give away {what} to {ends[2]}"
        if isinstance(one, AttackPath) and action == one.source:
            return f"give away {what} in what it passes to {action}"
        return f"{_asked(graph, one)}give away {what} by {action}"
    if one.impact == "destruction":
        data = _listed(assets) or "what is there"
        unsaid = any(fact.endswith(".reversible") for fact in one.missing)
        undone = "" if unsaid else " (undone with effort only)" if one.mild else " (it cannot be undone)"
        return f"{_asked(graph, one)}destroy or overwrite {data} by {action}{undone}"
    if one.impact == "persistence":
        into = f"into {action}" if action in graph.elements else f"by {action}"
        return f"write {into} what later sessions read"
    return f"{_asked(graph, one)}{_DEEDS[one.impact].format(action=action)}"


def _asked(graph: ModelGraph, one: AttackPath | Mishap) -> str:
    """Return `have refunds ` where the agent has another do it, else nothing."""
    agents = {agent.id for agent in graph.agents}
    asked = [step for step in one.steps[_begin(one) + 1 :] if step in agents]
    return f"have {asked[-1]} " if asked else ""


def _begin(one: AttackPath | Mishap) -> int:
    """Return where the agent itself begins to act on a route; it may be a step of its own source's name before."""
    first = 1 if isinstance(one, AttackPath) else 0
    return one.steps.index(one.agent, first) if one.agent in one.steps[first:] else 0


def _stops(names: Iterable[str], stands: list[Stand]) -> str:
    reasons = {stand.control: stand.reason for stand in stands if stand.worth == HOLDS}
    said = [f"{name} ({reasons[name]})" if name in reasons else name for name in names]
    return f"{_listed(said)} {'stops' if len(said) == 1 else 'stop'} it"


def _claims(names: Iterable[str], stands: list[Stand]) -> str:
    reasons = {stand.control: stand.reason for stand in stands if stand.worth in {CLAIM, UNKNOWN}}
    return _listed([f"{name} ({reasons[name]})" if name in reasons else name for name in names])


def _listed(names: Iterable[str]) -> str:
    known = list(names)
    if len(known) > NAMES + 1:
        known = [*known[:NAMES], f"{len(known) - NAMES} more"]
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} and {known[-1]}" if known else ""
