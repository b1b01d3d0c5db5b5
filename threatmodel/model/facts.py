"""Facts by dotted path: `credential.scopes.granted` of a tool, with its place, or what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import Asset, Element
from threatmodel.model.worst import UNKNOWN, worst

if TYPE_CHECKING:
    from threatmodel.model.graph import ModelGraph
    from threatmodel.span import Span

# Keys whose value is the id of another element: a path goes on there.
HOPS: Final[dict[str, frozenset[str]]] = {
    "model": frozenset({"model"}),
    "identity": frozenset({"identity"}),
    "credential": frozenset({"credential"}),
    "runtime": frozenset({"runtime"}),
    "derived_from": frozenset({"credential"}),
}


class State(Enum):
    """How a fact is known."""

    STATED = "stated"
    DEFAULT = "default"
    """Nobody states it, and the format says what that means."""
    UNKNOWN = "unknown"
    ABSENT = "absent"
    """The path leads nowhere: the element it goes through does not exist (a tool without a credential)."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of the description, or the place where it is missing."""

    place: str
    """`tools.crm.actions.read_ticket.returns`: where it stands, or would stand."""
    value: Any
    """A text, number, truth value, or tuple of texts; None where unknown or absent."""
    state: State
    span: Span
    """The value; where it is missing, the element it is missing from."""

    @property
    def known(self) -> bool:
        """Whether there is a value to judge."""
        return self.state is State.STATED or self.state is State.DEFAULT

    def text(self) -> str:
        """Return the value as a sentence shows it."""
        if not self.known:
            return "unsaid"
        if isinstance(self.value, tuple):
            return ", ".join(map(str, self.value)) or "nothing"
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return str(self.value)


def fact(graph: ModelGraph, element: Element, path: tuple[str, ...]) -> Fact:
    """
    Return the fact at a path that starts at an element.

    A mapping on the way is entered; a reference in `HOPS` leads to the element it names. Keys that no default
    covers are unknown where nobody states them. Many rules ask for the same facts: each is looked up once.
    """
    key = (element, path)
    known = graph.facts.get(key)
    if known is None:
        known = graph.facts[key] = _looked_up(graph, element, path)
    return known


def _looked_up(graph: ModelGraph, element: Element, path: tuple[str, ...]) -> Fact:
    here: Element = element
    node: MapNode = here.body
    place = here.place
    for position, key in enumerate(path):
        last = position == len(path) - 1
        at_root = node is here.body
        place = f"{place}.{key}"
        value = here.value(key) if at_root else node.get(key)
        if at_root and key == "classification" and isinstance(here, Asset):
            value = here.classification
        span = node.value_span(key) if key in node else here.span if at_root else node.span
        if value is None or value == UNKNOWN:
            return Fact(place, None, State.UNKNOWN, span)
        if last:
            return _final(key, value, place, span, written=key in node)
        if isinstance(value, MapNode):
            node = value
            continue
        if value in ("none", []):
            return Fact(place, None, State.ABSENT, span)
        if key in HOPS:
            target = graph.elements.get(str(value))
            if target is None:
                return Fact(place, None, State.ABSENT, span)
            here, node, place = target, target.body, target.place
            continue
        # A word stands where keys could: `revoked: never`, `limits: none`. It says nothing about the key asked for.
        return Fact(f"{place}.{path[position + 1]}", None, State.UNKNOWN, span)
    message = "an empty path names no fact"
    raise ValueError(message)


def _final(key: str, value: object, place: str, span: Span, *, written: bool) -> Fact:
    state = State.STATED if written else State.DEFAULT
    if isinstance(value, list):
        words = tuple(str(item) for item in value if not isinstance(item, dict))
        if key in _WORST_COUNTS and words:
            counted = worst(key, words)
            return Fact(place, counted, state if counted is not None else State.UNKNOWN, span)
        if UNKNOWN in words:
            return Fact(place, None, State.UNKNOWN, span)
        return Fact(place, words, state, span)
    if isinstance(value, dict):
        return Fact(place, tuple(value), state, span)
    return Fact(place, value, state, span)


_WORST_COUNTS: Final = frozenset(
    {"planning", "oversight", "trust", "provider", "version", "lifetime", "stored_in", "reversible"}
)
