"""YAML text → plain data that knows where each value stood; hostile text is refused in bounded time and memory."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

from threatmodel.diagnostics import Diagnostic, Label
from threatmodel.errors import LoadError
from threatmodel.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.span import YamlPath

MAX_CHARACTERS = 16 * 1024 * 1024
MAX_DEPTH = 64  # levels of nesting; the format itself needs nine
MAX_NODES = 600_000  # values after aliases are expanded; 10,000 elements written out take a tenth
MAX_DIGITS = 18  # of a whole number
MAX_PROBLEMS = 200  # more than anyone reads; the rest is cut

# YAML 1.2.2 §10.3.2, core schema. `yes`, `no`, `on`, `12:30` and dates are plain text there.
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_BASED = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_NUMBER_START = frozenset("0123456789+-.")
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq", "int", "float", "bool", "null")}
_STRING_TAGS = {"!", "tag:yaml.org,2002:str"}

Scalar: TypeAlias = str | int | float | bool | None


class MapNode(dict[str, Any]):
    """A mapping with the place of each key and value. Treat it as read-only."""

    __slots__ = ("_keys", "_values", "flow_words", "span")

    def __init__(self, span: Span) -> None:
        """Start empty; the parser fills it."""
        super().__init__()
        self.span = span
        self._keys: dict[str, Span] = {}
        self._values: dict[str, Span] = {}
        self.flow_words: tuple[str, ...] = ()
        """Keys written in `{...}` without a colon: usually the rest of a text with an unquoted comma."""

    def put(self, key: str, value: object, key_span: Span, value_span: Span) -> None:
        """Add one pair with its places."""
        self[key] = value
        self._keys[key] = key_span
        self._values[key] = value_span

    def key_span(self, key: str) -> Span:
        """Where the key stands; the mapping itself if it has no such key."""
        return self._keys.get(key, self.span)

    def value_span(self, key: str | int) -> Span:
        """Where the value stands; the mapping itself if it has no such key."""
        return self._values.get(str(key), self.span)


class SeqNode(list[Any]):
    """A list with the place of each item. Treat it as read-only."""

    __slots__ = ("_values", "span")

    def __init__(self, span: Span) -> None:
        """Start empty; the parser fills it."""
        super().__init__()
        self.span = span
        self._values: list[Span] = []

    def put(self, value: object, span: Span) -> None:
        """Add one item with its place."""
        self.append(value)
        self._values.append(span)

    def value_span(self, index: str | int) -> Span:
        """Where the item stands; the list itself if it has no such item."""
        position = int(index)
        return self._values[position] if 0 <= position < len(self._values) else self.span


def span_at(root: MapNode | SeqNode, path: YamlPath, *, key: bool = False) -> Span:
    """
    Return where the value at `path` stands, or its key if `key`.

    A path that leads nowhere gives the last place that exists on its way: an error about a missing key points
    at its parent.
    """
    node: object = root
    span = root.span
    for position, step in enumerate(path):
        last = position == len(path) - 1
        if isinstance(node, MapNode) and step in node:
            span = node.key_span(str(step)) if key and last else node.value_span(step)
            node = node[str(step)]
        elif isinstance(node, SeqNode) and isinstance(step, int) and 0 <= step < len(node):
            span = node.value_span(step)
            node = node[step]
        else:
            break
    return span


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is still open."""

    node: MapNode | SeqNode
    anchor: str | None
    key: str | None = None
    key_span: Span | None = None
    key_expected: bool = True
    skip_value: bool = False
    flow: bool = False
    size: int = 1


@dataclass(slots=True)
class _Builder:
    """Turns events into nodes. Problems are collected; only broken syntax and exhausted limits stop it."""

    name: str
    text: str
    problems: list[Diagnostic] = field(default_factory=list)
    stack: list[_Frame] = field(default_factory=list)
    anchors: dict[str, tuple[object, int]] = field(default_factory=dict)
    total: int = 0
    root: object = None
    root_span: Span | None = None
    documents: int = 0

    def span(self, start: yaml.Mark, end: yaml.Mark) -> Span:
        """Marks count from 0; this is the one place that adds the 1."""
        return Span(self.name, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def problem(self, code: str, message: str, span: Span, label: str = "", *hints: str, also: tuple[Label, ...] = ()) -> None:
        """Note one problem and go on, unless there are too many to be read."""
        self.problems.append(Diagnostic(code, message, span, label, hints, also))
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Stop

    def stop(self, code: str, message: str, span: Span, label: str = "", *hints: str) -> None:
        """Note one problem and give up."""
        self.problems.append(Diagnostic(code, message, span, label, hints))
        raise _Stop

    def feed(self, events: Iterator[yaml.Event]) -> None:
        """Take every event of the stream."""
        for event in events:
            match event:
                case yaml.ScalarEvent():
                    self.scalar(event)
                case yaml.MappingStartEvent():
                    self.open(MapNode(self.span(event.start_mark, event.end_mark)), event)
                case yaml.SequenceStartEvent():
                    self.open(SeqNode(self.span(event.start_mark, event.end_mark)), event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self.close(event)
                case yaml.AliasEvent():
                    self.alias(event)
                case yaml.DocumentStartEvent():
                    self.document(event)
                case _:
                    pass

    def document(self, event: yaml.Event) -> None:
        """Refuse a second document."""
        self.documents += 1
        if self.documents > 1:
            self.stop(
                "several-documents", "the file holds more than one YAML document", self.span(event.start_mark, event.end_mark),
                "a second document starts here", "remove the '---', or put the rest in a file of its own and name it in 'include:'",
            )  # fmt: skip

    def scalar(self, event: yaml.ScalarEvent) -> None:
        """Take a key or a single value."""
        span = self.span(event.start_mark, event.end_mark)
        frame = self.stack[-1] if self.stack else None
        if event.tag and event.tag not in _STRING_TAGS:
            self.tag(event.tag, span)
        plain = event.implicit[0] and event.tag not in _STRING_TAGS
        if frame is not None and isinstance(frame.node, MapNode) and frame.key_expected:
            self.take_key(frame, event.value, span, plain=plain)
            return
        bare = frame is not None and frame.flow and plain and event.value == "" and span.column == span.end_column
        value = self.resolve(event.value, span) if plain else event.value
        if bare and frame is not None and isinstance(frame.node, MapNode) and frame.key is not None:
            frame.node.flow_words = (*frame.node.flow_words, frame.key)
        self.add(value, span, 1, event.anchor)

    def take_key(self, frame: _Frame, text: str, span: Span, *, plain: bool) -> None:
        """Remember the key of the next value; refuse keys that are not text or that were there before."""
        node = frame.node
        frame.key, frame.key_span, frame.key_expected, frame.skip_value = text, span, False, False
        if plain and text == "<<":
            self.problem("merge-key", "merge keys ('<<') are not supported", span, "written here", "write the keys out, or describe a component once and name it in 'uses:'")  # fmt: skip
            frame.skip_value = True
        elif plain and not isinstance(self.resolve(text, span, as_key=True), str):
            self.problem("key-not-text", f"the key '{_short(text)}' is not text", span, "read as a number, a truth value or nothing", f'put it in quotes: "{_short(text)}"')  # fmt: skip
            frame.skip_value = True
        elif isinstance(node, MapNode) and text in node:
            self.problem(
                "duplicate-key", f"the key '{_short(text)}' is given twice", span, "again here",
                "keep one of the two", also=(Label(node.key_span(text), "first here"),),
            )  # fmt: skip
            frame.skip_value = True

    def open(self, node: MapNode | SeqNode, event: yaml.CollectionStartEvent) -> None:
        """Begin a mapping or list."""
        if len(self.stack) >= MAX_DEPTH:
            self.stop("nested-too-deep", f"values are nested more than {MAX_DEPTH} levels deep", node.span, "too deep from here on")  # fmt: skip
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.node, MapNode) and frame.key_expected:
            self.stop("key-not-text", "a key is a list or a mapping, expected text", node.span, "used as a key", 'put texts that begin with { or [ in quotes, such as "{name}"')  # fmt: skip
        if event.tag and event.tag not in _TAGS:
            self.tag(event.tag, node.span)
        self.stack.append(_Frame(node, event.anchor, flow=bool(event.flow_style)))

    def close(self, event: yaml.Event) -> None:
        """End a mapping or list, and hand it to what it stands in."""
        frame = self.stack.pop()
        start = frame.node.span
        end = event.end_mark
        if frame.flow:
            frame.node.span = Span(start.file, start.line, start.column, end.line + 1, end.column + 1)
        elif frame.node:
            last = _last_span(frame.node)
            frame.node.span = Span(start.file, start.line, start.column, last.end_line, last.end_column)
        self.add(frame.node, frame.node.span, frame.size, frame.anchor)

    def alias(self, event: yaml.AliasEvent) -> None:
        """Put in again what an anchor named."""
        span = self.span(event.start_mark, event.end_mark)
        if any(frame.anchor == event.anchor for frame in self.stack):
            self.stop("recursive-alias", f"'*{_short(event.anchor)}' stands inside what it names", span, "refers to itself")  # fmt: skip
        known = self.anchors.get(event.anchor)
        if known is None:
            self.stop("unknown-alias", f"no value is anchored as '&{_short(event.anchor)}'", span, "named here")
            return
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.node, MapNode) and frame.key_expected:
            self.stop("key-not-text", "a key is an alias, expected text", span, "used as a key")
        value, size = known
        self.add(value, span, size, None)

    def add(self, value: object, span: Span, size: int, anchor: str | None) -> None:
        """Place a finished value."""
        self.total += size if not isinstance(value, MapNode | SeqNode) or anchor is None else 1
        frame = self.stack[-1] if self.stack else None
        if anchor is not None:
            self.anchors[anchor] = (value, size)
        if frame is None:
            self.root, self.root_span = value, span
            return
        frame.size += size
        if frame.size > MAX_NODES:
            self.stop("too-many-values", f"the file holds more than {MAX_NODES:,} values, aliases written out", span, "the limit is passed here")  # fmt: skip
        if isinstance(frame.node, SeqNode):
            frame.node.put(value, span)
            return
        if not frame.skip_value and frame.key is not None and frame.key_span is not None:
            frame.node.put(frame.key, value, frame.key_span, span)
        frame.key_expected = True

    def tag(self, tag: str, span: Span) -> None:
        """Refuse tags: a description holds plain data."""
        if tag not in _TAGS:
            self.problem("tag", f"the tag '{_short(tag)}' is not supported", span, "tagged here", "remove it: a description holds plain values only, nothing is ever run")  # fmt: skip

    def resolve(self, text: str, span: Span, *, as_key: bool = False) -> Scalar:  # noqa: PLR0911  one return per kind of the core schema
        """Read an unquoted scalar as the YAML 1.2 core schema does."""
        if not text or text[0] not in _NUMBER_START:
            if text in _NULL:
                return None
            if text in _TRUE:
                return True
            return False if text in _FALSE else text
        if _INTEGER.match(text) or _BASED.match(text):
            digits = text.lstrip("+-0ox")
            if len(digits) > MAX_DIGITS:
                self.number(text, span)
                return 0
            return int(text, 0 if text[:2] in {"0o", "0x"} else 10)
        if _FLOAT.match(text):
            value = float(text) if len(text) <= 3 * MAX_DIGITS else float("inf")
            if value in {float("inf"), float("-inf")}:
                self.number(text, span)
                return 0
            return value
        if _NOT_FINITE.match(text) and not as_key:
            self.number(text, span)
            return 0
        return text

    def number(self, text: str, span: Span) -> None:
        """Refuse a number nobody means."""
        self.problem("number", f"'{_short(text)}' is no number a description can use", span, "read as a number", f"whole numbers have at most {MAX_DIGITS} digits; put a text in quotes")  # fmt: skip


class _Stop(Exception):  # noqa: N818  a signal inside this module, not an error of its own
    """Enough is known to give up."""


def parse(text: str, name: str) -> MapNode:
    """
    Read one YAML document whose root is a mapping.

    Args:
        text: The document.
        name: The file's name as messages shall show it.

    Returns:
        The root. An empty document gives an empty mapping.

    Raises:
        LoadError: with every problem found. Broken syntax ends the search, so what stands behind it is not seen.
    """
    builder = _Builder(name, text)
    start = Span(name, 1, 1, 1, 1)
    if len(text) > MAX_CHARACTERS:
        raise LoadError((Diagnostic("too-large", f"the file holds more than {MAX_CHARACTERS:,} characters", start),), {})
    try:
        loader = yaml.CSafeLoader(text)
        try:
            builder.feed(_events(loader))
        finally:
            loader.dispose()
    except _Stop:
        pass
    except yaml.YAMLError as error:
        builder.problems.append(_syntax(error, name, text))
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        builder.problems.append(Diagnostic("encoding", "the file holds a code point that is no character", Span(name, line, 1, line, 2)))
    root = builder.root
    if not builder.problems and root is not None and not isinstance(root, MapNode):
        builder.problems.append(
            Diagnostic("not-a-mapping", "the file is not a mapping of keys to values", builder.root_span or start,
                       "expected 'key: value' lines", ("a description begins with 'threatmodel: 1'",)),
        )  # fmt: skip
    if builder.problems:
        raise LoadError(tuple(sorted(builder.problems, key=Diagnostic.sort_key)), {name: text})
    return root if isinstance(root, MapNode) else MapNode(start)


def _events(loader: yaml.CSafeLoader) -> Iterator[yaml.Event]:
    while True:
        event = loader.get_event()
        if event is None or isinstance(event, yaml.StreamEndEvent):
            return
        yield event


def _last_span(node: MapNode | SeqNode) -> Span:
    if isinstance(node, SeqNode):
        return node.value_span(len(node) - 1)
    return node.value_span(next(reversed(node)))


_SYNTAX_HINTS = (
    ("found character '\\t'", "indent with spaces: YAML does not allow tabs there"),
    ("cannot start any token", "put a text that begins with @, ` or % in quotes"),
    ("mapping values are not allowed", "put a text that holds ': ' in quotes, or check the indentation of this line"),
    ("did not find expected ',' or '}'", "a '{' is not closed, or a text inside it needs quotes"),
    ("did not find expected ',' or ']'", "a '[' is not closed, or a text inside it needs quotes"),
    ("could not find expected ':'", "a key lacks its ':', or a text goes on over the line without quotes"),
    ("did not find expected key", "this line does not line up with the keys above it"),
    ("did not find expected '-' indicator", "this line does not line up with the list above it"),
    ("unexpected end of stream", "a quote or bracket that was opened is not closed"),
    ("control characters are not allowed", "remove the control character; in double quotes it can be written as an escape"),
    ("found duplicate anchor", "give the second anchor another name"),
)


def _syntax(error: yaml.YAMLError, name: str, text: str) -> Diagnostic:
    """Turn the parser's words into a message with a place."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error).splitlines()[0]
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        position = getattr(error, "position", 0) or 0
        before = text[: position if isinstance(position, int) else 0]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    else:
        line, column = mark.line + 1, mark.column + 1
    hints = tuple(hint for words, hint in _SYNTAX_HINTS if words in f"{problem} {error}")[:1]
    context = getattr(error, "context", None)
    start = getattr(error, "context_mark", None)
    also = (Label(Span(name, start.line + 1, start.column + 1, start.line + 1, start.column + 2), str(context)),) if start and context and start.line + 1 != line else ()  # fmt: skip
    return Diagnostic("yaml-syntax", f"this is not YAML: {problem}", Span(name, line, column, line, column + 1), "reading stopped here", hints, also)  # fmt: skip


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
