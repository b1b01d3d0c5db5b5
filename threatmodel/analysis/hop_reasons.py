"""Everything that lets text hop from one element to the next, and what stands there (SEMANTICS 4.2 to 4.5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.granting import acts, granted, named
from threatmodel.analysis.influence import PARTIES, Texts, supply_chain
from threatmodel.analysis.marks import CLEAR, Mark
from threatmodel.analysis.passing import flow_text, message_text, places_of, result_text
from threatmodel.analysis.proof import Stage, overruled, quotes, told
from threatmodel.analysis.sources import EVERYBODY, STOPPED, passes_text
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import as_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.control_reasons import ControlReasons
    from threatmodel.analysis.powers import Power
    from threatmodel.analysis.proof import Stand
    from threatmodel.model.elements import Agent, DataFlow, Delegation, Element

_VERBS: Final = {
    "person": "writes to", "external": "sends text to", "store": "goes on to", "service": "passes the text on to",
    "agent": "sends what it writes to",
}  # fmt: skip


class HopReasons:
    """Reasons for single hops of text."""

    def __init__(self, texts: Texts, reasons: ControlReasons) -> None:
        """Explain what `texts` has laid."""
        self._texts = texts
        self._controls = texts.controls
        self._graph = texts.graph
        self._reasons = reasons

    def relayed(self, source: str) -> Mark:
        """Return the mark of text that comes out of a relay."""
        element = self._graph.elements.get(source)
        if element is None or element.kind == "agent":
            return CLEAR
        mark = self._controls.text(source)
        return Mark(weakened=True) + mark if element.word("validated") == "classifier" else mark

    def causes(self, source: str, through: tuple[str, ...], target: str) -> Iterator[tuple[Stage, Mark, str]]:
        """Yield everything that lets text hop from one element to another: stage, mark, how it may begin there."""
        for flow in self._graph.flows_from.get(source, ()):
            via = tuple(name for name in flow.via if self._kind(name) not in {"", "control"})
            if flow.target == target and via == through:
                yield from self._flow(flow)
        if through:
            return
        for delegation in self._graph.delegations:
            if (delegation.source, delegation.target) == (source, target):
                yield from self._handed(delegation)
            elif (delegation.target, delegation.source) == (source, target):
                yield from self._answer(delegation)
        if self._kind(target) == "store":
            yield from self._written(source, self._graph.elements[target])
        agent = self._graph.elements.get(target)
        if agent is not None and agent.kind == "agent":
            store = self._graph.elements.get(source)
            if store is not None and store.kind == "store":
                yield from self._read(store, agent)  # type: ignore[arg-type]
            yield from self._result(source, agent)  # type: ignore[arg-type]
            yield from self._supplied(source, agent)  # type: ignore[arg-type]
            yield from self._instructed(source, agent)

    def _flow(self, flow: DataFlow) -> Iterator[tuple[Stage, Mark, str]]:
        target, places, mark = (
            self._graph.elements[flow.target], places_of(self._controls, flow), flow_text(self._controls, flow),
        )  # fmt: skip
        if mark is None:
            return
        stands = self._on_edge("flow", flow.body, "content", *places)
        stands += self._reasons.texts(*((target.id,) if target.kind == "agent" else ()))
        if target.kind == "agent":
            mark = mark + self._controls.text(target.id)
        if target.kind == "store":
            writer = (flow.source,) if self._kind(flow.source) == "agent" else ()
            mark = mark + self._controls.calls(*places, target.id, *writer)
            stands += self._reasons.calls(*places, target.id, *writer)
        else:
            stands += self._reasons.riding_along(flow.id)
        kind = self._kind(flow.source)
        verb = _VERBS.get(kind, "passes text on to")
        by = f" by {flow.word('protocol')}" if flow.says("protocol") else ""
        way = f", by way of {', '.join(flow.via)}" if flow.via else ""
        rule = "4.2" if target.kind != "agent" else "4.3c" if kind == "store" else "4.3a"
        said = quotes(flow.body, "carries", "content", "authenticated")
        subject = f"text in {flow.source}" if kind == "store" else flow.source
        text = f"{subject} {verb} {flow.target}{by}{way}"
        stage = Stage(flow.source, flow.target, "flow", text, rule, flow.span, said, stands)
        sender = self._graph.elements.get(flow.source)
        anyone = flow.word("authenticated") == "no" and sender is not None and sender.kind in PARTIES
        yield stage, mark, "flow" if anyone else ""
        if kind == "store" and not self._texts.writers_known(self._graph.elements[flow.source]):
            yield self._unwritten(stage, mark)

    def _handed(self, delegation: Delegation) -> Iterator[tuple[Stage, Mark, str]]:
        context, mark = delegation.word("context"), message_text(self._controls, delegation)
        if mark is None:
            return
        missing = () if context is not None else (f"{delegation.place}.context",)
        mark = mark + self._controls.text(delegation.target)
        what = {"transcript": "the whole conversation", "summary": "a summary of the conversation",
                "message": "a message in free text"}.get(context or "", "")  # fmt: skip
        text = f"{delegation.source} hands {delegation.target} {what}" if what else (
            f"{delegation.source} asks {delegation.target}, and nobody has said what of the conversation goes along"
        )  # fmt: skip
        stands = self._on_edge("delegation", delegation.body, "context", delegation.id)
        stands += self._reasons.texts(delegation.target) + self._reasons.riding_along(delegation.id)
        said = quotes(delegation.body, "context")
        ends = (delegation.source, delegation.target)
        yield Stage(*ends, "delegation", text, "4.3d", delegation.span, said, stands, missing), mark, ""

    def _answer(self, delegation: Delegation) -> Iterator[tuple[Stage, Mark, str]]:
        mark = result_text(self._controls, delegation)
        if mark is None:
            return
        mark = mark + self._controls.text(delegation.source)
        unsaid = "" if delegation.says("returns") else ", as nobody says that it is typed"
        text = f"{delegation.target} answers {delegation.source} in free text{unsaid}"
        stands = self._on_edge("delegation", delegation.body, "returns", delegation.id)
        stands += self._reasons.texts(delegation.source)
        said = quotes(delegation.body, "returns")
        ends = (delegation.target, delegation.source)
        yield Stage(*ends, "answer", text, "4.3d", delegation.span, said, stands), mark, ""

    def _written(self, writer: str, store: Element) -> Iterator[tuple[Stage, Mark, str]]:
        element, ends = self._graph.elements.get(writer), (writer, store.id, "write")
        acting = [power for power in self._texts.own.get(writer, ()) if self._writes(power, store.id)]
        remembers = element is not None and element.kind == "agent" and store.id in element.words("memory")
        mark = self._texts.writing(writer, store.id)
        stands = self._reasons.calls(store.id, *((writer,) if self._kind(writer) == "agent" else ()))
        if writer in store.words("writers") and (remembers or all(power.writes for power in acting)):
            who = "anyone" if writer in EVERYBODY else writer
            span, said = named(store.body, "writers", writer), quotes(store.body, "writers", "validated")
            yield Stage(*ends, f"{who} may write into {store.id}", "4.3c", span, said, stands), mark, ""
        if element is None or element.kind != "agent":
            return
        for power in acting:
            places = tuple(dict.fromkeys((*power.gate_places, store.id, writer)))
            text = f"{writer} writes into {store.id} by {power.name}"
            on_it = self._reasons.calls(*places) + self._reasons.authorization(writer)
            missing = power.writes or ()
            text = f"{text}, and nobody has said that it does not" if missing else text
            said = acts(power, "effect", "store")
            span = granted(element, power.name, power.target)
            rule = "7.7" if missing else "4.3c"
            wrote = Stage(*ends, text, rule, span, said, on_it, missing)
            yield wrote, self._texts.write_mark(power, writer, store.id), ""
        for power, past, _ in self._texts.latent_writes.get(writer, ()):
            if store.id in power.stores:
                text = f"{writer} can write into {store.id} by {power.name}, past its tools"
                said = acts(power, "effect", "store")
                on_it = self._reasons.past_tool(power.name) + self._reasons.calls(store.id)
                yield Stage(*ends, text, "5.3", element.span, said, on_it, past.missing), past, ""
        if not store.says("writers") and remembers:
            text = f"{writer} has {store.id} as memory and, as nobody says who writes it, writes it"
            span, said = named(element.body, "memory", store.id), quotes(element.body, "memory")
            yield Stage(*ends, text, "4.3c", span, said, stands), mark, ""

    def _read(self, store: Element, agent: Agent) -> Iterator[tuple[Stage, Mark, str]]:
        if not passes_text(store):
            return
        edge = f"{store.id}>{agent.id}"
        found: list[tuple[Stage, Mark]] = []
        instructions = agent.body.get("instructions")
        around, stands = self._controls.text(edge, agent.id), self._reasons.texts(edge, agent.id)
        kept = quotes(store.body, "persistence", "isolation", "validated")
        if store.id in agent.words("memory"):
            text = f"{agent.id} reads {store.id} as its memory"
            where = named(agent.body, "memory", store.id)
            found.append((Stage(store.id, agent.id, "memory", text, "4.3c", where, kept, stands), around))
        if isinstance(instructions, MapNode) and store.id in as_words(instructions.get("from")):
            text = f"{agent.id} takes its instructions from {store.id}"
            said = quotes(instructions, "from")
            found.append((Stage(store.id, agent.id, "instructions", text, "4.3f", said[0].span, said, stands), around))
        for power in self._texts.own.get(agent.id, ()):
            if store.id in power.stores and "read" in power.effects and power.word("returns") != "typed":
                result = self._on_result(power, agent)
                text = f"{agent.id} reads {store.id} by {power.name}"
                span, said = granted(agent, power.name, power.target), acts(power, "effect", "store", "returns")
                both = stands + self._reasons.texts(*result)
                stage = Stage(store.id, agent.id, "read", text, "4.3c", span, (*said, *kept), both)
                found.append((stage, around + self._controls.text(*result)))
        for stage, mark in found:
            yield stage, mark, ""
            if not self._texts.writers_known(store):
                yield self._unwritten(stage, mark)

    def _unwritten(self, stage: Stage, mark: Mark) -> tuple[Stage, Mark, str]:
        store = self._graph.elements[stage.source]
        missing = (f"{store.place}.writers",)
        text = f"{stage.text}; nobody has said who writes it"
        stands = (*self._reasons.texts(store.id), *stage.stands)
        begun = replace(stage, text=text, missing=(*stage.missing, *missing), stands=stands)
        return begun, Mark(missing=missing) + self._controls.text(store.id) + mark, "store"

    def _result(self, source: str, agent: Agent) -> Iterator[tuple[Stage, Mark, str]]:
        for power in self._texts.own.get(agent.id, ()):
            name = power.tool.id if power.tool is not None and power.action is None else power.name
            if name != source or power.name in {f"{agent.id}.shell", f"{agent.id}.*"}:
                continue
            doubt = self._texts._outsiders_result(power)  # noqa: SLF001  one rule, one place
            if doubt is None:
                continue
            places = self._on_result(power, agent)
            mark = doubt + self._controls.text(*places) + self._controls.text(agent.id)
            if doubt.missing and doubt.missing[0].endswith(".actions"):
                text = f"{agent.id} reads what {source} brings back, and nobody has listed what {source} does"
            elif doubt.missing:
                text = f"{agent.id} reads what {source} brings back, and nobody has said whether an outsider wrote it"
            else:
                text = f"{agent.id} reads what {source} brings back, which an outsider wrote"
            span = power.action.span if power.action is not None else granted(agent, power.name, power.target)
            stands = self._reasons.texts(*places, agent.id)
            said = acts(power, "returns", "effect")
            yield Stage(source, agent.id, "result", text, "4.3b", span, said, stands, doubt.missing), mark, ""

    def _supplied(self, source: str, agent: Agent) -> Iterator[tuple[Stage, Mark, str]]:
        for tool in self._graph.tools_of[agent.id]:
            doubt = supply_chain(tool) if tool.id == source else None
            if doubt is None:
                continue
            places = (tool.id, f"{tool.id}>{agent.id}", agent.id)
            if tool.word("loads") == "floating":
                text = f"{agent.id} follows documents outside {source} that others can change"
                said = told(tool, "loads")
            else:
                text = f"whoever makes {source} can change its description at any time, and {agent.id} reads it"
                unsaid = f"nobody has said who makes {source}, or whether its version is pinned"
                text = text if not doubt.missing else unsaid
                said = told(tool, "provider", "version")
            stands = self._reasons.texts(*places)
            stage = Stage(source, agent.id, "supply chain", text, "4.3e", tool.span, said, stands, doubt.missing)
            yield stage, doubt + self._controls.text(*places), ""

    def _instructed(self, source: str, agent: Element) -> Iterator[tuple[Stage, Mark, str]]:
        instructions = agent.body.get("instructions")
        if isinstance(instructions, MapNode) and source in as_words(instructions.get("writable_by")):
            places = (agent.id,)
            who = "anyone" if source in EVERYBODY else source
            said = quotes(instructions, "writable_by")
            stage = Stage(
                source, agent.id, "instructions", f"{who} may write the instructions of {agent.id}", "4.3f",
                said[0].span, said, self._reasons.texts(*places),
            )  # fmt: skip
            yield stage, self._controls.text(*places), ""

    # Pieces

    def _on_edge(self, kind: str, body: MapNode, key: str, *places: str) -> tuple[Stand, ...]:
        """Return what stands on text there; where the fact under a key says free text, nothing that says the same."""
        stands, said = self._reasons.texts(*places), quotes(body, key)
        if body.get(key) in (None, "unknown", *STOPPED):
            return stands
        edge = tuple(place for place in places if self._kind(place) in {"", "control"})
        same = {control.id for control in self._controls.saying_the_same(kind, edge)}
        beside = tuple(one for one in stands if one.control in same)
        return (*(one for one in stands if one.control not in same), *overruled(beside, said, said[0].text))

    def _on_result(self, power: Power, agent: Element) -> tuple[str, ...]:
        places = [power.name, f"{power.name}>{agent.id}"]
        if power.tool is not None:
            places += [power.tool.id, f"{power.tool.id}>{agent.id}"]
        return tuple(places)

    @staticmethod
    def _writes(power: Power, store: str) -> bool:
        return store in power.stores and power.writes is not None

    def _kind(self, name: str) -> str:
        element = self._graph.elements.get(name)
        return "" if element is None else element.kind
