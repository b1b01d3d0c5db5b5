"""Each known product states facts as a description would, and no more than is known."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from threatmodel import resources
from threatmodel.catalog.component import Component, components_from
from threatmodel.load.source import parse

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted((resources.folder("catalogs") / "components").glob("*.yaml"))
SCHEMA = json.loads(resources.schema_text("component-1"))
SYSTEM = json.loads(resources.schema_text("system-1"))
EFFECTS = {"read", "write", "delete", "execute", "send", "pay", "deploy", "configure", "grant", "spawn"}
MOST_USED = {
    "github-mcp",
    "slack-mcp",
    "gmail-mcp",
    "google-drive-mcp",
    "filesystem-mcp",
    "fetch-mcp",
    "postgres-mcp",
    "playwright-mcp",
    "openai-api",
    "anthropic-api",
}


def data(path: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = parse(path.read_text(encoding="utf-8"), path.as_posix())
    return parsed


ALL = {item.id: item for path in FILES for item in components_from(data(path), path.name)}
TOOLS = [item for item in ALL.values() if item.section == "tools"]
EACH = pytest.mark.parametrize("component", ALL.values(), ids=lambda component: component.id)
EACH_TOOL = pytest.mark.parametrize("component", TOOLS, ids=lambda component: component.id)


def effects(action: dict[str, Any]) -> set[str]:
    return set(action["effect"] if isinstance(action["effect"], list) else [action["effect"]])


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_keeps_to_the_schema(path: Path) -> None:
    assert [] == [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(data(path))]


def test_the_ten_most_used_are_there_and_no_name_stands_for_two() -> None:
    times = Counter(name for component in ALL.values() for name in component.names)

    assert set(ALL) >= MOST_USED
    assert [] == [name for name, count in times.items() if count > 1]


@EACH
def test_facts_are_what_a_description_could_say(component: Component) -> None:
    description = {"threatmodel": 1, component.section: {"x": dict(component.facts)}}

    assert [] == [error.message for error in jsonschema.Draft202012Validator(SYSTEM).iter_errors(description)]


@EACH
def test_which_version_is_used_is_left_to_the_description(component: Component) -> None:
    assert not {"version", "credential", "transport"} & set(component.facts)
    assert component.facts["provider"]
    assert date.fromisoformat(component.checked).year >= 2026


@EACH_TOOL
def test_every_action_has_a_known_effect(component: Component) -> None:
    assert component.actions
    for name, action in component.actions.items():
        assert effects(action) <= EFFECTS, name


@EACH_TOOL
def test_whatever_sends_says_where_and_whatever_changes_says_how_it_is_undone(component: Component) -> None:
    for name, action in component.actions.items():
        if "send" in effects(action):
            assert action["to"] in {"external", "public"}, name
        if effects(action) & {"write", "delete", "deploy", "configure"}:
            assert action["reversible"] in {"yes", "no", "with_effort"}, name


@EACH_TOOL
def test_only_reading_leaves_open_whose_text_comes_back(component: Component) -> None:
    """An action without `returns` is a question; only what the description alone can know may be one."""
    silent = {name for name, action in component.actions.items() if "returns" not in action}

    assert not silent or component.id.startswith(("filesystem", "postgres"))


def test_text_of_outsiders_is_marked() -> None:
    for tool, action in (
        ("github-mcp", "issue_read"),
        ("slack-mcp", "conversations_history"),
        ("gmail-mcp", "read_email"),
        ("google-drive-mcp", "readGoogleDoc"),
        ("fetch-mcp", "fetch"),
        ("playwright-mcp", "browser_snapshot"),
    ):
        assert ALL[tool].actions[action]["returns"] == "untrusted", tool


def test_the_default_toolsets_are_a_part_of_all() -> None:
    everything, default = ALL["github-mcp"].actions, ALL["github-mcp-default"].actions

    assert default == {name: everything[name] for name in default}


def test_a_model_has_no_actions() -> None:
    assert ALL["openai-api"].actions == {}
    assert ALL["openai-api"].names == ("openai-api", "openai")
    assert ALL["openai-api"].revision is None
