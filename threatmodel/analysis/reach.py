"""Credential reach: what a secret opens, for how long, and after it was revoked (SEMANTICS 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.powers import Power, permits, power_of
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import as_words
from threatmodel.model.worst import seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.model.elements import Action, Credential
    from threatmodel.model.graph import ModelGraph

UNSAID: Final = "unknown"


@dataclass(frozen=True, slots=True)
class CredentialReach:
    """What follows from holding one credential."""

    credential: str
    opens: tuple[str, ...]
    """Actions that whoever has it can do, sorted."""
    excess_scopes: tuple[str, ...]
    """Granted beyond what is needed, in the order of the description."""
    lifetime: str
    """As written, or `unknown`."""
    usable_after_revocation: str
    """How long it, or a token made from it, works after it was revoked; `unknown` where nobody says."""
    held_by: tuple[str, ...]
    """Who can lose it, sorted."""
    missing: tuple[str, ...]


def scopes(credential: Credential, key: str) -> tuple[str, ...] | None:
    """Return `requested`, `granted` or `needed` scopes; None where nobody says."""
    written = credential.body.get("scopes")
    if not isinstance(written, MapNode):
        return None
    value = written.get(key)
    return None if value is None or value == UNSAID else as_words(value)


def meaning(credential: Credential, scope: str) -> tuple[str, ...]:
    """Return the actions that the description says a scope opens; a text only explains it."""
    written = credential.body.get("scopes")
    means = written.get("meaning") if isinstance(written, MapNode) else None
    value = means.get(scope) if isinstance(means, MapNode) else None
    return as_words(value) if isinstance(value, list) else ()


def scope_actions(graph: ModelGraph, credential: Credential, scope: str) -> tuple[Action, ...]:
    """Return the declared actions that a scope names, directly, by pattern or through its meaning."""
    names = (scope, *meaning(credential, scope))
    return tuple(dict.fromkeys(action for name in names for action in graph.match_actions(name)))


def opens(graph: ModelGraph, credential: Credential) -> tuple[Power, ...]:
    """Return what a credential opens (10.2)."""
    granted = scopes(credential, "granted") or ()
    identity = graph.identity_of(credential)
    named = tuple(dict.fromkeys(action for scope in granted for action in scope_actions(graph, credential, scope)))
    if named:
        powers = tuple(power_of(action) for action in named)
        return tuple(power for power in powers if permits(identity, power))
    if identity is not None and identity.body.get("permissions") not in (None, UNSAID):
        matched = (action for pattern in identity.words("permissions") for action in graph.match_actions(pattern))
        return tuple(power_of(action) for action in dict.fromkeys(matched))
    users = [user.id for user in graph.credential_users.get(credential.id, ()) if user.id in graph.actions_of_tool]
    if len(users) == 1:
        return tuple(power_of(action) for action in graph.actions_of_tool[users[0]])
    return tuple(power_of(action) for action in graph.actions.values() if action.tool.id in users) if users else ()


def opaque(graph: ModelGraph, credential: Credential) -> tuple[Power, ...]:
    """Return granted scopes that name no declared action and are not needed, as powers nobody can describe (5.3)."""
    granted, needed = scopes(credential, "granted") or (), scopes(credential, "needed")
    doubt = (f"{credential.place}.scopes.needed",) if needed is None else ()
    return tuple(
        Power(f"{credential.id}:{scope}", ("unknown",), credential.place, doubt=doubt)
        for scope in granted
        if not scope_actions(graph, credential, scope) and scope not in (needed or ())
    )


def excess(credential: Credential) -> tuple[str, ...]:
    """Return the granted scopes that are not needed; none where nobody says what is needed."""
    needed = scopes(credential, "needed")
    return (
        () if needed is None else tuple(scope for scope in scopes(credential, "granted") or () if scope not in needed)
    )


def credential_reach(graph: ModelGraph) -> tuple[CredentialReach, ...]:
    """Return the reach of every credential, in the order of the description."""
    derived: dict[str, list[Credential]] = {}
    for credential in graph.credentials:
        for name in credential.words("derived_from"):
            derived.setdefault(name, []).append(credential)
    return tuple(_reach(graph, credential, derived) for credential in graph.credentials)


def _reach(graph: ModelGraph, credential: Credential, derived: Mapping[str, list[Credential]]) -> CredentialReach:
    lifetime = credential.word("lifetime") or UNSAID
    after, missing = usable_after(credential, derived)
    missing += (f"{credential.place}.lifetime",) if lifetime == UNSAID else ()
    holders = {user.id for user in graph.credential_users.get(credential.id, ())}
    holders |= {agent.id for agent in graph.agents_holding.get(credential.id, ())}
    return CredentialReach(
        credential.id,
        tuple(sorted({power.name for power in opens(graph, credential)})),
        excess(credential),
        lifetime,
        after,
        tuple(sorted(holders)),
        tuple(dict.fromkeys(missing)),
    )


def usable_after(credential: Credential, derived: Mapping[str, list[Credential]]) -> tuple[str, tuple[str, ...]]:
    """
    Return how long a credential works after it was revoked, and the facts that keep this unknown (10.3).

    The longest of `revoked.within` and the lifetimes of tokens made from it, directly or not; `revoked: never` takes
    its own lifetime. One unknown part leaves the whole unknown, unless another part is `never`: nothing is longer.
    """
    revoked = credential.body.get("revoked")
    if revoked == "never":
        first, missing = credential.word("lifetime"), (f"{credential.place}.lifetime",)
    elif isinstance(revoked, MapNode):
        within = revoked.get("within")
        first, missing = None if within in (None, UNSAID) else str(within), (f"{credential.place}.revoked.within",)
    else:
        first, missing = None, (f"{credential.place}.revoked",)
    durations = [] if first is None else [first]
    unknown: tuple[str, ...] = missing if first is None else ()
    seen = {credential.id}
    todo = [credential.id]
    while todo:
        for token in derived.get(todo.pop(), ()):
            if token.id in seen:
                continue
            seen.add(token.id)
            todo.append(token.id)
            lifetime = token.word("lifetime")
            if lifetime is None:
                unknown += (f"{token.place}.lifetime",)
            else:
                durations.append(lifetime)
    if unknown and "never" not in durations:
        return UNSAID, unknown
    return max(durations, key=lambda text: (seconds(text) or 0.0, text)), ()
