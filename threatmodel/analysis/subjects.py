"""Derived relations as subjects: things that rules are asked about like elements, one per decision of a reader."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, Final

from threatmodel.analysis.authority import Authority
from threatmodel.analysis.marks import STATES
from threatmodel.analysis.powers import REACHING_KINDS
from threatmodel.load.nodes import MapNode, SeqNode
from threatmodel.model.elements import Asset, Element

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from threatmodel.analysis.capability import Capability
    from threatmodel.analysis.derived import Derived
    from threatmodel.analysis.paths import AttackPath, Invariant, Mishap
    from threatmodel.model.elements import DataFlow, Delegation
    from threatmodel.model.graph import ModelGraph
    from threatmodel.span import Span

GRAVE: Final = frozenset({"delete", "execute", "pay", "deploy", "configure", "grant"})
"""Effects that do harm by themselves, with nobody's text or secret leaving."""


@dataclass(frozen=True, slots=True, eq=False)
class Derivation(Element):
    """Something derived. Its body holds the fields that rules may read; all of them are always known."""

    agent: str
    elements: tuple[str, ...]
    """The elements it speaks of: the agent first, then what it acts on, then where it comes from."""
    steps: tuple[str, ...]
    """The route it shows; empty where there is none."""

    derived: ClassVar[bool] = True
    fields: ClassVar[Mapping[str, frozenset[str]]] = {}
    """Field → the words it may hold; empty for names and lists of names."""


_STATE: Final = frozenset(STATES)
_YES_NO: Final = frozenset({"yes", "no"})
_NAMES: Final = frozenset[str]()
_HARM: Final[dict[str, frozenset[str]]] = {
    "agent": _NAMES, "action": _NAMES, "effect": _NAMES, "assets": _NAMES, "through": _NAMES, "gates": _NAMES,
    "impact": frozenset({"disclosure", "destruction", "payment", "privilege", "execution", "persistence",
                         "undescribed"}),
    "state": _STATE, "mild": _YES_NO, "bases": frozenset({"attached", "latent", "delegated", "triggered"}),
    "around": _YES_NO,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class PathSubject(Derivation):
    """The attack paths to one impact through one action of one agent, whoever's text sets out on them."""

    paths: tuple[AttackPath, ...]
    """The worst first."""

    kind: ClassVar[str] = "path"
    fields: ClassVar[Mapping[str, frozenset[str]]] = {
        **_HARM, "sources": _NAMES, "certain": _YES_NO, "weakened": _YES_NO,
        "sensitivity": frozenset({"restricted", "confidential", "unsaid"}),
        "way": frozenset({"call", "write", "reach", "flow", "answer", "arguments", "delegation", "store"}),
    }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class MishapSubject(Derivation):
    """One impact that one action of one agent can have without any attacker."""

    mishap: Mishap

    kind: ClassVar[str] = "mishap"
    fields: ClassVar[Mapping[str, frozenset[str]]] = _HARM


@dataclass(frozen=True, slots=True, eq=False)
class CapabilitySubject(Derivation):
    """One action that one agent can bring about, on whatever basis."""

    parts: tuple[Capability, ...]

    kind: ClassVar[str] = "capability"
    fields: ClassVar[Mapping[str, frozenset[str]]] = {
        "agent": _NAMES, "action": _NAMES, "effect": _NAMES, "assets": _NAMES, "through": _NAMES, "gates": _NAMES,
        "claims": _NAMES, "identities": _NAMES, "credentials": _NAMES, "to": _NAMES,
        "bases": _HARM["bases"], "intent": frozenset({"forbidden", "excess", "intended", "unstated"}),
        "certain": _YES_NO, "grave": _YES_NO, "gated": _YES_NO, "around": _YES_NO, "deputy": _YES_NO,
        "steered": frozenset({"yes", "perhaps", "no"}),
    }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class InvariantSubject(Derivation):
    """One item of an agent's `never:`."""

    invariant: Invariant

    kind: ClassVar[str] = "invariant"
    fields: ClassVar[Mapping[str, frozenset[str]]] = {
        "agent": _NAMES, "never": _NAMES, "gates": _NAMES, "state": frozenset({"reached", "held", "undecided"}),
    }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class InfluenceSubject(Derivation):
    """That outsiders' text steers one agent."""

    missing: tuple[str, ...]

    kind: ClassVar[str] = "influence"
    fields: ClassVar[Mapping[str, frozenset[str]]] = {
        "agent": _NAMES, "by": _NAMES, "certain": _YES_NO, "weakened": _YES_NO,
        "entry": frozenset({"flow", "result", "store", "delegation", "instructions", "supply_chain"}),
    }  # fmt: skip


SUBJECTS: Final[dict[str, type[Derivation]]] = {
    cls.kind: cls for cls in (PathSubject, MishapSubject, CapabilitySubject, InvariantSubject, InfluenceSubject)
}
"""Kind → class of what is derived."""


class Subjects:
    """All derived subjects of a system, with the indexes that predicates ask."""

    def __init__(self, graph: ModelGraph, derived: Derived) -> None:
        """Nothing is made before it is asked for."""
        self._graph = graph
        self.derived = derived
        self._named: dict[str, tuple[str | None, ...]] = {}
        self._indexes: dict[tuple[str, str], Mapping[str, list[tuple[int, Derivation]]]] = {}

    def of_kind(self, kind: str) -> tuple[Derivation, ...]:
        """Return all subjects of a derived kind, in the order of the description."""
        found: Mapping[str, tuple[Derivation, ...]] = {
            "path": self.paths, "mishap": self.mishaps, "capability": self.capabilities,
            "invariant": self.invariants, "influence": self.influences,
        } if kind in SUBJECTS else {}  # fmt: skip
        return found.get(kind, ())

    def having(self, kind: str, fields: Iterable[tuple[str, frozenset[str]]]) -> Iterable[Derivation]:
        """Return the subjects of a kind of which the rarest of some fields holds one of its words, in order."""
        everything = self.of_kind(kind)
        chosen: list[tuple[int, Derivation]] | None = None
        for field, words in fields:
            index = self._index(kind, field)
            found = [one for word in words for one in index.get(word, ())]
            if chosen is None or len(found) < len(chosen):
                chosen = found
        if chosen is None:
            return everything
        return [subject for _, subject in sorted(dict(chosen).items())]

    def _index(self, kind: str, field: str) -> Mapping[str, list[tuple[int, Derivation]]]:
        """Return word → the subjects whose field holds it, with their places in the order."""
        if (kind, field) not in self._indexes:
            index: dict[str, list[tuple[int, Derivation]]] = {}
            for place, subject in enumerate(self.of_kind(kind)):
                value = subject.body[field]
                for word in value if isinstance(value, list) else (value,):
                    index.setdefault(word, []).append((place, subject))
            self._indexes[kind, field] = index
        return self._indexes[kind, field]

    # Indexes

    @cached_property
    def steered(self) -> Mapping[str, str]:
        """Agent → `yes` or `perhaps`; an agent that no outsider steers has no entry."""
        found: dict[str, str] = {}
        for one in self.derived.influences:
            if one.certainty == "yes":
                found[one.agent] = "yes"
            else:
                found.setdefault(one.agent, "perhaps")
        return found

    @cached_property
    def _agents(self) -> frozenset[str]:
        return frozenset(agent.id for agent in self._graph.agents)

    @cached_property
    def carried(self) -> Mapping[str, int]:
        """Element, action or control → attack paths, not broken, that lead over it or that it only claims to break."""
        parts: dict[str, tuple[str, ...]] = {}

        def names(path: AttackPath) -> set[str]:
            """Return what a path leads over: of an action its tool too."""
            found: set[str] = set()
            for name in (*path.steps, *path.claimed_by, *path.assets, path.action):
                known = parts.get(name)
                if known is None:
                    known = parts[name] = (name, name.partition(".")[0]) if "." in name else (name,)
                found.update(known)
            return found

        led = (names(path) for path in self.derived.paths.listed if path.state != "broken")
        return Counter(chain.from_iterable(led))

    @cached_property
    def broken_by(self) -> Mapping[str, tuple[AttackPath | Mishap, ...]]:
        """Control → the paths and mishaps that it breaks."""
        found: dict[str, list[AttackPath | Mishap]] = {}
        harms: tuple[AttackPath | Mishap, ...] = (*self.derived.paths.listed, *self.derived.mishaps)
        for one in harms:
            for name in one.broken_by:
                found.setdefault(name, []).append(one)
        return {name: tuple(harms) for name, harms in found.items()}

    @cached_property
    def claimed_by(self) -> Mapping[str, tuple[AttackPath | Mishap, ...]]:
        """Control → the paths and mishaps that it would break if it were more than a claim."""
        found: dict[str, list[AttackPath | Mishap]] = {}
        harms: tuple[AttackPath | Mishap, ...] = (*self.derived.paths.listed, *self.derived.mishaps)
        for one in harms:
            if one.state == "claimed":
                for name in one.claimed_by:
                    found.setdefault(name, []).append(one)
        return {name: tuple(harms) for name, harms in found.items()}

    @cached_property
    def powers(self) -> Mapping[tuple[str, str], tuple[Capability, ...]]:
        """(Agent, action) → its capabilities, one per effect and basis."""
        found: dict[tuple[str, str], list[Capability]] = {}
        for one in self.derived.capabilities:
            found.setdefault((one.agent, one.action), []).append(one)
        return {key: tuple(parts) for key, parts in found.items()}

    @cached_property
    def influence_of(self) -> Mapping[str, InfluenceSubject]:
        """Agent → the most certain of its influences; an agent that no outsider steers has no entry."""
        return {one.agent: one for one in self.influences}

    @cached_property
    def paths_of(self) -> Mapping[str, tuple[PathSubject, ...]]:
        """Agent → the attack paths that end in its actions, and in those it brings about through others."""
        found: dict[str, list[PathSubject]] = {}
        for one in self.paths:
            found.setdefault(one.agent, []).append(one)
        return {agent: tuple(paths) for agent, paths in found.items()}

    @cached_property
    def authority(self) -> Authority:
        """Indexes over who may do what for whom."""
        return Authority(self._graph, self.derived.capabilities)

    @cached_property
    def powers_of(self) -> Mapping[str, tuple[Capability, ...]]:
        """Agent → its capabilities."""
        found: dict[str, list[Capability]] = {}
        for one in self.derived.capabilities:
            found.setdefault(one.agent, []).append(one)
        return {agent: tuple(parts) for agent, parts in found.items()}

    @cached_property
    def harms_of(self) -> Mapping[str, tuple[AttackPath | Mishap, ...]]:
        """Agent → its paths and mishaps."""
        found: dict[str, list[AttackPath | Mishap]] = {}
        harms: tuple[AttackPath | Mishap, ...] = (*self.derived.paths.listed, *self.derived.mishaps)
        for one in harms:
            found.setdefault(one.agent, []).append(one)
        return {agent: tuple(same) for agent, same in found.items()}

    @cached_property
    def harms_at(self) -> Mapping[str, tuple[AttackPath | Mishap, ...]]:
        """Element, action or `from>to` → the paths and mishaps, not broken, that lead over it."""
        found: dict[str, dict[int, AttackPath | Mishap]] = {}
        for same in self.harms_of.values():
            for one in same:
                if one.state != "broken":
                    for place in _places(one):
                        found.setdefault(place, {})[id(one)] = one
        return {place: tuple(harms.values()) for place, harms in found.items()}

    @cached_property
    def poisoned(self) -> frozenset[str]:
        """Stores that a path to lasting text, not broken, leads to or over."""
        lasting = (one for one in self.paths if one.body["impact"] == "persistence" and one.body["state"] != "broken")
        return frozenset(name for one in lasting for name in one.elements)

    @cached_property
    def path_named(self) -> Mapping[str, PathSubject]:
        """`agent>action:impact` → the attack paths to it; a mishap to the same has the same name."""
        return {one.id: one for one in self.paths}

    @cached_property
    def undescribed(self) -> frozenset[str]:
        """Agents of which nobody has said all that they can do: what is not found there is not ruled out."""
        return frozenset(one.agent for one in self.derived.capabilities if one.effect == "unknown")

    # Subjects

    @cached_property
    def paths(self) -> tuple[PathSubject, ...]:
        """Attack paths, merged over their sources."""
        groups: dict[tuple[str, str, str], list[AttackPath]] = {}
        for path in self.derived.paths.listed:
            groups.setdefault((path.agent, path.action, path.impact), []).append(path)
        return tuple(self._path(same) for same in groups.values())

    def _path(self, same: list[AttackPath]) -> PathSubject:
        paths = sorted(same, key=lambda one: (STATES.index(one.state), one.mild, len(one.steps), one.id))
        first = paths[0]
        worst = [one for one in paths if one.state == first.state]
        assets = list(dict.fromkeys(name for one in worst for name in one.assets))
        sources = list(dict.fromkeys(one.source for one in worst))
        body = self._harm(first, assets)
        _put(
            body,
            sources=sources,
            certain=self.steered.get(first.agent) == "yes" and first.state != "unknown",
            weakened=all(one.weakened for one in worst),
            sensitivity=self._sensitivity(assets),
            way=self._way_out(first) if first.impact == "disclosure" else "call",
        )
        names = (first.agent, first.action, *first.steps[-2:], *first.steps, *sources, *assets, *first.claimed_by)
        return PathSubject(
            f"{first.agent}>{first.action}:{first.impact}", body, self._line(first.agent, first.action),
            f"paths.{first.agent}>{first.action}:{first.impact}", first.agent, self._elements(names), first.steps,
            tuple(paths),
        )  # fmt: skip

    @cached_property
    def mishaps(self) -> tuple[MishapSubject, ...]:
        """What goes wrong without an attacker."""
        return tuple(self._mishap(one) for one in self.derived.mishaps)

    def _mishap(self, one: Mishap) -> MishapSubject:
        name = f"{one.agent}>{one.action}:{one.impact}"
        names = (one.agent, one.action, *one.steps, *one.claimed_by)
        return MishapSubject(
            name, self._harm(one, []), self._line(one.agent, one.action), f"mishaps.{name}", one.agent,
            self._elements(names), one.steps, one,
        )  # fmt: skip

    def _harm(self, one: AttackPath | Mishap, assets: list[str]) -> MapNode:
        parts = self.powers.get((one.agent, one.action), ())
        body = MapNode(self._graph.elements[one.agent].span)
        acting = one.steps[one.steps.index(one.agent) :] if one.agent in one.steps else one.steps
        _put(
            body,
            agent=one.agent, action=one.action, effect=_each(part.effect for part in parts), assets=assets,
            impact="undescribed" if one.impact == "unknown" else one.impact, state=one.state, mild=one.mild,
            through=[step for step in acting[1:] if step in self._agents],
            bases=_each(part.basis for part in parts), around=_around(parts),
            gates=_each((*one.broken_by, *one.claimed_by)),
        )  # fmt: skip
        return body

    @cached_property
    def capabilities(self) -> tuple[CapabilitySubject, ...]:
        """What agents can bring about."""
        return tuple(self._capability(parts) for parts in self.powers.values())

    def _capability(self, parts: tuple[Capability, ...]) -> CapabilitySubject:
        first = parts[0] if len(parts) == 1 else min(parts, key=_readiest)
        agent, action = self._graph.elements[first.agent], self._graph.actions.get(first.action)
        intents = {part.intent for part in parts}
        body = MapNode(agent.span)
        body.update(
            agent=agent.id, action=first.action, effect=_each(part.effect for part in parts),
            assets=_each(name for part in parts for name in part.data or ()),
            through=[step for step in first.route[1:-1] if step in self._agents],
            gates=_each(name for part in parts for name in part.gates),
            claims=_each(name for part in parts for name in part.claims),
            identities=_each(part.identity for part in parts if part.identity),
            credentials=_each(part.credential for part in parts if part.credential),
            to="unsaid" if action is None else action.word("to") or "unsaid",
            bases=_each(part.basis for part in parts),
            intent=next(word for word in ("forbidden", "excess", "intended", "unstated") if word in intents),
            certain=_word(any(part.certainty == "yes" for part in parts)),
            grave=_word(any(part.effect in GRAVE for part in parts)), gated=_word(all(part.gates for part in parts)),
            around=_word(_around(parts)), deputy=_word(self._deputy(agent, parts)),
            steered=self.steered.get(agent.id, "no"),
        )  # fmt: skip
        return CapabilitySubject(
            f"{agent.id}>{first.action}", body, self._basis_line(parts, first), f"capabilities.{first.action}",
            agent.id, self._elements((agent.id, first.action, *first.route)), first.route, parts,
        )  # fmt: skip

    def _deputy(self, agent: Element, parts: tuple[Capability, ...]) -> bool:
        """Return whether it is only another agent's identity that lets it happen, and the caller's would not."""
        return all(part.basis == "delegated" for part in parts) and self.authority.lacks(agent, parts)

    @cached_property
    def invariants(self) -> tuple[InvariantSubject, ...]:
        """Every item of `never:`."""
        return tuple(self._invariant(one) for one in self.derived.invariants)

    def _invariant(self, one: Invariant) -> InvariantSubject:
        agent = self._graph.elements[one.agent]
        body = MapNode(agent.span)
        state = "undecided" if one.state == "unknown" else one.state
        _put(body, agent=one.agent, never=one.never, gates=list(one.gates), state=state)
        places = agent.body.get("never")
        span = agent.body.value_span("never") if "never" in agent.body else agent.span
        if isinstance(places, SeqNode) and one.never in places:
            span = places.value_span(places.index(one.never))
        parts = self.powers.get((one.agent, one.never), ())
        steps = parts[0].route if parts else ()
        return InvariantSubject(
            f"{one.agent}>{one.never}", body, span, f"{agent.place}.never", one.agent,
            self._elements((one.agent, one.never, *steps)), steps, one,
        )  # fmt: skip

    @cached_property
    def influences(self) -> tuple[InfluenceSubject, ...]:
        """What steers each agent, by the most certain of its influences."""
        found: dict[str, InfluenceSubject] = {}
        for one in self.derived.influences:
            if one.agent in found:
                continue
            agent = self._graph.elements[one.agent]
            body = MapNode(agent.span)
            _put(
                body, agent=one.agent, by=list(one.by), certain=one.certainty == "yes", weakened=one.weakened,
                entry=self._entry(one.route, agent),
            )  # fmt: skip
            names = (one.agent, *reversed(one.route), *one.by)
            found[one.agent] = InfluenceSubject(
                one.agent, body, agent.span, f"influence.{one.agent}", one.agent, self._elements(names), one.route,
                one.missing,
            )  # fmt: skip
        return tuple(found.values())

    # Fields

    def _entry(self, route: Sequence[str], agent: Element) -> str:
        """Return how text comes into the context of an agent, by the last step before it."""
        before = route[-2] if len(route) > 1 else ""
        element = self._graph.elements.get(before)
        if element is None:
            return "result" if before in self._graph.actions or "." in before else "instructions"
        if element.kind in {"tool", "skill"}:
            return "supply_chain"
        if element.kind == "agent":
            return "delegation"
        if element.kind != "store":
            return "flow"
        told = agent.body.get("instructions")
        return "instructions" if isinstance(told, MapNode) and before in str(told.get("from")) else "store"

    def _way_out(self, path: AttackPath) -> str:
        """Return by what kind of way the data of a disclosure leaves."""
        if ">" in path.action:
            target = self._graph.elements.get(path.action.rpartition(">")[2])
            if target is not None and target.kind == "service":
                return "answer"
            return "delegation" if target is not None and target.kind == "agent" else "flow"
        action = self._graph.actions.get(path.action)
        if action is None:
            element = self._graph.elements.get(path.action)
            if element is not None and element.kind in {"tool", "skill"} and path.source == path.action:
                return "arguments"
            return "store" if element is not None and element.kind == "store" else "reach"
        effects = set(action.effects)
        if "send" in effects:
            return "call"
        if "execute" in effects or action.tool.word("kind") in REACHING_KINDS:
            return "reach"
        return "write"

    def _sensitivity(self, assets: Iterable[str]) -> str:
        found = [self._graph.elements.get(name) for name in assets]
        words = {one.classification for one in found if isinstance(one, Asset)}
        if "restricted" in words or any(one is not None and one.kind == "credential" for one in found):
            return "restricted"
        return "confidential" if "confidential" in words else "unsaid"

    def _elements(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the elements that names stand for, each once: of an action its tool, of an edge both its ends."""
        found: dict[str, None] = {}
        for name in names:
            known = self._named.get(name)
            if known is None:
                known = self._named[name] = tuple(self._element(part) for part in name.split(">"))
            for one in known:
                if one is not None:
                    found[one] = None
        return tuple(found)

    def _element(self, name: str) -> str | None:
        """Return the element that a name stands for: itself, or the tool of an action."""
        return next((one for one in (name, name.partition(".")[0]) if one in self._graph.elements), None)

    def _basis_line(self, parts: Sequence[Capability], first: Capability) -> Span:
        """Return the line that gives an ability: the delegation or the secret it hangs on, else its action's."""
        given: Element | None = None
        if all(part.basis == "delegated" for part in parts):
            given = self._graph.find(">".join(first.route[:2]))
        elif all(part.basis == "latent" for part in parts):
            given = self._graph.elements.get(first.credential or "")
        return self._line(first.agent, first.action) if given is None else given.span

    def _line(self, agent: str, action: str) -> Span:
        """Return the line that says most of it: of what it happens by, else of the agent."""
        known = self._graph.actions.get(action) or self._graph.elements.get(action) or self._edges.get(action)
        return known.span if known is not None else self._graph.elements[agent].span

    @cached_property
    def _edges(self) -> Mapping[str, Element]:
        """`from>to` → the first flow or delegation between the two."""
        found: dict[str, Element] = {}
        edges: tuple[DataFlow | Delegation, ...] = (*self._graph.flows, *self._graph.delegations)
        for edge in edges:
            found.setdefault(f"{edge.source}>{edge.target}", edge)
        return found


def _around(parts: Sequence[Capability]) -> bool:
    """Return whether a gate stands before one way to the action, and another way leads past it."""
    return any(part.gates for part in parts) and any(not part.gates for part in parts)


def _places(harm: AttackPath | Mishap) -> Iterator[str]:
    """Yield where a control could stand on a path or mishap: its steps, their tools, and the edges between them."""
    yield from (harm.agent, harm.action, harm.action.partition(".")[0], *harm.steps)
    for first, then in itertools.pairwise(harm.steps):
        yield f"{first}>{then}"
        yield f"{first.partition('.')[0]}>{then}"


def _each(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _readiest(part: Capability) -> tuple[bool, bool, int]:
    """Order the parts of one ability: certain, ungated and short first."""
    return (part.certainty != "yes", bool(part.gates), len(part.route))


def _word(value: bool) -> str:  # noqa: FBT001  a truth value is what it turns into a word
    return "yes" if value else "no"


def _put(body: MapNode, **fields: object) -> None:
    for key, value in fields.items():
        body[key] = _word(value) if isinstance(value, bool) else value
