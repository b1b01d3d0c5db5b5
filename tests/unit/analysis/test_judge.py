"""What a finding on something derived says: which line, in which words, decided together with what."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from threatmodel import analyze

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.finding import Finding

    Described = Callable[[str], Model]

SYSTEM = """people: {guest: {trust: untrusted}, reader: {trust: partner}}
agents:
  desk: {tools: [crm], memory: [notes], delegates_to: [{to: payer, context: message, returns: typed}]}
  payer: {tools: [till, news]}
tools:
  crm: {provider: first_party, actions: {look_up: {effect: read, data: [file]}}}
  till:
    provider: first_party
    actions: {pay: {effect: pay}}
  news:
    provider: community
    version: floating
    actions:
      a: {effect: read, data: [file], returns: untrusted}
      b: {effect: read, data: [], returns: untrusted}
      c: {effect: read, data: [], returns: untrusted}
      d: {effect: read, data: [], returns: untrusted}
stores:
  notes: {kind: memory, persistence: cross_session}
data: {file: {classification: confidential}}
flows:
  - {from: guest, to: desk}
  - {from: desk, to: reader}
"""


@pytest.fixture
def found(described: Described) -> dict[str, Finding]:
    """Return the findings of the system, by rule and subject."""
    findings = analyze(described(SYSTEM), today=date(2026, 11, 25)).findings
    return {f"{one.rule}@{one.subject}": one for one in findings}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("injected-payment@payer>till.pay:payment", "    actions: {pay: {effect: pay}}"),
        ("data-fed-to-changing-tool@payer>news:disclosure", "  news:"),
        ("cross-session-poisoning@desk>notes:persistence", "  notes: {kind: memory, persistence: cross_session}"),
        ("disclosure-to-outside-party@desk>desk>reader:disclosure", "  - {from: desk, to: reader}"),
    ],
)
def test_a_finding_points_at_what_it_happens_by(found: dict[str, Finding], name: str, line: str) -> None:
    """An action, a tool that is fed, a store that is written, a flow: not the agent that does it."""
    lines = f"threatmodel: 1\n{SYSTEM}".splitlines()

    assert lines[found[name].span.line - 1] == line


def test_what_happens_through_another_agent_is_decided_with_that_agents_own(found: dict[str, Finding]) -> None:
    """One gate before the call settles both; each stays a finding of its own."""
    own, lent = (found[f"injected-payment@{agent}>till.pay:payment"] for agent in ("payer", "desk"))

    assert own.group == lent.group == "injected-payment@payer"
    assert (own.elements[0], lent.elements[0]) == ("payer", "desk")


def test_a_message_names_a_tool_once_however_many_of_its_actions_it_means(found: dict[str, Finding]) -> None:
    message = found["injected-payment@payer>till.pay:payment"].message

    assert message == "'payer' can be made to pay with till.pay, by text from news.*, guest"


TILL = """
people: {guest: {trust: untrusted}, dealer: {trust: partner}}
agents: {desk: {planning: fixed, tools: [till]}}
tools: {till: {provider: first_party, actions: {pay: {effect: pay}}}}
treatments: [{finding: "injected-payment@guest>desk>till.pay:payment", decision: accept, owner: ciso}]
flows:
  - {from: guest, to: desk}
"""


def test_a_decision_about_attack_paths_does_not_cover_a_source_that_comes_later(described: Described) -> None:
    before = analyze(described(TILL), today=date(2026, 11, 25))
    after = analyze(described(f"{TILL}  - {{from: dealer, to: desk}}\n"), today=date(2026, 11, 25))
    paid = [next(one for one in each.findings if one.rule == "injected-payment") for each in (before, after)]

    assert [one.state.value for one in paid] == ["accepted", "open"]
    assert [one.id.partition("@")[2].partition(">")[0] for one in paid] == ["guest", "dealer+guest"]
    assert ([], ["injected-payment@guest>desk>till.pay:payment"]) == (
        [one.id for one in before.unmatched], [one.id for one in after.unmatched],
    )  # fmt: skip


def test_an_id_names_few_sources_and_tells_many_apart(described: Described) -> None:
    names = [f"guest-{letter}" for letter in "abcdef"]
    people = ", ".join(f"{name}: {{trust: untrusted}}" for name in names)
    text = TILL.replace("guest: {trust: untrusted}", people).replace("  - {from: guest, to: desk}\n", "")

    def paid(senders: list[str]) -> str:
        flows = "".join(f"  - {{from: {name}, to: desk}}\n" for name in senders)
        found = analyze(described(text + flows), today=date(2026, 11, 25)).findings
        return next(one.id for one in found if one.rule == "injected-payment")

    five, other, turned = paid(names[:5]), paid(names[1:]), paid(names[4::-1])

    assert five == turned != other
    assert five.startswith("injected-payment@guest-a+4-more-")
