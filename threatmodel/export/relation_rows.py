"""Derived relations → rows of JSON: the same in `analyze`, `can` and `paths`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Protocol

from threatmodel.analysis.explain import mishap_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from threatmodel.analysis.capability import Capability
    from threatmodel.analysis.influence import Influence
    from threatmodel.analysis.paths import AttackPath, Invariant, Mishap
    from threatmodel.analysis.reach import CredentialReach
    from threatmodel.analysis.weight import Weights


_json: Final = json.JSONEncoder(ensure_ascii=False).encode
_TRUTH: Final = {True: "true", False: "false"}
word: Final[Callable[[str], str]] = json.encoder.encode_basestring  # a text as JSON
ALL_FACTS: Final = 100_000
"""Missing facts that all rows of an output list. Where there are more, each row lists the first few of its own."""
FEW_FACTS: Final = 10


def most_facts(*relations: Iterable[Missing]) -> int | None:
    """Return how many missing facts a row may list; None for all of them."""
    return FEW_FACTS if sum(len(one.missing) for same in relations for one in same) > ALL_FACTS else None


def facts(missing: tuple[str, ...], most: int | None, count: int = 0) -> dict[str, Any]:
    """Return the missing facts of a row, by name, and how many there are where these are not all."""
    count, listed = max(count, len(missing)), list(missing[:most])
    return {"missing": listed} if len(listed) == count else {"missing": listed, "missing_count": count}


class Missing(Protocol):
    """Whatever hangs on facts."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Places of facts."""


def capability_row(one: Capability, most: int | None) -> dict[str, Any]:
    """Return what one agent can do, by one basis."""
    return {
        "agent": one.agent, "action": one.action, "effect": one.effect,
        "data": None if one.data is None else list(one.data), "reversible": one.reversible, "basis": one.basis,
        "route": list(one.route), "identity": one.identity, "credential": one.credential, "lifetime": one.lifetime,
        "gates": list(one.gates), "claimed_by": list(one.claims), "certainty": one.certainty,
        **facts(one.missing, most), "intent": one.intent,
    }  # fmt: skip


def influence_row(one: Influence, most: int | None) -> dict[str, Any]:
    """Return what steers one agent, with one certainty."""
    return {
        "agent": one.agent, "by": list(one.by), "certainty": one.certainty, "weakened": one.weakened,
        "route": list(one.route), **facts(one.missing, most, one.missing_count),
        **({"by_count": one.by_count} if one.by_count > len(one.by) else {}),
    }  # fmt: skip


class Lines(list[str]):
    """Entries that are JSON already."""


def path_lines(paths: Iterable[AttackPath], weights: Weights, most: int | None) -> Lines:
    """
    Return attack paths as JSON.

    A large system has many thousand that share names and facts: each of these is turned into text once.
    """
    shared: dict[int, str] = {}
    listed: dict[tuple[str, ...], str] = {}

    def names(values: tuple[str, ...]) -> str:
        known = listed.get(values)
        if known is None:
            known = listed[values] = f"[{', '.join(map(word, values))}]"
        return known

    lines = Lines()
    for one in paths:
        missing = shared.get(id(one.missing))
        if missing is None:
            missing = shared[id(one.missing)] = _json(facts(one.missing, most))[1:]
        lines.append(
            f'{{"id": {word(one.id)}, "source": {word(one.source)}, "agent": {word(one.agent)}, '
            f'"action": {word(one.action)}, "impact": "{one.impact}", "mild": {_TRUTH[one.mild]}, '
            f'"assets": {names(one.assets)}, "steps": {names(one.steps)}, "state": "{one.state}", '
            f'"severity": "{weights.path(one)[0].word}", "broken_by": {names(one.broken_by)}, '
            f'"claimed_by": {names(one.claimed_by)}, "weakened": {_TRUTH[one.weakened]}, '
            f'"reading": {word(one.reading) if one.reading else "null"}, {missing}'
        )
    return lines


def mishap_row(one: Mishap, weights: Weights, most: int | None) -> dict[str, Any]:
    """Return one thing that can go wrong without an attacker."""
    return {
        "id": mishap_id(one), "agent": one.agent, "action": one.action, "impact": one.impact, "mild": one.mild,
        "steps": list(one.steps), "state": one.state, "severity": weights.mishap(one)[0].word,
        "broken_by": list(one.broken_by), "claimed_by": list(one.claimed_by), **facts(one.missing, most),
    }  # fmt: skip


def invariant_row(one: Invariant, most: int | None) -> dict[str, Any]:
    """Return what became of one item of `never:`."""
    return {
        "agent": one.agent, "never": one.never, "state": one.state, "gates": list(one.gates),
        **facts(one.missing, most),
    }  # fmt: skip


def credential_row(one: CredentialReach, most: int | None) -> dict[str, Any]:
    """Return what follows from holding one credential."""
    return {
        "credential": one.credential, "opens": list(one.opens), "excess_scopes": list(one.excess_scopes),
        "lifetime": one.lifetime, "usable_after_revocation": one.usable_after_revocation,
        "held_by": list(one.held_by), **facts(one.missing, most),
    }  # fmt: skip
