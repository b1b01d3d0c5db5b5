"""Everything that lets text hop from one element to the next, and what stands there (SEMANTICS 4.2 to 4.5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.granting import acts, granted, named
from threatmodel.analysis.influence import FREE_CONTEXTS, PARTIES, Texts, supply_chain
from threatmodel.analysis.marks import CLEAR, Mark
from threatmodel.analysis.powers import WRITES
from threatmodel.analysis.proof import Stage, quotes, told
from threatmodel.analysis.sources import EVERYBODY, free, passes_text
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import as_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.control_reasons import ControlReasons
    from threatmodel.analysis.powers import Power
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
            if flow.target == target and via == through and free(self._graph, flow):
                yield from self._flow(flow)
        if through:
            return
        for delegation in self._graph.delegations:
            if (delegation.source, delegation.target) == (source, target):
                yield from self._handed(delegation)
            elif (delegation.target, delegation.source) == (source, target) and delegation.word("returns") != "typed":
                yield self._answer(delegation)
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
        target, places = self._graph.elements[flow.target], [flow.id, *flow.via]
        if "#" in flow.id:
            places.append(f"{flow.source}>{flow.target}")
        mark = self._controls.text(flow.id, *flow.via)
        mark = mark + self._controls.text(*places[-1:]) if "#" in flow.id else mark
        passed = (self._graph.elements[name] for name in flow.via if self._kind(name) == "store")
        if any(store.word("validated") == "classifier" for store in passed):
            mark = mark + Mark(weakened=True)
        stands = self._reasons.texts(*places, *((target.id,) if target.kind == "agent" else ()))
        if target.kind == "agent":
            mark = mark + self._controls.text(target.id)
        if target.kind == "store":
            mark = mark + self._controls.calls(flow.id, target.id)
            stands += self._reasons.calls(flow.id, target.id)
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
        if kind == "store" and not self._writers_known(flow.source):
            yield self._unwritten(stage, mark)

    def _handed(self, delegation: Delegation) -> Iterator[tuple[Stage, Mark, str]]:
        context = delegation.word("context")
        if context is not None and context not in FREE_CONTEXTS:
            return
        missing = () if context is not None else (f"{delegation.place}.context",)
        places = (delegation.id, delegation.target)
        mark = Mark(missing=missing) + self._controls.text(*places[:1]) + self._controls.text(*places[1:])
        what = {"transcript": "the whole conversation", "summary": "a summary of the conversation",
                "message": "a message in free text"}.get(context or "", "")  # fmt: skip
        text = f"{delegation.source} hands {delegation.target} {what}" if what else (
            f"{delegation.source} asks {delegation.target}, and nobody has said what of the conversation goes along"
        )  # fmt: skip
        stands = self._reasons.texts(*places) + self._reasons.riding_along(delegation.id)
        said = quotes(delegation.body, "context")
        ends = (delegation.source, delegation.target)
        yield Stage(*ends, "delegation", text, "4.3d", delegation.span, said, stands, missing), mark, ""

    def _answer(self, delegation: Delegation) -> tuple[Stage, Mark, str]:
        mark = self._controls.text(delegation.id) + self._controls.text(delegation.source)
        unsaid = "" if delegation.says("returns") else ", as nobody says that it is typed"
        text = f"{delegation.target} answers {delegation.source} in free text{unsaid}"
        stands = self._reasons.texts(delegation.id, delegation.source)
        said = quotes(delegation.body, "returns")
        ends = (delegation.target, delegation.source)
        return Stage(*ends, "answer", text, "4.3d", delegation.span, said, stands), mark, ""

    def _written(self, writer: str, store: Element) -> Iterator[tuple[Stage, Mark, str]]:
        element, ends = self._graph.elements.get(writer), (writer, store.id, "write")
        gates, edge = self._controls.calls(store.id), f"{writer}>{store.id}"
        acting = [power for power in self._texts.own.get(writer, ()) if self._writes(power, store.id)]
        if writer in store.words("writers") and not acting:
            mark = gates + self._controls.text(edge) + self._controls.calls(edge)
            stands = self._reasons.calls(store.id, edge) + self._reasons.texts(edge)
            who = "anyone" if writer in EVERYBODY else writer
            span, said = named(store.body, "writers", writer), quotes(store.body, "writers", "validated")
            yield Stage(*ends, f"{who} may write into {store.id}", "4.3c", span, said, stands), mark, ""
        if element is None or element.kind != "agent":
            return
        for power in acting:
            places = tuple(dict.fromkeys((*power.gate_places, store.id, writer, edge)))
            text, stands = f"{writer} writes into {store.id} by {power.name}", self._reasons.calls(*places)
            said = acts(power, "effect", "store")
            span = granted(element, power.name, power.target)
            yield Stage(*ends, text, "4.3c", span, said, stands), self._controls.calls(*places), ""
        for power, mark in self._texts.latent_writes.get(writer, ()):
            if store.id in power.stores:
                text = f"{writer} can write into {store.id} by {power.name}, past its tools"
                said, stands = acts(power, "effect", "store"), self._reasons.past_tool(power.name)
                yield Stage(*ends, text, "5.3", element.span, said, stands, mark.missing), mark, ""
        if not store.says("writers") and store.id in element.words("memory"):
            text = f"{writer} has {store.id} as memory and, as nobody says who writes it, writes it"
            span, said = named(element.body, "memory", store.id), quotes(element.body, "memory")
            stands = self._reasons.calls(store.id, writer)
            yield Stage(*ends, text, "4.3c", span, said, stands), gates + self._controls.calls(writer), ""

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
            if not self._writers_known(store.id):
                yield self._unwritten(stage, mark)

    def _unwritten(self, stage: Stage, mark: Mark) -> tuple[Stage, Mark, str]:
        store = self._graph.elements[stage.source]
        missing = (f"{store.place}.writers",)
        text = f"{stage.text}; nobody has said who writes it"
        return replace(stage, text=text, missing=(*stage.missing, *missing)), Mark(missing=missing) + mark, "store"

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
            places = (f"{source}>{agent.id}", agent.id)
            who = "anyone" if source in EVERYBODY else source
            said = quotes(instructions, "writable_by")
            stage = Stage(
                source, agent.id, "instructions", f"{who} may write the instructions of {agent.id}", "4.3f",
                said[0].span, said, self._reasons.texts(*places),
            )  # fmt: skip
            yield stage, self._controls.text(*places), ""

    # Pieces

    def _on_result(self, power: Power, agent: Element) -> tuple[str, ...]:
        places = [power.name, f"{power.name}>{agent.id}"]
        if power.tool is not None:
            places += [power.tool.id, f"{power.tool.id}>{agent.id}"]
        return tuple(places)

    @staticmethod
    def _writes(power: Power, store: str) -> bool:
        return store in power.stores and bool(set(power.effects) & WRITES)

    def _writers_known(self, name: str) -> bool:
        store = self._graph.elements[name]
        if store.says("writers") or self._graph.flows_to.get(name) or self._graph.users_of_memory.get(name):
            return True
        acting = any(self._writes(power, name) for powers in self._texts.own.values() for power in powers)
        latent = (power for powers in self._texts.latent_writes.values() for power, _ in powers)
        return acting or any(name in power.stores for power in latent)

    def _kind(self, name: str) -> str:
        element = self._graph.elements.get(name)
        return "" if element is None else element.kind
