"""Questions about borders: who can reach in from outside, what crosses a line, and what a line is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.predicates.authority import steered
from threatmodel.analysis.predicates.injection import INJECTION
from threatmodel.analysis.predicates.predicate import Predicate, missing, stated
from threatmodel.analysis.sources import OUTSIDE, free, passes_text, source_mark
from threatmodel.analysis.subjects import CapabilitySubject
from threatmodel.analysis.truth import FALSE, TRUE, Truth, all_of, any_of
from threatmodel.catalog.setting import Outcome
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import Agent, Asset, DataFlow
from threatmodel.model.facts import Fact, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Element

CONFIDENTIAL: Final = frozenset({"confidential", "restricted"})
VALUABLE: Final = frozenset({"secrets", "backup"})
"""Kinds of stores that are worth a line around them, whatever is said of their data."""
LIMITS: Final = frozenset({"rate-limit", "cost-limit", "bot-protection", "session-limit"})
"""Types of control that bound how often, or for how much, somebody can have an agent run."""
SECRET_ON_THE_WAY: Final = frozenset({"transport-encryption", "mutual-tls"})
PRODUCTION: Final = frozenset({"production", "prod", "live"})
NOT_THERE: Final = frozenset({"absent", "disabled", "planned", "failed"})
_PEOPLE: Final = frozenset({"person", "external"})


# Who can have an agent run


def _open_to_flood(context: Context, element: Element) -> Truth:
    """Outsiders reach it by flows that nothing on the way limits, and it has no limit on its rate or cost."""
    limits = element.body.get("limits")
    if isinstance(limits, MapNode) and (limits.get("rate") or limits.get("cost_usd")):
        return FALSE
    graph = context.graph
    if any(_bounded(context, name) for name in element.words("model")):
        return FALSE
    found, seen, todo = list[Fact](), {element.id}, [element.id]
    while todo:
        for flow in graph.flows_to.get(todo.pop(), ()):
            sender = graph.elements.get(flow.source)
            if sender is None or sender.id in seen or _limited(context, flow, sender):
                continue
            seen.add(sender.id)
            if "untrusted" in (sender.word("content"), sender.word("trust")) and sender.kind in {*_PEOPLE, "service"}:
                found.append(Fact(flow.place, f"open to {sender.id}", State.STATED, flow.span))
            elif sender.kind in {"service", "external"} and sender.word("passes") != "none":
                todo.append(sender.id)
    return Truth(bool(found), tuple(found))


def _limited(context: Context, flow: DataFlow, sender: Element) -> bool:
    limits = sender.body.get("limits")
    if isinstance(limits, MapNode) and limits.get("rate"):
        return True
    places = (flow.id, f"{flow.source}>{flow.target}", flow.source, *flow.via)
    return any(_bounded(context, place) for place in places)


def _bounded(context: Context, place: str) -> bool:
    """Return whether a limit that holds stands there."""
    return any(
        control.type in LIMITS and context.subjects.derived.controls.outcome(control) is Outcome.HOLDS
        for control in context.graph.controls_on.get(place, ())
    )


def _sent_in_a_trusted_name(context: Context, element: Element) -> Truth:
    """It comes from somebody of our own, so that its receiver has reason to believe it."""
    assert isinstance(element, DataFlow)  # noqa: S101  `kinds` says so
    sender = context.graph.elements.get(element.source)
    if sender is None or sender.kind not in {*_PEOPLE, "service"} or not free(context.graph, element):
        return FALSE
    return Truth(source_mark(context.graph, sender) is None)


# What crosses a line


def _crosses_to_or_from_an_agent(context: Context, element: Element) -> Truth:
    """One of its ends is an agent, and only one of them lies within some boundary."""
    assert isinstance(element, DataFlow)  # noqa: S101  `kinds` says so
    graph = context.graph
    ends = (graph.elements.get(element.source), graph.elements.get(element.target))
    if not any(isinstance(end, Agent) for end in ends):
        return FALSE
    lines = graph.crossed(element)
    return Truth(bool(lines), tuple(Fact(line.place, "crossed", State.STATED, line.span) for line in lines))


def _in_the_clear(context: Context, element: Element) -> Truth:
    """It is not encrypted; nobody is asked where a control is listed that would do it, however well proven."""
    assert isinstance(element, DataFlow)  # noqa: S101  `kinds` says so
    said = element.word("encrypted")
    if said is not None:
        return Truth(said == "no", (stated(element, "encrypted"),))
    places = (element.id, element.source, element.target)
    listed = any(
        control.type in SECRET_ON_THE_WAY and control.word("status") not in NOT_THERE
        for place in places
        for control in context.graph.controls_on.get(place, ())
    )
    return FALSE if listed else Truth(None, (), (missing(element, "encrypted"),))


def _kept_from_code_by_this_line(context: Context, element: Element) -> Truth:
    """
    An agent that outsiders steer runs code on the other side of the line, and what lies behind it is worth having.

    What the agent can reach by an action of its own lies on its paths already; this asks about the rest.
    """
    graph = context.graph
    inside = graph.members.get(element.id, frozenset())
    valuables = {name for name in inside if _valuable(graph.elements.get(name), context)}
    if not valuables or element.word("enforced") == "yes":
        return FALSE
    enforced = (
        Truth(value=True, used=(stated(element, "enforced"),))
        if element.says("enforced")
        else Truth(None, (), (missing(element, "enforced"),))
    )
    near = [agent for agent in graph.agents if agent.id not in inside and valuables - set(_touched(context, agent))]
    return all_of((any_of(_runs_steered_code(context, agent) for agent in near), enforced))


def _valuable(element: Element | None, context: Context) -> bool:
    if element is None or element.kind not in {"store", "service"}:
        return False
    if element.word("kind") in VALUABLE or element.word("environment") in PRODUCTION:
        return True
    found = (context.graph.elements.get(name) for name in element.words("data"))
    return any(isinstance(one, Asset) and one.classification == "restricted" for one in found)


def _touched(context: Context, agent: Agent) -> Iterator[str]:
    """Yield the stores and services that an agent acts on by itself."""
    for action in context.graph.attached[agent.id]:
        yield from (*action.words("store"), *action.words("target"))
    access = agent.body.get("access")
    yield from access if isinstance(access, MapNode) else ()
    yield from agent.words("memory")


def _runs_steered_code(context: Context, agent: Agent) -> Truth:
    runtime = context.graph.runtime_of(agent)
    if runtime is not None and runtime.word("egress") in {"none", "allowlist"}:
        return FALSE
    shell = runtime is not None and runtime.word("shell") == "yes"
    runs = shell or any("execute" in action.effects for action in context.graph.attached[agent.id])
    return steered(context, agent) if runs else FALSE


# Environments


def _acts_on_production_from_elsewhere(context: Context, element: Element) -> Truth:
    """An agent of another environment changes or sends something in production."""
    assert isinstance(element, CapabilitySubject)  # noqa: S101  `kinds` says so
    graph = context.graph
    agent, action = graph.elements[element.agent], graph.actions.get(str(element.body["action"]))
    here = agent.word("environment")
    if here is None or here in PRODUCTION or set(element.body["effect"]) <= {"read", "unknown"}:
        return FALSE
    named = (action.tool.id, *action.words("store"), *action.words("target")) if action else (_place(element),)
    there = [one for name in named if (one := graph.elements.get(name)) and one.word("environment") in PRODUCTION]
    used = (stated(agent, "environment"), *(stated(one, "environment") for one in there))
    return Truth(bool(there), used if there else ())


def _place(element: Element) -> str:
    return str(element.body["action"]).partition(".")[0]


def _used_across_environments(context: Context, element: Element) -> Truth:
    """Those that use it say production and another environment; trials may share what opens none but trials."""
    graph = context.graph
    users = {one.id: one for one in graph.credential_users.get(element.id, ())}
    users |= {agent.id: agent for agent in graph.agents_holding.get(element.id, ())}
    said = [one for one in users.values() if one.says("environment")]
    live = [one for one in said if one.word("environment") in PRODUCTION]
    if not live or len(live) == len(said):
        return FALSE
    return Truth(value=True, used=tuple(stated(one, "environment") for one in said))


# What people are told


def _answers_unchecked(context: Context, element: Element) -> Truth:
    """A model's free text goes to people outside; where others shape it, that is asked by another rule."""
    assert isinstance(element, DataFlow)  # noqa: S101  `kinds` says so
    graph = context.graph
    agent = graph.elements.get(element.source)
    if not isinstance(agent, Agent) or agent.foreign or agent.word("planning") == "fixed":
        return FALSE
    if not free(graph, element) or INJECTION["tells-others"].test(context, element).value is not False:
        return FALSE
    seen, todo = set[str](), [element.target]
    while todo:
        party = graph.elements.get(todo.pop())
        if party is None or party.id in seen:
            continue
        seen.add(party.id)
        if party.kind == "person" and party.word("trust") in OUTSIDE:
            return TRUE
        if party.kind == "service" and passes_text(party):
            todo += [onward.target for onward in graph.flows_from.get(party.id, ()) if free(graph, onward)]
    return FALSE


EXPOSURE: Final[dict[str, Predicate]] = {
    "open-to-flood": Predicate(
        frozenset({"agent"}), _open_to_flood, "outsiders reach it by flows, and nothing limits how often they do"
    ),
    "sent-in-a-trusted-name": Predicate(
        frozenset({"flow"}), _sent_in_a_trusted_name, "it carries free text that comes from somebody of our own"
    ),
    "crosses-to-or-from-an-agent": Predicate(
        frozenset({"flow"}), _crosses_to_or_from_an_agent, "it leads to or from an agent and crosses a boundary"
    ),
    "in-the-clear": Predicate(frozenset({"flow"}), _in_the_clear, "it is not encrypted on the way"),
    "kept-from-code-by-this-line": Predicate(
        frozenset({"boundary"}),
        _kept_from_code_by_this_line,
        "a steered agent runs code outside it, something of worth lies inside, and nothing technical keeps the line",
    ),
    "acts-on-production-from-elsewhere": Predicate(
        frozenset({"capability"}), _acts_on_production_from_elsewhere, "an agent from elsewhere acts in production"
    ),
    "used-across-environments": Predicate(
        frozenset({"credential"}), _used_across_environments, "elements in production and outside it use it"
    ),
    "answers-unchecked": Predicate(
        frozenset({"flow"}), _answers_unchecked, "a model's free text goes to people outside by it"
    ),
}
"""Name → predicate."""
