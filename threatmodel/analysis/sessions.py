"""What the readings of a session come to together: of each piece of data the worst, and of all what leaves (7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from threatmodel.analysis.marks import BROKEN, CLAIMED, CLEAR, OPEN, Mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Reading:
    """One piece of data that gets into a session."""

    asset: str | None
    """Data or a credential; None where nobody says what is read."""
    mark: Mark
    """Gates before the reading, and facts that are missing to tell whether it is secret."""
    by: str = ""
    """The action that reads it; empty where it comes by itself (memory, a message, a secret in the context)."""


class Held(NamedTuple):
    """How one piece of data gets into a session: of all its readings only the worst count."""

    rank: int
    by: str
    """The first of the actions that read it with that rank."""
    names: int
    """What stands before these: controls, claims, or facts, as the rank says; a set of bits, one per `Names`."""


class Names:
    """Numbers for names, so that large sets of them are cheap to join and to keep."""

    def __init__(self) -> None:
        """Begin with none."""
        self._numbers: dict[str, int] = {}
        self._marks: dict[tuple[int, int], Mark] = {}

    def bits(self, names: Iterable[str]) -> int:
        """Return a set of names."""
        found = 0
        for name in names:
            found |= 1 << self._numbers.setdefault(name, len(self._numbers))
        return found

    def mark(self, rank: int, bits: int) -> Mark:
        """Return the mark of that rank that the names of a set give."""
        if rank == OPEN or not bits:
            return CLEAR
        if (rank, bits) not in self._marks:
            names = tuple(sorted(name for name, number in self._numbers.items() if bits >> number & 1))
            if rank == BROKEN:
                mark = Mark(broken=names)
            else:
                mark = Mark(claimed=names) if rank == CLAIMED else Mark(missing=names)
            self._marks[(rank, bits)] = mark
        return self._marks[(rank, bits)]


@dataclass(frozen=True, slots=True)
class Session:
    """What a way out can take along."""

    rank: int
    names: int
    known: Names
    assets: tuple[str, ...]
    by: str
    """The action of one of the readings that count, the first by name; empty if one comes by itself."""

    @property
    def mark(self) -> Mark:
        """Of the readings: gates if every one is gated, facts if none is certain."""
        return self.known.mark(self.rank, self.names)


def summary(readings: Iterable[Reading], known_names: Names) -> Mapping[str | None, Held]:
    """Return for each piece of data what its worst readings are."""
    found: dict[str | None, Held] = {}
    for one in readings:
        rank = one.mark.rank
        known = found.get(one.asset)
        if known is not None and known.rank < rank:
            continue
        names = known_names.bits(_names(one.mark))
        if known is None or rank < known.rank:
            found[one.asset] = Held(rank, one.by, names)
        elif one.by < known.by or names & ~known.names:
            found[one.asset] = Held(rank, min(one.by, known.by), names | known.names)
    return found


def _names(mark: Mark) -> tuple[str, ...]:
    """Return what gives a mark its rank; nothing for an open one."""
    return mark.broken or mark.missing or mark.claimed


def raised(readings: Mapping[str | None, Held], mark: Mark, known_names: Names) -> Mapping[str | None, Held]:
    """Return readings past something that stands before all of them."""
    rank = mark.rank
    if rank == OPEN or not readings:
        return readings
    bits = known_names.bits(_names(mark))
    return {
        asset: held if held.rank > rank else Held(rank, held.by, bits if held.rank < rank else held.names | bits)
        for asset, held in readings.items()
    }


def join(one: Mapping[str | None, Held], other: Mapping[str | None, Held]) -> Mapping[str | None, Held]:
    """Return both together."""
    if one is other or not other:
        return one
    if not one:
        return other
    found = dict(one)
    for asset, held in other.items():
        known = found.get(asset)
        if known is None or held.rank < known.rank:
            found[asset] = held
        elif held.rank == known.rank and held != known:
            found[asset] = Held(held.rank, min(held.by, known.by), held.names | known.names)
    return found


def session(
    readings: Mapping[str | None, Held], carries: tuple[str, ...] | None, known: Names, *, perhaps: bool = True
) -> Session | None:
    """
    Judge the readings together (7.1): the worst counts; a gate breaks them only if it stands before every one.

    Args:
        readings: What gets into the session.
        carries: The data that the way out is limited to; None where nothing limits it.
        known: The numbers of names in `readings`.
        perhaps: Whether what nobody has named may be among what is carried.
    """
    considered = readings
    if carries is not None:
        considered = {
            asset: held for asset, held in readings.items() if (perhaps if asset is None else asset in carries)
        }
    if not considered:
        return None
    rank = min(held.rank for held in considered.values())
    worst = {asset: held for asset, held in considered.items() if held.rank == rank}
    assets = tuple(sorted(asset for asset in worst if asset is not None))
    by = min(held.by for held in worst.values())
    names = 0
    for held in worst.values():
        names |= held.names
    return Session(rank, names, known, assets, by)
