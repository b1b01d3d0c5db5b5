"""How what leaves in a disclosure gets into the session of an agent (SEMANTICS 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from threatmodel.analysis.disclosure import Disclosure
from threatmodel.analysis.passing import places_of
from threatmodel.analysis.powers import credential_names
from threatmodel.analysis.proof import NOTHING, Quote, Stage, Stand, told

if TYPE_CHECKING:
    from threatmodel.analysis.capability import Closure
    from threatmodel.analysis.control_reasons import ControlReasons
    from threatmodel.analysis.disclosure import Reading
    from threatmodel.analysis.paths import AttackPath
    from threatmodel.model.elements import Element
    from threatmodel.span import Span


class ReadingReasons:
    """Reasons for the readings of disclosures."""

    def __init__(self, closure: Closure, reasons: ControlReasons) -> None:
        """Explain what agents of a system read."""
        self._closure = closure
        self._graph = closure.graph
        self._reasons = reasons

    def readings(self, path: AttackPath) -> list[Stage]:
        """Explain how what leaves gets into the session: one stage per asset, or what nobody has said (7.1)."""
        found: dict[tuple[str | None, str], Reading] = {}
        for reading in Disclosure(self._closure).readings(path.agent):
            wanted = reading.asset in path.assets if path.assets else reading.asset is None or reading.mark.missing
            if wanted:
                key = (reading.asset, reading.by)
                if key not in found or reading.mark.rank < found[key].mark.rank:
                    found[key] = reading
        chosen: dict[str | None, Reading] = {}
        for reading in sorted(found.values(), key=lambda one: (one.mark.rank, one.by != path.reading, one.by)):
            chosen.setdefault(reading.asset, reading)
        alike: dict[tuple[object, ...], list[tuple[str, tuple[Quote, ...]]]] = {}
        for reading in chosen.values():
            what, said = self._what(reading)
            how, span, stands = self._how(path, reading, self._graph.elements.get(reading.asset or ""))
            alike_by = (reading.by or reading.asset, how, span, stands, reading.mark.missing)
            alike.setdefault(alike_by, []).append((what, said))
        return [self._reading(path, key, known) for key, known in alike.items()]

    @staticmethod
    def _reading(path: AttackPath, key: tuple[Any, ...], known: list[tuple[str, tuple[Quote, ...]]]) -> Stage:
        by, how, span, stands, missing = key
        text = f"{path.agent} has {', '.join(what for what, _ in known)} in its session: {how}"
        said = tuple(quote for _, found in known for quote in found)
        return Stage(by or "data", path.agent, "reading", text, "7.1", span, said, stands, missing)

    def _what(self, reading: Reading) -> tuple[str, tuple[Quote, ...]]:
        """Return what is read, as a sentence names it, and the keys that say how secret it is."""
        asset = self._graph.elements.get(reading.asset or "")
        what = reading.asset or "data that nobody has named"
        said: tuple[Quote, ...] = ()
        if asset is not None and asset.kind == "data":
            level = getattr(asset, "classification", None)
            what = f"{asset.id} ({level})" if level else f"{asset.id}, of which nobody has said how secret it is,"
            said = told(asset, "classification") or told(asset, "categories")
        elif asset is not None:
            said = told(asset, "visible_to_model")
        return what, said

    def _how(self, path: AttackPath, reading: Reading, asset: Element | None) -> tuple[str, Span, tuple[Stand, ...]]:
        """Return how it gets into the session, the line that says so, and what stands there."""
        how, span, stands = self._source(path, reading, asset)
        counted = {*reading.mark.broken, *reading.mark.claimed}
        return how, span, tuple(one for one in stands if one.control in counted or one.worth == NOTHING)

    def _source(self, path: AttackPath, reading: Reading, asset: Element | None) -> tuple[str, Span, tuple[Stand, ...]]:
        agent = self._graph.elements[path.agent]
        if reading.by:
            action = self._graph.actions.get(reading.by)
            reader = self._reader(path.agent, reading.by)
            who = "it" if reader == path.agent else reader
            how = f"{who} reads that by {reading.by}"
            tool = action.tool.id if action is not None else reading.by.rpartition(".")[0]
            stands = self._reasons.calls(reading.by, tool, reader)
            return how, action.span if action is not None else self._graph.elements[reader].span, stands
        for one in (agent, *(other for other in self._graph.agents if other is not agent)):
            near = one is agent
            if asset is not None and asset.kind == "credential":
                if asset in credential_names(self._graph, one):  # type: ignore[arg-type]
                    return f"the model of {one.id} sees it", asset.span, ()
                continue
            for name in one.words("memory"):
                store = self._graph.elements.get(name)
                if store is not None and _names(store, "data", reading.asset):
                    who = "its" if near else f"{one.id}'s"
                    return f"it lies in {who} memory {name}", store.span, self._reasons.calls(name)
            for flow in self._graph.flows_to.get(one.id, ()):
                if _names(flow, "carries", reading.asset):
                    who = "" if near else f" to {one.id}"
                    stands = self._reasons.calls(*places_of(self._closure.controls, flow))
                    return f"{flow.source} sends it{who}", flow.span, stands
        return "it comes by itself", agent.span, ()

    def _reader(self, agent: str, action: str) -> str:
        """Return the agent that does a reading: the one itself if it can, else one that it works with."""
        able = [one for one, legs in self._closure.legs.items() if any(leg.power.name == action for leg in legs)]
        return agent if agent in able or not able else able[0]


def _names(element: Element, key: str, asset: str | None) -> bool:
    """Return whether a list names an asset or, where nobody says which asset it is, whether there is no list."""
    return asset in element.words(key) if asset else not element.says(key)
