"""Graphs with cycles: their strongly connected parts, and what is gathered along their edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Value = TypeVar("Value")


def components(ahead: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """
    Return the strongly connected components of a graph, without recursion (Tarjan 1972).

    Args:
        ahead: Node → the nodes its edges lead to; a node without edges may be left out.

    Returns:
        Every component after all those that its edges lead to.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    waiting: list[str] = []
    open_nodes: set[str] = set()
    found: list[list[str]] = []
    for root in ahead:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        waiting.append(root)
        open_nodes.add(root)
        stack = [(root, iter(ahead[root]))]
        while stack:
            node, following = stack[-1]
            for target in following:
                if target not in index:
                    index[target] = low[target] = len(index)
                    waiting.append(target)
                    open_nodes.add(target)
                    stack.append((target, iter(ahead.get(target, ()))))
                    break
                if target in open_nodes and index[target] < low[node]:
                    low[node] = index[target]
            else:
                stack.pop()
                if stack and low[node] < low[stack[-1][0]]:
                    low[stack[-1][0]] = low[node]
                if low[node] == index[node]:
                    part: list[str] = []
                    while not part or part[-1] != node:
                        part.append(waiting.pop())
                    open_nodes.difference_update(part)
                    found.append(part)
    return found


def spread(ahead: Mapping[str, Iterable[str]], first: Mapping[str, int]) -> dict[str, int]:
    """
    Return for every node the bits that reach it along the edges.

    Args:
        ahead: Node → the nodes its edges lead to.
        first: Node → the bits that it starts with.
    """
    if not any(ahead.values()):
        return dict(first)
    found = dict(first)
    for part in reversed(components(ahead)):
        bits = 0
        for node in part:
            bits |= found.get(node, 0)
        if not bits:
            continue
        for node in part:
            found[node] = bits
            for target in ahead.get(node, ()):
                found[target] = found.get(target, 0) | bits
    return found


def gather(
    ahead: Mapping[str, Iterable[str]], own: Mapping[str, Value], join: Callable[[Value, Value], Value]
) -> dict[str, Value]:
    """
    Return for every node what it and all nodes that it leads to have, joined.

    Args:
        ahead: Node → the nodes its edges lead to.
        own: What each node has, every node included.
        join: Associative and commutative, and a value joined to itself is the same value; it may return either operand.
    """
    found = dict(own)
    for part in components(ahead):
        total = own[part[0]]
        for node in part[1:]:
            total = join(total, own[node])
        inside = set(part)
        beyond = {target: None for node in part for target in ahead.get(node, ()) if target not in inside}
        joined: set[int] = set()
        for target in beyond:
            if id(found[target]) not in joined:
                joined.add(id(found[target]))
                total = join(total, found[target])
        for node in part:
            found[node] = total
    return found
