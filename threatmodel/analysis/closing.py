"""New controls that close one path or one mishap alone, each tried by running the analysis with it in place."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.candidates import parts
from threatmodel.analysis.cuts import Cutter
from threatmodel.analysis.paths import AttackPath
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import Control
from threatmodel.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from threatmodel.analysis.context import Context
    from threatmodel.analysis.paths import Mishap
    from threatmodel.analysis.trial import Trial
    from threatmodel.model.graph import ModelGraph

MOST: Final = 2  # controls that are named
MOST_TRIES: Final = 40
TRIED_ELEMENTS: Final = 6_000  # elements that all tries may look at, together
FEWEST_TRIES: Final = 3
GATE: Final = "human-approval"
ISOLATION: Final = "input-isolation"
APPROVER: Final = "approver"
GATES: Final = 1  # of every type one is enough
HARD: Final = 2
BACKUP: Final = "backup-restore"
_MISHAPS: Final = {"execution": ("sandbox",), "destruction": (BACKUP,)}
_NOWHERE: Final = Span("", 1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Closing:
    """One control at one place that closes it alone."""

    control: str
    on: str
    cost: int
    closes: int
    """Attack paths that it closes, this one among them; 0 where only a mishap was asked for."""
    paste: tuple[str, ...]
    """Lines that describe it, as planned: it counts once it is there."""


def closings(context: Context, one: AttackPath | Mishap, trial: Trial, *, alone: bool = True) -> tuple[Closing, ...]:
    """
    Return the controls that close it when tried: those that a team would rather live with first, then the cheapest.

    What stands in the description already, planned or failed or only claimed, is not proposed a second time.

    Args:
        context: The system, unchanged.
        one: A path or a mishap that is not broken.
        trial: Tries them on it.
        alone: Whether nothing else is known to close it; else what is hard to live with is left out.
    """
    if isinstance(one, AttackPath):
        found = _closing_paths(context, one, trial)
    else:
        found = _closing_mishaps(context, one, trial)
    return tuple(one for one in found if alone or _hardly(context.graph, one.control, one.on) < HARD)


def stands_already(graph: ModelGraph, control: str, place: str) -> bool:
    """Return whether the description has a control of this type here, or on its tool or its actions."""
    action, ends = graph.actions.get(place), place.split(">") if ">" in place else []
    near = [place, *ends, *([action.tool.id] if action is not None else [])]
    near += [one.id for name in near for one in graph.actions_of_tool.get(name, ())] if action is None else []
    return any(one.type == control for name in near for one in graph.controls_on.get(name, ()))


def _hardly(graph: ModelGraph, control: str, place: str) -> int:
    """Return how hard a control is to live with: a person before each read, or before each message, is."""
    if control != GATE:
        return 1 if control == ISOLATION else 0
    action = graph.actions.get(place)
    if action is None:
        return HARD
    return HARD if set(action.effects) <= {"read"} else 0


def _enters(graph: ModelGraph, path: AttackPath, place: str) -> bool:
    """Return whether text of a path gets into an agent here; nothing is kept apart where it leaves, or is shown."""
    agents = {agent.id for agent in graph.agents}
    name = place.rpartition(">")[2]
    if name in agents:
        return True
    element = graph.elements.get(name)
    if ">" not in place and (element is None or element.kind != "service"):
        return True
    return name in parts(path)[0] and any(
        flow.target in agents and (flow.source == name or name in flow.via) for flow in graph.flows
    )


def _closing_paths(context: Context, path: AttackPath, trial: Trial) -> Iterator[Closing]:
    cutter = Cutter(context)
    graph = context.graph
    order = _Order(graph, path)
    able = sorted(
        (
            one
            for one in cutter.candidates(path)
            if not stands_already(graph, one.control, one.on)
            and (one.control != ISOLATION or _enters(graph, path, one.on))
        ),
        key=lambda one: (_hardly(graph, one.control, one.on), cutter.cost(one), order(one.control, one.on)),
    )
    tries = max(FEWEST_TRIES, min(MOST_TRIES, TRIED_ELEMENTS // max(len(context.graph.elements), 1)))
    found: dict[str, int] = {}
    for candidate in able:
        if found.get(candidate.control, 0) >= (GATES if candidate.control == GATE else 1):
            continue
        if not tries or sum(found.values()) == MOST:
            return
        tries -= 1
        tried = trial.holds(_sound("tried-control", candidate.control, [candidate.on]))
        if tried is not None:
            found[candidate.control] = found.get(candidate.control, 0) + 1
            lines = paste(context.graph, candidate.control, candidate.on)
            yield Closing(candidate.control, candidate.on, cutter.cost(candidate), tried.closes, lines)


def _closing_mishaps(context: Context, mishap: Mishap, trial: Trial) -> Iterator[Closing]:
    graph = context.graph
    action = graph.actions.get(mishap.action)
    places = [mishap.action, *([action.tool.id] if action is not None else []), *reversed(mishap.steps[:-1])]
    known_places = [element for name in places if (element := graph.elements.get(name)) is not None]
    runtimes = [runtime.id for one in known_places if (runtime := graph.runtime_of(one)) is not None]
    wanted = [(GATE, place) for place in places]
    confining = _MISHAPS.get(mishap.impact, ())
    wanted[1:1] = [(control, place) for control in confining for place in (*places[:2], *runtimes)]
    found: dict[str, int] = {}
    for control, place in dict.fromkeys(wanted):
        known = context.catalog.controls.get(control)
        element = graph.find(place)
        if known is None or element is None or element.kind not in known.stands_on:
            continue
        if stands_already(graph, control, place):
            continue
        enough = found.get(control, 0) >= (GATES if control == GATE else 1)
        if not enough and sum(found.values()) < MOST and trial.holds(_sound("tried-control", control, [place])):
            found[control] = found.get(control, 0) + 1
            cost = 1 if control == GATE else known.cost
            yield Closing(control, place, cost, 0, paste(graph, control, place))


def _sound(name: str, control: str, places: Sequence[str]) -> Control:
    body, settings, evidence = MapNode(_NOWHERE), MapNode(_NOWHERE), MapNode(_NOWHERE)
    evidence.update({"kind": "test", "ref": "tried"})
    body.update({"type": control, "on": [*places], "status": "tested", "evidence": [evidence], "settings": settings})
    if control == GATE:
        settings.update({"binds": "parameters", "on_timeout": "deny"})
        body.update({"by": "the-approving-team", "at": "target"})
    if control == BACKUP:
        body["store"] = "a-store-of-its-own"
    return Control(name, body, _NOWHERE, f"controls.{name}", control)


class _Order:
    """Sorts places: the action itself, then its tool, then what else lies on the route, the later the better."""

    def __init__(self, graph: ModelGraph, path: AttackPath) -> None:
        known = graph.actions.get(path.action)
        tools = [known.tool.id] if known is not None else []
        self._first = [path.action, *tools, path.reading, *reversed(path.steps)]
        pairs = [f"{one}>{other}" for one, other in itertools.pairwise(path.steps)]
        self._first += reversed(pairs)

    def __call__(self, control: str, place: str) -> tuple[int, int, str, str]:
        at = self._first.index(place) if place in self._first else len(self._first)
        return (at, control != GATE, control, place)


def paste(graph: ModelGraph, control: str, place: str) -> tuple[str, ...]:
    """Return the lines that describe a control as planned, in the way of a sound one."""
    name = _free_name(graph, control, place)
    on = f'"{place}"' if "#" in place or "*" in place else place
    more = []
    if control == GATE:
        more = [f"by: {_approver(graph) or 'unknown'}, at: target,", "settings: {binds: parameters, on_timeout: deny},"]
    if control == BACKUP:
        more = ["store: unknown,"]
    lines = [f"type: {control},", f"on: [{on}],", *more, "status: planned}"]
    first = next(iter(graph.document.sections.get("controls", {}).values()), None)
    indent = " " * (first.span.column - 1) if first is not None else "  "
    head = ("controls:",) if first is None else ()
    return (*head, f"{indent}{name}: {{", *(f"{indent}  {line}" for line in lines))


def _approver(graph: ModelGraph) -> str:
    """Return a trusted person of the description who approves elsewhere, or whose role it is; else nothing."""
    deciding = {name for one in graph.controls if one.type == GATE for name in one.words("by")}
    trusted = [one for one in graph.of_kind("person") if one.word("trust") == "internal"]
    by_role = [one.id for one in trusted if one.word("role") == APPROVER]
    return next(iter((*by_role, *(one.id for one in trusted if one.id in deciding))), "")


def _free_name(graph: ModelGraph, control: str, place: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", f"{place}-{'approval' if control == GATE else control}".lower()).strip("-")
    taken = graph.elements
    if name not in taken:
        return name
    return next(f"{name}-{number}" for number in itertools.count(2) if f"{name}-{number}" not in taken)
