"""What must hold of the proofs of every system: they name what breaks, claims and lacks, and nothing else."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from hypothesis import given

from tests.properties.systems import SYSTEMS
from tests.properties.test_derived import QUICK, derived
from threatmodel.analysis.answering import answer
from threatmodel.analysis.paths import AttackPath, Mishap
from threatmodel.analysis.route_reasons import RouteReasons

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = frozenset({"source", "model", "reading", "impact", "way out"})
"""Stages that are no step from one end to another."""


@QUICK
@given(SYSTEMS)
def test_a_proof_says_no_more_and_no_less_than_the_path(tmp_path: Path, system: dict[str, Any]) -> None:
    found = derived(tmp_path, system)
    reasons = RouteReasons(found)
    harms: tuple[AttackPath | Mishap, ...] = (*found.paths.listed[:40], *found.mishaps[:10])
    for one in harms:
        stages = reasons.path(one) if isinstance(one, AttackPath) else reasons.mishap(one)
        worths = {(stand.worth, stand.control) for stage in stages for stand in stage.stands}
        missing = {fact for stage in stages for fact in stage.lacks}
        way = [stage for stage in stages if stage.kind not in EVENTS]

        assert {("holds", name) for name in one.broken_by} <= worths
        assert {("claim", name) for name in one.claimed_by} <= worths
        assert (one.state == "broken") == any(worth == "holds" for worth, _ in worths)
        assert one.state != "open" or not any(worth == "claim" for worth, _ in worths)
        assert (one.state == "unknown") <= bool(missing)
        assert one.state == "broken" or missing <= set(one.missing)
        assert all(before.target == after.source for before, after in itertools.pairwise(way))
        assert "step" not in {stage.kind for stage in stages}
        assert answer(reasons.graph, one, stages)
