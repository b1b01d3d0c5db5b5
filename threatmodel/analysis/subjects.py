"""Derived relations as subjects: things that rules are asked about like elements, one per decision of a reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from threatmodel.analysis.marks import STATES
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import Element

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from threatmodel.analysis.capability import Capability
    from threatmodel.analysis.paths import AttackPath, Invariant, Mishap
    from threatmodel.span import Span



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


class Told(MapNode):
    """Fields that are worked out when they are asked for."""

    __slots__ = ("_tell",)

    def __init__(self, where: Span, tell: Callable[[str], str | list[str]]) -> None:
        """Know whom to ask."""
        super().__init__(where)
        self._tell = tell

    def __missing__(self, key: str) -> str | list[str]:
        """Ask, and remember."""
        value = self[key] = self._tell(key)
        return value

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401  as dict does
        """Return a field; `default` for what is none."""
        return self[key] if key in CapabilitySubject.fields else default


SUBJECTS: Final[dict[str, type[Derivation]]] = {
    cls.kind: cls for cls in (PathSubject, MishapSubject, CapabilitySubject, InvariantSubject, InfluenceSubject)
}
"""Kind → class of what is derived."""
