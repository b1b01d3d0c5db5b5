"""Named ways from an element to others, and what leaves them open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from threatmodel.analysis.relations import RELATIONS, relation
from threatmodel.analysis.subjects import SUBJECTS
from threatmodel.model.elements import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model

    Described = Callable[[str], Model]

SYSTEM = """
people: {writer: {trust: internal}}
agents:
  boss: {identity: shared-id, tools: [crm.look], model: gpt, delegates_to: [{to: hand}]}
  hand: {instructions: {from: [db]}, identity: shared-id, tools: [forge], memory: [notes], credentials: [own-key]}
  guest: {tools: [login-tool]}
models: {gpt: {}}
tools:
  crm: {credential: crm-key, actions: {look: {effect: read, data: [row], store: [db]}, drop: {effect: delete}}}
  forge: {credential: forge-key, actions: {read: {effect: read}, merge: {effect: deploy}, tag: {effect: write}}}
  login-tool: {identity: person-id}
stores:
  db: {data: [row], writers: [writer, boss]}
  notes: {}
data: {row: {}}
identities: {shared-id: {}, person-id: {}, lone-id: {}}
credentials:
  own-key: {identity: lone-id}
  crm-key: {identity: person-id}
  forge-key: {scopes: {granted: [forge.read, SHIP], meaning: {SHIP: [forge.merge]}}}
flows: [{from: writer, to: boss, carries: [row]}]
"""


@pytest.mark.parametrize(
    ("start", "name", "found", "missing"),
    [
        ("boss", "actions", ["crm.look"], []),
        ("crm", "actions", ["crm.look", "crm.drop"], []),
        ("login-tool", "actions", [], ["tools.login-tool.actions"]),
        ("crm-key", "actions", ["crm.look", "crm.drop"], []),  # no scope names an action: all of them
        ("forge-key", "actions", ["forge.read", "forge.merge"], []),
        ("forge-key", "grave_actions", ["forge.merge"], []),
        ("own-key", "grave_actions", [], []),
        ("boss", "tools", ["crm"], []),
        ("forge-key", "tools", ["forge"], []),
        ("crm.look", "tool", ["crm"], []),
        ("crm.look", "agents", ["boss"], []),
        ("crm.drop", "agents", [], []),
        ("shared-id", "agents", ["boss", "hand"], []),
        ("person-id", "agents", [], []),
        ("person-id", "actors", ["guest", "boss"], []),
        ("lone-id", "actors", ["hand"], []),
        ("crm-key", "agents", ["boss"], []),
        ("notes", "agents", ["hand"], []),
        ("gpt", "agents", ["boss"], []),
        ("person-id", "users", ["login-tool"], []),
        ("person-id", "credentials", ["crm-key"], []),
        ("hand", "credentials", ["own-key", "forge-key"], []),
        ("hand", "identities", ["shared-id"], []),
        ("guest", "identities", [], ["agents.guest.identity"]),
        ("boss", "delegations", ["boss>hand"], []),
        ("hand", "received", ["boss>hand"], []),
        ("boss>hand", "callee", ["hand"], []),
        ("boss>hand", "source", ["boss"], []),
        ("crm.look", "data", ["row"], []),
        ("crm.look", "stores", ["db"], []),
        ("hand", "memory", ["notes"], []),
        ("db", "writers", ["writer", "boss"], []),
        ("db", "read_by", ["boss"], []),
        ("notes", "read_by", ["hand"], []),
        ("db", "instructs", ["hand"], []),
        ("notes", "instructs", [], []),
        ("notes", "writers", [], ["stores.notes.writers"]),
        ("writer>boss", "carried", ["row"], []),
        ("writer>boss", "target", ["boss"], []),
    ],
)
def test_a_relation_leads_somewhere(
    described: Described, start: str, name: str, found: list[str], missing: list[str]
) -> None:
    """To those elements; where a key that would name more is unsaid, that fact is missing."""
    model = described(SYSTEM)
    element = model.graph.find(start)
    assert element is not None
    way = relation(name, element.kind)
    assert way is not None

    assert sorted(found) == sorted(one.id for one in way.ways(model.graph, element))
    assert {one.kind for one in way.ways(model.graph, element)} <= way.finds
    assert missing == [fact.place for fact in way.missing(element)]


def test_of_one_name_at_most_one_starts_at_a_kind() -> None:
    """Else a rule would ask one and not the other."""
    for name, ways in RELATIONS.items():
        starts = [kind for way in ways for kind in way.starts]

        assert len(starts) == len(set(starts)), name
        assert {kind for way in ways for kind in (*way.starts, *way.finds)} <= {*KINDS, *SUBJECTS}
