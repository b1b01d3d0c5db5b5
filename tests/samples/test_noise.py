"""No rule drowns the others: a reader of a sample or a pattern meets many kinds of findings, and not too many."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import threatmodel
from threatmodel.render.view import overview

if TYPE_CHECKING:
    from threatmodel.render.view import Group

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 25)
READ = (*sorted((ROOT / "samples").glob("*/system.yaml")), *sorted((ROOT / "templates" / "patterns").glob("*.yaml")))
SHARE: Final = 0.15
"""Of all groups that are open or cannot be decided, the most that one rule may bring."""
ALWAYS: Final = 2
"""So many groups of one rule are never too many, however few there are of others."""
SMALL: Final = 15
"""Elements; patterns have fewer. Forty lines in which nearly every one is there to show something."""
PER_ELEMENT: Final = {True: 3.0, False: 1.5}
"""Small or not → the most groups for each element."""

every_description = pytest.mark.parametrize(
    "path", READ, ids=lambda path: path.parent.name if path.stem == "system" else path.stem
)


@cache
def looked_at(path: Path) -> tuple[tuple[Group, ...], int]:
    """Return the groups that wait for somebody, and how many elements there are."""
    model = threatmodel.load(path)
    view = overview(threatmodel.analyze(model, today=TODAY))
    return (*view.open, *view.unknown), len(model.graph.elements)


@every_description
def test_no_rule_drowns_the_others(path: Path) -> None:
    groups, _ = looked_at(path)
    loud = {
        rule: f"{count} of {len(groups)} groups"
        for rule, count in Counter(group.first.rule for group in groups).items()
        if count > max(ALWAYS, SHARE * len(groups))
    }

    assert loud == {}


@every_description
def test_there_are_fewer_groups_than_anybody_minds(path: Path) -> None:
    groups, elements = looked_at(path)

    assert len(groups) <= PER_ELEMENT[elements < SMALL] * elements
