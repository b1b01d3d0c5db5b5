"""Derived relations → rows of JSON: the same in `analyze`, `can` and `paths`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threatmodel.analysis.capability import Capability
    from threatmodel.analysis.influence import Influence
    from threatmodel.analysis.paths import AttackPath, Invariant, Mishap
    from threatmodel.analysis.reach import CredentialReach
    from threatmodel.analysis.weight import Weights


def capability_row(one: Capability) -> dict[str, Any]:
    """Return what one agent can do, by one basis."""
    return {
        "agent": one.agent, "action": one.action, "effect": one.effect,
        "data": None if one.data is None else list(one.data), "reversible": one.reversible, "basis": one.basis,
        "route": list(one.route), "identity": one.identity, "credential": one.credential, "lifetime": one.lifetime,
        "gates": list(one.gates), "claimed_by": list(one.claims), "certainty": one.certainty,
        "missing": list(one.missing), "intent": one.intent,
    }  # fmt: skip


def influence_row(one: Influence) -> dict[str, Any]:
    """Return what steers one agent, with one certainty."""
    return {
        "agent": one.agent, "by": list(one.by), "certainty": one.certainty, "weakened": one.weakened,
        "route": list(one.route), "missing": list(one.missing),
    }  # fmt: skip


def path_row(one: AttackPath, weights: Weights) -> dict[str, Any]:
    """Return one attack path."""
    return {
        "id": one.id, "source": one.source, "agent": one.agent, "action": one.action, "impact": one.impact,
        "mild": one.mild, "assets": list(one.assets), "steps": list(one.steps), "state": one.state,
        "severity": weights.path(one)[0].word, "broken_by": list(one.broken_by), "claimed_by": list(one.claimed_by),
        "missing": list(one.missing), "weakened": one.weakened, "reading": one.reading or None,
    }  # fmt: skip


def mishap_row(one: Mishap, weights: Weights) -> dict[str, Any]:
    """Return one thing that can go wrong without an attacker."""
    return {
        "agent": one.agent, "action": one.action, "impact": one.impact, "mild": one.mild, "steps": list(one.steps),
        "state": one.state, "severity": weights.mishap(one)[0].word, "broken_by": list(one.broken_by),
        "claimed_by": list(one.claimed_by), "missing": list(one.missing),
    }  # fmt: skip


def invariant_row(one: Invariant) -> dict[str, Any]:
    """Return what became of one item of `never:`."""
    return {
        "agent": one.agent, "never": one.never, "state": one.state, "gates": list(one.gates),
        "missing": list(one.missing),
    }  # fmt: skip


def credential_row(one: CredentialReach) -> dict[str, Any]:
    """Return what follows from holding one credential."""
    return {
        "credential": one.credential, "opens": list(one.opens), "excess_scopes": list(one.excess_scopes),
        "lifetime": one.lifetime, "usable_after_revocation": one.usable_after_revocation,
        "held_by": list(one.held_by), "missing": list(one.missing),
    }  # fmt: skip
