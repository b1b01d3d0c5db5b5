"""Every reference of a description leads to what it should, or says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from threatmodel.diagnostics import Diagnostic, Label, Level, did_you_mean, one_of
from threatmodel.load.document import SECTIONS
from threatmodel.load.nodes import MapNode, SeqNode
from threatmodel.load.places import shortened
from threatmodel.model.name_index import Names
from threatmodel.model.reference_table import REFERENCES, Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from threatmodel.load.document import Document
    from threatmodel.span import Span

ALWAYS: Final = frozenset({"none", "unknown"})
MOST_PROBLEMS: Final = 200
CLOSE: Final = 0.8  # likeness from which a name that may be anything is probably a misspelt id

_NOUNS: Final = {"person": "person", "external": "external system", "data": "kind of data", "model": "model"}
_ANY: Final = 6  # kinds from which on a message says "element"

Named: TypeAlias = "tuple[str, MapNode | SeqNode, str | int]"
"""A name, what it stands in, and under which key or at which position: most never need a span."""


def check_references(document: Document) -> tuple[Diagnostic, ...]:
    """
    Follow every reference.

    Args:
        document: Components merged in, so that their actions are known.

    Returns:
        Errors for names that lead nowhere or to the wrong kind of thing, warnings for patterns that fit nothing; in
        file order, at most `MOST_PROBLEMS`.
    """
    checker = _Checker(Names(document))
    found: list[Diagnostic] = []
    for diagnostic in checker.all():
        found.append(diagnostic)
        if len(found) >= MOST_PROBLEMS:
            break
    return tuple(sorted(found, key=Diagnostic.sort_key))


class _Checker:
    """The walk over one document."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.document = names.document
        self.nearest: dict[tuple[str, tuple[str, ...]], str | None] = {}  # the same teams are named over and over

    def all(self) -> Iterator[Diagnostic]:
        """Yield what is wrong, element by element."""
        yield from self.element("system", "the system", self.document.system)
        for entries in self.document.sections.values():
            for entry in entries.values():
                owner = f"{entry.kind} '{entry.id}'"
                yield from self.element(entry.kind, owner, entry.body)
                actions = entry.body.get("actions")
                if isinstance(actions, MapNode) and entry.kind in {"tool", "skill"}:
                    for name, body in actions.items():
                        if isinstance(body, MapNode):
                            yield from self.element("action", f"action '{entry.id}.{name}'", body)
        for flow in self.document.flows:
            yield from self.element("flow", f"flow '{flow.id}'", flow.body)

    def element(self, kind: str, owner: str, body: MapNode) -> Iterator[Diagnostic]:
        """Yield what is wrong with the references of one element."""
        entries = self.names.entries
        for first, path, key, reference in _PATHS[kind]:
            if first not in body:
                continue
            for name, node, at in _names_at(body, path, of_keys=reference.of_keys):
                entry = entries.get(name)
                if entry is not None and entry.kind in reference.kinds:
                    continue  # nearly all of them
                prose = reference.in_lists and isinstance(node, MapNode)
                if name not in ALWAYS and name not in reference.words and not prose:
                    span = (
                        node.key_span(str(at))
                        if isinstance(node, MapNode) and reference.of_keys
                        else node.value_span(at)
                    )
                    yield from self.name(name, span, kind, owner, key, reference)

    def name(
        self, name: str, span: Span, kind: str, owner: str, key: str, reference: Reference
    ) -> Iterator[Diagnostic]:
        """Yield what is wrong with one name."""
        entry = self.names.entries.get(name)
        if entry is not None:
            if reference.kinds and entry.kind not in reference.kinds and not reference.open:
                yield self.wrong_kind(name, span, kind, owner, key, reference)
        elif reference.edges and ">" in name:
            yield from self.edge(name, span, owner)
        elif reference.actions and "*" in name:
            if not reference.open and not self.names.fits_any(name):
                message = f"the pattern '{shortened(name)}' fits nothing that is described"
                yield Diagnostic(
                    "empty-pattern",
                    message,
                    span,
                    f"in {owner}",
                    self.suggestion(name.partition(".")[0], ("tool", "skill")),
                    level=Level.WARNING,
                )
        elif reference.actions and "." in name:
            yield from self.action(name, span, owner, reference)
        elif reference.open:
            yield from self.perhaps(name, span, owner, reference)
        else:
            yield self.unknown(name, span, owner, reference)

    def unknown(self, name: str, span: Span, owner: str, reference: Reference) -> Diagnostic:
        """Say that nothing has the name."""
        message = f"no {_kinds(reference.kinds)} is named '{shortened(name)}'"
        hints = self.suggestion(name, reference.kinds, reference.words)
        if not hints and len(reference.kinds) <= _ANY:
            there = self.names.of_kinds(reference.kinds)
            section = next((section for section, kind in SECTIONS.items() if kind == reference.kinds[0]), "")
            add = f"describe it under '{section}:'"
            hints = (
                (f"there are {one_of(there)}; or {add}",)
                if there
                else (f"{add}: '{shortened(name)}: {{}}' is enough to begin with",)
            )
        return Diagnostic("unknown-reference", message, span, f"referenced by {owner}", hints)

    def wrong_kind(self, name: str, span: Span, kind: str, owner: str, key: str, reference: Reference) -> Diagnostic:
        """Say that something else has the name."""
        entry = self.names.entries[name]
        elsewhere = (
            (len(there.kinds), other)
            for (of, other), there in REFERENCES.items()
            if of == kind and entry.kind in there.kinds and other != key
        )
        others = [other for _, other in sorted(elsewhere)][:3]  # the narrower a key, the likelier it was meant
        hints = self.suggestion(name, reference.kinds)
        if others and not hints:
            keys = one_of([other.replace(".*", "") for other in others])
            hints = (f"{_article(_noun(entry.kind))} can stand under {keys}",)
        message = f"'{shortened(name)}' is {_article(_noun(entry.kind))}, expected {_article(_kinds(reference.kinds))}"
        also = (Label(entry.span, "described here"),)
        return Diagnostic("wrong-kind", message, span, f"'{key}' of {owner}", hints, also)

    def action(self, name: str, span: Span, owner: str, reference: Reference) -> Iterator[Diagnostic]:
        """Yield what is wrong with `tool.action`."""
        before, _, after = name.partition(".")
        holder = self.names.entries.get(before)
        if holder is None:
            if not reference.open:
                hints = self.suggestion(before, ("tool", "skill"))
                message = f"no tool is named '{shortened(before)}'"
                yield Diagnostic(
                    "unknown-reference", message, span, f"referenced by {owner} as '{shortened(name)}'", hints
                )
            return
        if self.names.has_action(holder, after):
            return
        listed = self.names.actions_of(holder)
        near = did_you_mean(after, listed)
        if reference.open:
            if near and did_you_mean(after, [near], CLOSE):
                message = (
                    f"'{shortened(name)}' is no action of tool '{before}', so it is read as a name of another system"
                )
                yield Diagnostic(
                    "maybe-misspelt",
                    message,
                    span,
                    f"in {owner}",
                    (f"did you mean '{before}.{near}'?",),
                    level=Level.WARNING,
                )
            return
        message = f"{_noun(holder.kind)} '{before}' has no action '{shortened(after)}'"
        hints = (
            (f"did you mean '{before}.{near}'?",) if near else (f"its actions are {one_of(listed)}",) if listed else ()
        )
        if holder.kind in {"tool", "skill"}:
            hints = (*hints, "or say 'actions_complete: false' if it can do more than is listed")
        yield Diagnostic(
            "unknown-action", message, span, f"referenced by {owner}", hints, (Label(holder.span, "described here"),)
        )

    def edge(self, name: str, span: Span, owner: str) -> Iterator[Diagnostic]:
        """Yield what is wrong with `from>to`."""
        missing = False
        for end in name.split(">"):
            if end in self.names.entries or end in ALWAYS:
                continue
            for problem in self.name(end, span, "control", owner, "on", _END):
                missing = missing or problem.level is Level.ERROR
                yield problem
        if missing or name in self.names.edges or "*" in name:
            return
        source, _, target = name.partition(">")
        turned = f"{target}>{source}"
        into = sorted(edge for edge in self.names.edges if edge.endswith(f">{target}"))
        if turned in self.names.edges:
            hints = (f"did you mean '{turned}'?",)
        elif into:
            hints = (f"what leads to '{shortened(target)}' is {one_of(into)}",)
        else:
            hints = ("an edge is a flow, a delegation, or a tool, action or store into an agent",)
        yield Diagnostic(
            "unknown-edge",
            f"nothing leads from '{shortened(source)}' to '{shortened(target)}'",
            span,
            f"referenced by {owner}",
            hints,
        )

    def perhaps(self, name: str, span: Span, owner: str, reference: Reference) -> Iterator[Diagnostic]:
        """Yield a warning where a name that may be anything is nearly that of something described."""
        asked = (name, reference.kinds)
        if reference.kinds and asked not in self.nearest:
            self.nearest[asked] = did_you_mean(name, self.names.of_kinds(reference.kinds), CLOSE)
        near = self.nearest.get(asked)
        if near:
            message = f"'{shortened(name)}' is not described, so it is read as a team"
            yield Diagnostic(
                "maybe-misspelt", message, span, f"in {owner}", (f"did you mean '{near}'?",), level=Level.WARNING
            )

    def suggestion(self, name: str, kinds: tuple[str, ...], words: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a hint with the nearest name of the right kind."""
        near = did_you_mean(name, [*self.names.of_kinds(kinds), *words])
        return (f"did you mean '{near}'?",) if near and near != name else ()


_END: Final = Reference(kinds=tuple(SECTIONS.values()), actions=True)


def _paths() -> dict[str, list[tuple[str, tuple[str, ...], str, Reference]]]:
    """Return, for each kind, the first key, the whole way, the dotted key and what it refers to."""
    found: dict[str, list[tuple[str, tuple[str, ...], str, Reference]]] = {}
    for (kind, key), reference in REFERENCES.items():
        path = tuple(key.split("."))
        found.setdefault(kind, []).append((path[0], path, key, reference))
    return found


_PATHS: Final = _paths()


def _names_at(body: MapNode, path: tuple[str, ...], *, of_keys: bool) -> Iterable[Named]:
    """Return the names that stand at a path."""
    if len(path) > 1 or of_keys:
        return _names_below(body, path, of_keys=of_keys)
    key = path[0]
    value = body[key]
    if isinstance(value, str):
        return ((value, body, key),) if value else ()
    if isinstance(value, SeqNode):
        return [(item, value, index) for index, item in enumerate(value) if isinstance(item, str)]
    return ()


def _names_below(node: Any, path: tuple[str, ...], *, of_keys: bool) -> Iterator[Named]:  # noqa: ANN401  as written
    if isinstance(node, SeqNode):
        for item in node:
            if isinstance(item, MapNode):
                yield from _names_below(item, path, of_keys=of_keys)
        return
    if not isinstance(node, MapNode):
        return
    first, rest = path[0], path[1:]
    for key in list(node) if first == "*" else [first] if first in node else []:
        if rest:
            yield from _names_below(node[key], rest, of_keys=of_keys)
        elif not of_keys:
            yield from _names_at(node, (key,), of_keys=False)
        elif isinstance(node[key], MapNode):
            yield from ((name, node[key], name) for name in node[key])


def _noun(kind: str) -> str:
    return _NOUNS.get(kind, kind)


def _kinds(kinds: tuple[str, ...]) -> str:
    if len(kinds) > _ANY:
        return "element"
    nouns = [_noun(kind) for kind in kinds]
    return nouns[0] if len(nouns) == 1 else f"{', '.join(nouns[:-1])} or {nouns[-1]}"


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
