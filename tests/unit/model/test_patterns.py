"""Patterns with stars."""

from __future__ import annotations

import pytest

from threatmodel.model.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("crm.*", "crm.read", True),
        ("crm.*", "crmx.read", False),
        ("*", "anything", True),
        ("*.read*", "crm.read_all", True),
        ("a*a", "a", False),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "acb", False),
        ("crm.read", "crm.read", True),
    ],
)
def test_a_star_stands_for_any_characters(pattern: str, name: str, fits: object) -> None:
    """The ends must not overlap, and parts come in order."""
    assert matches(pattern, name) is fits
