"""Mappings and lists that know where each of their keys and values stood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from threatmodel.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml import Mark

    from threatmodel.span import YamlPath

    Marks: TypeAlias = tuple[str, Mark, Mark]
    """A file, and where something begins and ends in it as the parser counts."""

_SPANS: Final = 2  # a pair put together later has two places, one the parser made has four marks


def span_between(file: str, start: Mark, end: Mark) -> Span:
    """Return the span between two marks. Marks count from 0; this is the one place that adds the 1."""
    return Span(file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


class MapNode(dict[str, Any]):
    """A mapping with the place of each key and value. Treat it as read-only."""

    __slots__ = ("_places", "_where", "flow_words")

    def __init__(self, where: Span | Marks) -> None:
        """Start empty; the parser fills it. Spans are made when asked for: most never are."""
        super().__init__()
        self._where = where
        self._places: dict[str, tuple[Any, ...]] = {}  # four marks as parsed, or two spans where put together later
        self.flow_words: list[str] = []
        """Keys written in `{...}` without a colon: usually the rest of a text with an unquoted comma."""

    @property
    def span(self) -> Span:
        """Where the whole mapping stands."""
        return self._where if isinstance(self._where, Span) else span_between(*self._where)

    def put(self, key: str, value: object, key_span: Span, value_span: Span) -> None:
        """Add one pair with its places."""
        self[key] = value
        self._places[key] = (key_span, value_span)

    def key_span(self, key: str) -> Span:
        """Where the key stands; the mapping itself if it has no such key."""
        place = self._places.get(key)
        if place is None:
            return self.span
        return place[0] if len(place) == _SPANS else span_between(self._file, place[0], place[1])

    def value_span(self, key: str | int) -> Span:
        """Where the value stands; the mapping itself if it has no such key."""
        place = self._places.get(str(key))
        if place is None:
            return self.span
        return place[1] if len(place) == _SPANS else span_between(self._file, place[2], place[3])

    @property
    def _file(self) -> str:
        return self._where[0]


class SeqNode(list[Any]):
    """A list with the place of each item. Treat it as read-only."""

    __slots__ = ("_places", "_where")

    def __init__(self, where: Span | Marks) -> None:
        """Start empty; the parser fills it."""
        super().__init__()
        self._where = where
        self._places: list[tuple[Any, ...]] = []  # two marks as parsed, or one span where put together later

    @property
    def span(self) -> Span:
        """Where the whole list stands."""
        return self._where if isinstance(self._where, Span) else span_between(*self._where)

    def put(self, value: object, span: Span) -> None:
        """Add one item with its place."""
        self.append(value)
        self._places.append((span,))

    def value_span(self, index: str | int) -> Span:
        """Where the item stands; the list itself if it has no such item."""
        position = int(index)
        if not 0 <= position < len(self._places):
            return self.span
        place = self._places[position]
        return place[0] if len(place) == 1 else span_between(self._where[0], place[0], place[1])


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


def words(value: object) -> Iterator[tuple[str | int | None, object]]:
    """Yield a scalar as (None, itself) and a list as (position, item) each: a scalar is accepted where a list is."""
    if isinstance(value, list):
        yield from enumerate(value)
    elif value is not None:
        yield None, value
