"""An attack path or a mishap → the stations of its way, in order, with every control where it stands and its worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.catalog.control import Acts
from threatmodel.render.badges import Badge
from threatmodel.render.report_controls import CLAIMED, PROVEN, WITHOUT_EFFECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.paths import AttackPath, Mishap
    from threatmodel.model.graph import ModelGraph
    from threatmodel.render.report_controls import ControlRow

IMPACTS: Final = {
    "execution": "execution of code",
    "persistence": "text that is read later",
    "privilege": "wider rights",
    "unknown": "unknown: nobody says what it does",
}
"""What says more than the word of the impact."""
BROKEN: Final = Badge("broken", "◐", "decided")
BROKEN_PROVEN: Final = Badge("broken, proven", "✓", "settled")
STATES: Final = {
    "open": Badge("open", "!", "open"),
    "claimed": Badge("only claimed", "?", "unknown"),
    "unknown": Badge("cannot tell", "?", "unknown"),
    "broken": BROKEN,
}
"""State → how it looks: a path that only a claim stands on never looks like one that is broken."""
WEAKENS: Final = Badge("weakens only", "◐", "unknown")
_AT_ALL: Final = frozenset({Acts.GATE, Acts.AUTHORIZE, Acts.ISOLATE, Acts.FILTER})
_ON_TEXT: Final = frozenset({Acts.ISOLATE, Acts.FILTER})


@dataclass(frozen=True, slots=True)
class Station:
    """One thing on the way."""

    kind: str
    """Of an element, or `action`, `control`, `impact`."""
    name: str
    text: str = ""
    """What it does here, or what it is worth."""
    tone: str = ""
    """Class of the style sheet: of a control its worth, of an impact the state."""
    stops: bool = False
    """Whether the way ends here: a control that holds and breaks it."""
    worth: Badge | None = None
    """Of a control: how what it is worth looks."""


def state_badge(state: str, broken_by: Iterable[str], controls: Mapping[str, ControlRow]) -> Badge:
    """Return how a state looks; only a proven control makes a broken path green."""
    if state != "broken":
        return STATES[state]
    proven = any(name in controls and controls[name].standing == PROVEN for name in broken_by)
    return BROKEN_PROVEN if proven else BROKEN


def event(one: AttackPath | Mishap) -> str:
    """Return what comes of it."""
    assets = getattr(one, "assets", ())
    what = f" of {', '.join(assets)}" if assets and one.impact in {"disclosure", "destruction"} else ""
    mild = ", undone with effort" if one.mild and one.impact == "destruction" else ", mild" if one.mild else ""
    return f"{IMPACTS.get(one.impact, one.impact)}{what}{mild}"


def story(analysis: Analysis, one: AttackPath | Mishap, controls: Mapping[str, ControlRow]) -> tuple[Station, ...]:
    """
    Return the way from the source, or the agent, to the impact.

    Args:
        analysis: Of the system.
        one: Its shown route is followed.
        controls: Control of the description → its row.
    """
    graph = analysis.model.graph
    steps = _steps(one)
    before: dict[int, list[Station]] = {}
    placed: set[str] = set()
    worth = {*one.broken_by, *one.claimed_by}
    for at in (*range(1, len(steps)), 0):  # what stands before the first step too is shown where it stops the agent
        for name, place in _standing(analysis, steps, at, one.agent):
            if name not in placed and (at or name in worth):
                station = _control(analysis, one, controls, name, place)
                if station is not None:
                    placed.add(name)
                    before.setdefault(at, []).append(station)
    end = len(steps)
    for name in (*one.broken_by, *one.claimed_by):
        if name not in placed:
            place, at = _elsewhere(analysis, steps, name, controls, one.agent)
            station = _control(analysis, one, controls, name, place)
            if station is not None:
                before.setdefault(end if at is None else at, []).append(station)
    found: list[Station] = []
    source = getattr(one, "source", None)
    reading = getattr(one, "reading", "")
    for at, step in enumerate(steps):
        found += before.get(at, ())
        kind = kind_of(graph, step)
        text = "outsiders write here" if at == 0 and source is not None else ""
        text = "takes what it reads along" if step == reading and at > 0 and step != one.action else text
        text = "the model acts by mistake" if at == 0 and source is None else text
        found.append(Station(kind, step, text))
    found += before.get(end, ())
    badge = state_badge(one.state, one.broken_by, controls)
    tone = badge.style if one.state == "broken" else f"state-{one.state}"
    found.append(Station("impact", event(one), badge.word, tone))
    return tuple(found)


def kind_of(graph: ModelGraph, step: str) -> str:
    """Return the kind of a step; what is no element is an action."""
    element = graph.elements.get(step)
    return element.kind if element is not None else "action"


def _steps(one: AttackPath | Mishap) -> tuple[str, ...]:
    """Return the steps, with the action that reads what leaves behind the agent, where it is not on the way already."""
    reading = getattr(one, "reading", "")
    if not reading or reading == one.action or one.agent not in one.steps:
        return one.steps
    at = one.steps.index(one.agent) + 1
    return one.steps if reading in one.steps[at:] else (*one.steps[:at], reading, *one.steps[at:])


def _standing(analysis: Analysis, steps: Sequence[str], at: int, agent: str) -> Iterator[tuple[str, str]]:
    """Yield control and place of those that stand before a step."""
    graph = analysis.model.graph
    step = steps[at]

    def at_place(place: str, wanted: bool | None = None) -> Iterator[tuple[str, str]]:  # noqa: FBT001  private
        for control in graph.controls_on.get(place, ()):
            if wanted is None or wanted == _on_text(analysis, control.type):
                yield control.id, place

    if at:
        yield from at_place(f"{steps[at - 1]}>{step}")
        for flow in graph.flows:
            if flow.source in steps[:at] and flow.target == step:
                yield from at_place(flow.id)
        if kind_of(graph, steps[at - 1]) == "agent":  # a gate on an agent stands before all that it calls
            yield from at_place(steps[at - 1], wanted=False)
            yield f"{steps[at - 1]}.authorization", steps[at - 1]
    if at or step != agent:
        yield from at_place(step, wanted=True if kind_of(graph, step) == "agent" else None)
    if step not in graph.elements and at > 0:
        yield from at_place(step.partition(".")[0])
        credential = step.partition(":")[0]
        yield from at_place(credential) if credential != step else ()


def _elsewhere(
    analysis: Analysis, steps: Sequence[str], name: str, controls: Mapping[str, ControlRow], agent: str
) -> tuple[str, int | None]:
    """Return where a control stands that no step names, and before which step that is; None: before the impact."""
    if name in controls:
        row = controls[name]
        first = next((at for at, step in enumerate(steps) if at and step.partition(".")[0] in row.on), None)
        if first is None and _on_text(analysis, row.type):
            kinds = [kind_of(analysis.model.graph, step) for step in steps]
            first = next((at for at, kind in enumerate(kinds) if at and kind == "agent"), None)
        return ", ".join(row.on), first
    holder = name.rpartition(".")[0] or agent
    return holder, next((at + 1 for at, step in enumerate(steps) if step == holder), None)


def _on_text(analysis: Analysis, control_type: str) -> bool:
    known = analysis.model.catalog.controls.get(control_type)
    return known is not None and known.acts in _ON_TEXT


def _control(
    analysis: Analysis, one: AttackPath | Mishap, controls: Mapping[str, ControlRow], name: str, place: str
) -> Station | None:
    """Return a control on the way; None for one that is not meant to stand in this way."""
    row = controls.get(name)
    if name in one.broken_by:
        worth = row.standing if row is not None else BROKEN
        return Station("control", name, f"breaks it, {worth.word}: on {place}", worth.style, stops=True, worth=worth)
    if name in one.claimed_by:
        return Station("control", name, f"only {CLAIMED.word}: on {place}", CLAIMED.style, worth=CLAIMED)
    if row is None:
        return None
    known = analysis.model.catalog.controls.get(row.type)
    if known is None or known.acts not in _AT_ALL:
        return None
    if row.standing == WITHOUT_EFFECT:
        worth = WITHOUT_EFFECT
    elif known.acts is Acts.FILTER:
        worth = CLAIMED if row.standing == CLAIMED else WEAKENS
    else:
        return None
    return Station("control", name, f"{worth.word}: on {place}", worth.style, worth=worth)
