"""Why text gets from one element to the next: the line that lets it, and what stands there (SEMANTICS 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from threatmodel.analysis.hop_reasons import HopReasons
from threatmodel.analysis.proof import Stage, Stand, told
from threatmodel.analysis.sources import source_mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from threatmodel.analysis.control_reasons import ControlReasons
    from threatmodel.analysis.influence import Texts


class TextReasons:
    """Reasons for the hops of text of one system."""

    def __init__(self, texts: Texts, reasons: ControlReasons) -> None:
        """Explain what `texts` has laid."""
        self._texts = texts
        self._graph = texts.graph
        self._reasons = reasons
        self.hops = HopReasons(texts, reasons)

    def stages(self, steps: Sequence[str], most: int) -> list[Stage]:
        """
        Explain a route of text, from its source to the agent.

        Args:
            steps: Source, relays, stores and agents, the agent at the end.
            most: Rank that no hop of the route exceeds.
        """
        hops = self._hops(tuple(steps), most)
        if not hops:
            return []
        found = []
        for at, (source, through, target) in enumerate(hops):
            unwritten = at == 0 and self._kind(source) == "store"  # text begins there only if nobody knows its writers
            causes = [one for one in self.hops.causes(source, through, target) if (one[2] == "store") == unwritten]
            if not causes:
                return []
            stage, _, begins = min(causes, key=lambda one: one[1].rank)
            if at == 0:
                start = self._start(source, begins)
                found += [start] if start is not None else []
            else:
                stage = replace(stage, stands=(*self._leaving(source), *stage.stands))
            found.append(stage)
        return found

    def _hops(self, steps: tuple[str, ...], most: int) -> list[tuple[str, tuple[str, ...], str]]:
        """Return the hops that make up a route: relays of `via:` lie between the two ends of one."""
        ends: dict[int, list[tuple[str, tuple[str, ...], str]]] = {0: []}
        for at, name in enumerate(steps[:-1]):
            if at not in ends:
                continue
            known = self._texts.starts.get(name, ()) if at == 0 else self._texts.hops.get(name, ())
            for hop in known:
                end = at + 1 + len(hop.through)
                if hop.mark.rank <= most and steps[at + 1 : end + 1] == (*hop.through, hop.target):
                    ends.setdefault(end, [*ends[at], (name, hop.through, hop.target)])
        return ends.get(len(steps) - 1, [])

    # Where it begins

    def _start(self, source: str, begins: str) -> Stage | None:
        """Say why what somebody writes is an outsider's text; None where the first hop says so itself."""
        element = self._graph.elements.get(source)
        if element is None or element.kind in {"tool", "skill", "store"}:
            return None
        mark = source_mark(self._graph, element)
        if begins == "flow" and (mark is None or mark.missing):
            text = f"anyone can write in the name of {source}: what it sends is not authenticated"
            return Stage(source, source, "source", text, "4.1e", element.span, told(element, "trust"))
        missing = mark.missing if mark is not None else ()
        if missing:
            text = f"nobody has said whether {source} is trusted"
            return Stage(source, source, "source", text, "4.1a", element.span, missing=missing)
        if element.kind == "agent":
            said = told(element, "operated_by", "trust")
            return Stage(source, source, "source", f"{source} is an agent that others run", "4.1d", element.span, said)
        rule = "4.1c" if element.kind == "service" else "4.1a"
        said = told(element, "content") or told(element, "trust")
        what = "what it passes on is an outsider's" if element.says("content") else "an outsider"
        text = f"{source} is {what}" if what == "an outsider" else f"{source}: {what}"
        return Stage(source, source, "source", text, rule, element.span, said)

    def _leaving(self, source: str) -> tuple[Stand, ...]:
        element = self._graph.elements.get(source)
        return () if element is None or element.kind == "agent" else self._reasons.texts(source)

    def _kind(self, name: str) -> str:
        element = self._graph.elements.get(name)
        return "" if element is None else element.kind
