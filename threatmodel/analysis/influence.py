"""Influence: the ways of outsiders' text through a system, and that it steers an agent (SEMANTICS 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import CLEAR, Hop, Hops, Mark
from threatmodel.analysis.passing import flow_text, message_text, places_of, relays_of, result_text
from threatmodel.analysis.sources import EVERYBODY, passes_text, source_mark
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import as_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.analysis.gates import Controls
    from threatmodel.analysis.powers import Power
    from threatmodel.model.elements import Agent, DataFlow, Delegation, Element, Tool
    from threatmodel.model.graph import ModelGraph

RELAYS: Final = frozenset({"service", "external", "store"})
PARTIES: Final = frozenset({"person", "external", "service", "agent"})
_ASKS_OUTSIDE: Final = frozenset({"browser", "http"})


@dataclass(frozen=True, slots=True)
class Influence:
    """That one agent can be steered, with one certainty."""

    agent: str
    by: tuple[str, ...]
    """The sources, sorted: all of them, unless `by_count` says that there are more."""
    certainty: str
    """`yes` or `unknown`."""
    weakened: bool
    """Whether every route of this certainty passes a filter that holds."""
    route: tuple[str, ...]
    """The first of its routes."""
    missing: tuple[str, ...]
    """Facts, sorted: all of them, unless `missing_count` says that there are more."""
    by_count: int
    missing_count: int


@dataclass(slots=True)
class Texts:
    """The ways of text through a system: who writes what whom reads."""

    controls: Controls
    own: Mapping[str, tuple[Power, ...]]
    """Agent → its attached powers."""
    latent_writes: Mapping[str, tuple[tuple[Power, Mark, bool], ...]]
    """Agent → writes that raw reach gives it, with what stands before them and whether they are there for certain."""
    hops: Hops = field(default_factory=dict)
    starts: dict[str, list[Hop]] = field(default_factory=dict)
    """Source → how its text sets out."""
    _written: dict[str, list[tuple[str, Mark]]] = field(default_factory=dict)
    _acting: dict[str, set[str]] = field(default_factory=dict)
    """Store → who certainly writes it by an action of its own."""
    _sure: set[str] = field(default_factory=set)
    """Stores that somebody certainly writes by an action, past its tool or not."""
    _written_past_tools: dict[str, list[tuple[str, Mark]]] = field(default_factory=dict)
    _remembering: dict[str, list[str]] = field(default_factory=dict)
    _read: dict[str, list[tuple[str, Mark]]] = field(default_factory=dict)

    @property
    def graph(self) -> ModelGraph:
        """The described system."""
        return self.controls.context.graph

    def build(self) -> Texts:
        """Lay all hops; returns itself."""
        self._index()
        for flow in self.graph.flows:
            self._flow(flow)
        for delegation in self.graph.delegations:
            self._delegation(delegation)
        for store in self.graph.of_kind("store"):
            self._store(store)
        for agent in self.graph.agents:
            self._results(agent)
            self._supply_chain(agent)
            self._instructions(agent)
        return self

    # Laying hops

    def _lay(self, source: str, target: str, mark: Mark, through: tuple[str, ...] = ()) -> None:
        """Let text pass from one element to another, and let it begin there if the first is a source."""
        element = self.graph.elements.get(source)
        if element is None:
            if source in EVERYBODY:
                self.starts.setdefault(source, []).append(Hop(source, target, mark, through))
            return
        begins = source_mark(self.graph, element)
        if begins is not None:
            self.starts.setdefault(source, []).append(Hop(source, target, begins + mark, through))
        if element.kind == "agent" or (element.kind in RELAYS and passes_text(element)):
            self.hops.setdefault(source, []).append(Hop(source, target, self._relayed(element) + mark, through))

    def _relayed(self, element: Element) -> Mark:
        """Return what stands on text that comes out of a relay: controls on it, and its classifier."""
        if element.kind == "agent":
            return CLEAR
        mark = self.controls.text(element.id)
        return Mark(weakened=True) + mark if element.word("validated") == "classifier" else mark

    def _flow(self, flow: DataFlow) -> None:
        crossing = self._crossing(flow)
        if crossing is None:
            return
        mark, through = crossing
        self._lay(flow.source, flow.target, mark, through)
        source = self.graph.elements.get(flow.source)
        if flow.word("authenticated") != "no" or source is None or source.kind not in PARTIES:
            return
        if source_mark(self.graph, source) is not CLEAR:  # 4.1 (e): anyone can write in the name of such a party
            self.starts.setdefault(source.id, []).append(Hop(source.id, flow.target, mark, through))

    def _crossing(self, flow: DataFlow) -> tuple[Mark, tuple[str, ...]] | None:
        """
        Return what stands on text that takes a flow, up to and with the agent or store it enters, and the relays.

        None where it is stopped or enters neither these nor a relay.
        """
        target, mark = self.graph.elements.get(flow.target), flow_text(self.controls, flow)
        if mark is None or target is None or target.kind not in {"agent", *RELAYS}:
            return None
        if target.kind == "agent":
            mark = mark + self.controls.text(target.id)
        if target.kind == "store":
            writer = self.graph.elements.get(flow.source)
            agent = (writer.id,) if writer is not None and writer.kind == "agent" else ()
            mark = mark + self.controls.calls(*places_of(self.controls, flow), target.id, *agent)
        return mark, relays_of(self.controls, flow)

    def _delegation(self, delegation: Delegation) -> None:
        message, result = message_text(self.controls, delegation), result_text(self.controls, delegation)
        if message is not None:
            self._lay(delegation.source, delegation.target, message + self.controls.text(delegation.target))
        if result is not None:
            self._lay(delegation.target, delegation.source, result + self.controls.text(delegation.source))

    def _store(self, store: Element) -> None:
        """Lay the hops into a store by everything but flows, and out of it to those that read it."""
        named = store.says("writers")
        written = self._written.get(store.id, ())
        acting = self._acting.get(store.id, ())
        remembering = self._remembering.get(store.id, ())
        for name in store.words("writers"):
            if name not in acting or name in remembering:
                self._lay(name, store.id, self.writing(name, store.id))
        for agent, mark in (*written, *self._written_past_tools.get(store.id, ())):
            self._lay(agent, store.id, mark)
        for name in () if named else remembering:
            self._lay(name, store.id, self.writing(name, store.id))
        if passes_text(store):
            self._out_of(store, known=self.writers_known(store))

    def writers_known(self, store: Element) -> bool:
        """Return whether somebody certainly writes a store, or its writers are named (4.3 c)."""
        return (
            store.says("writers")
            or store.id in self._sure
            or store.id in self._remembering
            or bool(self.graph.flows_to.get(store.id))
        )

    def writing(self, writer: str, store: str) -> Mark:
        """Return the gates on what somebody writes into a store without an action: on it, and on an agent."""
        element = self.graph.elements.get(writer)
        return self.controls.calls(store, *((writer,) if element is not None and element.kind == "agent" else ()))

    def _out_of(self, store: Element, *, known: bool) -> None:
        """Lay the hops from a store to its readers; where no writer is known, text may begin there."""
        for reader, mark in self._read.get(store.id, ()):
            self._lay(store.id, reader, mark)
            if not known:
                self._begin_unsaid(store, reader, mark, ())
        if not known:
            for flow in self.graph.flows_from.get(store.id, ()):
                crossing = self._crossing(flow)
                if crossing is not None:
                    self._begin_unsaid(store, flow.target, *crossing)

    def _begin_unsaid(self, store: Element, target: str, mark: Mark, via: tuple[str, ...]) -> None:
        """Let text of a writer nobody knows begin at a store (4.3 c)."""
        unsaid = Mark(missing=(f"{store.place}.writers",))
        self.starts.setdefault(store.id, []).append(Hop(store.id, target, unsaid + self._relayed(store) + mark, via))

    def _index(self) -> None:
        """Note who writes and who reads each store, by actions, memory and instructions."""
        for agent in self.graph.agents:
            memory = agent.words("memory")
            for name in memory:
                self._remembering.setdefault(name, []).append(agent.id)
            instructions = agent.body.get("instructions")
            told = as_words(instructions.get("from")) if isinstance(instructions, MapNode) else ()
            for name in (*memory, *told):
                self._read.setdefault(name, []).append((agent.id, self.controls.text(f"{name}>{agent.id}", agent.id)))
            for power in self.own[agent.id]:
                for name in power.stores:
                    self._index_power(agent, power, name)
            for power, mark, certain in self.latent_writes.get(agent.id, ()):
                for name in power.stores:
                    self._written_past_tools.setdefault(name, []).append((agent.id, mark))
                    if certain:
                        self._sure.add(name)

    def _index_power(self, agent: Agent, power: Power, store: str) -> None:
        if power.writes is not None:
            self._written.setdefault(store, []).append((agent.id, self.write_mark(power, agent.id, store)))
            if not power.writes:
                self._acting.setdefault(store, set()).add(agent.id)
                self._sure.add(store)
        if "read" in power.effects and power.word("returns") != "typed":
            mark = self.controls.text(f"{store}>{agent.id}", agent.id) + self._on_result(power, agent)
            self._read.setdefault(store, []).append((agent.id, mark))

    def write_mark(self, power: Power, agent: str, store: str) -> Mark:
        """Return what stands before a write of an agent into a store by an action of its own, and what is missing."""
        gates = self.controls.calls(*dict.fromkeys((*power.gate_places, store, agent)))
        gates = gates + self.controls.authorization(agent)
        return gates + Mark(missing=power.writes) if power.writes else gates

    def _on_result(self, power: Power, agent: Agent) -> Mark:
        """Return the mark of text controls on what an action brings back."""
        places = [power.name, f"{power.name}>{agent.id}"]
        if power.tool is not None:
            places += [power.tool.id, f"{power.tool.id}>{agent.id}"]
        return self.controls.text(*places)

    def _results(self, agent: Agent) -> None:
        """Lay what comes back from actions (4.3 b)."""
        for power in self.own[agent.id]:
            if power.name in {f"{agent.id}.shell", f"{agent.id}.*"}:
                continue
            doubt = self._outsiders_result(power)
            if doubt is not None:
                name = power.tool.id if power.tool is not None and power.action is None else power.name
                mark = doubt + self._on_result(power, agent) + self.controls.text(agent.id)
                self.starts.setdefault(name, []).append(Hop(name, agent.id, mark))

    def _outsiders_result(self, power: Power) -> Mark | None:
        """Return whether a result carries an outsider's text: a mark that may name the missing fact, or None for no."""
        returns = power.word("returns") if power.action is not None or power.details is not None else None
        tool = power.tool
        if tool is not None and power.action is None:
            returns = tool.word("returns")
        if returns is not None:
            return CLEAR if returns == "untrusted" else None
        if tool is None:
            target = self.graph.elements.get(power.target or "")
            outside = target is not None and target.kind == "external"
            return Mark(missing=(f"{power.place}.returns",)) if outside else None
        if tool.word("kind") == "library":
            return None
        if power.action is None:
            ours = tool.word("provider") == "first_party" and tool.word("kind") not in _ASKS_OUTSIDE
            return None if ours else Mark(missing=(f"{tool.place}.actions",))
        asks = any(
            (found := self.graph.elements.get(name)) is not None and self._outside(found)
            for name in power.words("target")
        )
        if tool.word("provider") == "first_party" and tool.word("kind") not in _ASKS_OUTSIDE and not asks:
            return None
        return Mark(missing=(f"{power.place}.returns",))

    @staticmethod
    def _outside(element: Element) -> bool:
        return element.kind == "external" or (element.kind == "agent" and element.word("operated_by") == "third_party")

    def _supply_chain(self, agent: Agent) -> None:
        """Lay what descriptions and outside documents of tools and skills say to the model (4.3 e)."""
        for tool in self.graph.tools_of[agent.id]:
            doubt = supply_chain(tool)
            if doubt is not None:
                mark = doubt + self.controls.text(tool.id, f"{tool.id}>{agent.id}", agent.id)
                self.starts.setdefault(tool.id, []).append(Hop(tool.id, agent.id, mark))

    def _instructions(self, agent: Agent) -> None:
        """Lay what whoever may write an agent's instructions says to it (4.3 f)."""
        written = agent.body.get("instructions")
        if isinstance(written, MapNode):
            for name in as_words(written.get("writable_by")):
                self._lay(name, agent.id, self.controls.text(agent.id))


def supply_chain(tool: Tool) -> Mark | None:
    """Return whether a tool's description or documents are a source: a mark that may name what is missing, or None."""
    provider, version, loads = tool.word("provider"), tool.word("version"), tool.word("loads")
    if loads == "floating":
        return CLEAR
    if provider == "first_party" or version == "pinned":
        return None
    missing = tuple(
        f"{tool.place}.{key}" for key, said in (("provider", provider), ("version", version)) if said is None
    )
    return Mark(missing=missing) if missing else CLEAR
