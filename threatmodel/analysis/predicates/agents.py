"""Questions about agents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.predicates.predicate import Predicate, missing, stated
from threatmodel.analysis.truth import FALSE, Truth
from threatmodel.analysis.workload import RANK, Workload, workload
from threatmodel.load.nodes import MapNode
from threatmodel.model.effects import GRAVE
from threatmodel.model.elements import Agent, as_words
from threatmodel.model.facts import Fact, State, fact
from threatmodel.model.worst import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Element


BEYOND_READING: Final = GRAVE | {"write", "send", "spawn"}
"""Every effect that leaves a trace outside the agent."""


def _used(element: Element) -> tuple[Fact, ...]:
    return tuple(stated(element, key) for key in ("workload", "planning", "trigger", "oversight") if element.says(key))


def _class_of(element: Element) -> Workload:
    assert isinstance(element, Agent)  # noqa: S101  `kinds` says so
    return workload(element)


def _understated(_: Context, element: Element) -> Truth:
    """SEMANTICS 13.2: the facts put the agent into a class that needs more review than the declared one."""
    found = _class_of(element)
    if found.declared not in RANK or RANK[found.declared] == max(RANK.values()):
        return FALSE
    if found.computed not in RANK:
        return Truth(None, (stated(element, "workload"),), tuple(missing(element, key) for key in found.missing))
    return Truth(RANK[found.computed] > RANK[found.declared], _used(element))


def _acts_gravely(context: Context, element: Element) -> Truth:
    """
    It can do what is not easily undone, by a tool or on what it has access to.

    Where nobody says what it can do, that matters only to an agent whose authorization is described.
    """
    return _acts(context, element, GRAVE, asked=element.says("authorization"))


def _does_more_than_read(context: Context, element: Element) -> Truth:
    """It changes or sends something. Where nobody says what it can do, nothing is asked."""
    return _acts(context, element, BEYOND_READING, asked=False)


def _acts(context: Context, element: Element, effects: frozenset[str], *, asked: bool) -> Truth:
    done = (*_by_tools(context, element), *_by_access(element))
    found = tuple(one for one in done if one.known and effects & set(one.value))
    if found:
        return Truth(value=True, used=found)
    if not element.says("tools") and not element.says("access"):
        return Truth(value=False, missing=(missing(element, "tools"),))
    unsaid = tuple(one for one in done if not one.known)
    return Truth(None if unsaid and asked else False, missing=unsaid)


def _by_tools(context: Context, agent: Element) -> Iterator[Fact]:
    for action in context.graph.attached[agent.id]:
        yield _listed(fact(context.graph, action, ("effect",)))
    for tool in context.graph.tools_of[agent.id]:
        if not context.graph.actions_of_tool.get(tool.id):
            yield missing(tool, "actions")


def _by_access(agent: Element) -> Iterator[Fact]:
    access = agent.body.get("access")
    if isinstance(access, MapNode):
        for name, entry in access.items():
            place, span = f"{agent.place}.access.{name}", access.value_span(name)
            verbs = as_words(entry.get("do") if isinstance(entry, dict) else entry)
            known = bool(verbs) and UNKNOWN not in verbs
            yield Fact(place, verbs if known else None, State.STATED if known else State.UNKNOWN, span)


def _listed(known: Fact) -> Fact:
    return replace(known, value=(known.value,)) if isinstance(known.value, str) else known


AGENTS: Final[dict[str, Predicate]] = {
    "acts-gravely": Predicate(frozenset({"agent"}), _acts_gravely, "it can do what is not easily undone"),
    "does-more-than-read": Predicate(frozenset({"agent"}), _does_more_than_read, "it changes or sends something"),
    "workload-understated": Predicate(
        frozenset({"agent"}), _understated, "its facts need more review than its declared class says"
    ),
}
"""Name → predicate."""
