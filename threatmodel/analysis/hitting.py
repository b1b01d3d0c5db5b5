"""Smallest hitting sets: the fewest, or cheapest, members that meet every clause; exact up to a counted effort."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")

MOST_STEPS: Final = 800_000
"""Clauses looked at by one search. Beyond that the best set so far is taken, and is not proven."""
DEEPEST: Final = 400
"""Members of one part of a set that is searched; a larger one is taken as greed finds it."""


def smallest_hitting_set(
    clauses: Iterable[frozenset[T]], cost: Callable[[T], int], *, by_cost: bool, most: int = MOST_STEPS
) -> tuple[tuple[T, ...], bool]:
    """
    Return the first set, by size and then cost (or cost and then size) and then names, that meets every clause.

    The same clauses give the same set whatever their order, on every machine: effort is counted, not timed.

    Args:
        clauses: Of each the set has to hold one member. None is empty.
        cost: What a member costs.
        by_cost: Whether cost counts before size.
        most: Clauses the search may look at.

    Returns:
        The set, sorted, and whether the search came to its end: then no better one exists.
    """
    wanted = list(clauses)
    names: list[T] = sorted({one for clause in wanted for one in clause})  # type: ignore[type-var]
    number = {one: index for index, one in enumerate(names)}
    weights = [cost(one) for one in names]
    masks = _minimal({sum(1 << number[one] for one in clause) for clause in wanted})
    chosen: list[int] = []
    proven = True
    parts = list(_apart(_undominated(masks, weights, by_name=True)))
    for part in parts:
        share = most // (2 * len(parts))
        best, done = _best_of(part, weights, by_cost=by_cost, most=share)
        if done:  # then the first by name of those as good
            first = _Search(part, weights, by_cost=by_cost, most=share, known=best)
            best, done = first.run(), first.finished
        chosen += best
        proven = proven and done
    return tuple(names[index] for index in sorted(chosen)), proven


def _best_of(masks: list[int], weights: list[int], *, by_cost: bool, most: int) -> tuple[tuple[int, ...], bool]:
    """Return a set as small, or cheap, as any, and whether that is proven. Names do not count here."""
    parts = list(_apart(_undominated(masks, weights, by_name=False)))
    searches = [_Search(part, weights, by_cost=by_cost, most=most // len(parts)) for part in parts]
    chosen = tuple(one for search in searches for one in search.run())
    return chosen, all(search.finished for search in searches)


def _minimal(masks: Iterable[int]) -> list[int]:
    """Return the clauses that do not follow from others, the shortest first."""
    ordered = sorted(masks, key=lambda mask: (mask.bit_count(), mask))
    often: dict[int, int] = {}
    members = {mask: tuple(_bits(mask)) for mask in ordered}
    for mask in ordered:
        for one in members[mask]:
            often[one] = often.get(one, 0) + 1
    kept: list[int] = []
    under: dict[int, list[int]] = {}
    for mask in ordered:
        if any(other & mask == other for one in members[mask] for other in under.get(one, ())):
            continue
        kept.append(mask)
        under.setdefault(min(members[mask], key=lambda one: (often[one], one)), []).append(mask)
    return kept


def _rows(masks: list[int]) -> dict[int, int]:
    """Return member → the clauses it meets."""
    rows: dict[int, bytearray] = {}
    size = len(masks) // 8 + 1
    for index, mask in enumerate(masks):
        for one in _bits(mask):
            rows.setdefault(one, bytearray(size))[index >> 3] |= 1 << (index & 7)
    return {one: int.from_bytes(row, "little") for one, row in sorted(rows.items())}


def _undominated(masks: list[int], weights: list[int], *, by_name: bool) -> list[int]:
    """Return the clauses without members instead of which another can always be taken."""
    while True:
        rows = _rows(masks)
        gone = 0
        for one in sorted(rows, key=lambda item: (rows[item].bit_count(), -weights[item], -item)):
            row, weight = rows[one], weights[one]
            for other in _bits(masks[(row & -row).bit_length() - 1] & ~gone):
                if other == one or row & ~rows[other]:
                    continue
                more = weights[other] - weight
                if more < 0 or (more == 0 and (other < one or (not by_name and row != rows[other]))):
                    gone |= 1 << one
                    break
        if not gone:
            return masks
        masks = _minimal({mask & ~gone for mask in masks})


def _apart(masks: list[int]) -> Iterator[list[int]]:
    """Yield groups of clauses that share no member with those of another group."""
    groups: list[tuple[int, list[int]]] = []
    for mask in masks:
        touched = [group for group in groups if group[0] & mask]
        if not touched:
            groups.append((mask, [mask]))
            continue
        members = mask
        joined: list[int] = []
        for union, held in touched:
            members |= union
            joined += held
        groups = [group for group in groups if not group[0] & mask]
        groups.append((members, [*joined, mask]))
    for _, held in groups:
        yield sorted(held, key=lambda mask: (mask.bit_count(), mask))


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class _Search:
    """One branch and bound over clauses that hang together."""

    def __init__(
        self, masks: list[int], weights: list[int], *, by_cost: bool, most: int, known: Iterable[int] | None = None
    ) -> None:
        """
        Prepare.

        Args:
            masks: The clauses.
            weights: Of every member.
            by_cost: Whether cost counts before size.
            most: Clauses that may be looked at.
            known: A set as good as any can be; then the first by name among such is looked for.
        """
        self._weights = weights
        self._by_cost = by_cost
        self._masks = masks
        self._tie = known is not None
        self._best = self._key(self._greedy() if known is None else known)
        self._left = most
        self._lightest = {mask: min(weights[one] for one in _bits(mask)) for mask in masks}

    @property
    def finished(self) -> bool:
        """Whether the search came to its end."""
        return self._left > 0

    def run(self) -> tuple[int, ...]:
        """Return the first set; `finished` then says whether that is proven."""
        if len(self._best[2]) > DEEPEST:
            self._left = 0
        else:
            self._walk([(mask, self._lightest[mask]) for mask in self._masks], (), 0)
        return self._best[2]

    def _key(self, chosen: Iterable[int]) -> tuple[int, int, tuple[int, ...]]:
        members = tuple(sorted(chosen))
        total = sum(self._weights[one] for one in members)
        return (total, len(members), members) if self._by_cost else (len(members), total, members)

    def _greedy(self) -> list[int]:
        rows = _rows(self._masks)
        unmet, chosen = (1 << len(self._masks)) - 1, []
        counts = {one: row.bit_count() for one, row in rows.items()}
        heap = [(self._rank(one, count), one) for one, count in counts.items()]
        heapq.heapify(heap)
        while unmet:
            _, one = heapq.heappop(heap)
            count = (rows[one] & unmet).bit_count()
            if count == counts[one]:
                chosen.append(one)
                unmet &= ~rows[one]
            elif count:
                counts[one] = count
                heapq.heappush(heap, (self._rank(one, count), one))
        return self._thinned(chosen, rows)

    def _rank(self, one: int, count: int) -> tuple[float, int]:
        weight = self._weights[one]
        return (weight / count, -count) if self._by_cost else (-count, weight)

    def _thinned(self, chosen: list[int], rows: dict[int, int]) -> list[int]:
        """Return a set without members whose clauses the others meet, too."""
        kept = list(chosen)
        for one in sorted(chosen, key=lambda item: (-self._weights[item], -item)):
            met = 0
            for other in kept:
                met |= rows[other] if other != one else 0
            if not rows[one] & ~met:
                kept.remove(one)
        return kept

    def _walk(self, left: list[tuple[int, int]], chosen: tuple[int, ...], cost: int) -> None:
        self._left -= len(left) + 1
        if self._left <= 0:
            return
        if not left:
            self._best = min(self._best, self._key(chosen))
            return
        used = more = dearer = 0
        for mask, lightest in left:  # clauses that share no member need one each
            if not mask & used:
                used |= mask
                more += 1
                dearer += lightest
        first, second = (cost + dearer, len(chosen) + more) if self._by_cost else (len(chosen) + more, cost + dearer)
        if (first, second) > self._best[:2] or ((first, second) == self._best[:2] and not self._tie):
            return
        branch = min(left, key=lambda one: (one[0].bit_count(), one[0]))[0]
        reach = {one: sum(mask >> one & 1 for mask, _ in left) for one in _bits(branch)}
        banned = 0
        for one in sorted(reach, key=lambda item: (-reach[item], self._weights[item], item)):
            rest = [(mask & ~banned, lightest) for mask, lightest in left if not mask >> one & 1]
            banned |= 1 << one
            if all(mask for mask, _ in rest):
                self._walk(rest, (*chosen, one), cost + self._weights[one])
