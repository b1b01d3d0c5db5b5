"""What was assessed: the threats of every framework, and where in the layers they were found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.coverage import Covered, Proof
from threatmodel.analysis.finding import OPEN_STATES, FindingState
from threatmodel.catalog.framework import EntryKind
from threatmodel.render.badges import COVERED, Badge

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.coverage import Coverage
    from threatmodel.analysis.finding import Finding
    from threatmodel.catalog.framework import Entry, Framework

HEAT: Final = "owasp-asi-2026"
LAYERS: Final = "maestro"
SHADES: Final = 4  # steps of the heat map
PROOFS: Final = {
    Proof.PROVEN: Badge("mitigated, proven", "✓", "settled"),
    Proof.CONFIGURED: Badge("mitigated, not proven", "◐", "decided"),
    Proof.DECIDED: Badge("decided", "=", "decided"),
    Proof.STATED: Badge("nothing found, as stated", "○", "aside"),
}
"""By what an entry is mitigated → how it looks: only what is proven is green."""

ENDINGS: Final = (
    COVERED[Covered.OPEN], COVERED[Covered.CANNOT_TELL], *PROOFS.values(), COVERED[Covered.NOT_APPLICABLE],
    COVERED[Covered.NO_RULE],
)  # fmt: skip
"""Every way in which an entry ends, worst first."""


@dataclass(frozen=True, slots=True)
class LayerHead:
    """One column of the heat map."""

    id: str
    title: str
    elements: int


@dataclass(frozen=True, slots=True)
class Cell:
    """Findings on one threat in one layer."""

    open: int
    unknown: int
    present: bool
    """Whether the system has an element in the layer."""
    shade: int
    """From 0 (nothing) to `SHADES` (as many as anywhere)."""


@dataclass(frozen=True, slots=True)
class ThreatRow:
    """One threat of a framework, and how it ends."""

    id: str
    heading: str
    state: Badge
    why: str
    open: int
    unknown: int
    rules: tuple[str, ...]
    assessed: bool
    cells: tuple[Cell, ...] = ()
    """One per layer, for the heat map."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Entries that end alike."""

    badge: Badge
    entries: tuple[ThreatRow, ...]


@dataclass(frozen=True, slots=True)
class ThreatTable:
    """The threats of one framework."""

    framework: str
    title: str
    rows: tuple[ThreatRow, ...]
    endings: tuple[Ending, ...]
    """Every way to end, maybe with none: the four kinds of proof stand apart."""
    assessed: int
    """Rows that at least one rule looks for."""
    local_ids: bool
    """Whether the ids are ours, since the publication gives none."""


@dataclass(frozen=True, slots=True)
class CoverageView:
    """The threats of all frameworks."""

    layers: tuple[LayerHead, ...]
    heat: ThreatTable | None
    threats: tuple[ThreatTable, ...]
    """Those beside the heat map."""
    tables: tuple[ThreatTable, ...]
    """All of them."""
    assessed: int
    """Published threats that at least one rule looks for."""
    known: int
    """Published threats of all frameworks."""


def coverage_view(analysis: Analysis) -> CoverageView:
    """Return all tables of threats; counts come from the findings after treatment."""
    frameworks = analysis.model.catalog.frameworks
    layers = _layers(analysis)
    tables = [
        _threats(analysis, framework, layers)
        for framework in frameworks.values()
        if any(entry.goes_wrong for entry in framework.entries)
    ]
    return CoverageView(
        layers=layers,
        heat=next((table for table in tables if table.framework == HEAT), None),
        threats=tuple(table for table in tables if table.framework != HEAT),
        tables=tuple(tables),
        assessed=sum(one.state is not Covered.NO_RULE for one in analysis.coverage),
        known=len(analysis.coverage),
    )


def _layers(analysis: Analysis) -> tuple[LayerHead, ...]:
    framework = analysis.model.catalog.frameworks.get(LAYERS)
    placed = Counter(layer for placement in analysis.placements.values() for layer in placement.layers)
    entries = framework.of_kind(EntryKind.LAYER) if framework else ()
    ordered = sorted(entries, key=lambda entry: entry.number or 0)
    return tuple(LayerHead(entry.id, entry.heading, placed.get(entry.id, 0)) for entry in ordered)


def _threats(analysis: Analysis, framework: Framework, layers: tuple[LayerHead, ...]) -> ThreatTable:
    covered = [one for one in analysis.coverage if one.framework == framework.id]
    by_entry: dict[str, list[Finding]] = {}
    for finding in analysis.findings:
        for name, entries in finding.references:
            if name == framework.id:
                for entry in entries:
                    by_entry.setdefault(entry, []).append(finding)
    grids = {one.id: _grid(by_entry.get(one.id, []), layers) for one in covered}
    highest = max((opened + unknown for grid in grids.values() for opened, unknown in grid), default=0)
    rows = tuple(_row(framework.by_id[one.id], one, grids[one.id], layers, highest) for one in covered)
    return ThreatTable(
        framework=framework.id,
        title=f"{framework.title} {framework.version}",
        rows=rows,
        endings=tuple(Ending(badge, tuple(row for row in rows if row.state == badge)) for badge in ENDINGS),
        assessed=sum(row.assessed for row in rows),
        local_ids=any(framework.by_id[one.id].local_id for one in covered),
    )


def _grid(findings: list[Finding], layers: tuple[LayerHead, ...]) -> list[tuple[int, int]]:
    opened = Counter(layer for finding in findings if finding.state in OPEN_STATES for layer in finding.layers)
    unknown = Counter(
        layer for finding in findings if finding.state is FindingState.UNKNOWN for layer in finding.layers
    )
    return [(opened.get(layer.id, 0), unknown.get(layer.id, 0)) for layer in layers]


def _row(
    entry: Entry, one: Coverage, grid: list[tuple[int, int]], layers: tuple[LayerHead, ...], highest: int
) -> ThreatRow:
    cells = tuple(
        Cell(
            opened,
            unknown,
            present=layer.elements > 0,
            shade=-(-(opened + unknown) * SHADES // highest) if highest else 0,
        )
        for (opened, unknown), layer in zip(grid, layers, strict=True)
    )
    return ThreatRow(
        id=entry.id,
        heading=entry.heading,
        state=PROOFS[one.proof] if one.proof is not None else COVERED[one.state],
        why=one.why,
        open=one.open,
        unknown=one.unknown,
        rules=one.rules,
        assessed=one.state is not Covered.NO_RULE,
        cells=cells,
    )
