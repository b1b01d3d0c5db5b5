"""Facts by dotted path: value, state, place and the line to point at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from threatmodel.model.facts import Fact, State, fact

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model

    Described = Callable[[str], Model]

SYSTEM = """
agents:
  a:
    owner: desk
    planning: [fixed, model_selects]
    tools: [crm]
    identity: none
    runtime: host
    limits: none
    stop:
      by: desk
      within: unknown
    delegates_to: [{to: b, credential: crm-token}]
  b: {runtime: {sandbox: none}, planning: [fixed, unknown], authorization: none}
tools:
  crm:
    credential: crm-token
    returns: typed
    actions: {look: {effect: read}, drop: {effect: [write, delete]}}
  bare: {}
credentials:
  crm-token: {lifetime: [15m, 1y], revoked: never, scopes: {granted: [read, write], needed: []}, identity: desk-id}
  child: {derived_from: crm-token}
identities:
  desk-id: {kind: workload}
runtimes:
  host: {sandbox: vm}
data:
  ticket: {categories: [pii]}
  payment: {classification: public, categories: [financial]}
  news: {classification: public}
  thing: {}
"""
STATED, DEFAULT, UNKNOWN, ABSENT = State.STATED, State.DEFAULT, State.UNKNOWN, State.ABSENT


def look(model: Model, element: str, path: str) -> Fact:
    """Return one fact."""
    found = model.graph.find(element)
    assert found is not None
    return fact(model.graph, found, tuple(path.split(".")))


@pytest.mark.parametrize(
    ("element", "path", "place", "value", "state"),
    [
        ("a", "owner", "agents.a.owner", "desk", STATED),
        ("b", "owner", "agents.b.owner", None, UNKNOWN),
        ("a", "tools", "agents.a.tools", ("crm",), STATED),
        ("a", "planning", "agents.a.planning", "model_selects", STATED),
        ("b", "planning", "agents.b.planning", None, UNKNOWN),
        ("a", "identity", "agents.a.identity", "none", STATED),
        ("a", "identity.kind", "agents.a.identity", None, ABSENT),
        ("b", "identity.kind", "agents.b.identity", None, UNKNOWN),
        ("a", "stop.by", "agents.a.stop.by", "desk", STATED),
        ("a", "stop.within", "agents.a.stop.within", None, UNKNOWN),
        ("a", "stop.tested", "agents.a.stop.tested", None, UNKNOWN),
        ("b", "stop.tested", "agents.b.stop", None, UNKNOWN),
        ("a", "limits.steps", "agents.a.limits", None, ABSENT),
        ("b", "authorization.decided", "agents.b.authorization", None, ABSENT),
        ("a", "runtime.sandbox", "runtimes.host.sandbox", "vm", STATED),
        ("a", "runtime.shell", "runtimes.host.shell", False, DEFAULT),
        ("b", "runtime.sandbox", "agents.b.runtime.sandbox", "none", STATED),
        ("crm", "kind", "tools.crm.kind", "function", DEFAULT),
        ("crm", "credential.lifetime", "credentials.crm-token.lifetime", "1y", STATED),
        ("crm", "credential.scopes.granted", "credentials.crm-token.scopes.granted", ("read", "write"), STATED),
        ("crm", "credential.scopes.needed", "credentials.crm-token.scopes.needed", (), STATED),
        ("crm", "credential.scopes.requested", "credentials.crm-token.scopes.requested", None, UNKNOWN),
        ("crm", "credential.identity.kind", "identities.desk-id.kind", "workload", STATED),
        ("child", "derived_from.lifetime", "credentials.crm-token.lifetime", "1y", STATED),
        ("crm-token", "revoked.on", "credentials.crm-token.revoked.on", None, UNKNOWN),  # the word `never` says no more
        ("bare", "credential.lifetime", "tools.bare.credential", None, UNKNOWN),
        ("crm.look", "effect", "tools.crm.actions.look.effect", "read", STATED),
        ("crm.drop", "effect", "tools.crm.actions.drop.effect", ("write", "delete"), STATED),
        ("a>b", "credential.lifetime", "credentials.crm-token.lifetime", "1y", STATED),
        ("ticket", "classification", "data.ticket.classification", "confidential", DEFAULT),
        ("payment", "classification", "data.payment.classification", "confidential", STATED),
        ("news", "classification", "data.news.classification", "public", STATED),
        ("thing", "classification", "data.thing.classification", None, UNKNOWN),
    ],
)
def test_a_path_leads_to_a_fact(
    described: Described,
    element: str,
    path: str,
    place: str,
    value: Any,  # noqa: ANN401  whatever a fact holds
    state: State,
) -> None:
    """References are followed, mappings entered; what is missing is named where it would stand."""
    found = look(described(SYSTEM), element, path)

    assert (place, value, state) == (found.place, found.value, found.state)


def test_a_fact_points_at_its_value_and_a_missing_one_at_its_element(described: Described) -> None:
    """Lines count from 1; the first line of the file is the version of the format."""
    model = described(SYSTEM)

    assert (5, 12) == (look(model, "a", "owner").span.line, look(model, "a", "owner").span.column)
    assert (15, 3) == (look(model, "b", "owner").span.line, look(model, "b", "owner").span.column)


def test_an_action_says_what_its_tool_says_for_all(described: Described) -> None:
    """A default of the tool is a fact about the action; where it stands is the tool's matter."""
    found = look(described(SYSTEM), "crm.look", "returns")

    assert ("typed", True) == (found.value, found.known)


@pytest.mark.parametrize(
    ("value", "state", "text"),
    [
        ("vm", STATED, "vm"),
        (True, STATED, "true"),
        (False, DEFAULT, "false"),
        (("a", "b"), STATED, "a, b"),
        ((), STATED, "nothing"),
        (25, STATED, "25"),
        (None, UNKNOWN, "unsaid"),
        (None, ABSENT, "unsaid"),
    ],
)
def test_a_fact_reads_in_a_sentence(described: Described, value: Any, state: State, text: str) -> None:  # noqa: ANN401
    span = described(SYSTEM).graph.system.span

    assert text == Fact("a.b", value, state, span).text()


def test_an_empty_path_is_refused(described: Described) -> None:
    model = described(SYSTEM)

    with pytest.raises(ValueError, match="empty path"):
        fact(model.graph, model.graph.agents[0], ())
