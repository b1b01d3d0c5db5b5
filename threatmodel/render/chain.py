"""Stations of a way → a small drawing for a page: boxes in rows as wide as the page, arrows between them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from threatmodel.render.visible import shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from threatmodel.render.story import Station

WIDTH: Final = 682  # units; a page of the report is 493 points wide
BOX: Final = 138
GAP: Final = 38
ROW_GAP: Final = 26
LINE: Final = 13
PAD: Final = 8
PER_ROW: Final = 4
NAME_WIDTH: Final = 18  # characters of a line
TEXT_WIDTH: Final = 22
NAME_LINES: Final = 3
TEXT_LINES: Final = 3
USUAL: Final = 7.1  # units that a bold letter takes
WIDE: Final = 11.2
LATIN: Final = 0x2E80  # letters behind it are as wide as they are high
FONTS: Final = "DejaVu Sans, Verdana, Arial, sans-serif"
INK: Final = "#26323b"

_KINDS: Final = {
    "agent": ("#dbe9f6", "#1f4e79", ""),
    "person": ("#fff6df", "#5b6770", ""),
    "external": ("#fff6df", "#5b6770", "5 3"),
    "action": ("#ffffff", "#5b6770", ""),
    "store": ("#eef3e6", "#5b6770", ""),
}
_TONES: Final = {
    "settled": ("#e6f4ec", "#1d6b45", ""),
    "decided": ("#e8f1f9", "#1f5f99", ""),
    "unknown": ("#ffffff", "#7a5c00", "5 3"),
    "aside": ("#f4f5f6", "#8796a1", "2 3"),
    "state-open": ("#fbe9ed", "#8e1230", ""),
    "state-claimed": ("#fbf3d9", "#7a5c00", "5 3"),
    "state-unknown": ("#fbf3d9", "#7a5c00", "5 3"),
}
"""Fill, edge and dashes; every tone is told by a word too."""
_PLAIN: Final = ("#f2f4f6", "#5b6770", "")
_STOPPED: Final = "#b0b9c0"


def chain(stations: Sequence[Station], title: str) -> str:
    """Return an SVG element with a title, without scripts and links, that fits any width; every name is escaped."""
    boxes = [_lines(one) for one in stations]
    rows = [range(start, min(start + PER_ROW, len(boxes))) for start in range(0, len(boxes), PER_ROW)]
    heights = [max(len(boxes[at][0]) + len(boxes[at][1]) for at in row) * LINE + 2 * PAD + 12 for row in rows]
    height = sum(heights) + ROW_GAP * (len(rows) - 1) + 4
    name = quoteattr(visible(title))
    parts = [
        f'<svg role="img" aria-label={name} xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"',
        f' font-family="{FONTS}" font-size="10.5" fill="{INK}" style="width:100%;max-width:520pt;height:auto">',
        f"<title>{escape(visible(title))}</title>",
    ]
    top, stopped = 2, False
    for row, tall in zip(rows, heights, strict=True):
        for column, at in enumerate(row):
            left = 2 + column * (BOX + GAP)
            parts += _box(stations[at], boxes[at], left, top, tall)
            stopped = stopped or stations[at].stops
            if at + 1 == len(boxes):
                continue
            if column + 1 < PER_ROW:
                parts.append(_arrow(left + BOX, top + tall / 2, left + BOX + GAP, top + tall / 2, stopped=stopped))
            else:
                parts += _turn(left + BOX, top + tall / 2, top + tall + ROW_GAP / 2, stopped=stopped)
        top += tall + ROW_GAP
    return "".join((*parts, "</svg>"))


def _lines(one: Station) -> tuple[list[str], list[str]]:
    """Return the lines of the name and of what is said about it."""
    return _wrapped(one.name, NAME_WIDTH, NAME_LINES), _wrapped(one.text, TEXT_WIDTH, TEXT_LINES)


def _wrapped(text: str, width: int, most: int) -> list[str]:
    spaced = visible(text).replace(".", ".\u200b").replace(">", ">\u200b").replace("-", "-\u200b")
    lines: list[str] = []
    for word in spaced.replace("\u200b", "\0").split(" "):
        lines = _fill(lines, word.split("\0"), width)
    if len(lines) > most:
        lines = [*lines[: most - 1], shortened(lines[most - 1] + "…", width)]
    return lines


def _fill(lines: list[str], pieces: list[str], width: int) -> list[str]:
    """Add the pieces of one word to lines: a break may stand before each piece."""
    space = " " if lines else ""
    for piece in pieces:
        for part in textwrap.wrap(piece, width, break_on_hyphens=False) or [""]:
            if lines and len(lines[-1]) + len(space) + len(part) <= width:
                lines[-1] += space + part
            else:
                lines.append(part)
            space = ""
    return lines


def _box(one: Station, lines: tuple[list[str], list[str]], left: float, top: float, tall: float) -> Iterator[str]:
    fill, edge, dashes = _TONES.get(one.tone) or _KINDS.get(one.kind, _PLAIN)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    wide = 2 if one.kind in {"agent", "impact"} or one.stops else 1.2
    look = f'fill="{fill}" stroke="{edge}" stroke-width="{wide}"{dashed}'
    if one.kind == "control":
        cut = 10
        right, bottom = left + BOX, top + tall
        points = (
            f"{left + cut},{top} {right - cut},{top} {right},{top + cut} {right},{bottom - cut} "
            f"{right - cut},{bottom} {left + cut},{bottom} {left},{bottom - cut} {left},{top + cut}"
        )
        yield f'<polygon points="{points}" {look}/>'
    else:
        round_by = {"person": 18, "agent": 8}.get(one.kind, 3)
        yield f'<rect x="{left}" y="{top}" width="{BOX}" height="{tall}" rx="{round_by}" {look}/>'
    middle = left + BOX / 2
    y = top + PAD + 8
    yield f'<text x="{middle}" y="{y}" text-anchor="middle" font-size="8" fill="#56606e">{escape(one.kind)}</text>'
    for line in lines[0]:
        y += LINE
        bold = f'font-weight="bold"{_pressed(line)}'
        yield f'<text x="{middle}" y="{y}" text-anchor="middle" {bold}>{escape(line)}</text>'
    ink = edge if one.tone not in {"", "aside"} else "#56606e"
    for line in lines[1]:
        y += LINE
        yield f'<text x="{middle}" y="{y}" text-anchor="middle" font-size="9" fill="{ink}">{escape(line)}</text>'


def _pressed(line: str) -> str:
    """Return what keeps a line of wide letters inside its box."""
    wide = sum(WIDE if letter in "mwMW@%" or ord(letter) > LATIN else USUAL for letter in line)
    return f' textLength="{BOX - PAD}" lengthAdjust="spacingAndGlyphs"' if wide > BOX - PAD else ""


def _arrow(x1: float, y1: float, x2: float, y2: float, *, stopped: bool) -> str:
    color = _STOPPED if stopped else "#3d4f5c"
    dashes = ' stroke-dasharray="3 3"' if stopped else ""
    head = f"{x2},{y2} {x2 - 8},{y2 - 4} {x2 - 8},{y2 + 4}"
    return (
        f'<path d="M{x1} {y1}L{x2 - 8} {y2}" fill="none" stroke="{color}" stroke-width="1.6"{dashes}/>'
        f'<polygon points="{head}" fill="{color}"/>'
    )


def _turn(right: float, y1: float, between: float, *, stopped: bool) -> Iterator[str]:
    """Yield the line from the end of a row to the begin of the next one."""
    color = _STOPPED if stopped else "#3d4f5c"
    dashes = ' stroke-dasharray="3 3"' if stopped else ""
    out = right + 12
    yield (
        f'<path d="M{right} {y1}H{out}V{between}H{2 + BOX / 2}v{ROW_GAP / 2 - 8}" fill="none" stroke="{color}" '
        f'stroke-width="1.6"{dashes}/>'
    )
    x, y = 2 + BOX / 2, between + ROW_GAP / 2
    yield f'<polygon points="{x},{y} {x - 4},{y - 8} {x + 4},{y - 8}" fill="{color}"/>'
