"""A control is lost, an attacker has an element: what that means, as facts stated otherwise (SEMANTICS 4.1, 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.catalog.control import Acts
from threatmodel.load.nodes import MapNode, SeqNode
from threatmodel.model.elements import as_words
from threatmodel.model.supposed import SupposeError, copied, with_bodies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.catalog.reader import Catalog
    from threatmodel.load.document import Document, Entry

PUBLIC: Final = "public"
"""The attacker, where the format names who writes and reads."""


def without_control(document: Document, name: str, catalog: Catalog) -> Document:
    """Return a document in which a control is known to fail."""
    controls = document.sections["controls"]
    if name not in controls:
        from threatmodel.diagnostics import did_you_mean, one_of

        near = did_you_mean(name, controls)
        hint = f"did you mean '{near}'?" if near else f"expected one of {one_of(sorted(controls))}"
        raise SupposeError(f"no control is named '{name}'; {hint if controls else 'the description has none'}")
    entry = controls[name]
    return with_bodies(document, [(entry, copied(entry.body, status="failed"))], catalog)


def compromised(document: Document, name: str, catalog: Catalog) -> Document:
    """
    Return a document in which an attacker has an element.

    An agent follows what the attacker writes (its instructions are open to `public`, and nothing isolates it), so it
    turns everything it can do; of a model or a runtime, every agent that uses it. A person, service or external system
    passes on the attacker's text, freely; a tool or skill describes itself and answers with it; a store is written and
    read by the attacker. Credentials and identities only open what they open: nothing else changes.

    Raises:
        SupposeError: there is no such element, or the attacker cannot have one of its kind.
    """
    everything = {entry.id: entry for entries in document.sections.values() for entry in entries.values()}
    entry = everything.get(name)
    if entry is None:
        from threatmodel.diagnostics import did_you_mean

        near = did_you_mean(name, everything)
        raise SupposeError(f"no element is named '{name}'{f'; did you mean {near!r}?' if near else ''}")
    match entry.kind:
        case "agent":
            bodies = list(_agents(document, [entry], catalog))
        case "model" | "runtime":
            users = [one for one in document.sections["agents"].values() if name in as_words(one.body.get(entry.kind))]
            bodies = list(_agents(document, users, catalog))
        case "person" | "external" | "service":
            bodies = [(entry, _party(entry))]
        case "tool" | "skill":
            bodies = [(entry, _tool(entry.body))]
        case "store":
            bodies = [(entry, _store(document, entry))]
        case "credential" | "identity":
            bodies = []
        case "control":
            raise SupposeError(f"'{name}' is a control: `--lose {name}` says what happens without it")
        case kind:
            raise SupposeError(f"'{name}' is of kind '{kind}', which no attacker has as a whole: name what is in it")
    return with_bodies(document, bodies, catalog) if bodies else document


def _agents(document: Document, agents: list[Entry], catalog: Catalog) -> Iterator[tuple[Entry, MapNode]]:
    names = {agent.id for agent in agents}
    for agent in agents:
        instructions = agent.body.get("instructions")
        body = instructions if isinstance(instructions, MapNode) else MapNode(agent.span)
        opened = copied(body, writable_by=_more(body, "writable_by"))
        yield agent, copied(agent.body, instructions=opened)
    for control in document.sections["controls"].values():
        known = catalog.controls.get(catalog.control_aliases.get(str(control.body.get("type")), ""))
        known = known or catalog.controls.get(str(control.body.get("type")))
        on = as_words(control.body.get("on"))
        if known is None or known.acts not in {Acts.ISOLATE, Acts.FILTER} or not names & set(on):
            continue
        left = [one for one in on if one not in names]
        yield (
            control,
            copied(control.body, on=_list(control.body, left)) if left else copied(control.body, status="failed"),
        )


def _party(entry: Entry) -> MapNode:
    facts: dict[str, object] = {"content": "untrusted"}
    if entry.kind != "service":
        facts["trust"] = "untrusted"
    if entry.kind != "person" and "passes" in entry.body:
        facts["passes"] = "text"
    return copied(entry.body, **facts)


def _tool(body: MapNode) -> MapNode:
    actions = body.get("actions")
    facts: dict[str, object] = {"provider": "community", "version": "dynamic", "returns": "untrusted"}
    if isinstance(actions, MapNode):
        answering = {
            name: copied(one, returns="untrusted") for name, one in actions.items() if isinstance(one, MapNode)
        }
        facts["actions"] = copied(actions, **answering)
    return copied(body, **facts)


def _store(document: Document, entry: Entry) -> MapNode:
    writers = _more(entry.body, "writers")
    if "writers" not in entry.body:  # naming writers replaces what was assumed (SEMANTICS 4.3 c)
        for agent in document.sections["agents"].values():
            if entry.id in as_words(agent.body.get("memory")):
                writers.put(agent.id, entry.span)
    return copied(entry.body, writers=writers, readers=_more(entry.body, "readers"), validated=False)


def _more(body: MapNode, key: str) -> SeqNode:
    """Return a list of names with the attacker added."""
    return _list(body, [*(name for name in as_words(body.get(key)) if name not in {PUBLIC, "none"}), PUBLIC])


def _list(body: MapNode, names: list[str]) -> SeqNode:
    made = SeqNode(body.span)
    for name in names:
        made.put(name, body.span)
    return made
