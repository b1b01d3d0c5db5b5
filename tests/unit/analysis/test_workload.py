"""The workload class that facts give, beside the declared one (SEMANTICS 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from threatmodel.analysis.workload import Workload, workload

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model

    Described = Callable[[str], Model]


@pytest.mark.parametrize(
    ("keys", "computed", "missing"),
    [
        ("planning: fixed, trigger: human", "human_triggered", ()),
        ("planning: fixed, trigger: event", "automated", ()),
        ("planning: fixed, trigger: schedule", "automated", ()),
        ("planning: fixed", "unknown", ("trigger",)),
        ("planning: model_selects", "agentic", ()),
        ("planning: model_plans, trigger: human", "agentic", ()),
        ("planning: model_plans, oversight: every_action", "human_triggered", ()),
        ("planning: model_selects, oversight: risky_actions", "agentic", ()),
        ("planning: self_modifying, oversight: every_action", "agentic", ()),
        ("planning: [fixed, self_modifying]", "agentic", ()),
        ("planning: [fixed, unknown], trigger: human", "unknown", ("planning",)),
        ("trigger: human, oversight: every_action", "unknown", ("planning",)),
        ("planning: unknown", "unknown", ("planning",)),
        ("owner: desk", "unknown", ("planning",)),
    ],
)
def test_the_facts_give_a_class(described: Described, keys: str, computed: str, missing: tuple[str, ...]) -> None:
    agent = described(f"agents: {{a: {{{keys}}}}}").graph.agents[0]

    assert Workload(computed, None, missing) == workload(agent)


def test_the_declared_class_stands_beside_it(described: Described) -> None:
    agent = described("agents: {a: {planning: model_selects, workload: automated}}").graph.agents[0]

    assert Workload("agentic", "automated", ()) == workload(agent)
