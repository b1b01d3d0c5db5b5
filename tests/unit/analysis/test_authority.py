"""Who may do what for whom: the indexes that the rules about authority ask."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from threatmodel import analyze
from threatmodel.analysis.authority import Authority
from threatmodel.analysis.context import Context
from threatmodel.analysis.derived import derive
from threatmodel.model.layers import place_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model

    Described = Callable[[str], Model]

TODAY = date(2026, 11, 25)


def authority_of(model: Model) -> Authority:
    context = Context(model.graph, model.catalog, place_all(model.graph, model.catalog.controls), TODAY)
    return Authority(model.graph, derive(context).capabilities)


@pytest.mark.parametrize(
    ("agents", "loops"),
    [
        ("a: {delegates_to: [{to: b}]}, b: {delegates_to: [{to: a}]}", {"a>b": ("a", "b")}),
        (
            "a: {delegates_to: [{to: b}]}, b: {delegates_to: [{to: c}]}, c: {delegates_to: [{to: b}]}",
            {"b>c": ("b", "c")},
        ),
        ("a: {delegates_to: [{to: b, max_depth: 2}]}, b: {delegates_to: [{to: a}]}", {}),
        ("a: {delegates_to: [{to: b}], limits: {steps: 3}}, b: {delegates_to: [{to: a}]}", {}),
        ("a: {delegates_to: [{to: b}, {to: c}]}, b: {delegates_to: [{to: c}]}, c: {}", {}),
    ],
)
def test_a_ring_is_named_once_where_nothing_counts(
    agents: str, loops: dict[str, tuple[str, ...]], described: Described
) -> None:
    """By one of its delegations, with all of its agents; a depth or a limit anywhere on it ends it."""
    assert authority_of(described(f"agents: {{{agents}}}\n")).loops == loops


def test_work_goes_on_by_delegation_by_message_and_by_queue(described: Described) -> None:
    """An agent that a person starts does not go on by itself; a service in between changes nothing."""
    authority = authority_of(
        described(
            "agents:\n"
            "  a: {delegates_to: [{to: b}]}\n"
            "  b: {trigger: human}\n"
            "  c: {trigger: event}\n"
            "  d: {trigger: event}\n"
            "services: {hub: {}}\n"
            "stores: {line: {kind: queue, writers: [c], readers: [b, d]}}\n"
            "flows: [{from: b, to: hub}, {from: hub, to: c}, {from: a, to: b, id: by-hand}]\n"
        )
    )

    assert authority.handoffs == {"a": ("b",), "b": ("c",), "c": ("d",), "d": ()}
    assert authority.heads == {"a"}


@pytest.mark.parametrize(
    ("permissions", "lent"),
    [("", False), ("permissions: []", True), ("permissions: [crm.*]", True), ("permissions: [till.pay]", False)],
)
def test_a_loan_is_what_the_callers_own_identity_does_not_permit(
    permissions: str, *, lent: bool, described: Described
) -> None:
    """One that states no permissions rules nothing out (SEMANTICS 5.6)."""
    model = described(
        "agents:\n"
        "  desk: {identity: desk-id, delegates_to: [{to: payer, identity: actor_only}]}\n"
        "  payer: {identity: payer-id, tools: [till]}\n"
        "tools: {till: {actions: {pay: {effect: pay}}}}\n"
        f"identities: {{desk-id: {{kind: workload, {permissions}}}, payer-id: {{kind: workload}}}}\n"
    )
    found = [one.id for one in analyze(model, today=TODAY).findings if one.rule == "confused-deputy"]

    assert found == (["confused-deputy@desk>till.pay"] if lent else [])


@pytest.mark.parametrize(
    ("settings", "state"),
    [("at: client", "open"), ("at: target", "mitigated"), ("", "unknown")],
)
def test_a_way_past_a_gate_counts_as_it_is_known(settings: str, state: str, described: Described) -> None:
    """A certain way leaves it open, an unsettled one unknown; only a gate on every way mitigates."""
    where = f"{settings}, " if settings else ""
    model = described(
        "agents: {coder: {tools: [shell, forge], intended: [shell]}}\n"
        "tools:\n"
        "  shell: {kind: shell, actions: {run: {effect: execute}}}\n"
        "  forge: {credential: key, actions: {merge: {effect: deploy}}}\n"
        "credentials: {key: {stored_in: env}}\n"
        f"controls: {{rule: {{type: deterministic-policy, on: [forge.merge], {where}status: configured}}}}\n"
    )
    findings = analyze(model, today=TODAY).findings
    by_rule = {one.rule: one.state.value for one in findings if one.subject == "coder>forge.merge"}

    assert by_rule.get("gate-bypassed", "mitigated") == state
