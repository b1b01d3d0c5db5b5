"""Analysis → control mappings as CSV: a row per finding, control and framework entry, then one per threat assessed."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.holding import Standing, evidence, standing
from threatmodel.analysis.mitigation import owners
from threatmodel.catalog.setting import Outcome
from threatmodel.render.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.finding import Finding
    from threatmodel.catalog.control import ControlType
    from threatmodel.model.elements import Control

COLUMNS: Final = (
    "framework", "framework_version", "entry", "entry_heading", "heading_from", "mapping", "mapping_reason",
    "control", "control_title", "standing", "standing_controls", "standing_reason", "finding", "rule", "severity",
    "state", "message", "element", "file", "line", "threats", "evidence", "treatment",
    "coverage", "coverage_proof", "coverage_why",
)  # fmt: skip
"""Columns may be added at the end, never moved or renamed."""

NOT_COVERAGE: Final = ("", "", "")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_WORDS: Final = ("none", "claimed", "holds", "proven")
"""How far the description has a control of the type where the finding is, from worst to best."""


def controls_csv(analysis: Analysis, *, frameworks: Sequence[str] = ()) -> str:
    """
    Return control mappings as CSV (RFC 4180: commas, double quotes, CRLF), header first.

    Args:
        analysis: Every finding in every state is written, then how every published threat ends.
        frameworks: Only entries of these frameworks; empty for all. A finding or control that reaches no entry has a
            row with empty cells, unless frameworks are named.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    found = _Standings(analysis)
    for finding in analysis.findings:
        for row in _rows(analysis, finding, found):
            if not frameworks or row[0] in frameworks:
                writer.writerow([safe(cell) for cell in (*row, *NOT_COVERAGE)])
    for row in _coverage(analysis):
        if not frameworks or row[0] in frameworks:
            writer.writerow([safe(cell) for cell in row])
    return out.getvalue()


def safe(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula and no terminal obeys."""
    shown = visible(cell)
    return f"'{shown}" if cell.lstrip(" ").startswith(FORMULA) else shown


def _rows(analysis: Analysis, finding: Finding, found: _Standings) -> Iterator[tuple[str, ...]]:
    catalog = analysis.model.catalog
    for name in finding.controls or ("",):
        control = catalog.controls.get(name)
        about = (*found.of(finding, name), *_finding_cells(finding, found.evidence(finding, name)))
        entries = tuple(_entries(analysis, control)) or (("",) * 7,)
        for entry in entries:
            yield (*entry, name, control.title if control else "", *about)


def _entries(analysis: Analysis, control: ControlType | None) -> Iterator[tuple[str, ...]]:
    catalog = analysis.model.catalog
    for satisfied in control.satisfies if control else ():
        framework, _, entry = satisfied.entry.partition(":")
        known, published = catalog.entry(satisfied.entry), catalog.frameworks.get(framework)
        yield (
            framework, published.version if published else "", entry, known.heading if known else "",
            "" if known is None else "publication" if known.title else "our words",
            satisfied.mapping.value, satisfied.reason,
        )  # fmt: skip


def _coverage(analysis: Analysis) -> Iterator[tuple[str, ...]]:
    """Yield how every threat that a rule may name ends; these rows speak of no finding and no control."""
    catalog = analysis.model.catalog
    for one in analysis.coverage:
        framework = catalog.frameworks[one.framework]
        entry = framework.by_id[one.id]
        heading = (entry.heading, "publication" if entry.title else "our words")
        empty = ("",) * (len(COLUMNS) - len(heading) - 6)
        proof = "" if one.proof is None else one.proof.value
        yield (one.framework, framework.version, one.id, *heading, *empty, one.state.value, proof, one.why)


def _finding_cells(finding: Finding, proof: str) -> tuple[str, ...]:
    threats = "; ".join(f"{framework}:{entry}" for framework, entries in finding.references for entry in entries)
    return (
        finding.id, finding.rule, finding.severity.word, finding.state.value, finding.message,
        finding.elements[0] if finding.elements else finding.subject, finding.span.file, str(finding.span.line),
        threats, proof, finding.treatment,
    )  # fmt: skip


class _Standings:
    """What the description's own controls are worth at the place of a finding."""

    def __init__(self, analysis: Analysis) -> None:
        self.graph = analysis.model.graph
        types: Mapping[str, ControlType] = analysis.model.catalog.controls
        self.today = analysis.today
        self.known: dict[str, Standing] = {
            control.id: standing(control, types.get(control.type), analysis.today) for control in self.graph.controls
        }

    def there(self, finding: Finding, control_type: str) -> list[Control]:
        """Return the controls of a type that stand on the subject of a finding, or on the route that it speaks of."""
        subject = self.graph.find(finding.subject)
        places = [finding.subject, *(owners(subject) if subject is not None else ())]
        for step in finding.path:
            places += [step, step.partition(".")[0]]
        places += [f"{before}>{after}" for before, after in pairwise(finding.path)]
        standing_there = dict.fromkeys(one for place in places for one in self.graph.controls_on.get(place, ()))
        return [control for control in standing_there if control.type == control_type]

    def of(self, finding: Finding, control_type: str) -> tuple[str, str, str]:
        """Return the best standing, the controls that stand there with theirs, and the reason of the best."""
        there = self.there(finding, control_type)
        if not there:
            return "none", "", "no such control is described here" if control_type else ""
        best = max(there, key=lambda control: _WORDS.index(self.word(control)))
        listed = "; ".join(f"{control.id} ({self.word(control)})" for control in there)
        return self.word(best), listed, self.known[best.id].reason

    def word(self, control: Control) -> str:
        """Return how far a control is proven."""
        known = self.known[control.id]
        if known.outcome is Outcome.HOLDS:
            return "proven" if known.proven else "holds"
        return "claimed" if known.outcome is Outcome.CLAIM else "none"

    def evidence(self, finding: Finding, control_type: str) -> str:
        """Return what proves the controls that stand there, with dates."""
        return "; ".join(
            _proof(control.id, item) for control in self.there(finding, control_type) for item in evidence(control)
        )


def _proof(control: str, item: Mapping[str, object]) -> str:
    dates = [str(item["date"])] if item.get("date") else []
    dates += [f"expires {item['expires']}"] if item.get("expires") else []
    words = (str(item[key]) for key in ("kind", "ref") if item.get(key))
    when = f" ({', '.join(dates)})" if dates else ""
    return f"{control}: {' '.join(words)}{when}"
