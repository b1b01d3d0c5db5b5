"""The samples and the patterns of `init` are descriptions that load as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

import threatmodel

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "samples").glob("*/system.yaml"))
PATTERNS = sorted((ROOT / "templates" / "patterns").glob("*.yaml"))
SCHEMA_HEADER = "# yaml-language-server: $schema=.threatmodel/system-1.schema.json"
LONGEST_PATTERN = 40
"""Lines, comments included: what a newcomer reads before the first own finding."""


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.parent.name)
def test_a_sample_loads_as_it_is(path: Path) -> None:
    """`load` accepts it and warns of nothing."""
    model = threatmodel.load(path)

    assert [warning.message for warning in model.graph.warnings] == []


@pytest.mark.parametrize("path", PATTERNS, ids=lambda p: p.stem)
def test_a_pattern_loads_as_it_is(path: Path) -> None:
    """What `init` writes is valid before anything in it was changed."""
    model = threatmodel.load(path)

    assert model is not None


@pytest.mark.parametrize("path", PATTERNS, ids=lambda p: p.stem)
def test_a_pattern_is_short_and_marks_what_to_change(path: Path) -> None:
    """It fits on a screen, names the schema for editors on its first line, and says where to edit."""
    lines = path.read_text(encoding="utf-8").splitlines()

    assert lines[0] == SCHEMA_HEADER
    assert len(lines) <= LONGEST_PATTERN
    assert any("# <- " in line for line in lines)


def test_every_sample_is_listed_in_the_readme() -> None:
    """A sample that nobody can find teaches nobody."""
    listed = (ROOT / "samples" / "README.md").read_text(encoding="utf-8")

    assert [path.parent.name for path in SAMPLES if f"[{path.parent.name}](" not in listed] == []


def test_the_five_patterns_exist() -> None:
    """`init` offers these by name."""
    names = [path.stem for path in PATTERNS]

    assert names == ["coding-agent", "desktop-mcp", "multi-agent-team", "retrieval-assistant", "support-desk"]
