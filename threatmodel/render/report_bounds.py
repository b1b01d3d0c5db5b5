"""How much of capabilities, ways and cures each profile of the report shows; what is cut is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a profile shows; what is cut is counted."""

    first: int
    """Agents of the first table, which shares a page with what would settle most."""
    further: int
    """Agents of the table behind the pages."""
    pages: int
    """Agents with a page of their own."""
    abilities: int
    """Of one agent."""
    harms: int
    """Paths and mishaps on the page of one agent."""
    missing: int
    """Facts that the page of an agent lists."""
    facts: int
    """Facts that one line lists."""
    paths: int
    mishaps: int
    drawings: int
    opens: int
    """Actions that a secret opens."""
    singles: int
    """Single controls of the cures."""
    controls: int
    """Controls of one set."""
    repeated: bool
    """Whether the page of an agent repeats ways that the chapters on all agents show."""


BOUNDS: Final = {
    "executive": Bounds(4, 0, 0, 0, 0, 0, 1, 3, 1, 0, 5, 0, 3, repeated=False),
    "review": Bounds(6, 40, 6, 25, 4, 10, 2, 20, 8, 3, 8, 5, 20, repeated=False),
    "audit": Bounds(6, 1000, 60, 500, 60, 100, 50, 1000, 500, 12, 200, 200, 200, repeated=True),
}  # fmt: skip
