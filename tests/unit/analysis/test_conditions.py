"""Each operator of the condition language: when it is true, false and unknown, and what it refuses."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from threatmodel.analysis.conditions import OPERATORS, ConditionError, compile_condition, paths_used
from threatmodel.analysis.context import Context

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.truth import Truth

    Described = Callable[[str], Model]

SYSTEM = """
agents:
  full:
    owner: desk
    planning: model_plans
    tools: [crm, mail]
    identity: full-id
    instructions: {pinned: true, writable_by: [desk, ops]}
    stop: {by: desk, tested: 2026-10-02}
    limits: {steps: 25}
  bare: {}
  asked: {owner: unknown, planning: [fixed, unknown], stop: {by: desk, tested: yes}}
  empty: {owner: none, planning: [fixed, model_selects], tools: [], identity: none, stop: none, limits: none}
tools:
  crm: {version: pinned, credential: wide, actions: {look: {effect: read}, drop: {effect: [write, delete]}}}
  mail: {version: floating, credential: exact, actions: {post: {effect: send}}}
  silent: {credential: bare-key, actions: {hum: {data: []}}}
  keyless: {credential: none}
  nothing: {}
identities:
  full-id: {kind: workload, permissions: [crm.look]}
credentials:
  wide: {lifetime: 1y, scopes: {granted: [read, write], needed: [read]}}
  exact: {lifetime: 15m, scopes: {granted: [mail.send], needed: ["mail.*"]}}
  bare-key: {}
  fixed-key: {lifetime: never, revoked: never, scopes: {granted: [], needed: []}}
"""
TODAY = date(2026, 11, 25)


def ask(model: Model, element: str, condition: dict[str, Any]) -> Truth:
    """Ask a condition about one element."""
    found = model.graph.find(element)
    assert found is not None
    return compile_condition(condition, frozenset({found.kind}))(Context(model.graph, model.catalog, {}, TODAY), found)


YES, NO, OPEN = True, False, None
CASES: list[tuple[dict[str, Any], str, bool | None]] = [
    ({"is": {"owner": "desk"}}, "full", YES),
    ({"is": {"owner": ["ops", "desk"]}}, "full", YES),
    ({"is": {"owner": "ops"}}, "full", NO),
    ({"is": {"owner": "desk"}}, "bare", OPEN),
    ({"is": {"owner": "desk"}}, "asked", OPEN),
    ({"is": {"instructions.pinned": True}}, "full", YES),
    ({"is": {"instructions.pinned": "yes"}}, "full", YES),
    ({"is": {"instructions.pinned": False}}, "full", NO),
    ({"is": {"planning": "model_selects"}}, "empty", YES),  # the worst of a list counts
    ({"is": {"planning": "fixed"}}, "empty", NO),
    ({"is": {"planning": "fixed"}}, "asked", OPEN),
    ({"is": {"owner": "desk", "identity.kind": "workload"}}, "full", YES),
    ({"is": {"owner": "desk", "identity.kind": "shared"}}, "full", NO),
    ({"is": {"identity.kind": "workload"}}, "empty", NO),  # absent
    ({"is": {"identity.kind": "workload"}}, "bare", OPEN),
    ({"includes": {"tools": "crm"}}, "full", YES),
    ({"includes": {"tools": ["m*"]}}, "full", YES),
    ({"includes": {"tools": "shop"}}, "full", NO),
    ({"includes": {"tools": "*"}}, "empty", NO),
    ({"includes": {"tools": "*"}}, "bare", OPEN),
    ({"includes": {"instructions.writable_by": "ops"}}, "full", YES),
    ({"includes": {"effect": "delete"}}, "crm.drop", YES),
    ({"includes": {"effect": "delete"}}, "crm.look", NO),
    ({"includes": {"effect": "delete"}}, "silent.hum", OPEN),
    ({"subset": ["credential.scopes.granted", "credential.scopes.needed"]}, "crm", NO),
    ({"subset": ["credential.scopes.granted", "credential.scopes.needed"]}, "mail", YES),
    ({"subset": ["credential.scopes.granted", "credential.scopes.needed"]}, "silent", OPEN),
    ({"subset": ["credential.scopes.granted", "credential.scopes.needed"]}, "keyless", NO),
    ({"subset": ["credential.scopes.granted", "credential.scopes.needed"]}, "nothing", OPEN),
    ({"overlaps": ["credential.scopes.granted", "credential.scopes.needed"]}, "crm", YES),
    ({"overlaps": ["credential.scopes.granted", "credential.scopes.needed"]}, "mail", NO),
    ({"overlaps": ["credential.scopes.granted", "credential.scopes.needed"]}, "silent", OPEN),
    ({"overlaps": ["scopes.granted", "scopes.needed"]}, "fixed-key", NO),
    ({"same": ["credential.scopes.granted", "credential.scopes.granted"]}, "crm", YES),
    ({"same": ["credential.scopes.granted", "credential.scopes.needed"]}, "crm", NO),
    ({"same": ["owner", "owner"]}, "bare", OPEN),
    ({"stated": "owner"}, "full", YES),
    ({"stated": "owner"}, "empty", YES),
    ({"stated": "owner"}, "bare", NO),
    ({"stated": "owner"}, "asked", NO),
    ({"stated": "identity.kind"}, "empty", NO),
    ({"has": "tools"}, "full", YES),
    ({"has": "limits"}, "full", YES),
    ({"has": "tools"}, "empty", NO),
    ({"has": "stop"}, "empty", NO),
    ({"has": "tools"}, "bare", NO),  # unsaid is no
    ({"lacks": "owner"}, "empty", YES),
    ({"lacks": "tools"}, "empty", YES),
    ({"lacks": "revoked"}, "fixed-key", YES),
    ({"lacks": "owner"}, "full", NO),
    ({"lacks": "stop"}, "full", NO),
    ({"lacks": "owner"}, "bare", OPEN),
    ({"longer": {"lifetime": "90d"}}, "wide", YES),
    ({"longer": {"lifetime": "90d"}}, "fixed-key", YES),
    ({"longer": {"lifetime": "90d"}}, "exact", NO),
    ({"longer": {"lifetime": "1y"}}, "wide", NO),
    ({"longer": {"lifetime": "90d"}}, "bare-key", OPEN),
    ({"longer": {"credential.lifetime": "1h"}}, "crm", YES),
    ({"longer": {"credential.lifetime": "1h"}}, "keyless", NO),
    ({"longer": {"owner": "1h"}}, "full", OPEN),  # a word that is no duration
    ({"older": {"stop.tested": "30d"}}, "full", YES),
    ({"older": {"stop.tested": "54d"}}, "full", NO),
    ({"older": {"stop.tested": "30d"}}, "asked", OPEN),
    ({"older": {"stop.tested": "30d"}}, "bare", OPEN),
    ({"older": {"stop.tested": "30d"}}, "empty", NO),
    ({"future": "stop.tested"}, "full", NO),
    ({"future": "stop.tested"}, "asked", OPEN),
    ({"future": "stop.tested"}, "empty", NO),
    ({"not": {"stated": "owner"}}, "full", NO),
    ({"not": {"stated": "owner"}}, "bare", YES),
    ({"not": {"is": {"owner": "desk"}}}, "bare", OPEN),
    ({"all": [{"stated": "owner"}, {"is": {"owner": "desk"}}]}, "full", YES),
    ({"all": [{"stated": "owner"}, {"is": {"owner": "desk"}}]}, "bare", NO),
    ({"all": [{"is": {"owner": "desk"}}, {"stated": "owner"}]}, "bare", NO),  # one false part decides
    ({"all": [{"is": {"owner": "desk"}}, {"not": {"stated": "owner"}}]}, "bare", OPEN),
    ({"any": [{"stated": "owner"}, {"is": {"planning": "fixed"}}]}, "full", YES),
    ({"any": [{"stated": "owner"}, {"is": {"owner": "desk"}}]}, "bare", OPEN),
    ({"any": [{"stated": "owner"}, {"has": "tools"}]}, "bare", NO),
    ({"some": {"of": "tools", "where": {"is": {"version": "floating"}}}}, "full", YES),
    ({"some": {"of": "tools", "where": {"is": {"version": "dynamic"}}}}, "full", NO),
    ({"some": {"of": "tools", "where": {"is": {"version": "floating"}}}}, "empty", NO),
    ({"some": {"of": "tools", "where": {"is": {"version": "floating"}}}}, "bare", OPEN),
    ({"some": {"of": "actions", "where": {"includes": {"effect": "delete"}}}}, "full", YES),
    ({"every": {"of": "tools", "where": {"has": "credential"}}}, "full", YES),
    ({"every": {"of": "tools", "where": {"is": {"version": "pinned"}}}}, "full", NO),
    ({"every": {"of": "tools", "where": {"is": {"version": "pinned"}}}}, "empty", YES),
    ({"every": {"of": "tools", "where": {"is": {"version": "pinned"}}}}, "bare", OPEN),
    ({"count": {"of": "tools", "more_than": 1}}, "full", YES),
    ({"count": {"of": "tools", "more_than": 2}}, "full", NO),
    ({"count": {"of": "tools", "more_than": 0}}, "bare", NO),
    ({"count": {"of": "tools", "more_than": 0}}, "empty", NO),
    ({"ask": "unused"}, "fixed-key", YES),
    ({"ask": "unused"}, "wide", NO),
]


@pytest.mark.parametrize(
    ("condition", "element", "answer"),
    CASES,
    ids=lambda part: str(part).replace("'", "") if part is not None else "open",
)
def test_an_operator_answers(
    described: Described,
    condition: dict[str, Any],
    element: str,
    answer: bool | None,  # noqa: FBT001  three-valued
) -> None:
    """True, false or unknown; what is unknown names the facts that would settle it, what is true names none."""
    truth = ask(described(SYSTEM), element, condition)

    assert answer is truth.value
    assert truth.missing if answer is None else answer is False or not truth.missing


def test_every_operator_is_tried() -> None:
    tried = {operator for condition, _, _ in CASES for operator in condition}

    assert set(OPERATORS) == tried


def test_a_missing_fact_is_named_where_it_would_stand(described: Described) -> None:
    """Through a reference it is a fact of what is referred to."""
    truth = ask(described(SYSTEM), "silent", {"longer": {"credential.lifetime": "1h"}})

    assert ["credentials.bare-key.lifetime"] == [fact.place for fact in truth.missing]


def test_what_was_looked_at_is_handed_back(described: Described) -> None:
    truth = ask(described(SYSTEM), "full", {"all": [{"is": {"owner": "desk"}}, {"longer": {"stop.tested": "1d"}}]})

    assert ["agents.full.owner"] == [fact.place for fact in truth.used]


MALFORMED: list[tuple[Any, str]] = [
    ({}, "one operator"),
    ({"is": {"a": 1}, "has": "b"}, "one operator"),
    ("owner", "one operator"),
    ({"equals": {"owner": "desk"}}, "no operator is named 'equals'"),
    ({"is": "owner"}, "expected a mapping"),
    ({"is": {}}, "expected a mapping"),
    ({"is": {"stop..by": "x"}}, "dotted path"),
    ({"includes": {"a": "x", "b": "y"}}, "one path"),
    ({"subset": ["a"]}, "two paths"),
    ({"subset": "a"}, "expected a list"),
    ({"stated": ["a"]}, "dotted path"),
    ({"has": ""}, "dotted path"),
    ({"longer": {"lifetime": "soon"}}, "not a duration"),
    ({"older": {"tested": 30}}, "not a duration"),
    ({"all": []}, "expected a list"),
    ({"any": {"has": "a"}}, "expected a list"),
    ({"not": []}, "expected a mapping"),
    ({"some": {"of": "tools"}}, "'where:'"),
    ({"some": {"of": "cousins", "where": {"has": "a"}}}, "no relation 'cousins'"),
    ({"every": {"of": "carried", "where": {"has": "a"}}}, "no relation 'carried' starts at agent"),
    ({"count": {"of": "tools", "more_than": "one"}}, "whole number"),
    ({"ask": "is-it-good"}, "no predicate is named 'is-it-good'"),
    ({"ask": "unused"}, "answers about credential, identity"),
]


@pytest.mark.parametrize(("condition", "says"), MALFORMED, ids=lambda part: str(part)[:40])
def test_a_malformed_condition_says_what_was_expected(condition: Any, says: str) -> None:  # noqa: ANN401  anything
    with pytest.raises(ConditionError, match=says):
        compile_condition(condition, frozenset({"agent"}))


def test_paths_used_are_those_of_the_subject() -> None:
    """What stands in `where:` is read of other elements."""
    condition = {
        "all": [
            {"is": {"owner": "x", "stop.by": "y"}},
            {"not": {"any": [{"has": "tools"}, {"longer": {"limits.duration": "1h"}}]}},
            {"subset": ["intended", "tools"]},
            {"some": {"of": "tools", "where": {"is": {"version": "pinned"}}}},
            {"ask": "unused"},
        ]
    }

    assert ["owner", "stop.by", "tools", "limits.duration", "intended", "tools"] == list(paths_used(condition))
