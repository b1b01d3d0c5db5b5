"""A hardened twin does the work of its sample, and what goes wrong there ends at a control that was tried."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import threatmodel
from threatmodel.analysis.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.derived import Derived

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 25)
HARDENED = "-hardened"
TWINS = sorted(path.parent.name for path in (ROOT / "samples").glob(f"*{HARDENED}/system.yaml"))

every_twin = pytest.mark.parametrize("name", TWINS)


@every_twin
def test_a_twin_stands_beside_its_sample(name: str) -> None:
    """The two are read together."""
    assert (ROOT / "samples" / name.removesuffix(HARDENED) / "README.md").is_file()


@every_twin
def test_every_path_and_mishap_of_a_twin_is_broken(name: str, derived: Callable[[str], Derived]) -> None:
    """Outsiders' text still comes in, and models still err."""
    found = derived(name)
    states = [(path.id, path.state) for path in found.paths.listed]
    states += [(f"{one.agent}>{one.action}:{one.impact}", one.state) for one in found.mishaps]

    assert states != []
    assert [(what, state) for what, state in states if state != "broken"] == []


@every_twin
def test_no_forbidden_action_of_a_twin_is_in_reach(name: str, derived: Callable[[str], Derived]) -> None:
    """`never:` holds without a gate having to."""
    found = derived(name)

    assert {one.state for one in found.invariants} == {"held"}
    assert [one.action for one in found.capabilities if one.intent != "intended"] == []


@every_twin
def test_every_control_of_a_twin_was_tried_this_year(
    name: str, loaded: Callable[[str], Model], derived: Callable[[str], Derived]
) -> None:
    """What breaks a path or a mishap is tested, with evidence of this year that lasts into the next."""
    found = derived(name)
    breaking = {control for path in found.paths.listed for control in path.broken_by}
    breaking |= {control for one in found.mishaps for control in one.broken_by}
    controls = {control.id: control for control in loaded(name).graph.controls}

    assert breaking != set()
    assert {control.word("status") for control in controls.values()} == {"tested"}
    for control in controls.values():
        dates = [(str(entry["date"])[:4], str(entry["expires"])[:4]) for entry in control.body["evidence"]]
        assert dates == [("2026", "2027")], control.id


@every_twin
def test_a_twin_has_no_finding_above_medium(name: str, loaded: Callable[[str], Model]) -> None:
    """What stays open or undecided is small."""
    analysis = threatmodel.analyze(loaded(name), today=TODAY)
    grave = {
        finding.id: finding.severity.word
        for finding in analysis.findings
        if finding.state.value in {"open", "unknown", "expired"} and finding.severity > Severity.MEDIUM
    }

    assert grave == {}
