"""What an architect sees while writing a description: offers, explanations and problems, from the header alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:

    class Server(Protocol):
        def complete(self, text: str) -> dict[str, str]:
            """Labels and their documentation."""
            ...

        def hover(self, text: str) -> str:
            """What a pop-up shows."""
            ...

        def diagnose(self, text: str) -> list[tuple[int, str]]:
            """Lines and messages."""
            ...


pytestmark = pytest.mark.heavy

HEADER = "# yaml-language-server: $schema=.threatmodel/system-1.schema.json\nthreatmodel: 1\n"
"""As `init` writes it; what follows begins on line 3. A broken bar marks the cursor."""


def test_sections_are_offered_with_what_they_hold(server: Server) -> None:
    offers = server.complete(HEADER + "¦")

    assert {"agents", "tools", "credentials", "controls", "flows", "treatments"} <= offers.keys()
    assert offers["controls"] == "The safeguards, by id. Unsaid: there are none: a control nobody lists is absent."


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("agents:\n  triage:\n    ¦", "owner planning tools identity delegates_to stop out_of_scope"),
        ("agents:\n  triage: {ow¦}", "owner planning tools identity"),
        ("agents:\n  triage:\n    runtime:\n      ¦", "sandbox shell egress filesystem"),
        ("agents:\n  triage:\n    stop:\n      ¦", "by within tested"),
        ("agents:\n  triage:\n    access:\n      mail:\n        ¦", "do credential returns"),
        ("agents:\n  triage:\n    delegates_to:\n      - to: refunds\n        ¦", "context identity max_depth returns"),
        ("tools:\n  crm:\n    actions:\n      read_ticket:\n        ¦", "effect data reversible returns"),
        ("credentials:\n  token:\n    scopes:\n      ¦", "requested granted needed meaning"),
        ("controls:\n  approval:\n    settings:\n      ¦", "binds on_timeout mode decides"),
        ("flows:\n  - ¦", "from to carries content"),
    ],
)
def test_keys_are_offered_with_what_leaving_them_out_means(server: Server, text: str, keys: str) -> None:
    offers = server.complete(HEADER + text)

    for key in keys.split():
        assert "Unsaid: " in offers[key] or offers[key].endswith("Required."), key


@pytest.mark.parametrize(
    ("text", "word", "explained"),
    [
        ("agents:\n  triage:\n    planning: ¦", "model_plans", "The model makes a plan of several steps"),
        ("agents:\n  triage:\n    runtime: {sandbox: ¦}", "gvisor", "Same as `container`."),
        ("agents:\n  triage:\n    runtime: {sandbox: ¦}", "unknown", "Nobody knows yet."),
        ("agents:\n  triage:\n    stop: ¦", "none", "There is known to be none."),
        ("tools:\n  crm:\n    actions:\n      refund: {effect: [¦]}", "pay", "Moves money"),
        ("tools:\n  crm:\n    actions:\n      refund:\n        reversible: ¦", "with_effort", "It can be undone, but"),
        ("credentials:\n  token:\n    stored_in: ¦", "env", "In an environment variable"),
        ("credentials:\n  token:\n    visible_to_model: ¦", "false", "It is known not to be so."),
        ("credentials:\n  token:\n    lifetime: ¦", "task", "Until the task ends."),
        ("controls:\n  approval:\n    status: ¦", "declared", "Somebody says so"),
        ("stores:\n  notes:\n    writers: [¦]", "public", "Anyone at all."),
    ],
)
def test_words_are_offered_with_what_they_mean(server: Server, text: str, word: str, explained: str) -> None:
    assert server.complete(HEADER + text)[word].startswith(explained)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("agents:\n  tri¦age: {owner: support}", "Software in which a model decides what is done"),
        ("agents:\n  triage: {ow¦ner: support}", "'none' where there is known to be none. Unsaid: unknown."),
        ("agents:\n  triage: {plan¦ning: fixed}", "Who decides on the next step"),
        ("agents:\n  triage: {plan¦ning: fixed}", "* `model_selects`: The model picks the next tool from a set."),
        ("agents:\n  triage: {plan¦ning: [fixed]}", "Unsaid: unknown."),
        ("agents:\n  triage: {run¦time: {shell: true}}", "or its facts written here. Unsaid: unknown."),
        ("agents:\n  triage: {run¦time: build-box}", "or its facts written here. Unsaid: unknown."),
        ("agents:\n  triage: {runtime: {sh¦ell: true}}", "Whether commands can be run there. Unsaid: no."),
        ("credentials:\n  token: {stored¦_in: [env, notes]}", "or the id of a store"),
        ("credentials:\n  token: {revo¦ked: never}", "How it is taken back"),
    ],
)
def test_a_word_under_the_cursor_is_explained(server: Server, text: str, shown: str) -> None:
    seen = server.hover(HEADER + text + "\n").replace("\\", "")

    assert shown in seen
    assert "||" not in seen  # the server's way of joining what several alternatives say


def test_the_version_of_the_format_is_explained(server: Server) -> None:
    assert "The version of this format: 1" in server.hover(HEADER.replace("\nthreat", "\nthr¦eat"))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("agents:\n  triage:\n    ownr: support", 5, "Property ownr is not allowed."),
        ("agent:\n  triage:", 3, "Property agent is not allowed."),
        ("agents:\n  triage:\n    runtime:\n      sandbx: none", 6, "Property sandbx is not allowed."),
        ("agents:\n  triage:\n    delegates_to:\n      - {t: a, to: b}", 6, "Property t is not allowed."),
        ("agents:\n  triage:\n    planning: modelplans", 5, 'Valid values: "fixed", "model_selects", "model_plans"'),
        ("tools:\n  crm:\n    actions:\n      read: {effect: raed}", 6, 'Valid values: "read", "write"'),
        ("agents:\n  Triage:", 4, "Expected an id: lower-case letters"),
        ("credentials:\n  token:\n    lifetime: 15 min", 5, "Expected a lifetime: a duration such as '15m'"),
        ("flows:\n  - from: customer", 4, 'Missing property "to".'),
        ("system:\n  reviewed: 2026-11-1", 4, "Expected a date such as '2026-11-01'"),
    ],
)
def test_a_slip_is_marked_at_its_line(server: Server, text: str, line: int, message: str) -> None:
    ((place, said),) = server.diagnose(HEADER + text + "\n")

    assert place == line
    assert message in said


def test_a_whole_description_has_no_problem(server: Server) -> None:
    text = """\
system: {name: Support desk, reviewed: 2026-11-01, assumptions: [one, {text: two}]}
people: {guest: }
agents:
  triage: {planning: [fixed, model_plans], tools: [crm.read_ticket], runtime: {shell: no}, stop: none}
tools:
  crm: {version: pinned, actions: {read_ticket: {effect: read, reversible: yes}, list: {effect: [read]}}}
credentials:
  token: {lifetime: 15m, stored_in: [env, notes], visible_to_model: false, revoked: {on: task_end, within: 1m}}
controls:
  approval: {type: human-approval, on: guest>triage, settings: {binds: parameters, ruleset: strict}, x-note: mine}
flows:
  - {from: guest, to: triage}
"""

    assert server.diagnose(HEADER + text) == []
