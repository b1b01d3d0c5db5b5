"""How data leaves a session: calls, raw reach, messages, answers, arguments (SEMANTICS 7.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from threatmodel.analysis.exits import telling
from threatmodel.analysis.marks import STATES
from threatmodel.analysis.passing import places_of
from threatmodel.analysis.powers import REACHING_KINDS
from threatmodel.analysis.proof import Stage, overruled, quotes, told
from threatmodel.analysis.sources import EVERYBODY, OUTSIDE
from threatmodel.catalog.control import Confines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.capability import Closure
    from threatmodel.analysis.control_reasons import ControlReasons
    from threatmodel.analysis.legs import Leg
    from threatmodel.analysis.paths import AttackPath, Mishap
    from threatmodel.analysis.proof import Stand
    from threatmodel.model.elements import Element


class ExitReasons:
    """Reasons for the ways out of sessions."""

    def __init__(self, closure: Closure, reasons: ControlReasons) -> None:
        """Explain what agents of a system send out."""
        self._closure = closure
        self._graph = closure.graph
        self._reasons = reasons

    def out(self, one: AttackPath | Mishap, leg: Leg | None) -> Stage:
        """Explain the way out of a disclosure that ends in a leg, or in a message."""
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
            if to and "write" in power.effects:  # such a list bounds what is sent, not what is written (3.8)
                stands = ()
            missing = () if to or _held(stands) else (f"{power.place}.to",)
            text = f"{one.action} takes it outside" if to else f"nobody has said to whom {one.action} sends it"
            yield Stage(*where, text, "7.2", span, said, stands, missing)
        unsaid = power.writes
        for name in power.stores if unsaid is not None else ():
            gates = self._reasons.calls(name) if unsaid else ()
            for stage in self._read_outside(where, name):
                yield replace(stage, stands=gates, missing=(*(unsaid or ()), *stage.missing))
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
            ours = element is not None and element.kind == "agent" and element.word("operated_by") != "third_party"
            if reader not in EVERYBODY and (element is None or ours or (trust is not None and trust not in OUTSIDE)):
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
        stands = overruled(stands, said, "egress: any")
        bounded = any(stand.worth in {"holds", "claim"} for stand in stands)
        held = _held(stands)
        unsaid = runtime is None or runtime.word("egress") is None
        text = f"{where[0]} can open connections to anywhere"
        if unsaid:
            text = f"nobody has said where {where[0]} can connect to"
        elif bounded:
            text = f"{where[0]} can open connections; this is what should bound them"
        span = said[0].span if said else holder.span
        return Stage(*where, text, "7.2", span, said, stands, (place,) if unsaid and not held else ())

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
            if telling(self._closure.legs[one.agent], name) is not None and name == getattr(one, "source", ""):
                text = f"what {one.agent} passes to {name} as arguments is what its makers get"
                yield Stage(*where, text, "7.2", element.span, told(element, "provider", "version"), arguments=True)
            return
        if element.kind == "store":
            yield from self._read_outside(where, name)
            return
        if element.kind == "service":
            renders, loads = element.word("renders"), element.word("loads_remote")
            unsaid = [key for key, said in (("renders", renders), ("loads_remote", loads)) if said is None]
            missing = tuple(f"{element.place}.{key}" for key in unsaid)
            flows = self._graph.flows_to.get(name, ())
            on_flows = (place for flow in flows for place in places_of(self._closure.controls, flow))
            places = (name, one.agent, *on_flows, one.action)
            stands = self._reasons.confining(Confines.DISCLOSURE_BY_ANSWER, *places)
            text = f"{name} shows the answer and loads what it points to, from anywhere"
            if missing:
                text = f"nobody has said whether {name} loads what an answer points to"
            yield Stage(*where, text, "7.2", element.span, told(element, "renders", "loads_remote"), stands, missing)
            return
        trust = element.word("trust")
        missing = () if trust else (f"{element.place}.trust",)
        text = f"{name} gets it, and nobody has said whether it is trusted"
        if trust:
            text = f"{name}, an outsider, gets it, and the text that steers decides what goes along"
        yield Stage(*where, text, "7.2", element.span, told(element, "trust", "operated_by"), (), missing)


def _held(stands: tuple[Stand, ...]) -> bool:
    return any(stand.worth == "holds" for stand in stands)


def _rank(stage: Stage) -> int:
    worths = {stand.worth for stand in stage.stands}
    state = "broken" if "holds" in worths else "unknown" if stage.lacks else "claimed" if "claim" in worths else "open"
    return STATES.index(state)
