"""Why an agent gets to an action: delegations, its own call, raw reach past a tool, what is set off (SEMANTICS 5)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.exits import telling
from threatmodel.analysis.granting import granted
from threatmodel.analysis.legs import IN_REACH
from threatmodel.analysis.passing import places_of, relays_of
from threatmodel.analysis.proof import Quote, Stage, quotes, told
from threatmodel.load.nodes import MapNode

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from threatmodel.analysis.capability import Closure
    from threatmodel.analysis.control_reasons import ControlReasons
    from threatmodel.analysis.legs import Leg
    from threatmodel.analysis.powers import Power
    from threatmodel.model.elements import DataFlow, Delegation, Element

_TWO: Final = 2  # ends of a step
STAYS: Final = frozenset({"actor_only", "none"})


class ActingReasons:
    """Reasons for the ways of agents to actions."""

    def __init__(self, closure: Closure, reasons: ControlReasons) -> None:
        """Explain what `closure` has found."""
        self._closure = closure
        self._graph = closure.graph
        self._reasons = reasons

    def stages(self, steps: tuple[str, ...], action: str, source: str = "") -> tuple[list[Stage], Leg | None]:
        """
        Explain a way from an agent to what it does.

        Args:
            steps: The agent, those it delegates to, what gives the reach or sets it off, the action.
            action: The action, or what else the way ends in.
            source: Whose text it is: what goes to it leaves in a result only (7.2).

        Returns:
            The stages, and the leg they end in; None where the way ends in no action.
        """
        depth = self._delegated(steps)
        for asked in range(depth, -1, -1):
            holder, rest = steps[asked], steps[asked:]
            legs = [leg for leg in self._closure.legs[holder] if leg.steps == rest and leg.power.name == action]
            if not legs:
                continue
            leg = min(legs, key=lambda one: (_rank(one), one.basis != "attached"))
            doubt = {fact for way in self._closure.ways[steps[0]] if way.leg is leg for fact in way.doubt}
            pairs = itertools.pairwise(steps[: asked + 1])
            asking = [self._asks(one, other, leg.named, doubt) for one, other in pairs]
            return [*asking, *self._leg(leg)], leg
        back = self._delegation(steps[-1], steps[0]) if source == steps[-1] and len(steps) == _TWO else None
        return ([*self.messages(steps)] if back is None else [self._answers(back)]), None

    def _delegated(self, steps: tuple[str, ...]) -> int:
        """Return how many delegations a way can begin with."""
        depth = 0
        while depth + 1 < len(steps) and self._delegation(steps[depth], steps[depth + 1]) is not None:
            depth += 1
        return depth

    def _delegation(self, caller: str, callee: str) -> Delegation | None:
        found = self._graph.delegations_from.get(caller, ())
        return next((one for one in found if one.target == callee), None)

    def _asks(self, caller: str, callee: str, named: str | None, doubt: Container[str]) -> Stage:
        delegation = self._delegation(caller, callee)
        assert delegation is not None  # noqa: S101  `_delegated` has seen it
        limits = f"for {named}" if named and delegation.says("actions") else "for anything it can do"
        identity = delegation.word("identity")
        missing: tuple[str, ...] = ()
        if identity in STAYS:
            name = f"; {callee} acts with its own rights, not those of {caller}"
        elif identity is None:
            name = "; nobody has said under whose identity"
            missing = tuple(fact for fact in (f"{delegation.place}.identity",) if fact in doubt)
        else:
            name = f"; the identity of {caller} goes along and permits it"
        text = f"{caller} asks {callee} {limits}{name}"
        said = quotes(delegation.body, "actions", "identity", "max_depth")
        stands = self._reasons.calls(delegation.id, caller)
        return Stage(caller, callee, "delegation", text, "5.4", delegation.span, said, stands, missing)

    # What the last agent does itself

    def _leg(self, leg: Leg) -> list[Stage]:
        if leg.basis == "attached":
            return [self._calls(leg)]
        if leg.basis == "latent":
            return [*self._past_tool(leg)]
        return [*self._set_off(leg)]

    def _calls(self, leg: Leg) -> Stage:
        agent, power = self._graph.elements[leg.agent], leg.power
        stands = (*self._reasons.calls(*_places(power, agent)), *self._reasons.authorization(agent.id))
        missing = leg.doubt
        if power.name == f"{agent.id}.shell":
            said = quotes(agent.body, "runtime")
            runtime = self._graph.runtime_of(agent)
            said = quotes(runtime.body, "shell") if runtime is not None else said
            text = f"{agent.id} has a shell"
            return Stage(agent.id, power.name, "call", text, "5.1", granted(agent, power.name), said, stands, missing)
        if missing:
            text = f"{agent.id} can call {power.name}: nobody has listed what that is"
        else:
            text = f"{agent.id} calls {power.name}{self._as(leg, agent)}"
        span = granted(agent, power.name, power.target)
        return Stage(agent.id, power.name, "call", text, "5.1", span, self._telling(agent, power), stands, missing)

    def _as(self, leg: Leg, agent: Element) -> str:
        credential = self._graph.elements.get(leg.credential or "")
        holder = credential or leg.power.tool
        identity = self._graph.identity_of(holder) if holder is not None else None
        if identity is None and credential is None:
            identity = self._graph.identity_of(agent)
        name = f" as {identity.id}" if identity is not None else ""
        return f"{name} with {credential.id}" if credential is not None else name

    @staticmethod
    def _telling(agent: Element, power: Power) -> tuple[Quote, ...]:
        if power.action is not None:
            return told(power.action, "effect", "data", "to", "reversible")
        if power.details:
            return quotes(power.details, "do", "data", "to", "reversible")
        access = agent.body.get("access")
        return quotes(access, power.target) if isinstance(access, MapNode) and power.target else ()

    def _past_tool(self, leg: Leg) -> Iterator[Stage]:
        """Yield what gives the raw reach, and the credential in its reach that opens the action (5.2, 5.3)."""
        agent, power, way = self._graph.elements[leg.agent], leg.power, leg.steps[1]
        before = self._set_off_before(leg)
        credential = self._graph.elements[leg.credential or ""]
        own = next((one for one in self._closure.own[agent.id] if one.name == way), None)
        opening = power.tool.id if power.tool is not None else ""
        source = agent.id
        if before is not None:
            yield from self._set_off(before)
            source = before.power.name
        elif way != power.name:
            stands = self._reasons.calls(*_places(own, agent)) if own is not None else self._reasons.calls(agent.id)
            yield Stage(
                agent.id, way, "raw reach", f"{way} gives {agent.id} raw reach: {_reach(own)}", "5.2",
                granted(agent, way), self._reaching(agent, own, way), stands, own.doubt if own is not None else (),
            )  # fmt: skip
            source = way
        stored = credential.word("stored_in")
        if credential.word("visible_to_model") == "yes":
            where = "is visible to the model"
        elif stored in IN_REACH:
            where = "lies in its reach"
        elif stored is None:
            where = "may lie in its reach, as nobody says where it is kept"
        else:
            where = "comes with data it can read"
        known = before.doubt if before is not None else own.doubt if own is not None else ()
        missing = tuple(fact for fact in leg.doubt if fact not in known)
        said = quotes(credential.body, "stored_in", "visible_to_model", "lifetime")
        scopes = credential.body.get("scopes")
        said += quotes(scopes, "granted") if isinstance(scopes, MapNode) else ()
        passed_by = (opening,) if opening and opening != way.partition(".")[0] else ()
        written = power.stores if power.writes is not None else ()
        stands = self._reasons.past_tool(power.name, *passed_by) + self._reasons.calls(*written)
        text = f"{credential.id} {where} and opens {power.name}, past the tool"
        text = f"{text}: only what the target itself enforces (at: target) stops that"
        yield Stage(
            source, power.name, "credential", text, "5.3", credential.span, said, stands, missing,
        )  # fmt: skip

    def _set_off_before(self, leg: Leg) -> Leg | None:
        """Return the `execute` that was set off and gives the raw reach of a latent leg, if that is how it comes."""
        found = [
            one for one in self._closure.legs[leg.agent] if one.basis == "triggered" and one.steps == leg.steps[:-1]
        ]
        return min(found, key=_rank, default=None)

    def _reaching(self, agent: Element, own: Power | None, way: str) -> tuple[Quote, ...]:
        if own is None:
            return told(self._graph.elements[way], "runs_in")
        if own.name == f"{agent.id}.shell":
            runtime = self._graph.runtime_of(agent)
            return quotes(runtime.body, "shell") if runtime is not None else ()
        said = told(own.action, "effect") if own.action is not None else ()
        return said + (told(own.tool, "kind", "runs_in") if own.tool is not None else ())

    def _set_off(self, leg: Leg) -> Iterator[Stage]:
        """Yield what is done first, then what that sets off, action by action (5.5)."""
        steps = leg.steps
        begun = 1
        for end in range(len(steps) - 1, 1, -1):
            before = [
                one for one in self._closure.legs[leg.agent]
                if one.steps == steps[:end] and one.basis != "triggered"
            ]  # fmt: skip
            if before:
                first = min(before, key=_rank)
                yield from self._leg(first)
                begun = end
                break
        else:
            yield from self._messages_to(steps)
            begun = next((at for at in range(2, len(steps)) if self._acts(steps[at])), len(steps))
        for before_it, name in zip(steps[begun - 1 :], steps[begun:], strict=False):
            yield self._trigger(before_it, name, leg)

    def _messages_to(self, steps: tuple[str, ...]) -> Iterator[Stage]:
        end = next((at for at in range(1, len(steps)) if self._acts(steps[at])), len(steps))
        yield from self.messages(steps[:end])

    def _trigger(self, before: str, name: str, leg: Leg) -> Stage:
        action = self._graph.actions.get(name)
        tool = name.partition(".")[0]
        done = action if action is not None else self._graph.elements[tool]
        known, span = self._graph.find(before), done.span
        said: tuple[Quote, ...] = ()
        missing: tuple[str, ...] = ()
        what = f"what {before} does"
        if known is not None and known.says("triggers"):
            said, span = quotes(known.body, "triggers"), known.span
            what = f"a write to {before}" if known.kind == "store" else before
        else:
            stores = known.words("store") if known is not None and known.kind == "action" else ()
            for store in stores:
                element = self._graph.elements.get(store)
                if element is not None and element.says("triggers"):
                    said, span = quotes(element.body, "triggers"), element.span
                    what = f"the write to {store}"
            if not said:
                into = (one for one in self._graph.flows_to.get(before, ()) if one.source in leg.steps)
                flow = next((one for one in into if one.says("triggers")), None)
                if flow is not None:
                    said, span, what = quotes(flow.body, "triggers"), flow.span, f"the message to {before}"
                elif leg.doubt:
                    missing = tuple(fact for fact in leg.doubt if fact.endswith(".triggers"))
                    what = f"a message to {before} perhaps (nobody has said)"
        stands = self._reasons.calls(name, tool)
        text = f"{what} sets off {name}"
        said += told(done, "effect", "reversible")
        if action is None:
            text = f"{text}: nobody has listed what that is"
            missing += tuple(fact for fact in leg.doubt if fact == f"{done.place}.actions")
        return Stage(before, name, "trigger", text, "5.5", span, said, stands, missing)

    # Messages: flows, memory

    def messages(self, steps: tuple[str, ...]) -> Iterator[Stage]:
        """Yield how what an agent writes gets along a way of flows, or into a store it has as memory."""
        at = 0
        all_flows = self._covering(steps, 0)
        while at < len(steps) - 1:
            flow, end = self._flow(steps, at)
            if all_flows:
                flow, all_flows = all_flows[0], all_flows[1:]
                end = at + 1 + len(relays_of(self._closure.controls, flow))
            if flow is not None:
                by = f" by {flow.word('protocol')}" if flow.says("protocol") else ""
                verb = "sends what it writes to" if at == 0 else "passes it on to"
                text = f"{steps[at]} {verb} {flow.target}{by}"
                said = quotes(flow.body, "carries", "content")
                places = places_of(self._closure.controls, flow)
                end_there = flow.target if end == len(steps) - 1 and self._is(flow.target, "store") else ""
                relay = (steps[at],) if at else ()
                asked = (*places, *relay, *(steps[:1] if at == 0 else ()), *((end_there,) if end_there else ()))
                stands = self._reasons.calls(*asked) + self._reasons.texts(*places, *relay)
                yield Stage(steps[at], flow.target, "flow", text, "7.2", flow.span, said, stands)
            else:
                yield self._other(steps[at], steps[at + 1])
            at = end

    def _covering(self, steps: tuple[str, ...], at: int) -> tuple[DataFlow, ...] | None:
        """Return flows that make up the rest of a way; None where it is not made of flows alone."""
        if at == len(steps) - 1:
            return ()
        for flow in self._graph.flows_from.get(steps[at], ()):
            way = (*relays_of(self._closure.controls, flow), flow.target)
            if steps[at + 1 : at + 1 + len(way)] == way:
                rest = self._covering(steps, at + len(way))
                if rest is not None:
                    return (flow, *rest)
        return None

    def _flow(self, steps: tuple[str, ...], at: int) -> tuple[DataFlow | None, int]:
        for flow in self._graph.flows_from.get(steps[at], ()):
            via = tuple(name for name in flow.via if (one := self._graph.elements.get(name)) and one.kind != "control")
            end = at + 1 + len(via)
            if steps[at + 1 : end + 1] == (*via, flow.target):
                return flow, end
        return None, at + 1

    def _acts(self, name: str) -> bool:
        return name in self._graph.actions or name.endswith(".*")

    def _is(self, name: str, kind: str) -> bool:
        element = self._graph.elements.get(name)
        return element is not None and element.kind == kind

    def _other(self, one: str, other: str) -> Stage:
        """Explain a step that no flow makes: a delegation either way, memory, code in the agent's process."""
        agent, target = self._graph.elements[one], self._graph.elements.get(other)
        delegation = self._delegation(one, other)
        if delegation is not None:
            said = quotes(delegation.body, "context")
            stands = self._reasons.calls(delegation.id, one) + self._reasons.texts(delegation.id)
            text = f"{one} hands {other} what it has read"
            missing = () if delegation.says("context") else (f"{delegation.place}.context",)
            return Stage(one, other, "delegation", text, "7.2", delegation.span, said, stands, missing)
        back = self._delegation(other, one)
        if back is not None:
            return self._answers(back)
        if target is not None and target.kind == "store":
            stands = self._reasons.calls(other, one)
            text = f"{one} writes {other}"
            said = told(agent, "memory") if other in agent.words("memory") else ()
            said = said or told(target, "writers")
            return Stage(one, other, "write", text, "7.6", said[0].span if said else target.span, said, stands)
        if target is not None and target.kind in {"tool", "skill"}:
            said = told(target, "kind", "runs_in")
            if target.word("runs_in") != "agent_process":
                return self.call(one, other)
            stands, text = self._reasons.calls(agent.id), f"{other} runs beside {one}"
            return Stage(one, other, "call", text, "5.2", granted(agent, other), said, stands)
        return Stage(one, other, "step", f"{one} gets to {other}", "5", agent.span)

    def _answers(self, delegation: Delegation) -> Stage:
        ends = (delegation.target, delegation.source)
        stands = self._reasons.calls(delegation.id, delegation.target) + self._reasons.texts(delegation.id)
        text = f"{delegation.target} answers {delegation.source} in free text"
        return Stage(*ends, "answer", text, "7.2", delegation.span, quotes(delegation.body, "returns"), stands)

    def call(self, agent: str, tool: str) -> Stage:
        """Explain the call of a tool, whatever its action."""
        element = self._graph.elements[agent]
        said = told(self._graph.elements[tool], "kind", "runs_in")
        span = granted(element, tool)
        leg, stands = telling(self._closure.legs[agent], tool), self._reasons.calls(tool, agent)
        if leg is not None:
            stands = (*self._reasons.calls(*_places(leg.power, element)), *self._reasons.authorization(agent))
        return Stage(agent, tool, "call", f"{agent} calls {tool}", "5.1", span, said, stands)


def _reach(power: Power | None) -> str:
    """Say what raw reach by a power means."""
    kind = power.tool.word("kind") if power is not None and power.tool is not None else None
    asks = kind in {"http", "browser"} and power is not None and "execute" not in power.effects
    return "it sends what it likes to where it likes" if asks else "code of its choice runs"


def _rank(leg: Leg) -> tuple[int, int]:
    return (3 if leg.mark.broken else 2 if leg.doubt or leg.mark.missing else leg.mark.rank, len(leg.steps))


def _places(power: Power, agent: Element) -> tuple[str, ...]:
    edge = () if power.tool is None else (f"{power.tool.id}>{agent.id}", f"{agent.id}>{power.tool.id}")
    return (*power.gate_places, f"{power.name}>{agent.id}", *edge, agent.id)
