"""Named ways from an element to others, for `some`, `every`, `count` and `related` of a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from threatmodel.model.effects import GRAVE
from threatmodel.model.elements import Agent, as_words
from threatmodel.model.facts import Fact, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from threatmodel.model.elements import Element
    from threatmodel.model.graph import ModelGraph

Elements: TypeAlias = "tuple[Element, ...]"
_NO_TEXT: Final = frozenset({"typed", "closed"})


@dataclass(frozen=True, slots=True)
class Relation:
    """Where it starts, what it finds, and which unsaid key leaves it open."""

    starts: frozenset[str]
    finds: frozenset[str]
    """Kinds of what it leads to, so that a rule's paths can be checked."""
    ways: Callable[[ModelGraph, Element], Elements]
    unsaid: str | None = None
    """A key of the start; where nobody states it, there may be more than what is found."""
    beyond: str | None = None
    """A key of the start that leads to more of the same, which are no elements and are not found."""

    def complete(self, start: Element) -> bool:
        """Return whether what is found is all there is."""
        return not self.missing(start) and not (self.beyond and start.body.get(self.beyond))

    def missing(self, start: Element) -> tuple[Fact, ...]:
        """Return the fact that would say whether there are more."""
        if self.unsaid is None or start.says(self.unsaid):
            return ()
        return (Fact(f"{start.place}.{self.unsaid}", None, State.UNKNOWN, start.span),)


def _one(element: Element | None) -> Elements:
    return () if element is None else (element,)


def _named(key: str) -> Callable[[ModelGraph, Element], Elements]:
    return lambda graph, start: tuple(found for name in start.words(key) if (found := graph.find(name)))


def _index(name: str) -> Callable[[ModelGraph, Element], Elements]:
    def ways(graph: ModelGraph, start: Element) -> Elements:
        index: Mapping[str, Elements] = getattr(graph, name)
        return index.get(start.id, ())

    return ways


def _end(name: str) -> Callable[[ModelGraph, Element], Elements]:
    return lambda graph, start: _one(graph.find(getattr(start, name)))


def _identity_agents(graph: ModelGraph, start: Element) -> Elements:
    return tuple(user for user in graph.identity_users.get(start.id, ()) if isinstance(user, Agent))


def _actors(graph: ModelGraph, start: Element) -> Elements:
    """Agents that act under an identity: themselves, by a tool that has it, or by a credential that proves it."""
    found: dict[str, Agent] = {}
    for user in graph.identity_users.get(start.id, ()):
        agents = (user,) if isinstance(user, Agent) else graph.users_of_tool.get(user.id, ())
        found.update((agent.id, agent) for agent in agents)
    for credential in graph.credentials_of_identity.get(start.id, ()):
        found.update((agent.id, agent) for agent in graph.agents_holding.get(credential.id, ()))
    return tuple(found.values())


def _credential_tools(graph: ModelGraph, start: Element) -> Elements:
    return tuple(user for user in graph.credential_users.get(start.id, ()) if user.kind in {"tool", "skill"})


def _credential_actions(graph: ModelGraph, start: Element) -> Elements:
    """Actions of the tools that use a credential; where its granted scopes name any action, only those named."""
    actions = [action for tool in _credential_tools(graph, start) for action in graph.actions_of_tool.get(tool.id, ())]
    scopes = start.body.get("scopes")
    granted = as_words(scopes.get("granted")) if isinstance(scopes, dict) else ()
    meaning = scopes.get("meaning") if isinstance(scopes, dict) else None
    opened = [
        name
        for scope in granted
        for name in (scope, *as_words(meaning.get(scope) if isinstance(meaning, dict) else None))
    ]
    named = {action.id for name in opened for action in graph.match_actions(name)}
    return tuple(action for action in actions if action.id in named) if named else tuple(actions)


def _grave_actions(graph: ModelGraph, start: Element) -> Elements:
    return tuple(action for action in _credential_actions(graph, start) if GRAVE & set(action.words("effect")))


def _callee(graph: ModelGraph, start: Element) -> Elements:
    found = graph.find(getattr(start, "target", ""))
    return (found,) if isinstance(found, Agent) else ()


def _tool_of(_: ModelGraph, start: Element) -> Elements:
    return _one(getattr(start, "tool", None))


def _tool_agents(graph: ModelGraph, start: Element) -> Elements:
    tool = getattr(start, "tool", start)
    return graph.users_of_tool.get(tool.id, ())


def _action_agents(graph: ModelGraph, start: Element) -> Elements:
    return tuple(agent for agent in _tool_agents(graph, start) if start in graph.attached[agent.id])


def _writers(graph: ModelGraph, start: Element) -> Elements:
    return tuple(found for name in start.words("writers") if (found := graph.find(name)))


def _instructed(graph: ModelGraph, start: Element) -> Elements:
    """Agents that take their instructions from a store as it stands: one that is pinned to a version does not."""
    edges = graph.edges_from.get(start.id, ())
    told = (graph.find(edge.target) for edge in edges if edge.kind == "instructions")
    return tuple(agent for agent in told if agent is not None and not _pinned(agent))


def _pinned(agent: Element) -> bool:
    instructions = agent.body.get("instructions")
    return isinstance(instructions, dict) and instructions.get("pinned") is True


def readers(graph: ModelGraph, start: Element) -> Elements:
    """Agents that read text of a store: as memory, by a flow, or by an action of their tools."""
    found: dict[str, Element] = {agent.id: agent for agent in graph.users_of_memory.get(start.id, ())}
    for flow in graph.flows_from.get(start.id, ()):
        target = graph.elements.get(flow.target)
        if isinstance(target, Agent) and flow.word("content") not in _NO_TEXT:
            found[target.id] = target
    found.update((agent.id, agent) for agent in graph.readers_by_action.get(start.id, ()))
    return tuple(found.values())


def _parts(key: str) -> Callable[[ModelGraph, Element], Elements]:
    """Follow the names that a field of something derived holds."""
    return lambda graph, start: tuple(found for name in as_words(start.body.get(key)) if (found := graph.find(name)))


def _acting_tool(graph: ModelGraph, start: Element) -> Elements:
    found = graph.actions.get(str(start.body.get("action")))
    return () if found is None else (found.tool,)


_DERIVED: Final = frozenset({"path", "mishap", "capability", "invariant", "influence"})
_HARMS: Final = frozenset({"path", "mishap"})
_WITH_IDENTITY: Final = frozenset({"agent", "service", "tool", "skill", "credential"})
_ENDS: Final = frozenset({"agent", "person", "external", "service", "store", "tool", "skill", "model", "control"})
_KINDS_THAT_ACT: Final = frozenset({"agent", "service", "tool", "skill"})

RELATIONS: Final[dict[str, tuple[Relation, ...]]] = {
    "agent": (Relation(_DERIVED, frozenset({"agent"}), _parts("agent")),),
    "action": (Relation(_HARMS | {"capability"}, frozenset({"action"}), _parts("action")),),
    "through": (Relation(_HARMS | {"capability"}, frozenset({"agent"}), _parts("through")),),
    "gates": (Relation(_HARMS | {"capability", "invariant"}, frozenset({"control"}), _parts("gates")),),
    "assets": (Relation(_HARMS | {"capability"}, frozenset({"data", "credential"}), _parts("assets")),),
    "sources": (Relation(frozenset({"path"}), _ENDS, _parts("sources")),),
    "by": (Relation(frozenset({"influence"}), _ENDS, _parts("by")),),
    "actions": (
        Relation(frozenset({"tool", "skill"}), frozenset({"action"}), _index("actions_of_tool"), "actions"),
        Relation(frozenset({"agent"}), frozenset({"action"}), _index("attached"), "tools", "access"),
        Relation(frozenset({"credential"}), frozenset({"action"}), _credential_actions),
    ),
    "grave_actions": (Relation(frozenset({"credential"}), frozenset({"action"}), _grave_actions),),
    "tools": (
        Relation(frozenset({"agent"}), frozenset({"tool", "skill"}), _index("tools_of"), "tools"),
        Relation(frozenset({"credential"}), frozenset({"tool", "skill"}), _credential_tools),
    ),
    "tool": (
        Relation(frozenset({"action"}), frozenset({"tool", "skill"}), _tool_of),
        Relation(_HARMS | {"capability"}, frozenset({"tool", "skill"}), _acting_tool),
    ),
    "agents": (
        Relation(frozenset({"tool", "skill"}), frozenset({"agent"}), _tool_agents),
        Relation(frozenset({"action"}), frozenset({"agent"}), _action_agents),
        Relation(frozenset({"credential"}), frozenset({"agent"}), _index("agents_holding")),
        Relation(frozenset({"store"}), frozenset({"agent"}), _index("users_of_memory")),
        Relation(frozenset({"model"}), frozenset({"agent"}), _index("users_of_model")),
        Relation(frozenset({"identity"}), frozenset({"agent"}), _identity_agents),
    ),
    "actors": (Relation(frozenset({"identity"}), frozenset({"agent"}), _actors),),
    "callee": (Relation(frozenset({"delegation"}), frozenset({"agent"}), _callee),),
    "users": (
        Relation(frozenset({"identity"}), _KINDS_THAT_ACT, _index("identity_users")),
        Relation(frozenset({"credential"}), _KINDS_THAT_ACT, _index("credential_users")),
    ),
    "credentials": (
        Relation(frozenset({"agent"}), frozenset({"credential"}), _index("credentials_of_agent")),
        Relation(frozenset({"capability"}), frozenset({"credential"}), _parts("credentials")),
        Relation(frozenset({"identity"}), frozenset({"credential"}), _index("credentials_of_identity")),
    ),
    "identities": (
        Relation(_WITH_IDENTITY, frozenset({"identity"}), _named("identity"), "identity"),
        Relation(frozenset({"capability"}), frozenset({"identity"}), _parts("identities")),
    ),
    "delegations": (Relation(frozenset({"agent"}), frozenset({"delegation"}), _index("delegations_from")),),
    "received": (Relation(frozenset({"agent"}), frozenset({"delegation"}), _index("delegations_to")),),
    "data": (Relation(frozenset({"action", "store", "tool"}), frozenset({"data"}), _named("data"), "data"),),
    "carried": (Relation(frozenset({"flow"}), frozenset({"data"}), _named("carries"), "carries"),),
    "stores": (Relation(frozenset({"action"}), frozenset({"store"}), _named("store")),),
    "memory": (Relation(frozenset({"agent"}), frozenset({"store"}), _named("memory"), "memory"),),
    "writers": (Relation(frozenset({"store"}), _KINDS_THAT_ACT | {"person", "external"}, _writers, "writers"),),
    "read_by": (Relation(frozenset({"store"}), frozenset({"agent"}), readers),),
    "instructs": (Relation(frozenset({"store"}), frozenset({"agent"}), _instructed),),
    "source": (Relation(frozenset({"flow", "delegation"}), _ENDS, _end("source")),),
    "target": (Relation(frozenset({"flow", "delegation"}), _ENDS, _end("target")),),
}  # fmt: skip
"""Name → the relations of that name; at most one starts at a given kind."""


def relation(name: str, kind: str) -> Relation | None:
    """Return the relation of that name that starts at that kind."""
    return next((one for one in RELATIONS.get(name, ()) if kind in one.starts), None)
