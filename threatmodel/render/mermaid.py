"""Sketch → Mermaid text, for pages that draw it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.render.sketch import Node, Sketch

_SHAPES: Final = {
    "agent": ("([", "])"), "store": ("[(", ")]"), "person": ("((", "))"), "model": ("{{", "}}"), "tool": ("[[", "]]"),
    "credential": (">", "]"), "external": ("[/", "/]"), "control": ("{{", "}}"),
}  # fmt: skip
_ARROWS: Final = {
    "untrusted": "==>", "unsaid": "-.->", "flow": "-->", "use": "-->", "delegation": "-->", "doubt": "-.->",
    "stopped": "-.->",
}  # fmt: skip
_MARKS: Final = {"untrusted": "untrusted text", "unsaid": "?", "doubt": "?", "stopped": "stopped"}
_SPECIAL: Final = str.maketrans(
    {
        '"': "#quot;",
        "#": "#35;",
        "<": "#lt;",
        ">": "#gt;",
        "&": "#amp;",
        "`": "#96;",
        "\\": "#92;",
        "\n": " ",
        "|": "#124;",
    }
)


def mermaid(sketch: Sketch) -> str:
    """Return a flowchart; names are escaped as Mermaid entities."""
    return "\n".join(_lines(sketch)) + "\n"


def escaped(text: str) -> str:
    """Return a text as it can stand between quotes in Mermaid."""
    return visible(text).translate(_SPECIAL)


def _lines(sketch: Sketch) -> Iterator[str]:
    ids = {node.id: f"n{number}" for number, node in enumerate(sketch.nodes)}
    yield "---"
    yield f'title: "{escaped(sketch.title)}"'
    yield "---"
    yield f"flowchart {'TB' if sketch.rows else 'LR'}"
    yield from _inside(sketch, None, ids, 1)
    for line in sketch.lines:
        text = " ".join(part for part in (line.label, _MARKS.get(line.kind, "")) if part)
        label = f'|"{escaped(text)}"|' if text else ""
        yield f"  {ids[line.source]} {_ARROWS[line.kind]}{label} {ids[line.target]}"


def _inside(sketch: Sketch, parent: str | None, ids: dict[str, str], depth: int) -> Iterator[str]:
    pad = "  " * depth
    for number, box in enumerate(sketch.boxes):
        if box.parent == parent:
            yield f'{pad}subgraph b{number}["{escaped(box.label)}"]'
            yield from _inside(sketch, box.id, ids, depth + 1)
            yield f"{pad}end"
    for node in sketch.nodes:
        if node.box == parent:
            opening, closing = _SHAPES.get(node.kind, ("[", "]"))
            yield f'{pad}{ids[node.id]}{opening}"{escaped(_text(node))}"{closing}'


def _text(node: Node) -> str:
    """Return the label of a node; one that lists elements says them all."""
    kinds = dict.fromkeys(kind for kind, _ in node.members)
    lists = (f"{kind}: {', '.join(name for of, name in node.members if of == kind)}" for kind in kinds)
    return "; ".join(lists) or "; ".join((node.label, *node.said))
