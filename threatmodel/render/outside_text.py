"""Analysis → between which elements text that an outsider wrote passes, word for word: what pictures paint red."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatmodel.analysis.marks import CLAIMED, UNKNOWN

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis


@dataclass(frozen=True, slots=True)
class OutsideText:
    """Pairs of elements, first the one that passes text on."""

    certain: frozenset[tuple[str, str]]
    doubtful: frozenset[tuple[str, str]]
    """Those of which nobody can tell, since a fact is missing."""
    told: frozenset[tuple[str, str]]
    """Pairs between which a stated flow is drawn, so that nothing else need show the same text."""


def outside_text(analysis: Analysis) -> OutsideText:
    """
    Return where outsiders' text passes: from its sources on through gateways, stores and other relays.

    It ends at an agent, which writes words of its own, and where a control that holds stops it; a claim stops nothing.
    """
    certain = _passed(analysis, CLAIMED)
    told = frozenset((flow.source, flow.target) for flow in analysis.model.graph.flows)
    return OutsideText(certain, _passed(analysis, UNKNOWN) - certain, told)


def _passed(analysis: Analysis, most: int) -> frozenset[tuple[str, str]]:
    elements = analysis.model.graph.elements
    starts, ahead = analysis.derived.steering.passing(most)
    found = set(starts)
    waiting = [target for _, target in starts]
    seen = set(waiting)
    while waiting:
        here = waiting.pop()
        if here in elements and elements[here].kind == "agent":
            continue
        for target in ahead.get(here, ()):
            found.add((here, target))
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return frozenset(found)
