"""Where in the description the answer to a question goes, and the line that is pasted there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.load.nodes import MapNode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from threatmodel.analysis.questions import Question
    from threatmodel.model.elements import Element
    from threatmodel.model.graph import ModelGraph
    from threatmodel.span import Span

STEP: Final = 2  # columns that a new level is indented
SHORT: Final = {"access": "do", "actions": "effect"}
"""Keys under which a plain value stands for a mapping with one key."""
COMPLETE: Final = "actions_complete: true"


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
    from threatmodel.analysis.questions import FORMS, split, takes_word

    lines = question.paste.split("\n")
    last, _, comment = lines[-1].partition("  # ")
    choices = tuple(comment.split(" | ")) if "|" in comment else ()
    element = _element(graph, question.fact)
    if element is None:
        return Answer(f"into {graph.document.file}", (*lines[:-1], last), choices)
    many = len(graph.document.sources) > 1
    path = split(question.fact)
    keys = path[len(split(f"{element.place}.key")) - 1 :]
    if keys == ("actions",) and element.word("actions_complete") == "no":
        at = _at(element.body.key_span("actions_complete"), many=many)
        return Answer(f"in place of actions_complete: on {at}, once all of them are listed", (COMPLETE,), ())
    place = _Place(graph, element, keys)
    return place.answer(choices, many=many) if takes_word(path) else place.form(FORMS.get(path[-1], "{..}"), many=many)


class _Place:
    """The innermost mapping of the file itself that the keys of a fact lead to; what a component says is passed by."""

    def __init__(self, graph: ModelGraph, element: Element, keys: tuple[str, ...]) -> None:
        self.node, self.anchor, self.keys = element.body, element.span, [*keys]
        self.borrowed = element.body.value_span("uses") if "uses" in element.body else None
        self.short = ""
        """The key under which a plain value that stands here belongs, as `access: {db: [read]}` is short for `do`."""
        before = ""
        while len(self.keys) > 1 and self.has(key := self.keys[0]):
            inner = self.node[key]
            if not isinstance(inner, MapNode):
                self.short = SHORT.get(before, "")
                break
            before = key
            self.node, self.anchor, self.keys = inner, self.node.key_span(key), self.keys[1:]
        text = graph.document.sources.get(self.node.span.file, "").split("\n", self.node.span.line)
        line = text[self.node.span.line - 1] if len(text) >= self.node.span.line else ""
        self.braces = bool(self.node) and line[self.node.span.column - 1 : self.node.span.column] == "{"

    def has(self, key: str) -> bool:
        """Return whether the file itself has a key here."""
        return key in self.node and self.node.key_span(key) != self.borrowed

    @property
    def indent(self) -> int:
        """Columns before a key that is added."""
        first = next((key for key in self.node if self.has(key)), None)
        if first is None or self.node.key_span(first).line == self.anchor.line == self.node.span.line - 1:
            return self.anchor.column - 1 + STEP
        return self.node.key_span(first).column - 1

    def answer(self, choices: tuple[str, ...], *, many: bool) -> Answer:
        """Return the lines that state the fact here."""
        key, *rest = self.keys
        if self.has(key):
            where = f"in place of {key}: on {_at(self.node.key_span(key), many=many)}"
            if not rest:
                return Answer(where, (f"{key}: unknown",), choices)
            if self.short:
                said = "" if self.node[key] is None else f"{self.short}: {_whole(self.node[key])}, "
                return Answer(where, (f"{key}: {{{said}{_inline(rest)}}}",), choices)
            return Answer(where, _nested(self.keys, 0), choices)
        if self.braces:
            return Answer(f"behind the {{ of {_at(self.node.span, many=many)}", (f"{_inline(self.keys)},",), choices)
        return Answer(f"below {_at(self.anchor, many=many)}", _nested(self.keys, self.indent), choices)

    def form(self, form: str, *, many: bool) -> Answer:
        """Return the lines of a fact that takes no single word, as a comment: filled in they state it."""
        *outer, last = self.keys
        if self.braces:
            where = f"inside the {{ }} of {_at(self.node.span, many=many)}, on a line of its own"
            said = f"{''.join(f'{key}: {{' for key in outer)}{last}: {form}{'}' * len(outer)},"
            lines: tuple[str, ...] = (f"{' ' * self.indent}# {said}",)
        else:
            where = f"below {_at(self.anchor, many=many)}"
            texts = (*(f"{key}:" for key in outer), f"{last}: {form}")
            lines = tuple(f"{' ' * (self.indent + STEP * depth)}# {text}" for depth, text in enumerate(texts))
        return Answer(f"{where}, without the # once it is filled in", lines, ())


def _element(graph: ModelGraph, fact: str) -> Element | None:
    """Return the element whose place is the longest beginning of a fact's; of an action, its tool."""
    everything = (graph.system, *graph.elements.values(), *graph.delegations, *graph.flows)
    found = [one for one in everything if fact.startswith(f"{one.place}.") and one.span.line > 0]
    best = max(found, key=lambda one: len(one.place), default=None)
    if best is None or (best.kind == "system" and not best.body):
        return None
    return best


def _whole(value: object) -> str:
    """Return a plain value or a list of them as it is written."""
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


def _nested(keys: Sequence[str], indent: int) -> tuple[str, ...]:
    *outer, last = keys
    lines = [f"{' ' * (indent + STEP * depth)}{key}:" for depth, key in enumerate(outer)]
    return (*lines, f"{' ' * (indent + STEP * len(outer))}{last}: unknown")


def _inline(keys: Sequence[str]) -> str:
    *outer, last = keys
    return f"{''.join(f'{key}: {{' for key in outer)}{last}: unknown{'}' * len(outer)}"


def _at(span: Span, *, many: bool) -> str:
    return f"{span.file}:{span.line}" if many else f"line {span.line}"
