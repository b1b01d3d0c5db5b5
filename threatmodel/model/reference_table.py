"""Which key of which kind of element refers to what: used to check descriptions, and to follow paths of facts."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from threatmodel.load.assemble import EFFECTS
from threatmodel.load.document import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What the values of one key name."""

    kinds: tuple[str, ...] = ()
    """Kinds of elements."""
    actions: bool = False
    """Also actions as `tool.action`, and patterns of them."""
    edges: bool = False
    """Also edges as `from>to`."""
    open: bool = False
    """Names that are not declared are allowed: teams, or permissions only another system understands."""
    words: tuple[str, ...] = ()
    """Words that mean something of their own there, besides `none` and `unknown`."""
    in_lists: bool = False
    """Only the items of a list are names: a single text there is prose."""
    of_keys: bool = False
    """The keys of the mapping are the names, not its values."""


_ELEMENTS: Final = tuple(SECTIONS.values())
_HOLDERS: Final = ("agent", "tool", "skill", "service", "runtime", "external", "person", "store", "model")
_TOOLS: Final = ("tool", "skill")
_PARTIES: Final = ("person", "external", "service", "agent")
_ENDS: Final = (*_PARTIES, "store", "tool", "skill", "model", "control", "runtime")
_STORAGE: Final = ("broker", "vault", "secrets_manager", "env", "file", "code", "database", "memory", "prompt")

_MODEL = Reference(kinds=("model",))
_DATA = Reference(kinds=("data",))
_STORE = Reference(kinds=("store",))
_IDENTITY = Reference(kinds=("identity",))
_CREDENTIAL = Reference(kinds=("credential",))
_RUNTIME = Reference(kinds=("runtime",))
_AGENT = Reference(kinds=("agent",))
_CONTROL = Reference(kinds=("control",))
_HELD = Reference(kinds=("store", "data"))
_CALLED = Reference(kinds=_TOOLS, actions=True)
_DONE = Reference(kinds=(*_TOOLS, "store", "service", "external"), actions=True)
_NAMES = Reference(open=True, actions=True)  # permissions and scopes may mean something to another system only
_DECIDERS = Reference(kinds=_PARTIES, open=True)
_WORKED_ON = Reference(kinds=("store", "service", "external"))

_RUNTIME_KEYS: Final = {"holds": _HELD, "credentials": _CREDENTIAL}
_INLINE_RUNTIME: Final = {"runtime": _RUNTIME, **{f"runtime.{key}": value for key, value in _RUNTIME_KEYS.items()}}
_TOOL_KEYS: Final = {
    "identity": _IDENTITY,
    "credential": _CREDENTIAL,
    **_INLINE_RUNTIME,
    "data": _DATA,
    "store": _STORE,
}
_BY_KIND: Final[dict[str, dict[str, Reference]]] = {
    "system": {"assumptions.affects": Reference(kinds=_ELEMENTS, actions=True)},
    "person": {},
    "external": {"credential": _CREDENTIAL},
    "service": {
        "tools": _CALLED,
        "starts": _AGENT,
        "identity": _IDENTITY,
        "credential": _CREDENTIAL,
        **_INLINE_RUNTIME,
    },
    "agent": {
        "started_by": Reference(kinds=(*_PARTIES, "store")),
        "model": _MODEL,
        "instructions.writable_by": Reference(kinds=_PARTIES, open=True, words=("any", "public")),
        "instructions.from": _STORE,
        "tools": _CALLED,
        "skills": Reference(kinds=("skill",)),
        "access": Reference(kinds=("store", "service", "external"), of_keys=True),
        "access.*.credential": _CREDENTIAL,
        "access.*.data": _DATA,
        "memory": _STORE,
        "data": _DATA,
        "identity": _IDENTITY,
        "credentials": _CREDENTIAL,
        "delegates_to.to": _AGENT,
        "delegates_to.actions": _DONE,
        "delegates_to.credential": _CREDENTIAL,
        "intended": _DONE,
        "never": Reference(kinds=_DONE.kinds, actions=True, words=EFFECTS),
        **_INLINE_RUNTIME,
        "stop.by": _DECIDERS,
    },
    "model": {"credential": _CREDENTIAL},
    "tool": _TOOL_KEYS,
    "skill": _TOOL_KEYS,
    "action": {
        "data": _DATA,
        "store": _STORE,
        "target": Reference(kinds=("service", "external", "agent")),
        "restored_by": _CONTROL,
        "triggers": _DONE,
    },
    "store": {
        "data": _DATA,
        "writers": Reference(kinds=(*_PARTIES, *_TOOLS), words=("any", "public")),
        "readers": Reference(kinds=(*_PARTIES, *_TOOLS), words=("any", "public")),
        "triggers": _DONE,
    },
    "data": {"opens": _CREDENTIAL},
    "identity": {"issuer": Reference(kinds=("identity",), open=True), "permissions": _NAMES},
    "credential": {
        "identity": _IDENTITY,
        "stored_in": Reference(kinds=("store",), words=_STORAGE),
        "held_by": Reference(kinds=_HOLDERS),
        "reaches": _WORKED_ON,
        "derived_from": _CREDENTIAL,
        "scopes.requested": _NAMES,
        "scopes.granted": _NAMES,
        "scopes.needed": _NAMES,
        "scopes.meaning.*": Reference(kinds=_DONE.kinds, actions=True, in_lists=True),
    },
    "runtime": _RUNTIME_KEYS,
    "control": {
        "on": Reference(kinds=_ELEMENTS, actions=True, edges=True),
        "by": _DECIDERS,
        "store": _STORE,
        "settings.denies": _DONE,
    },
    "boundary": {"contains": Reference(kinds=_ELEMENTS)},
    "flow": {
        "from": Reference(kinds=_ENDS),
        "to": Reference(kinds=_ENDS),
        "carries": _DATA,
        "via": Reference(kinds=("service", "external", "store", "agent", "control")),
        "credential": _CREDENTIAL,
        "triggers": _DONE,
    },
}

REFERENCES: Final[Mapping[tuple[str, str], Reference]] = MappingProxyType(
    {
        (kind, key): reference
        for kind, keys in _BY_KIND.items()
        for key, reference in (
            {**keys, "boundary": Reference(kinds=("boundary",))} if kind in _ELEMENTS else keys
        ).items()
    }
)
"""(kind of element, dotted key) → what stands there. `*` in a key is any key of a mapping; lists are walked through."""
