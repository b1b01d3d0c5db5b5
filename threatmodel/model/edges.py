"""Edges of the graph: the stated flows, and those that keys of elements imply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import Action, DataFlow, Delegation, Element, Tool
from threatmodel.model.graph import Edge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from threatmodel.span import Span

OUTSIDE: Final = frozenset({"untrusted", "partner"})

# Keys of an element that name others: the kind of edge, and whether it leaves the element or reaches it.
_KEYS: Final[dict[str, tuple[tuple[str, str, bool], ...]]] = {
    "agent": (
        ("model", "model", True),
        ("memory", "memory", True),
        ("skills", "skill", True),
        ("started_by", "start", False),
    ),
    "service": (("starts", "start", True),),
    "store": (("writers", "store", False), ("readers", "store", True)),
}


def all_edges(
    elements: Mapping[str, Element],
    actions: Mapping[str, Action],
    delegations: tuple[Delegation, ...],
    flows: tuple[DataFlow, ...],
) -> tuple[Edge, ...]:
    """
    Return every stated flow, then the implied edges.

    Of implied edges of one kind between the same ends, the one that says most is kept.
    """
    implied: dict[tuple[str, str, str], Edge] = {}
    for edge in _implied(elements, actions, delegations):
        key = (edge.kind, edge.source, edge.target)
        if key not in implied or (edge.untrusted and not implied[key].untrusted):
            implied[key] = edge
    return (*(_stated(flow, elements) for flow in flows), *implied.values())


def items(body: MapNode, key: str) -> Iterator[tuple[object, Span]]:
    """Yield each item of a list, or the scalar that stands for one, with its place."""
    value = body.get(key)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield item, value.value_span(index) if hasattr(value, "value_span") else body.value_span(key)
    elif value not in (None, "none", "unknown"):
        yield value, body.value_span(key)


def _stated(flow: DataFlow, elements: Mapping[str, Element]) -> Edge:
    return Edge(
        "flow",
        flow.source,
        flow.target,
        flow.span,
        flow.words("carries"),
        stated=True,
        element=flow,
        untrusted=_outsider(flow, elements),
    )


def _outsider(flow: DataFlow, elements: Mapping[str, Element]) -> bool | None:
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


def _implied(
    elements: Mapping[str, Element], actions: Mapping[str, Action], delegations: tuple[Delegation, ...]
) -> Iterator[Edge]:
    """Yield the edges that keys imply: what an element calls, reads, writes, starts and delegates to."""
    offered: dict[str, list[Action]] = {}
    for action in actions.values():
        offered.setdefault(action.tool.id, []).append(action)
    for element in elements.values():
        if element.kind in {"agent", "service"}:
            yield from _calls(element, elements, actions, offered)
        for key, kind, leaves in _KEYS.get(element.kind, ()):
            for name, span in _named(element.body, key, elements):
                yield Edge(kind, element.id, name, span) if leaves else Edge(kind, name, element.id, span)
        yield from _nested(element, elements, actions)
    for action in actions.values():
        yield from _worked_on(action, elements)
    for delegation in delegations:
        yield Edge("delegation", delegation.source, delegation.target, delegation.span, element=delegation)


def _worked_on(action: Action, elements: Mapping[str, Element]) -> Iterator[Edge]:
    """Yield the edges to the stores and systems an action works on."""
    for key in ("store", "target"):
        for name in action.words(key):
            if name in elements:
                yield Edge(key, action.tool.id, name, action.span, action.words("data"))


def _nested(element: Element, elements: Mapping[str, Element], actions: Mapping[str, Action]) -> Iterator[Edge]:
    """Yield the edges of keys that are mappings themselves, or name actions."""
    access, instructions = element.body.get("access"), element.body.get("instructions")
    if isinstance(access, MapNode):
        for name in access:
            if name in elements:
                yield Edge("access", element.id, name, access.key_span(name))
    if isinstance(instructions, MapNode):
        for name, span in _named(instructions, "from", elements):
            yield Edge("instructions", name, element.id, span)
    if element.kind == "store":
        for item, span in items(element.body, "triggers"):
            if str(item) in actions:
                yield Edge("trigger", element.id, actions[str(item)].tool.id, span)


def _calls(
    caller: Element, elements: Mapping[str, Element], actions: Mapping[str, Action], offered: dict[str, list[Action]]
) -> Iterator[Edge]:
    for name, span in items(caller.body, "tools"):
        tool, called = _tool_named(str(name), elements, actions, offered)
        if tool is None:
            continue
        returns = {action.word("returns") for action in called} or {tool.word("returns")}
        unsaid = None in returns and tool.word("provider") != "first_party"
        yield Edge(
            "tool", caller.id, tool.id, span, untrusted=True if "untrusted" in returns else None if unsaid else False
        )


def _tool_named(
    name: str, elements: Mapping[str, Element], actions: Mapping[str, Action], offered: dict[str, list[Action]],
) -> tuple[Tool | None, list[Action]]:  # fmt: skip
    element = elements.get(name)
    if isinstance(element, Tool):
        return element, offered.get(element.id, [])
    if name in actions:
        return actions[name].tool, [actions[name]]
    owner = elements.get(name.split(".", 1)[0])
    return (owner, []) if isinstance(owner, Tool) else (None, [])


def _named(body: MapNode, key: str, elements: Mapping[str, Element]) -> Iterator[tuple[str, Span]]:
    return ((str(name), span) for name, span in items(body, key) if str(name) in elements)
