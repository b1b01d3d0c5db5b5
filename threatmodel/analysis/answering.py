"""One sentence that answers: who can make which agent do what, and why nothing, or what, stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.idle_keys import opening
from threatmodel.analysis.paths import AttackPath, Mishap
from threatmodel.analysis.proof import CLAIM, HOLDS, NOTHING, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.analysis.paths import Invariant
    from threatmodel.analysis.proof import Stage, Stand
    from threatmodel.model.graph import ModelGraph

_DEEDS: Final = {
    "payment": "pay money through {action}", "privilege": "grant rights through {action}",
    "execution": "run code through {action}",
    "unknown": "call {action}, of which nobody has said what it does",
}  # fmt: skip
NAMES: Final = 3  # names of a longer list in a sentence
NOT_THERE: Final = {f"its status is {word}": word for word in ("absent", "planned", "disabled")}
"""Reasons of controls that are not there at all."""


def answer(graph: ModelGraph, one: AttackPath | Mishap, stages: Iterable[Stage]) -> str:
    """Return one sentence or two: who can make which agent do what, and why nothing, or what, stops it."""
    said = _answer(graph, one, stages)
    return f"{said[0].upper()}{said[1:]}" if said.startswith(("whoever ", "anyone ", "an outsider ")) else said


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


def never_answer(graph: ModelGraph, one: Invariant) -> str:
    """Return what became of one item of `never:`."""
    shall = f"{one.agent} shall never do {one.never}"
    if one.state == "held":
        keys = opening(graph, one)
        end = f"no way leads there, though {keys}" if keys else "nothing that it has leads there"
        return f"{shall}, and as far as the description goes it cannot: {end}."
    if one.state == "unknown":
        return f"{shall}, and nobody can tell whether it can: nobody has said {_listed(one.missing)}."
    if one.gates:
        return f"{shall}, and only {_listed(one.gates)} {'keeps' if len(one.gates) == 1 else 'keep'} it from that."
    return f"{shall}, and it can: nothing holds it back."


def _who(graph: ModelGraph, source: str) -> str:
    element = graph.elements.get(source)
    if element is None:
        return "anyone" if source in {"any", "public"} else f"an outsider whose text comes back from {source}"
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
        return f"{_asked(graph, one)}give away {what} through {action}"
    if one.impact == "destruction":
        data = _listed(assets) or "what is there"
        unsaid = any(fact.endswith(".reversible") for fact in one.missing)
        undone = "" if unsaid else " (undone with effort only)" if one.mild else " (it cannot be undone)"
        return f"{_asked(graph, one)}destroy or overwrite {data} through {action}{undone}"
    if one.impact == "persistence":
        into = f"into {action}" if action in graph.elements else f"by {action}"
        return f"write {into} what later sessions read"
    return f"{_asked(graph, one)}{_DEEDS[one.impact].format(action=action)}"


def _asked(graph: ModelGraph, one: AttackPath | Mishap) -> str:
    """Return `have the agent refunds ` where the agent has another do it, else nothing."""
    agents = {agent.id for agent in graph.agents}
    asked = [step for step in one.steps[_begin(one) + 1 :] if step in agents]
    return f"have the agent {asked[-1]} " if asked else ""


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
