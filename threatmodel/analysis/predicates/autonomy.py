"""Questions about agents that act on themselves, on what watches them, or on each other without an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.authority import works_at
from threatmodel.analysis.powers import WRITES
from threatmodel.analysis.predicates.authority import brings_about
from threatmodel.analysis.predicates.predicate import Predicate
from threatmodel.analysis.subjects import CapabilitySubject
from threatmodel.analysis.truth import FALSE, Truth, any_of
from threatmodel.catalog.setting import Outcome
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import Agent, as_words
from threatmodel.model.facts import Fact, State

if TYPE_CHECKING:
    from threatmodel.analysis.capability import Capability
    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Element

REMOVES: Final = frozenset({"delete", "configure"})
"""Effects by which records vanish, or stop being made."""
REARRANGES: Final = frozenset({"configure", "grant"})
"""Effects by which a system is told to check otherwise."""
CHECKS: Final = frozenset({"gate", "authorize"})
"""What a control does that stands before an action."""
SEALS: Final = frozenset({"file-protection", "integrity-check", "signature-check"})
"""Types of control by which a change of instructions is refused, or does not count."""
MANY: Final = 3  # agents in a row, the first included: where nobody sees any more what set off what


def _acts_freely(context: Context, element: Element) -> Truth:
    """It changes or sends something itself, and no gate stands before that."""
    return brings_about(context, context.subjects.authority.own.get(element.id, ()))


def _writes_own_instructions(context: Context, element: Element) -> Truth:
    """It is among those who may change its instructions, or writes a store they are read from, with no gate."""
    told = element.body.get("instructions")
    if not isinstance(told, MapNode):
        return FALSE
    named = element.id in as_words(told.get("writable_by"))
    place = f"{element.place}.instructions.writable_by"
    itself = Fact(place, element.id, State.STATED, told.value_span("writable_by") if named else element.span)
    sources = set(as_words(told.get("from"))) if told.get("pinned") is not True else set()
    sources = {name for name in sources if not _sealed(context, name)}
    authority = context.subjects.authority
    writing = [
        one
        for one in authority.changing.get(element.id, ())
        if one.effect in WRITES and any(store.id in sources for store in authority.touched(one))
    ]
    return any_of((Truth(named, (itself,)) if named else FALSE, brings_about(context, writing)))


def _sealed(context: Context, store: str) -> bool:
    """Return whether a store refuses changes to the files that steer an agent, or an agent refuses what was changed."""
    controls = context.subjects.derived.controls
    standing = context.graph.controls_on.get(store, ())
    return any(one.type in SEALS and controls.outcome(one) is Outcome.HOLDS for one in standing)


def _undoes_what_watches_it(context: Context, element: Element) -> Truth:
    """It removes what is recorded, or sets a system otherwise whose own checks stand before its actions."""
    assert isinstance(element, CapabilitySubject)  # noqa: S101  `kinds` says so
    authority = context.subjects.authority
    return Truth(
        any(
            any(_removes_records(one, touched) for touched in authority.touched(one))
            or (one.effect in REARRANGES and not one.gates and _checked_there(context, one))
            for one in element.parts
            if one.basis != "delegated" and (one.effect in REMOVES or one.effect in REARRANGES)
        )
    )


def _removes_records(one: Capability, touched: Element) -> bool:
    """Records of those that write them anyhow, and that nothing keeps, are the matter of the rule on such logs."""
    if touched.kind != "store" or touched.word("kind") != "log" or one.effect not in REMOVES:
        return False
    kept = set(touched.words("integrity"))
    return "append_only" not in kept and (bool(kept) or one.basis != "attached")


def _checked_there(context: Context, one: Capability) -> bool:
    action = context.graph.actions.get(one.action)
    if action is None:
        return False
    for where in works_at(action):
        for other, control in context.subjects.authority.checked_at.get(where, ()):
            known = context.catalog.controls.get(control.type)
            if other is not action and known is not None and known.acts.value in CHECKS:
                return True
    return False


def _starts_agents(context: Context, element: Element) -> Truth:
    """Doing it starts agents, and no control bounds the run; an effect that nobody states is not taken for that."""
    assert isinstance(element, CapabilitySubject)  # noqa: S101  `kinds` says so
    if context.subjects.authority.limited(context.graph.elements[element.agent]):
        return FALSE
    return Truth(any(part.effect == "spawn" for part in element.parts))


def _heads_endless_chain(context: Context, element: Element) -> Truth:
    """It sets two or more others going, one of the chain acts without a gate, and no run of any of them has a limit."""
    assert isinstance(element, Agent)  # noqa: S101  `kinds` says so
    authority, graph = context.subjects.authority, context.graph
    if authority.says_limits(element) or element.id not in authority.heads:
        return FALSE
    chain: dict[str, None] = {element.id: None}
    waiting = [element.id]
    while waiting:
        for name in authority.handoffs.get(waiting.pop(), ()):
            if name not in chain and not authority.limited(graph.elements[name]):
                chain[name] = None
                waiting.append(name)
    if len(chain) < MANY:
        return FALSE
    acts = any_of(brings_about(context, authority.own.get(name, ())) for name in chain)
    if acts.value is False:
        return FALSE
    shown = Fact(f"{element.place}.chain", tuple(chain), State.STATED, element.span)
    return Truth(acts.value, (shown, *acts.used), acts.missing)


AUTONOMY: Final[dict[str, Predicate]] = {
    "acts-freely": Predicate(frozenset({"agent"}), _acts_freely, "it changes or sends something, with no gate"),
    "writes-own-instructions": Predicate(
        frozenset({"agent"}), _writes_own_instructions, "it can change its own instructions, with no gate"
    ),
    "undoes-what-watches-it": Predicate(
        frozenset({"capability"}), _undoes_what_watches_it, "it removes records or sets a system otherwise that checks"
    ),
    "starts-agents": Predicate(
        frozenset({"capability"}), _starts_agents, "doing it starts agents, and no control bounds the run"
    ),
    "heads-endless-chain": Predicate(
        frozenset({"agent"}), _heads_endless_chain, "it heads a chain of agents of which none has a limit"
    ),
}
"""Name → predicate."""
