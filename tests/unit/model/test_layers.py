"""MAESTRO layers of each kind (SEMANTICS 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from threatmodel.model.layers import place_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model


@pytest.mark.parametrize(
    ("section", "body", "layers"),
    [
        ("models", "{}", ("L1",)),
        ("stores", "{kind: documents}", ("L2",)),
        ("stores", "{kind: log}", ("L2", "L5")),
        ("data", "{}", ("L2",)),
        ("agents", "{}", ("L3",)),
        ("agents", "{operated_by: third_party}", ("L7",)),
        ("agents", "{layers: [L4, L5]}", ("L4", "L5")),
        ("tools", "{}", ("L3",)),
        ("tools", "{provider: first_party}", ("L3",)),
        ("tools", "{provider: community}", ("L7",)),
        ("tools", "{kind: shell}", ("L4",)),
        ("tools", "{kind: code_interpreter, provider: third_party}", ("L4", "L7")),
        ("skills", "{provider: third_party}", ("L7",)),
        ("runtimes", "{}", ("L4",)),
        ("services", "{}", ("L4",)),
        ("boundaries", "{}", ("L4",)),
        ("controls", "{type: audit-log}", ("L5",)),
        ("controls", "{type: human-approval}", ("L6",)),
        ("identities", "{}", ("L6",)),
        ("credentials", "{}", ("L6",)),
        ("people", "{}", ("L7",)),
        ("external", "{}", ("L7",)),
    ],
)
def test_each_kind_has_its_layers(
    described: Callable[[str], Model], section: str, body: str, layers: tuple[str, ...]
) -> None:
    """By kind, unless the element says otherwise."""
    model = described(f"{section}: {{one: {body}}}")

    assert place_all(model.graph, model.catalog.controls)["one"].layers == layers


def test_delegation_puts_both_ends_into_the_ecosystem(described: Callable[[str], Model]) -> None:
    """SEMANTICS 2.2."""
    model = described("agents: {a: {delegates_to: [{to: b}]}, b: {}, c: {}}")
    placed = place_all(model.graph, model.catalog.controls)

    assert [placed[name].layers for name in "abc"] == [("L3", "L7"), ("L3", "L7"), ("L3",)]
