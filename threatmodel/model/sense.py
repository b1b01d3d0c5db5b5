"""What each line allows and no system can be: things that contain, delegate to, or derive from themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.diagnostics import Diagnostic, Label, Level
from threatmodel.load.nodes import MapNode, SeqNode, words
from threatmodel.model.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from threatmodel.load.document import Document, Entry
    from threatmodel.span import Span

MOST_COMPARED: Final = 500  # items of `intended:` and of `never:` that are held against each other


def check_sense(document: Document) -> tuple[Diagnostic, ...]:
    """Return contradictions inside a description, in file order."""
    found = [
        *_delegations(document),
        *_circles(document.sections["boundaries"], "contains", "boundary", "contains itself"),
        *_circles(document.sections["credentials"], "derived_from", "credential", "is derived from itself"),
        *_triggers(document),
        *_flows(document),
        *_intent(document),
        *_evidence(document),
    ]
    return tuple(sorted(found, key=Diagnostic.sort_key))


def _delegations(document: Document) -> Iterator[Diagnostic]:
    """An agent delegates to others, and to each of them in one way."""
    for agent in document.sections["agents"].values():
        listed = agent.body.get("delegates_to")
        first: dict[str, Span] = {}
        for _, item in words(listed):
            to = item.get("to") if isinstance(item, MapNode) else None
            if not isinstance(item, MapNode) or not isinstance(to, str):
                continue
            span = item.value_span("to")
            if to == agent.id:
                yield Diagnostic(
                    "refers-to-itself", f"agent '{to}' delegates to itself", span, "", ("remove this delegation",)
                )
            elif to in first:
                yield Diagnostic(
                    "duplicate-delegation",
                    f"agent '{agent.id}' delegates to '{to}' twice",
                    span,
                    "again here",
                    ("join the two: there is one delegation per callee",),
                    (Label(first[to], "first here"),),
                )
            first.setdefault(to, span)


def _circles(entries: Mapping[str, Entry], key: str, noun: str, does: str) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each circle that following a key makes."""
    done: set[str] = set()
    for start in entries:
        way: list[str] = []
        pending = [(start, 0)]
        while pending:
            name, depth = pending.pop()
            del way[depth:]
            if name in way:
                circle = [*way[way.index(name) :], name]
                yield _circle(entries, circle, key, noun, does)
                continue
            if name in done:
                continue
            way.append(name)
            done.add(name)
            following = [str(item) for _, item in words(entries[name].body.get(key)) if str(item) in entries]
            pending += [(other, depth + 1) for other in reversed(following)]


def _circle(entries: Mapping[str, Entry], circle: list[str], key: str, noun: str, does: str) -> Diagnostic:
    last, name = entries[circle[-2]].body, circle[-1]
    value = last.get(key)
    span = last.value_span(key)
    if isinstance(value, SeqNode) and name in value:
        span = value.value_span(value.index(name))
    route = "" if len(circle) == 2 else f": {' > '.join(circle)}"  # noqa: PLR2004  itself and itself
    return Diagnostic(
        "refers-to-itself",
        f"{noun} '{name}' {does}{route}",
        span,
        "closes the circle",
        ("remove one of these references",),
    )


def _triggers(document: Document) -> Iterator[Diagnostic]:
    """Doing a thing does not set off the same thing."""
    for section in ("tools", "skills"):
        for tool in document.sections[section].values():
            actions = tool.body.get("actions")
            for name, body in actions.items() if isinstance(actions, MapNode) else ():
                if isinstance(body, MapNode):
                    for at, item in words(body.get("triggers")):
                        if item == f"{tool.id}.{name}":
                            span = body.value_span("triggers") if at is None else body["triggers"].value_span(at)
                            yield Diagnostic(
                                "refers-to-itself", f"action '{item}' triggers itself", span, "", ("remove it",)
                            )


def _flows(document: Document) -> Iterator[Diagnostic]:
    """A flow leads from one thing to another."""
    for flow in document.flows:
        ends = (flow.body.get("from"), flow.body.get("to"))
        if isinstance(ends[0], str) and ends[0] == ends[1]:
            span = flow.body.value_span("to")
            yield Diagnostic(
                "refers-to-itself", f"a flow leads from '{ends[0]}' to itself", span, "", ("name the other end",)
            )


def _intent(document: Document) -> Iterator[Diagnostic]:
    """What must never happen is not intended as well."""
    for agent in document.sections["agents"].values():
        never = [(at, str(item)) for at, item in words(agent.body.get("never"))][:MOST_COMPARED]
        intended = [str(item) for _, item in words(agent.body.get("intended"))][:MOST_COMPARED]
        for at, item in never:
            both = next((name for name in intended if matches(item, name) or name.startswith(f"{item}.")), None)
            if both is not None:
                span = agent.body.value_span("never") if at is None else agent.body["never"].value_span(at)
                message = f"agent '{agent.id}' is intended to do '{both}' and must never do it"
                yield Diagnostic(
                    "contradiction",
                    message,
                    span,
                    "forbidden here",
                    ("'never' counts: take it out of 'intended', or out of 'never'",),
                    level=Level.WARNING,
                )


def _evidence(document: Document) -> Iterator[Diagnostic]:
    """Evidence does not expire before it is made."""
    for control in document.sections["controls"].values():
        for _, item in words(control.body.get("evidence")):
            made, until = (item.get("date"), item.get("expires")) if isinstance(item, MapNode) else (None, None)
            if isinstance(item, MapNode) and isinstance(made, str) and isinstance(until, str) and until < made:
                yield Diagnostic(
                    "contradiction",
                    f"evidence of control '{control.id}' expires before it is made",
                    item.value_span("expires"),
                    f"made on {made}",
                    ("check the two dates",),
                )
