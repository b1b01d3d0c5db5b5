"""Why what happens at the end of a route is a harm, and what should confine it (SEMANTICS 7.3 to 7.7, 8.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatmodel.analysis.exit_reasons import ExitReasons
from threatmodel.analysis.impacts import BACKUP, Impacts
from threatmodel.analysis.proof import Quote, Stage, Stand, overruled, quotes, told
from threatmodel.catalog.control import Confines

if TYPE_CHECKING:
    from threatmodel.analysis.capability import Closure
    from threatmodel.analysis.control_reasons import ControlReasons
    from threatmodel.analysis.legs import Leg
    from threatmodel.analysis.paths import AttackPath, Mishap
    from threatmodel.model.elements import Element
    from threatmodel.span import Span


class HarmReasons:
    """Reasons for the last stage of every path and mishap."""

    def __init__(self, closure: Closure, reasons: ControlReasons) -> None:
        """Explain what happens to a system."""
        self._closure = closure
        self._graph = closure.graph
        self._controls = closure.controls
        self._reasons = reasons
        self._impacts = Impacts(closure)
        self._exits = ExitReasons(closure, reasons)

    def harm(self, one: AttackPath | Mishap, leg: Leg | None) -> Stage:
        """Explain the impact of a path or a mishap that ends in a leg, or in a message."""
        if one.impact == "disclosure":
            return self._exits.out(one, leg)
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
            return Stage(*where, "impact", f"{one.action} grants rights", "7.4", span, said)
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
        stands = overruled(stands, said, "sandbox: none")
        missing: tuple[str, ...] = ()
        unsaid = not said or said[0].text == "sandbox: unknown"
        if unsaid and not any(stand.worth == "holds" for stand in stands):
            missing = (f"{runtime.place}.sandbox" if runtime is not None else f"{holder.place}.runtime.sandbox",)
        bounded = any(stand.worth in {"holds", "claim"} for stand in stands)
        held = "this is what should hold it" if bounded else "nothing holds it"
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
        if leg is not None and leg.power.writes:  # 7.7: nobody has said what it does
            missing = (*leg.power.writes, *missing)
            stands = self._reasons.calls(store.id) + stands
            text = f"nobody has said whether {leg.power.name} writes into {store.id}: if so, {text}"
        return Stage(one.action, one.impact, "impact", text, "7.6", store.span, said, stands, missing)

    def _lasting(self, name: str) -> Element | None:
        store = self._graph.elements.get(name)
        return store if store is not None and store.word("persistence") in {"cross_session", None} else None
