"""The fourfold line: how many agents can act, can be influenced, are held by proven controls, are not known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatmodel.analysis.holding import proven
from threatmodel.analysis.marks import BROKEN, UNKNOWN

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
    """Count the agents of a system; what lists leave out counts as well."""
    tested = {control.id for control in graph.controls if proven(control, today)}
    certain = {one.agent for one in derived.influences if one.certainty == "yes"}
    perhaps = {one.agent for one in derived.influences} - certain
    endangered = {*derived.paths.by_agent, *(one.agent for one in derived.mishaps)}
    held = {agent: counts[BROKEN] for agent, counts in derived.paths.by_agent.items() if sum(counts) == counts[BROKEN]}
    unproven = {*derived.paths.by_agent} - {*held}
    harms: tuple[AttackPath | Mishap, ...] = (*derived.paths.listed, *derived.mishaps)
    for harm in harms:
        if not tested.intersection(harm.broken_by):
            unproven.add(harm.agent)
    listed = Counter(path.agent for path in derived.paths.listed)
    unproven |= {agent for agent, count in held.items() if listed[agent] < count}  # what is not looked at is not proven
    doubtful = {agent for agent, counts in derived.paths.by_agent.items() if counts[UNKNOWN]}
    doubtful |= {one.agent for one in derived.mishaps if one.state == "unknown"}
    doubtful |= {one.agent for one in derived.invariants if one.state == "unknown"}
    return Posture(
        agents=len(graph.agents),
        act=len(derived.acting),
        influenced=len(certain),
        perhaps_influenced=len(perhaps),
        endangered=len(endangered),
        proven=len(endangered - unproven),
        unknown=len(doubtful | derived.doubtful | perhaps),
    )
