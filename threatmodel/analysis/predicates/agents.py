"""Questions about agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.predicates.predicate import Predicate, missing, stated
from threatmodel.analysis.truth import FALSE, Truth
from threatmodel.analysis.workload import RANK, Workload, workload
from threatmodel.model.elements import Agent

if TYPE_CHECKING:
    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Element
    from threatmodel.model.facts import Fact


def _used(element: Element) -> tuple[Fact, ...]:
    return tuple(stated(element, key) for key in ("workload", "planning", "trigger", "oversight") if element.says(key))


def _class_of(element: Element) -> Workload:
    assert isinstance(element, Agent)  # noqa: S101  `kinds` says so
    return workload(element)


def _understated(_: Context, element: Element) -> Truth:
    """SEMANTICS 13.2: the facts put the agent into a class that needs more review than the declared one."""
    found = _class_of(element)
    if found.declared not in RANK or RANK[found.declared] == max(RANK.values()):
        return FALSE
    if found.computed not in RANK:
        return Truth(None, (stated(element, "workload"),), tuple(missing(element, key) for key in found.missing))
    return Truth(RANK[found.computed] > RANK[found.declared], _used(element))


AGENTS: Final[dict[str, Predicate]] = {
    "workload-understated": Predicate(
        frozenset({"agent"}), _understated, "its facts need more review than its declared class says"
    ),
}
"""Name → predicate."""
