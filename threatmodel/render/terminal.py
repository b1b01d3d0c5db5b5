"""Diagnostics as text for a terminal: what, where, why, how to mend it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.diagnostics import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from threatmodel.diagnostics import Diagnostic, Label
    from threatmodel.span import Span

NARROWEST: Final = 40  # columns; below that nothing can be read anyway
TAB: Final = 4
MOST_LINES: Final = 100_000  # of a file that are cut into lines; an excerpt further down is left out
LONGEST_TEXT: Final = 2000  # characters of one message

_BREAKS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what the YAML parser counts as the end of a line

_STYLES: Final = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "frame": "\x1b[1;34m",
    "bold": "\x1b[1m",
    "also": "\x1b[1;36m",
    "help": "\x1b[1;32m",
}
_RESET: Final = "\x1b[0m"


def diagnostics_text(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], *, color: bool = False, width: int = 100
) -> str:
    """
    Return diagnostics with excerpts of the text they speak of.

    Args:
        diagnostics: In the order in which they shall stand.
        sources: File → its text. A file that is missing here gets no excerpt.
        color: Whether escape codes may be used.
        width: Columns of the terminal; longer lines of the input are cut around what is underlined.

    Returns:
        The text, each diagnostic ended by an empty line. Names and excerpts come from the input, so whatever could
        steer a terminal is made visible.
    """
    paint = _Paint(color=color)
    lines = _Lines(sources)
    return "".join(_one(diagnostic, lines, paint, max(width, NARROWEST)) + "\n" for diagnostic in diagnostics)


def summary_text(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one line that counts errors and warnings, such as `2 errors, 1 warning`."""
    levels = [diagnostic.level for diagnostic in diagnostics]
    counts = [(levels.count(level), level.value) for level in Level]
    said = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count]
    return ", ".join(said) or "no errors"


def visible(text: str) -> str:
    """
    Return a text in which nothing can steer a terminal or hide: control and format characters become escapes.

    Bidirectional overrides are format characters (Unicode general category Cf), so are zero-width ones.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _is_plain(character) else _escaped(character) for character in text)


def _is_plain(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  one byte, two bytes


def _cells(character: str) -> int:
    """How many columns a character takes."""
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 0 if unicodedata.combining(character) else 1


@dataclass(frozen=True, slots=True)
class _Paint:
    """Colors, or none."""

    color: bool

    def __call__(self, style: str, text: str) -> str:
        return f"{_STYLES[style]}{text}{_RESET}" if self.color and text else text


class _Lines:
    """The lines of every file, cut when first asked for."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.cut: dict[str, list[str]] = {}

    def line(self, span: Span) -> str | None:
        """Return the line a span begins on."""
        if span.file not in self.sources or span.line > MOST_LINES:
            return None
        if span.file not in self.cut:
            self.cut[span.file] = _BREAKS.split(self.sources[span.file], MOST_LINES)
        lines = self.cut[span.file]
        return lines[span.line - 1] if 0 < span.line <= len(lines) else None


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the parts of one diagnostic have in common."""

    lines: _Lines
    paint: _Paint
    gutter: int
    """Columns of the line numbers."""
    width: int

    @property
    def margin(self) -> str:
        """The left of a line without a number."""
        return " " * self.gutter

    @property
    def bar(self) -> str:
        """The left of a line without a number, with the rule."""
        return f"{self.margin} {self.paint('frame', '|')}"

    def excerpt(self, span: Span, label: str, mark: str, style: str) -> list[str]:
        """Return the line of a span with what it covers underlined; nothing where the text is not at hand."""
        line = self.lines.line(span)
        if line is None or not line.strip():
            return []
        first = span.column - 1
        last = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
        shown, before, under = _window(line, first, max(last, first + 1), self.width - self.gutter - 4)
        number = self.paint("frame", f"{span.line:>{self.gutter}} |")
        text = f" {_text(label)}" if label else ""
        return [self.bar, f"{number} {shown}", f"{self.bar} {' ' * before}{self.paint(style, mark * under + text)}"]


def _one(diagnostic: Diagnostic, lines: _Lines, paint: _Paint, width: int) -> str:
    level = diagnostic.level.value
    places = [diagnostic.span, *(label.span for label in diagnostic.also)]
    frame = _Frame(lines, paint, max(len(str(span.line)) for span in places), width)
    head = f"{paint(level, f'{level}[{diagnostic.code}]')}{paint('bold', f': {_text(diagnostic.message)}')}"
    excerpt = frame.excerpt(diagnostic.span, diagnostic.label, "^", level)
    out = [head, f"{frame.margin}{paint('frame', '-->')} {visible(diagnostic.span.place())}", *excerpt]
    for label in diagnostic.also:
        out += _also(label, frame)
    if diagnostic.help and (excerpt or diagnostic.also):
        out.append(frame.bar)
    out += [f"{frame.margin} {paint('frame', '=')} {paint('help', 'help')}: {_text(hint)}" for hint in diagnostic.help]
    return "\n".join(out) + "\n"


def _also(label: Label, frame: _Frame) -> list[str]:
    place = f"{frame.margin}{frame.paint('frame', ':::')} {visible(label.span.place())}"
    return [place, *(frame.excerpt(label.span, label.text, "-", "also") or [f"{frame.bar} {_text(label.text)}"])]


def _window(line: str, first: int, last: int, room: int) -> tuple[str, int, int]:
    """
    Return as much of a line as fits, the columns before what is underlined, and the columns of the latter.

    Args:
        line: As it stands in the file.
        first: Where the underlined part begins, from 0, in code points.
        last: Where it ends, exclusive.
        room: Columns there are.
    """
    first, last = min(first, len(line)), max(min(last, len(line)), first)
    start = 0
    if _columns(line[: min(last, first + room)]) > room:  # does not fit: begin shortly before what is meant
        start = max(0, first - room // 3)
    cut_left = "…" if start else ""
    pieces: list[str] = []
    used = len(cut_left)
    before = under = 0
    end = start
    for position in range(start, len(line)):
        piece = _expanded(line[position], used)
        cells = sum(map(_cells, piece))
        if used + cells > room - 1 and position < len(line) - 1:
            break
        pieces.append(piece)
        used += cells
        end = position + 1
        if position < first:
            before += cells
        elif position < last:
            under += cells
    cut_right = "…" if end < len(line) else ""
    return (
        f"{cut_left}{''.join(pieces).rstrip() if not cut_right else ''.join(pieces)}{cut_right}",
        before + len(cut_left),
        max(under, 1),
    )


def _columns(text: str) -> int:
    return sum(sum(map(_cells, _expanded(character, 0))) for character in text)


def _expanded(character: str, column: int) -> str:
    """Return what is shown for one character that would begin in a column."""
    if character == "\t":
        return " " * (TAB - column % TAB)
    return character if _is_plain(character) else _escaped(character)


def _text(text: str) -> str:
    """Return a message on one line, without anything that could steer a terminal."""
    return visible(text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…")
