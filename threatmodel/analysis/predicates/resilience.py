"""Questions about what goes wrong without an attacker, and about what is left when one safeguard fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import STATES
from threatmodel.analysis.predicates.harms import hanging_on, harms_of, in_place, led_past, severe, told
from threatmodel.analysis.predicates.predicate import Predicate, missing, stated
from threatmodel.analysis.subjects import MishapSubject
from threatmodel.analysis.truth import FALSE, TRUE, Truth
from threatmodel.catalog.setting import Outcome
from threatmodel.model.elements import Control
from threatmodel.model.facts import Fact, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.capability import Capability
    from threatmodel.analysis.context import Context
    from threatmodel.analysis.paths import AttackPath, Mishap
    from threatmodel.model.elements import Element

BACKUP: Final = "backup-restore"
SPOILS: Final = frozenset({"write", "delete", "deploy", "configure"})
"""Effects on a store that can ruin what lies in it."""
ALONE: Final = 2
"""On how many different harms a single control may stand alone before that is worth saying."""
CODE: Final = frozenset({"shell", "code_interpreter"})
"""Kinds of tools whose holder is asked about its sandbox by a rule of its own."""


def _goes_beyond_paths(context: Context, element: Element) -> Truth:
    """No attack path says as much: none leads there, or those that do are better guarded than the error."""
    assert isinstance(element, MishapSubject)  # noqa: S101  `kinds` says so
    same = context.subjects.path_named.get(element.id)
    return Truth(same is None or STATES.index(element.mishap.state) < STATES.index(same.paths[0].state))


def _of_a_tool_that_is_not_a_shell(context: Context, element: Element) -> Truth:
    """What runs is an action of an ordinary tool."""
    known = context.graph.actions.get(str(element.body["action"]))
    return TRUE if known is not None and known.tool.word("kind") not in CODE else FALSE


# Backups


def _protects(context: Context, control: Element, harm: AttackPath | Mishap) -> bool:
    """Return whether a backup is meant to bring back what is destroyed there."""
    if harm.impact != "destruction":
        return False
    graph = context.graph
    action = graph.actions.get(harm.action)
    stores = action.words("store") if action is not None else (harm.action.partition(".")[0],)
    if action is not None and control.id in action.words("restored_by"):
        return True
    places = (harm.action, harm.action.partition(".")[0], *stores)
    return any(control in graph.controls_on.get(place, ()) for place in places)


def _spoilers(context: Context, agent: str, store: str) -> Iterator[Capability]:
    """Yield the capabilities by which an agent can ruin a store."""
    for one in context.subjects.powers_of.get(agent, ()):
        known = context.graph.actions.get(one.action)
        stores = known.words("store") if known is not None else (one.action.partition(".")[0],)
        if store in stores and one.effect in SPOILS:
            yield one


def _restore_within_reach(context: Context, element: Element) -> Truth:
    """SEMANTICS 8.2: an agent that can destroy the original can ruin the copy too."""
    assert isinstance(element, Control)  # noqa: S101  `kinds` says so
    if element.type != BACKUP or not in_place(context, element):
        return FALSE
    lost = [
        harm
        for agent in context.graph.agents
        for harm in harms_of(context, agent.id)
        if harm.state != "broken" and _protects(context, element, harm)
    ]
    unsaid = f"controls.{element.id}.store"
    if not element.says("store"):
        asked = any(unsaid in harm.missing for harm in lost)
        return Truth(None, (), (missing(element, "store"),)) if asked else FALSE
    used: list[Fact] = []
    doubts: dict[Fact, None] = {}
    for store in element.words("store"):
        known = context.graph.elements.get(store)
        if known is None or "append_only" in known.words("integrity"):
            continue
        for agent in dict.fromkeys(harm.agent for harm in lost):
            for one in _spoilers(context, agent, store):
                at = context.graph.actions.get(one.action) or context.graph.elements[agent]
                if one.certainty == "yes":
                    used.append(Fact(f"{agent}>{one.action}", f"a way to change {store}", State.STATED, at.span))
                else:
                    doubts.update((Fact(place, None, State.UNKNOWN, at.span), None) for place in one.missing)
    if used:
        return Truth(value=True, used=(stated(element, "store"), *dict.fromkeys(used)))
    return Truth(None, (stated(element, "store"),), tuple(doubts)) if doubts else FALSE


def _restore_unproven(context: Context, element: Element) -> Truth:
    """SEMANTICS 8.2: destruction hangs on a backup of which no restore was tried."""
    assert isinstance(element, Control)  # noqa: S101  `kinds` says so
    if element.type != BACKUP or element.word("status") == "tested" or not in_place(context, element):
        return FALSE
    lost = [harm for harm in context.subjects.claimed_by.get(element.id, ()) if harm.impact == "destruction"]
    if not lost:
        return FALSE
    if element.word("status") is None:
        return Truth(None, (), (missing(element, "status"),))
    return Truth(value=True, used=(stated(element, "status"), *told(lost, context)))


# What is left when it fails


def _breaks_alone(context: Context, element: Element) -> Truth:
    """It is all that stands before several severe harms; one like it, by the same people, is no second one."""
    alone = [
        harm
        for harm in context.subjects.broken_by.get(element.id, ())
        if severe(harm) and len({_independent(context, name) for name in harm.broken_by}) == 1
    ]
    several = len({(harm.action, harm.impact) for harm in alone}) >= ALONE
    return Truth(several, told(alone, context)) if several else FALSE


def _independent(context: Context, name: str) -> tuple[str, tuple[str, ...]]:
    control = context.graph.elements.get(name)
    return (control.type, control.words("by")) if isinstance(control, Control) else (name, ())


def _harm_hangs_on(context: Context, element: Element) -> Truth:
    """A severe path or mishap is broken by it, or would be."""
    found = hanging_on(context, element)
    return Truth(value=True, used=told(found, context)) if found else FALSE


def _harm_hangs_on_claim(context: Context, element: Element) -> Truth:
    """A severe path or mishap is open only because it is no more than a claim."""
    found = [harm for harm in context.subjects.claimed_by.get(element.id, ()) if severe(harm)]
    return Truth(value=True, used=told(found, context)) if found else FALSE


def _harm_leads_past(context: Context, element: Element) -> Truth:
    """A severe path or mishap, not broken, leads over where it stands."""
    found = led_past(context, element)
    return Truth(value=True, used=told(found, context)) if found else FALSE


def _anything_leads_past(context: Context, element: Element) -> Truth:
    """Some path or mishap, not broken, leads over where it stands, however mild."""
    return TRUE if led_past(context, element, mild=True) else FALSE


def _harm_before_stop(context: Context, element: Element) -> Truth:
    """What it can do by itself cannot be undone, and nothing that holds stands before it."""
    found = [harm for harm in harms_of(context, element.id) if severe(harm) and harm.state in {"open", "claimed"}]
    return Truth(value=True, used=told(found, context)) if found else FALSE


def _bounded_in_time(context: Context, element: Element) -> Truth:
    """Some control bounds how much happens in a time, where the agent runs."""
    controls = context.subjects.derived.controls
    held = any(
        control.type in {"rate-limit", "spending-limit"} and controls.outcome(control) is Outcome.HOLDS
        for control in controls.at(element.id)
    )
    return TRUE if held else FALSE


_CONTROL: Final = frozenset({"control"})
_AGENT: Final = frozenset({"agent"})

RESILIENCE: Final[dict[str, Predicate]] = {
    "goes-beyond-paths": Predicate(
        frozenset({"mishap"}), _goes_beyond_paths, "no attack path to the same stands as open as the agent's own error"
    ),
    "of-an-ordinary-tool": Predicate(
        frozenset({"mishap"}), _of_a_tool_that_is_not_a_shell, "what acts is a tool that is no shell or interpreter"
    ),
    "restore-within-reach": Predicate(
        _CONTROL, _restore_within_reach, "it is a backup that an agent which can destroy the original can ruin too"
    ),
    "restore-unproven": Predicate(
        _CONTROL, _restore_unproven, "it is a backup that destruction hangs on, and no restore was tried"
    ),
    "breaks-alone": Predicate(_CONTROL, _breaks_alone, "it alone stands before several severe harms"),
    "harm-hangs-on": Predicate(_CONTROL, _harm_hangs_on, "a severe path or mishap is broken by it, or would be"),
    "harm-hangs-on-claim": Predicate(
        _CONTROL, _harm_hangs_on_claim, "a severe path or mishap is open only because it is a claim"
    ),
    "harm-leads-past": Predicate(
        _CONTROL, _harm_leads_past, "a severe path or mishap that is not broken leads over where it stands"
    ),
    "anything-leads-past": Predicate(
        _CONTROL, _anything_leads_past, "some path or mishap that is not broken leads over where it stands"
    ),
    "harm-before-stop": Predicate(
        _AGENT, _harm_before_stop, "it can do what cannot be undone, and nothing that holds stands before it"
    ),
    "bounded-in-time": Predicate(_AGENT, _bounded_in_time, "a control that holds bounds how much it does in a time"),
}
"""Name → predicate."""
