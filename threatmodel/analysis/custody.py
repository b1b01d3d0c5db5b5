"""With whom a credential lies and for whom it is used, in words: an agent does not hold what its tool holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.model.elements import Element
    from threatmodel.model.graph import ModelGraph

CUSTODY: Final = "custody"
"""The placeholder that a message on a credential may hold."""
_MOST_NAMES: Final = 6


def custody(graph: ModelGraph, credential: Element) -> str:
    """
    Return who holds a credential and who uses it for whom, with every agent and user that the graph knows.

    Examples: `held by fixer`, `used by mailer for triage`, `used by preview-site for fixer, and by docs-site`.
    """
    agents = graph.agents_holding.get(credential.id, ())
    holders = [agent.id for agent in agents if _holds(graph, agent, credential)]
    users = [user for user in graph.credential_users.get(credential.id, ()) if user.id not in holders]
    served = {user.id: [one.id for one in agents if user in graph.tools_of.get(one.id, ())] for user in users}
    between = [user.id for user in users if served[user.id]]
    agents_served = [agent.id for agent in agents if any(agent.id in names for names in served.values())]
    alone = [user.id for user in users if not served[user.id]]
    parts = [f"held by {_listed(holders)}"] if holders else []
    if between:
        parts.append(f"used by {_listed(between)} for {_listed(agents_served)}")
    if alone:
        parts.append(f"{'by' if between else 'used by'} {_listed(alone)}")
    return ", and ".join(parts) or "held by nobody"


def _holds(graph: ModelGraph, agent: Element, credential: Element) -> bool:
    """Return whether it lies with the agent itself, by its own facts, its runtime's or the credential's."""
    named = (*agent.words("credential"), *agent.words("credentials"))
    runtime = graph.runtime_of(agent)
    placed = () if runtime is None else runtime.words("credentials")
    return credential.id in (*named, *placed) or agent.id in credential.words("held_by")


def _listed(names: Iterable[str]) -> str:
    every = tuple(dict.fromkeys(names))
    more = len(every) - _MOST_NAMES
    return ", ".join(every[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
