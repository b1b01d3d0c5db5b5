"""Routes and what stands on them: which controls break them, which only claim to, which facts are missing."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OPEN: Final = 0
CLAIMED: Final = 1
UNKNOWN: Final = 2
BROKEN: Final = 3
STATES: Final = ("open", "claimed", "unknown", "broken")
"""Rank → state (SEMANTICS 9.2): a route has the highest rank of its parts, a path the lowest of its routes."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands on one edge, or on a whole route."""

    broken: tuple[str, ...] = ()
    """Controls that hold and break it."""
    claimed: tuple[str, ...] = ()
    """Controls that would break it if they were more than a claim."""
    missing: tuple[str, ...] = ()
    """Places of facts without which nobody can tell whether it leads on."""
    weakened: bool = False
    rank: int = field(init=False)
    """`OPEN` to `BROKEN`."""

    def __post_init__(self) -> None:
        """Work out the rank once: it is asked for far more often than marks are made."""
        rank = BROKEN if self.broken else UNKNOWN if self.missing else CLAIMED if self.claimed else OPEN
        object.__setattr__(self, "rank", rank)

    def __add__(self, other: Mark) -> Mark:
        """Return the mark of a route that goes on."""
        if other is CLEAR:
            return self
        if self is CLEAR:
            return other
        return Mark(
            _joined(self.broken, other.broken),
            _joined(self.claimed, other.claimed),
            _joined(self.missing, other.missing),
            self.weakened or other.weakened,
        )


CLEAR: Final = Mark()


@dataclass(frozen=True, slots=True)
class Hop:
    """One edge of a search: from node to node, with what stands on it."""

    source: str
    target: str
    mark: Mark = CLEAR
    through: tuple[str, ...] = ()
    """Relays on the way, which are no nodes of their own here."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way with everything on it; `steps` holds both ends."""

    steps: tuple[str, ...]
    mark: Mark

    @property
    def rank(self) -> int:
        """What it is judged by."""
        return self.mark.rank

    def marks(self) -> tuple[Mark, ...]:
        """Return its mark, as whatever has several returns them."""
        return (self.mark,)

    @property
    def length(self) -> int:
        """How many steps it has."""
        return len(self.steps)

    @property
    def key(self) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
        """Shorter first, then by the ids of the steps, then by those of the controls (SEMANTICS 9.2)."""
        return (len(self.steps), self.steps, (*self.mark.broken, *self.mark.claimed))

    def __add__(self, other: Route) -> Route:
        """Return the route that goes on where this one ends."""
        return Route(self.steps + other.steps, self.mark + other.mark)


Hops = dict[str, list[Hop]]
"""Node → the hops that leave it."""


@dataclass(slots=True)
class Search:
    """All best routes from one start, or from many at once, found rank by rank when they are asked for."""

    hops: Hops
    first: tuple[Hop, ...]
    """How the start is left; these count only here."""
    start: str | None
    """None: every source of `first` is a start."""
    _found: dict[int, dict[str, Route]] = field(default_factory=dict)
    _ranks: dict[str, int] | None = None

    def routes(self, most: int) -> Mapping[str, Route]:
        """Return node → its first route (by `Route.key`) on which nothing stands of a rank above `most`."""
        if most not in self._found:
            self._found[most] = self._walk(most)
        return self._found[most]

    def rank(self, node: str) -> int | None:
        """Return the lowest rank by which a node is reached, or None."""
        return self.ranks().get(node)

    def ranks(self) -> Mapping[str, int]:
        """Return node → the lowest rank by which it is reached."""
        if self._ranks is None:
            found: dict[str, int] = {}
            held: list[list[Hop]] = [[] for _ in STATES]
            for hop in self.first:
                held[hop.mark.rank].append(hop)
            for rank in range(BROKEN + 1):
                todo = held[rank]
                while todo:
                    node = todo.pop().target
                    if node in found or node == self.start:
                        continue
                    found[node] = rank
                    for hop in self.hops.get(node, ()):
                        if hop.target not in found:
                            held[max(hop.mark.rank, rank)].append(hop)
            self._ranks = found
        return self._ranks

    def _walk(self, most: int) -> dict[str, Route]:
        found: dict[str, Route] = {}
        waiting: list[tuple[int, tuple[str, ...], tuple[str, ...], int, Route, str]] = []
        count = 0

        def offer(hop: Hop, before: Route) -> None:
            nonlocal count
            if hop.target in found or hop.mark.rank > most or hop.target == before.steps[0]:
                return
            count += 1
            route = Route((*before.steps, *hop.through, hop.target), before.mark + hop.mark)
            heapq.heappush(waiting, (*route.key, count, route, hop.target))

        for hop in self.first:
            offer(hop, Route((hop.source,), CLEAR))
        while waiting:
            *_, route, node = heapq.heappop(waiting)
            if node in found:
                continue
            found[node] = route
            for hop in self.hops.get(node, ()):
                offer(hop, route)
        return found


def combine(marks: Iterable[Mark]) -> Mark:
    """Return the mark of everything together."""
    total = CLEAR
    for mark in marks:
        total = total + mark
    return total


def _joined(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return one if not other else other if not one else tuple(sorted({*one, *other}))
