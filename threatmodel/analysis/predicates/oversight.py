"""Questions about people who approve, about what they see, and about the record that is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.predicates.agents import BEYOND_READING
from threatmodel.analysis.predicates.harms import hanging_on, harms_of, in_place, severe, told
from threatmodel.analysis.predicates.predicate import Predicate, missing, stated
from threatmodel.analysis.truth import FALSE, TRUE, Truth
from threatmodel.catalog.setting import Outcome
from threatmodel.load.nodes import MapNode
from threatmodel.model.effects import GONE, GRAVE
from threatmodel.model.elements import Agent, Control, DataFlow, Delegation
from threatmodel.model.facts import Fact, State, fact

if TYPE_CHECKING:
    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Action, Element

APPROVAL: Final = "human-approval"
MANY_ACTIONS: Final = 15
"""So many different actions wait for the same people that nobody knows them all."""
MANY_READS: Final = 5
"""So many of them only read that a yes becomes a habit."""
PER_HOUR: Final = 30.0
"""A request every two minutes, all day."""
SPANS: Final = {"s": 3600.0, "m": 60.0, "h": 1.0, "d": 1 / 24}
"""Unit of a rate → how many of it make an hour."""
CHECKED: Final = frozenset({"typed", "closed"})
"""Contents of a flow in which no sentence of an outsider travels."""
WATCHERS: Final = frozenset({"anomaly-detection", "goal-monitoring", "runtime-monitoring", "sampled-review", "siem"})
"""Types that watch what an agent does and stop nothing."""
OPEN: Final = frozenset({"open", "claimed"})
"""States of what happens unless somebody changes something."""
RECORDS: Final = frozenset({"audit-log", "append-only-log", "siem", "runtime-monitoring"})
"""Controls that leave a trace of what was done."""


def _approvals(context: Context) -> tuple[Control, ...]:
    return tuple(one for one in context.graph.controls if one.type == APPROVAL and in_place(context, one))


# Those who approve


def _approved_by_the_attacker(context: Context, element: Element) -> Truth:
    """SEMANTICS 3.5: whoever says yes can be the one whose text asks for it."""
    assert isinstance(element, Control)  # noqa: S101  `kinds` says so
    if element.type != APPROVAL or not element.words("by") or not in_place(context, element):
        return FALSE
    mark = context.subjects.derived.controls.gate(element)
    if mark.missing and not mark.broken and not mark.claimed:
        named = tuple(Fact(place, None, State.UNKNOWN, element.span) for place in mark.missing)
        return Truth(None, (stated(element, "by"),), named)
    nothing = not (mark.broken or mark.claimed)
    return Truth(nothing, (stated(element, "by"),)) if nothing else FALSE


def _asked_too_often(context: Context, element: Element) -> Truth:
    """The same people decide on so much, or so often, that they can no longer look."""
    assert isinstance(element, Control)  # noqa: S101  `kinds` says so
    if element.type != APPROVAL or not in_place(context, element) or _load_is_bounded(context, element):
        return FALSE
    actions = _waiting(context, element)
    used: list[Fact] = []
    reads = [action for action in actions if set(action.effects) == {"read"}]
    if len(actions) >= MANY_ACTIONS:
        used.append(Fact(f"{element.place}.on", f"{len(actions)} actions", State.STATED, element.span))
    if len(reads) >= MANY_READS:
        used.append(Fact(f"{element.place}.on", f"{len(reads)} actions that only read", State.STATED, element.span))
    always = element.word("applies") in {None, "always"}
    for agent in context.graph.agents if always else ():
        if agent.id not in element.words("on") and not _all_wait(context, agent, actions):
            continue
        rate = fact(context.graph, agent, ("limits", "rate"))
        hourly = per_hour(str(rate.value)) if rate.known else None
        if hourly is not None and hourly > PER_HOUR:
            used.append(rate)
    return Truth(value=True, used=tuple(used)) if used else FALSE


def _all_wait(context: Context, agent: Agent, waiting: tuple[Action, ...]) -> bool:
    """Return whether all that an agent does by itself waits for an approval: then its rate is that of the requests."""
    own = context.graph.attached[agent.id]
    return bool(own) and all(action in waiting for action in own)


def per_hour(rate: str) -> float | None:
    """Return how many an hour `60/h` allows; None for other words."""
    number, _, unit = rate.partition("/")
    if not number.isdigit() or unit[:1] not in SPANS:
        return None
    return int(number) * SPANS[unit[0]]


def _waiting(context: Context, control: Control) -> tuple[Action, ...]:
    """Return the actions that wait for an approval: those it names, and all of a tool that it names."""
    found: dict[str, Action] = {}
    for name in control.words("on"):
        for place in context.graph.places_named(name):
            known = context.graph.actions.get(place)
            for action in (known,) if known is not None else context.graph.actions_of_tool.get(place, ()):
                found[action.id] = action
    return tuple(found.values())


def _load_is_bounded(context: Context, control: Control) -> bool:
    """Return whether a limit on the load of those who approve stands anywhere that matters, and holds."""
    controls = context.subjects.derived.controls
    places = {*control.words("on"), *control.words("by"), "system"}
    return any(
        one.type == "reviewer-workload-limit"
        and controls.outcome(one) is Outcome.HOLDS
        and bool(places & {*one.words("on"), *(place for name in one.words("on") for place in _near(context, name))})
        for one in context.graph.controls
    )


def _near(context: Context, name: str) -> tuple[str, ...]:
    element = context.graph.elements.get(name)
    if isinstance(element, Agent):
        return tuple(action.id for action in context.graph.attached[element.id])
    return context.graph.places_named(name)


# What they see


def _approval_with_harm(context: Context, element: Element) -> Truth:
    """It is an approval that a severe path or mishap hangs on."""
    assert isinstance(element, Control)  # noqa: S101  `kinds` says so
    if element.type != APPROVAL:
        return FALSE
    found = hanging_on(context, element)
    if not fact(context.graph, element, ("settings", "shows")).known:
        found = tuple(harm for harm in found if element.id in harm.broken_by)  # what is only claimed is asked first
    return Truth(value=True, used=told(found, context)) if found else FALSE


def _informs_an_approver(context: Context, element: Element) -> Truth:
    """What a steered agent says reaches somebody who approves severe actions, as free text."""
    assert isinstance(element, DataFlow)  # noqa: S101  `kinds` says so
    steered = context.subjects.steered.get(element.source)
    onward = [flow for flow in context.graph.flows_from.get(element.target, ()) if flow.word("content") not in CHECKED]
    shown_to = {element.target, *(flow.target for flow in onward if _relays(context, element.target))}
    hanging = [one for one in _approvals(context) if shown_to & set(one.words("by")) and hanging_on(context, one)]
    if steered is None or not hanging:
        return FALSE
    if element.word("content") in CHECKED:
        return FALSE
    used = tuple(Fact(one.place, "an approval", State.STATED, one.span) for one in hanging)
    if steered != "yes":
        entry = next(one for one in context.subjects.influences if one.agent == element.source)
        return Truth(None, used, tuple(Fact(name, None, State.UNKNOWN, element.span) for name in entry.missing))
    return Truth(value=True, used=used)


def _relays(context: Context, name: str) -> bool:
    element = context.graph.elements.get(name)
    return element is not None and element.kind == "service" and element.word("passes") not in {"typed", "none"}


# What the owner says


def _says_more_than_it_does(context: Context, element: Element) -> Truth:
    """The owner says that people decide on what it does, and no control makes a call wait."""
    said = element.word("oversight")
    own = [
        one
        for one in context.subjects.powers_of.get(element.id, ())
        if one.certainty == "yes" and not one.gates and not one.claims
    ]
    if said == "every_action":
        free = [one for one in own if one.effect in BEYOND_READING and one.basis == "attached"]
        if free:
            return Truth(value=True, used=(stated(element, "oversight"), *(_free(context, one.action) for one in free)))
    if said in {"every_action", "risky_actions"}:
        mine = {one.action for one in own}
        bare = [one for one in harms_of(context, element.id) if severe(one) and one.state == "open"]
        bare = [one for one in bare if one.action in mine and one.impact != "disclosure"]
        if bare:
            return Truth(value=True, used=(stated(element, "oversight"), *told(bare, context)))
    return FALSE


def _free(context: Context, name: str) -> Fact:
    action = context.graph.actions.get(name)
    span = action.span if action is not None else context.graph.system.span
    return Fact(name, "allowed without a gate", State.STATED, span)


def _only_reads(context: Context, element: Element) -> Truth:
    """All that it can do is said, and it is reading."""
    assert isinstance(element, Agent)  # noqa: S101  `kinds` says so
    powers = context.subjects.powers_of.get(element.id, ())
    return TRUE if all(one.effect == "read" for one in powers) else FALSE


def _runs_code_for_outsiders(context: Context, element: Element) -> Truth:
    """An attack path to its running of code stands open: that path says all that there is to say."""
    assert isinstance(element, Agent)  # noqa: S101  `kinds` says so
    code = {one.action for one in context.subjects.powers_of.get(element.id, ()) if one.effect == "execute"}
    for one in context.subjects.paths_of.get(element.id, ()):
        if one.word("impact") == "execution" and one.word("state") in OPEN and one.word("action") in code:
            return TRUE
    return FALSE


# Who did it


def _acts_unrecorded(context: Context, element: Element) -> Truth:
    """It changes what matters or can give data away, and nothing that it does is written down anywhere."""
    assert isinstance(element, Agent)  # noqa: S101  `kinds` says so
    grave = [
        one
        for one in context.subjects.powers_of.get(element.id, ())
        if one.certainty == "yes" and one.effect in GRAVE and one.basis == "attached"
    ]
    away = [one for one in harms_of(context, element.id) if one.impact == "disclosure" and one.state in OPEN]
    if not (grave or away) or element.word("operated_by") == "third_party":
        return FALSE
    gone = tuple(
        stated(one, "status")
        for one in context.graph.controls_on.get(element.id, ())
        if one.type in RECORDS and one.word("status") in GONE
    )
    if not gone and _keeps_a_log(context, element):
        return FALSE
    used = dict.fromkeys((*(_grave(context, one.action, one.effect) for one in grave), *told(away, context)))
    return Truth(value=True, used=(*gone, *used))


def _grave(context: Context, name: str, effect: str) -> Fact:
    action = context.graph.actions.get(name)
    return Fact(name, effect, State.STATED, action.span if action is not None else context.graph.system.span)


def _keeps_a_log(context: Context, agent: Agent) -> bool:
    """Return whether what an agent does ends in a log store, by whatever way."""
    graph = context.graph
    logs = {store.id for store in graph.of_kind("store") if store.word("kind") == "log"}
    tools = {tool.id for tool in graph.tools_of[agent.id]}
    watched = {agent.id, *tools}
    if any(watched & set(graph.elements[log].words("writers")) for log in logs):
        return True
    if any(flow.target in logs and (flow.source in watched or watched & set(flow.via)) for flow in graph.flows):
        return True
    access = agent.body.get("access")
    if isinstance(access, MapNode) and logs & set(access):
        return True
    return any(logs & set(action.words("store")) for action in graph.attached[agent.id])


def _for_a_user(context: Context, element: Element) -> Truth:
    """Who hands on acts for a user."""
    assert isinstance(element, Delegation)  # noqa: S101  `kinds` says so
    caller = context.graph.elements[element.source]
    if not caller.says("acts_as"):
        return FALSE
    return Truth(caller.word("acts_as") in {"on_behalf_of_user", "impersonates"}, (stated(caller, "acts_as"),))


def _recorded_by_nobody(context: Context, element: Element) -> Truth:
    """No control on the whole system writes down what is done."""
    held = [
        one
        for one in context.graph.controls
        if one.type in RECORDS and "system" in one.words("on") and in_place(context, one)
    ]
    del element
    return FALSE if held else TRUE


def _unreacted(context: Context, element: Element) -> Truth:
    """It notices and lets pass, and nobody is told."""
    assert isinstance(element, Control)  # noqa: S101  `kinds` says so
    mode, acts = (fact(context.graph, element, ("settings", key)) for key in ("mode", "acts"))
    seen = tuple(one for one in (mode, acts) if one.known and one.value in {"flag", "log", "after"})
    seen = (stated(element, "type"),) if element.type in WATCHERS and not seen else seen
    if not seen or element.word("status") not in {"tested", "configured", "declared"} or _answered(context, element):
        return FALSE
    alert = fact(context.graph, element, ("settings", "alert"))
    if not alert.known:
        return Truth(None, seen, (missing_alert(element),))
    return Truth(alert.value in (False, "no", "none", ()), (*seen, alert))


def _answered(context: Context, control: Control) -> bool:
    """Return whether somebody's plan says what happens then, on the system or on the same elements."""
    places = {"system", *control.words("on")}
    return any(
        one.type == "incident-response" and bool(places & set(one.words("on"))) and in_place(context, one)
        for one in context.graph.controls
    )


def missing_alert(element: Element) -> Fact:
    """Return the fact that would say who is told."""
    return Fact(f"{element.place}.settings.alert", None, State.UNKNOWN, missing(element, "settings").span)


_CONTROL: Final = frozenset({"control"})
_AGENT: Final = frozenset({"agent"})

OVERSIGHT: Final[dict[str, Predicate]] = {
    "approved-by-the-attacker": Predicate(
        _CONTROL, _approved_by_the_attacker, "it is an approval by somebody who can be the attacker"
    ),
    "asked-too-often": Predicate(
        _CONTROL, _asked_too_often, "it is an approval that is asked for too much, or too often, to be looked at"
    ),
    "approval-with-harm": Predicate(
        _CONTROL, _approval_with_harm, "it is an approval that a severe path or mishap hangs on"
    ),
    "informs-an-approver": Predicate(
        frozenset({"flow"}), _informs_an_approver, "free text of a steered agent goes to somebody who approves"
    ),
    "says-more-than-it-does": Predicate(
        _AGENT, _says_more_than_it_does, "its owner says that people decide, and nothing makes a call wait"
    ),
    "only-reads": Predicate(_AGENT, _only_reads, "all that it can do is said, and it is reading"),
    "runs-code-for-outsiders": Predicate(
        _AGENT, _runs_code_for_outsiders, "an attack path to its running of code stands open"
    ),
    "acts-unrecorded": Predicate(_AGENT, _acts_unrecorded, "it changes what matters, and no log takes up what it does"),
    "for-a-user": Predicate(frozenset({"delegation"}), _for_a_user, "who hands on acts for a user"),
    "recorded-by-nobody": Predicate(_AGENT, _recorded_by_nobody, "no control on the whole system keeps a record"),
    "notices-for-nobody": Predicate(_CONTROL, _unreacted, "it only notices, and nobody is told"),
}
"""Name → predicate."""
