"""Attack paths, mishaps, invariants: what an outsider, or a model that errs, brings about (SEMANTICS 8, 9, 5.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.capability import Bounds
from threatmodel.analysis.disclosure import session
from threatmodel.analysis.legs import outgoing
from threatmodel.analysis.marks import BROKEN, CLEAR, STATES, UNKNOWN, Mark, Route
from threatmodel.analysis.powers import WRITES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.capability import Closure
    from threatmodel.analysis.disclosure import Disclosure
    from threatmodel.analysis.impacts import Impacts
    from threatmodel.analysis.influence import Texts
    from threatmodel.model.elements import Agent

MODEL_PLANS: Final = frozenset({"model_selects", "model_plans", "self_modifying"})
MOST_PATHS: Final = 20_000  # listed; all are counted
ON_ITS_OWN: Final = frozenset({"destruction", "payment", "privilege", "execution"})


@dataclass(frozen=True, slots=True)
class AttackPath:
    """That text of one source can bring about one impact through one agent and action."""

    source: str
    agent: str
    action: str
    impact: str
    mild: bool
    assets: tuple[str, ...]
    steps: tuple[str, ...]
    state: str
    broken_by: tuple[str, ...]
    claimed_by: tuple[str, ...]
    missing: tuple[str, ...]
    weakened: bool
    """Whether every route of the source to the agent passes a filter that holds."""
    reading: str = ""
    """Of a disclosure: an action that reads what leaves; empty where it comes by itself."""

    @property
    def id(self) -> str:
        """`source>agent>action:impact`."""
        return f"{self.source}>{self.agent}>{self.action}:{self.impact}"


@dataclass(frozen=True, slots=True)
class Mishap:
    """That an agent can bring about an impact without any attacker."""

    agent: str
    action: str
    impact: str
    mild: bool
    steps: tuple[str, ...]
    state: str
    broken_by: tuple[str, ...]
    claimed_by: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Invariant:
    """What became of one item of `never:`."""

    agent: str
    never: str
    state: str
    """`held`, `reached` or `unknown`."""
    gates: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class End:
    """One route of an agent to an impact."""

    route: Route
    mild: bool
    assets: tuple[str, ...]
    only_for: str | None = None
    not_for: str | None = None
    reading: str = ""


Ends = dict[tuple[str, str], list[End]]
"""(Action, impact) → the routes to it."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths that are listed, and how many there are."""

    listed: tuple[AttackPath, ...]
    """All of them up to `MOST_PATHS`, beyond that the worst by state."""
    by_state: dict[str, int]


def attack_paths(closure: Closure, texts: Texts, impacts: Impacts, disclosure: Disclosure) -> Paths:
    """Find every path, agent by agent in the order of the description; all are counted, `MOST_PATHS` are listed."""
    sources = texts.sources()
    counts = [0] * len(STATES)
    waiting: list[list[tuple[str, str, str, str, list[End]]]] = [[] for _ in STATES]
    for agent in closure.graph.agents:
        reaching = [
            (source, rank)
            for source in sources
            if source != agent.id and (rank := texts.search(source).rank(agent.id)) is not None
        ]
        if not reaching:
            continue
        for (action, impact), ends in ends_of(agent, closure, impacts, disclosure).items():
            special = any(end.only_for or end.not_for for end in ends)
            lowest = min(end.route.mark.rank for end in ends)
            for source, text in reaching:
                possible, least = ends, lowest
                if special:
                    possible = [end for end in ends if end.only_for in (None, source) and end.not_for != source]
                    if not possible:
                        continue
                    least = min(end.route.mark.rank for end in possible)
                rank = max(text, least)
                counts[rank] += 1
                if len(waiting[rank]) < MOST_PATHS:
                    waiting[rank].append((source, agent.id, action, impact, possible))
    chosen = [one for found in waiting for one in found][:MOST_PATHS]
    listed = [_path(*one, texts) for one in chosen]
    return Paths(tuple(sorted(listed, key=lambda path: path.id)), dict(zip(STATES, counts, strict=True)))


def ends_of(agent: Agent, closure: Closure, impacts: Impacts, disclosure: Disclosure) -> Ends:
    """Return everything that whoever steers an agent can bring about."""
    ends: Ends = {}
    for way in closure.ways[agent.id]:
        for harm in impacts.of(way):
            end = End(Route(way.route.steps, way.mark + harm.mark), harm.mild, way.leg.power.data or ())
            ends.setdefault((way.leg.power.name, harm.impact), []).append(end)
    for store, route in _kept(agent, closure):
        for harm in impacts.persistence(store, (), agent.id):
            ends.setdefault((store, "persistence"), []).append(
                End(Route(route.steps, route.mark + harm.mark), mild=False, assets=())
            )
    readings = disclosure.readings(agent.id)
    if readings:
        for out in disclosure.exits(agent):
            taken = session(readings, out.carries)
            if taken is not None:
                route = Route(out.route.steps, out.route.mark + taken.mark)
                end = End(
                    route, mild=False, assets=taken.assets, only_for=out.only_for, not_for=out.to, reading=taken.by
                )
                ends.setdefault((out.action, "disclosure"), []).append(end)
    return ends


def _kept(agent: Agent, closure: Closure) -> Iterator[tuple[str, Route]]:
    """Yield the stores an agent writes without a write action: as memory, as one of the writers, by a flow (7.6)."""
    graph, controls = closure.graph, closure.controls
    by_action = {name for power in closure.own[agent.id] if set(power.effects) & WRITES for name in power.stores}
    for store in graph.of_kind("store"):
        memory = store.id in agent.words("memory")
        listed = agent.id in store.words("writers")
        if (memory and (listed or not store.says("writers"))) or (listed and store.id not in by_action):
            yield store.id, Route((agent.id, store.id), controls.calls(store.id, agent.id, f"{agent.id}>{store.id}"))
    for flow in graph.flows:
        if flow.source == agent.id and flow.word("content") not in {"typed", "closed"}:
            target = graph.elements.get(flow.target)
            if target is not None and target.kind == "store":
                text = controls.text(flow.id)
                mark = controls.calls(flow.id, target.id, agent.id) + Mark(broken=text.broken, claimed=text.claimed)
                yield target.id, Route((agent.id, target.id), mark)


def _path(source: str, agent: str, action: str, impact: str, ends: list[End], texts: Texts) -> AttackPath:
    search = texts.search(source)
    rank = max(search.rank(agent) or 0, min(end.route.mark.rank for end in ends))
    text = search.routes(rank)[agent]
    end = min((end for end in ends if end.route.mark.rank <= rank), key=lambda one: one.route.key)
    route = text + Route(end.route.steps[1:], end.route.mark)
    missing: set[str] = set()
    if rank == UNKNOWN:
        missing.update(texts.missing(source, agent))
        missing.update(fact for one in ends if one.route.mark.rank <= UNKNOWN for fact in one.route.mark.missing)
    weakened = rank < BROKEN and not texts.strong(source, agent, rank)
    return AttackPath(
        source, agent, action, impact, end.mild, end.assets, route.steps, STATES[rank],
        tuple(sorted(route.mark.broken)), tuple(sorted(route.mark.claimed)), tuple(sorted(missing)), weakened,
        end.reading,
    )  # fmt: skip


def mishaps(closure: Closure, impacts: Impacts) -> Iterator[Mishap]:
    """Yield what agents whose model decides can bring about by mistake (8.1)."""
    for agent in closure.graph.agents:
        planning = agent.word("planning")
        if planning is not None and planning not in MODEL_PLANS:
            continue
        unsaid = CLEAR if planning is not None else Mark(missing=(f"{agent.place}.planning",))
        found: dict[tuple[str, str], list[tuple[Route, bool]]] = {}
        for way in closure.ways[agent.id]:
            for harm in impacts.of(way):
                if harm.impact in ON_ITS_OWN and not harm.by_deploy:
                    route = Route(way.route.steps, way.mark + harm.mark + unsaid)
                    found.setdefault((way.leg.power.name, harm.impact), []).append((route, harm.mild))
        for (action, impact), routes in found.items():
            rank = min(route.mark.rank for route, _ in routes)
            route, mild = min(
                ((route, mild) for route, mild in routes if route.mark.rank == rank), key=lambda one: one[0].key
            )
            missing = (
                {fact for one, _ in routes if one.mark.rank == UNKNOWN for fact in one.mark.missing}
                if rank == UNKNOWN
                else set()
            )
            yield Mishap(
                agent.id, action, impact, mild, route.steps, STATES[rank],
                tuple(sorted(route.mark.broken)), tuple(sorted(route.mark.claimed)), tuple(sorted(missing)),
            )  # fmt: skip


def invariants(closure: Closure) -> Iterator[Invariant]:
    """Yield what became of every item of every `never:` (5.7); reached even where gates stand on every route."""
    graph, controls = closure.graph, closure.controls
    for agent in graph.agents:
        bounds = Bounds(graph, agent)
        for name in dict.fromkeys(bounds.never):
            marks: list[tuple[Mark, tuple[str, ...]]] = []
            for way in closure.ways[agent.id]:
                for effect in way.leg.power.effects:
                    if bounds.covers(name, way.leg.power, effect):
                        marks.append((way.route.mark, way.doubt))
                    elif effect == "unknown" and name in _EFFECTS:
                        marks.append((way.route.mark, way.doubt or (f"{way.leg.power.place}.effect",)))
            element = graph.elements.get(name)
            if element is not None and element.kind in {"service", "external"}:
                marks += [(mark, ()) for _, mark, flow in outgoing(controls, agent.id) if flow.target == name]
            if element is not None and element.kind == "store" and name in agent.words("memory"):
                marks.append((controls.calls(name), ()))
            yield _invariant(agent.id, name, marks)


_EFFECTS: Final = frozenset(
    {"read", "write", "delete", "execute", "send", "pay", "deploy", "configure", "grant", "spawn"}
)


def _invariant(agent: str, name: str, marks: list[tuple[Mark, tuple[str, ...]]]) -> Invariant:
    if not marks:
        return Invariant(agent, name, "held", (), ())
    certain = [mark for mark, doubt in marks if not doubt]
    if not certain:
        return Invariant(agent, name, "unknown", (), tuple(sorted({fact for _, doubt in marks for fact in doubt})))
    worst = min(certain, key=lambda mark: (mark.rank, len(mark.broken)))
    return Invariant(agent, name, "reached", tuple(sorted(worst.broken)), ())
