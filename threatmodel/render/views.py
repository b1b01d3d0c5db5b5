"""Analysis → sketches: what each view of a system shows."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from threatmodel.render.outside_text import OutsideText, outside_text
from threatmodel.render.sketch import Box, Line, Node, Sketch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.model.graph import Edge, ModelGraph

DRAWN: Final = frozenset({"agent", "tool", "skill", "store", "model", "person", "external", "service"})
SECRETS: Final = frozenset({"identity", "credential"})
LISTED: Final = {"identity": "identities", "credential": "credentials", "control": "controls"}
"""Kinds that a band lists where they have no lines, with their heading."""
ROW: Final = 5  # elements beside each other in a band: what a page is wide
BESIDE: Final = 2  # elements that leave room for a list in their row
NO_LAYER: Final = "other"
ORDER: Final = (
    "agent",
    "model",
    "store",
    "service",
    "person",
    "external",
    "tool",
    "skill",
    "identity",
    "credential",
    "control",
    "runtime",
)
"""Kinds as they stand beside each other in a band."""


def layers(analysis: Analysis) -> Sketch:
    """Every element in the band of its primary layer; a boundary is one box per band, with one name and colour."""
    graph = analysis.model.graph
    flowing = {end for flow in graph.flows for end in (flow.source, flow.target)}
    kinds = DRAWN | SECRETS | {"control"}
    shown = [name for name, element in graph.elements.items() if element.kind in kinds or name in flowing]
    band_of = {name: (analysis.placements[name].layers or (NO_LAYER,))[0] for name in shown}
    titles = _titles(analysis)
    bands = [layer for layer in titles if layer in set(band_of.values())] + sorted(set(band_of.values()) - set(titles))
    colors = {boundary.id: number for number, boundary in enumerate(graph.of_kind("boundary"))}
    inner = {name: (graph.boundaries_of.get(name) or ("",))[-1] for name in shown}
    boxes = [Box(band, f"{band} {titles.get(band, '')}".strip(), "band", 0) for band in bands]
    inside = (edge for edge in graph.edges if {edge.source, edge.target} <= set(shown))
    lines = _lines(inside, outside_text(analysis))
    ends = {name for line in lines for name in (line.source, line.target)}
    nodes: list[Node] = []
    rows: list[tuple[str, ...]] = []
    for band in bands:
        members = sorted(
            (name for name in shown if band_of[name] == band),
            key=lambda name: (colors.get(inner[name], -1), ORDER.index(graph.elements[name].kind), name),
        )
        loose = [name for name in members if graph.elements[name].kind in LISTED and name not in ends]
        drawn = [name for name in members if name not in loose]
        around = dict.fromkeys(inner[name] for name in drawn if inner[name])
        boxes += [Box(f"{band}--{boundary}", boundary, "boundary", colors[boundary], band) for boundary in around]
        nodes += [_node(graph, name, f"{band}--{inner[name]}" if inner[name] else band) for name in drawn]
        rows += _rows(list(some) for _, some in groupby(drawn, key=inner.__getitem__))
        if loose:
            nodes.append(_list(graph, loose, band))
            beside = rows.pop() if drawn and len(drawn) <= BESIDE else ()
            rows.append((*beside, nodes[-1].id))
    return Sketch("layers", "MAESTRO layers", "layers", tuple(nodes), lines, tuple(boxes), tuple(rows), BOUNDARIES)


def dataflow(analysis: Analysis) -> Sketch:
    """Who sends what to whom, across which boundary; boundaries nest, of overlapping ones the smallest counts."""
    graph = analysis.model.graph
    edges = [edge for edge in graph.edges if edge.stated or (edge.kind != "model" and _both(graph, edge, DRAWN))]
    ends = {name for edge in edges for name in (edge.source, edge.target)}
    shown = [name for name, element in graph.elements.items() if element.kind in DRAWN - {"model"} or name in ends]
    boxes, box_of, hidden = _nested(graph, shown)
    nodes = tuple(_node(graph, name, box_of.get(name)) for name in shown)
    numbers = {id(edge): number for number, edge in enumerate((edge for edge in edges if edge.stated), start=1)}
    text = outside_text(analysis)
    lines = []
    for edge in edges:
        stated = (str(numbers[id(edge)]), f"{edge.source} to {edge.target}{_carried(edge)}") if edge.stated else ()
        line = _line(edge, text, *stated)
        lines.append(line)
        # A line that shows whose text comes back hides what is written or sent by it: that goes the other way.
        if not edge.stated and line.source == edge.target and (edge.kind != "tool" or _sends(graph, edge)):
            lines.append(Line(edge.source, edge.target, "use"))
    title, note = "Data flows and trust boundaries", BOUNDARIES + hidden
    return Sketch("dataflow", title, "dataflow", nodes, tuple(_without_repeats(lines)), boxes, (), note)


def identity(analysis: Analysis) -> Sketch:
    """Which agent, service or tool acts as whom, and with which secret, kept where."""
    graph = analysis.model.graph
    lines: list[Line] = []
    for element in graph.elements.values():
        if element.kind in {"agent", "service", "tool", "skill", "model", "external"}:
            for key in ("identity", "credential", "credentials"):
                lines += [Line(element.id, name, "flow") for name in element.words(key) if name in graph.elements]
        if element.kind == "agent":
            lines += [
                Line(element.id, tool.id, "use")
                for tool in graph.tools_of[element.id]
                if tool.words("credential") or tool.words("identity")
            ]
        if element.kind == "credential":
            lines += [Line(element.id, name, "flow") for name in element.words("identity") if name in graph.elements]
            lines += [Line(name, element.id, "flow") for name in element.words("held_by") if name in graph.elements]
            lines += [
                Line(name, element.id, "delegation", "makes")
                for name in element.words("derived_from")
                if name in graph.elements
            ]
    lines = list(dict.fromkeys(lines))
    ends = {name for line in lines for name in (line.source, line.target)}
    shown = [name for name, element in graph.elements.items() if name in ends or element.kind in SECRETS]
    nodes = tuple(_secret(graph, name) for name in shown)
    note = "A credential shows where it lies and how long it lives; 'unsaid' is unknown, not safe."
    return Sketch("identity", "Identities and secrets", "identity", nodes, tuple(lines), note=note)


def delegation(analysis: Analysis) -> Sketch:
    """Which agent hands work to which, and what of the conversation goes along."""
    graph = analysis.model.graph
    lines = [
        Line(one.source, one.target, "delegation" if one.says("context") else "unsaid", one.word("context") or "")
        for one in graph.delegations
    ]
    nodes = tuple(_node(graph, agent.id, None) for agent in graph.agents)
    note = "An arrow says what goes along: the transcript, a summary, a message, typed fields or nothing; '?': unsaid."
    return Sketch("delegation", "Delegation between agents", "delegation", nodes, tuple(lines), note=note)


BOUNDARIES: Final = "Dashed boxes are trust boundaries; pale elements are out of scope."
MOST_NOTES: Final = 8  # elements of several boundaries
VIEWS: Final[Mapping[str, Callable[[Analysis], Sketch]]] = {
    "layers": layers,
    "dataflow": dataflow,
    "identity": identity,
    "delegation": delegation,
}


def _titles(analysis: Analysis) -> dict[str, str]:
    """Return the layers of the framework, in its order, with their titles."""
    maestro = analysis.model.catalog.frameworks.get("maestro")
    entries = maestro.entries if maestro is not None else ()
    return {entry.id: entry.title or "" for entry in entries if entry.kind.value == "layer"}


def _rows(groups: Iterable[list[str]]) -> list[tuple[str, ...]]:
    """Return rows of at most `ROW`: the elements of a boundary share one, or have rows of their own."""
    rows: list[list[str]] = []
    shared: list[list[str]] = []
    for group in groups:
        if len(group) <= ROW:
            row = next((row for row in shared if len(row) + len(group) <= ROW), None)
            if row is None:
                row = []
                rows.append(row)
                shared.append(row)
            row += group
        else:
            length = -(-len(group) // -(-len(group) // ROW))
            rows += [group[start : start + length] for start in range(0, len(group), length)]
    return [tuple(row) for row in rows]


def _list(graph: ModelGraph, members: list[str], band: str) -> Node:
    """Return the node that lists elements: drawn one by one, they would be most of the picture."""
    said = []
    for name in members:
        element = graph.elements[name]
        aside = "" if element.out_of_scope is None else " (out of scope)"
        said.append((LISTED[element.kind], f"{name}{aside}"))
    return Node(f"{band}: listed", "", "list", band, members=tuple(said))


def _lines(edges: Iterable[Edge], text: OutsideText) -> tuple[Line, ...]:
    return tuple(_without_repeats([_line(edge, text) for edge in edges]))


def _without_repeats(lines: list[Line]) -> Iterator[Line]:
    """Yield every line but plain uses that repeat another one, or a flow of the same direction."""
    stronger = {(line.source, line.target) for line in lines if line.kind != "use"}
    seen: set[tuple[str, str]] = set()
    for line in lines:
        ends = (line.source, line.target)
        if line.kind != "use" or ends not in stronger | seen:
            yield line
        seen.add(ends)


def _node(graph: ModelGraph, name: str, box: str | None) -> Node:
    element = graph.elements[name]
    return Node(name, name, element.kind, box, muted=element.out_of_scope is not None)


def _secret(graph: ModelGraph, name: str) -> Node:
    element = graph.elements[name]
    if element.kind != "credential":
        return _node(graph, name, None)
    stored, lifetime = element.word("stored_in") or "unsaid place", element.word("lifetime") or "unsaid lifetime"
    lifetime = "never ends" if lifetime == "never" else lifetime
    return Node(name, f"{name} in {stored}, {lifetime}", "credential", None, muted=element.out_of_scope is not None)


def _line(edge: Edge, text: OutsideText, label: str = "", note: str = "") -> Line:
    if edge.kind == "delegation":
        return Line(edge.source, edge.target, "delegation", label)
    there, back = (edge.source, edge.target), (edge.target, edge.source)
    # The text that a call brings back runs against the call.
    usual = there if edge.stated else back
    for kind, said, pairs in (("untrusted", True, text.certain), ("unsaid", None, text.doubtful)):
        if edge.untrusted is said and (kind == "untrusted" or edge.kind in {"flow", "tool"}):
            return Line(*usual, kind, label, note)
        ways = [there] if edge.stated else [way for way in (there, back) if way not in text.told]
        passed = next((way for way in ways if way in pairs), None)
        if passed is not None:
            return Line(*passed, kind, label, note)
    return Line(*there, "flow" if edge.stated else "use", label, note)


def _sends(graph: ModelGraph, edge: Edge) -> bool:
    """Return whether an agent does more than read by a tool."""
    if edge.kind != "tool":
        return False
    offered = graph.actions_of_tool.get(edge.target, ())
    used = graph.attached.get(edge.source, offered)
    return any(set(action.effects) - {"read"} for action in used if action.tool.id == edge.target)


def _carried(edge: Edge) -> str:
    said = [", ".join(edge.carries)] if edge.carries else []
    if edge.element is not None:
        said += [edge.element.word("protocol") or ""] + (
            ["not authenticated"] if edge.element.word("authenticated") == "no" else []
        )
    parts = [part for part in said if part]
    return f" ({'; '.join(parts)})" if parts else ""


def _both(graph: ModelGraph, edge: Edge, kinds: Iterable[str]) -> bool:
    return all(name in graph.elements and graph.elements[name].kind in kinds for name in (edge.source, edge.target))


def _nested(graph: ModelGraph, shown: list[str]) -> tuple[tuple[Box, ...], dict[str, str], str]:
    """
    Return boundaries as boxes that nest, the innermost box of each element, and a sentence on what boxes cannot show.

    Boxes of Graphviz cannot overlap: an element of two boundaries, neither inside the other, stands in the smaller.
    """
    inside = {name: members & set(shown) for name, members in graph.members.items()}
    order = sorted(
        (name for name, some in inside.items() if some),
        key=lambda name: (-len(inside[name]), -len(graph.members[name]), name),
    )
    parent: dict[str, str | None] = {}
    for position, name in enumerate(order):
        wider = [other for other in order[:position] if inside[name] <= inside[other]]
        said = [other for other in wider if name in graph.members[other]]
        parent[name] = said[-1] if said else wider[-1] if wider else None
    box_of: dict[str, str] = {}
    hidden: list[str] = []
    for name in shown:
        around = [boundary for boundary in order if name in inside[boundary]]
        if around:
            box_of[name] = around[-1]
            chain = set(_outward(around[-1], parent))
            hidden += [f"{name} in {boundary}" for boundary in around if boundary not in chain]
    used = {box for innermost in box_of.values() for box in _outward(innermost, parent)}
    numbers = {boundary.id: number for number, boundary in enumerate(graph.of_kind("boundary"))}
    boxes = tuple(
        Box(name, name, "boundary", numbers.get(name, len(numbers)), parent[name]) for name in order if name in used
    )
    return boxes, box_of, _also(hidden)


def _outward(box: str, parent: Mapping[str, str | None]) -> Iterator[str]:
    """Yield a box and those around it."""
    here: str | None = box
    while here is not None:
        yield here
        here = parent[here]


def _also(hidden: list[str]) -> str:
    if not hidden:
        return ""
    shown = ", ".join(hidden[:MOST_NOTES])
    more = f" and {len(hidden) - MOST_NOTES} more" if len(hidden) > MOST_NOTES else ""
    return f" Boundaries that overlap cannot be drawn as boxes; these stand in another one too: {shown}{more}."
