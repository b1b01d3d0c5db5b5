"""A control and a fact that say the opposite of each other are named, at both places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from threatmodel import load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("fact", "control", "differs"),
    [
        ("none", "status: tested", True),
        ("none", "", True),
        ("none", "status: planned", False),
        ("none", "status: absent", False),
        ("container", "status: tested", False),
        ("container", "status: failed", True),
        ("unknown", "status: tested", False),
    ],
)
def test_the_worse_counts_and_it_is_said(tmp_path: Path, fact: str, control: str, differs: bool) -> None:  # noqa: FBT001  a parameter
    path = tmp_path / "system.yaml"
    path.write_text(
        f"threatmodel: 1\nagents: {{coder: {{tools: [], runtime: {{sandbox: {fact}}}}}}}\n"
        f"controls: {{box: {{type: sandbox, on: [coder], {control}}}}}\n",
        encoding="utf-8",
    )
    found = [one for one in load(path).graph.warnings if one.code == "differs"]

    assert bool(found) is differs
    assert all((one.span.line, one.also[0].span.line) == (3, 2) for one in found)


def test_a_list_that_names_both_is_no_contradiction(tmp_path: Path) -> None:
    path = tmp_path / "system.yaml"
    path.write_text(
        "threatmodel: 1\ncredentials: {key: {stored_in: [secrets_manager, memory]}}\n"
        "controls: {vault: {type: secrets-manager, on: [key], status: declared}}\n",
        encoding="utf-8",
    )

    assert load(path).graph.warnings == ()
