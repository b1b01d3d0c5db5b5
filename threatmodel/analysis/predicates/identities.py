"""Questions about identities, credentials and what they are granted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.predicates.predicate import Predicate, missing
from threatmodel.analysis.truth import FALSE, TRUE, Truth
from threatmodel.model.facts import Fact, State, fact

if TYPE_CHECKING:
    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Element

BROAD_WORDS: Final = frozenset({"*", "admin", "all", "any", "everything", "full", "owner", "root", "superuser"})
_PIECES: Final = re.compile(r"[^a-z0-9*]+")


def _broad_scope_granted(context: Context, element: Element) -> Truth:
    """
    One of the granted scopes holds a `*` or a word for everything as a piece of its name.

    All of a tool's own actions, where they are listed, is what it offers and not everything.
    """
    granted = fact(context.graph, element, ("credential", "scopes", "granted"))
    if granted.state is State.ABSENT:
        return FALSE
    if not granted.known:
        return Truth(None, (), (granted,))
    scopes = granted.value if isinstance(granted.value, tuple) else (granted.value,)
    listed = bool(element.body.get("actions")) and element.word("actions_complete") != "no"
    own = f"{element.id}.*" if listed else None
    broad = any(
        "*" in scope or BROAD_WORDS & set(_PIECES.split(scope.lower())) for scope in map(str, scopes) if scope != own
    )
    return Truth(broad, (granted,))


def _unused(context: Context, element: Element) -> Truth:
    """
    Nothing in the description names it.

    An issuer is used by whom it issues for, who need not be described. An identity may be that of an agent whose
    identity nobody states; a credential may be held by somebody where `held_by` is `unknown`. A credential that was
    made from another one is used where that one is: its row says how that secret travels.
    """
    if element.word("kind") == "issuer" or element.id in context.graph.proof_names:
        return FALSE
    if element.kind == "credential":
        if element.words("held_by"):
            return FALSE
        if element.word("derived_from") in context.graph.elements:
            return FALSE
        open_question = element.body.get("held_by") == "unknown"
        return Truth(None, (), (missing(element, "held_by"),)) if open_question else TRUE
    silent = tuple(
        Fact(f"{agent.place}.identity", None, State.UNKNOWN, element.span)
        for agent in context.graph.agents
        if agent.word("identity") is None
    )
    return Truth(None, (), silent) if silent else TRUE


IDENTITIES: Final[dict[str, Predicate]] = {
    "broad-scope-granted": Predicate(
        frozenset({"tool", "skill", "service", "model"}),
        _broad_scope_granted,
        "a scope its credential is granted means everything",
    ),
    "unused": Predicate(frozenset({"identity", "credential"}), _unused, "nothing in the description uses it"),
}
"""Name → predicate."""
