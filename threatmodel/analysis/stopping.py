"""At which step a control of the description stops a way, once it says what it needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.derived import derive
from threatmodel.analysis.paths import AttackPath
from threatmodel.analysis.proof import HOLDS
from threatmodel.analysis.route_reasons import RouteReasons
from threatmodel.model.build import build_graph
from threatmodel.model.layers import place_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from threatmodel.analysis.amending import Amending
    from threatmodel.analysis.context import Context
    from threatmodel.analysis.paths import Mishap
    from threatmodel.analysis.trial import Trial

MOST_ELEMENTS: Final = 200  # of a system that is derived anew to tell it
KEY: Final = "enforced"


def told_where(
    context: Context, one: AttackPath | Mishap, amendings: Iterable[Amending], trial: Trial
) -> Iterator[Amending]:
    """
    Yield the same, with the step that is then stopped beside where a control is enforced.

    Args:
        context: The system, unchanged.
        one: What they close.
        amendings: Controls with the keys that make them hold.
        trial: States these keys.
    """
    for amending in amendings:
        enforced = next((change for change in amending.changes if change.fact.endswith(f".{KEY}")), None)
        small = len(context.graph.elements) <= MOST_ELEMENTS
        step = _step(context, one, amending, trial) if small and enforced is not None else 0
        if enforced is None or not step:
            yield amending
            continue
        told = replace(enforced, means=f"{enforced.means}; it then stops step {step}")
        yield replace(amending, changes=tuple(told if it is enforced else it for it in amending.changes))


def _step(context: Context, one: AttackPath | Mishap, amending: Amending, trial: Trial) -> int:
    """Return the number of the first step that one of the controls holds then; 0 where the way is another."""
    document = trial.stated(amending.changes)
    if document is None:
        return 0
    graph = build_graph(document, context.catalog)
    placed = place_all(graph, context.catalog.controls)
    derived = derive(replace(context, graph=graph, placements=placed))
    reasons = RouteReasons(derived)
    if isinstance(one, AttackPath):
        path = next((it for it in derived.paths.listed if it.id == one.id and it.steps == one.steps), None)
        stages = reasons.path(path) if path is not None else ()
    else:
        key = (one.agent, one.action, one.impact, one.steps)
        mishap = next((it for it in derived.mishaps if (it.agent, it.action, it.impact, it.steps) == key), None)
        stages = reasons.mishap(mishap) if mishap is not None else ()
    holding = (
        number
        for number, stage in enumerate(stages, 1)
        if any(stand.control in amending.controls and stand.worth == HOLDS for stand in stage.stands)
    )
    return next(holding, 0)
