"""What an action does to the world: each harm, with what confines it (SEMANTICS 7.3 to 7.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import CLEAR, Mark, combine
from threatmodel.analysis.powers import WRITES
from threatmodel.catalog.control import Confines
from threatmodel.catalog.setting import Outcome
from threatmodel.model.elements import Control

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.capability import Closure, Way
    from threatmodel.analysis.gates import Controls
    from threatmodel.analysis.legs import Leg
    from threatmodel.analysis.powers import Power
    from threatmodel.model.elements import Element
    from threatmodel.model.graph import ModelGraph

CHANGES: Final = frozenset({"write", "delete", "deploy", "configure"})
BACKUP: Final = "backup-restore"


@dataclass(frozen=True, slots=True)
class Harm:
    """One impact of one way."""

    impact: str
    """`destruction`, `payment`, `privilege`, `execution`, `persistence`, `unknown`."""
    mild: bool
    mark: Mark
    """What confines it, and facts that are missing; gates on the way are not in it."""
    by_deploy: bool = False
    """Of execution: brought about by shipping, which an attacker wants and a mishap is not."""


class Impacts:
    """Harms of ways, with what is known of stores, sandboxes and backups."""

    def __init__(self, closure: Closure) -> None:
        """Prepare the answers that many ways ask for."""
        self._closure = closure
        self._controls: Controls = closure.controls
        self._graph: ModelGraph = closure.graph
        self._readers = _stores_that_agents_read(closure)
        self._harms: dict[tuple[Leg, str], tuple[Harm, ...]] = {}
        self._backups: dict[Leg, tuple[Control, ...]] = {}
        self._spoilt: dict[tuple[str, str], tuple[str, ...] | None] = {}
        self._reaching: dict[str, bool] = {}

    def of(self, way: Way) -> tuple[Harm, ...]:
        """Return every harm of a way; it is the same for all who ask for a leg but where backups or controls differ."""
        leg = way.leg
        alike = way.agent not in self._graph.controls_on and not self._backups_of(leg)
        key = (leg, "" if alike else way.agent)
        if key not in self._harms:
            self._harms[key] = tuple(self._of(way))
        return self._harms[key]

    def _of(self, way: Way) -> Iterator[Harm]:
        power = way.leg.power
        for effect in power.effects:
            if effect == "unknown":
                missing = power.doubt or (
                    f"{power.place}.effect" if ":" not in power.name else f"{power.place}.scopes.meaning",
                )
                yield Harm("unknown", mild=False, mark=Mark(missing=missing))
                yield from self._perhaps_kept(way, power)
                continue
            if effect in CHANGES:
                yield from self._destruction(way, power)
            if effect == "pay":
                yield Harm("payment", mild=False, mark=CLEAR)
            if effect == "grant":
                yield Harm("privilege", mild=False, mark=CLEAR)
            if effect == "execute":
                yield from self._execution(way)
            if effect == "deploy":
                yield Harm("execution", mild=False, mark=CLEAR, by_deploy=True)
            if effect in WRITES:
                for store in power.stores:
                    yield from self.persistence(
                        store, (power.name, *((power.tool.id,) if power.tool else ())), way.agent
                    )

    def _perhaps_kept(self, way: Way, power: Power) -> Iterator[Harm]:
        """Yield that a capability of unknown effect may write into the store that its tool names (7.7)."""
        for store in power.stores:
            unsaid = self._controls.calls(store) + Mark(missing=power.writes or ())
            for harm in self.persistence(store, (power.name, *((power.tool.id,) if power.tool else ())), way.agent):
                yield Harm(harm.impact, harm.mild, unsaid + harm.mark)

    def _destruction(self, way: Way, power: Power) -> Iterator[Harm]:
        reversible = power.word("reversible")
        if reversible == "yes":
            return
        missing = Mark(missing=(f"{power.place}.reversible",)) if reversible is None else CLEAR
        yield Harm("destruction", mild=reversible == "with_effort", mark=missing + self._restored(way))

    def _restored(self, way: Way) -> Mark:
        """Return what backups make of a destruction (8.2)."""
        if not self._backups_of(way.leg):
            return CLEAR
        return combine(self._backup(way, control) for control in self._backups_of(way.leg))

    def _backups_of(self, leg: Leg) -> tuple[Control, ...]:
        """Return the controls that may undo what a leg destroys."""
        if leg not in self._backups:
            power = leg.power
            names = dict.fromkeys(power.words("restored_by"))
            for place in (power.name, *((power.tool.id,) if power.tool else ()), *power.stores):
                names.update(dict.fromkeys(one.id for one in self._controls.at(place) if one.type == BACKUP))
            found = (self._graph.elements.get(name) for name in names)
            self._backups[leg] = tuple(one for one in found if isinstance(one, Control))
        return self._backups[leg]

    def _backup(self, way: Way, control: Control) -> Mark:
        outcome = self._controls.restores(control)
        if outcome is Outcome.NOTHING:
            return CLEAR
        stores = control.words("store")
        if stores:
            spoilt = [self._spoils(way.agent, store) for store in stores]
            if any(facts == () for facts in spoilt):
                return CLEAR
            unsaid = tuple(sorted({fact for facts in spoilt for fact in facts or ()}))
            if unsaid and outcome is Outcome.HOLDS:
                return Mark(missing=unsaid)
        elif self._reaches(way.agent):
            return (
                Mark(missing=(f"controls.{control.id}.store",))
                if outcome is Outcome.HOLDS
                else Mark(claimed=(control.id,))
            )
        return Mark(broken=(control.id,)) if outcome is Outcome.HOLDS else Mark(claimed=(control.id,))

    def _spoils(self, agent: str, store: str) -> tuple[str, ...] | None:
        """
        Return whether an agent can write or delete, on any basis, the store that a backup lies in.

        Returns:
            The facts that are missing to tell, none where it certainly can; None where it cannot.
        """
        if (agent, store) not in self._spoilt:
            element = self._graph.elements.get(store)
            safe = element is not None and "append_only" in element.words("integrity")
            self._spoilt[(agent, store)] = None if safe else self._spoiling(agent, store)
        return self._spoilt[(agent, store)]

    def _spoiling(self, agent: str, store: str) -> tuple[str, ...] | None:
        found: set[str] = set()
        for way in self._closure.ways[agent]:
            power = way.leg.power
            if store not in power.stores:
                continue
            facts = () if set(power.effects) & CHANGES else power.writes
            if facts is None:
                continue
            if not facts and not way.doubt:
                return ()
            found.update(facts, way.doubt)
        return tuple(sorted(found)) or None

    def _reaches(self, agent: str) -> bool:
        """Return whether an agent, or one it delegates to, has latent reach."""
        if agent not in self._reaching:
            self._reaching[agent] = any(way.leg.basis == "latent" for way in self._closure.ways[agent])
        return self._reaching[agent]

    def _execution(self, way: Way) -> Iterator[Harm]:
        """Code that runs where nothing holds it (7.5, 1.3)."""
        power, leg = way.leg.power, way.leg
        tool, holder = power.tool, self._graph.elements[leg.agent]
        said, place = _sandbox(self._graph, tool, holder)
        places = [power.name, leg.agent]
        if tool is not None:
            places.append(tool.id)
        runtime = self._graph.runtime_of(holder)
        if runtime is not None and runtime.id != holder.id:
            places.append(runtime.id)
        confined = self._controls.confine(Confines.EXECUTION, *places)
        tried = self._controls.assumed(Confines.EXECUTION, *places)
        if tried.broken:
            yield Harm("execution", mild=False, mark=tried)
        elif said == "none":
            yield Harm("execution", mild=False, mark=CLEAR)
        elif said is None:
            yield Harm("execution", mild=False, mark=confined + Mark(missing=(place,)))
        elif confined.claimed and not confined.broken:
            yield Harm("execution", mild=False, mark=confined)
        elif self._controls.known_bad(Confines.EXECUTION, *places) and not confined.broken:
            yield Harm("execution", mild=False, mark=CLEAR)

    def persistence(self, store: str, places: tuple[str, ...], agent: str) -> Iterator[Harm]:
        """Text that stays for later sessions (7.6)."""
        element = self._graph.elements.get(store)
        if element is None or element.kind != "store" or store not in self._readers:
            return
        lasting, validated = element.word("persistence"), element.word("validated")
        confined = self._controls.confine(Confines.PERSISTENCE, store, *places, agent)
        if lasting not in {"cross_session", None}:
            return
        if validated == "yes":
            bad = self._controls.known_bad(Confines.PERSISTENCE, store)
            claim = self._controls.confine(Confines.PERSISTENCE, store)
            if not bad and not (claim.claimed and not claim.broken):
                return
            confined = CLEAR if bad else claim
        missing = Mark(missing=(f"{element.place}.persistence",)) if lasting is None else CLEAR
        yield Harm("persistence", mild=False, mark=missing + confined)


def _sandbox(graph: ModelGraph, tool: Element | None, holder: Element) -> tuple[str | None, str]:
    """Return the sandbox of a tool or else of the agent that holds it, and the fact that says it."""
    if tool is not None:
        said = tool.word("sandbox")
        if said is None and (runtime := graph.runtime_of(tool)) is not None:
            said = runtime.word("sandbox")
        if said is None and tool.word("runs_in") == "container":
            said = "container"
        if said is not None:
            return said, f"{tool.place}.sandbox"
    runtime = graph.runtime_of(holder)
    said = None if runtime is None else runtime.word("sandbox")
    place = f"{runtime.place}.sandbox" if runtime is not None else f"{holder.place}.runtime.sandbox"
    return said, place


def _stores_that_agents_read(closure: Closure) -> frozenset[str]:
    graph = closure.graph
    found: set[str] = set()
    for agent in graph.agents:
        found.update(agent.words("memory"))
        for power in closure.own[agent.id]:
            if "read" in power.effects:
                found.update(power.stores)
    for flow in graph.flows:
        target = graph.elements.get(flow.target)
        if target is not None and target.kind == "agent":
            found.add(flow.source)
    for edge in graph.edges:
        if edge.kind == "instructions":
            found.add(edge.source)
    return frozenset(found)
