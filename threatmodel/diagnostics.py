"""What is wrong with an input, for the person who can mend it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from threatmodel.span import Span

LONGEST_COMPARED = 80  # characters; a longer word is no misspelling, and comparing it takes time
MOST_COMPARED = 4000  # candidates; beyond that a suggestion costs more than it helps
CLOSELY_COMPARED = 20  # of them, by difflib


class Level(Enum):
    """An error stops the command, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that explains the first, such as where a name was defined before."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem: what, where, why, and how to mend it."""

    code: str
    """Stable kebab-case name; `docs/diagnostics.md` has a paragraph on each."""
    message: str
    """Makes sense alone; lower case, no full stop, names in single quotes."""
    span: Span
    label: str = ""
    """What stands at the place, printed under the underlined text."""
    help: tuple[str, ...] = ()
    """What to do, most useful first."""
    also: tuple[Label, ...] = ()
    level: Level = Level.ERROR

    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order by place in the input, then by code and text, so that two runs agree."""
        return (self.span.file, self.span.line, self.span.column, self.code, self.message)


def did_you_mean(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """
    Return the known word that `word` most likely stands for, or None when none is near.

    Case, underscores and hyphens do not count as differences. Letters and pairs in common find the few that are worth
    a closer look, so that a misspelt name among thousands costs milliseconds. `likeness` goes from 0 to 1, the same.
    """
    if not word or len(word) > LONGEST_COMPARED:
        return None
    folded: dict[str, str] = {}
    for candidate in sorted(set(known))[:MOST_COMPARED]:
        folded.setdefault(_fold(candidate), candidate)
    wanted = _fold(word)
    grams = _grams(wanted)
    promising = sorted(folded, key=lambda name: (-len(grams & _grams(name)) / len(grams | _grams(name)), name))
    near = difflib.get_close_matches(wanted, promising[:CLOSELY_COMPARED], n=1, cutoff=likeness)
    return folded[near[0]] if near else None


@lru_cache(maxsize=2 * MOST_COMPARED)
def _grams(word: str) -> frozenset[str]:
    return frozenset(word[:LONGEST_COMPARED]) | {
        word[at : at + 2] for at in range(min(len(word), LONGEST_COMPARED) - 1)
    }


def one_of(words: Sequence[str], most: int = 12) -> str:
    """Return the words quoted and joined for a message, `most` of them."""
    listed = ", ".join(f"'{word}'" for word in words[:most])
    return listed if len(words) <= most else f"{listed} and {len(words) - most} more"


def _fold(word: str) -> str:
    return word.lower().replace("_", "-").replace(" ", "-")
