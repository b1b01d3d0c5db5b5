"""Questions about stores and who shares them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.predicates.predicate import Predicate, missing, stated
from threatmodel.analysis.truth import FALSE, Truth
from threatmodel.model.elements import Agent, as_words
from threatmodel.model.facts import Fact, State

if TYPE_CHECKING:
    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Action, Element
    from threatmodel.model.graph import Edge, ModelGraph

WRITES: Final = frozenset({"write", "delete", "configure", "deploy"})
"""Effects that change what lies in a store."""

ANYBODY: Final = frozenset({"any", "public"})


def _many_tenants(context: Context, element: Element) -> Truth:
    """Several customers share the system; where nobody says, that matters only to a store whose isolation is stated."""
    system = context.graph.system
    tenancy = system.word("tenancy")
    if tenancy is None:
        return Truth(None, (), (missing(system, "tenancy"),)) if element.says("isolation") else FALSE
    return Truth(
        tenancy == "multi", (Fact("system.tenancy", tenancy, State.STATED, system.body.value_span("tenancy")),)
    )


def _written_by_an_agent(context: Context, element: Element) -> Truth:
    """An agent, or anybody, is among its writers, or writes it by a flow, by `access:` or by an action of its tools."""
    graph = context.graph
    found = [stated(element, "writers")] if ANYBODY & set(element.words("writers")) else []
    found += [
        Fact(agent.place, "one of its writers", State.STATED, agent.span)
        for name in element.words("writers")
        if isinstance(agent := graph.find(name), Agent)
    ]
    for edge in graph.edges_to.get(element.id, ()):
        source = graph.elements.get(edge.source)
        if edge.kind == "store":
            writing = [action for action in graph.actions_of_tool.get(edge.source, ()) if _writes(action, element)]
            used = any(action in graph.attached[agent.id] for agent in _users(graph, edge) for action in writing)
        else:
            used = isinstance(source, Agent) and (edge.kind == "flow" or _accesses(source, element))
        if used:
            found.append(Fact(edge.source, "one of its writers", State.STATED, edge.span))
    if found:
        return Truth(value=True, used=tuple(dict.fromkeys(found)))
    return FALSE if element.says("writers") else Truth(None, (), (missing(element, "writers"),))


def _users(graph: ModelGraph, edge: Edge) -> tuple[Agent, ...]:
    return graph.users_of_tool.get(edge.source, ())


def _writes(action: Action, store: Element) -> bool:
    return store.id in action.words("store") and bool(WRITES & set(action.effects))


def _accesses(agent: Agent, store: Element) -> bool:
    access = agent.body.get("access")
    entry = access.get(store.id) if isinstance(access, dict) else None
    return bool(WRITES & set(as_words(entry.get("do") if isinstance(entry, dict) else entry)))


STORES: Final[dict[str, Predicate]] = {
    "many-tenants": Predicate(frozenset({"store"}), _many_tenants, "several customers share the system"),
    "written-by-an-agent": Predicate(frozenset({"store"}), _written_by_an_agent, "an agent writes it"),
}
"""Name → predicate."""
