"""Where text that an outsider wrote begins (SEMANTICS 4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import CLEAR, Mark

if TYPE_CHECKING:
    from threatmodel.model.elements import DataFlow, Element
    from threatmodel.model.graph import ModelGraph

OUTSIDE: Final = frozenset({"untrusted", "partner"})
EVERYBODY: Final = frozenset({"any", "public"})
"""Words that stand for anyone, where a store or instructions say who may write."""
STOPPED: Final = frozenset({"typed", "closed"})
_CARRIERS: Final = frozenset({"person", "service", "external", "store"})


def source_mark(graph: ModelGraph, element: Element) -> Mark | None:
    """
    Say whether an element is a source of outsiders' text.

    Returns:
        A clear mark if it certainly is one, a mark that names the missing fact if nobody says, None if it is none.
    """
    content, trust = element.word("content"), element.word("trust")
    if element.kind == "agent":
        return CLEAR if element.word("operated_by") == "third_party" and trust not in {"internal", "curated"} else None
    if element.kind == "service":
        return CLEAR if content == "untrusted" else None
    if element.kind not in {"person", "external"}:
        return None
    said = content if content is not None else trust
    if said is not None:
        return CLEAR if said in OUTSIDE else None
    if element.kind == "external" and _only_relays(graph, element):
        return None
    return Mark(missing=(f"{element.place}.trust",))


def _only_relays(graph: ModelGraph, element: Element) -> bool:
    """Return whether free text from others reaches an external system (4.1 b): then it is no second source."""
    for flow in graph.flows:
        if flow.target != element.id or not free(graph, flow):
            continue
        sender = graph.elements.get(flow.source)
        if sender is not None and sender.kind in _CARRIERS and passes_text(sender):
            return True
    return False


def free(graph: ModelGraph, flow: DataFlow) -> bool:
    """Return whether a flow carries free text from end to end (4.2)."""
    if flow.word("content") in STOPPED:
        return False
    return all(passes_text(relay) for name in flow.via if (relay := graph.elements.get(name)) is not None)


def passes_text(relay: Element) -> bool:
    """Return whether text that reaches an element leaves it as text (4.2)."""
    if relay.kind == "store":
        return relay.word("validated") != "yes"
    if relay.kind in {"service", "external"}:
        return relay.word("passes") not in {"typed", "none"} and relay.word("content") != "trusted"
    return True
