"""What a control is worth by what it says of itself (SEMANTICS 3.2 to 3.6)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from threatmodel.analysis.holding import proven, standing
from threatmodel.catalog.setting import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model
    from threatmodel.model.elements import Control

    Described = Callable[[str], Model]

TODAY = date(2026, 11, 25)
HOLDS, CLAIM, NOTHING = Outcome.HOLDS, Outcome.CLAIM, Outcome.NOTHING
BOUND = "by: lead, settings: {binds: parameters, on_timeout: deny}"


def control(described: Described, text: str) -> tuple[Control, Model]:
    """Return the one control of a description."""
    model = described(
        f"people: {{lead: {{trust: internal}}}}\nagents: {{a: {{}}}}\ncontrols: {{c: {{{text}, on: [a]}}}}"
    )
    return model.graph.controls[0], model


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("type: audit-log, status: tested", HOLDS),
        ("type: audit-log, status: configured", HOLDS),
        ("type: audit-log, status: declared", CLAIM),
        ("type: audit-log", CLAIM),
        ("type: audit-log, status: unknown", CLAIM),
        ("type: audit-log, status: planned", NOTHING),
        ("type: audit-log, status: failed", NOTHING),
        ("type: audit-log, status: absent", NOTHING),
        ("type: audit-log, status: disabled", NOTHING),
        ("type: prompt-shield, status: configured, enforced: in_prompt", NOTHING),
        ("type: prompt-shield, status: configured, enforced: nowhere", NOTHING),
        ("type: prompt-shield, status: configured, enforced: outside_model", HOLDS),
        ("type: prompt-shield, status: configured, settings: {mode: flag}", NOTHING),
        ("type: prompt-shield, status: configured, settings: {mode: block}", HOLDS),
        ("type: prompt-shield, status: configured, settings: {mode: block, on_error: allow}", CLAIM),
        ("type: prompt-shield, status: configured, applies: some", CLAIM),
        ("type: prompt-shield, status: configured, applies: always", HOLDS),
        ("type: prompt-shield, status: failed, applies: some", NOTHING),
        (f"type: human-approval, status: configured, {BOUND}", HOLDS),
        ("type: human-approval, status: configured, settings: {binds: parameters, on_timeout: deny}", CLAIM),
        ("type: human-approval, status: configured, by: lead, settings: {binds: action, required: true}", HOLDS),
        ("type: human-approval, status: configured, by: lead, settings: {binds: blanket, on_timeout: deny}", CLAIM),
        ("type: human-approval, status: configured, by: lead, settings: {on_timeout: deny}", CLAIM),
        ("type: policy-enforcement, status: configured, settings: {decides: per_request, considers: [task]}", HOLDS),
        ("type: policy-enforcement, status: configured, settings: {decides: per_request, considers: [role]}", NOTHING),
        ("type: policy-enforcement, status: configured, settings: {decides: at_deploy, considers: [task]}", NOTHING),
        ("type: policy-enforcement, status: configured", CLAIM),
    ],
)
def test_a_control_is_worth_what_it_says(described: Described, text: str, outcome: Outcome) -> None:
    one, model = control(described, text)
    judged = standing(one, model.catalog.controls.get(one.type), TODAY)

    assert outcome is judged.outcome
    assert judged.reason


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("status: tested, evidence: [{kind: test, ref: a.md, expires: 2026-11-25}]", True),  # the last day counts
        ("status: tested, evidence: [{kind: test, ref: a.md, expires: 2026-11-24}]", False),
        ("status: tested, evidence: [{kind: test, ref: a.md}]", True),
        ("status: tested, evidence: [{ref: a.md, expires: 2020-01-01}, {ref: b.md, expires: 2030-01-01}]", True),
        ("status: tested, evidence: []", False),
        ("status: tested", False),
        ("status: configured, evidence: [{kind: test, ref: a.md}]", False),
    ],
)
def test_proof_is_a_test_with_evidence_that_still_counts(described: Described, text: str, answer: bool) -> None:  # noqa: FBT001
    one, model = control(described, f"type: audit-log, {text}")

    assert answer is proven(one, TODAY)
    assert answer is standing(one, model.catalog.controls["audit-log"], TODAY).proven
