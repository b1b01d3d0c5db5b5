"""The files of a description → one `Document`; ids that clash are found here."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from threatmodel.diagnostics import Diagnostic, Label
from threatmodel.load.document import SECTIONS, Document, Entry
from threatmodel.load.nodes import MapNode, SeqNode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from threatmodel.span import Span

EFFECTS: Final = ("read", "write", "delete", "execute", "send", "pay", "deploy", "configure", "grant", "spawn")
RESERVED: Final = frozenset({"any", "public", "none", "self", "unknown", *EFFECTS})
"""Words that mean something where ids stand, so that no element can be called so (DESIGN §2)."""


def assemble(
    root: str, parts: Mapping[str, tuple[MapNode, str]], sources: Mapping[str, str]
) -> tuple[Document, list[Diagnostic]]:
    """
    Join the files of a description.

    Args:
        root: The name of the root file.
        parts: Name → content and schema of each file, the root first.
        sources: Name → text.

    Returns:
        The document, and what is wrong with its ids. Where an id is given twice, the first stays.
    """
    problems: list[Diagnostic] = []
    sections: dict[str, dict[str, Entry]] = {section: {} for section in SECTIONS}
    seen: dict[str, Entry] = {}
    for content, _ in parts.values():
        for section, kind in SECTIONS.items():
            written = content.get(section)
            if not isinstance(written, MapNode):
                continue
            for name, body in written.items():
                span = written.key_span(name)
                entry = Entry(kind, name, _body(body, span), span)
                if name in RESERVED:
                    problems.append(_reserved(entry))
                elif name in seen:
                    problems.append(_twice(entry, seen[name]))
                    continue
                seen[name] = entry
                sections[section][name] = entry
    flows = tuple(_items(parts, "flows", "flow", _flow_id))
    treatments = tuple(_items(parts, "treatments", "treatment", lambda body: str(body.get("finding"))))
    problems += _same("flow", ((entry.body.get("id"), entry) for entry in flows))
    problems += _same("treatment", ((entry.body.get("finding"), entry) for entry in treatments))
    content = parts[root][0]
    system = _body(content.get("system"), content.key_span("system"))
    frozen = MappingProxyType({section: MappingProxyType(entries) for section, entries in sections.items()})
    document = Document(root, system, frozen, flows, treatments, MappingProxyType(dict(sources)))
    return document, problems


def _body(value: Any, span: Span) -> MapNode:  # noqa: ANN401  plain data of any kind
    """Return the keys of an entry: those written, or none."""
    return value if isinstance(value, MapNode) else MapNode(span)


def _flow_id(body: MapNode) -> str:
    return f"{body.get('from')}>{body.get('to')}"


def _items(
    parts: Mapping[str, tuple[MapNode, str]], section: str, kind: str, name: Callable[[MapNode], str]
) -> Iterable[Entry]:
    for content, _ in parts.values():
        written = content.get(section)
        if isinstance(written, SeqNode):
            for index, body in enumerate(written):
                if isinstance(body, MapNode):
                    yield Entry(kind, name(body), body, written.value_span(index))


def _reserved(entry: Entry) -> Diagnostic:
    message = (
        f"'{entry.id}' cannot be the id of {_with_article(entry.kind)}: the format gives the word a meaning of its own"
    )
    return Diagnostic(
        "reserved-id",
        message,
        entry.span,
        "",
        (f"call it something more telling, such as 'the-{entry.id}' or what it is for",),
    )


def _twice(entry: Entry, first: Entry) -> Diagnostic:
    message = f"the id '{entry.id}' is given twice"
    one_kind = entry.kind == first.kind
    label = "again here" if one_kind else f"here it is {_with_article(entry.kind)}"
    also = (Label(first.span, "first here" if one_kind else f"here it is {_with_article(first.kind)}"),)
    hint = f"rename one: ids are unique over all sections and files, such as '{entry.id}-{entry.kind}'"
    return Diagnostic("duplicate-id", message, entry.span, label, (hint,), also)


def _with_article(kind: str) -> str:
    noun = {"external": "external system", "data": "kind of data"}.get(kind, kind)
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _same(kind: str, named: Iterable[tuple[object, Entry]]) -> list[Diagnostic]:
    """Find flows of one id, and treatments of one finding."""
    first: dict[str, Entry] = {}
    found: list[Diagnostic] = []
    for name, entry in named:
        if not isinstance(name, str):
            continue
        if name in first:
            what = f"two flows have the id '{name}'" if kind == "flow" else f"the finding '{name}' has two treatments"
            key = "id" if kind == "flow" else "finding"
            also = (Label(first[name].body.value_span(key), "first here"),)
            found.append(
                Diagnostic("duplicate-id", what, entry.body.value_span(key), "again here", ("keep one",), also)
            )
        first.setdefault(name, entry)
    return found
