"""A rule of the catalog → a rule that is ready to run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from threatmodel.analysis.conditions import ConditionError, Test, compile_condition
from threatmodel.analysis.relations import relation
from threatmodel.analysis.subjects import SUBJECTS
from threatmodel.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.catalog.rule import Rule

_PLACEHOLDER: Final = re.compile(r"\{([a-z_.]+)\}")


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule that is ready to run."""

    rule: Rule
    test: Test
    primary: tuple[str, ...]
    parts: tuple[str, ...]
    """The message, cut at its placeholders: texts at even places, paths at odd ones."""
    unknown_parts: tuple[str, ...]
    references: tuple[tuple[str, tuple[str, ...]], ...]
    """Framework → its entries that the rule names."""
    narrow: tuple[tuple[str, frozenset[str]], ...] = ()
    """Fields of something derived with the only words that the condition lets through, to look at no others."""
    matters: Test | None = None
    """Which of the elements that `broken_at` leads to need a control; None where only the subject counts."""


def compile_rule(rule: Rule) -> CompiledRule:
    """
    Prepare a rule.

    Raises:
        RuleError: its condition, a relation or a path is not one that exists.
    """
    kinds = frozenset(rule.applies_to)
    try:
        test = compile_condition(rule.when, kinds)
    except ConditionError as error:
        raise RuleError(rule.id, "its condition", str(error)) from None
    for name in rule.related:
        if not any(relation(name, kind) for kind in kinds):
            raise RuleError(rule.id, "related", f"no relation '{name}' starts at {', '.join(sorted(kinds))}")
    matters = None
    if rule.broken_at is not None:
        ways = [relation(rule.broken_at["of"], kind) for kind in kinds]
        try:
            finds = frozenset().union(*(way.finds for way in ways if way is not None))
            matters = compile_condition(rule.broken_at["where"], finds) if all(ways) else None
        except ConditionError as error:
            raise RuleError(rule.id, "broken_at", str(error)) from None
        if matters is None:
            message = f"no relation '{rule.broken_at['of']}' starts at {', '.join(sorted(kinds))}"
            raise RuleError(rule.id, "broken_at", message)
    unknown = rule.unknown or f"cannot tell whether this holds for {{id}}: {rule.title[:1].lower()}{rule.title[1:]}"
    primary = tuple(rule.primary.split(".")) if rule.primary else ()
    narrow = _narrow(rule.when) if kinds <= SUBJECTS.keys() else ()
    return CompiledRule(
        rule, test, primary, _cut(rule.message), _cut(unknown), _by_framework(rule.references), narrow, matters
    )


def _narrow(when: Mapping[str, Any]) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return what the `is` and `includes` at the top of a condition ask of single fields."""
    parts = when["all"] if isinstance(when.get("all"), list) else [when]
    found = []
    for part in parts:
        [(operator, asked)] = part.items()
        if operator in {"is", "includes"} and isinstance(asked, dict):
            for path, value in asked.items():
                words = [_word(word) for word in (value if isinstance(value, list) else [value])]
                if not any("*" in word for word in words):
                    found.append((path, frozenset(words)))
    return tuple(found)


def _word(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _by_framework(references: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, list[str]] = {}
    for reference in references:
        framework, _, entry = reference.partition(":")
        found.setdefault(framework, []).append(entry)
    return tuple((framework, tuple(entries)) for framework, entries in sorted(found.items()))


def _cut(message: str) -> tuple[str, ...]:
    return tuple(_PLACEHOLDER.split(message))
