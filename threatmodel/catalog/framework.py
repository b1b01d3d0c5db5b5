"""An outside catalog: its layers, threats or requirements under their published ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Role(Enum):
    """What a framework is chiefly used for."""

    LAYERS = "layers"
    THREATS = "threats"
    COMPLIANCE = "compliance"


class EntryKind(Enum):
    """What a publication lists; each word is explained in the schema."""

    LAYER = "layer"
    THREAT = "threat"
    RISK = "risk"
    FUNCTION = "function"
    CATEGORY = "category"
    SUBCATEGORY = "subcategory"
    DOMAIN = "domain"
    CONTROL = "control"
    REQUIREMENT = "requirement"
    ARTICLE = "article"
    ACTION = "action"
    TACTIC = "tactic"
    TECHNIQUE = "technique"
    MITIGATION = "mitigation"


class Verified(Enum):
    """How surely an id and its title are those of the publication."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


class EntryStatus(Enum):
    """The standing of an entry in its publication."""

    PUBLISHED = "published"
    CONTESTED = "contested"
    PROPOSED = "proposed"
    SUPERSEDED = "superseded"


GOES_WRONG: Final = frozenset({EntryKind.THREAT, EntryKind.RISK, EntryKind.TECHNIQUE})


@dataclass(frozen=True, slots=True)
class SearchAlias:
    """A code in articles that may mean an entry, but is no id of its framework. Only a search knows it."""

    code: str
    best: bool
    """Whether the entry fits the code best; other entries with the same code are further readings."""
    why: str


@dataclass(frozen=True, slots=True)
class OtherMeaning:
    """What another document means by the same id."""

    document: str
    title: str
    why: str = ""
    """Why that meaning is not used here; empty where it is simply another document."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A trait of agents that changes the threats of every layer. Publications name factors without ids."""

    key: str
    title: str
    summary: str
    verified: Verified
    aliases: tuple[str, ...] = ()
    named_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a framework."""

    framework: str
    id: str
    kind: EntryKind
    title: str | None
    """The published title; None where the publication gives only a statement, as NIST AI RMF subcategories do."""
    summary: str
    verified: Verified
    status: EntryStatus = EntryStatus.PUBLISHED
    parent: str | None = None
    number: int | None = None
    vertical: bool = False
    cross_layer: bool = False
    local_id: bool = False
    """The publication gives no id, this one is ours; an export has to say so."""
    agent_relevant: bool | None = None
    """Our judgment, not the publisher's; None where nobody judged."""
    since: str | None = None
    aliases: tuple[str, ...] = ()
    search_aliases: tuple[SearchAlias, ...] = ()
    other_meanings: tuple[OtherMeaning, ...] = ()
    note: str | None = None

    @property
    def reference(self) -> str:
        """How rules and controls name the entry: `owasp-asi-2026:ASI03`."""
        return f"{self.framework}:{self.id}"

    @property
    def heading(self) -> str:
        """What to print beside the id: the title, or our summary where there is no title."""
        return self.title or self.summary

    @property
    def goes_wrong(self) -> bool:
        """Whether a rule may name the entry as the threat that it detects."""
        return self.kind in GOES_WRONG


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """One edition of an outside catalog."""

    id: str
    title: str
    version: str
    publisher: str
    source: str
    license: str
    role: Role
    path: str
    """The file it was read from."""
    published: str | None = None
    checked: str | None = None
    checked_against: str | None = None
    further_sources: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    factors: tuple[Factor, ...] = ()
    entries: tuple[Entry, ...]
    """In the order of the publication."""
    by_id: Mapping[str, Entry] = field(repr=False, compare=False)

    def of_kind(self, *kinds: EntryKind) -> tuple[Entry, ...]:
        """Return the entries of any of these kinds, in order."""
        return tuple(entry for entry in self.entries if entry.kind in kinds)

    def children(self, entry_id: str) -> tuple[Entry, ...]:
        """Return the entries directly below one, in order."""
        return tuple(entry for entry in self.entries if entry.parent == entry_id)

    def ancestors(self, entry_id: str) -> Iterator[Entry]:
        """
        Walk from the parent of an entry up to the top.

        Raises:
            KeyError: `entry_id` is not an entry of this framework.
        """
        seen = {entry_id}
        parent = self.by_id[entry_id].parent
        while parent is not None and parent in self.by_id and parent not in seen:
            seen.add(parent)
            yield self.by_id[parent]
            parent = self.by_id[parent].parent

    def layer_of(self, entry_id: str) -> str | None:
        """Return the id of the layer that an entry is, or is listed in; None for cross-layer threats and the rest."""
        for entry in (self.by_id[entry_id], *self.ancestors(entry_id)):
            if entry.kind is EntryKind.LAYER:
                return entry.id
        return None


def framework_from(data: Mapping[str, Any], path: str) -> Framework:
    """
    Make a framework of the plain data of its file.

    Args:
        data: What the file holds; it passed `framework-1.schema.json`, and `framework_check` found nothing.
        path: The file, for messages.

    Returns:
        The framework; of two entries with one id, `by_id` would keep the first.
    """
    entries = tuple(_entry(data["id"], item) for item in data["entries"])
    by_id: dict[str, Entry] = {}
    for entry in entries:
        by_id.setdefault(entry.id, entry)
    return Framework(
        id=data["id"],
        title=data["title"],
        version=data["version"],
        publisher=data["publisher"],
        source=data["source"],
        license=data["license"],
        role=Role(data["role"]),
        path=path,
        published=data.get("published"),
        checked=data.get("checked"),
        checked_against=data.get("checked_against"),
        further_sources=tuple(data.get("further_sources", ())),
        aliases=tuple(data.get("aliases", ())),
        notes=tuple(data.get("notes", ())),
        factors=tuple(_factor(key, item) for key, item in data.get("factors", {}).items()),
        entries=entries,
        by_id=MappingProxyType(by_id),
    )


def _entry(framework: str, data: Mapping[str, Any]) -> Entry:
    return Entry(
        framework=framework,
        id=data["id"],
        kind=EntryKind(data["kind"]),
        title=data.get("title"),
        summary=data["summary"],
        verified=Verified(data["verified"]),
        status=EntryStatus(data.get("status", "published")),
        parent=data.get("parent"),
        number=data.get("number"),
        vertical=data.get("vertical", False),
        cross_layer=data.get("cross_layer", False),
        local_id=data.get("local_id", False),
        agent_relevant=data.get("agent_relevant"),
        since=data.get("since"),
        aliases=tuple(data.get("aliases", ())),
        search_aliases=tuple(
            SearchAlias(code=item["code"], best=item["fit"] == "best", why=item["why"])
            for item in data.get("search_aliases", ())
        ),
        other_meanings=tuple(
            OtherMeaning(document=item["document"], title=item["title"], why=item.get("why", ""))
            for item in data.get("other_meanings", ())
        ),
        note=data.get("note"),
    )


def _factor(key: str, data: Mapping[str, Any]) -> Factor:
    return Factor(
        key=key,
        title=data["title"],
        summary=data["summary"],
        verified=Verified(data["verified"]),
        aliases=tuple(data.get("aliases", ())),
        named_by=tuple(data.get("named_by", ())),
    )
