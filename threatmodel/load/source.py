"""YAML text → plain data that knows where each value stood; hostile text is refused in bounded time and memory."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any, Final, NoReturn

import yaml

from threatmodel.diagnostics import Diagnostic, Label
from threatmodel.errors import LoadError
from threatmodel.load.nodes import MapNode, SeqNode, span_at, span_between
from threatmodel.load.scalars import MAX_DIGITS, SPECIAL, resolve
from threatmodel.load.syntax import syntax_diagnostic
from threatmodel.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.load.scalars import Scalar

__all__ = ["MapNode", "SeqNode", "parse", "span_at"]

MAX_CHARACTERS: Final = 16 * 1024 * 1024
MAX_DEPTH: Final = 64  # levels of nesting; the format itself needs nine
MAX_NODES: Final = 600_000  # values after aliases are expanded; 10,000 elements written out take a third
MAX_PROBLEMS: Final = 200  # more than anyone reads; the rest is cut

_MAP_TAGS: Final = {None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_STRING_TAGS: Final = {"!", "tag:yaml.org,2002:str"}


class _Stop(Exception):  # noqa: N818  a signal inside this module, not an error of its own
    """Enough is known to give up."""


class _Reader:
    """
    Turns the parser's events into nodes, without recursion.

    Problems are collected; only broken syntax and exhausted limits stop it. The mapping or list that is open is kept
    in plain attributes and pushed on `stack` when another opens inside it: this loop is where loading spends its time.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.problems: list[Diagnostic] = []
        self.root: object = None
        self.root_span = Span(name, 1, 1, 1, 1)
        self.anchors: dict[str, tuple[object, int, int]] = {}  # name → value, its size, its height
        self.open_anchors: list[str] = []
        self.total = 0

    # What can go wrong ---------------------------------------------------------------------------------------------

    def problem(
        self, code: str, message: str, span: Span, label: str, *hints: str, also: tuple[Label, ...] = ()
    ) -> None:
        """Note one problem and go on, unless there are too many to be read."""
        self.problems.append(Diagnostic(code, message, span, label, hints, also))
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Stop

    def stop(self, code: str, message: str, event: Any, label: str, *hints: str) -> NoReturn:  # noqa: ANN401  the parser's events have no types
        """Note one problem and give up."""
        self.problems.append(Diagnostic(code, message, self.span(event), label, hints))
        raise _Stop

    def span(self, event: Any) -> Span:  # noqa: ANN401  as above
        """Where the event stands."""
        return span_between(self.name, event.start_mark, event.end_mark)

    def key_is_usable(self, node: MapNode, event: Any) -> bool:  # noqa: ANN401  as above
        """Refuse a key that is not text or that was there before."""
        text = event.value
        if text in node:
            self.problem(
                "duplicate-key",
                f"the key '{_short(text)}' is given twice",
                self.span(event),
                "again here",
                "keep one of the two; the second would silently replace the first",
                also=(Label(node.key_span(text), "first here"),),
            )
            return False
        if event.tag is not None and event.tag not in _STRING_TAGS:
            self.tag(event)
        if event.implicit[0] and text == "<<":
            self.problem(
                "merge-key",
                "merge keys ('<<') are not supported",
                self.span(event),
                "written here",
                "write the keys out; known products can be named in 'uses:'",
            )
            return False
        if event.implicit[0] and not isinstance(self.scalar(event), str):
            self.problem(
                "key-not-text",
                f"the key '{_short(text)}' is not text",
                self.span(event),
                "read as a number, a truth value or nothing",
                f'put it in quotes: "{_short(text)}"',
            )
            return False
        return True

    def scalar(self, event: Any) -> Scalar:  # noqa: ANN401  as above
        """Read an unquoted scalar."""
        try:
            return resolve(event.value)
        except ValueError:
            self.problem(
                "number",
                f"'{_short(event.value)}' is no number that can be used",
                self.span(event),
                "read as a number",
                f"whole numbers have at most {MAX_DIGITS} digits; put a text in quotes",
            )
            return 0

    def tag(self, event: Any) -> None:  # noqa: ANN401  as above
        """Refuse tags: the file holds plain data."""
        self.problem(
            "tag",
            f"the tag '{_short(event.tag)}' is not supported",
            self.span(event),
            "tagged here",
            "remove it: only plain values are read, and nothing is ever run; a text that begins with '!' needs quotes",
        )

    def expand(self, event: Any, depth: int) -> tuple[object, int]:  # noqa: ANN401  as above
        """Return what an alias names, and its height; refuse those that would never end."""
        name = event.anchor
        if name in self.open_anchors:
            self.stop("recursive-alias", f"'*{_short(name)}' stands inside what it names", event, "refers to itself")
        if name not in self.anchors:
            self.stop(
                "unknown-alias",
                f"nothing is anchored as '&{_short(name)}'",
                event,
                "read as an alias",
                "a text that begins with '*' needs quotes, such as \"*.read\"",
            )
        value, size, height = self.anchors[name]
        self.total += size - 1
        if depth + height > MAX_DEPTH:
            self.too_deep(event)
        return value, height

    def too_deep(self, event: Any) -> NoReturn:  # noqa: ANN401  as above
        """Give up on nesting."""
        self.stop(
            "nested-too-deep", f"values are nested more than {MAX_DEPTH} levels deep", event, "too deep from here on"
        )

    def complex_key(self, event: Any) -> NoReturn:  # noqa: ANN401  as above
        """Give up on a key that is no text."""
        self.stop(
            "key-not-text",
            "a key is a list, a mapping or an alias, expected text",
            event,
            "used as a key",
            'put texts that begin with {, [ or * in quotes, such as "{name}"',
        )

    # The events ----------------------------------------------------------------------------------------------------

    def read(self, next_event: Callable[[], Any]) -> None:  # noqa: C901, PLR0912, PLR0915  one loop without calls: speed
        """Take every event of the stream."""
        name, text = self.name, self.text
        scalar_event, map_start, seq_start = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
        stack: list[Any] = []
        node: Any = None
        is_map = flow = skip = False
        key: Any = None  # the key event whose value comes next
        anchor: str | None = None
        height, begun, documents = 1, 0, 0

        while True:
            event = next_event()
            kind = type(event)
            if kind is scalar_event:
                value: Any = event.value
                if is_map and key is None:
                    key = event
                    if value in node or not value or value[0] in SPECIAL or value == "<<" or event.tag is not None:
                        skip = not self.key_is_usable(node, event)
                    continue
                start, end, size = event.start_mark, event.end_mark, 0
                if event.implicit[0] and (not value or value[0] in SPECIAL):
                    if flow and is_map and not value and ":" not in text[key.end_mark.index : start.index]:
                        node.flow_words.append(key.value)
                    value = self.scalar(event)
                elif event.tag is not None and event.tag not in _STRING_TAGS:
                    self.tag(event)
                if event.anchor is not None:
                    self.anchors[event.anchor] = (value, 1, 0)
            elif kind is map_start or kind is seq_start:
                if is_map and key is None:
                    self.complex_key(event)
                if len(stack) >= MAX_DEPTH:
                    self.too_deep(event)
                if event.tag not in _MAP_TAGS:
                    self.tag(event)
                stack.append((node, is_map, flow, skip, key, anchor, height, begun))
                is_map, flow, skip, key, height, begun = kind is map_start, event.flow_style, False, None, 1, self.total
                node = (MapNode if is_map else SeqNode)((name, event.start_mark, event.end_mark))
                anchor = event.anchor
                if anchor is not None:
                    self.open_anchors.append(anchor)
                continue
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                start, end = node._where[1:]  # noqa: SLF001  the parser fills its nodes
                if flow:
                    end = event.end_mark
                elif node:
                    end = node._places[next(reversed(node)) if is_map else -1][-1]  # noqa: SLF001  as above
                node._where = (name, start, end)  # noqa: SLF001  as above
                value, size = node, height
                if anchor is not None:
                    self.open_anchors.pop()
                    self.anchors[anchor] = (value, self.total - begun + 1, height)
                node, is_map, flow, skip, key, anchor, height, begun = stack.pop()
            elif kind is yaml.AliasEvent:
                if is_map and key is None:
                    self.complex_key(event)
                value, size = self.expand(event, len(stack))
                start, end = event.start_mark, event.end_mark
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self.stop(
                        "several-documents",
                        "the file holds more than one YAML document",
                        event,
                        "a second document starts here",
                        "remove the '---', or put the rest in a file of its own and name it in 'include:'",
                    )
                continue
            elif event is None or kind is yaml.StreamEndEvent:
                return
            else:
                continue

            self.total += 1
            if self.total > MAX_NODES:
                self.stop(
                    "too-many-values",
                    f"the file holds more than {MAX_NODES:,} values, aliases written out",
                    event,
                    "the limit is passed here",
                )
            if size >= height:
                height = size + 1
            if is_map:
                if not skip:
                    node[key.value] = value
                    node._places[key.value] = (key.start_mark, key.end_mark, start, end)  # noqa: SLF001  as above
                key, skip = None, False
            elif node is not None:
                node.append(value)
                node._places.append((start, end))  # noqa: SLF001  as above
            else:
                self.root, self.root_span = value, span_between(name, start, end)


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
    start = Span(name, 1, 1, 1, 1)
    if len(text) > MAX_CHARACTERS:
        raise LoadError(
            (Diagnostic("too-large", f"the file holds more than {MAX_CHARACTERS:,} characters", start),), {}
        )
    reader = _Reader(name, text)
    collecting = gc.isenabled()
    gc.disable()  # only containers are made here and none is thrown away: looking for cycles costs a third of the time
    try:
        loader = yaml.CSafeLoader(text)
        try:
            reader.read(loader.get_event)
        finally:
            loader.dispose()
    except _Stop:
        pass
    except yaml.YAMLError as error:
        reader.problems.append(syntax_diagnostic(error, name, text))
    except UnicodeEncodeError as error:  # a lone surrogate
        line = text.count("\n", 0, error.start) + 1
        reader.problems.append(
            Diagnostic("encoding", "the file holds a code point that is no character", Span(name, line, 1, line, 2))
        )
    finally:
        if collecting:
            gc.enable()
    root = reader.root
    if not reader.problems and root is not None and not isinstance(root, MapNode):
        reader.problems.append(
            Diagnostic(
                "not-a-mapping",
                "the file is not a mapping of keys to values",
                reader.root_span,
                "expected lines such as 'key: value'",
            )
        )
    if reader.problems:
        raise LoadError(tuple(sorted(reader.problems, key=Diagnostic.sort_key)), {name: text})
    return root if isinstance(root, MapNode) else empty(name)


def empty(name: str) -> MapNode:
    """Return a mapping without keys that stands at the beginning of the file."""
    return MapNode(Span(name, 1, 1, 1, 1))


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
