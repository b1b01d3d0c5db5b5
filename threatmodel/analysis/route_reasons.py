"""The proof of an attack path, a mishap or any other route, stage by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatmodel.analysis.acting_reasons import ActingReasons
from threatmodel.analysis.capability import Bounds, Closure
from threatmodel.analysis.control_reasons import ControlReasons
from threatmodel.analysis.harm_reasons import HarmReasons
from threatmodel.analysis.influence import Texts
from threatmodel.analysis.marks import BROKEN, STATES
from threatmodel.analysis.proof import Stage, told
from threatmodel.analysis.reading_reasons import ReadingReasons
from threatmodel.analysis.text_reasons import TextReasons

if TYPE_CHECKING:
    from threatmodel.analysis.derived import Derived
    from threatmodel.analysis.paths import AttackPath, Mishap


class RouteReasons:
    """Proofs of one system. It is built once and asked for one route after another."""

    def __init__(self, derived: Derived) -> None:
        """Lay what the analysis has laid, with the controls as it has judged them."""
        controls = derived.controls
        self.graph = controls.context.graph
        closure = self._closure = Closure(controls).build()
        texts = Texts(controls, closure.own, closure.latent_writes()).build()
        reasons = ControlReasons(controls)
        self.texts = TextReasons(texts, reasons)
        self.acting = ActingReasons(closure, reasons)
        self.harms = HarmReasons(closure, reasons)
        self._readings = ReadingReasons(closure, reasons)

    def path(self, path: AttackPath) -> tuple[Stage, ...]:
        """Return the stages of an attack path: the text, what is read, the way, what happens."""
        at = next((at for at, step in enumerate(path.steps) if step == path.agent and at > 0), 0)
        text = self.texts.stages(path.steps[: at + 1], STATES.index(path.state))
        read = self._readings.readings(path) if path.impact == "disclosure" else []
        return (*text, *read, *self._deed(path, path.steps[at:]))

    def mishap(self, mishap: Mishap) -> tuple[Stage, ...]:
        """Return the stages of a mishap: a model that decides, the way, what happens."""
        agent = self.graph.elements[mishap.agent]
        missing = () if agent.says("planning") else (f"{agent.place}.planning",)
        text = f"the model of {agent.id} decides what to do next, and it errs without any attacker"
        if missing:
            text = f"nobody has said whether the model of {agent.id} decides what to do next"
        said = told(agent, "planning", "oversight")
        start = Stage(agent.id, agent.id, "model", text, "8.1", said[0].span if said else agent.span, said, (), missing)
        return (start, *self._deed(mishap, mishap.steps))

    def text(self, steps: tuple[str, ...]) -> tuple[Stage, ...]:
        """Return the stages of an influence."""
        return tuple(self.texts.stages(steps, BROKEN))

    def way(self, steps: tuple[str, ...], action: str) -> tuple[Stage, ...]:
        """Return the stages of a capability."""
        return tuple(self.acting.stages(steps, action)[0])

    def never(self, agent: str, name: str) -> tuple[tuple[str, ...], str]:
        """Return the way to what an agent shall never do, one that nothing holds back first, and the action."""
        bounds = Bounds(self.graph, self.graph.elements[agent])  # type: ignore[arg-type]
        found = [
            way
            for way in self._closure.ways[agent]
            if any(bounds.covers(name, way.leg.power, effect) for effect in way.leg.power.effects)
        ]
        if not found:
            return (), ""
        first = min(found, key=lambda way: (bool(way.doubt), way.gates.rank, len(way.gates.broken), len(way.steps)))
        return first.steps, first.leg.power.name

    def _deed(self, one: AttackPath | Mishap, steps: tuple[str, ...]) -> tuple[Stage, ...]:
        found, leg = self.acting.stages(steps, one.action, getattr(one, "source", ""))
        harm = self.harms.harm(one, leg)
        if leg is None and harm.kind == "way out" and harm.arguments:  # a call, even of code that runs beside the agent
            found = [*found[:-1], self.acting.call(one.agent, one.action)]
        return (*found, harm)
