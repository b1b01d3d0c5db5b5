"""Lines of text for a terminal: wrapped to its width, painted where it can show colour."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.render.terminal import NARROWEST, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MARGIN: Final = 11  # columns of the word that a block begins with
NAMES: Final = 3  # names of a longer list that a line shows
MUTED: Final = "\0"
APART: Final = 2  # columns between a text and a place
ROUTE: Final = 8  # steps of a longer route that a line shows

_RESET: Final = "\x1b[0m"
_STYLES: Final = {
    "bad": "\x1b[1;31m", "warn": "\x1b[1;33m", "ask": "\x1b[1;36m", "good": "\x1b[1;32m", "bold": "\x1b[1m",
    "dim": "\x1b[2m", "head": "\x1b[1;34m",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """How wide the lines are, and whether they may be coloured: every coloured thing is told by a word too."""

    color: bool = False
    width: int = 100

    def paint(self, style: str, text: str) -> str:
        """Return a text in a colour, or as it is."""
        return f"{_STYLES[style]}{text}{_RESET}" if self.color and text else text

    def wrapped(self, text: str, *, indent: str = "", style: str = "") -> list[str]:
        """Break a text into lines behind an indent."""
        room = max(max(self.width, NARROWEST) - len(indent), 20)
        lines = textwrap.wrap(visible(text), room, break_long_words=True, break_on_hyphens=False)
        return [f"{indent}{self.paint(style, line) if style else line}" for line in lines]

    def block(self, word: str, style: str, texts: Sequence[str], place: str = "") -> list[str]:
        """
        Return a word in its column, texts beside and below it, and a place at the right of the first line it fits on.

        A text that begins with `MUTED` is shown dim.
        """
        indent, room = " " * MARGIN, max(self.width, NARROWEST)
        lines: list[tuple[str, str]] = []
        for text in texts:
            muted = text.startswith(MUTED)
            lines += [(line, "dim" if muted else "") for line in self.wrapped(text.removeprefix(MUTED), indent=indent)]
        where = visible(place)
        fits = next((at for at, (line, _) in enumerate(lines) if room - len(line) - len(where) >= APART), None)
        if where and fits is None:
            lines += [(line, "dim") for line in self.wrapped(f"at {place}", indent=indent)]
        found = []
        for at, (line, tone) in enumerate(lines):
            head = f"{self.paint(style, word)}{' ' * (MARGIN - len(word))}" if at == 0 else indent
            end = f"{' ' * (room - len(line) - len(where))}{self.paint('dim', where)}" if where and at == fits else ""
            text = line[MARGIN:]
            found.append(f"{head}{self.paint(tone, text) if tone else text}{end}")
        return found


def counted(count: int, one: str, many: str = "") -> str:
    """Return `1 thing` or `2 things`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: Iterable[str], *, most: int = NAMES) -> str:
    """Return `a, b and c`, or the first of more names and how many are left."""
    known = list(names)
    if len(known) > most + 1:
        known = [*known[:most], f"{len(known) - most} more"]
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} and {known[-1]}" if known else ""


def route(steps: Sequence[str]) -> str:
    """Return `a > b > c`, a long one with its middle counted."""
    if len(steps) > ROUTE:
        half = ROUTE // 2
        steps = [*steps[:half], f"({len(steps) - 2 * half} more)", *steps[-half:]]
    return " > ".join(steps)
