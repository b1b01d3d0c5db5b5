"""`whatif`: what a loss, a breach or an answer changes, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from threatmodel.resources import schema_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "samples").glob("*/system.yaml"))
DESK = ROOT / "samples" / "support-desk" / "system.yaml"
SCREEN = 45  # lines

SYSTEM = """threatmodel: 1
system: {name: Till}
people: {guest: {trust: untrusted}, clerk: {trust: internal}}
agents:
  node: {tools: [till], planning: model_selects, memory: [notes], identity: till-id, model: gpt}
models: {gpt: {}}
tools:
  till: {provider: first_party, credential: till-key, actions: {refund: {effect: pay}, node: {effect: read}}}
stores: {notes: {kind: memory, persistence: cross_session}}
identities: {till-id: {kind: workload}}
credentials: {till-key: {identity: till-id, stored_in: env, lifetime: 8h}}
controls:
  ask-clerk: {type: human-approval, on: [till.refund], by: clerk, status: configured,
              settings: {binds: parameters, on_timeout: deny}}
  wall: {type: input-isolation, on: [node], status: configured}
flows: [{from: clerk, to: node}]
"""


@pytest.fixture
def till(tmp_path: Path) -> Path:
    """A description without an open path."""
    path = tmp_path / "system.yaml"
    path.write_text(SYSTEM, encoding="utf-8")
    return path


@pytest.fixture
def compared(run: Callable[..., Result]) -> Callable[..., Any]:
    """Return a function that gives the JSON of a comparison, checked against its schema."""

    def compare(file: Path, *options: str) -> Any:  # noqa: ANN401  JSON
        found = run("whatif", file, *options, "--format", "json")
        assert found.exit_code == 0, found.stderr
        data = json.loads(found.stdout)
        jsonschema.validate(data, json.loads(schema_text("whatif-1")))
        return data

    return compare


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parent.name)
def test_json_of_every_sample_meets_the_schema(compared: Callable[..., Any], sample: Path) -> None:
    from threatmodel import load

    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text("whatif-1")))
    graph = load(sample).graph
    tried = [("--lose", control.id) for control in graph.controls]
    tried += [("--compromise", kind.id) for kind in graph.elements.values() if kind.kind in {"agent", "tool", "store"}]

    assert all(compared(sample, *options)["changes"] for options in tried)


def test_a_lost_approval_opens_what_it_broke(compared: Callable[..., Any], till: Path) -> None:
    data = compared(till, "--lose", "ask-clerk")

    changed = [one for one in data["mishaps"] if one["id"] == "node>till.refund:payment"]
    assert [(one["change"], one["was"]["state"], one["now"]["state"]) for one in changed] == [
        ("changed", "broken", "open")
    ]


def test_a_compromised_agent_is_past_its_isolation_and_not_past_its_gates(
    compared: Callable[..., Any], till: Path
) -> None:
    data = compared(till, "--compromise", "node")
    paths = {one["id"]: one["now"]["state"] for one in data["paths"]}

    assert paths["public>node>till.refund:payment"] == "broken"
    assert paths["public>node>notes:persistence"] == "open"
    assert [(one["credential"], one["opens"]) for one in data["taken"]] == [("till-key", ["till.node", "till.refund"])]


@pytest.mark.parametrize("element", ["node", "gpt", "till", "notes", "clerk"])
def test_whoever_is_compromised_steers_the_agent(compared: Callable[..., Any], till: Path, element: str) -> None:
    till.write_text(SYSTEM.replace("on: [node]", "on: [guest]"), encoding="utf-8")
    sources = compared(till, "--compromise", element)["influence"][0]["now"]["certain"]

    assert {element, "public", "till.node"} & set(sources)


@pytest.mark.parametrize("name", ["till-key", "till-id"])
def test_a_stolen_secret_opens_what_it_opens(compared: Callable[..., Any], till: Path, name: str) -> None:
    data = compared(till, "--compromise", name)

    assert [one["credential"] for one in data["taken"]] == ["till-key"]
    assert data["paths"] == data["capabilities"] == data["findings"] == []


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("credentials.till-key.lifetime", "15m"),
        ("tools.till.actions.node.returns", "untrusted"),
        ("agents.node.runtime.egress", "any"),
        ("flows.clerk>node.content", "typed"),
        ("system.criticality", "high"),
        ("controls.ask-clerk.settings.binds", "blanket"),
        ("stores.notes.writers", "[node, public]"),
    ],
)
def test_a_fact_is_set_where_questions_place_it(
    compared: Callable[..., Any], till: Path, fact: str, value: str
) -> None:
    before = till.read_bytes()
    data = compared(till, "--set", f"{fact}={value}")

    assert data["changes"] == [{"kind": "set", "of": fact, "value": value}]
    assert till.read_bytes() == before


def test_a_capability_shows_the_lifetime_that_was_set(compared: Callable[..., Any], till: Path) -> None:
    data = compared(till, "--set", "credentials.till-key.lifetime=15m")
    changed = {one["id"]: (one["was"]["lifetime"], one["now"]["lifetime"]) for one in data["capabilities"]}

    assert changed["node>till.refund (pay, attached)"] == ("8h", "15m")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set", "agents.nod.oversight=none"], "did you mean 'node'?"),
        (["--set", "agents.node.oversigt=none"], "did you mean 'oversight'?"),
        (["--set", "agents.node.oversight=sometimes"], "expected one of 'every_action'"),
        (["--set", "agent.node.oversight=none"], "did you mean 'agents'?"),
        (["--set", "tools.till.actions.refnd.returns=typed"], "did you mean 'refund'?"),
        (["--set", "agents.node.tools=[tilt]"], "no tool or skill is named 'tilt'"),
        (["--set", "agents.node.stop.tested=2026-02-31"], "no calendar"),
        (["--set", "agents.node.oversight"], "FACT=VALUE"),
        (["--set", "agents.node=x"], "names no fact"),
        (["--set", "agents.node.owner={a"], "no YAML value"),
        (["--lose", "ask-clark"], "did you mean 'ask-clerk'?"),
        (["--compromise", "nod"], "did you mean 'node'?"),
        (["--compromise", "wall"], "--lose wall"),
        ([], "--lose, --compromise or --set"),
    ],
)
def test_a_wrong_change_is_refused_with_a_suggestion(
    run: Callable[..., Result], till: Path, options: list[str], said: str
) -> None:
    found = run("whatif", till, *options)

    assert found.exit_code == 2
    assert said in found.stderr


def test_changes_are_made_together(compared: Callable[..., Any], till: Path) -> None:
    data = compared(till, "--lose", "ask-clerk", "--compromise", "node")
    paths = {one["id"]: one["now"]["state"] for one in data["paths"]}

    assert paths["public>node>till.refund:payment"] == "open"


def test_the_answer_comes_first_and_fits_a_screen(run: Callable[..., Result]) -> None:
    text = run("whatif", DESK, "--lose", "refund-approval").stdout

    assert text.startswith("Support desk, if refund-approval fails:\n6 attack paths worse; 2 mishaps worse")
    assert SCREEN >= text.count("\n")


def test_nothing_that_differs_is_said_so(run: Callable[..., Result], till: Path) -> None:
    assert "nothing differs" in run("whatif", till, "--set", "system.description=x").stdout


def test_hostile_values_are_shown_escaped(run: Callable[..., Result], till: Path) -> None:
    text = run("whatif", till, "--set", "system.description=a\u202eb").stdout

    assert "a\\u202eb" in text


@pytest.mark.parametrize("width", [40, 100])
def test_lines_keep_to_the_width(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run("whatif", DESK, "--compromise", "triage").stdout.splitlines()

    assert [] == [line for line in lines if len(line) > width and len(line.split()) > 2]


def test_colour_adds_codes_and_no_words(run: Callable[..., Result]) -> None:
    colored = run("whatif", DESK, "--lose", "refund-approval", "--color", "always").stdout

    assert "\x1b[" in colored
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == run("whatif", DESK, "--lose", "refund-approval").stdout


def test_an_answer_says_what_it_settles(run: Callable[..., Result], compared: Callable[..., Any], till: Path) -> None:
    """Questions that are answered, and a credential that works for another time, are listed though no path moves."""
    change = ("--set", "credentials.till-key.revoked={within: 5m}")
    data = compared(till, *change)
    text = run("whatif", till, *change).stdout

    assert "credentials.till-key.revoked" in {one["fact"] for one in data["questions"] if one["change"] == "settled"}
    assert [one["now"]["usable_after_revocation"] for one in data["credentials"]] == ["5m"]
    assert "  changed  till-key: after revocation 5m (was after revocation unknown)" in text
    assert "  settled  credentials.till-key.revoked (" in text


def test_a_component_that_is_set_brings_its_facts(compared: Callable[..., Any], till: Path) -> None:
    data = compared(till, "--set", "tools.till.uses=github-mcp")

    assert len(data["capabilities"]) > 10
    assert "till.refund" not in {one["action"] for one in data["capabilities"]}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("githb", "no component is named 'githb'"),
        ("openai", "belongs under 'models:'"),
    ],
)
def test_a_component_that_does_not_fit_is_refused(run: Callable[..., Result], till: Path, name: str, said: str) -> None:
    found = run("whatif", till, "--set", f"tools.till.uses={name}")

    assert found.exit_code == 2
    assert said in " ".join(found.stderr.split())


def test_a_component_does_not_take_the_place_of_another(run: Callable[..., Result], till: Path) -> None:
    till.write_text(SYSTEM.replace("till: {provider", "till: {uses: slack-mcp, provider"), encoding="utf-8")
    found = run("whatif", till, "--set", "tools.till.uses=github-mcp")

    assert found.exit_code == 2
    assert "uses 'slack-mcp' already" in " ".join(found.stderr.split())


def test_paths_that_differ_in_their_source_only_are_one_line(run: Callable[..., Result]) -> None:
    text = run("whatif", DESK, "--lose", "refund-approval").stdout

    assert "crm.read_ticket, customer, mailer > triage>payments.refund:payment: open" in text


def plain(text: str) -> str:
    """Return a text as one line."""
    return " ".join(text.split())


def test_what_is_said_is_english(run: Callable[..., Result]) -> None:
    """Parts that were empty are named, a new finding comes with its fix, and a forgotten section is offered."""
    pinned = plain(run("whatif", DESK, "--set", "tools.mailer.version=pinned").stdout)
    tested = plain(run("whatif", DESK, "--set", "controls.mail-screening.status=tested").stdout)
    narrowed = plain(run("whatif", DESK, "--set", "credentials.mail-oauth.scopes.granted=[mail.send]").stdout)

    assert "triage: mailer cannot steer it any more" in pinned
    assert "1 new finding, low." in tested
    assert "unproven-test@mail-screening: open, low; to close it: Name in `evidence` where" in tested
    assert "no scope too many (was 2 scopes too many)" in narrowed
    assert "gated by nothing (was gated by refund-approval)" in plain(
        run("whatif", DESK, "--lose", "refund-approval").stdout
    )
    assert "did you mean 'tools.mailer.version'?" in run("whatif", DESK, "--set", "mailer.version=pinned").stderr
    assert "did you mean 'tools.mailer.actions.reply.to'?" in run("whatif", DESK, "--set", "mailer.reply.to=x").stderr
