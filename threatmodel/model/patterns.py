"""Names with `*` in them."""

from __future__ import annotations


def matches(pattern: str, name: str) -> bool:
    """
    Return whether a name fits a pattern in which each `*` stands for any number of characters.

    Every piece between two stars is looked for once from the left, which is enough: the time is linear.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == name
    *middle, last = rest
    if not name.startswith(first) or not name.endswith(last) or len(name) < len(first) + len(last):
        return False
    at, end = len(first), len(name) - len(last)
    for piece in middle:
        found = name.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
