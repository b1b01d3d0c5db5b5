"""Everything SEMANTICS derives, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.capability import Capability, Closure
from threatmodel.analysis.disclosure import Disclosure
from threatmodel.analysis.ends import Endings
from threatmodel.analysis.gates import APPROVAL, Controls
from threatmodel.analysis.impacts import Impacts
from threatmodel.analysis.influence import Influence, Texts
from threatmodel.analysis.paths import Invariant, Mishap, Paths, attack_paths, invariants, mishaps
from threatmodel.analysis.reach import CredentialReach, credential_reach
from threatmodel.analysis.steering import Influences
from threatmodel.catalog.setting import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Control

MOST_TRIED: Final = 10  # claimed approvals by steered agents that are looked at once more; the others do nothing


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
    closure, influences = settled(context)
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


def settled(context: Context) -> tuple[Closure, Influences]:
    """
    Return relations in which every approval by an agent is worth what that agent's influence leaves of it.

    It starts from approvals that all hold, where fewest agents are influenced; each round can only add influence, so it
    ends after at most one round per approving agent and certainty. An agent that is steered only past its own approval
    stays uninfluenced (SEMANTICS 3.5).
    """
    agents = {agent.id for agent in context.graph.agents}
    approvals = tuple(control for control in context.graph.controls if control.type == APPROVAL)
    deciding = {name for control in approvals for name in control.words("by")} & agents
    approvers: dict[str, tuple[str, ...] | None] = {}
    while True:
        controls = Controls(context, dict(approvers))
        closure, influences = _under(controls)
        if not deciding:
            return closure, influences
        found: dict[str, tuple[str, ...] | None] = {}
        for agent in deciding:
            certain, missing = influences.certainties(agent)
            if certain or missing is not None:
                found[agent] = None if certain else missing or ()
        if found == approvers:
            break
        approvers = found
    steered = {name for name, facts in approvers.items() if facts is None}
    past_itself = frozenset(_past_itself(controls, approvals, steered))
    if past_itself:
        return _under(Controls(context, controls.approvers, past_itself))
    return closure, influences


def _under(controls: Controls) -> tuple[Closure, Influences]:
    closure = Closure(controls).build()
    return closure, Influences(Texts(controls, closure.own, closure.latent_writes()).build())


def _past_itself(
    controls: Controls, approvals: Iterable[Control], steered: Collection[str]
) -> Iterator[tuple[str, str]]:
    """
    Yield approvals that are a claim, with those of their agents that are steered only past that approval (3.5).

    If it held nobody would steer them: so it is worth what it says of itself, and not nothing.
    """
    claims = [control for control in approvals if controls.outcome(control) is Outcome.CLAIM]
    asked = [control for control in claims if any(name in steered for name in control.words("by"))]
    for control in asked[:MOST_TRIED]:
        agents = [name for name in control.words("by") if name in steered]
        _, influences = _under(Controls(controls.context, controls.approvers, supposed=frozenset((control.id,))))
        yield from ((control.id, agent) for agent in agents if not influences.certainties(agent)[0])
