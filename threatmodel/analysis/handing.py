"""Who can ask whom: routes of delegations, walked backwards from the agent that acts (SEMANTICS 5.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import BROKEN, UNKNOWN, Mark
from threatmodel.analysis.powers import permits, power_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from threatmodel.analysis.gates import Controls
    from threatmodel.analysis.legs import Leg
    from threatmodel.analysis.powers import Power
    from threatmodel.model.elements import Delegation
    from threatmodel.model.graph import ModelGraph

MOST_WAYS: Final = 250_000  # ways to actions that are kept; beyond it, longer routes of delegations are not followed
STAYS: Final = frozenset({"actor_only", "none"})
"""Words of `identity:` with which the caller's identity stays behind."""


@dataclass(frozen=True, slots=True)
class Tie:
    """What one delegation says of who may ask for what."""

    caller: str
    gates: Mark
    stays: bool
    """Whether the caller's identity stays behind."""
    says: bool
    """Whether it says anything of the identity."""
    fact: str
    """Where it would."""
    most: int | None
    """`max_depth`."""
    listed: frozenset[str] | None
    """The actions it may ask for; None where it lists none."""


def tie_of(controls: Controls, delegation: Delegation) -> Tie:
    """Read a delegation."""
    identity, most = delegation.word("identity"), delegation.body.get("max_depth")
    return Tie(
        delegation.source,
        controls.calls(delegation.id, delegation.source),
        identity in STAYS,
        identity is not None,
        f"{delegation.place}.identity",
        most if isinstance(most, int) else None,
        listed_actions(controls.context.graph, delegation),
    )


def _ties(controls: Controls) -> dict[str, list[Tie]]:
    """Read all delegations, by those they lead to."""
    found: dict[str, list[Tie]] = {}
    for one in controls.context.graph.delegations:
        found.setdefault(one.target, []).append(tie_of(controls, one))
    return found


@dataclass(slots=True, eq=False)
class Handed:
    """One agent that can have another act, by its best route of one kind."""

    agent: str
    """Who asks."""
    ahead: Handed | None
    """Who asks next on the route; None where `agent` asks whoever acts."""
    depth: int
    """Delegations up to whoever acts."""
    gates: Mark
    """On the delegations."""
    doubt: tuple[str, ...]
    """Facts without which nobody can tell whether the identity of a caller stops it."""
    rank: int
    goes: str
    """Whether the caller's identity gets to where the action is: `yes`, `no`, `unknown`."""
    unsaid: tuple[str, ...]
    """Facts without which nobody can tell that."""
    place: int = 0
    """Among the routes of the same length, by their steps."""

    def agents(self) -> Iterator[str]:
        """Yield those who ask, the first of the route first."""
        one: Handed | None = self
        while one is not None:
            yield one.agent
            one = one.ahead


@dataclass(slots=True, eq=False)
class Walk:
    """Everyone who can ask for some legs of one agent that all callers have or have not together."""

    legs: list[Leg]
    rank: int
    """What stands on the legs themselves."""
    callers: dict[str, list[Handed]] = field(default_factory=dict)
    """Agent → its routes, the shortest first."""
    seen: dict[str, dict[str, int]] = field(default_factory=dict)
    """Agent → how the identity travels → the lowest rank so far."""
    front: Sequence[Handed | None] = (None,)
    """The routes found last, in the order of their steps; None for the agent that acts."""


class Handing:
    """All routes of delegations to the legs of all agents."""

    def __init__(
        self,
        controls: Controls,
        own: Mapping[str, tuple[Power, ...]],
        to: Mapping[str, Sequence[Tie]] | None = None,
    ) -> None:
        """
        Read what delegations, denials and identities say, once.

        Args:
            controls: What each control is worth.
            own: Agent → what it holds itself.
            to: Agent → the delegations to it that count, where not all do.
        """
        self._controls = controls
        self._graph: ModelGraph = controls.context.graph
        self._own = own
        self._to: Mapping[str, Sequence[Tie]] = _ties(controls) if to is None else to
        ties = [tie for ties in self._to.values() for tie in ties]
        travels = not all(tie.stays for tie in ties)
        self._stating = {
            agent.id
            for agent in self._graph.agents
            if travels
            and (identity := self._graph.identity_of(agent)) is not None
            and identity.body.get("permissions") not in (None, "unknown")
        }
        self._selective = bool(self._stating) or any(tie.listed is not None for tie in ties)
        self._denied = controls.denied_actions()
        self.selective = self._selective or bool(self._denied) or any(tie.most is not None for tie in ties)
        """Whether anything makes a difference between those who can reach an agent by delegations, or between legs."""
        self.deepest: int | None = None
        """The most delegations that were followed; None where all were."""

    def walk(self, legs: Iterable[Leg]) -> list[Walk]:
        """Find everyone who can ask for any of these legs, shorter routes before longer ones, all legs at once."""
        walks = list(self._grouped(legs))
        active, kept, depth = walks, 0, 0
        while active:
            if kept > MOST_WAYS:
                self.deepest = depth
                break
            depth += 1
            for walk in active:
                kept += self._step(walk, depth) * len(walk.legs)
            active = [walk for walk in active if walk.front]
        return walks

    def _grouped(self, legs: Iterable[Leg]) -> Iterator[Walk]:
        """Yield a walk for each group of legs of one agent that every delegation treats alike."""
        groups: dict[tuple[object, ...], Walk] = {}
        cuts: dict[str, tuple[list[Tie], list[str]]] = {}
        for leg in legs:
            key: tuple[object, ...] = (leg.agent, leg.rank)
            if leg.power.name in self._denied:
                key = (*key, leg)
            elif self._selective:
                if leg.agent not in cuts:
                    cuts[leg.agent] = self._cuts(leg.agent)
                lists, callers = cuts[leg.agent]
                key = (
                    *key,
                    *(asks_for(tie.listed, leg) for tie in lists),
                    *(self._permits(caller, leg) for caller in callers),
                )
            if key in groups:
                groups[key].legs.append(leg)
            else:
                groups[key] = Walk([leg], leg.rank)
        yield from groups.values()

    def _cuts(self, agent: str) -> tuple[list[Tie], list[str]]:
        """Return who can ask an agent in any way: delegations that list actions, and callers that state permissions."""
        seen = {agent: None}
        todo = [agent]
        lists: list[Tie] = []
        while todo:
            for tie in self._to.get(todo.pop(), ()):
                if tie.listed is not None:
                    lists.append(tie)
                if tie.caller not in seen:
                    seen[tie.caller] = None
                    todo.append(tie.caller)
        return lists, [name for name in seen if name in self._stating]

    def _step(self, walk: Walk, depth: int) -> int:
        """
        Follow every delegation to those found last, and return how many routes that adds.

        What a caller may ask is cut by `actions:` of every delegation, by how deep each lets it go, and by identities
        as far as they travel (5.4). Of routes that end alike in how the identity travels, the first is kept per rank.
        """
        leg = walk.legs[0]
        seen = walk.seen
        front: list[Handed] = []
        begin: tuple[str, str, tuple[str, ...], int] = (leg.agent, "yes", (), walk.rank)
        for ahead in walk.front:
            agent, travels, unsaid, least = (
                begin if ahead is None else (ahead.agent, ahead.goes, ahead.unsaid, ahead.rank)
            )
            for tie in self._to.get(agent, ()):
                goes = "no" if travels == "no" or tie.stays else travels if tie.says else "unknown"
                before = seen.get(tie.caller)
                if before is not None and before.get(goes, BROKEN + 1) <= max(least, tie.gates.rank):
                    continue
                if tie.caller == leg.agent or (tie.most is not None and depth > tie.most):
                    continue
                if not asks_for(tie.listed, leg) or self._denies(tie.caller, leg):
                    continue
                facts = () if goes == "no" else unsaid if tie.says else (*unsaid, tie.fact)
                found = self._asked(leg, tie, ahead, goes, facts)
                if found is None:
                    continue
                rank = found.rank = max(least, found.rank)
                if before is not None:
                    if before.get(goes, BROKEN + 1) <= rank or (ahead is not None and tie.caller in ahead.agents()):
                        continue
                    before[goes] = rank
                else:
                    seen[tie.caller] = {goes: rank}
                walk.callers.setdefault(tie.caller, []).append(found)
                front.append(found)
        walk.front = _in_order(front)
        return len(front)

    def _asked(self, leg: Leg, tie: Tie, ahead: Handed | None, goes: str, facts: tuple[str, ...]) -> Handed | None:
        """Return the route that begins with a delegation; None where the identity of the caller stops it."""
        doubt, rank = () if ahead is None else ahead.doubt, tie.gates.rank
        if goes != "no" and not self._permits(tie.caller, leg):
            if goes != "unknown":
                return None
            doubt, rank = tuple(dict.fromkeys((*doubt, *facts))), max(rank, UNKNOWN)
        gates = tie.gates if ahead is None else tie.gates + ahead.gates
        return Handed(tie.caller, ahead, 1 if ahead is None else ahead.depth + 1, gates, doubt, rank, goes, facts)

    def _denies(self, caller: str, leg: Leg) -> bool:
        """Return whether a policy keeps an action from a caller, whoever does it."""
        if leg.power.name not in self._denied:
            return False
        tool = leg.power.tool.id if leg.power.tool is not None else leg.power.name
        return self._controls.denied(caller, leg.power.name, tool)[1]

    def _permits(self, caller: str, leg: Leg) -> bool:
        """Return whether an agent's own identity lets through what it asks for."""
        if caller not in self._stating or leg.named is None:
            return True
        asked = leg.power
        if leg.basis == "triggered":
            begun = self._graph.actions.get(leg.named)  # past its tool it is no power of the agent's own
            asked = next((power for power in self._own.get(leg.agent, ()) if power.name == leg.named), None) or (
                power_of(begun) if begun is not None else leg.power
            )
        return permits(self._graph.identity_of(self._graph.elements[caller]), asked)


def _in_order(front: list[Handed]) -> list[Handed]:
    """Order routes of one length by their steps and controls (SEMANTICS 9.2): of those that meet, the first is kept."""

    def key(one: Handed) -> tuple[str, int, tuple[str, ...]]:
        before = 0 if one.ahead is None else one.ahead.place
        return one.agent, before, (*one.gates.broken, *one.gates.claimed)

    front.sort(key=key)
    last: tuple[str, int] | None = None
    for place, one in enumerate(front):
        steps = key(one)[:2]
        one.place = front[place - 1].place if steps == last else place
        last = steps
    return front


def listed_actions(graph: ModelGraph, delegation: Delegation) -> frozenset[str] | None:
    """Return the actions a delegation may ask for; None where it lists none."""
    if not delegation.says("actions"):
        return None
    names = delegation.words("actions")
    found = {action.id for name in names for action in graph.match_actions(name)}
    return frozenset((*found, *names))


def asks_for(listed: frozenset[str] | None, leg: Leg) -> bool:
    """Return whether a delegation that lists actions lets a caller ask for a leg."""
    if listed is None:
        return True
    if leg.named is None:
        return False
    tool = leg.power.tool.id if leg.power.tool is not None and leg.basis != "triggered" else leg.named.partition(".")[0]
    return leg.named in listed or (leg.named.endswith(".*") and tool in listed)
