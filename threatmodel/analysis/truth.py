"""True, false and unknown (SEMANTICS 1.1), with the facts that led there and those that are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.model.facts import Fact


@dataclass(frozen=True, slots=True)
class Truth:
    """A three-valued answer that carries its reasons."""

    value: bool | None
    used: tuple[Fact, ...] = ()
    """Known facts that decided it, in the order in which they were looked at."""
    missing: tuple[Fact, ...] = ()
    """
    Facts nobody states. Where `value` is None they keep it unknown; where it is False the question was not asked, since
    it only matters once they are stated: false, but not ruled out by what anybody said.
    """

    def negated(self) -> Truth:
        """Return the opposite; unknown stays unknown, and what was not asked is taken as false."""
        return self if self.value is None else Truth(not self.value, self.used)


TRUE: Final = Truth(value=True)
FALSE: Final = Truth(value=False)


def all_of(parts: Iterable[Truth]) -> Truth:
    """Kleene's and: one false part decides, else one unknown part leaves it unknown. Stops at the first false one."""
    used: tuple[Fact, ...] = ()
    missing: tuple[Fact, ...] = ()
    unknown = False
    for part in parts:
        if part.value is False:
            return part
        used += part.used
        if part.value is None:
            unknown = True
            missing += part.missing
    return Truth(None, used, missing) if unknown else Truth(value=True, used=used)


def any_of(parts: Iterable[Truth]) -> Truth:
    """Kleene's or: true parts decide and all of them are shown, else one unknown part leaves it unknown."""
    used: tuple[Fact, ...] = ()
    hits: tuple[Fact, ...] = ()
    missing: tuple[Fact, ...] = ()
    unasked: tuple[Fact, ...] = ()
    hit = unknown = False
    for part in parts:
        if part.value is True:
            hit = True
            hits += part.used
        elif part.value is None:
            unknown = True
            missing += part.missing
        else:
            unasked += part.missing
        used += part.used
    if hit:
        return Truth(value=True, used=hits)
    return Truth(None, used, missing) if unknown else Truth(value=False, used=used, missing=unasked)
