"""Where what an element sends can get, straight or through relays (SEMANTICS 4.2, 5.5, 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from threatmodel.analysis.marks import CLEAR, Mark
from threatmodel.analysis.passing import flow_text, places_of, relays_of, stops
from threatmodel.analysis.sources import passes_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.gates import Controls
    from threatmodel.model.elements import DataFlow, Element

RELAYS: Final = frozenset({"service", "external", "store"})
MOST_WAYS: Final = 32  # to one relay with other data or other controls; beyond it, what flows carry limits nothing


class Sent(NamedTuple):
    """One way of a message, up to and with the target of a flow."""

    steps: tuple[str, ...]
    mark: Mark
    """Gates on the way, and of text what isolates it."""
    flow: DataFlow
    """The last of the flows."""
    carries: frozenset[str] | None
    """The data that every flow on the way carries; None where none of them says."""


class _Stay(NamedTuple):
    """Where a way has got to and may go on from."""

    steps: tuple[str, ...]
    ends: tuple[str, ...]
    """The ends of flows among the steps: a way visits none of them twice; a relay in `via:` passes on one flow only."""
    mark: Mark
    carries: frozenset[str] | None


def messages(controls: Controls, start: str) -> tuple[Sent, ...]:
    """Return where a message of an element gets, typed or not; a relay that passes nothing ends it (5.5)."""
    return _sent(controls, start, text=False)


def texts(controls: Controls, start: str) -> tuple[Sent, ...]:
    """Return where free text of an element gets, with what isolates it and what of the data goes along (7.2)."""
    return _sent(controls, start, text=True)


def _sent(controls: Controls, start: str, *, text: bool) -> tuple[Sent, ...]:
    if (start, text) not in controls.sent:
        controls.sent[(start, text)] = tuple(_walk(controls, start, text=text))
    return controls.sent[(start, text)]


def _walk(controls: Controls, start: str, *, text: bool) -> Iterator[Sent]:
    """Yield every way, the shortest first; to a relay one for each lowest rank and what can go along by it."""
    graph = controls.context.graph
    known: dict[str, list[tuple[int, frozenset[str] | None]]] = {}
    front = [_Stay((start,), (start,), CLEAR, None)]
    while front:
        found = [
            (sent, stay)
            for stay in front
            for flow in graph.flows_from.get(stay.ends[-1], ())
            if flow.target not in stay.ends and (sent := _onward(controls, stay, flow, text=text)) is not None
        ]
        found.sort(key=lambda one: (one[0].steps, one[0].mark.broken, one[0].mark.claimed))
        front = []
        for sent, before in found:
            yield sent
            target = graph.elements.get(sent.flow.target)
            if target is None or not _passes_on(target, text=text):
                continue
            mark = sent.mark + controls.calls(target.id)
            mark = mark + stops(controls.text(target.id)) if text else mark
            ways = known.setdefault(target.id, [])
            carries = sent.carries if len(ways) < MOST_WAYS else None
            if not any(rank <= mark.rank and _holds(more, carries) for rank, more in ways):
                ways.append((mark.rank, carries))
                front.append(_Stay(sent.steps, (*before.ends, target.id), mark, carries))


def _onward(controls: Controls, stay: _Stay, flow: DataFlow, *, text: bool) -> Sent | None:
    """Return the way that goes on by a flow; None where that ends it."""
    relays, mark, carries = relays_of(controls, flow), stay.mark, stay.carries
    if text:
        stands = flow_text(controls, flow)
        if stands is None:
            return None
        mark = mark + stops(stands)
        if flow.says("carries"):
            own = frozenset(flow.words("carries"))
            carries = own if carries is None else carries & own
    elif any(controls.context.graph.elements[name].word("passes") == "none" for name in relays):
        return None
    mark = mark + controls.calls(*places_of(controls, flow))
    return Sent((*stay.steps, *relays, flow.target), mark, flow, carries)


def _passes_on(relay: Element, *, text: bool) -> bool:
    if relay.kind not in RELAYS:
        return False
    return passes_text(relay) if text else relay.word("passes") != "none"


def _holds(more: frozenset[str] | None, less: frozenset[str] | None) -> bool:
    return more is None or (less is not None and less <= more)
