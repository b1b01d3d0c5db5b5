"""Severity of what happens: every line of the table, and where none applies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from threatmodel.analysis.severity import Circumstances, judge_impact

if TYPE_CHECKING:
    from typing import Any


@pytest.mark.parametrize(
    ("found", "word"),
    [
        ({"impact": "payment"}, "high"),
        ({"impact": "disclosure"}, "medium"),
        ({"impact": "disclosure", "restricted": True}, "high"),
        ({"impact": "disclosure", "restricted": True, "certain": True, "final": True}, "critical"),
        ({"impact": "payment", "certain": True}, "high"),
        ({"impact": "payment", "criticality": "critical"}, "critical"),
        ({"impact": "payment", "criticality": "low"}, "medium"),
        ({"impact": "persistence", "weakened": True}, "low"),
        ({"impact": "destruction", "mishap": True, "mild": True}, "low"),
        ({"impact": "destruction", "mishap": True, "certain": True, "final": True}, "high"),
        ({"impact": "destruction", "mishap": True, "final": True}, "medium"),
        ({"impact": "unknown", "unknown": True}, "info"),
        ({"impact": "unknown", "unknown": True, "criticality": "low"}, "info"),
        ({"impact": "privilege", "certain": True, "final": True, "criticality": "critical"}, "critical"),
    ],
)
def test_a_circumstance_moves_the_severity(found: dict[str, Any], word: str) -> None:
    severity, steps = judge_impact(Circumstances(**found))

    assert severity.word == word
    assert min(max(sum(step.change for step in steps), 0), 4) == int(severity)
