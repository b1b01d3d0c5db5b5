"""Everything SEMANTICS derives, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatmodel.analysis.capability import Capability, Closure
from threatmodel.analysis.disclosure import Disclosure
from threatmodel.analysis.gates import APPROVAL, Controls
from threatmodel.analysis.impacts import Impacts
from threatmodel.analysis.influence import Influence, Texts
from threatmodel.analysis.paths import Invariant, Mishap, Paths, attack_paths, invariants, mishaps
from threatmodel.analysis.reach import CredentialReach, credential_reach

if TYPE_CHECKING:
    from threatmodel.analysis.context import Context


@dataclass(frozen=True, slots=True)
class Derived:
    """The derived relations of one system."""

    controls: Controls
    """What each control is worth, approvals by agents included."""
    capabilities: tuple[Capability, ...]
    influences: tuple[Influence, ...]
    paths: Paths
    mishaps: tuple[Mishap, ...]
    invariants: tuple[Invariant, ...]
    credentials: tuple[CredentialReach, ...]


def derive(context: Context) -> Derived:
    """Compute all relations of a graph."""
    closure, texts = _settled(context)
    impacts, disclosure = Impacts(closure), Disclosure(closure)
    return Derived(
        controls=closure.controls,
        capabilities=closure.capabilities(),
        influences=texts.influences(),
        paths=attack_paths(closure, texts, impacts, disclosure),
        mishaps=tuple(mishaps(closure, impacts)),
        invariants=tuple(invariants(closure)),
        credentials=credential_reach(context.graph),
    )


def _settled(context: Context) -> tuple[Closure, Texts]:
    """
    Return capabilities and texts in which every approval by an agent is worth what that agent's influence leaves of it.

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
        texts = Texts(controls, closure.own, closure.latent_writes()).build()
        if not deciding:
            return closure, texts
        found: dict[str, tuple[str, ...] | None] = {}
        for influence in texts.influences():
            if influence.agent in deciding:
                if influence.certainty == "yes":
                    found[influence.agent] = None
                else:
                    found.setdefault(influence.agent, influence.missing)
        if found == approvers:
            return closure, texts
        approvers = found
