"""Why what happens at the end of a route is a harm: impacts, readings and ways out (SEMANTICS 7, 8.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from threatmodel.analysis.disclosure import Disclosure
from threatmodel.analysis.impacts import BACKUP, Impacts
from threatmodel.analysis.marks import STATES
from threatmodel.analysis.powers import REACHING_KINDS, WRITES, credential_names
from threatmodel.analysis.proof import NOTHING, Quote, Stage, Stand, quotes, told
from threatmodel.analysis.sources import EVERYBODY, OUTSIDE
from threatmodel.catalog.control import Confines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.capability import Closure
    from threatmodel.analysis.control_reasons import ControlReasons
    from threatmodel.analysis.disclosure import Reading
    from threatmodel.analysis.legs import Leg
    from threatmodel.analysis.paths import AttackPath, Mishap
    from threatmodel.model.elements import Element
    from threatmodel.span import Span


class HarmReasons:
    """Reasons for the last stage of every path and mishap, and for what a disclosure has read before."""

    def __init__(self, closure: Closure, reasons: ControlReasons) -> None:
        """Explain what happens to a system."""
        self._closure = closure
        self._graph = closure.graph
        self._controls = closure.controls
        self._reasons = reasons
        self._impacts = Impacts(closure)

    def harm(self, one: AttackPath | Mishap, leg: Leg | None) -> Stage:
        """Explain the impact of a path or a mishap that ends in a leg, or in a message."""
        if one.impact == "disclosure":
            return self._out(one, leg)
        if one.impact == "persistence":
            return self._kept(one, leg)
        assert leg is not None  # noqa: S101  every other impact is that of an action
        power, action = leg.power, leg.power.action
        span = action.span if action is not None else self._graph.elements[leg.agent].span
        where = (one.action, one.impact)
        if one.impact == "payment":
            said = told(action, "effect", "limit") if action is not None else ()
            return Stage(*where, "impact", f"{one.action} moves money", "7.4", span, said)
        if one.impact == "privilege":
            said = told(action, "effect") if action is not None else ()
            return Stage(*where, "impact", f"{one.action} gives rights away", "7.4", span, said)
        if one.impact == "destruction":
            return self._destroyed(one, leg, span)
        if one.impact == "execution":
            return self._executed(one, leg, span)
        key = "scopes.meaning" if ":" in power.name else "effect"
        missing = power.doubt or (f"{power.place}.{key}",)
        return Stage(*where, "impact", f"nobody has said what {one.action} does", "7.7", span, missing=missing)

    def _destroyed(self, one: AttackPath | Mishap, leg: Leg, span: Span) -> Stage:
        power = leg.power
        reversible = power.word("reversible")
        text = {
            "no": f"what {one.action} changes cannot be undone",
            "with_effort": f"what {one.action} changes is undone with effort only",
        }.get(reversible or "", f"nobody has said whether what {one.action} changes can be undone")
        missing = () if reversible else (f"{power.place}.reversible",)
        said = told(power.action, "effect", "reversible") if power.action is not None else ()
        if power.details is not None:
            said = quotes(power.details, "do", "reversible")
        stands: list[Stand] = []
        way = next((way for way in self._closure.ways[one.agent] if way.leg is leg), None)
        names = dict.fromkeys(power.words("restored_by"))
        for place in (power.name, *((power.tool.id,) if power.tool else ()), *power.stores):
            names.update(dict.fromkeys(control.id for control in self._controls.at(place) if control.type == BACKUP))
        for name in names:
            control = self._graph.elements.get(name)
            if control is not None and control.kind == "control" and way is not None:
                mark = self._impacts._backup(way, control)  # type: ignore[arg-type]  # noqa: SLF001  one rule, one place
                stands.append(self._reasons.backup(control, mark))  # type: ignore[arg-type]
        return Stage(one.action, one.impact, "impact", text, "7.3", span, said, tuple(stands), missing)

    def _executed(self, one: AttackPath | Mishap, leg: Leg, span: Span) -> Stage:
        power, holder = leg.power, self._graph.elements[leg.agent]
        said: tuple[Quote, ...] = ()
        if "execute" not in power.effects:
            text = f"{one.action} ships what the agent wrote, and it runs"
            said = told(power.action, "effect") if power.action is not None else ()
            return Stage(one.action, one.impact, "impact", text, "7.5", span, said)
        places = [power.name, leg.agent, *((power.tool.id,) if power.tool is not None else ())]
        runtime = self._graph.runtime_of(holder)
        if runtime is not None and runtime.id != holder.id:
            places.append(runtime.id)
        stands = self._reasons.confining(Confines.EXECUTION, *places)
        if power.tool is not None:
            said = told(power.tool, "sandbox")
            own = self._graph.runtime_of(power.tool)
            said = said or (quotes(own.body, "sandbox") if own is not None else ())
        said = said or (quotes(runtime.body, "sandbox") if runtime is not None else ())
        missing: tuple[str, ...] = ()
        if not said and not any(stand.worth in {"holds", "claim"} for stand in stands):
            missing = (f"{runtime.place}.sandbox" if runtime is not None else f"{holder.place}.runtime.sandbox",)
        held = "this is what should hold it" if stands else "nothing holds it"
        text = f"{one.action} runs code of its choice, and {'nobody has said what holds it' if missing else held}"
        span = said[0].span if said else span
        return Stage(one.action, one.impact, "impact", text, "7.5", span, said, stands, missing)

    def _kept(self, one: AttackPath | Mishap, leg: Leg | None) -> Stage:
        names = leg.power.stores if leg is not None else (one.action,)
        store = next((found for name in names if (found := self._lasting(name)) is not None), None)
        if store is None:
            span = self._graph.elements[one.agent].span
            return Stage(one.action, one.impact, "impact", "what is written stays", "7.6", span)
        lasting = store.word("persistence")
        missing = () if lasting else (f"{store.place}.persistence",)
        readers = [agent.id for agent in self._graph.agents if store.id in agent.words("memory") or any(
            "read" in power.effects and store.id in power.stores for power in self._closure.own[agent.id])]  # fmt: skip
        who = f"{', '.join(readers[:3])} {'reads' if len(readers) == 1 else 'read'}" if readers else "agents read"
        text = f"{store.id} keeps it for later sessions, and {who} it"
        if missing:
            text = f"nobody has said whether {store.id} keeps it for later sessions, where {who} it"
        extra = [leg.power.name] if leg is not None else []
        extra += [leg.power.tool.id] if leg is not None and leg.power.tool is not None else []
        stands = self._reasons.confining(Confines.PERSISTENCE, store.id, *extra, one.agent)
        said = quotes(store.body, "persistence", "validated", "isolation")
        return Stage(one.action, one.impact, "impact", text, "7.6", store.span, said, stands, missing)

    def _lasting(self, name: str) -> Element | None:
        store = self._graph.elements.get(name)
        return store if store is not None and store.word("persistence") in {"cross_session", None} else None

    # What is read

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
            key = (reading.by or reading.asset, how, span, stands, reading.mark.missing)
            alike.setdefault(key, []).append((what, said))
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
                    return f"{flow.source} sends it{who}", flow.span, self._reasons.calls(flow.id)
        return "it comes by itself", agent.span, ()

    def _reader(self, agent: str, action: str) -> str:
        """Return the agent that does a reading: the one itself if it can, else one that it works with."""
        able = [one for one, legs in self._closure.legs.items() if any(leg.power.name == action for leg in legs)]
        return agent if agent in able or not able else able[0]

    # Ways out

    def _out(self, one: AttackPath | Mishap, leg: Leg | None) -> Stage:
        found = [*self._called(one, leg)] if leg is not None else [*self._sent(one)]
        return min(found, key=_rank) if found else Stage(
            one.action, one.impact, "way out", f"{one.action} takes it out", "7.2", self._graph.elements[one.agent].span
        )  # fmt: skip

    def _called(self, one: AttackPath | Mishap, leg: Leg) -> Iterator[Stage]:
        power = leg.power
        span = power.action.span if power.action is not None else self._graph.elements[leg.agent].span
        to = power.word("to")
        where = (one.action, one.impact, "way out")
        places = (power.name, *((power.tool.id,) if power.tool else ()), leg.agent)
        sends = "send" in power.effects
        if (sends or "write" in power.effects) and (to in {"external", "public"} or (to is None and sends)):
            stands = self._reasons.confining(Confines.DISCLOSURE_BY_SEND, *places) if sends else ()
            said = quotes(power.details, "to") if power.details else ()
            said = told(power.action, "to") if power.action is not None else said
            bounded = any(stand.worth in {"holds", "claim"} for stand in stands)
            missing = () if to or bounded else (f"{power.place}.to",)
            text = f"{one.action} takes it outside" if to else f"nobody has said to whom {one.action} sends it"
            yield Stage(*where, text, "7.2", span, said, stands, missing)
        if set(power.effects) & WRITES:
            for name in power.stores:
                yield from self._read_outside(where, name)
        if leg.basis != "latent" and (
            "execute" in power.effects
            or (power.tool is not None and power.tool.word("kind") in REACHING_KINDS and leg.basis == "attached")
        ):
            yield self._raw(where, leg.agent, power.tool)

    def _read_outside(self, where: tuple[str, str, str], name: str) -> Iterator[Stage]:
        store = self._graph.elements.get(name)
        for reader in store.words("readers") if store is not None else ():
            element = self._graph.elements.get(reader)
            trust = element.word("trust") if element is not None else None
            if reader not in EVERYBODY and (element is None or (trust is not None and trust not in OUTSIDE)):
                continue
            missing = (f"{element.place}.trust",) if element is not None and trust is None else ()
            who = "anyone reads" if reader in EVERYBODY else f"{reader}, an outsider, reads" if not missing else (
                f"{reader}, of whom nobody has said whether it is trusted, reads")  # fmt: skip
            said = quotes(store.body, "readers") if store is not None else ()
            yield Stage(*where, f"{who} {name}", "7.2", said[0].span, said, (), missing)

    def _raw(self, where: tuple[str, str, str], agent: str, tool: Element | None) -> Stage:
        holder = self._graph.elements[agent]
        runtime = self._graph.runtime_of(tool) if tool is not None else None
        place = f"{holder.place}.runtime.egress"
        if runtime is None or runtime.word("egress") is None:
            runtime = self._graph.runtime_of(holder)
        place = f"{runtime.place}.egress" if runtime is not None else place
        said = quotes(runtime.body, "egress") if runtime is not None else ()
        places = [where[0], agent, *(one.id for one in (tool, runtime) if one is not None)]
        stands = self._reasons.confining(Confines.DISCLOSURE_BY_REACH, *places)
        bounded = any(stand.worth in {"holds", "claim"} for stand in stands)
        unsaid = runtime is None or runtime.word("egress") is None
        text = f"{where[0]} can open connections to anywhere"
        if unsaid:
            text = f"nobody has said where {where[0]} can connect to"
        elif bounded:
            text = f"{where[0]} can open connections; this is what should bound them"
        span = said[0].span if said else holder.span
        return Stage(*where, text, "7.2", span, said, stands, (place,) if unsaid and not bounded else ())

    def _sent(self, one: AttackPath | Mishap) -> Iterator[Stage]:
        """Yield how a message, an answer, a tool's arguments or code beside the agent take data out."""
        where = (one.action, one.impact, "way out")
        name = one.action.partition(">")[2] or one.action
        element = self._graph.elements.get(name)
        if element is None:
            return
        if element.kind in {"tool", "skill"}:
            if element.word("runs_in") == "agent_process":
                yield self._raw(where, one.agent, element)
            if name == getattr(one, "source", ""):
                text = f"what {one.agent} passes to {name} as arguments is what its makers get"
                yield Stage(*where, text, "7.2", element.span, told(element, "provider", "version"))
            return
        if element.kind == "service":
            renders, loads = element.word("renders"), element.word("loads_remote")
            unsaid = [key for key, said in (("renders", renders), ("loads_remote", loads)) if said is None]
            missing = tuple(f"{element.place}.{key}" for key in unsaid)
            flows = self._graph.flows_to.get(name, ())
            places = (name, one.agent, *(flow.id for flow in flows), one.action)
            stands = self._reasons.confining(Confines.DISCLOSURE_BY_ANSWER, *places)
            text = f"{name} shows the answer and loads what it points to, from anywhere"
            if missing:
                text = f"nobody has said whether {name} loads what an answer points to"
            yield Stage(*where, text, "7.2", element.span, told(element, "renders", "loads_remote"), stands, missing)
            return
        trust = element.word("trust")
        missing = () if trust else (f"{element.place}.trust",)
        unsaid = f"{name} gets it, and nobody has said whether it is trusted"
        text = f"{name}, an outsider, gets it" if trust else unsaid
        yield Stage(*where, text, "7.2", element.span, told(element, "trust", "operated_by"), (), missing)


def _names(element: Element, key: str, asset: str | None) -> bool:
    """Return whether a list names an asset or, where nobody says which asset it is, whether there is no list."""
    return asset in element.words(key) if asset else not element.says(key)


def _rank(stage: Stage) -> int:
    worths = {stand.worth for stand in stage.stands}
    state = "broken" if "holds" in worths else "unknown" if stage.lacks else "claimed" if "claim" in worths else "open"
    return STATES.index(state)
