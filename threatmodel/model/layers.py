"""MAESTRO layers of each element, with the reason (SEMANTICS 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.catalog.control import ControlType
    from threatmodel.model.elements import Element
    from threatmodel.model.graph import ModelGraph

# Layers are data of their framework (SEMANTICS 2.3): this table names them, nothing counts them.
_BY_KIND: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "model": (("L1",), "a model"),
    "data": (("L2",), "data"),
    "agent": (("L3",), "an agent"),
    "runtime": (("L4",), "where software runs"),
    "boundary": (("L4",), "where software runs"),
    "service": (("L4",), "a service"),
    "identity": (("L6",), "an identity"),
    "credential": (("L6",), "a credential"),
    "person": (("L7",), "a person"),
    "external": (("L7",), "a system of others"),
}
_RUNS_CODE: Final = frozenset({"shell", "code_interpreter"})


@dataclass(frozen=True, slots=True)
class Placement:
    """The layers of one element; the first is the one it is drawn in."""

    layers: tuple[str, ...]
    reason: str


def place_all(graph: ModelGraph, control_types: Mapping[str, ControlType]) -> dict[str, Placement]:
    """Return the placement of every element with a section of its own, in the order of the description."""
    delegating = {delegation.source for delegation in graph.delegations} | {
        delegation.target for delegation in graph.delegations
    }
    return {
        name: _place(element, control_types, delegating=name in delegating) for name, element in graph.elements.items()
    }


def _place(element: Element, control_types: Mapping[str, ControlType], *, delegating: bool) -> Placement:
    said = element.words("layers")
    if said:
        return Placement(said, "the description says so")
    if element.kind == "agent":
        if element.word("operated_by") == "third_party":
            return Placement(("L7",), "an agent that others run")
        if delegating:
            return Placement(("L3", "L7"), "an agent that delegates or is delegated to")
    if element.kind in {"tool", "skill"}:
        return _place_tool(element)
    if element.kind == "store":
        return Placement(("L2", "L5"), "a log") if element.word("kind") == "log" else Placement(("L2",), "a store")
    if element.kind == "control":
        known = control_types.get(getattr(element, "type", ""))
        return Placement(tuple(known.layers) if known else ("L6",), "what a control of this type does")
    layers, reason = _BY_KIND[element.kind]
    return Placement(layers, reason)


def _place_tool(tool: Element) -> Placement:
    others = tool.word("provider") in {"third_party", "community"}
    if tool.word("kind") in _RUNS_CODE:
        return Placement(("L4", "L7"), "runs code, made by others") if others else Placement(("L4",), "runs code")
    return (
        Placement(("L7",), "made by others")
        if others
        else Placement(("L3",), "a tool or skill of our own, or of unsaid origin")
    )
