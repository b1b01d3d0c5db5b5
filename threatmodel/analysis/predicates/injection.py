"""Questions about where outsiders' text gets, and what is in the hands of agents that it steers."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import CLAIMED, UNKNOWN
from threatmodel.analysis.predicates.predicate import Predicate, missing, stated
from threatmodel.analysis.relations import readers, relation
from threatmodel.analysis.sources import EVERYBODY, free, passes_text, source_mark
from threatmodel.analysis.subjects import InfluenceSubject
from threatmodel.analysis.truth import FALSE, Truth, all_of, any_of
from threatmodel.catalog.control import Acts, Confines
from threatmodel.catalog.setting import Outcome
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import Agent, DataFlow, Tool, as_words
from threatmodel.model.facts import Fact, State, fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Element

OUTSIDE: Final = frozenset({"external", "public"})
NOT_THERE: Final = frozenset({"absent", "disabled", "planned"})
"""States of a control that nobody takes for one."""
OWN: Final = frozenset({"attached", "latent", "triggered"})
"""Bases on which an agent does something itself."""


def _told_by_outsiders(context: Context, element: Element) -> Truth:
    """
    Say whether outsiders, or another agent that they steer, may write an agent's instructions.

    What lies in a store that the instructions are read from is asked of the store.
    """
    told = element.body.get("instructions")
    if not isinstance(told, MapNode):
        return FALSE
    names = tuple(name for name in as_words(told.get("writable_by")) if name != element.id)
    said = Fact(f"{element.place}.instructions.writable_by", names, State.STATED, told.value_span("writable_by"))
    return any_of(_outsider(context, name, said) for name in names)


def _outsider(context: Context, name: str, said: Fact) -> Truth:
    """Say whether a name stands for somebody outside, or for an agent that outsiders steer."""
    if name in EVERYBODY:
        return Truth(value=True, used=(said,))
    party = context.graph.elements.get(name)
    if party is None:
        return FALSE
    begins = source_mark(context.graph, party)
    if begins is not None:
        lacking = _lacking(context, begins.missing, party)
        return Truth(None if lacking else True, (said,), lacking)
    steered = _steered(context, party) if isinstance(party, Agent) else FALSE
    return all_of((Truth(value=True, used=(said,)), steered))


def _steered(context: Context, agent: Element) -> Truth:
    """Say whether outsiders' text steers an agent."""
    one = context.subjects.influence_of.get(agent.id)
    if one is None:
        return FALSE
    if one.word("certain") == "yes":
        return Truth(value=True, used=(_about(agent, f"steered by text of {one.steps[0]}"),))
    return Truth(None, (), _lacking(context, one.missing, agent))


def _lacking(context: Context, places: Iterable[str], near: Element) -> tuple[Fact, ...]:
    """Return missing facts by their places, each with the element it is missing from where that is one of its own."""
    parts = ((place, place.split(".")) for place in places)
    return tuple(
        Fact(place, None, State.UNKNOWN, context.graph.elements.get(names[1] if len(names) > 1 else "", near).span)
        for place, names in parts
    )


def _about(element: Element, what: str) -> Fact:
    return Fact(element.place, what, State.STATED, element.span)


def _holds_outsiders_instructions(context: Context, element: Element) -> Truth:
    """
    It is where an agent's instructions are read from, and outsiders' text gets into it.

    What a steered agent leaves there by itself is an attack path of its own, here as in logs.
    """
    way = relation("instructs", "store")
    if way is None or not way.ways(context.graph, element) or not passes_text(element):
        return FALSE
    return _holds_outsiders_text(context, element)


def _read_log_of_outsiders(context: Context, element: Element) -> Truth:
    """Outsiders' text gets into a log that an agent reads, and on from there to the agent."""
    if element.word("kind") != "log" or not passes_text(element):
        return FALSE
    reading = [agent for agent in readers(context.graph, element) if not _kept_from(context, element, agent)]
    return _holds_outsiders_text(context, element) if reading else FALSE


def _kept_from(context: Context, store: Element, agent: Element) -> bool:
    """Return whether isolation that holds, on the way from a store to an agent, keeps its text from that agent."""
    derived = context.subjects.derived
    if derived.controls.text(store.id).broken:  # on the store itself: the finding is there, and mitigated
        return False
    hops = [hop for hop in derived.steering.hops_from(store.id) if hop.target == agent.id]
    return bool(hops) and all(hop.mark.broken for hop in hops)


def _holds_outsiders_text(context: Context, store: Element) -> Truth:
    """Say whether outsiders' text gets into a store, at once or by what only passes it on: without an agent between."""
    for most in (CLAIMED, UNKNOWN):
        route = context.subjects.derived.steering.first_routes(most).get(store.id)
        if route is None:
            continue
        if any(step in context.subjects.steered for step in route.steps):
            return FALSE
        if most == CLAIMED:
            way = " > ".join(route.steps)
            return Truth(value=True, used=(_about(store, f"where text of {route.steps[0]} gets ({way})"),))
        return Truth(None, (), _lacking(context, route.mark.missing, store))
    begins = context.subjects.derived.steering.sources
    unsaid = store.id in begins and not store.says("writers")
    return Truth(None, (), (missing(store, "writers"),)) if unsaid else FALSE


def _undescribed(context: Context, element: Element) -> Truth:
    """Nobody has said all that a tool can do, and an agent that outsiders steer has all of it."""
    assert isinstance(element, Tool)  # noqa: S101  `kinds` says so
    partly = element.word("actions_complete") == "no"
    if element.actions_known and not partly:
        return FALSE
    open_end = (
        Truth(value=True, used=(stated(element, "actions_complete"),))
        if partly
        else Truth(None, (), (missing(element, "actions"),))
    )
    everything = f"{element.id}.*"  # an agent to which only listed actions were given has no part in the rest
    holders = [
        agent
        for agent in context.graph.users_of_tool.get(element.id, ())
        if any(part.basis == "attached" for part in context.subjects.powers.get((agent.id, everything), ()))
    ]
    return all_of((any_of(_steered(context, agent) for agent in holders), open_end))


def _speaks_to_outsiders(context: Context, element: Element) -> Truth:
    """
    A steered agent sends messages outside, where no attack path through them says so already.

    A list of recipients that holds leaves nothing to say unless the message is public.
    """
    body, graph = element.body, context.graph
    agent = graph.elements[str(body["agent"])]
    to = str(body["to"])
    if "send" not in body["effect"] or to not in OUTSIDE or not OWN & set(body["bases"]):
        return FALSE
    known = context.subjects.paths_of.get(agent.id, ())
    if any(one.word("impact") == "disclosure" and one.body["action"] == body["action"] for one in known):
        return FALSE
    action = graph.actions[str(body["action"])]
    listed = context.subjects.derived.controls.confine(Confines.DISCLOSURE_BY_SEND, action.id, action.tool.id, agent.id)
    if listed.broken and to == "external":
        return FALSE
    return all_of((Truth(value=True, used=(stated(action, "to"),)), _steered(context, agent)))


def _filter_alone(context: Context, element: Element) -> Truth:
    """
    Attack paths are open or merely claimed to be broken, and what was put before the agent is a filter.

    It may hold, and weaken them; or it is a claim, or has failed.
    """
    assert isinstance(element, InfluenceSubject)  # noqa: S101  `kinds` says so
    known = context.subjects.paths_of.get(element.agent, ())
    grave = [one for one in known if one.word("mild") == "no"]
    states = {one.word("state") for one in grave if element.word("weakened") in {"no", one.word("weakened")}}
    if not states & {"open", "claimed"}:
        return FALSE
    filters = tuple(_filters(context, element.steps))
    return Truth(value=True, used=filters) if filters or element.word("weakened") == "yes" else FALSE


def _filters(context: Context, steps: tuple[str, ...]) -> Iterator[Fact]:
    """Yield the status of each filter on a route; where text gets past one that holds, that one is left out."""
    graph, controls = context.graph, context.subjects.derived.controls
    lone = {
        control
        for control in graph.controls
        if (kind := context.catalog.controls.get(control.type)) is not None
        and kind.acts is Acts.FILTER
        and control.word("status") not in NOT_THERE
        and controls.outcome(control) is not Outcome.HOLDS
    }
    if not lone:
        return
    edges = tuple(f"{source}>{target}" for source, target in pairwise(steps))
    tools = tuple(f"{step.partition('.')[0]}>{target}" for step, target in pairwise(steps) if "." in step)
    places = (*steps, *edges, *tools, *(step.partition(".")[0] for step in steps))
    for control in dict.fromkeys(one for place in places for one in graph.controls_on.get(place, ())):
        if control in lone:
            yield fact(graph, control, ("status",))


def _tells_others(context: Context, element: Element) -> Truth:
    """An agent tells people, by a flow, what text of somebody else has shaped."""
    assert isinstance(element, DataFlow)  # noqa: S101  `kinds` says so
    agent = context.graph.elements.get(element.source)
    if not isinstance(agent, Agent) or agent.foreign or not free(context.graph, element):
        return FALSE
    told = _people_behind(context, element)
    one = context.subjects.influence_of.get(agent.id)
    if one is None or not told:
        return FALSE
    others = set(one.words("by")) - told
    if told & set(one.words("by")):  # a ticket that an action reads back may be their own
        others = {name for name in others if name in EVERYBODY or name in context.graph.elements}
    return _steered(context, agent) if others else FALSE


def _people_behind(context: Context, flow: DataFlow) -> set[str]:
    """Return the people that a flow leads to, directly or through what passes text on."""
    graph, found, seen, todo = context.graph, set[str](), set[str](), [flow.target]
    while todo:
        name = todo.pop()
        party = graph.elements.get(name)
        if party is None or name in seen:
            continue
        seen.add(name)
        if party.kind == "person":
            found.add(name)
        elif party.kind == "service" and passes_text(party):
            todo += [onward.target for onward in graph.flows_from.get(name, ()) if free(graph, onward)]
    return found


INJECTION: Final[dict[str, Predicate]] = {
    "told-by-outsiders": Predicate(
        frozenset({"agent"}), _told_by_outsiders, "outsiders, or an agent they steer, may write its instructions"
    ),
    "holds-outsiders-instructions": Predicate(
        frozenset({"store"}),
        _holds_outsiders_instructions,
        "an agent reads its instructions from it, and outsiders' text gets into it",
    ),
    "read-log-of-outsiders": Predicate(
        frozenset({"store"}),
        _read_log_of_outsiders,
        "it is a log that an agent reads, and outsiders' text gets into it",
    ),
    "undescribed-in-steered-hands": Predicate(
        frozenset({"tool", "skill"}), _undescribed, "nobody says all that it can do, and a steered agent has it"
    ),
    "speaks-to-outsiders": Predicate(
        frozenset({"capability"}), _speaks_to_outsiders, "a steered agent sends messages outside by it"
    ),
    "filter-alone": Predicate(
        frozenset({"influence"}), _filter_alone, "a filter is what was put before an agent whose attack paths are open"
    ),
    "tells-others": Predicate(
        frozenset({"flow"}), _tells_others, "an agent tells people by it what text of somebody else has shaped"
    ),
}
"""Name → predicate."""
