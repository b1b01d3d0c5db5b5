"""Cases of a rule: descriptions whose lines are marked with what the rule must say there."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.analysis import Model, analyze_model
from threatmodel.model.build import build_graph
from threatmodel.model.checked import load_checked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from threatmodel.analysis.finding import Finding
    from threatmodel.catalog.reader import Catalog
    from threatmodel.catalog.rule import Rule

CASES: Final = ("bad", "good", "unknown")
MARK: Final = re.compile(r"# expect(?:-(unknown|mitigated))?: ([a-z0-9-]+)")
"""`# expect: rule` (open), `# expect-unknown: rule`, `# expect-mitigated: rule`; a line may carry several."""


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """That a rule speaks on a line."""

    line: int
    state: str
    """`open`, `unknown` or `mitigated`."""


@dataclass(frozen=True, slots=True)
class Case:
    """One description with its marks."""

    name: str
    """`bad`, `good`, `unknown`, or `example: bad`."""
    text: str
    path: str
    """The file that holds it."""

    def marked(self, rule: str) -> tuple[Hit, ...]:
        """Return what the marks say of a rule, in the order of lines."""
        return tuple(
            sorted(
                Hit(number, mark[1] or "open")
                for number, line in enumerate(self.text.splitlines(), start=1)
                for mark in MARK.finditer(line)
                if mark[2] == rule
            )
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case came out."""

    case: Case
    missing: tuple[Hit, ...]
    """Marked, and not found."""
    extra: tuple[Hit, ...]
    """Found, and not marked."""
    findings: tuple[Finding, ...]
    """All findings of the case, of whatever rule."""

    @property
    def passed(self) -> bool:
        """Whether the rule says what the marks say, and nothing else."""
        return not self.missing and not self.extra


def cases_of(rule: Rule, folder: Path | None) -> Iterator[Case]:
    """
    Yield the examples in a rule's file, then its case files.

    Args:
        rule: Whose cases.
        folder: Where a folder of case files per rule lies; None where there is none.
    """
    for name, text in (("bad", rule.bad), ("good", rule.good)):
        yield Case(f"example: {name}", text, rule.path)
    for name in CASES:
        path = folder / rule.id / f"{name}.yaml" if folder is not None else None
        if path is not None and path.is_file():
            yield Case(name, path.read_text(encoding="utf-8"), path.as_posix())


def run_case(rule: Rule, case: Case, catalog: Catalog, today: date) -> Outcome:
    """
    Analyze a case and compare with its marks.

    Raises:
        LoadError: the case is no description.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "system.yaml"
        path.write_text(case.text, encoding="utf-8")
        model = Model(build_graph(load_checked(path, catalog), catalog), catalog)
    findings = analyze_model(model, today).findings
    found = sorted(Hit(one.span.line, one.state.value) for one in findings if one.rule == rule.id)
    marked = list(case.marked(rule.id))
    return Outcome(case, _without(marked, found), _without(found, marked), findings)


def _without(hits: list[Hit], others: list[Hit]) -> tuple[Hit, ...]:
    """Return the hits that are not among others; two on one line count as two."""
    left = list(others)
    kept = []
    for hit in hits:
        if hit in left:
            left.remove(hit)
        else:
            kept.append(hit)
    return tuple(kept)
