"""The description as written: its sections and entries, each with its place, joined over included files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.diagnostics import Diagnostic
    from threatmodel.load.nodes import MapNode
    from threatmodel.span import Span

SECTIONS: dict[str, str] = {
    "people": "person",
    "external": "external",
    "services": "service",
    "agents": "agent",
    "models": "model",
    "tools": "tool",
    "skills": "skill",
    "stores": "store",
    "data": "data",
    "identities": "identity",
    "credentials": "credential",
    "runtimes": "runtime",
    "controls": "control",
    "boundaries": "boundary",
}
"""Each section that is a mapping of ids, and the kind of what stands in it, in the order of the format."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a section lists."""

    kind: str
    """A value of `SECTIONS`, or `flow`, `treatment`."""
    id: str
    """The key it stands under; of a flow `from>to`; of a treatment the finding's id."""
    body: MapNode
    """Its keys as written; empty where nothing was written."""
    span: Span
    """The key; of a list item, where it begins."""


@dataclass(frozen=True, slots=True)
class Document:
    """Everything the files of one description say."""

    file: str
    """The root file, as the user gave it."""
    system: MapNode
    sections: Mapping[str, Mapping[str, Entry]]
    """Section → id → entry; every name of `SECTIONS` is there, maybe empty."""
    flows: tuple[Entry, ...]
    treatments: tuple[Entry, ...]
    sources: Mapping[str, str]
    """File → its text, for excerpts; root first, then included ones in the order they are named."""
    warnings: tuple[Diagnostic, ...] = field(default=())
