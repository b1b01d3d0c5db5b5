"""Places in a file that something is to be said of, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from threatmodel.load.document import SECTIONS
from threatmodel.load.nodes import span_at

if TYPE_CHECKING:
    from threatmodel.load.nodes import MapNode
    from threatmodel.span import Span, YamlPath

LONGEST_SHOWN: Final = 40  # characters of a value in a message


@dataclass(frozen=True, slots=True)
class Spot:
    """One value of a file, by its path."""

    root: MapNode
    path: YamlPath

    @property
    def value(self) -> Any:  # noqa: ANN401  plain data of any kind
        """What stands there."""
        return value_at(self.root, self.path)

    @property
    def span(self) -> Span:
        """Where the value stands."""
        return span_at(self.root, self.path)

    @property
    def key_span(self) -> Span:
        """Where its key stands; of an item of a list the item."""
        return span_at(self.root, self.path, key=True)

    @property
    def key(self) -> str:
        """The nearest key."""
        return next((step for step in reversed(self.path) if isinstance(step, str)), "")

    @property
    def name(self) -> str:
        """A short name: its key, or of which list it is an item."""
        if not self.path:
            return "the file"
        last = self.path[-1]
        if isinstance(last, str):
            return f"'{shortened(last)}'"
        return f"item {last + 1} of '{self.key}'" if self.key else f"item {last + 1}"

    @property
    def owner(self) -> str:
        """What the mapping around it describes."""
        return holder(self.root, self.path[:-1])

    @property
    def label(self) -> str:
        """Words under the excerpt: in what it stands."""
        return f"in {self.owner}" if len(self.path) > 1 else ""


def value_at(root: MapNode, path: YamlPath) -> Any:  # noqa: ANN401  plain data of any kind
    """Return the value at a path that a validator reported."""
    node: Any = root
    for step in path:
        node = node[step]
    return node


def holder(root: MapNode, path: YamlPath) -> str:
    """Return what a mapping describes, such as "agent 'triage'" or "'runtime' of agent 'triage'"."""
    if not path:
        return "the file"
    first, rest = path[0], path[2:]
    if first in SECTIONS and len(path) > 1:
        owner = f"{SECTIONS[str(first)]} '{shortened(str(path[1]))}'"
        if rest[:1] == ("actions",) and len(rest) > 1:
            owner, rest = f"action '{shortened(str(rest[1]))}' of {owner}", rest[2:]
    elif first in {"flows", "treatments"} and len(path) > 1:
        owner = _list_item(value_at(root, path[:2]), str(first), int(path[1]) + 1)
    else:
        return Spot(root, path).name
    inner = Spot(root, path).name if rest else ""
    return f"{inner} of {owner}" if inner else owner


def _list_item(item: object, section: str, number: int) -> str:
    if section == "treatments":
        return f"treatment {number}"
    ends = (item.get("from"), item.get("to")) if isinstance(item, dict) else ()
    if all(isinstance(end, str) and end for end in ends) and ends:
        return f"flow '{shortened(str(ends[0]))}>{shortened(str(ends[1]))}'"
    return f"flow {number}"


def shown(value: object) -> str:
    """Return a value as a message shows it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return f"'{shortened(value)}'" if isinstance(value, str) else shortened(str(value))


def shortened(text: str) -> str:
    """Return the beginning of a long text."""
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
