"""`uses: github-mcp`: the facts of a known product, under those that the description states itself."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from threatmodel.diagnostics import Diagnostic, did_you_mean, one_of
from threatmodel.errors import LoadError
from threatmodel.load.nodes import MapNode, SeqNode
from threatmodel.load.places import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.catalog.component import Component
    from threatmodel.load.document import Document, Entry
    from threatmodel.span import Span


class Components(Protocol):
    """What is needed of a catalog."""

    @property
    def components(self) -> Mapping[str, Component]:
        """Id or alias → component."""


def with_components(document: Document, catalog: Components) -> Document:
    """
    Return the document with the facts of every component it uses.

    Raises:
        LoadError: a component is not known, or used in the wrong section.
    """
    merged, problems = merge_components(document, catalog)
    if problems:
        raise LoadError(problems, dict(document.sources))
    return merged


def merge_components(document: Document, catalog: Components) -> tuple[Document, tuple[Diagnostic, ...]]:
    """
    Return the same, and what is wrong instead of raising it; what cannot be merged stays as it is.

    What the description states wins, key by key; its actions are joined with those of the component by name. Facts
    that come from the component stand where `uses:` says so.
    """
    problems: list[Diagnostic] = []
    sections: dict[str, Mapping[str, Entry]] = {}
    for section, entries in document.sections.items():
        using = [entry for entry in entries.values() if isinstance(entry.body.get("uses"), str)]
        found = {}
        for entry in using:
            component = _component(entry, section, catalog, problems)
            if component is not None:
                found[entry.id] = replace(
                    entry, body=_joined(entry.body, component.facts, entry.body.value_span("uses"))
                )
        if found:
            sections[section] = MappingProxyType({**entries, **found})
    if sections:
        document = replace(document, sections=MappingProxyType({**document.sections, **sections}))
    return document, tuple(problems)


def _component(entry: Entry, section: str, catalog: Components, problems: list[Diagnostic]) -> Component | None:
    name = str(entry.body["uses"])
    component = catalog.components.get(name)
    span = entry.body.value_span("uses")
    if component is None:
        near = did_you_mean(name, catalog.components)
        fitting = sorted({item.id for item in catalog.components.values() if item.section == section})
        hint = f"for {section} there {'are' if fitting else 'is'} {one_of(fitting) if fitting else 'none'}"
        hint = f"did you mean '{near}'?" if near else hint
        problems.append(
            Diagnostic(
                "unknown-component",
                f"no component is named '{shortened(name)}'",
                span,
                f"used by {entry.kind} '{entry.id}'",
                (hint, "leave 'uses' out and state the facts yourself if it is not in the catalog"),
            )
        )
        return None
    if component.section != section and not (component.section == "tools" and section == "skills"):
        message = f"component '{component.id}' belongs under '{component.section}:', not under '{section}:'"
        problems.append(
            Diagnostic("unknown-component", message, span, "", (f"move '{entry.id}' to '{component.section}:'",))
        )
        return None
    return component


def _joined(written: MapNode, facts: Mapping[str, Any], span: Span) -> MapNode:
    """Return what is written, then the facts it does not state."""
    joined = MapNode(written.span)
    for key, value in written.items():
        known = facts.get(key)
        if key == "actions" and isinstance(value, MapNode) and isinstance(known, dict):
            value = _actions(value, known, span)  # noqa: PLW2901  the joined ones take their place
        joined.put(key, value, written.key_span(key), written.value_span(key))
    for key, value in facts.items():
        if joined.get(key) is None:
            joined.put(key, _placed(value, span), span, span)
    return joined


def _actions(written: MapNode, known: Mapping[str, Any], span: Span) -> MapNode:
    """Return the actions of both; of one that both have, the facts of both, the written ones first."""
    joined = MapNode(written.span)
    for name, value in written.items():
        facts = known.get(name)
        if isinstance(facts, dict):
            body = value if isinstance(value, MapNode) else MapNode(written.key_span(name))
            value = _joined(body, facts, span)  # noqa: PLW2901  the joined one takes its place
        joined.put(name, value, written.key_span(name), written.value_span(name))
    for name, facts in known.items():
        if name not in joined:
            joined.put(name, _placed(facts, span), span, span)
    return joined


def _placed(value: Any, span: Span) -> Any:  # noqa: ANN401  plain data of any kind
    """Return plain data of the catalog as nodes that stand at `span`."""
    if isinstance(value, dict):
        node = MapNode(span)
        for key, item in value.items():
            node.put(str(key), _placed(item, span), span, span)
        return node
    if isinstance(value, list | tuple):
        items = SeqNode(span)
        for item in value:
            items.put(_placed(item, span), span)
        return items
    return value
