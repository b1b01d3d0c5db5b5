"""What a picture shows, before anything is drawn: nodes, lines, boxes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A named box around nodes: a band of a layer, or a trust boundary."""

    id: str
    label: str
    kind: str
    """`band` or `boundary`."""
    color: int
    """The same number, the same colour: a boundary that is one box per band keeps its colour."""
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One element."""

    id: str
    label: str
    kind: str
    box: str | None = None
    """The innermost box it stands in."""
    muted: bool = False
    """Out of scope."""
    members: tuple[tuple[str, str], ...] = ()
    """Headings and names that the node lists, where it stands for several elements without lines."""
    said: tuple[str, ...] = ()
    """Further lines below the name."""
    tone: str = ""
    """What it is judged to be: a verdict of an ability, what a control is worth, the state of a path."""


@dataclass(frozen=True, slots=True)
class Line:
    """One edge; never merged with another one between the same ends unless the picture is an overview."""

    source: str
    target: str
    kind: str
    """
    `untrusted`, `unsaid` (nobody says whose text it carries), `flow`, `use`, `delegation`; of ways also `doubt` (nobody
    can tell whether it exists) and `stopped` (behind a control that breaks it).
    """
    label: str = ""
    """A number or a short word."""
    note: str = ""
    """What the list below the picture says for that number."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """One picture."""

    name: str
    """Kebab-case, unique in a report."""
    title: str
    kind: str
    """The view it belongs to."""
    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]
    boxes: tuple[Box, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """Nodes that stand in one row each, from top to bottom; empty where the drawing decides."""
    note: str = ""
    explained: bool = False
    """Whether the drawing itself says what its numbers mean: there is no page around it."""
    tall: bool = False
    """Drawn from top to bottom though it has no rows."""
