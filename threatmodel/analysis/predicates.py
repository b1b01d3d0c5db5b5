"""Named questions about the graph that rules may ask: what the condition operators cannot say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.holding import counts, evidence
from threatmodel.analysis.truth import FALSE, Truth
from threatmodel.analysis.workload import RANK, workload
from threatmodel.model.elements import Agent, Control
from threatmodel.model.facts import Fact, State, fact

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Element


@dataclass(frozen=True, slots=True)
class Predicate:
    """A question, the kinds it can be asked about, and what a rule author reads of it."""

    kinds: frozenset[str]
    test: Callable[[Context, Element], Truth]
    about: str


def _stated(element: Element, key: str) -> Fact:
    return Fact(f"{element.place}.{key}", element.word(key), State.STATED, element.body.value_span(key))


def _missing(element: Element, key: str) -> Fact:
    return Fact(f"{element.place}.{key}", None, State.UNKNOWN, element.span)


def _workload_understated(_: Context, element: Element) -> Truth:
    """SEMANTICS 13.2: the facts put the agent into a class that needs more review than the declared one."""
    assert isinstance(element, Agent)  # noqa: S101  `kinds` says so
    found = workload(element)
    if found.declared not in RANK:
        return FALSE
    if found.computed not in RANK:
        return Truth(None, (_stated(element, "workload"),), tuple(_missing(element, key) for key in found.missing))
    used = tuple(_stated(element, key) for key in ("workload", "planning", "trigger", "oversight") if element.says(key))
    return Truth(RANK[found.computed] > RANK[found.declared], used)


def _workload_overstated(_: Context, element: Element) -> Truth:
    assert isinstance(element, Agent)  # noqa: S101  `kinds` says so
    found = workload(element)
    if found.declared not in RANK or found.computed not in RANK:
        return FALSE
    used = tuple(_stated(element, key) for key in ("workload", "planning", "trigger", "oversight") if element.says(key))
    return Truth(RANK[found.computed] < RANK[found.declared], used)


def _tested_without_evidence(_: Context, element: Element) -> Truth:
    assert isinstance(element, Control)  # noqa: S101  `kinds` says so
    if element.word("status") != "tested":
        return FALSE
    return Truth(value=not evidence(element), used=(_stated(element, "status"),))


def _evidence_expired(context: Context, element: Element) -> Truth:
    """All evidence of a tested control lies past its date (SEMANTICS 3.2)."""
    assert isinstance(element, Control)  # noqa: S101  `kinds` says so
    items = evidence(element)
    if element.word("status") != "tested" or not items:
        return FALSE
    used = (_stated(element, "status"), fact(context.graph, element, ("evidence",)))
    return Truth(value=not any(counts(item, context.today) for item in items), used=used)


PREDICATES: Final[dict[str, Predicate]] = {
    "workload-understated": Predicate(frozenset({"agent"}), _workload_understated, "its facts need more review than its declared class says"),
    "workload-overstated": Predicate(frozenset({"agent"}), _workload_overstated, "its declared class needs more review than its facts"),
    "tested-without-evidence": Predicate(frozenset({"control"}), _tested_without_evidence, "it says tested and names no evidence"),
    "evidence-expired": Predicate(frozenset({"control"}), _evidence_expired, "it is tested and all of its evidence is past its date"),
}
