"""What stands on text between two ends, and where a fact stops it: flows, messages, results (SEMANTICS 1.3, 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import Mark
from threatmodel.analysis.sources import STOPPED, passes_text

if TYPE_CHECKING:
    from threatmodel.analysis.gates import Controls
    from threatmodel.model.elements import DataFlow, Delegation

FREE_CONTEXTS: Final = frozenset({"transcript", "summary", "message"})


def places_of(controls: Controls, flow: DataFlow) -> tuple[str, ...]:
    """Return where a control can stand on a flow: the edge, relays and controls in `via:`, a control at an end."""
    ends = f"{flow.source}>{flow.target}"
    edge = (flow.id,) if flow.id == ends else (flow.id, ends)
    elements = controls.context.graph.elements
    at_ends = (name for name in (flow.source, flow.target) if name in elements and elements[name].kind == "control")
    return (*edge, *flow.via, *at_ends)


def relays_of(controls: Controls, flow: DataFlow) -> tuple[str, ...]:
    """Return what a flow goes by way of, controls apart."""
    elements = controls.context.graph.elements
    return tuple(name for name in flow.via if name in elements and elements[name].kind != "control")


def flow_text(controls: Controls, flow: DataFlow) -> Mark | None:
    """Return what stands on text that takes a flow; None where a fact stops it (4.2)."""
    elements = controls.context.graph.elements
    relays = [elements[name] for name in flow.via if name in elements]
    if not all(passes_text(relay) for relay in relays):
        return None
    content = flow.word("content")
    typed = None if content is None else content in STOPPED
    by_way = relays_of(controls, flow)
    edge = tuple(place for place in places_of(controls, flow) if place not in by_way)
    mark = controls.text_beside("flow", typed, edge, *by_way)
    if mark is not None and any(one.kind == "store" and one.word("validated") == "classifier" for one in relays):
        return Mark(weakened=True) + mark
    return mark


def message_text(controls: Controls, delegation: Delegation) -> Mark | None:
    """Return what stands on the text that a caller hands over, facts included; None where none goes (4.3 d)."""
    context = delegation.word("context")
    if context is None:
        return Mark(missing=(f"{delegation.place}.context",)) + controls.text(delegation.id)
    if context not in FREE_CONTEXTS and context not in STOPPED:
        return None
    return controls.text_beside("delegation", context in STOPPED, (delegation.id,))


def result_text(controls: Controls, delegation: Delegation) -> Mark | None:
    """Return what stands on the text that comes back to a caller; None where a fact stops it (4.3 d)."""
    returns = delegation.word("returns")
    typed = None if returns is None else returns in STOPPED
    return controls.text_beside("delegation", typed, (delegation.id,))


def stops(mark: Mark) -> Mark:
    """Return what of the controls on text stands before data that leaves, or comes in, by it (7.2)."""
    return Mark(mark.broken, mark.claimed, mark.missing) if mark.weakened else mark
