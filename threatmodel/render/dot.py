"""Sketch → DOT text. Edges carry no `label`: Graphviz drops edges that have one when there are clusters."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from threatmodel.render.visible import shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.render.sketch import Box, Line, Node, Sketch

FONT: Final = "DejaVu Sans"
MOST_SAID: Final = 70  # characters about one number
LONGEST: Final = 22  # characters of a name on one line
NAME_LINES: Final = 3
GROUP_LINES: Final = 8
LIST_WIDTH: Final = 64  # characters
LIST_LINES: Final = 14
PLATE: Final = 58  # points of a kind in the legend
HEAD_WIDTH: Final = 15  # characters
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
    "control": ("octagon", "#f2f4f6", "filled"),
    "data": ("tab", "#ffffff", "filled"),
    "runtime": ("box3d", "#f2f4f6", "filled"),
    "boundary": ("folder", "#f2f4f6", "filled"),
    "action": ("box", "#ffffff", "filled"),
    "impact": ("box", "#ffffff", "filled,bold"),
    "group": ("box", "#ffffff", "filled"),
    "port": ("plaintext", "#ffffff", "filled"),
}
TONES: Final = {
    "forbidden": ("#8e1230", "#fbe9ed", ""),
    "open": ("#8e1230", "#fbe9ed", ""),
    "excess": ("#b3430b", "#fdeee4", ""),
    "unknown": ("#7a5c00", "#fbf3d9", "dashed"),
    "settled": ("#1d6b45", "#e6f4ec", ""),
    "decided": ("#1f5f99", "#e8f1f9", ""),
    "aside": ("#8796a1", "#f4f5f6", "dotted"),
}
"""Edge, fill and dashes of what is judged; a word of the node says the same."""
_COLORS: Final = {
    "untrusted": "#b3261e",
    "unsaid": "#8a6100",
    "flow": "#3d4f5c",
    "use": "#8796a1",
    "delegation": "#1f5f99",
    "doubt": "#8a6100",
    "stopped": "#aab4bb",
}
_LINES: Final = {
    "untrusted": "penwidth=2.0 arrowhead=normal",
    "unsaid": "penwidth=1.3 style=dashed arrowhead=normal",
    "flow": "penwidth=1.2 arrowhead=normal",
    "use": "penwidth=0.8 arrowhead=open arrowsize=0.7",
    "delegation": "penwidth=1.4 arrowhead=vee",
    "doubt": "penwidth=1.3 style=dashed arrowhead=normal",
    "stopped": "penwidth=1.2 style=dotted arrowhead=normal",
}
_MARKS: Final = {"untrusted": "!", "unsaid": "?", "doubt": "?"}
_MEANINGS: Final = {
    "untrusted": ("━━▶ !", "text that an outsider wrote"),
    "unsaid": ("╍╍▶ ?", "nobody says whose text"),
    "flow": ("──▶", "stated flow"),
    "use": ("──>", "uses"),
    "delegation": ("━━>", "hands work on"),
    "doubt": ("╍╍▶ ?", "nobody can tell whether this way exists"),
    "stopped": ("┈┈▶", "behind a control that breaks the way"),
}
"""What lines mean; the sign is drawn in the color of the line."""
_OWN_MEANINGS: Final = {
    "identity": {"flow": ("──▶", "acts as, holds or proves"), "delegation": ("━━>", "is made into")},
    "delegation": {"unsaid": ("╍╍▶ ?", "nobody says what goes along")},
    "capability": {"flow": ("──▶", "can do"), "stopped": ("┈┈▶", "behind a control that holds")},
    "path": {"flow": ("──▶", "leads on"), "use": ("──>", "acts by")},
}
"""What a view means by some of them."""
_SPACE: Final = "\N{NO-BREAK SPACE}"
_BOUNDARY_COLORS: Final = ("#1f5f99", "#9a5b00", "#3c7a3c", "#7b4a94", "#a03d5a", "#2b7a78", "#6b6b23", "#5a5f98")


def dot(sketch: Sketch, background: str = "") -> str:
    """
    Return the DOT text of a sketch; the same sketch gives the same text.

    Args:
        sketch: What to draw.
        background: What to paint behind it, in xdot.
    """
    return "\n".join(_lines(sketch, background)) + "\n"


def quoted(text: str) -> str:
    r"""Return any text as a DOT string: quotes and backslashes escaped, control characters made visible, no HTML."""
    return f'"{_escaped(visible(text))}"'


def label(text: str, lines: int = NAME_LINES) -> str:
    r"""Return a name as a label of at most so many lines, broken at hyphens, dots and spaces."""
    shown: list[str] = [""]
    for part in _parts(visible(text)):
        if shown[-1] and len(shown[-1]) + len(part) > LONGEST:
            shown.append("")
        shown[-1] += part
    if len(shown) > lines:
        shown = [*shown[: lines - 1], shown[lines - 1][: LONGEST - 1] + "…"]
    return '"' + "\\n".join(map(_escaped, shown)) + '"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


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


def band_of_rows(sketch: Sketch) -> tuple[str | None, ...]:
    """Return the band of each row; None where its nodes stand in none."""
    bands = {box.id: box.id if box.kind == "band" else box.parent for box in sketch.boxes}
    box_of = {node.id: node.box for node in sketch.nodes}
    return tuple(bands.get(box_of[row[0]] or "") for row in sketch.rows)


def _lines(sketch: Sketch, background: str) -> Iterator[str]:
    ids = names(sketch)
    yield f"digraph {quoted(sketch.name)} {{"
    together = (
        " newrank=true" if sketch.rows else ""
    )  # rows pass through boxes; elsewhere lines then pass through nodes
    yield f"  graph [rankdir={_direction(sketch)}{together} splines=true nodesep=0.28 ranksep=0.5 pad=0.08]"
    yield "  graph [outputorder=nodesfirst]"  # a number stays readable where it stands on a node
    yield f'  graph [bgcolor="transparent" fontname="{FONT}" fontsize=10 fontcolor="{INK}"]'
    if background:
        yield f"  graph [_background={quoted(background)}]"
    yield f'  node [fontname="{FONT}" fontsize=9.5 fontcolor="{INK}" color="#5b6770" margin="0.10,0.06" height=0.42]'
    yield f'  edge [fontname="{FONT} Bold" fontsize=9 fontcolor="{INK}"]'
    if sketch.rows:  # two unseen boxes, so that the heads of the rows stand beside all that is drawn
        yield from _heads(sketch)
        yield '  subgraph cluster { graph [style=invis label=""]'
        yield from _inside(sketch, None, ids, 2)
        yield "  }"
        yield from _rows(sketch, ids)
    else:
        yield from _inside(sketch, None, ids, 1)
    row_of = {name: number for number, row in enumerate(sketch.rows) for name in row}
    for number, line in enumerate(sketch.lines):
        upward = row_of.get(line.source, 0) > row_of.get(line.target, 0)
        yield f"  {_edge(line, ids, upward=upward)} id=e{number}]"
    yield f"  labelloc=b labeljust=l label={_legend(sketch)}"  # last: boxes would inherit it
    yield "}"


def _direction(sketch: Sketch) -> str:
    return "TB" if sketch.rows or sketch.tall else "LR"


def _inside(sketch: Sketch, parent: str | None, ids: dict[str, str], depth: int) -> Iterator[str]:
    pad = "  " * depth
    for box in sketch.boxes:
        if box.parent != parent:
            continue
        if box.kind == "band":  # painted, not drawn: see bands.py
            yield from _inside(sketch, box.id, ids, depth)
            continue
        yield f"{pad}subgraph {quoted('cluster_' + box.id)} {{"
        yield f"{pad}  {_box(box)}"
        yield from _inside(sketch, box.id, ids, depth + 1)
        yield f"{pad}}}"
    for node in reversed(sketch.nodes) if sketch.rows else sketch.nodes:  # dot fills rows from the right
        if node.box == parent:
            yield f"{pad}{ids[node.id]} [{_node(node)} id={ids[node.id]}]"


def _box(box: Box) -> str:
    color = _BOUNDARY_COLORS[box.color % len(_BOUNDARY_COLORS)]
    look = f'style="dashed,rounded" color="{color}" fontcolor="{color}" penwidth=1.3 fontsize=9.5 margin=8'
    return f"graph [label={quoted(box.label)} labeljust=l {look}]"


def _node(node: Node) -> str:
    shape, fill, style = _SHAPES.get(node.kind, _SHAPES["group"])
    muted = ' fontcolor="#6b7882" color="#b9c3ca"' if node.muted else ""
    fill = "#f4f5f6" if node.muted else fill
    if node.tone in TONES:
        edge, fill, dashes = TONES[node.tone]
        muted = f' color="{edge}" penwidth={1.2 if dashes else 2}'
        style = ",".join(dict.fromkeys((*style.replace(",bold", "").split(","), *([dashes] if dashes else []))))
    if node.members:
        return f'label={_listed(node)} shape=box style=filled fillcolor="#ffffff" fontsize=8.5 color="#d5dbe0"'
    size = " fontsize=8.5 height=0.2 margin=0.03" if node.kind == "port" else ""
    text = label(node.label, lines=GROUP_LINES if node.kind == "group" else NAME_LINES)
    said = [text[1:-1], *(label(line)[1:-1] for line in node.said)]
    text = '"' + "\\n".join(said) + '"'
    return f'label={text} shape={shape} style="{style}" fillcolor="{fill}"{muted}{size}'


def _listed(node: Node) -> str:
    """Return the label of a node that lists elements without lines of their own."""
    kinds = {kind: [name for of, name in node.members if of == kind] for kind, _ in node.members}
    texts = [f"{kind}: {', '.join(some)}" for kind, some in kinds.items()]
    lines = [line for text in texts for line in textwrap.wrap(visible(text), LIST_WIDTH, break_on_hyphens=False)]
    if len(lines) > LIST_LINES:
        lines = [*lines[: LIST_LINES - 1], f"{shortened(lines[LIST_LINES - 1], LIST_WIDTH - 2)} …"]
    return '"' + "".join(f"{_escaped(line)}\\l" for line in lines) + '"'


def _heads(sketch: Sketch) -> Iterator[str]:
    """Yield one head per row: the name of its band where the band begins, else nothing to see."""
    shown: set[str] = set()
    labels = {box.id: box.label for box in sketch.boxes}
    yield '  subgraph cluster_heads { graph [style=invis label=""]'
    for number, band in enumerate(band_of_rows(sketch)):
        look = END
        if band is not None and band not in shown:
            shown.add(band)
            look = f"shape=plaintext fontsize=10 width=1.2 margin=0.02 label={_head(labels[band])}"
        yield f"    row{number} [group=rows {look}]"
    yield "  }"


def _rows(sketch: Sketch, ids: dict[str, str]) -> Iterator[str]:
    """Yield rows that stand below each other, the head of each at its left."""
    for number, row in enumerate(sketch.rows):
        behind = " ".join(ids[name] for name in row)
        yield f"  {{ rank=same; row{number} -> {{ {behind} }} [style=invis] }}"
    for number in range(len(sketch.rows) - 1):
        yield f"  row{number} -> row{number + 1} [style=invis weight=100]"


def _head(text: str) -> str:
    """Return the name of a band: its id, then its title in short lines, all at the left."""
    lines = textwrap.wrap(visible(text), HEAD_WIDTH)
    return '"' + "".join(f"{_escaped(line)}\\l" for line in lines) + '"'


def _edge(line: Line, ids: dict[str, str], *, upward: bool) -> str:
    """Return an edge without its closing bracket; one that leads up is laid out downward and drawn from its end."""
    style = f'color="{_COLORS[line.kind]}" fontcolor="{_COLORS[line.kind]}" {_LINES[line.kind]}'
    ends = (line.source, line.target)
    if upward:
        ends = (line.target, line.source)
        style = f"dir=back {style.replace('arrowhead', 'arrowtail')}"
    text = " ".join(part for part in (line.label, _MARKS.get(line.kind, "")) if part)
    shown = f" xlabel={_plate(text, _COLORS[line.kind])}" if text else ""
    return f"{ids[ends[0]]} -> {ids[ends[1]]} [{style}{shown}"


def _plate(text: str, color: str) -> str:
    """Return a small white plate with a number or a word, readable on the line it stands on."""
    look = f'border="1" cellborder="0" cellspacing="0" cellpadding="1" bgcolor="white" color="{color}" style="rounded"'
    return f'<<table {look}><tr><td><font point-size="8">{escape(visible(text))}</font></td></tr></table>>'


def _legend(sketch: Sketch) -> str:
    """Return what the shapes, lines and numbers of a picture mean."""
    shapes = {node.kind for node in sketch.nodes}
    kinds = [kind for kind in _SHAPES if kind in shapes - {"group"}]
    meanings = _MEANINGS | _OWN_MEANINGS.get(sketch.kind, {})
    lines = [
        f'<font color="{_COLORS[kind]}">{escape(sign)}</font>{_SPACE}{meaning}{_SPACE * 3}'
        for kind, (sign, meaning) in meanings.items()
        if any(line.kind == kind for line in sketch.lines)
    ]
    rows = [_swatches(kinds[start : start + 8]) for start in range(0, len(kinds), 8)] + _chunks(lines, 3)
    if sketch.explained:
        rows += [
            f"<b>{escape(line.label)}</b>{_SPACE * 2}{escape(shortened(visible(line.note), MOST_SAID))}"
            for line in sketch.lines
            if line.note
        ]
        rows += [escape(line) for line in textwrap.wrap(visible(sketch.note), MOST_SAID)]
    if not rows:
        return '""'
    cells = "".join(f'<tr><td align="left">{row}</td></tr>' for row in rows)
    return f'<<font point-size="8"><table border="0" cellborder="0" cellspacing="1">{cells}</table></font>>'


def _chunks(cells: list[str], most: int) -> list[str]:
    return ["".join(cells[start : start + most]) for start in range(0, len(cells), most)]


def _swatches(kinds: list[str]) -> str:
    """Return a row of filled plates, all as wide; of a size of their own, since Graphviz would stretch them."""
    look = f'border="1" color="#5b6770" fixedsize="true" width="{PLATE}" height="16"'
    cells = "".join(f'<td {look} bgcolor="{_SHAPES[kind][1]}">{kind}</td>' for kind in kinds)
    size = f'fixedsize="true" width="{(PLATE + 3) * len(kinds) + 3}" height="22"'
    return f'<table align="left" {size} border="0" cellborder="0" cellspacing="3"><tr>{cells}</tr></table>'
