"""What compliance frameworks get out of the controls, by who published the mapping and by what the control is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from threatmodel.analysis.finding import OPEN_STATES, FindingState
from threatmodel.catalog.framework import EntryKind, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.catalog.framework import Entry, Framework


_ORDER: Final = ("proven", "configured", "claimed", "asked")
_Ways: TypeAlias = "dict[str, dict[str, str]]"
"""Word of `_ORDER` → control or type of control → mapping."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How many entries are reached, by who published the mapping. The two are never added up."""

    published: int
    proposed: int


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of a compliance framework that something reaches."""

    id: str
    heading: str
    proven: tuple[str, ...]
    configured: tuple[str, ...]
    claimed: tuple[str, ...]
    asked: tuple[str, ...]
    """Types of control that open or undecided findings ask for."""


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """One category: how many of its entries have their surest control where."""

    id: str
    heading: str
    entries: int
    proven: Reached
    configured: Reached
    claimed: Reached
    asked: Reached
    """Entries that a recommended control of an open or undecided finding would help with."""
    reached: tuple[EntryRow, ...]


@dataclass(frozen=True, slots=True)
class FunctionTable:
    """One function of a compliance framework."""

    id: str
    heading: str
    rows: tuple[CategoryRow, ...]
    whole: CategoryRow
    """All of its categories together."""


@dataclass(frozen=True, slots=True)
class ComplianceTable:
    """One compliance framework."""

    title: str
    functions: tuple[FunctionTable, ...]
    entries: int
    published: int
    """Entries that any mapping marked published reaches."""
    proposed: int
    """Entries that only mappings marked proposed reach."""


def compliance_tables(analysis: Analysis, standings: Mapping[str, str]) -> tuple[ComplianceTable, ...]:
    """
    Return one table per compliance framework of the catalog.

    Args:
        analysis: Its open and undecided findings ask for controls.
        standings: Control of the description → `proven`, `configured`, `claimed`, or another word for no effect.
    """
    frameworks = analysis.model.catalog.frameworks.values()
    return tuple(_table(analysis, one, standings) for one in frameworks if one.role is Role.COMPLIANCE)


def _table(analysis: Analysis, framework: Framework, standings: Mapping[str, str]) -> ComplianceTable:
    through = _through(analysis, framework.id, standings)
    functions = []
    for function in framework.of_kind(EntryKind.FUNCTION):
        rows = [_category(framework, category, through) for category in framework.children(function.id)]
        functions.append(FunctionTable(function.id, function.summary, tuple(rows), _whole(function, rows)))
    reached = {entry: ways for entry, ways in through.items() if any(ways.values())}
    published = sum(
        any(mapping == "published" for way in ways.values() for mapping in way.values()) for ways in reached.values()
    )
    return ComplianceTable(
        title=f"{framework.title} {framework.version}",
        functions=tuple(functions),
        entries=len(framework.of_kind(EntryKind.SUBCATEGORY)),
        published=published,
        proposed=len(reached) - published,
    )


def _through(analysis: Analysis, framework: str, standings: Mapping[str, str]) -> dict[str, _Ways]:
    """Return, for each entry, what reaches it and how; a control without effect reaches nothing."""
    found: dict[str, _Ways] = {}

    def note(entry: str, way: str, name: str, mapping: str) -> None:
        found.setdefault(entry, {word: {} for word in _ORDER})[way].setdefault(name, mapping)

    for control in analysis.model.graph.controls:
        known = analysis.model.catalog.controls.get(control.type)
        for satisfied in known.satisfies if known else ():
            name, _, entry = satisfied.entry.partition(":")
            if name == framework and standings.get(control.id) in _ORDER:
                note(entry, standings[control.id], control.id, satisfied.mapping.value)
    for finding in analysis.findings:
        if finding.state in OPEN_STATES or finding.state is FindingState.UNKNOWN:
            for one in finding.compliance:
                if one.framework == framework:
                    note(one.id, "asked", one.through, one.mapping)
    return found


def _category(framework: Framework, category: Entry, through: Mapping[str, _Ways]) -> CategoryRow:
    entries = framework.children(category.id) or (category,)
    counts = {word: {"published": 0, "proposed": 0} for word in _ORDER}
    rows = []
    for entry in entries:
        ways = through.get(entry.id)
        if ways is None:
            continue
        surest = next((word for word in _ORDER[:3] if ways[word]), None)
        for word in (surest, "asked" if ways["asked"] else None):
            if word is not None:
                counts[word]["published" if "published" in ways[word].values() else "proposed"] += 1
        rows.append(EntryRow(entry.id, entry.heading, *(_names(ways[word]) for word in _ORDER)))
    return CategoryRow(
        id=category.id,
        heading=category.heading,
        entries=len(entries),
        proven=Reached(**counts["proven"]),
        configured=Reached(**counts["configured"]),
        claimed=Reached(**counts["claimed"]),
        asked=Reached(**counts["asked"]),
        reached=tuple(rows),
    )


def _whole(function: Entry, rows: list[CategoryRow]) -> CategoryRow:
    def added(cells: Iterable[Reached]) -> Reached:
        listed = list(cells)
        return Reached(sum(one.published for one in listed), sum(one.proposed for one in listed))

    return CategoryRow(
        id=function.id,
        heading=function.heading,
        entries=sum(row.entries for row in rows),
        proven=added(row.proven for row in rows),
        configured=added(row.configured for row in rows),
        claimed=added(row.claimed for row in rows),
        asked=added(row.asked for row in rows),
        reached=(),
    )


def _names(ways: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name} ({mapping})" for name, mapping in sorted(ways.items()))
