"""Entries of the catalogs as text: one line each for lists, a page each for `show`."""

from __future__ import annotations

import textwrap
from functools import singledispatch
from typing import TYPE_CHECKING, Any, Final

from threatmodel.catalog.component import Component
from threatmodel.catalog.control import ControlType
from threatmodel.catalog.framework import Entry, Framework
from threatmodel.catalog.rule import Rule
from threatmodel.render.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.catalog.reader import Catalog

LABEL: Final = 17  # columns of what stands before a text


def listed(rows: Iterable[tuple[str, str]]) -> str:
    """Return one line per row, its id first, what it is in a column of its own."""
    known = [(visible(name), visible(text)) for name, text in rows]
    column = min(max((len(name) for name, _ in known), default=0), 44)
    return "".join(f"{name:<{column}}  {text}".rstrip() + "\n" for name, text in known)


@singledispatch
def page(item: object, catalog: Catalog, width: int = 100) -> str:  # noqa: ARG001
    """
    Return everything a catalog says about one thing.

    Args:
        item: A rule, control, component, framework or framework entry.
        catalog: Gives the titles of what the item refers to.
        width: Columns.
    """
    raise TypeError(type(item).__name__)


@page.register(Rule)
def _rule_page(item: Rule, catalog: Catalog, width: int = 100) -> str:
    return _page(f"{item.id}: {item.title}", width, [
        ("status", f"{item.status}, since {item.since}, weighs {item.impact}, topic {item.topic}"),
        ("looks at", ", ".join(item.applies_to)),
        ("why", item.why),
        ("fix", item.fix),
        ("false positives", item.false_positives),
        ("detects", [_reference(name, catalog) for name in item.references]),
        ("controls", [_control(name, catalog) for name in item.controls]),
        ("broken by", ", ".join(item.broken_by)),
        ("file", item.path),
    ]) + _example("fires on", item.bad) + _example("is silent on", item.good)  # fmt: skip


@page.register(ControlType)
def _control_page(item: ControlType, catalog: Catalog, width: int = 100) -> str:
    own = [f"{name}: {item.settings[name].about}{_words(item.settings[name])}" for name in item.own_settings]
    return _page(f"{item.id}: {item.title}", width, [
        ("also called", ", ".join(item.aliases)),
        ("is", item.summary),
        ("does", f"{item.acts.value} ({'can' if item.acts.on_routes else 'cannot'} break a route)"),
        ("stands on", ", ".join(item.stands_on)),
        ("layers", ", ".join(item.layers)),
        ("named by", f"{item.by.about}{'' if item.by.needed else ' (may be left out)'}" if item.by else ""),
        ("settings", own),
        ("weak when", list(item.weak_when)),
        ("proven by", [f"{proof.kind}: {proof.about}" for proof in item.proof]),
        ("cost", f"{item.cost} of 5: {item.cost_reason}"),
        ("counters", [_reference(name, catalog) for name in item.threats]),
        ("helps to satisfy", [
            f"{_reference(one.entry, catalog)} [{one.mapping.value}: {one.reason}]" for one in item.satisfies
        ]),
        ("file", item.path),
    ])  # fmt: skip


@page.register(Component)
def _component_page(item: Component, catalog: Catalog, width: int = 100) -> str:  # noqa: ARG001
    facts = [f"{key}: {value}" for key, value in item.facts.items() if key != "actions"]
    return _page(f"{item.id}: {item.title}", width, [
        ("also called", ", ".join(item.aliases)),
        ("write", f"{item.section}: {{my-name: {{uses: {item.id}}}}}"),
        ("facts", facts),
        ("actions", [f"{name}: {_action(facts)}" for name, facts in item.actions.items()]),
        ("notes", list(item.notes)),
        ("read from", item.source),
        ("checked", item.checked),
        ("file", item.path),
    ])  # fmt: skip


@page.register(Framework)
def _framework_page(item: Framework, catalog: Catalog, width: int = 100) -> str:  # noqa: ARG001
    kinds: dict[str, int] = {}
    for entry in item.entries:
        kinds[entry.kind.value] = kinds.get(entry.kind.value, 0) + 1
    return _page(f"{item.id}: {item.title} {item.version}", width, [
        ("published by", f"{item.publisher}{f', {item.published}' if item.published else ''}"),
        ("source", item.source),
        ("license", item.license),
        ("used for", item.role.value),
        ("entries", ", ".join(f"{count} {kind}" for kind, count in kinds.items())),
        ("notes", list(item.notes)),
        ("list them", f"threatmodel catalog list {item.id}"),
        ("file", item.path),
    ])  # fmt: skip


@page.register(Entry)
def _entry_page(item: Entry, catalog: Catalog, width: int = 100) -> str:
    framework = catalog.frameworks[item.framework]
    standing = f"{item.status.value}, id and title from a {item.verified.value} source"
    return _page(f"{item.reference}: {item.heading}", width, [
        ("of", f"{framework.title} {framework.version}"),
        ("is", f"a {item.kind.value}; {standing}{'; the id is ours' if item.local_id else ''}"),
        ("below", item.parent or ""),
        ("summary", item.summary if item.title else ""),
        ("our words", "" if item.title else "the publication gives no title; the heading is our summary"),
        ("note", item.note or ""),
        ("rules", [rule.id for rule in catalog.rules.values() if item.reference in rule.references]),
        ("controls", [_control(one.id, catalog) for one in catalog.controls.values() if item.reference in one.threats
                      or any(item.reference == satisfied.entry for satisfied in one.satisfies)]),
        ("in articles", [f"{alias.code}: {alias.why}" for alias in item.search_aliases]),
        ("other meanings", [
            f"{other.title} in {other.document}. {other.why}".rstrip() for other in item.other_meanings
        ]),
    ])  # fmt: skip


def _page(title: str, width: int, facts: list[tuple[str, Any]]) -> str:
    lines = [visible(title), ""]
    for label, value in facts:
        texts = value if isinstance(value, list) else [value] if value else []
        for position, text in enumerate(texts):
            head = f"{'' if position else label:<{LABEL}}"
            lines += textwrap.wrap(
                visible(text), width, initial_indent=head, subsequent_indent=f"{'':<{LABEL}}  ", break_on_hyphens=False,
                break_long_words=False,
            )  # fmt: skip
    return "\n".join(lines) + "\n"


def _example(label: str, text: str) -> str:
    body = "".join(f"  {visible(line)}\n" for line in text.rstrip().split("\n"))
    return f"\n{label}\n{body}"


def _reference(name: str, catalog: Catalog) -> str:
    entry = catalog.entry(name)
    return f"{name} {entry.heading}" if entry else name


def _control(name: str, catalog: Catalog) -> str:
    control = catalog.controls.get(name)
    return f"{name}: {control.title}" if control else name


def _words(setting: Any) -> str:  # noqa: ANN401
    return f" ({' | '.join(map(str, setting.values))})" if setting.values else ""


def _action(facts: Any) -> str:  # noqa: ANN401  as the component file has it
    if not isinstance(facts, dict):
        return ""
    words = {key: "/".join(map(str, value)) if isinstance(value, list) else value for key, value in facts.items()}
    return ", ".join(f"{key} {value}" for key, value in words.items())
