"""Where in the description the answer to a question goes, and the line that is pasted there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.load.nodes import MapNode

if TYPE_CHECKING:
    from threatmodel.analysis.questions import Question
    from threatmodel.model.elements import Element
    from threatmodel.model.graph import ModelGraph
    from threatmodel.span import Span

STEP: Final = 2  # columns that a new level is indented


@dataclass(frozen=True, slots=True)
class Answer:
    """A line that states a fact, and its place."""

    where: str
    """What to do with it: `below system.yaml:9`."""
    lines: tuple[str, ...]
    """With the indentation that the place needs; `unknown` stands for the answer."""
    choices: tuple[str, ...]
    """Words to choose from; empty where the fact is no closed set."""


def answer(graph: ModelGraph, question: Question) -> Answer:
    """Return where the answer to a question goes. What has no place yet goes anywhere, section and all."""
    lines = question.paste.split("\n")
    last, _, comment = lines[-1].partition("  # ")
    choices = tuple(comment.split(" | ")) if "|" in comment else ()
    many = len(graph.document.sources) > 1
    element = _element(graph, question.fact)
    if element is None:
        return Answer(f"into {graph.document.file}", (*lines[:-1], last), choices)
    keys = [line.strip().removesuffix(":") for line in (*lines[:-1], last.rpartition(":")[0])]
    keys = keys[len(_path(element)) :]
    node, anchor = element.body, element.span
    while len(keys) > 1 and isinstance(inner := node.get(keys[0]), MapNode):
        node, anchor, keys = inner, node.key_span(keys[0]), keys[1:]
    if keys and keys[0] in node:
        return Answer(f"in place of what {_at(node.key_span(keys[0]), many=many)} says", _nested(keys, 0), choices)
    if _braces(graph, node):
        return Answer(f"behind the {{ of {_at(node.span, many=many)}", (f"{_inline(keys)},",), choices)
    indent = _indent(node, anchor)
    return Answer(f"below {_at(anchor, many=many)}", _nested(keys, indent), choices)


def _element(graph: ModelGraph, fact: str) -> Element | None:
    """Return the element whose place is the longest beginning of a fact's."""
    everything = (
        graph.system, *graph.elements.values(), *graph.actions.values(), *graph.delegations, *graph.flows,
    )  # fmt: skip
    found = [one for one in everything if fact.startswith(f"{one.place}.") and one.span.line > 0]
    best = max(found, key=lambda one: len(one.place), default=None)
    if best is None or (best.kind == "system" and not best.body):
        return None
    return best


def _path(element: Element) -> tuple[str, ...]:
    """Return the keys that lead to an element, as `questions.split` cuts the places below it."""
    from threatmodel.analysis.questions import split

    return split(f"{element.place}.key")[:-1]


def _braces(graph: ModelGraph, node: MapNode) -> bool:
    text = graph.document.sources.get(node.span.file, "")
    lines = text.split("\n", node.span.line)
    line = lines[node.span.line - 1] if len(lines) >= node.span.line else ""
    return bool(node) and line[node.span.column - 1 : node.span.column] == "{"


def _indent(node: MapNode, anchor: Span) -> int:
    first = next(iter(node), None)
    if first is None or node.key_span(first).line == anchor.line == node.span.line - 1:
        return anchor.column - 1 + STEP
    return node.key_span(first).column - 1


def _nested(keys: list[str], indent: int) -> tuple[str, ...]:
    *outer, last = keys
    lines = [f"{' ' * (indent + STEP * depth)}{key}:" for depth, key in enumerate(outer)]
    return (*lines, f"{' ' * (indent + STEP * len(outer))}{last}: unknown")


def _inline(keys: list[str]) -> str:
    *outer, last = keys
    return f"{''.join(f'{key}: {{' for key in outer)}{last}: unknown{'}' * len(outer)}"


def _at(span: Span, *, many: bool) -> str:
    return f"{span.file}:{span.line}" if many else f"line {span.line}"
