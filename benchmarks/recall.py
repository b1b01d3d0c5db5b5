"""
How many of the threats that experts wrote down for published systems the findings name, and how quiet good systems are.

usage: recall.py [--cases DIR] [--verbose]

A case is a folder with `expected.yaml`: threats, each with the elements it is about and its OWASP Agentic Top 10 ids. A
finding fits a threat if it shares an id and names one of the first two of its elements; each finding counts once. Only
the groups that a reader sees first count: twice as many as there are threats, at least twelve, in the tool's own order.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from threatmodel import analyze, load
from threatmodel.analysis.finding import OPEN_STATES, FindingState
from threatmodel.analysis.severity import Severity
from threatmodel.render.view import overview

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.finding import Finding

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT.parent / "shared" / "data" / "cases"
DAY = date(2026, 11, 25)
LEAST = 12  # groups that are looked at, however few threats there are
SAMPLES = {"echoleak-m365-copilot": "echoleak", "maestro-devops-3agent": "maestro-devops"}
"""Case → the sample that describes it, where they are not called the same."""


@dataclass(frozen=True)
class Threat:
    """One expected threat."""

    id: str
    name: str
    elements: frozenset[str]
    asi: frozenset[str]
    must: bool


@dataclass(frozen=True)
class Match:
    """What was found of one case."""

    fits: dict[str, str]
    """Threat → the finding that names it."""
    groups: int
    """Groups that were looked at."""


def threats(case: Path) -> list[Threat]:
    """Read the threats of a case."""
    listed: list[dict[str, Any]] = yaml.safe_load((case / "expected.yaml").read_text(encoding="utf-8"))["threats"]
    return [
        Threat(
            one["id"], one["name"], frozenset(one["elements"][:2]), frozenset(one["asi"]["ids"]), bool(one.get("must"))
        )
        for one in listed
    ]


def first_findings(analysis: Analysis, expected: int) -> tuple[list[Finding], int]:
    """Return the findings of the groups that a reader sees first, and how many groups these are."""
    seen = overview(analysis)
    groups = sorted((*seen.open, *seen.unknown), key=lambda one: (-int(one.severity), -one.carries, one.id))
    chosen = groups[: max(LEAST, 2 * expected)]
    return [finding for group in chosen for finding in group.findings], len(chosen)


def match(analysis: Analysis, expected: list[Threat]) -> Match:
    """Give each threat a finding of its own, as many threats as possible."""
    findings, groups = first_findings(analysis, len(expected))
    fitting = {
        threat.id: [
            number
            for number, finding in enumerate(findings)
            if threat.asi & set(dict(finding.references).get("owasp-asi-2026", ()))
            and threat.elements & set(finding.elements)
        ]
        for threat in expected
    }
    taken: dict[int, str] = {}

    def give(threat: str, tried: set[int]) -> bool:
        """Find a finding for a threat, giving others a different one where that helps."""
        for number in fitting[threat]:
            if number not in tried:
                tried.add(number)
                if number not in taken or give(taken[number], tried):
                    taken[number] = threat
                    return True
        return False

    for threat in sorted(expected, key=lambda one: (not one.must, len(fitting[one.id]))):
        give(threat.id, set())
    return Match({threat: findings[number].id for number, threat in taken.items()}, groups)


def main() -> int:
    """Print a line per case and per well-made sample; exit 1 where a threat is missed that none may miss."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--verbose", action="store_true", help="list every threat with what was found")
    options = parser.parse_args()
    cases = sorted(path.parent for path in options.cases.glob("*/expected.yaml"))
    if not cases:
        print(f"no cases in {options.cases}", file=sys.stderr)
        return 2
    missed = 0
    print(f"{'case':<26} {'found':>7} {'must':>7}  groups looked at, of open and unknown")
    for case in cases:
        expected = threats(case)
        analysis = analyze(load(ROOT / "samples" / SAMPLES.get(case.name, case.name) / "system.yaml"), today=DAY)
        found = match(analysis, expected)
        musts = [one for one in expected if one.must]
        held = sum(one.id in found.fits for one in musts)
        missed += len(musts) - held
        seen = overview(analysis)
        print(
            f"{case.name:<26} {len(found.fits):>3}/{len(expected):<3} {held:>3}/{len(musts):<3}  "
            f"{found.groups} of {len(seen.open)} and {len(seen.unknown)}"
        )
        if options.verbose:
            for one in expected:
                print(f"    {'must ' if one.must else '     '}{one.id}  {found.fits.get(one.id, '-'):<60}  {one.name}")
    print("\nwell-made sample           open above medium / open / unknown / settled")
    for path in sorted(ROOT.glob("samples/*hardened*/system.yaml")):
        analysis = analyze(load(path), today=DAY)
        opened = [one for one in analysis.findings if one.state in OPEN_STATES]
        unknown = sum(one.state is FindingState.UNKNOWN for one in analysis.findings)
        grave = sum(one.severity > Severity.MEDIUM for one in opened)
        settled = len(analysis.findings) - len(opened) - unknown
        print(f"{path.parent.name:<26} {grave} / {len(opened)} / {unknown} / {settled}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
