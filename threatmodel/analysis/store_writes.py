"""Writes into a store without a write action: as memory, as a named writer, by a flow (SEMANTICS 7.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from threatmodel.analysis.marks import Route
from threatmodel.analysis.passing import flow_text, places_of, stops

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from threatmodel.analysis.gates import Controls
    from threatmodel.analysis.powers import Power
    from threatmodel.model.elements import Agent


class Kept(NamedTuple):
    """One such write."""

    store: str
    route: Route
    carries: tuple[str, ...] | None
    """The data it is limited to, where a flow says."""


class Keeping:
    """Such writes of every agent."""

    def __init__(self, controls: Controls, own: Mapping[str, tuple[Power, ...]]) -> None:
        """Note who is named as a writer of which store."""
        self._controls = controls
        self._own = own
        self._graph = controls.context.graph
        stores = self._graph.of_kind("store")
        self._place = {store.id: place for place, store in enumerate(stores)}
        self._writers: dict[str, list[str]] = {}
        for store in stores:
            for name in store.words("writers"):
                self._writers.setdefault(name, []).append(store.id)

    def of(self, agent: Agent) -> Iterator[Kept]:
        """Yield the stores an agent writes without a write action, with the gates on it and on the store."""
        controls = self._controls
        memory, listed = agent.words("memory"), self._writers.get(agent.id, ())
        candidates = {name for name in (*memory, *listed) if name in self._place}
        if candidates:
            by_action = {name for power in self._own[agent.id] if power.writes == () for name in power.stores}
            for name in sorted(candidates, key=self._place.__getitem__):
                remembered = name in memory and (name in listed or not self._graph.elements[name].says("writers"))
                if remembered or (name in listed and name not in by_action):
                    yield Kept(name, Route((agent.id, name), controls.calls(name, agent.id)), None)
        for flow in self._graph.flows_from.get(agent.id, ()):
            if flow.target not in self._place:
                continue
            text = flow_text(controls, flow)
            if text is not None:
                mark = controls.calls(*places_of(controls, flow), flow.target, agent.id) + stops(text)
                carries = flow.words("carries") if flow.says("carries") else None
                yield Kept(flow.target, Route((agent.id, flow.target), mark), carries)
