"""Everything SEMANTICS derives, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatmodel.analysis.capability import Capability, Closure
from threatmodel.analysis.disclosure import Disclosure
from threatmodel.analysis.ends import Endings
from threatmodel.analysis.gates import APPROVAL, Controls
from threatmodel.analysis.impacts import Impacts
from threatmodel.analysis.influence import Influence, Texts
from threatmodel.analysis.paths import Invariant, Mishap, Paths, attack_paths, invariants, mishaps
from threatmodel.analysis.reach import CredentialReach, credential_reach
from threatmodel.analysis.steering import Influences

if TYPE_CHECKING:
    from threatmodel.analysis.context import Context


@dataclass(frozen=True, slots=True)
class Derived:
    """The derived relations of one system."""

    controls: Controls
    """What each control is worth, approvals by agents included."""
    capabilities: tuple[Capability, ...]
    """All of them up to `MOST_CAPABILITIES`; beyond that the worst."""
    capability_count: int
    """How many there are, those that are not listed included."""
    acting: frozenset[str]
    """Agents that certainly do more than read, whatever gates stand before it."""
    doubtful: frozenset[str]
    """Agents of which it is not certain that they can do something."""
    deepest: int | None
    """
    The most delegations in a row that were followed; None where all were.

    Where it is a number, capabilities and paths over longer routes are neither listed nor counted.
    """
    influences: tuple[Influence, ...]
    steering: Influences
    """Where outsiders' text gets, stores and services included."""
    paths: Paths
    mishaps: tuple[Mishap, ...]
    invariants: tuple[Invariant, ...]
    credentials: tuple[CredentialReach, ...]


def derive(context: Context) -> Derived:
    """Compute all relations of a graph."""
    closure, influences = _settled(context)
    impacts = Impacts(closure)
    capabilities = closure.capabilities()
    return Derived(
        controls=closure.controls,
        capabilities=capabilities.listed,
        capability_count=capabilities.count,
        acting=capabilities.acting,
        doubtful=capabilities.doubtful,
        deepest=closure.deepest,
        influences=influences.entries(),
        steering=influences,
        paths=attack_paths(context.graph, influences, Endings(closure, impacts, Disclosure(closure))),
        mishaps=tuple(mishaps(closure, impacts)),
        invariants=tuple(invariants(closure)),
        credentials=credential_reach(context.graph),
    )


def _settled(context: Context) -> tuple[Closure, Influences]:
    """
    Return relations in which every approval by an agent is worth what that agent's influence leaves of it.

    It starts from approvals that all hold, where fewest agents are influenced; each round can only add influence, so it
    ends after at most one round per approving agent and certainty. An agent that is steered only past its own approval
    stays uninfluenced (SEMANTICS 3.5).
    """
    agents = {agent.id for agent in context.graph.agents}
    deciding = {
        name for control in context.graph.controls if control.type == APPROVAL for name in control.words("by")
    } & agents
    approvers: dict[str, tuple[str, ...] | None] = {}
    while True:
        controls = Controls(context, dict(approvers))
        closure = Closure(controls).build()
        influences = Influences(Texts(controls, closure.own, closure.latent_writes()).build())
        if not deciding:
            return closure, influences
        found: dict[str, tuple[str, ...] | None] = {}
        for agent in deciding:
            certain, missing = influences.certainties(agent)
            if certain or missing is not None:
                found[agent] = None if certain else missing or ()
        if found == approvers:
            return closure, influences
        approvers = found
