"""Candidates of cuts: which controls could stand where, on which routes, and what each costs (SEMANTICS 12.1)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.influence import supply_chain
from threatmodel.analysis.powers import WRITES
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import Control, Tool
from threatmodel.model.name_index import Names
from threatmodel.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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
_MOST_BRINGING: Final = 40
"""Places before readings by others that are looked at; a clause that lacks one is made good when it is proven."""
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
        self._edges = Names(context.graph.document).edges
        self._flows = {edge for flow in context.graph.flows for edge in (flow.id, f"{flow.source}>{flow.target}")}
        self._behind = _actions_behind(context.graph, derived)
        impacts = {path.impact for path in derived.paths.listed}
        acted = {path.action for path in derived.paths.listed}
        acted |= {one.action for one in derived.capabilities if ":" not in one.action}
        calls = [edge for edge in self._edges if self._of_an_agent(edge)]
        found = {Candidate(GATE, place) for place in (*self._places(GATE, acted), *calls)}
        found |= {Candidate(ISOLATION, place) for place in self._places(ISOLATION, acted)}
        found |= {Candidate(ISOLATION, place) for place in self._edges}
        for impact in sorted(impacts & set(CONFINING)):
            for control in CONFINING[impact]:
                found |= {Candidate(control, place) for place in self._places(control, acted)}
                if "flow" in self._catalog.controls[control].stands_on:
                    found |= {Candidate(control, name) for name in acted & self._edges}
        self.all = frozenset(one for one in found if one.control not in exclude)
        self._texts: dict[tuple[tuple[str, ...], ...], frozenset[Candidate]] = {}
        self._bringing: dict[str, tuple[str, ...]] = {}
        self._acts: dict[tuple[tuple[str, ...], str, str, str], frozenset[Candidate]] = {}

    def _of_an_agent(self, edge: str) -> bool:
        """
        Return whether a gate can wait on an edge: a call or a message of an agent passes it.

        It does not wait for what people write. The edge of a tool is written `tool>agent`, also for the call; where it
        has one action only, a gate on that action does the same and says it better.
        """
        source, target = (self._graph.elements.get(name) for name in edge.split(">", 1))
        if isinstance(source, Tool):
            return len(self._behind.get(edge, ())) > 1 or supply_chain(source) is not None
        into_agent = target is not None and target.kind == "agent"
        return source is not None and (source.kind == "agent" or (source.kind == "service" and not into_agent))

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
        on a flow. A tool, a store that is written, an edge or a delegation with one action behind it is as narrow.
        """
        if aim != "working":
            return True
        if candidate.control != GATE:
            return candidate.control != ISOLATION
        if candidate.on in self._flows:
            return True
        element = self._graph.elements.get(candidate.on)
        if element is None and ">" not in candidate.on:
            return True
        if isinstance(element, Tool) and supply_chain(element) is None:
            return False  # its one action says it better
        return self.cost(candidate) == 1 and (element is None or element.kind != "agent")

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
        if path.action in self._graph.actions_of_tool:  # what a tool is told, by any of its actions (7.2)
            yield from (action.id for action in self._graph.actions_of_tool[path.action])
        if path.reading:
            yield path.reading
            yield from self._of_action(path.reading, tuple(agent.id for agent in self._graph.agents))

    def beside(self, agent: str) -> frozenset[Candidate]:
        """Return what stands before what others read for an agent, which no route shows: at delegations, at memory."""
        found = {Candidate(kind, place) for kind in (GATE, ISOLATION) for place in self._brought_to(agent)}
        return self.all & found

    def _brought_to(self, agent: str) -> tuple[str, ...]:
        if agent not in self._bringing:
            callers = _reached(agent, lambda one: [way.source for way in self._graph.delegations_to.get(one, ())])
            asked = {way.target: None for one in callers for way in self._graph.delegations_from.get(one, ())}
            every = [*callers, *asked]
            for one in asked:
                every += _reached(one, lambda name: [way.target for way in self._graph.delegations_from.get(name, ())])
            ways = [way.id for one in dict.fromkeys(every) for way in self._graph.delegations_from.get(one, ())]
            stores = [name for one in every if one in self._graph.elements
                      for name in self._graph.elements[one].words("memory")]  # fmt: skip
            self._bringing[agent] = tuple(dict.fromkeys((*ways, *stores)))[:_MOST_BRINGING]
        return self._bringing[agent]

    def _of_action(self, step: str, agents: Iterable[str]) -> Iterator[str]:
        """Yield the tool of an action, its stores, and their edges."""
        action = self._graph.actions.get(step)
        tool = action.tool.id if action is not None else step.rpartition(".")[0]
        yield f"{tool}.*"
        for place in (tool, *(action.words("store") if action is not None else ())):
            if place in self._graph.elements:
                yield place
                yield from (edge for agent in agents if (edge := f"{place}>{agent}") in self._edges)

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
                    yield f"{action.tool.id}>{one}"


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
            note(name, tool, f"{tool}.*", *written, f"{tool}>{one.agent}")
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


def _reached(start: str, ways: Callable[[str], list[str]]) -> list[str]:
    """Return a start and what it leads to, nearest first; not more than matter for a guess."""
    found = {start: None}
    todo = [start]
    while todo and len(found) < _MOST_BRINGING:
        for other in ways(todo.pop(0)):
            if other not in found:
                found[other] = None
                todo.append(other)
    return list(found)


def parts(path: AttackPath) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the steps of the text up to and with the agent, and those from the agent on."""
    begin = next((index for index, step in enumerate(path.steps) if step == path.agent and index > 0), 0)
    return path.steps[: begin + 1], path.steps[begin:]


def _within(steps: tuple[str, ...]) -> Iterator[str]:
    """Yield the edges of a route: also those over relays, which stand between both ends."""
    for index, one in enumerate(steps):
        for other in steps[index + 1 : index + 1 + _FAR]:
            yield f"{one}>{other}"
