"""Questions about stores and who shares them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.predicates.predicate import Predicate, missing
from threatmodel.analysis.truth import FALSE, Truth
from threatmodel.model.elements import Agent
from threatmodel.model.facts import Fact, State

if TYPE_CHECKING:
    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Element


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
    """An agent is among its writers, stands at the other end of a flow into it, or has an action that writes it."""
    graph = context.graph
    found = [
        Fact(one.place, one.id, State.STATED, one.span)
        for name in element.words("writers")
        if isinstance(one := graph.find(name), Agent)
    ]
    found += [
        Fact(flow.place, flow.source, State.STATED, flow.span)
        for flow in graph.flows
        if flow.target == element.id and isinstance(graph.find(flow.source), Agent)
    ]
    found += [
        Fact(action.place, action.id, State.STATED, action.span)
        for agent in graph.agents
        for action in graph.attached[agent.id]
        if element.id in action.words("store") and set(action.effects) & {"write", "delete", "configure", "deploy"}
    ]
    if found:
        return Truth(value=True, used=tuple(dict.fromkeys(found)))
    return FALSE if element.says("writers") else Truth(None, (), (missing(element, "writers"),))


STORES: Final[dict[str, Predicate]] = {
    "many-tenants": Predicate(frozenset({"store"}), _many_tenants, "several customers share the system"),
    "written-by-an-agent": Predicate(frozenset({"store"}), _written_by_an_agent, "an agent writes it"),
}
"""Name → predicate."""
