"""Candidates of cuts: which controls could stand where, on which routes, and what each costs (SEMANTICS 12.1)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.influence import supply_chain
from threatmodel.analysis.powers import WRITES
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import Control, Tool, as_words
from threatmodel.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from threatmodel.analysis.context import Context
    from threatmodel.analysis.derived import Derived
    from threatmodel.analysis.paths import AttackPath
    from threatmodel.model.elements import Delegation
    from threatmodel.model.graph import ModelGraph

GATE: Final = "human-approval"
ISOLATION: Final = "input-isolation"
CONFINING: Final = {
    "execution": ("sandbox",),
    "destruction": ("backup-restore",),
    "persistence": ("memory-validation",),
    "disclosure": ("egress-allowlist", "recipient-allowlist", "output-encoding"),
}
"""Impact → the types of control that take it away (3.8)."""
AIMS: Final = ("smallest", "cheapest", "working")
_GROUPS: Final = frozenset({"boundary", "system"})
"""Places that stand for many others: no answer to where exactly."""
_FAR: Final = 6
"""Steps between both ends of a flow and what it goes `via:`."""
_NOWHERE: Final = Span("", 1, 1, 1, 1)


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """One control at one place."""

    control: str
    """The type."""
    on: str


class Pool:
    """Every candidate of one system."""

    def __init__(self, context: Context, derived: Derived, exclude: frozenset[str] = frozenset()) -> None:
        """
        List the candidates.

        Args:
            context: The system, unchanged.
            derived: What is derived of it.
            exclude: Types of control that must not be proposed.
        """
        self._graph: ModelGraph = context.graph
        self._catalog = context.catalog
        self._edges = _edges(context.graph)
        self._flows = {edge for flow in context.graph.flows for edge in (flow.id, f"{flow.source}>{flow.target}")}
        self._behind = _actions_behind(context.graph, derived)
        impacts = {path.impact for path in derived.paths.listed}
        acted = {path.action for path in derived.paths.listed}
        acted |= {one.action for one in derived.capabilities if ":" not in one.action}
        edges = self._edges | {name for name in acted if ">" in name}
        calls = [edge for edge in edges if self._of_an_agent(edge) and not self._names_one_action(edge)]
        found = {Candidate(GATE, place) for place in (*self._places(GATE, acted), *calls)}
        found |= {Candidate(ISOLATION, place) for place in self._places(ISOLATION, acted)}
        found |= {Candidate(ISOLATION, place) for place in edges | _into(context.graph)}
        for impact in sorted(impacts & set(CONFINING)):
            for control in CONFINING[impact]:
                found |= {Candidate(control, place) for place in self._places(control, acted)}
                if "flow" in self._catalog.controls[control].stands_on:
                    found |= {Candidate(control, name) for name in acted if ">" in name}
        self.all = frozenset(one for one in found if one.control not in exclude)
        self._texts: dict[tuple[tuple[str, ...], ...], frozenset[Candidate]] = {}
        self._acts: dict[tuple[tuple[str, ...], str, str, str], frozenset[Candidate]] = {}

    def _of_an_agent(self, edge: str) -> bool:
        """Return whether a call or a message of an agent passes an edge: a gate does not wait for what people write."""
        ends = [self._graph.elements.get(name) for name in edge.partition("#")[0].split(">", 1)]
        kinds = [element.kind if element is not None else "" for element in ends]
        return kinds[0] == "agent" or (kinds[0] == "service" and kinds[1] != "agent")

    def _names_one_action(self, edge: str) -> bool:
        """Return whether a gate on an edge to a tool does what one on a single action does, which says it better."""
        tool = self._graph.elements.get(edge.rpartition(">")[2])
        return isinstance(tool, Tool) and len(self._behind.get(edge, ())) == 1 and supply_chain(tool) is None

    def _places(self, control: str, acted: set[str]) -> Iterator[str]:
        """Yield the elements and actions on which a type of control can stand."""
        kinds = self._catalog.controls[control].stands_on
        for name, element in self._graph.elements.items():
            if element.kind in kinds and element.kind not in _GROUPS:
                yield name
        if "action" in kinds:
            yield from self._graph.actions
            yield from (name for name in acted if "." in name and ">" not in name)

    def of(self, aim: str) -> frozenset[Candidate]:
        """Return the candidates that a set of an aim may hold (12.2)."""
        return frozenset(one for one in self.all if self.allowed(aim, one))

    def allowed(self, aim: str, candidate: Candidate) -> bool:
        """
        Return whether a set of that aim may hold a candidate.

        `working` leaves agents what they read and do: nothing is isolated, and a gate stands before a single action or
        on a flow. Where an edge to a tool or a delegation has only one action behind it, it is as narrow.
        """
        if aim != "working":
            return True
        if candidate.control != GATE:
            return candidate.control != ISOLATION
        if ">" in candidate.on:
            return candidate.on in self._flows or self.cost(candidate) == 1
        return candidate.on not in self._graph.elements

    def cost(self, candidate: Candidate) -> int:
        """Return what a candidate costs: a gate one per action behind it, others what the catalog says (12.1)."""
        if candidate.control == GATE:
            return max(1, len(self._behind.get(candidate.on, ())))
        return self._catalog.controls[candidate.control].cost

    # On a route

    def on(self, path: AttackPath) -> frozenset[Candidate]:
        """Return the candidates that stand on the route a path shows."""
        text, acting = parts(path)
        gives = acting if ">" in path.action else ()
        if (text, gives) not in self._texts:
            self._texts[text, gives] = self._before(text, gives)
        key = (acting, path.action, path.impact, path.reading)
        if key not in self._acts:
            self._acts[key] = self._after(path, acting)
        return self._texts[text, gives] | self._acts[key]

    def _before(self, text: tuple[str, ...], gives: tuple[str, ...]) -> frozenset[Candidate]:
        """Return what stands before text that enters, and before text that an agent gives away by a message."""
        words = {*self._words(text), *_within(gives), *gives[1:-1]}
        found = {Candidate(ISOLATION, place) for place in words}
        found |= {Candidate(GATE, place) for place in self._written(text)}
        return self.all & found

    def _after(self, path: AttackPath, acting: tuple[str, ...]) -> frozenset[Candidate]:
        """Return what stands before what an agent does, and before its impact."""
        calls = set(self._calls(path, acting))
        found = {Candidate(GATE, place) for place in calls}
        if ">" in path.action:
            found.add(Candidate(ISOLATION, path.action))
        places = calls | {path.action.rpartition(">")[2]}
        for step in tuple(places):
            element = self._graph.elements.get(step)
            runtime = self._graph.runtime_of(element) if element is not None else None
            places |= {runtime.id} if runtime is not None else set()
        found |= {Candidate(control, place) for control in CONFINING.get(path.impact, ()) for place in places}
        return self.all & found

    def _calls(self, path: AttackPath, acting: tuple[str, ...]) -> Iterator[str]:
        """Yield where a gate stands before what an agent does, or before what it reads to give away."""
        yield from _within(acting)
        for step in (*acting, path.action):
            yield step
            yield from self._of_action(step, acting)
        if path.reading:
            yield path.reading
            yield from self._of_action(path.reading, tuple(agent.id for agent in self._graph.agents))

    def _of_action(self, step: str, agents: Iterable[str]) -> Iterator[str]:
        """Yield the tool of an action, its stores, and the edges to both."""
        action = self._graph.actions.get(step)
        tool = action.tool.id if action is not None else step.rpartition(".")[0]
        yield f"{tool}.*"
        for place in (tool, *(action.words("store") if action is not None else ())):
            if place in self._graph.elements:
                yield place
                yield from (edge for agent in agents if (edge := f"{agent}>{place}") in self._edges)

    def _words(self, text: tuple[str, ...]) -> Iterator[str]:
        """Yield where isolation stands before text."""
        yield from text
        yield from _within(text)
        for one, other in itertools.pairwise(text):
            action = self._graph.actions.get(one)
            if action is not None:
                yield from (action.tool.id, f"{action.tool.id}.*", f"{action.tool.id}>{other}")
            yield f"{one}.read"  # of a store under `access:`
            for action in self._graph.attached.get(other, ()):
                if one in action.words("store"):
                    yield from (action.id, action.tool.id, f"{action.id}>{other}", f"{action.tool.id}>{other}")

    def _written(self, text: tuple[str, ...]) -> Iterator[str]:
        """Yield where a gate stands before a write by which text gets into a store (4.5)."""
        for one, other in itertools.pairwise(text):
            store = self._graph.elements.get(other)
            if store is None or store.kind != "store":
                continue
            yield from (one, other, f"{one}>{other}", f"{other}.write")
            for action in self._graph.attached.get(one, ()):
                if other in action.words("store"):
                    yield action.id
                    yield action.tool.id
                    yield f"{one}>{action.tool.id}"


def sound(number: int, candidate: Candidate) -> Control:
    """Return a control as a sound one would stand: proven, at the target, approved by a team, a backup of its own."""
    body = MapNode(_NOWHERE)
    settings = MapNode(_NOWHERE)
    if candidate.control == GATE:
        settings.update({"binds": "parameters", "on_timeout": "deny"})
        body.update({"by": "the-approving-team", "at": "target"})
    evidence = MapNode(_NOWHERE)
    evidence.update({"kind": "test", "ref": "cut"})
    body.update(
        {
            "type": candidate.control,
            "on": [candidate.on],
            "status": "tested",
            "settings": settings,
            "evidence": [evidence],
        }
    )
    if candidate.control == "backup-restore":
        body["store"] = "a-store-of-its-own"
    return Control(f"cut-{number}", body, _NOWHERE, f"controls.cut-{number}", candidate.control)


def _edges(graph: ModelGraph) -> set[str]:
    """Return the edges on which a call or a message of an agent can wait."""
    found = {f"{flow.source}>{flow.target}" for flow in graph.flows} | {flow.id for flow in graph.flows}
    found |= {delegation.id for delegation in graph.delegations}
    for agent in graph.agents:
        found |= {f"{agent.id}>{tool.id}" for tool in graph.tools_of[agent.id]}
        found |= {f"{agent.id}>{store}" for store in agent.words("memory")}
        for action in graph.attached[agent.id]:
            if WRITES & set(action.words("effect")):
                found |= {f"{agent.id}>{store}" for store in action.words("store")}
    for store in graph.of_kind("store"):
        found |= {f"{name}>{store.id}" for name in store.words("writers")}
    return found


def _into(graph: ModelGraph) -> set[str]:
    """Return the other edges by which text enters an agent's context: from its tools, actions, stores, instructions."""
    found: set[str] = set()
    for agent in graph.agents:
        instructions = agent.body.get("instructions")
        told = instructions if isinstance(instructions, MapNode) else {}
        names = {*agent.words("memory"), *as_words(told.get("from")), *as_words(told.get("writable_by"))}
        names |= {tool.id for tool in graph.tools_of[agent.id]}
        for action in graph.attached[agent.id]:
            names |= {action.id, *action.words("store")}
        found |= {f"{name}>{agent.id}" for name in names}
    return found


def _actions_behind(graph: ModelGraph, derived: Derived) -> dict[str, set[str]]:
    """Return place → the actions that pass it; what an agent gives to outsiders counts as one (7.2)."""
    found: dict[str, set[str]] = {}
    able: dict[str, set[str]] = {}
    asked: dict[str, set[str]] = {}

    def note(action: str, *places: str) -> None:
        for place in places:
            found.setdefault(place, set()).add(action)

    for one in derived.capabilities:
        name, steps = one.action, one.route
        able.setdefault(one.agent, set()).add(name)
        note(name, name, *steps, *_within(steps))
        if one.basis == "delegated":
            asked.setdefault(one.agent, set()).add(name)
        elif one.basis != "latent":  # a latent route goes past the tool (6.3)
            action = graph.actions.get(name)
            tool = action.tool.id if action is not None else name.rpartition(".")[0]
            written = action.words("store") if action is not None and WRITES & {*action.words("effect")} else ()
            note(name, tool, f"{tool}.*", *written, *(f"{one.agent}>{place}" for place in (tool, *written)))
    for path in derived.paths.listed:
        if ">" in path.action:
            _, acting = parts(path)
            note(path.action, path.action, *acting, *_within(acting))
    for delegation in graph.delegations:  # by whichever route it is shown
        for name in _asked_of(graph, delegation, asked.get(delegation.source, set())) & able.get(
            delegation.target, set()
        ):
            note(name, delegation.id, delegation.target)
    return found


def _asked_of(graph: ModelGraph, delegation: Delegation, names: set[str]) -> set[str]:
    """Return what of these a delegation lists; all of them where it lists nothing."""
    if not delegation.says("actions"):
        return names
    return names & {action.id for name in delegation.words("actions") for action in graph.match_actions(name)}


def parts(path: AttackPath) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the steps of the text up to and with the agent, and those from the agent on."""
    begin = next((index for index, step in enumerate(path.steps) if step == path.agent and index > 0), 0)
    return path.steps[: begin + 1], path.steps[begin:]


def _within(steps: tuple[str, ...]) -> Iterator[str]:
    """Yield the edges of a route: also those over relays, which stand between both ends."""
    for index, one in enumerate(steps):
        for other in steps[index + 1 : index + 1 + _FAR]:
            yield f"{one}>{other}"
