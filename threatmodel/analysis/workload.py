"""Workload class of an agent: what the facts say, beside what its owner says (SEMANTICS 13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from threatmodel.model.elements import Agent

RANK: Final = {"human_triggered": 0, "automated": 1, "agentic": 2}
"""From the class that needs least review to the one that needs most."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Both words for one agent."""

    computed: str
    """A key of `RANK`, or `unknown`."""
    declared: str | None
    missing: tuple[str, ...]
    """Keys of the agent that would settle it."""


def workload(agent: Agent) -> Workload:
    """Work out the class of an agent."""
    planning, trigger = agent.word("planning"), agent.word("trigger")
    declared = agent.word("workload")
    if planning is None:
        return Workload("unknown", declared, ("planning",))
    if planning == "self_modifying":
        return Workload("agentic", declared, ())
    if planning == "fixed":
        if trigger is None:
            return Workload("unknown", declared, ("trigger",))
        return Workload("human_triggered" if trigger == "human" else "automated", declared, ())
    return Workload("human_triggered" if agent.word("oversight") == "every_action" else "agentic", declared, ())
