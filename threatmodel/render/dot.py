"""Sketch → DOT text. Edges carry no `label`: Graphviz drops edges that have one when there are clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.render.sketch import Box, Line, Node, Sketch

FONT: Final = "DejaVu Sans"
LONGEST: Final = 22  # characters of a name on one line
INK: Final = "#26323b"
END: Final = 'shape=point style=invis width=0.01 height=0.01 label=""'

# Colour-blind safe, and told apart in grey by shape, dash and width as well.
_SHAPES: Final = {
    "agent": ("box", "#dbe9f6", "rounded,filled,bold"),
    "tool": ("component", "#ffffff", "filled"),
    "skill": ("component", "#ffffff", "filled"),
    "store": ("cylinder", "#eef3e6", "filled"),
    "model": ("hexagon", "#f0e9f7", "filled"),
    "person": ("ellipse", "#fff6df", "filled"),
    "external": ("box", "#fff6df", "filled,dashed"),
    "service": ("box", "#f2f4f6", "filled"),
    "identity": ("box", "#e6f4f1", "rounded,filled"),
    "credential": ("note", "#fdebe6", "filled"),
    "control": ("octagon", "#e6f4f1", "filled"),
    "data": ("tab", "#ffffff", "filled"),
    "runtime": ("box3d", "#f2f4f6", "filled"),
    "boundary": ("folder", "#f2f4f6", "filled"),
    "group": ("box", "#ffffff", "filled"),
    "port": ("plaintext", "#ffffff", "filled"),
}
_LINES: Final = {
    "untrusted": 'color="#b3261e" penwidth=2.0 arrowhead=normal',
    "unsaid": 'color="#8a6100" penwidth=1.3 style=dashed arrowhead=normal',
    "flow": 'color="#3d4f5c" penwidth=1.2 arrowhead=normal',
    "use": 'color="#8796a1" penwidth=0.8 arrowhead=open arrowsize=0.7',
    "delegation": 'color="#1f5f99" penwidth=1.4 arrowhead=vee',
}
_BOUNDARY_COLORS: Final = ("#1f5f99", "#9a5b00", "#3c7a3c", "#7b4a94", "#a03d5a", "#2b7a78", "#6b6b23", "#5a5f98")
BANDS: Final = ("#f7f8fa", "#eff2f5")
"""Fills of bands, in turn; no other box has them."""


def dot(sketch: Sketch) -> str:
    """Return the DOT text of a sketch; the same sketch gives the same text."""
    return "\n".join(_lines(sketch)) + "\n"


def quoted(text: str) -> str:
    r"""Return any text as a DOT string: quotes and backslashes escaped, control characters made visible, no HTML."""
    shown = visible(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{shown}"'


def label(text: str) -> str:
    r"""Return a name as a label of at most three lines, broken at hyphens, dots and spaces."""
    lines: list[str] = [""]
    for part in _parts(visible(text)):
        if lines[-1] and len(lines[-1]) + len(part) > LONGEST:
            lines.append("")
        lines[-1] += part
    if len(lines) > 3:  # noqa: PLR2004  a label, not a text
        lines = [*lines[:2], lines[2][: LONGEST - 1] + "…"]
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'


def names(sketch: Sketch) -> dict[str, str]:
    """Return element → its name in the DOT text: an id of ours, so that no name can mean anything to Graphviz."""
    return {node.id: f"n{number}" for number, node in enumerate(sketch.nodes)}


def _parts(text: str) -> Iterator[str]:
    word = ""
    for character in text:
        word += character
        if character in "-._ />:" or len(word) >= LONGEST:
            yield word
            word = ""
    if word:
        yield word


def _lines(sketch: Sketch) -> Iterator[str]:
    ids = names(sketch)
    direction = "TB" if sketch.rows else "LR"
    yield f"digraph {quoted(sketch.name)} {{"
    yield f"  graph [rankdir={direction} newrank=true splines=true nodesep=0.28 ranksep=0.55 pad=0.15]"
    yield f'  graph [bgcolor="transparent" fontname="{FONT}" fontsize=10 fontcolor="{INK}"]'
    yield f'  node [fontname="{FONT}" fontsize=9.5 fontcolor="{INK}" color="#5b6770" margin="0.10,0.06" height=0.42]'
    yield f'  edge [fontname="{FONT}" fontsize=8.5 fontcolor="{INK}"]'
    rows = _row_bands(sketch)
    yield from _inside(sketch, None, ids, 1, rows)
    yield from _rows(sketch, ids)
    for line in sketch.lines:
        yield _edge(line, ids, loose=bool(sketch.rows))
    yield "}"


def _row_bands(sketch: Sketch) -> dict[str | None, list[int]]:
    """Return band → the numbers of its rows: their left ends stand inside it, so that all bands begin alike."""
    bands = {box.id: box.id if box.kind == "band" else box.parent for box in sketch.boxes}
    box_of = {node.id: node.box for node in sketch.nodes}
    found: dict[str | None, list[int]] = {}
    for number, row in enumerate(sketch.rows):
        found.setdefault(bands.get(box_of[row[0]] or ""), []).append(number)
    return found


def _inside(
    sketch: Sketch, parent: str | None, ids: dict[str, str], depth: int, rows: dict[str | None, list[int]]
) -> Iterator[str]:
    pad = "  " * depth
    for number in rows.get(parent, ()):
        yield f"{pad}left{number} [{END} group=left]"
    for number, box in enumerate(box for box in sketch.boxes if box.parent == parent):
        yield f"{pad}subgraph {quoted('cluster_' + box.id)} {{"
        yield f"{pad}  {_box(box, number)}"
        yield from _inside(sketch, box.id, ids, depth + 1, rows)
        yield f"{pad}}}"
    for node in sketch.nodes:
        if node.box == parent:
            yield f"{pad}{ids[node.id]} [{_node(node)}]"


def _box(box: Box, number: int) -> str:
    if box.kind == "band":
        fill = BANDS[number % len(BANDS)]
        look = f'style=filled fillcolor="{fill}" color="#d5dbe0" fontsize=11 margin=10'
        return f"graph [label={quoted(box.label)} labeljust=l {look}]"
    color = _BOUNDARY_COLORS[box.color % len(_BOUNDARY_COLORS)]
    look = f'style="dashed,rounded" color="{color}" fontcolor="{color}" penwidth=1.3 fontsize=9.5 margin=9'
    return f"graph [label={quoted(box.label)} labeljust=l {look}]"


def _node(node: Node) -> str:
    shape, fill, style = _SHAPES.get(node.kind, _SHAPES["group"])
    muted = ' fontcolor="#8796a1" color="#b9c3ca"' if node.muted else ""
    fill = "#f4f5f6" if node.muted else fill
    size = " fontsize=8 height=0.2 margin=0.02" if node.kind == "port" else ""
    return f'label={label(node.label)} shape={shape} style="{style}" fillcolor="{fill}"{muted}{size}'


def _rows(sketch: Sketch, ids: dict[str, str]) -> Iterator[str]:
    """Yield rows that stand below each other; real edges then bend instead of moving the bands."""
    for number, row in enumerate(sketch.rows):
        between = [f"left{number}", *(ids[name] for name in row)]
        yield f"  {{ rank=same; {' -> '.join(between)} [style=invis] }}"
    for number in range(len(sketch.rows) - 1):
        yield f"  left{number} -> left{number + 1} [style=invis weight=100]"


def _edge(line: Line, ids: dict[str, str], *, loose: bool) -> str:
    style = _LINES[line.kind]
    mark = {"untrusted": "!", "unsaid": "?"}.get(line.kind, "")
    text = f"{line.label}{mark}"
    shown = f" xlabel={quoted(text)}" if text else ""
    return f"  {ids[line.source]} -> {ids[line.target]} [{style}{shown}{' constraint=false' if loose else ''}]"
