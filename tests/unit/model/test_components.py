from __future__ import annotations

import io
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from threatmodel.catalog.component import Component
from threatmodel.errors import LoadError
from threatmodel.load.loader import load_document
from threatmodel.model.components import with_components

if TYPE_CHECKING:
    from threatmodel.load.document import Document

FACTS: dict[str, Any] = {
    "kind": "mcp_server",
    "provider": "third_party",
    "actions": {
        "get_issue": {"effect": "read", "returns": "untrusted"},
        "add_comment": {"effect": ["write", "send"], "to": "public"},
    },
}
GITHUB = Component(
    id="github-mcp",
    section="tools",
    title="GitHub",
    source="https://example.org",
    checked="2026-11-01",
    facts=FACTS,
    path="x.yaml",
)
CATALOG: Any = SimpleNamespace(components=MappingProxyType({"github-mcp": GITHUB, "github": GITHUB}))


def document(text: str) -> Document:
    return load_document("-", stdin=io.BytesIO(f"threatmodel: 1\n{text}".encode()))


def test_facts_of_the_component_stand_where_uses_stands() -> None:
    tool = with_components(document("tools:\n  gh: {uses: github-mcp}\n"), CATALOG).sections["tools"]["gh"].body

    assert tool["kind"] == "mcp_server"
    assert tool["actions"]["add_comment"]["effect"] == ["write", "send"]
    place = tool.value_span("uses")
    assert tool.value_span("kind") == tool["actions"]["get_issue"].key_span("effect") == place
    assert tool["actions"]["add_comment"]["effect"].value_span(1) == place


def test_what_is_written_wins_and_actions_are_joined_by_name() -> None:
    text = """\
tools:
  gh:
    uses: github
    provider: first_party
    actions:
      get_issue: {returns: typed}
      own_action: {effect: read}
"""
    tool = with_components(document(text), CATALOG).sections["tools"]["gh"].body

    assert tool["provider"] == "first_party"
    assert tool["actions"]["get_issue"] == {"returns": "typed", "effect": "read"}
    assert set(tool["actions"]) == {"get_issue", "own_action", "add_comment"}
    assert tool["actions"]["get_issue"].value_span("returns").line == 7
    assert tool["actions"]["get_issue"].value_span("effect").line == 4


def test_an_action_written_without_anything_takes_all_facts() -> None:
    tool = with_components(document("tools: {gh: {uses: github-mcp, actions: {get_issue: }}}"), CATALOG).sections[
        "tools"
    ]["gh"]

    assert tool.body["actions"]["get_issue"] == {"effect": "read", "returns": "untrusted"}


def test_the_document_and_the_catalog_are_not_changed() -> None:
    before = document("tools: {gh: {uses: github-mcp}, other: {}}")
    after = with_components(before, CATALOG)

    assert before.sections["tools"]["gh"].body == {"uses": "github-mcp"}
    assert after.sections["tools"]["other"] is before.sections["tools"]["other"]
    assert set(FACTS["actions"]) == {"get_issue", "add_comment"}
    assert with_components(document("tools: {gh: {}}"), CATALOG).sections["tools"]["gh"].body == {}


@pytest.mark.parametrize("text", ["tools: {gh: {uses: gitlab}}", "stores: {gh: {uses: github-mcp}}"])
def test_what_cannot_be_merged_is_an_error_at_uses(text: str) -> None:
    with pytest.raises(LoadError) as caught:
        with_components(document(text), CATALOG)

    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["unknown-component"]
