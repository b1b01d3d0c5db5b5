"""What hangs on a control: the severe paths and mishaps that it breaks, would break, or stands beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.catalog.setting import Outcome
from threatmodel.model.elements import Control
from threatmodel.model.facts import Fact, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.analysis.context import Context
    from threatmodel.analysis.paths import AttackPath, Mishap
    from threatmodel.model.elements import Element

SEVERE: Final = frozenset({"payment", "privilege", "execution", "destruction", "disclosure"})
"""Impacts that a reader would be called for at night, unless they can be undone."""


def severe(harm: AttackPath | Mishap) -> bool:
    """Return whether what happens is grave and not easily undone."""
    return harm.impact in SEVERE and not harm.mild


def harms_of(context: Context, agent: str) -> tuple[AttackPath | Mishap, ...]:
    """Return the paths and mishaps of one agent."""
    return context.subjects.harms_of.get(agent, ())


def in_place(context: Context, element: Element) -> bool:
    """Return whether a control is more than nothing by what it says itself."""
    assert isinstance(element, Control)  # noqa: S101  `kinds` says so
    return context.subjects.derived.controls.outcome(element) is not Outcome.NOTHING


def hanging_on(context: Context, control: Element) -> tuple[AttackPath | Mishap, ...]:
    """Return the severe paths and mishaps that a control breaks, or would break if it were more than a claim."""
    subjects = context.subjects
    found = (*subjects.broken_by.get(control.id, ()), *subjects.claimed_by.get(control.id, ()))
    return tuple(harm for harm in found if severe(harm))


def led_past(context: Context, control: Element, *, mild: bool = False) -> tuple[AttackPath | Mishap, ...]:
    """Return the paths and mishaps, not broken, that lead over a place of a control: the severe ones, or all."""
    places = dict.fromkeys(place for name in control.words("on") for place in context.graph.places_named(name))
    found = {id(harm): harm for place in places for harm in context.subjects.harms_at.get(place, ())}
    return tuple(harm for harm in found.values() if mild or severe(harm))


def told(harms: Iterable[AttackPath | Mishap], context: Context) -> tuple[Fact, ...]:
    """Return what happens as facts for the evidence of a finding: each action once, at its line."""
    graph = context.graph
    found: dict[tuple[str, str], Fact] = {}
    for harm in harms:
        element = graph.actions.get(harm.action) or graph.elements[harm.agent]
        place = f"{'path' if hasattr(harm, 'source') else 'mishap'} {harm.agent}>{harm.action}"
        text = harm.impact if harm.state == "broken" else f"{harm.impact}, {harm.state}"
        found.setdefault((harm.action, harm.impact), Fact(place, text, State.STATED, element.span))
    return tuple(found.values())
