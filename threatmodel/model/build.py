"""Document and Catalog → ModelGraph: typed elements, implied edges, every reference resolved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from threatmodel.load.document import SECTIONS
from threatmodel.load.nodes import MapNode
from threatmodel.model.differing import differing
from threatmodel.model.edges import all_edges, items
from threatmodel.model.elements import (
    KINDS,
    Action,
    Agent,
    Control,
    DataFlow,
    Delegation,
    Element,
    System,
    Tool,
    as_words,
)
from threatmodel.model.graph import ModelGraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.catalog.reader import Catalog
    from threatmodel.load.document import Document, Entry


def build_graph(document: Document, catalog: Catalog) -> ModelGraph:
    """
    Build the graph of a checked document.

    Args:
        document: Components merged in and references checked.
        catalog: Gives the control types.

    Returns:
        The graph. Nothing in it refers to an id that is not there.
    """
    elements: dict[str, Element] = {}
    for section, kind in SECTIONS.items():
        for entry in document.sections[section].values():
            elements[entry.id] = _element(section, kind, entry, catalog)
    actions = {action.id: action for tool in elements.values() if isinstance(tool, Tool) for action in _actions(tool)}
    delegations = tuple(
        delegation for agent in elements.values() if isinstance(agent, Agent) for delegation in _delegations(agent)
    )
    flows = tuple(_flows(document))
    system = System("system", document.system, document.system.span, "system")
    graph = ModelGraph(
        document,
        system,
        elements,
        actions,
        delegations,
        flows,
        all_edges(elements, actions, delegations, flows),
        document.warnings,
    )
    found = tuple(differing(graph, catalog))
    return replace(graph, warnings=(*graph.warnings, *found)) if found else graph


def _element(section: str, kind: str, entry: Entry, catalog: Catalog) -> Element:
    place = f"{section}.{entry.id}"
    if kind == "control":
        written = str(entry.body.get("type") or "")
        return Control(entry.id, entry.body, entry.span, place, catalog.control_aliases.get(written, written))
    return KINDS[kind](entry.id, entry.body, entry.span, place)


def _actions(tool: Tool) -> Iterator[Action]:
    listed = tool.body.get("actions")
    if not isinstance(listed, MapNode):
        return
    for name, body in listed.items():
        span = listed.key_span(name)
        keys = body if isinstance(body, MapNode) else MapNode(span)
        yield Action(f"{tool.id}.{name}", keys, span, f"{tool.place}.actions.{name}", tool, name)


def _delegations(agent: Agent) -> Iterator[Delegation]:
    for item, span in items(agent.body, "delegates_to"):
        body = item if isinstance(item, MapNode) else MapNode(span)
        target = str(body.get("to") if isinstance(item, MapNode) else item)
        yield Delegation(f"{agent.id}>{target}", body, span, f"{agent.place}.delegates_to.{target}", agent.id, target)


def _flows(document: Document) -> Iterator[DataFlow]:
    seen: dict[str, int] = {}
    for entry in document.flows:
        source, target = str(entry.body.get("from")), str(entry.body.get("to"))
        ends = f"{source}>{target}"
        seen[ends] = seen.get(ends, 0) + 1
        own = entry.body.get("id")
        name = f"{ends}#{own}" if own else ends if seen[ends] == 1 else f"{ends}#{seen[ends]}"
        yield DataFlow(name, entry.body, entry.span, f"flows.{name}", source, target, as_words(entry.body.get("via")))
