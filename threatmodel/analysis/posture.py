"""The fourfold line: how many agents can act, can be influenced, are held by proven controls, are not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatmodel.analysis.holding import proven

if TYPE_CHECKING:
    from datetime import date

    from threatmodel.analysis.derived import Derived
    from threatmodel.analysis.paths import AttackPath, Mishap
    from threatmodel.model.graph import ModelGraph


@dataclass(frozen=True, slots=True)
class Posture:
    """Counts of agents. They overlap, and are never added up or made into a score."""

    agents: int
    act: int
    """Those that certainly do more than read, by themselves or through others, whatever gates stand before it."""
    influenced: int
    """Those that outsiders' text certainly reaches."""
    perhaps_influenced: int
    """Those of which nobody can tell whether it does."""
    endangered: int
    """Those through which an attack path leads, or that can do harm by mistake: they need controls."""
    proven: int
    """Of these, those whose every path and mishap is broken by a control that was tested, with evidence in force."""
    unknown: int
    """Those about which something cannot be told, since a fact is missing."""


def posture(graph: ModelGraph, derived: Derived, today: date) -> Posture:
    """Count the agents of a system."""
    tested = {control.id for control in graph.controls if proven(control, today)}
    act, doubtful, endangered, unproven = (set[str]() for _ in range(4))
    for capability in derived.capabilities:
        if capability.certainty != "yes":
            doubtful.add(capability.agent)
        elif capability.effect not in {"read", "unknown"}:
            act.add(capability.agent)
    certain = {one.agent for one in derived.influences if one.certainty == "yes"}
    perhaps = {one.agent for one in derived.influences} - certain
    harms: tuple[AttackPath | Mishap, ...] = (*derived.paths.listed, *derived.mishaps)
    for harm in harms:
        endangered.add(harm.agent)
        if harm.state == "unknown":
            doubtful.add(harm.agent)
        if not tested.intersection(harm.broken_by):
            unproven.add(harm.agent)
    doubtful |= perhaps | {one.agent for one in derived.invariants if one.state == "unknown"}
    return Posture(
        agents=len(graph.agents),
        act=len(act),
        influenced=len(certain),
        perhaps_influenced=len(perhaps),
        endangered=len(endangered),
        proven=len(endangered - unproven),
        unknown=len(doubtful),
    )
