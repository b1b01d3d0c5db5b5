"""A known product that a description can name with `uses:`, so that nobody types its ninety actions."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """The facts of one product, written as one would write them in a description."""

    id: str
    section: str
    """The section of the description that an element using it stands in: `tools`, `models` ..."""
    title: str
    source: str
    """Web address of what the facts were read from."""
    checked: str
    """The day they were last held against it; products change, a pinned version says which one is meant."""
    facts: Mapping[str, Any]
    """Keys of the element. What the description says itself replaces them, key by key."""
    path: str
    """The file it was read from."""
    revision: str | None = None
    """The revision of the source that was read; None where it is not known."""
    aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    further_sources: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The id and the aliases: every word that `uses:` may say for it."""
        return (self.id, *self.aliases)

    @property
    def actions(self) -> Mapping[str, Any]:
        """The actions of a tool, by name; empty for everything else."""
        actions: Mapping[str, Any] = self.facts.get("actions") or {}
        return actions


def components_from(data: Mapping[str, Any], path: str = "") -> tuple[Component, ...]:
    """
    Make the components of the plain data of one file.

    Args:
        data: What the file holds; it passed `component-1.schema.json`, its facts the schema of descriptions.
        path: The file, for messages.

    Returns:
        The components in the order of the file.
    """
    return tuple(
        Component(
            id=item["id"],
            section=item["section"],
            title=item["title"],
            source=item["source"],
            checked=item["checked"],
            facts=MappingProxyType(dict(item["facts"])),
            path=path,
            revision=item.get("revision"),
            aliases=tuple(item.get("aliases", ())),
            notes=tuple(item.get("notes", ())),
            further_sources=tuple(item.get("further_sources", ())),
        )
        for item in data["components"]
    )
