"""The fourfold line counts agents: what it may not flatter."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from threatmodel import analyze

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model

TODAY = date(2026, 11, 25)
SYSTEM = """
people: {visitor: {trust: untrusted}}
agents:
  clerk: {planning: fixed, tools: [till]}
  reader: {planning: fixed, tools: [files]}
tools:
  till: {provider: first_party, actions: {refund: {effect: pay}}}
  files: {provider: first_party, actions: {look: {effect: read, data: []}}}
flows: [{from: visitor, to: clerk}]
controls: {approval: {type: human-approval, on: [till.refund], by: [lead],
  settings: {binds: parameters, on_timeout: deny}, %s}}
"""
EVIDENCE = "evidence: [{kind: test, ref: x, date: 2026-10-01, expires: %s}]"


@pytest.mark.parametrize(
    ("status", "proven"),
    [
        (f"status: tested, {EVIDENCE % '2027-01-01'}", 1),
        (f"status: tested, {EVIDENCE % '2026-11-01'}", 0),
        ("status: tested", 0),
        ("status: configured", 0),
        ("status: declared", 0),
    ],
)
def test_only_a_test_with_evidence_in_force_is_a_proven_control(
    described: Callable[[str], Model], status: str, proven: int
) -> None:
    found = analyze(described(SYSTEM % status), today=TODAY).posture

    assert (2, 1, 1, 0) == (found.agents, found.act, found.influenced, found.perhaps_influenced)
    assert (1, proven, 0) == (found.endangered, found.proven, found.unknown)


def test_what_nobody_said_is_counted_and_not_taken_for_safe(described: Callable[[str], Model]) -> None:
    found = analyze(described("agents: {bot: {}}\npeople: {someone: {}}\nflows: [{from: someone, to: bot}]\n")).posture

    assert (1, 0, 0, 1, 1) == (found.agents, found.act, found.influenced, found.perhaps_influenced, found.unknown)
