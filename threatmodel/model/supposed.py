"""Document → the same with facts stated otherwise, checked like any other; nothing is written to a file."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from threatmodel.diagnostics import Diagnostic, Level, did_you_mean, one_of
from threatmodel.errors import LoadError, ThreatmodelError
from threatmodel.load.dates import check_dates
from threatmodel.load.document import SECTIONS
from threatmodel.load.files import start_of
from threatmodel.load.nodes import MapNode, SeqNode
from threatmodel.load.schema import check
from threatmodel.load.source import parse
from threatmodel.load.synonyms import replace_synonyms
from threatmodel.model.components import merge_components
from threatmodel.model.control_check import check_controls
from threatmodel.model.references import check_references
from threatmodel.model.sense import check_sense

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from threatmodel.catalog.reader import Catalog
    from threatmodel.load.document import Document, Entry
    from threatmodel.model.control_check import Controls

LISTED = {"delegates_to": "to"}
"""Keys whose value is a list of mappings that places name by one of their keys (SEMANTICS 11.2)."""
SHORT = {"access": "do", "actions": "effect"}
"""Keys under which a plain value stands for a mapping with one key."""


class SupposeError(ThreatmodelError):
    """A change names a place that is not there, or a value that the format does not allow."""


def with_fact(document: Document, place: str, value: str, catalog: Catalog) -> Document:
    """
    Return a document in which one fact is stated.

    Args:
        document: Checked; it is not changed.
        place: As SEMANTICS 11.2 writes places: `agents.triage.delegates_to.refunds.context`.
        value: As it would be written in the file: `15m`, `[a, b]`, `{within: 5m}`.
        catalog: Gives the types of controls, and components.

    Raises:
        SupposeError: no such place, or the schema or the checks refuse the value.
    """
    try:
        written = parse(f"value: {value}\n", place)
    except LoadError as error:
        raise SupposeError(f"'{value}' is no YAML value: {error.diagnostics[0].message}") from None
    if list(written) != ["value"]:
        raise SupposeError(f"'{value}' is no single YAML value")
    section, _, rest = place.partition(".")
    sections = ("system", "flows", *SECTIONS)
    if section not in sections or not rest:
        raise SupposeError(f"no fact stands at '{place}'{_placed(document, place) or _meant(section, sections)}")
    if section == "system":
        changed = replace(document, system=_put(document.system, rest, written["value"], "system"))
        return checked(document, changed, catalog, {"system": changed.system})
    entries = document.flows if section == "flows" else tuple(document.sections[section].values())
    names = [entry.id for entry in entries if rest.startswith(f"{entry.id}.")]
    name = max(names, key=len, default="")
    if not name:
        known = [entry.id for entry in entries]
        wrong = rest if rest in known else rest.partition(".")[0]
        if wrong in known:
            raise SupposeError(f"'{place}' names no fact: add its key, such as '{place}.description'")
        raise SupposeError(f"'{section}' has no '{wrong}'{_meant(wrong, known)}")
    bodies = [
        (entry, _put(entry.body, rest.removeprefix(f"{name}."), written["value"], f"{section}.{name}"))
        for entry in entries
        if entry.id == name
    ]
    if rest == f"{name}.uses":
        return _with_component(document, f"{section}.{name}", bodies, catalog)
    return with_bodies(document, bodies, catalog)


def _placed(document: Document, place: str) -> str:
    """Return the place that was probably meant, where only its section was left out."""
    for section, entries in document.sections.items():
        known = max((name for name in entries if place.startswith(f"{name}.")), key=len, default="")
        if not known:
            continue
        rest, actions = place.removeprefix(f"{known}."), entries[known].body.get("actions")
        action = max((one for one in actions if rest.startswith(f"{one}.")), default="") if isinstance(
            actions, MapNode) else ""  # fmt: skip
        return f"; did you mean '{section}.{known}.{'actions.' if action else ''}{rest}'?"
    return ""


def _with_component(document: Document, place: str, bodies: list[tuple[Entry, MapNode]], catalog: Catalog) -> Document:
    """Return a document in which an entry uses a component: the facts of it that are not stated already are added."""
    for entry, _ in bodies:
        if entry.body.get("uses") is not None:
            raise SupposeError(
                f"'{entry.id}' uses '{entry.body['uses']}' already, and its facts cannot be told from those stated "
                f"beside it: state single facts instead, such as '{place}.version'"
            )
    changed = with_bodies(document, bodies, catalog)
    merged, problems = merge_components(changed, catalog)
    if problems:
        raise SupposeError("; ".join((problems[0].message, *problems[0].help[:1])))
    return checked(document, merged, catalog, {})


def with_bodies(document: Document, bodies: Iterable[tuple[Entry, MapNode]], catalog: Controls) -> Document:
    """Return a document in which entries have other bodies, checked."""
    changed = {id(entry): replace(entry, body=body) for entry, body in bodies}
    sections = {
        section: MappingProxyType({name: changed.get(id(entry), entry) for name, entry in entries.items()})
        for section, entries in document.sections.items()
    }
    flows = tuple(changed.get(id(entry), entry) for entry in document.flows)
    parts: dict[str, Any] = {}
    for section, entries in sections.items():
        for name, entry in entries.items():
            if entry is not document.sections[section][name]:
                parts.setdefault(section, MapNode(entry.span)).put(name, entry.body, entry.span, entry.body.span)
    for old, new in zip(document.flows, flows, strict=True):
        if old is not new:
            parts.setdefault("flows", SeqNode(new.span)).put(new.body, new.span)
    return checked(document, replace(document, sections=MappingProxyType(sections), flows=flows), catalog, parts)


def checked(before: Document, after: Document, catalog: Controls, parts: Mapping[str, Any]) -> Document:
    """Return `after`, or raise what is wrong with it that was not wrong before."""
    root = MapNode(before.system.span)
    root.put("threatmodel", 1, root.span, root.span)
    for section, value in parts.items():
        root.put(section, value, value.span, value.span)
    found = [*check(root, "system-1"), *check_dates(root, repr(root))]
    if not found:
        replace_synonyms(root, "system-1")
        found = [*_sense(after, catalog)]
        known = {problem.message for problem in _sense(before, catalog)} if found else set()
        found = [problem for problem in found if problem.message not in known]
    wrong = [problem for problem in found if problem.level is Level.ERROR]
    if wrong:
        hint = f"; {wrong[0].help[0]}" if wrong[0].help else ""
        raise SupposeError(f"{wrong[0].message}{hint}")
    return after


def _sense(document: Document, catalog: Controls) -> Iterable[Diagnostic]:
    return (*check_references(document), *check_controls(document, catalog), *check_sense(document))


def _meant(word: str, known: Iterable[str]) -> str:
    names = sorted(set(known))
    near = did_you_mean(word, names)
    return f"; did you mean '{near}'?" if near else f"; expected one of {one_of(names)}" if names else ""


def copied(node: MapNode, /, **facts: object) -> MapNode:
    """Return a copy of a mapping in which some keys have other values, at the places they had."""
    made = MapNode(node.span)
    for key in (*node, *(key for key in facts if key not in node)):
        made.put(key, facts.get(key, node.get(key)), node.key_span(key), node.value_span(key))
    return made


def _put(node: MapNode, rest: str, value: object, place: str) -> MapNode:
    """Return a copy of a mapping in which what stands at a place below it is another value."""
    keys = [key for key in node if rest == key or rest.startswith(f"{key}.")]
    key = max(keys, key=len, default=rest.partition(".")[0])
    below = rest.removeprefix(key).removeprefix(".")
    if key not in node and place.endswith((".actions", ".access")):
        raise SupposeError(f"'{place}' has no '{key}'{_meant(key, node)}")
    if not below:
        return copied(node, **{key: value})
    inner, here = node.get(key), f"{place}.{key}"
    if key in LISTED and inner is not None:
        return copied(node, **{key: _put_in_list(inner, LISTED[key], below, value, here)})
    if isinstance(inner, MapNode):
        return copied(node, **{key: _put(inner, below, value, here)})
    made = MapNode(node.value_span(key))
    outer = place.rpartition(".")[2]
    if inner is not None and outer in SHORT:
        made.put(SHORT[outer], inner, made.span, made.span)
    elif inner is not None and key == "runtime":
        raise SupposeError(f"'{here}' is '{inner}': state the fact at 'runtimes.{inner}.{below}'")
    return copied(node, **{key: _put(made, below, value, here)})


def _put_in_list(items: object, name: str, below: str, value: object, place: str) -> SeqNode:
    """Return a copy of a list in which the item that a place names has another fact."""
    held = items if isinstance(items, SeqNode) else [items]
    made = SeqNode(items.span) if isinstance(items, SeqNode) else SeqNode(start_of(""))
    known = []
    for position, item in enumerate(held):
        body = item
        if not isinstance(item, MapNode):
            body = MapNode(made.span)
            body.put(name, item, made.span, made.span)
        who = str(body.get(name))
        known.append(who)
        if below.startswith(f"{who}."):
            body = _put(body, below.removeprefix(f"{who}."), value, f"{place}.{who}")
        made.put(body, made.value_span(position) if not isinstance(items, SeqNode) else items.value_span(position))
    wrong = below.partition(".")[0]
    if wrong not in known:
        raise SupposeError(f"'{place}' has no '{wrong}'{_meant(wrong, known)}")
    return made
