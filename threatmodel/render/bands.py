"""
Bands of layers behind a drawing.

A cluster of Graphviz keeps every passing edge out, so that edges between distant bands would run around the picture.
Bands are therefore no clusters: the drawing is laid out once, and the bands are painted behind it where its rows stand.
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from threatmodel.render.dot import band_of_rows, names

if TYPE_CHECKING:
    from threatmodel.render.sketch import Node, Sketch

FILLS: Final = ("#f5f7f9", "#eaeef2")  # in turn, from the top
UNBOXED: Final = " Graphviz could not draw its boundaries as boxes: they stand behind the names."
INCH: Final = 72.0  # points


def background(sketch: Sketch, layout: bytes) -> str:
    """
    Return what to paint behind a sketch, as the value of Graphviz' `_background`.

    Args:
        sketch: Its rows and its boxes of kind `band`.
        layout: What `dot -Tjson0` said of it.
    """
    laid = json.loads(layout)
    right, height = (float(number) for number in laid["bb"].split(",")[2:])
    reach = _reach(sketch, laid)
    if not reach:
        return ""
    edges = [height, *((low + high) / 2 for (low, _), (_, high) in pairwise(reach)), 0.0]
    edges[-1] = max(0.0, reach[-1][0] - 8)  # the legend is below
    painted = []
    for number, (top, bottom) in enumerate(pairwise(edges)):
        fill = FILLS[number % len(FILLS)]
        corners = f"0 {bottom:.1f} 0 {top:.1f} {right:.1f} {top:.1f} {right:.1f} {bottom:.1f}"
        painted.append(f"c 7 -{fill} C 7 -{fill} P 4 {corners}")
    return " ".join(painted)


def unboxed(sketch: Sketch) -> Sketch:
    """Return a sketch whose boundaries stand behind the names: a few shapes of rows and boxes make Graphviz crash."""
    boxes = {box.id: box for box in sketch.boxes}

    def node(one: Node) -> Node:
        box = boxes.get(one.box or "")
        if box is None or box.kind == "band":
            return one
        return replace(one, box=box.parent, label=f"{one.label} ({box.label})")

    bands = tuple(box for box in sketch.boxes if box.kind == "band")
    return replace(sketch, nodes=tuple(map(node, sketch.nodes)), boxes=bands, note=f"{sketch.note}{UNBOXED}")


def _reach(sketch: Sketch, laid: dict[str, Any]) -> list[tuple[float, float]]:
    """Return the lowest and highest point of each band, from the top; its boundaries count."""
    ids = names(sketch)
    box_of = {ids[node.id]: node.box for node in sketch.nodes}
    band_of_box = {box.id: box.id if box.kind == "band" else box.parent for box in sketch.boxes}
    boxes = {"cluster_" + box.id: box.parent for box in sketch.boxes if box.kind != "band"}
    heads = {f"row{number}": band for number, band in enumerate(band_of_rows(sketch))}
    found: dict[str, list[float]] = {}
    for one in laid.get("objects", ()):
        name = one["name"]
        if "bb" in one:
            band = boxes.get(name)
            low, high = (float(one["bb"].split(",")[place]) for place in (1, 3))
        elif "pos" in one:
            band = heads[name] if name in heads else band_of_box.get(box_of.get(name) or "")
            middle, half = float(one["pos"].split(",")[1]), float(one["height"]) * INCH / 2
            low, high = middle - half, middle + half
        else:  # a group that only holds a row together
            continue
        if band is not None:
            found.setdefault(band, []).extend((low, high))
    return [(min(found[box.id]), max(found[box.id])) for box in sketch.boxes if box.id in found]
