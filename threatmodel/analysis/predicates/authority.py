"""Questions about who can do more than meant: by delegation, by a way around a gate, by what others bring back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.authority import run_by_others
from threatmodel.analysis.predicates.predicate import Predicate, missing, stated
from threatmodel.analysis.subjects import CapabilitySubject
from threatmodel.analysis.truth import FALSE, Truth, any_of
from threatmodel.model.effects import GRAVE
from threatmodel.model.elements import Agent, Asset, DataFlow, Delegation
from threatmodel.model.facts import Fact, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.analysis.capability import Capability
    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Element

CONFIDENTIAL: Final = frozenset({"confidential", "restricted"})
MOST_SHOWN: Final = 6  # capabilities named as evidence


def steered(context: Context, agent: Element) -> Truth:
    """Outsiders' text steers an agent."""
    found = context.subjects.influence_of.get(agent.id)
    if found is None:
        return FALSE
    if found.body["certain"] == "yes":
        by = tuple(found.body["by"])
        return Truth(value=True, used=(Fact(f"influence.{agent.id}", by, State.STATED, agent.span),))
    return Truth(None, (), tuple(_unsaid(context, place, agent) for place in found.missing))


def brings_about(context: Context, parts: Iterable[Capability]) -> Truth:
    """At least one of the capabilities is there; those nobody is sure of leave it open."""
    listed = tuple(parts)
    certain = [one for one in listed if one.certainty == "yes"]
    if certain:
        return Truth(value=True, used=tuple(_shown(context, one) for one in certain[:MOST_SHOWN]))
    places = dict.fromkeys(place for one in listed for place in one.missing)
    if not places:
        return FALSE
    agent = context.graph.elements[listed[0].agent]
    return Truth(None, (), tuple(_unsaid(context, place, agent) for place in places))


def _unsaid(context: Context, place: str, otherwise: Element) -> Fact:
    """Return the fact that nobody states at a place, on the line of the element it would be stated of."""
    parts = place.split(".")
    element = context.graph.find(parts[1]) if len(parts) > 1 else None
    return Fact(place, None, State.UNKNOWN, (element or otherwise).span)


def _shown(context: Context, one: Capability) -> Fact:
    action = context.graph.actions.get(one.action)
    span = action.span if action is not None else context.graph.elements[one.agent].span
    return Fact(f"{one.agent}>{one.action}", one.effect, State.STATED, span)


# Capabilities


def _matters(context: Context, element: Element) -> Truth:
    """It changes or sends something, reads restricted data, or nobody says what it does."""
    assert isinstance(element, CapabilitySubject)  # noqa: S101  `kinds` says so
    if any(part.effect != "read" for part in element.parts):
        return Truth(value=True)
    found = [context.graph.elements.get(name) for part in element.parts for name in part.data or ()]
    restricted = tuple(
        Fact(f"{one.place}.classification", one.classification, State.STATED, one.span)
        for one in found
        if isinstance(one, Asset) and one.classification == "restricted"
    )
    return Truth(bool(restricted), restricted)


def _only_by_a_bare_secret(context: Context, element: Element) -> Truth:
    """It weighs, and no tool of the agent does it: code that reaches a secret does (SEMANTICS 5.3)."""
    assert isinstance(element, CapabilitySubject)  # noqa: S101  `kinds` says so
    latent = all(part.basis == "latent" for part in element.parts)
    return Truth(latent and any(map(context.subjects.authority.weighs, element.parts)))


def _lent_by_the_next(context: Context, element: Element) -> Truth:
    """No agent on the way to it is lent the same already: the loan is found where it is made."""
    assert isinstance(element, CapabilitySubject)  # noqa: S101  `kinds` says so
    graph, action = context.graph, str(element.body["action"])
    for name in element.body["through"][:-1]:
        parts = context.subjects.powers.get((name, action), ())
        lent = parts and all(part.basis == "delegated" for part in parts)
        if lent and context.subjects.authority.lacks(graph.elements[name], parts):
            return FALSE
    return Truth(value=True)


def _way_past_gate(context: Context, element: Element) -> Truth:
    """A gate stands before one way to the action, and another way leads past it (SEMANTICS 6.1, 6.3)."""
    assert isinstance(element, CapabilitySubject)  # noqa: S101  `kinds` says so
    gates = {name for part in element.parts for name in part.gates}
    past = [part for part in element.parts if not part.gates]
    if not gates or not past:
        return FALSE
    if all(part.basis == "latent" for part in past):  # a gate where the action happens holds for a bare secret too
        there = context.graph.controls_on.get(str(element.body["action"]), ())
        unsaid = tuple(missing(one, "at") for one in there if one.id in gates and not one.says("at"))
        if unsaid:
            return Truth(None, (), unsaid)
    return brings_about(context, past)


# Delegations


def _opens_grave_powers(context: Context, element: Element) -> Truth:
    """By it the steered caller brings about what does harm, what is no part of its own powers, and no gate stops."""
    assert isinstance(element, Delegation)  # noqa: S101  `kinds` says so
    caller = context.graph.elements[element.source]
    authority = context.subjects.authority
    mine = authority.kinds.get(caller.id, frozenset())
    lists = {one.id for one in context.graph.controls_on.get(element.id, ()) if one.type == "scoped-delegation"}
    opened = [
        one
        for one in authority.handed.get((element.source, element.target), ())
        if one.effect in GRAVE - mine
        and not set(one.gates) - lists  # a list on the delegation itself breaks the finding, and is named with it
        and one.intent in {"intended", "unstated"}
        and not authority.lacks(caller, (one,))  # that is a loan of rights, and found as one
    ]
    return brings_about(context, opened)


def _caller_is_steered(context: Context, element: Element) -> Truth:
    """Outsiders' text steers the agent that delegates."""
    assert isinstance(element, Delegation)  # noqa: S101  `kinds` says so
    return steered(context, context.graph.elements[element.source])


def _caller_brings_others_text(context: Context, element: Element) -> Truth:
    """Outsiders' text steers the agent that delegates, and did not come to it from this callee."""
    assert isinstance(element, Delegation)  # noqa: S101  `kinds` says so
    found = context.subjects.influence_of.get(element.source)
    if found is not None and element.target in found.steps:
        return FALSE
    return steered(context, context.graph.elements[element.source])


def _callee_is_powerful(context: Context, element: Element) -> Truth:
    """What the callee does itself does harm or reaches the outside, and no gate stops it."""
    assert isinstance(element, Delegation)  # noqa: S101  `kinds` says so
    return brings_about(context, context.subjects.authority.powerful.get(element.target, ()))


def _caller_is_powerful(context: Context, element: Element) -> Truth:
    """What the caller does itself does harm or reaches the outside, and no gate stops it."""
    assert isinstance(element, Delegation)  # noqa: S101  `kinds` says so
    return brings_about(context, context.subjects.authority.powerful.get(element.source, ()))


def _callee_is_foreign(context: Context, element: Element) -> Truth:
    """Others run the callee, and nobody vouches for them."""
    assert isinstance(element, Delegation)  # noqa: S101  `kinds` says so
    callee = context.graph.elements[element.target]
    return Truth(value=True, used=(stated(callee, "operated_by"),)) if run_by_others(callee) else FALSE


def _callee_brings_others_text(context: Context, element: Element) -> Truth:
    """The callee is run by others, or steered by text that did not come to it from this caller."""
    assert isinstance(element, Delegation)  # noqa: S101  `kinds` says so
    callee = context.graph.elements[element.target]
    if run_by_others(callee):
        return Truth(value=True, used=(stated(callee, "operated_by"),))
    found = context.subjects.influence_of.get(callee.id)
    if found is None or element.source in found.steps:
        return FALSE
    return steered(context, callee)


def _caller_hands_on_confidential_data(context: Context, element: Element) -> Truth:
    """The caller reads confidential data; one that outsiders steer is left out, since its attack path says so."""
    assert isinstance(element, Delegation)  # noqa: S101  `kinds` says so
    if element.source in context.subjects.steered:
        return FALSE
    caller = context.graph.elements[element.source]
    stores = [context.graph.elements.get(name) for name in caller.words("memory")]
    names = (
        *context.subjects.authority.reading.get(element.source, ()),
        *(name for store in stores if store is not None for name in store.words("data")),
        *caller.words("data"),
    )
    found = (context.graph.elements.get(name) for name in dict.fromkeys(names))
    read = tuple(
        Fact(f"{one.place}.classification", one.classification, State.STATED, one.span)
        for one in found
        if isinstance(one, Asset) and one.classification in CONFIDENTIAL
    )
    return Truth(bool(read), read)


def _ends_act_apart(context: Context, element: Element) -> Truth:
    """Its ends do not act under one identity: where they do, there is no caller to tell from the callee."""
    assert isinstance(element, Delegation)  # noqa: S101  `kinds` says so
    graph = context.graph
    caller, callee = (graph.identity_of(graph.elements[end]) for end in (element.source, element.target))
    return Truth(caller is None or caller is not callee)


def _closes_endless_loop(context: Context, element: Element) -> Truth:
    """It lies on a ring of delegations on which nothing counts: no depth, and no limit of any agent."""
    agents = context.subjects.authority.loops.get(element.id)
    if not agents:
        return FALSE
    return Truth(value=True, used=(Fact(f"{element.place}.loop", agents, State.STATED, element.span),))


# Messages


def _between_agents(context: Context, element: Element) -> Truth:
    """It goes from agent to agent over a boundary, to or from one that others run, or over a protocol."""
    assert isinstance(element, DataFlow)  # noqa: S101  `kinds` says so
    graph = context.graph
    ends = [graph.elements.get(name) for name in (element.source, element.target)]
    agents = [one for one in ends if isinstance(one, Agent)]
    if len(agents) < len(ends):
        return FALSE
    crossed = graph.crossed(element)
    apart = bool(crossed) or any(run_by_others(one) for one in agents) or element.says("protocol")
    used = tuple(Fact(one.place, "between them", State.STATED, one.span) for one in crossed)
    return Truth(apart, used)


def _target_acts(context: Context, element: Element) -> Truth:
    """The agent at its end does more than read, and no gate stops that."""
    assert isinstance(element, DataFlow)  # noqa: S101  `kinds` says so
    return brings_about(context, context.subjects.authority.own.get(element.target, ()))


def _agents_act_on_it(context: Context, element: Element) -> Truth:
    """Several write it, an agent among them, and another agent acts on what lies there without a gate."""
    authority = context.subjects.authority
    writers = {*element.words("writers"), *authority.writers(element)}
    writing = [name for name in authority.writers(element) if len(writers) > 1 or name in context.subjects.steered]
    if not writing:
        return FALSE
    readers = [name for name in authority.readers(element) if any(name != one for one in writing)]
    return any_of(brings_about(context, authority.own.get(name, ())) for name in readers)


AUTHORITY: Final[dict[str, Predicate]] = {
    "capability-matters": Predicate(
        frozenset({"capability"}), _matters, "it changes something, reads restricted data, or nobody says what it does"
    ),
    "only-by-a-bare-secret": Predicate(
        frozenset({"capability"}), _only_by_a_bare_secret, "it weighs, and only code that reaches a secret can do it"
    ),
    "lent-by-the-next": Predicate(
        frozenset({"capability"}), _lent_by_the_next, "no agent on the way to it is lent the same already"
    ),
    "way-past-gate": Predicate(
        frozenset({"capability"}), _way_past_gate, "a gate stands before one way to it, and another way leads past"
    ),
    "opens-grave-powers": Predicate(
        frozenset({"delegation"}), _opens_grave_powers, "it gives the caller grave powers that it does not have itself"
    ),
    "caller-is-steered": Predicate(
        frozenset({"delegation"}), _caller_is_steered, "outsiders' text steers the agent that delegates"
    ),
    "caller-brings-others-text": Predicate(
        frozenset({"delegation"}), _caller_brings_others_text, "the caller is steered by others than its callee"
    ),
    "callee-is-powerful": Predicate(
        frozenset({"delegation"}), _callee_is_powerful, "the callee does harm or reaches the outside, with no gate"
    ),
    "caller-is-powerful": Predicate(
        frozenset({"delegation"}), _caller_is_powerful, "the caller does harm or reaches the outside, with no gate"
    ),
    "callee-is-foreign": Predicate(frozenset({"delegation"}), _callee_is_foreign, "others run the callee"),
    "callee-brings-others-text": Predicate(
        frozenset({"delegation"}), _callee_brings_others_text, "the callee is steered by others than its caller"
    ),
    "caller-hands-on-confidential-data": Predicate(
        frozenset({"delegation"}), _caller_hands_on_confidential_data, "the caller reads confidential data"
    ),
    "ends-act-apart": Predicate(
        frozenset({"delegation"}), _ends_act_apart, "caller and callee do not act under one identity"
    ),
    "closes-endless-loop": Predicate(
        frozenset({"delegation"}), _closes_endless_loop, "it lies on a ring of delegations that nothing ends"
    ),
    "between-agents": Predicate(
        frozenset({"flow"}), _between_agents, "it goes from agent to agent over a boundary or a protocol"
    ),
    "target-acts": Predicate(frozenset({"flow"}), _target_acts, "the agent at its end acts without a gate"),
    "agents-act-on-it": Predicate(
        frozenset({"store"}), _agents_act_on_it, "agents act on what others, or misled agents, write into it"
    ),
}
"""Name → predicate."""
