"""The best routes of text to one agent, found backwards from it for all sources at once (SEMANTICS 9.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatmodel.analysis.marks import CLEAR, Mark, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.analysis.marks import Hop


class Towards:
    """
    From every element the first way to one agent, up to one rank.

    Of two ways the shorter counts, then the one whose steps come first. Ways with the same steps can differ in what
    stands on them; which of these is first depends on how the route began, so such routes are not answered here.
    """

    def __init__(self, agent: str, most: int, into: Mapping[str, list[Hop]], begun: Mapping[str, list[Hop]]) -> None:
        """
        Prepare; nothing is walked yet.

        Args:
            agent: Where the routes end.
            most: The highest rank that may stand on them.
            into: Element → the hops that end there.
            begun: Element → the hops that end there with which the text of a source sets out.
        """
        self._agent = agent
        self._most = most
        self._into = into
        self._begun = begun
        self._far: dict[str, int] = {agent: 0}
        self._next: dict[str, Hop] = {}
        self._unclear: set[str] = set()
        self._layers: dict[int, list[str]] = {0: [agent]}
        self._layer = 0
        self._first: dict[str, tuple[int, list[Hop]]] = {}
        self._tails: dict[str, Route | None] = {}

    def route(self, source: str) -> Route | None:
        """Return the first route of a source; None where this way of looking cannot tell it."""
        while self._layers and (source not in self._first or self._layer < self._first[source][0]):
            self._step()
        return self._built(self._first[source][1]) if source in self._first else None

    def nearest(self, sources: frozenset[str]) -> tuple[str, Route | None]:
        """Return whichever of the sources has the first route, and the route; None where it cannot be told here."""
        best, found = min(((self._first[name][0], name) for name in sources & self._first.keys()), default=(None, ""))
        while self._layers and (best is None or self._layer + 1 <= best):
            for name in self._step():
                if name in sources:
                    length = self._first[name][0]
                    if best is None or (length, name) < (best, found):
                        best, found = length, name
        return found, self._built(self._first[found][1]) if found else None

    def _step(self) -> list[str]:
        """Settle the next nearest elements; returns the sources whose best way so far begins at one of them."""
        while self._layer not in self._layers:
            self._layer += 1
        touched: list[str] = []
        for node in self._layers.pop(self._layer):
            if self._far[node] != self._layer:
                continue
            for hop in self._begun.get(node, ()):
                if hop.mark.rank <= self._most:
                    length = self._layer + 1 + len(hop.through)
                    known = self._first.get(hop.source)
                    if known is None or length < known[0]:
                        self._first[hop.source] = (length, [hop])
                        touched.append(hop.source)
                    elif length == known[0]:
                        known[1].append(hop)
            for hop in self._into.get(node, ()):
                if hop.mark.rank <= self._most:
                    self._reach(hop)
        self._layer += 1
        return touched

    def _reach(self, hop: Hop) -> None:
        length = self._layer + 1 + len(hop.through)
        known = self._far.get(hop.source)
        if known is None or length < known:
            self._far[hop.source] = length
            self._next[hop.source] = hop
            self._unclear.discard(hop.source)
            self._layers.setdefault(length, []).append(hop.source)
        elif length == known:
            order = self._compare(hop, self._next[hop.source])
            if order < 0:
                self._next[hop.source] = hop
                self._unclear.discard(hop.source)
            elif order == 0 and _differ(hop, self._next[hop.source]):
                self._unclear.add(hop.source)

    def _compare(self, one: Hop, other: Hop) -> int:
        """Compare two ways of equal length by their steps: below, at or above zero."""
        if not one.through and not other.through:
            return (one.target > other.target) - (one.target < other.target)
        mine, theirs = [*one.through, one.target], [*other.through, other.target]
        if len(mine) != len(theirs) and mine[0] == theirs[0]:
            mine += self._steps(one.target)
            theirs += self._steps(other.target)
        return (mine > theirs) - (mine < theirs)

    def _steps(self, node: str) -> list[str]:
        """Return the steps after a settled element, up to the agent."""
        steps: list[str] = []
        while node != self._agent:
            hop = self._next[node]
            steps += hop.through
            node = hop.target
            steps.append(node)
        return steps

    def _built(self, hops: list[Hop]) -> Route | None:
        best = hops[0]
        for hop in hops[1:]:
            order = self._compare(hop, best)
            if order < 0:
                best = hop
            elif order == 0 and _differ(hop, best):
                return None
        if best.target not in self._tails:
            self._tails[best.target] = self._tail(best.target)
        tail = self._tails[best.target]
        if tail is None:
            return None
        steps = (best.source, *best.through, best.target, *tail.steps)
        return Route(steps, _controls([best.mark, tail.mark]))

    def _tail(self, node: str) -> Route | None:
        """Return the way from a settled element to the agent, without the element; None where it is unclear."""
        steps: list[str] = []
        marks: list[Mark] = []
        while node != self._agent:
            if node in self._unclear:
                return None
            hop = self._next[node]
            steps += hop.through
            node = hop.target
            steps.append(node)
            marks.append(hop.mark)
        return Route(tuple(steps), _controls(marks))


def _controls(marks: list[Mark]) -> Mark:
    """Return what the controls of a route do; the facts that are missing are not those of one route (SEMANTICS 9.3)."""
    broken = {name for mark in marks for name in mark.broken}
    claimed = {name for mark in marks for name in mark.claimed}
    return Mark(tuple(sorted(broken)), tuple(sorted(claimed))) if broken or claimed else CLEAR


def _differ(one: Hop, other: Hop) -> bool:
    return one.target != other.target or one.mark != other.mark
