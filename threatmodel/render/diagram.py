"""Pictures of a system: one where a reader can read it, an overview and its parts where one would be too much."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.errors import RenderError
from threatmodel.render.dot import dot
from threatmodel.render.graphviz import fitted, image, svg
from threatmodel.render.mermaid import mermaid
from threatmodel.render.sketch import Box, Line, Node, Sketch
from threatmodel.render.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.analysis import Analysis

MOST_READABLE: Final = 40  # nodes of one picture on a page
MOST_IN_PART: Final = 26  # nodes of a part that is made of lines
MOST_DRAWN: Final = 250  # nodes of one picture in a file of its own
_PLURALS: Final = {"person": "people", "identity": "identities", "external": "external systems"}
_SINGULARS: Final = {"identities": "identity", "credentials": "credential", "controls": "control"}
FEWEST_LINES: Final = 2  # a picture of one arrow is a sentence


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing, ready for a page."""

    name: str
    title: str
    svg: str
    """An SVG element that fits any width, with a title, without scripts and links."""
    note: str
    kind: str
    """The view it belongs to."""
    numbers: tuple[tuple[str, str], ...] = ()
    """Numbers in the drawing, and what each stands for."""


def report_pictures(analysis: Analysis) -> tuple[Picture, ...]:
    """
    Return the pictures of a report, in its order.

    Raises:
        RenderError: `dot` is missing, failed, or lost an edge.
    """
    pictures: list[Picture] = []
    for view in VIEWS:
        sketch = VIEWS[view](analysis)
        if view in {"layers", "dataflow"} or len(sketch.lines) >= FEWEST_LINES:
            pictures += [picture_of(part) for part in readable(sketch) if part.nodes]
    return tuple(pictures)


def picture(analysis: Analysis, view: str) -> Picture:
    """Return one picture of a view, however large."""
    return picture_of(whole(analysis, view))


def drawn(analysis: Analysis, view: str, suffix: str) -> str | bytes:
    """
    Return a view as a file: `svg`, `dot` and `mmd` as text, `png` and `pdf` as bytes.

    Raises:
        RenderError: `dot` is missing, failed, or lost an edge.
    """
    sketch = whole(analysis, view)
    if suffix == "dot":
        return dot(sketch)
    if suffix == "mmd":
        return mermaid(sketch)
    if suffix in {"png", "pdf"}:
        return image(fitted(sketch), suffix)
    text = svg(fitted(sketch))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def whole(analysis: Analysis, view: str) -> Sketch:
    """Return a view as one sketch: everything, or the overview where everything would not be drawn in time."""
    if view not in VIEWS:
        message = f"no view is named '{view}'; there are {', '.join(VIEWS)}"
        raise RenderError(message)
    sketch = VIEWS[view](analysis)
    return sketch if len(sketch.nodes) <= MOST_DRAWN else overview(sketch, _parts(sketch))


def picture_of(sketch: Sketch) -> Picture:
    """Draw a sketch, wide or tall as it reads better."""
    sketch = fitted(sketch)
    numbers = tuple((line.label, line.note) for line in sketch.lines if line.note)
    return Picture(sketch.name, sketch.title, svg(sketch), sketch.note, sketch.kind, numbers)


def readable(sketch: Sketch) -> Iterator[Sketch]:
    """
    Yield the sketch itself, or an overview and its parts.

    Bands are shown one by one, with the lines inside them; of other views every line stands in exactly one part.
    """
    if len(sketch.nodes) <= MOST_READABLE:
        yield sketch
        return
    parts = _parts(sketch)
    yield overview(sketch, parts)
    if sketch.rows:
        for number, (title, members) in enumerate(parts.items(), start=1):
            inside = tuple(line for line in sketch.lines if {line.source, line.target} <= set(members))
            yield _part(sketch, number, title, members, inside)
        return
    for number, (title, lines) in enumerate(_by_lines(sketch), start=1):
        ends = dict.fromkeys(end for line in lines for end in (line.source, line.target))
        yield _part(sketch, number, title, tuple(ends), tuple(lines))
    joined = {end for line in sketch.lines for end in (line.source, line.target)}
    alone = [node.id for node in sketch.nodes if node.id not in joined]
    for start in range(0, len(alone), MOST_READABLE):
        name = f"without any line ({start // MOST_READABLE + 1})"
        yield _part(sketch, 1000 + start, name, tuple(alone[start : start + MOST_READABLE]), ())


def _by_lines(sketch: Sketch) -> Iterator[tuple[str, list[Line]]]:
    """
    Yield parts as lists of lines: agents that stand together, with everything they touch, then what touches no agent.

    A part takes lines while a reader can still tell its nodes apart.
    """
    seeds = [
        node.id for node in sorted(sketch.nodes, key=lambda node: (node.kind != "agent", node.box or "", node.kind))
    ]
    touching: dict[str, list[Line]] = {}
    for line in sketch.lines:
        for end in dict.fromkeys((line.source, line.target)):
            touching.setdefault(end, []).append(line)
    taken: set[int] = set()
    names: list[str] = []
    lines: list[Line] = []
    for seed in seeds:
        for line in touching.get(seed, ()):
            if id(line) in taken:
                continue
            taken.add(id(line))
            ends = {end for one in (*lines, line) for end in (one.source, one.target)}
            if lines and len(ends) > MOST_IN_PART:
                yield _listed(names), lines
                names, lines = [], []
            if seed not in names:
                names.append(seed)
            lines.append(line)
    if lines:
        yield _listed(names), lines


def _listed(names: list[str]) -> str:
    shown = 3
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")


def _parts(sketch: Sketch) -> dict[str, tuple[str, ...]]:
    """Return title → its nodes: by outermost box, the boxless by kind; large ones in slices."""
    boxes = {box.id: box for box in sketch.boxes}

    def outermost(node: Node) -> str:
        box = boxes.get(node.box or "")
        while box is not None and box.parent is not None:
            box = boxes[box.parent]
        return box.label if box is not None else f"{_plural(node.kind)} outside every boundary"

    groups: dict[str, list[str]] = {}
    for node in sketch.nodes:
        groups.setdefault(outermost(node), []).append(node.id)
    slice_size = MOST_READABLE - MOST_READABLE % 6  # whole rows
    parts: dict[str, tuple[str, ...]] = {}
    for title, members in groups.items():
        slices = [members[start : start + slice_size] for start in range(0, len(members), slice_size)]
        for number, some in enumerate(slices, start=1):
            parts[title if len(slices) == 1 else f"{title} ({number} of {len(slices)})"] = tuple(some)
    return parts


def overview(sketch: Sketch, parts: dict[str, tuple[str, ...]]) -> Sketch:
    """Return one node per part and one line per pair of parts, with how many lines it stands for."""
    part_of = {name: title for title, members in parts.items() for name in members}
    kinds = {node.id: node.kind for node in sketch.nodes}
    lists = {node.id: [_SINGULARS[heading] for heading, _ in node.members] for node in sketch.nodes if node.members}
    nodes = []
    for title, members in parts.items():
        counted: Counter[str] = Counter()
        for name in members:
            counted.update(lists.get(name) or [kinds[name]])
        text = ", ".join(
            f"{number} {_plural(kind) if number > 1 else kind}" for kind, number in sorted(counted.items())
        )
        nodes.append(Node(title, f"{title}: {text}", "group"))
    between: Counter[tuple[str, str, str]] = Counter()
    for line in sketch.lines:
        one, other = part_of[line.source], part_of[line.target]
        if one != other:
            between[(one, other, line.kind)] += 1
    lines = tuple(Line(one, other, kind, str(number)) for (one, other, kind), number in sorted(between.items()))
    note = (
        f"{sketch.note} A number says how many lines an arrow stands for; lines inside a part are in its own picture."
    )
    return Sketch(f"{sketch.name}-overview", f"{sketch.title}: overview", sketch.kind, tuple(nodes), lines, note=note)


def _plural(kind: str) -> str:
    return _PLURALS.get(kind, f"{kind}s")


def _part(sketch: Sketch, number: int, title: str, members: tuple[str, ...], lines: tuple[Line, ...]) -> Sketch:
    """Return the sketch of one part."""
    inside = set(members)
    nodes = tuple(node for node in sketch.nodes if node.id in inside)
    rows = tuple(row for row in (tuple(name for name in row if name in inside) for row in sketch.rows) if row)
    heading = f"{sketch.title}: {title}"
    return Sketch(f"{sketch.name}-{number}", heading, sketch.kind, nodes, lines, _boxes_around(sketch, nodes), rows)


def _boxes_around(sketch: Sketch, nodes: tuple[Node, ...]) -> tuple[Box, ...]:
    boxes = {box.id: box for box in sketch.boxes}
    wanted: set[str] = set()
    for node in nodes:
        box = boxes.get(node.box or "")
        while box is not None and box.id not in wanted:
            wanted.add(box.id)
            box = boxes.get(box.parent or "")
    return tuple(box for box in sketch.boxes if box.id in wanted)
