"""A type of safeguard: what it does, what lets it hold, what proves it, what it helps to satisfy."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from threatmodel.catalog.setting import (
    AUTHORIZING_SETTINGS,
    COMMON_SETTINGS,
    FLAGS,
    Outcome,
    Setting,
    SettingKind,
    setting_from,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AUTHORIZING_SETTINGS",
    "COMMON_SETTINGS",
    "Acts",
    "Basis",
    "Confines",
    "ControlType",
    "Decider",
    "Outcome",
    "Proof",
    "SameFact",
    "Satisfies",
    "Setting",
    "SettingKind",
    "control_from",
]


class Acts(Enum):
    """What a control does to a route (SEMANTICS 3.1)."""

    GATE = "gate"
    """Decides on the single call before it runs, outside the model."""
    AUTHORIZE = "authorize"
    """Decides who may do what."""
    ISOLATE = "isolate"
    """Stops text."""
    FILTER = "filter"
    """Weakens text."""
    CONFINE = "confine"
    """Takes away an impact."""
    LIMIT = "limit"
    """Bounds how much or how far."""
    DETECT = "detect"
    """Tells somebody."""
    RECOVER = "recover"
    """Helps afterwards."""
    PROTECT = "protect"
    """Keeps others out."""

    @property
    def on_routes(self) -> bool:
        """Whether such a control can break or weaken a route at all."""
        return self in {Acts.GATE, Acts.AUTHORIZE, Acts.ISOLATE, Acts.FILTER, Acts.CONFINE}


class Confines(Enum):
    """Which impact a confining control takes away (SEMANTICS 3.8)."""

    EXECUTION = "execution"
    DISCLOSURE_BY_REACH = "disclosure-by-reach"
    DISCLOSURE_BY_ANSWER = "disclosure-by-answer"
    DISCLOSURE_BY_SEND = "disclosure-by-send"
    DESTRUCTION = "destruction"
    PERSISTENCE = "persistence"


class Basis(Enum):
    """Who says that a control helps to satisfy an entry."""

    PUBLISHED = "published"
    PROPOSED = "proposed"


@dataclass(frozen=True, slots=True)
class SameFact:
    """The fact of an element that says the same as the control; of the two the worse counts (SEMANTICS 1.3)."""

    at: Mapping[str, str]
    """Kind of element, or `flow` or `delegation`, to the dotted path of the fact on it."""
    sound: tuple[str | bool, ...]
    """Values by which the control is in place. Empty: every value that is not unsound."""
    unsound: tuple[str | bool, ...]
    """Values by which it is not; one of them in a list is enough. Empty: none."""

    def says(self, value: Any) -> bool | None:  # noqa: ANN401 - a value as the description has it
        """Return whether a value of the fact says that the safeguard is in place; None where it says nothing."""
        flag = any(isinstance(word, bool) for word in (*self.sound, *self.unsound))
        said = [
            FLAGS.get(item, item) if flag and isinstance(item, str) else item
            for item in (value if isinstance(value, (list, tuple)) else [value])
            if item is not None and item != "unknown"
        ]
        if any(item in self.unsound for item in said):
            return False
        if said and (not self.sound or any(item in self.sound for item in said)):
            return True
        return None


@dataclass(frozen=True, slots=True)
class Decider:
    """What the control's `by:` has to name."""

    needed: bool
    about: str


@dataclass(frozen=True, slots=True)
class Proof:
    """One kind of evidence that the control is there and holds."""

    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Satisfies:
    """An entry of a compliance framework that the control helps to satisfy. It never satisfies it alone."""

    entry: str
    mapping: Basis
    reason: str
    source: str | None = None
    """Who published the mapping; None for our own proposals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlType:
    """One safeguard of the catalog."""

    id: str
    title: str
    summary: str
    acts: Acts
    stands_on: tuple[str, ...]
    layers: tuple[str, ...]
    cost: int
    """From 1 (a setting) to 5 (a project)."""
    cost_reason: str
    weak_when: tuple[str, ...]
    proof: tuple[Proof, ...]
    satisfies: tuple[Satisfies, ...]
    since: str
    source: str
    path: str
    """The file it was read from."""
    aliases: tuple[str, ...] = ()
    confines: frozenset[Confines] = frozenset()
    fact: SameFact | None = None
    by: Decider | None = None
    threats: tuple[str, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=lambda: COMMON_SETTINGS)
    """All settings it understands: the common ones, those of what it does, its own; a later one replaces."""
    own_settings: tuple[str, ...] = ()
    """Those that the file itself lists."""

    @property
    def names(self) -> tuple[str, ...]:
        """The id and the aliases: every word that a description may use for it."""
        return (self.id, *self.aliases)

    @property
    def needs_decider(self) -> bool:
        """Whether `by:` left out is a gap."""
        return self.by is not None and self.by.needed


def control_from(data: Mapping[str, Any], path: str = "") -> ControlType:
    """
    Make a type of control of the plain data of its file.

    Args:
        data: What the file holds; it passed `control-1.schema.json`.
        path: The file, for messages.
    """
    acts = Acts(data["acts"])
    own = {name: setting_from(name, item) for name, item in data.get("settings", {}).items()}
    general = {**COMMON_SETTINGS, **(AUTHORIZING_SETTINGS if acts is Acts.AUTHORIZE else {})}
    return ControlType(
        id=data["id"],
        title=data["title"],
        summary=data["summary"],
        aliases=tuple(data.get("aliases", ())),
        acts=acts,
        confines=frozenset(Confines(word) for word in data.get("confines", ())),
        stands_on=tuple(data["stands_on"]),
        fact=_fact(data["fact"]) if "fact" in data else None,
        layers=tuple(data["layers"]),
        settings=MappingProxyType({**general, **own}),
        own_settings=tuple(own),
        by=Decider(data["by"]["needed"], data["by"]["about"]) if "by" in data else None,
        weak_when=tuple(data["weak_when"]),
        proof=tuple(Proof(item["kind"], item["about"]) for item in data["proof"]),
        cost=data["cost"],
        cost_reason=data["cost_reason"],
        satisfies=tuple(_satisfies(item) for item in data["satisfies"]),
        threats=tuple(data.get("threats", ())),
        source=data["source"],
        since=data["since"],
        path=path,
    )


def _fact(data: Mapping[str, Any]) -> SameFact:
    return SameFact(
        at=MappingProxyType(dict(data["at"])),
        sound=tuple(data["sound"]),
        unsound=tuple(data["unsound"]),
    )


def _satisfies(data: Mapping[str, Any]) -> Satisfies:
    return Satisfies(data["entry"], Basis(data["mapping"]), data["reason"], data.get("source"))
