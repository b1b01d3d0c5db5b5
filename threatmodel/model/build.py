"""Document × Catalog → ModelGraph: typed elements, implied edges, every reference resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.load.document import SECTIONS
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import KINDS, Action, Agent, Control, DataFlow, Delegation, Element, System, Tool, as_words
from threatmodel.model.graph import Edge, ModelGraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.catalog.reader import Catalog
    from threatmodel.diagnostics import Diagnostic
    from threatmodel.load.document import Document, Entry
    from threatmodel.span import Span

OUTSIDE: Final = frozenset({"untrusted", "partner"})


def build_graph(document: Document, catalog: Catalog, warnings: tuple[Diagnostic, ...] = ()) -> ModelGraph:
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
    delegations = tuple(delegation for agent in elements.values() if isinstance(agent, Agent) for delegation in _delegations(agent))
    flows = tuple(_flows(document))
    edges = (*(_stated(flow, elements) for flow in flows), *_implied(elements, actions, delegations))
    system = System("system", document.system, document.system.span, "system")
    return ModelGraph(document, system, elements, actions, delegations, flows, _once(edges), (*document.warnings, *warnings))


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
    for item, span in _items(agent.body, "delegates_to"):
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


def _items(body: MapNode, key: str) -> Iterator[tuple[object, Span]]:
    """Yield each item of a list, or the scalar that stands for one, with its place."""
    value = body.get(key)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield item, value.value_span(index) if hasattr(value, "value_span") else body.value_span(key)
    elif value not in (None, "none", "unknown"):
        yield value, body.value_span(key)


def _stated(flow: DataFlow, elements: dict[str, Element]) -> Edge:
    return Edge("flow", flow.source, flow.target, flow.span, flow.words("carries"), stated=True, element=flow, untrusted=_outsider(flow, elements))


def _outsider(flow: DataFlow, elements: dict[str, Element]) -> bool | None:
    source = elements.get(flow.source)
    if flow.word("content") in {"typed", "closed"}:
        return False
    if source is None or source.kind not in {"person", "external", "service"}:
        return False
    if source.word("content") is not None:
        return source.word("content") == "untrusted"
    if source.kind == "service":
        return False
    trust = source.word("trust")
    return None if trust is None else trust in OUTSIDE


def _implied(elements: dict[str, Element], actions: dict[str, Action], delegations: tuple[Delegation, ...]) -> Iterator[Edge]:
    """Yield the edges that keys of elements imply: what they call, read, write, start and delegate to."""
    offered: dict[str, list[Action]] = {}
    for action in actions.values():
        offered.setdefault(action.tool.id, []).append(action)
    for element in elements.values():
        body = element.body
        if element.kind in {"agent", "service"}:
            yield from _calls(element, elements, actions, offered)
        for key, kind in (("model", "model"), ("memory", "memory"), ("skills", "skill")):
            if element.kind == "agent":
                yield from (Edge(kind, element.id, name, span) for name, span in _named(body, key, elements))
        if element.kind == "agent":
            access = body.get("access")
            if isinstance(access, MapNode):
                yield from (Edge("access", element.id, name, access.key_span(name)) for name in access if name in elements)
            yield from (Edge("start", name, element.id, span) for name, span in _named(body, "started_by", elements))
            instructions = body.get("instructions")
            if isinstance(instructions, MapNode):
                yield from (Edge("instructions", name, element.id, span) for name, span in _named(instructions, "from", elements))
        if element.kind == "service":
            yield from (Edge("start", element.id, name, span) for name, span in _named(body, "starts", elements))
        if element.kind == "store":
            yield from (Edge("store", name, element.id, span) for name, span in _named(body, "writers", elements))
            yield from (Edge("store", element.id, name, span) for name, span in _named(body, "readers", elements))
            for name, span in _items(body, "triggers"):
                if str(name) in actions:
                    yield Edge("trigger", element.id, actions[str(name)].tool.id, span)
    for action in actions.values():
        for key, kind in (("store", "store"), ("target", "target")):
            yield from (Edge(kind, action.tool.id, name, action.span, action.words("data")) for name in action.words(key) if name in elements)
    for delegation in delegations:
        yield Edge("delegation", delegation.source, delegation.target, delegation.span, element=delegation)


def _calls(caller: Element, elements: dict[str, Element], actions: dict[str, Action], offered: dict[str, list[Action]]) -> Iterator[Edge]:
    for name, span in _items(caller.body, "tools"):
        tool, called = _tool_named(str(name), elements, actions, offered)
        if tool is None:
            continue
        returns = {action.word("returns") for action in called} or {tool.word("returns")}
        unsaid = None in returns and tool.word("provider") != "first_party"
        yield Edge("tool", caller.id, tool.id, span, untrusted=True if "untrusted" in returns else None if unsaid else False)


def _tool_named(
    name: str, elements: dict[str, Element], actions: dict[str, Action], offered: dict[str, list[Action]],
) -> tuple[Tool | None, list[Action]]:  # fmt: skip
    element = elements.get(name)
    if isinstance(element, Tool):
        return element, offered.get(element.id, [])
    if name in actions:
        return actions[name].tool, [actions[name]]
    owner = elements.get(name.split(".", 1)[0])
    return (owner, []) if isinstance(owner, Tool) else (None, [])


def _named(body: MapNode, key: str, elements: dict[str, Element]) -> Iterator[tuple[str, Span]]:
    return ((str(name), span) for name, span in _items(body, key) if str(name) in elements)


def _once(edges: tuple[Edge, ...]) -> tuple[Edge, ...]:
    """Keep every stated flow, and of implied edges of one kind between the same ends the one that says most."""
    stated = [edge for edge in edges if edge.stated]
    implied: dict[tuple[str, str, str], Edge] = {}
    for edge in edges:
        key = (edge.kind, edge.source, edge.target)
        if not edge.stated and (key not in implied or (edge.untrusted and not implied[key].untrusted)):
            implied[key] = edge
    return (*stated, *implied.values())
