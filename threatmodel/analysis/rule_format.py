"""What a rule reads, held against the format: a misspelt path would be unknown for ever."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from threatmodel import resources
from threatmodel.analysis.conditions import paths_used
from threatmodel.analysis.custody import CUSTODY
from threatmodel.analysis.relations import relation
from threatmodel.analysis.subjects import SUBJECTS
from threatmodel.model.facts import HOPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from threatmodel.catalog.rule import Rule

_PLACEHOLDER: Final = re.compile(r"\{([a-z_.]+)\}")
_TRUTH: Final = frozenset({"yes", "no", "true", "false"})


def paths_read(rule: Rule) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each path that a rule reads, with the kinds of what it reads it of."""
    kinds = frozenset(rule.applies_to)
    yield from in_condition(rule.when, kinds)
    if rule.broken_at is not None:
        yield from in_condition({"some": rule.broken_at}, kinds)
    for path in filter(None, (rule.primary, *_PLACEHOLDER.findall(rule.message + rule.unknown))):
        short = path.partition(".")[2] if path.partition(".")[0] in {*kinds, "subject"} and "." in path else path
        if short == CUSTODY and kinds == {"credential"}:
            continue
        if short != "id" and not any(relation(short, kind) for kind in kinds):
            yield short, kinds


def in_condition(condition: Mapping[str, Any], kinds: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the paths of a condition and those inside `where:`, which are read of what the relation finds."""
    for path in paths_used(condition):
        yield path, kinds
    for operator, operand in condition.items():
        if operator in {"some", "every"}:
            yield from in_condition(operand["where"], _found(operand["of"], kinds))
        for part in operand if isinstance(operand, list) else [operand] if operator == "not" else []:
            if isinstance(part, dict):
                yield from in_condition(part, kinds)


def words_asked(condition: object, kinds: frozenset[str]) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield path, word and kinds of every `is:` of a condition."""
    if isinstance(condition, list):
        for part in condition:
            yield from words_asked(part, kinds)
        return
    if not isinstance(condition, dict):
        return
    for operator, operand in condition.items():
        if operator == "is":
            for path, words in operand.items():
                yield from ((path, _word(word), kinds) for word in (words if isinstance(words, list) else [words]))
        elif operator in {"all", "any", "not"}:
            yield from words_asked(operand, kinds)
        elif operator in {"some", "every"}:
            yield from words_asked(operand["where"], _found(operand["of"], kinds))


def exists(kind: str, path: str) -> bool:
    """Return whether a path may exist on what is of a kind."""
    if kind in SUBJECTS:
        return path in SUBJECTS[kind].fields
    return bool(_forms(kind, path))


def words_of(kind: str, path: str) -> frozenset[str]:
    """Return the words that a path may hold; empty where it may hold anything."""
    if kind in SUBJECTS:
        return SUBJECTS[kind].fields.get(path, frozenset())
    words: set[str] = set()
    waiting = _forms(kind, path)
    while waiting:
        form = waiting.pop()
        if "$ref" in form:
            waiting.append(_schema()[form["$ref"].rpartition("/")[2]])
        elif "anyOf" in form:
            waiting += form["anyOf"]
        elif "enum" in form:
            words |= {"yes" if word is True else "no" if word is False else str(word) for word in form["enum"]}
        elif form.get("type") == "array" and "items" in form:
            waiting.append(form["items"])
        elif form.get("type") == "boolean":
            words |= _TRUTH
        else:
            return frozenset()
    return frozenset(words | _TRUTH) if words & _TRUTH else frozenset(words)


def known_paths(kind: str) -> tuple[str, ...]:
    """Return the first keys that a path on a kind can begin with, to suggest one."""
    if kind in SUBJECTS:
        return tuple(SUBJECTS[kind].fields)
    return tuple(_schema().get(kind, {}).get("properties", ()))


@cache
def _schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(resources.schema_text("system-1"))["$defs"]
    return found


def _word(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _found(name: str, kinds: frozenset[str]) -> frozenset[str]:
    return frozenset().union(*(way.finds for kind in kinds if (way := relation(name, kind))))


def _forms(kind: str, path: str) -> list[dict[str, Any]]:
    """Return the schemas of what a path leads to."""
    keys = path.split(".")
    forms: list[dict[str, Any]] = [_schema()[kind]]
    for position, key in enumerate(keys):
        forms = [
            inner
            for form in forms
            if key in form.get("properties", {})
            for inner in _entered(form["properties"][key], key, last=position == len(keys) - 1)
        ]
    return forms


def _entered(node: dict[str, Any], key: str, *, last: bool) -> Iterator[dict[str, Any]]:
    """Yield the mappings that a key may hold or name; for the last key, whatever it holds."""
    if last:
        yield node
        return
    waiting = [node]
    while waiting:
        form = waiting.pop()
        if "properties" in form:
            yield form
        if "$ref" in form:
            waiting.append(_schema()[form["$ref"].rpartition("/")[2]])
        waiting += form.get("anyOf", ())
    yield from (_schema()[name] for name in HOPS.get(key, ()))
