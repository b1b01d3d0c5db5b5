"""What a schema cannot see in a framework file: ids used twice, parents that do not exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from threatmodel.span import YamlPath


@dataclass(frozen=True, slots=True)
class FrameworkProblem:
    """One thing wrong, at a path that the reader turns into a span."""

    code: str
    path: YamlPath
    message: str
    word: str = ""
    """The word that nothing answers to; empty unless the code is `unknown-reference`."""
    known: tuple[str, ...] = ()
    """What it could have been."""
    first: YamlPath | None = None
    """Where the earlier of two clashing values stands."""


def framework_problems(data: Mapping[str, Any]) -> Iterator[FrameworkProblem]:
    """
    Find ids used twice, parents that do not exist or run in a circle, and aliases that name two entries.

    Args:
        data: What the file holds; it passed `framework-1.schema.json`.

    Yields:
        Problems, in an order that two runs share.
    """
    places: dict[str, YamlPath] = {}
    parents: dict[str, str] = {}
    for position, item in enumerate(data["entries"]):
        place: YamlPath = ("entries", position, "id")
        if item["id"] in places:
            message = f"entry '{item['id']}' is listed twice"
            yield FrameworkProblem("duplicate-id", place, message, first=places[item["id"]])
        else:
            places[item["id"]] = place
            parents[item["id"]] = item.get("parent", "")
    yield from _parent_problems(data, parents)
    yield from _alias_problems(data, places)


def _parent_problems(data: Mapping[str, Any], parents: Mapping[str, str]) -> Iterator[FrameworkProblem]:
    known = tuple(parents)
    circular = _in_circles(parents)
    for position, item in enumerate(data["entries"]):
        parent = item.get("parent", "")
        place = ("entries", position, "parent")
        if parent and parent not in parents:
            message = f"no entry of framework '{data['id']}' is '{parent}'"
            yield FrameworkProblem("unknown-reference", place, message, word=parent, known=known)
        elif parent and item["id"] in circular:
            yield FrameworkProblem("circular-parent", place, f"entry '{item['id']}' is its own ancestor")


def _alias_problems(data: Mapping[str, Any], places: Mapping[str, YamlPath]) -> Iterator[FrameworkProblem]:
    owners: dict[str, tuple[str, YamlPath]] = {known: (known, place) for known, place in places.items()}
    for position, item in enumerate(data["entries"]):
        for number, alias in enumerate(item.get("aliases", ())):
            place = ("entries", position, "aliases", number)
            owner, first = owners.setdefault(alias, (item["id"], place))
            if owner != item["id"]:
                message = f"alias '{alias}' already stands for entry '{owner}'"
                yield FrameworkProblem("duplicate-alias", place, message, first=first)


def _in_circles(parents: Mapping[str, str]) -> frozenset[str]:
    """Return the ids that are their own ancestors; each id is walked over once."""
    settled: set[str] = set()
    circular: set[str] = set()
    for start in parents:
        walk: dict[str, int] = {}
        current = start
        while current in parents and current not in settled and current not in walk:
            walk[current] = len(walk)
            current = parents[current]
        if current in walk:
            circular.update(name for name, step in walk.items() if step >= walk[current])
        settled.update(walk)
    return frozenset(circular)
