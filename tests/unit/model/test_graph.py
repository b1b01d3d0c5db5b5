"""The graph: what uses what, which edges are implied, what crosses a boundary, where controls stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model

    Described = Callable[[str], Model]

DESK = """
people: {customer: {trust: untrusted}, lead: {trust: internal}}
services: {gate: {kind: gateway}}
agents:
  triage:
    {tools: [crm.read, mail], memory: notes, model: gpt, identity: triage-id,
     delegates_to: [{to: payer, context: typed}]}
  payer: {tools: [bank], identity: shared-id, credentials: [spare]}
models: {gpt: {}}
tools:
  crm:
    credential: crm-key
    actions: {read: {effect: read, returns: untrusted, store: tickets}, wipe: {effect: delete}}
  mail: {provider: third_party, actions: {send: {effect: send}}}
  bank: {identity: shared-id, actions: {refund: {effect: pay}}}
stores: {notes: {kind: memory}, tickets: {kind: database, writers: [lead]}}
identities: {triage-id: {kind: workload}, shared-id: {kind: shared}}
credentials: {crm-key: {kind: api_key}, spare: {kind: api_key, held_by: [triage]}}
boundaries:
  company: {contains: [cluster, lead]}
  cluster: {contains: [triage, payer, crm]}
controls:
  yes: {type: human-approval, on: [bank.refund, cluster], by: lead}
  shield: {type: prompt-shield, on: ["triage>payer"]}
flows:
  - {from: customer, to: triage, via: [gate]}
  - {from: customer, to: triage, id: second}
"""


def test_every_query_answers_from_both_ends(described: Described) -> None:
    """What an agent uses, and who uses it, agree."""
    graph = described(DESK).graph

    assert [action.id for action in graph.attached["triage"]] == ["crm.read", "mail.send"]
    assert [tool.id for tool in graph.tools_of["triage"]] == ["crm", "mail"]
    assert [agent.id for agent in graph.users_of_tool["bank"]] == ["payer"]
    assert [user.id for user in graph.identity_users["shared-id"]] == ["payer", "bank"]
    assert [agent.id for agent in graph.agents_holding["crm-key"]] == ["triage"]
    assert [agent.id for agent in graph.agents_holding["spare"]] == ["payer", "triage"]
    assert [edge.id for edge in graph.delegations_from["triage"]] == ["triage>payer"]
    assert [edge.id for edge in graph.delegations_to["payer"]] == ["triage>payer"]


def test_edges_that_keys_imply_are_there_once_with_their_line(described: Described) -> None:
    """Tools, memory, models, stores of actions, writers and delegation are edges; each knows the value that says so."""
    graph = described(DESK).graph
    implied = {(edge.kind, edge.id) for edge in graph.edges if not edge.stated}

    assert implied == {
        ("tool", "triage>crm"),
        ("tool", "triage>mail"),
        ("tool", "payer>bank"),
        ("model", "triage>gpt"),
        ("memory", "triage>notes"),
        ("store", "crm>tickets"),
        ("store", "lead>tickets"),
        ("delegation", "triage>payer"),
    }
    assert all(edge.span.line > 1 for edge in graph.edges)


def test_flows_between_the_same_ends_keep_apart(described: Described) -> None:
    """A second flow has an id of its own and is an edge of its own."""
    graph = described(DESK).graph

    assert [flow.id for flow in graph.flows] == ["customer>triage", "customer>triage#second"]
    assert [edge.id for edge in graph.edges if edge.stated] == ["customer>triage", "customer>triage"]


@pytest.mark.parametrize(
    ("source", "untrusted"),
    [
        ("{trust: untrusted}", True),
        ("{trust: partner}", True),
        ("{trust: internal}", False),
        ("{}", None),
        ("{trust: internal, content: untrusted}", True),
        ("{trust: untrusted, content: trusted}", False),
    ],
)
def test_a_flow_is_untrusted_as_its_source_is(described: Described, source: str, untrusted: object) -> None:
    """`content` overrules `trust`; where neither is said, nobody knows (SEMANTICS 4.1)."""
    graph = described(f"people: {{someone: {source}}}\nagents: {{a: {{}}}}\nflows: [{{from: someone, to: a}}]").graph

    assert graph.edges[0].untrusted is untrusted


def test_what_comes_back_from_a_tool_is_marked(described: Described) -> None:
    """An action that returns outsiders' text marks its edge; a third-party tool that does not say leaves it unknown."""
    graph = described(DESK).graph
    marks = {edge.id: edge.untrusted for edge in graph.edges if edge.kind == "tool"}

    assert marks == {"triage>crm": True, "triage>mail": None, "payer>bank": None}


def test_boundaries_nest_and_edges_cross_them(described: Described) -> None:
    """A member of an inner boundary is a member of the outer one; an edge crosses those with one end inside."""
    graph = described(DESK).graph
    crossed = {edge.id: [boundary.id for boundary in graph.crossed(edge)] for edge in graph.edges}

    assert graph.members["company"] == {"cluster", "lead", "triage", "payer", "crm"}
    assert graph.boundaries_of["triage"] == ("company", "cluster")
    assert crossed["customer>triage"] == ["cluster", "company"]
    assert crossed["triage>payer"] == []
    assert crossed["triage>mail"] == ["cluster", "company"]


def test_controls_stand_where_they_say(described: Described) -> None:
    """On an action, on the members of a boundary, on an edge (SEMANTICS 3.7)."""
    graph = described(DESK).graph
    places = {place: [control.id for control in controls] for place, controls in graph.controls_on.items()}

    assert places == {
        "bank.refund": ["yes"],
        "cluster": ["yes"],
        "triage": ["yes"],
        "payer": ["yes"],
        "crm": ["yes"],
        "triage>payer": ["shield"],
    }
