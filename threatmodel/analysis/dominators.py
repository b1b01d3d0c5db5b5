"""Which nodes of a graph every way from its beginnings to a node passes (Cooper, Harvey and Kennedy 2001)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def dominators(ahead: Mapping[str, Iterable[str]], first: Iterable[str]) -> dict[str, str | None]:
    """
    Return for every node that is reached the nearest other one that every way to it passes; None where there is none.

    Args:
        ahead: Node → the nodes its edges lead to.
        first: Where ways begin.

    Returns:
        Every node after the one that stands with it.
    """
    begun = dict.fromkeys(first)
    order = _in_order(ahead, begun)
    place = {node: number for number, node in enumerate(order, 1)}
    before: dict[int, list[int]] = {number: [0] if node in begun else [] for node, number in place.items()}
    for node, number in place.items():
        for target in ahead.get(node, ()):
            before[place[target]].append(number)
    nearest = {0: 0}  # 0 stands before all beginnings
    changed = True
    while changed:
        changed = False
        for number, earlier in before.items():
            known = [one for one in earlier if one in nearest]
            best = known[0]
            for other in known[1:]:
                best = _common(nearest, best, other)
            if nearest.get(number) != best:
                nearest[number] = best
                changed = True
    return {node: order[nearest[number] - 1] if nearest[number] else None for node, number in place.items()}


def _common(nearest: Mapping[int, int], one: int, other: int) -> int:
    while one != other:
        if one > other:
            one = nearest[one]
        else:
            other = nearest[other]
    return one


def _in_order(ahead: Mapping[str, Iterable[str]], begun: Iterable[str]) -> list[str]:
    """Return every node that is reached, each after some node that leads to it (reverse postorder)."""
    seen: set[str] = set()
    done: list[str] = []
    for start in begun:
        if start in seen:
            continue
        seen.add(start)
        stack = [(start, iter(ahead.get(start, ())))]
        while stack:
            node, following = stack[-1]
            for target in following:
                if target not in seen:
                    seen.add(target)
                    stack.append((target, iter(ahead.get(target, ()))))
                    break
            else:
                stack.pop()
                done.append(node)
    return done[::-1]
