"""Everything derived, as rules and predicates ask for it: subjects of each kind, and indexes."""

from __future__ import annotations

import itertools
from collections import Counter
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from threatmodel.analysis.authority import Authority
from threatmodel.analysis.subject_making import Maker
from threatmodel.analysis.subjects import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from threatmodel.analysis.capability import Capability
    from threatmodel.analysis.derived import Derived
    from threatmodel.analysis.paths import AttackPath, Mishap
    from threatmodel.analysis.subjects import (
        CapabilitySubject,
        Derivation,
        InfluenceSubject,
        InvariantSubject,
        MishapSubject,
        PathSubject,
    )
    from threatmodel.model.graph import ModelGraph


class Subjects:
    """All derived subjects of a system, with the indexes that predicates ask."""

    def __init__(self, graph: ModelGraph, derived: Derived) -> None:
        """Nothing is made before it is asked for."""
        self._graph = graph
        self.derived = derived
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
    def _maker(self) -> Maker:
        return Maker(self._graph, self.steered, self.powers, self.authority)

    @cached_property
    def paths(self) -> tuple[PathSubject, ...]:
        """Attack paths, merged over their sources."""
        groups: dict[tuple[str, str, str], list[AttackPath]] = {}
        for path in self.derived.paths.listed:
            groups.setdefault((path.agent, path.action, path.impact), []).append(path)
        return tuple(self._maker.path(same) for same in groups.values())

    @cached_property
    def mishaps(self) -> tuple[MishapSubject, ...]:
        """What goes wrong without an attacker."""
        return tuple(self._maker.mishap(one) for one in self.derived.mishaps)

    @cached_property
    def capabilities(self) -> tuple[CapabilitySubject, ...]:
        """What agents can bring about."""
        return tuple(self._maker.capability(parts) for parts in self.powers.values())

    @cached_property
    def invariants(self) -> tuple[InvariantSubject, ...]:
        """Every item of `never:`."""
        return tuple(self._maker.invariant(one) for one in self.derived.invariants)

    @cached_property
    def influences(self) -> tuple[InfluenceSubject, ...]:
        """What steers each agent, by the most certain of its influences."""
        found: dict[str, InfluenceSubject] = {}
        for one in self.derived.influences:
            if one.agent not in found:
                found[one.agent] = self._maker.influence(one)
        return tuple(found.values())


def _places(harm: AttackPath | Mishap) -> Iterator[str]:
    """Yield where a control could stand on a path or mishap: its steps, their tools, and the edges between them."""
    yield from (harm.agent, harm.action, harm.action.partition(".")[0], *harm.steps)
    for first, then in itertools.pairwise(harm.steps):
        yield f"{first}>{then}"
        yield f"{first.partition('.')[0]}>{then}"
