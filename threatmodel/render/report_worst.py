"""What a reader must see first: the three worst findings, with fix and line, on page one of every profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.render.badges import Badge
    from threatmodel.render.report_findings import Findings
    from threatmodel.render.report_paths import PathsView

MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Worst:
    """One kind of problem, or a way to harm."""

    severity: Badge
    state: Badge
    title: str
    message: str
    place: str
    more: int
    """Further findings of its kind."""
    fix: str
    facts: tuple[str, ...]
    """What is missing; empty where nothing is."""
    anchor: str
    """Of its card; empty where it has none."""


def worst(found: Findings, paths: PathsView) -> tuple[Worst, ...]:
    """
    Return the three worst: open findings, then what outsiders or mistakes can bring about, then what cannot be told.

    Args:
        found: The cards, worst first.
        paths: The ways to harm, worst first; those that are broken are nothing to begin with.
    """
    return tuple(one for one, _ in zip(_all(found, paths), range(MOST), strict=False))


def _all(found: Findings, paths: PathsView) -> Iterator[Worst]:
    for card in found.open:
        first = card.places[0]
        yield Worst(
            card.severity, card.state, card.title, first.message, first.place, card.count - 1, card.fix, (), card.anchor
        )
    if not found.open:
        for row in (*paths.rows, *paths.mishap_rows):
            if row.live:
                title = f"{row.agent} by {row.action}: {row.event}"
                way = " > ".join(row.route)
                yield Worst(row.severity, row.state, title, way, row.place, 0, "", row.missing[:MOST], "")
    for card in found.unknown:
        first = card.places[0]
        yield Worst(
            card.severity, card.state, card.title, first.message, first.place, card.count - 1, "",
            first.missing[:MOST], card.anchor,
        )  # fmt: skip
