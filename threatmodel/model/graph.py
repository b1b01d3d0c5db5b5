"""The model graph: elements, edges between them, and the questions that analyses ask of both. Immutable."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from threatmodel.model.elements import (
    Action,
    Agent,
    Control,
    Credential,
    DataFlow,
    Delegation,
    Element,
    Identity,
    System,
    Tool,
    TrustBoundary,
    as_words,
)
from threatmodel.model.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from threatmodel.diagnostics import Diagnostic
    from threatmodel.load.document import Document
    from threatmodel.model.facts import Fact
    from threatmodel.span import Span


@dataclass(frozen=True, slots=True)
class Edge:
    """A directed connection, stated as a flow or implied by what an element uses."""

    kind: str
    """`flow`, `delegation`, `tool`, `memory`, `model`, `skill`, `access`, `store`, `target`, `start`, `trigger` ..."""
    source: str
    target: str
    span: Span
    """The value that says so."""
    carries: tuple[str, ...] = ()
    stated: bool = False
    """Whether it is a flow of the description itself."""
    element: Element | None = None
    """The flow or delegation it came from, or the action."""
    untrusted: bool | None = None
    """Whether the text on it may be an outsider's, as far as the edge itself says: True, False, or None for unsaid."""

    @property
    def id(self) -> str:
        """`from>to`."""
        return f"{self.source}>{self.target}"


@dataclass(frozen=True)
class ModelGraph:
    """
    Everything known about one system.

    The mappings keep the order of the description, so that the same text gives the same output.
    """

    document: Document
    system: System
    elements: Mapping[str, Element]
    """Elements that stand in a section of their own, by id."""
    actions: Mapping[str, Action]
    """`tool.action` → action, of tools and skills."""
    delegations: tuple[Delegation, ...]
    flows: tuple[DataFlow, ...]
    edges: tuple[Edge, ...]
    """Stated flows first, then implied edges, each once."""
    warnings: tuple[Diagnostic, ...]

    def of_kind(self, kind: str) -> tuple[Element, ...]:
        """Return all elements of a kind (`agent`, `action`, `flow` ...), in the order of the description."""
        return self._by_kind.get(kind, ())

    def find(self, name: str) -> Element | None:
        """Return the element, action, delegation or flow of that id."""
        return self.elements.get(name) or self.actions.get(name) or self._edges_by_id.get(name)

    @cached_property
    def facts(self) -> dict[tuple[Element, tuple[str, ...]], Fact]:
        """The facts that were asked for, by element and path; `model.facts` fills it."""
        return {}

    @cached_property
    def agents(self) -> tuple[Agent, ...]:
        """All agents."""
        return tuple(element for element in self.of_kind("agent") if isinstance(element, Agent))

    @cached_property
    def credentials(self) -> tuple[Credential, ...]:
        """All credentials."""
        return tuple(element for element in self.of_kind("credential") if isinstance(element, Credential))

    @cached_property
    def controls(self) -> tuple[Control, ...]:
        """All controls."""
        return tuple(element for element in self.of_kind("control") if isinstance(element, Control))

    @cached_property
    def _by_kind(self) -> dict[str, tuple[Element, ...]]:
        found: dict[str, list[Element]] = {"system": [self.system]}
        everything: Iterable[Element] = (
            *self.elements.values(),
            *self.actions.values(),
            *self.delegations,
            *self.flows,
        )
        for element in everything:
            found.setdefault(element.kind, []).append(element)
        return {kind: tuple(elements) for kind, elements in found.items()}

    @cached_property
    def _edges_by_id(self) -> dict[str, Element]:
        found: dict[str, Element] = {flow.id: flow for flow in reversed(self.flows)}
        found.update({delegation.id: delegation for delegation in self.delegations})
        return found

    # Tools and what they do

    @cached_property
    def actions_of_tool(self) -> Mapping[str, tuple[Action, ...]]:
        """Tool or skill → its listed actions."""
        found: dict[str, list[Action]] = {}
        for action in self.actions.values():
            found.setdefault(action.tool.id, []).append(action)
        return {tool: tuple(actions) for tool, actions in found.items()}

    def match_actions(self, pattern: str) -> tuple[Action, ...]:
        """Return the actions that `tool`, `tool.action`, `tool.*` or `*.read*` names."""
        exact = self.actions.get(pattern)
        if exact is not None:
            return (exact,)
        if pattern in self.actions_of_tool:
            return self.actions_of_tool[pattern]
        if "*" not in pattern:
            return ()
        return tuple(action for name, action in self.actions.items() if matches(pattern, name))

    @cached_property
    def attached(self) -> Mapping[str, tuple[Action, ...]]:
        """Agent → the actions its `tools:` and `skills:` list, permissions not yet considered."""
        found = {}
        for agent in self.agents:
            actions: dict[str, Action] = {}
            for name in (*agent.words("tools"), *agent.words("skills")):
                actions.update((action.id, action) for action in self.match_actions(name))
            found[agent.id] = tuple(actions.values())
        return found

    @cached_property
    def tools_of(self) -> Mapping[str, tuple[Tool, ...]]:
        """Agent → the tools and skills it has, wholly or for one action."""
        found = {}
        for agent in self.agents:
            tools: dict[str, Tool] = {}
            for name in (*agent.words("tools"), *agent.words("skills")):
                element = self.elements.get(name)
                if isinstance(element, Tool):
                    tools[element.id] = element
                for action in self.match_actions(name):
                    tools[action.tool.id] = action.tool
                owner, _, rest = name.partition(".")
                element = self.elements.get(owner)
                if isinstance(element, Tool) and (rest == "*" or (rest and "*" not in rest)):
                    tools[element.id] = element
            found[agent.id] = tuple(tools.values())
        return found

    @cached_property
    def users_of_tool(self) -> Mapping[str, tuple[Agent, ...]]:
        """Tool or skill → the agents that have it."""
        return _inverse((agent, tool.id) for agent in self.agents for tool in self.tools_of[agent.id])

    @cached_property
    def users_of_model(self) -> Mapping[str, tuple[Agent, ...]]:
        """Model → the agents that call it."""
        return _inverse((agent, name) for agent in self.agents for name in agent.words("model"))

    @cached_property
    def users_of_memory(self) -> Mapping[str, tuple[Agent, ...]]:
        """Store → the agents that have it as memory."""
        return _inverse((agent, name) for agent in self.agents for name in agent.words("memory"))

    @cached_property
    def readers_by_action(self) -> Mapping[str, tuple[Agent, ...]]:
        """Store → the agents that have an action which brings back text of it."""
        return _inverse(
            (agent, name)
            for agent in self.agents
            for action in self.attached[agent.id]
            if "read" in action.effects and action.word("returns") != "typed"
            for name in action.words("store")
        )

    # Identities and credentials

    @cached_property
    def identity_users(self) -> Mapping[str, tuple[Element, ...]]:
        """Identity → the agents, services and tools that act under it."""
        return _inverse(
            (element, name)
            for element in self.elements.values()
            if element.kind in {"agent", "service", "tool", "skill"}
            for name in element.words("identity")
        )

    @cached_property
    def credential_users(self) -> Mapping[str, tuple[Element, ...]]:
        """Credential → the elements that use or hold it, those that name it first, then its own `held_by`."""
        pairs = [
            (element, name)
            for element in self.elements.values()
            for key in ("credential", "credentials")
            for name in element.words(key)
        ]
        for credential in self.of_kind("credential"):
            pairs += [
                (holder, credential.id) for name in credential.words("held_by") if (holder := self.elements.get(name))
            ]
        return _inverse(pairs)

    @cached_property
    def agents_holding(self) -> Mapping[str, tuple[Agent, ...]]:
        """Credential → the agents that use it, themselves or through a tool of theirs."""
        pairs: list[tuple[Agent, str]] = []
        for agent in self.agents:
            names = [
                *agent.words("credential"),
                *agent.words("credentials"),
                *self._runtime_words(agent, "credentials"),
            ]
            for tool in self.tools_of[agent.id]:
                names += [*tool.words("credential"), *tool.words("credentials")]
            pairs += [(agent, name) for name in dict.fromkeys(names)]
        for credential in self.of_kind("credential"):
            pairs += [
                (holder, credential.id)
                for name in credential.words("held_by")
                if isinstance(holder := self.elements.get(name), Agent)
            ]
        return _inverse(pairs)

    def _runtime_words(self, element: Element, key: str) -> tuple[str, ...]:
        runtime = self.runtime_of(element)
        return () if runtime is None else runtime.words(key)

    def runtime_of(self, element: Element) -> Element | None:
        """Return the runtime that an element names, or the one written inline in it; None where it says none."""
        return self._runtimes.get(element.id)

    @cached_property
    def _runtimes(self) -> dict[str, Element]:
        from threatmodel.load.nodes import MapNode
        from threatmodel.model.elements import Runtime

        found: dict[str, Element] = {}
        for element in self.elements.values():
            written = element.body.get("runtime")
            if isinstance(written, MapNode):
                found[element.id] = Runtime(
                    element.id, written, element.body.key_span("runtime"), f"{element.place}.runtime"
                )
            elif isinstance(written, str) and written in self.elements:
                found[element.id] = self.elements[written]
        return found

    def identity_of(self, element: Element) -> Identity | None:
        """Return the identity that an element names."""
        found = next((self.elements.get(name) for name in element.words("identity")), None)
        return found if isinstance(found, Identity) else None

    def credential_of(self, element: Element) -> Credential | None:
        """Return the credential that an element names."""
        found = next((self.elements.get(name) for name in element.words("credential")), None)
        return found if isinstance(found, Credential) else None

    @cached_property
    def credentials_of_identity(self) -> Mapping[str, tuple[Credential, ...]]:
        """Identity → the credentials that prove it."""
        return _inverse(
            (credential, name) for credential in self.of_kind("credential") for name in credential.words("identity")
        )

    @cached_property
    def credentials_held_by(self) -> Mapping[str, tuple[Credential, ...]]:
        """Holder → the credentials that name it in `held_by`."""
        return _inverse(
            (credential, name) for credential in self.credentials for name in dict.fromkeys(credential.words("held_by"))
        )

    @cached_property
    def credentials_of_agent(self) -> Mapping[str, tuple[Credential, ...]]:
        """Agent → the credentials it uses, itself or through a tool of its own."""
        return _inverse(
            (credential, agent.id)
            for credential in self.of_kind("credential")
            for agent in self.agents_holding.get(credential.id, ())
        )

    @cached_property
    def proof_names(self) -> frozenset[str]:
        """Every id that stands where an identity or a credential is named."""
        return frozenset(
            name
            for kind, elements in self._by_kind.items()
            if kind != "control"
            for element in elements
            for name in _proofs(element.body)
        )

    # Delegation

    @cached_property
    def delegations_from(self) -> Mapping[str, tuple[Delegation, ...]]:
        """Agent → the delegations it makes."""
        return _inverse((delegation, delegation.source) for delegation in self.delegations)

    @cached_property
    def delegations_to(self) -> Mapping[str, tuple[Delegation, ...]]:
        """Agent → the delegations it receives."""
        return _inverse((delegation, delegation.target) for delegation in self.delegations)

    # Edges and boundaries

    @cached_property
    def flows_from(self) -> Mapping[str, tuple[DataFlow, ...]]:
        """Element → the stated flows that leave it."""
        return _inverse((flow, flow.source) for flow in self.flows)

    @cached_property
    def flows_to(self) -> Mapping[str, tuple[DataFlow, ...]]:
        """Element → the stated flows that reach it."""
        return _inverse((flow, flow.target) for flow in self.flows)

    @cached_property
    def edges_from(self) -> Mapping[str, tuple[Edge, ...]]:
        """Element → the edges that leave it."""
        return _inverse((edge, edge.source) for edge in self.edges)

    @cached_property
    def edges_to(self) -> Mapping[str, tuple[Edge, ...]]:
        """Element → the edges that reach it."""
        return _inverse((edge, edge.target) for edge in self.edges)

    @cached_property
    def members(self) -> Mapping[str, frozenset[str]]:
        """Boundary → every element inside, those of nested boundaries too. Cycles end."""
        direct: dict[str, set[str]] = {
            boundary.id: set(boundary.words("contains")) for boundary in self.of_kind("boundary")
        }
        for element in self.elements.values():
            for name in element.words("boundary"):
                direct.setdefault(name, set()).add(element.id)
        found = {}
        for boundary in direct:
            inside: set[str] = set()
            waiting = [boundary]
            while waiting:
                for name in direct.get(waiting.pop(), ()):
                    if name not in inside and name != boundary:
                        inside.add(name)
                        waiting.append(name)
            found[boundary] = frozenset(inside)
        return found

    @cached_property
    def boundaries_of(self) -> Mapping[str, tuple[str, ...]]:
        """Element → the boundaries around it, widest first."""
        found: dict[str, list[str]] = {}
        for boundary in sorted(self.members, key=lambda name: (-len(self.members[name]), name)):
            for name in self.members[boundary]:
                found.setdefault(name, []).append(boundary)
        return {name: tuple(around) for name, around in found.items()}

    def crossed(self, edge: Edge | DataFlow | Delegation) -> tuple[TrustBoundary, ...]:
        """Return the boundaries that have exactly one end of an edge inside."""
        source, target = set(self.boundaries_of.get(edge.source, ())), set(self.boundaries_of.get(edge.target, ()))
        found = (self.elements.get(name) for name in sorted(source ^ target))
        return tuple(boundary for boundary in found if isinstance(boundary, TrustBoundary))

    # Controls

    @cached_property
    def controls_on(self) -> Mapping[str, tuple[Control, ...]]:
        """
        Element, action or edge → the controls that stand there (SEMANTICS 3.7).

        Those that name it in `on:`; a control at the end of a flow or in its `via:` stands on that flow.
        """
        pairs: list[tuple[Control, str]] = [
            (control, place) for place, controls in self.controls_named.items() for control in controls
        ]
        for flow in self.flows:
            for name in (flow.source, flow.target, *flow.via):
                control_there = self.elements.get(name)
                if isinstance(control_there, Control):
                    pairs.append((control_there, flow.id))
        return {place: tuple(dict.fromkeys(found)) for place, found in _inverse(pairs).items()}

    @cached_property
    def controls_named(self) -> Mapping[str, tuple[Control, ...]]:
        """
        Element, action or edge → the controls that name it in `on:` (SEMANTICS 3.7).

        A boundary stands for its members, a pattern for the actions it matches, `tool.*` also for the actions of the
        tool that nobody lists (SEMANTICS 5.1).
        """
        pairs: list[tuple[Control, str]] = []
        for control in self.controls:
            for name in control.words("on"):
                pairs += [(control, place) for place in self.places_named(name)]
                if name.endswith(".*"):
                    pairs.append((control, name))
        return {place: tuple(dict.fromkeys(found)) for place, found in _inverse(pairs).items()}

    def places_named(self, name: str) -> tuple[str, ...]:
        """Return what one item of `on:` stands for."""
        if name in self.members:
            return (name, *sorted(self.members[name]))
        if name in self.elements or ">" in name:
            return (name,)
        return tuple(action.id for action in self.match_actions(name)) or (name,)


def _inverse(pairs: Iterable[tuple[Any, str]]) -> dict[str, tuple[Any, ...]]:
    found: dict[str, dict[int, Any]] = {}
    for value, key in pairs:
        found.setdefault(key, {})[id(value)] = value
    return {key: tuple(values.values()) for key, values in found.items()}


_NAMING_PROOF = ("identity", "issuer", "credential", "credentials", "derived_from", "opens")


def _proofs(body: Mapping[str, Any]) -> Iterable[str]:
    """Yield what a body names under the keys above, in its `runtime:` and its `access:` too."""
    for key in _NAMING_PROOF:
        yield from as_words(body.get(key))
    for key in ("runtime", "access"):
        inner = body.get(key)
        if isinstance(inner, dict):
            yield from _proofs(inner)
            yield from (name for value in inner.values() if isinstance(value, dict) for name in _proofs(value))
