"""Pictures of a system: one where a reader can read it, an overview and its parts where one would be too much."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from threatmodel.errors import RenderError
from threatmodel.render.dot import dot
from threatmodel.render.graphviz import fitted, image, svg
from threatmodel.render.mermaid import mermaid
from threatmodel.render.sketch import Box, Line, Node, Sketch
from threatmodel.render.views import VIEWS
from threatmodel.render.way_views import CAPABILITY, PATH, way_view

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.analysis import Analysis

MOST_READABLE: Final = 40  # nodes of one picture on a page
BESIDE: Final = 6  # elements of one row
MOST_IN_PART: Final = 20  # nodes of a part that is made of lines
MOST_DRAWN: Final = 250  # nodes of one picture in a file of its own
_PLURALS: Final = {"person": "people", "identity": "identities", "external": "external systems"}
_SINGULARS: Final = {"identities": "identity", "credentials": "credential", "controls": "control"}
OUTSIDE: Final = "outside every boundary"
WORST_FIRST: Final = ("untrusted", "unsaid", "delegation", "flow", "use")
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
        RenderError: no view has that name; `dot` is missing, failed, or lost an edge.
    """
    sketch = replace(whole(analysis, view), explained=True)
    if suffix == "dot":
        return dot(sketch)
    if suffix == "mmd":
        return mermaid(sketch)
    if suffix in {"png", "pdf"}:
        return image(fitted(sketch), suffix)
    text = svg(fitted(sketch))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def whole(analysis: Analysis, view: str) -> Sketch:
    """
    Return a view as one sketch: everything, or the overview where everything would not be drawn in time.

    Raises:
        RenderError: no view has that name; `UnknownNameError` where it is the agent or the path that does not exist.
    """
    if view.startswith((CAPABILITY, PATH)):
        return way_view(analysis, view)
    if view not in VIEWS:
        message = f"no view is named '{view}'; there are {', '.join(VIEWS)}"
        raise RenderError(message)
    sketch = VIEWS[view](analysis)
    return sketch if len(sketch.nodes) <= MOST_DRAWN else overview(sketch)


def picture_of(sketch: Sketch) -> Picture:
    """Draw a sketch, wide or tall as it reads better."""
    sketch = fitted(sketch)
    numbers = tuple((line.label, line.note) for line in sketch.lines if line.note)
    return Picture(sketch.name, sketch.title, svg(sketch), sketch.note, sketch.kind, numbers)


def readable(sketch: Sketch) -> Iterator[Sketch]:
    """
    Yield the sketch itself, or an overview and its parts.

    Bands are shown one by one, without lines; of other views every line stands in exactly one part.
    """
    if len(sketch.nodes) <= MOST_READABLE:
        yield sketch
        return
    parts = _parts(sketch)
    yield overview(sketch)
    if sketch.rows:
        for number, (title, members) in enumerate(parts.items(), start=1):
            yield _part(sketch, number, title, members, ())
        return
    number = 0
    for number, (title, lines) in enumerate(_by_lines(sketch), start=1):
        ends = dict.fromkeys(end for line in lines for end in (line.source, line.target))
        yield _part(sketch, number, title, tuple(ends), tuple(lines))
    joined = {end for line in sketch.lines for end in (line.source, line.target)}
    alone = [node.id for node in sketch.nodes if node.id not in joined]
    if alone:
        yield _alone(sketch, number + 1, tuple(alone))


def _by_lines(sketch: Sketch) -> Iterator[tuple[str, list[Line]]]:
    """
    Yield parts as lists of lines: agents that stand together, with everything they touch, then what touches no agent.

    A part takes lines while a reader can still tell its nodes apart.
    """
    seeds = [
        node.id for node in sorted(sketch.nodes, key=lambda node: (node.kind != "agent", node.box or "", node.kind))
    ]
    agents = {node.id for node in sketch.nodes if node.kind == "agent"}
    touching: dict[str, list[Line]] = {}
    for line in sketch.lines:
        for end in dict.fromkeys((line.source, line.target)):
            touching.setdefault(end, []).append(line)
    taken: set[int] = set()
    names: list[str] = []
    lines: list[Line] = []
    for seed in seeds:
        for line in _onward(seed, touching, stops=agents):
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


def _onward(seed: str, touching: dict[str, list[Line]], *, stops: set[str]) -> Iterator[Line]:
    """Yield the lines that touch an element, then those that lead on from what it leads to, up to the next agent."""
    seen = {seed}
    waiting = [seed]
    while waiting:
        here = waiting.pop(0)
        for line in touching.get(here, ()):
            if here not in (seed, line.source):
                continue
            yield line
            if line.source == here and line.target not in seen | stops:
                seen.add(line.target)
                waiting.append(line.target)


def _listed(names: list[str]) -> str:
    shown = 3
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")


def _groups(sketch: Sketch) -> dict[str, tuple[str, ...]]:
    """Return title → its nodes: by outermost box; of those in none, people and systems of others by kind."""
    boxes = {box.id: box for box in sketch.boxes}

    def title(node: Node) -> str:
        box = boxes.get(node.box or "")
        while box is not None and box.parent is not None:
            box = boxes[box.parent]
        if box is not None:
            return box.label
        return OUTSIDE if boxes and node.kind not in _PLURALS else _plural(node.kind)

    groups: dict[str, list[str]] = {}
    for node in sketch.nodes:
        groups.setdefault(title(node), []).append(node.id)
    return {name: tuple(members) for name, members in groups.items()}


def _parts(sketch: Sketch) -> dict[str, tuple[str, ...]]:
    """Return the groups, large ones in slices."""
    slice_size = MOST_READABLE - MOST_READABLE % 6  # whole rows
    parts: dict[str, tuple[str, ...]] = {}
    for title, members in _groups(sketch).items():
        slices = [members[start : start + slice_size] for start in range(0, len(members), slice_size)]
        for number, some in enumerate(slices, start=1):
            parts[title if len(slices) == 1 else f"{title} ({number} of {len(slices)})"] = some
    return parts


def overview(sketch: Sketch) -> Sketch:
    """Return one node per group and one line per pair of them, with how many lines it stands for."""
    groups = _groups(sketch)
    group_of = {name: title for title, members in groups.items() for name in members}
    nodes = tuple(Node(title, _counted(sketch, title, members), "group") for title, members in groups.items())
    between: dict[tuple[str, str], Counter[str]] = {}
    for line in sketch.lines:
        ends = (group_of[line.source], group_of[line.target])
        if ends[0] != ends[1]:
            between.setdefault(ends, Counter())[line.kind] += 1
    lines = []
    for (source, target), kinds in sorted(between.items()):
        worst = min(kinds, key=WORST_FIRST.index)
        total = kinds.total()
        marked = worst in {"untrusted", "unsaid"} and kinds[worst] < total
        lines.append(Line(source, target, worst, f"{kinds[worst]} of {total}" if marked else str(total)))
    note = (
        f"{sketch.note} A number says how many lines an arrow stands for, and how many of them its sign is true of; "
        "lines inside a part are in its own picture."
    )
    return Sketch(f"{sketch.name}-overview", f"{sketch.title}: overview", sketch.kind, nodes, tuple(lines), note=note)


def _counted(sketch: Sketch, title: str, members: tuple[str, ...]) -> str:
    """Return a title with how many elements of which kind it holds."""
    inside = set(members)
    counted: Counter[str] = Counter()
    for node in sketch.nodes:
        if node.id in inside:
            counted.update([_SINGULARS[heading] for heading, _ in node.members] or [node.kind])
    text = ", ".join(f"{number} {_plural(kind) if number > 1 else kind}" for kind, number in sorted(counted.items()))
    return text if [title] == [_plural(kind) for kind in counted] else f"{title}: {text}"


def _alone(sketch: Sketch, number: int, members: tuple[str, ...]) -> Sketch:
    """Return the elements that no line touches, in rows, with the boundary they stand in behind their name."""
    inside = set(members)
    labels = {box.id: box.label for box in sketch.boxes}
    nodes = tuple(
        replace(node, box=None, label=f"{node.label} ({labels[node.box]})" if node.box else node.label)
        for node in sketch.nodes
        if node.id in inside
    )
    rows = tuple(members[start : start + BESIDE] for start in range(0, len(members), BESIDE))
    return Sketch(f"{sketch.name}-{number}", f"{sketch.title}: without any line", sketch.kind, nodes, (), rows=rows)


def _plural(kind: str) -> str:
    return _PLURALS.get(kind, f"{kind}s")


def _part(sketch: Sketch, number: int, title: str, members: tuple[str, ...], lines: tuple[Line, ...]) -> Sketch:
    """Return the sketch of one part."""
    inside = set(members)
    nodes = tuple(node for node in sketch.nodes if node.id in inside)
    rows = tuple(row for row in (tuple(name for name in row if name in inside) for row in sketch.rows) if row)
    leaving = sum(bool(inside & {line.source, line.target}) for line in sketch.lines) - len(lines)
    note = (
        f"Not in this picture: {leaving} further line{'s' if leaving > 1 else ''} of its elements." if leaving else ""
    )
    heading, boxes = f"{sketch.title}: {title}", _boxes_around(sketch, nodes)
    return Sketch(f"{sketch.name}-{number}", heading, sketch.kind, nodes, lines, boxes, rows, note)


def _boxes_around(sketch: Sketch, nodes: tuple[Node, ...]) -> tuple[Box, ...]:
    boxes = {box.id: box for box in sketch.boxes}
    wanted: set[str] = set()
    for node in nodes:
        box = boxes.get(node.box or "")
        while box is not None and box.id not in wanted:
            wanted.add(box.id)
            box = boxes.get(box.parent or "")
    return tuple(box for box in sketch.boxes if box.id in wanted)
