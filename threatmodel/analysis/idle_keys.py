"""Secrets that would open what an agent must never do, and that it has no means to use: why `held` may not last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatmodel.analysis.capability import Bounds
from threatmodel.analysis.powers import credential_names
from threatmodel.analysis.reach import opens

if TYPE_CHECKING:
    from threatmodel.analysis.paths import Invariant
    from threatmodel.model.elements import Tool
    from threatmodel.model.graph import ModelGraph


@dataclass(frozen=True, slots=True)
class IdleKey:
    """One secret an agent has, itself or in a tool of its own."""

    credential: str
    tool: str = ""
    """The tool that has it; empty where the agent itself does."""


def idle_keys(graph: ModelGraph, one: Invariant) -> tuple[IdleKey, ...]:
    """
    Return the secrets of an agent that open what one item of its `never:` names, though no way leads there.

    A shell, or code that runs beside the agent, would make each of them a way: the item is held by what is not there.
    """
    agent = next((known for known in graph.agents if known.id == one.agent), None)
    if agent is None or one.state != "held":
        return ()
    bounds = Bounds(graph, agent)
    found = []
    for credential in credential_names(graph, agent):
        powers = opens(graph, credential)
        if any(bounds.covers(one.never, power, effect) for power in powers for effect in power.effects):
            own = {*agent.words("credential"), *agent.words("credentials")}
            mine = credential.id in own or agent.id in credential.words("held_by")
            users = (tool.id for tool in graph.tools_of[agent.id] if credential.id in _secrets(tool))
            found.append(IdleKey(credential.id, "" if mine else next(users, "")))
    return tuple(found)


def opening(graph: ModelGraph, one: Invariant) -> str:
    """Return which secrets would open it as a clause; empty where there is none."""
    keys = idle_keys(graph, one)
    mine = [key.credential for key in keys if not key.tool]
    said = [f"it has {' and '.join(mine)}, which {'opens' if len(mine) == 1 else 'open'} it"] if mine else []
    said += [f"its tool {key.tool} uses {key.credential}, which opens it" for key in keys if key.tool]
    return " and ".join(said)


def _secrets(tool: Tool) -> set[str]:
    return {*tool.words("credential"), *tool.words("credentials")}
