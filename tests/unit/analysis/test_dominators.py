"""Nodes that every way to another passes."""

from __future__ import annotations

import itertools
import random

import pytest

from threatmodel.analysis.dominators import dominators


def test_every_way_to_the_end_passes_the_bridge() -> None:
    ahead = {"a": ["left", "right"], "left": ["bridge"], "right": ["bridge"], "bridge": ["end"], "end": ["bridge"]}

    assert dominators(ahead, ["a"]) == {"a": None, "left": "a", "right": "a", "bridge": "a", "end": "bridge"}
    assert dominators(ahead, ["a", "end"])["bridge"] is None


@pytest.mark.parametrize("seed", range(40))
def test_without_a_dominator_nothing_gets_there(seed: int) -> None:
    """The nearest one is the last of those without which a node is not reached."""
    drawn = random.Random(seed)  # noqa: S311  a drawn graph
    nodes = [str(number) for number in range(8)]
    ahead = {node: drawn.sample(nodes, drawn.randint(0, 3)) for node in nodes}
    first = drawn.sample(nodes, 2)
    found = dominators(ahead, first)

    for node in found:
        passed: list[str] = []
        above = found[node]
        while above is not None:
            passed.append(above)
            above = found[above]
        needed = {one for one in found if one != node and node not in reached(ahead, first, one)}
        assert set(passed) == needed
    assert all(before is None or list(found).index(before) < at for at, before in enumerate(found.values()))


def reached(ahead: dict[str, list[str]], first: list[str], without: str) -> set[str]:
    seen = {one for one in first if one != without}
    todo = list(seen)
    while todo:
        for target in itertools.filterfalse(seen.__contains__, ahead[todo.pop()]):
            if target != without:
                seen.add(target)
                todo.append(target)
    return seen
