"""The whole analysis: order, decisions, questions, coverage."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from threatmodel import analyze
from threatmodel.analysis.coverage import Covered, Proof
from threatmodel.analysis.finding import FindingState
from threatmodel.analysis.questions import paste, split
from threatmodel.render.view import overview

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Analysis, Model

    Described = Callable[[str], Model]

TODAY = date(2026, 11, 25)
UNOWNED = "unowned-agent@a"


def analysis_of(described: Described, text: str) -> Analysis:
    """Analyze a description on a fixed day."""
    return analyze(described(text), today=TODAY)


def state_of(analysis: Analysis, finding: str) -> FindingState:
    """Return the state of one finding."""
    return next(one.state for one in analysis.findings if one.id == finding)


def test_the_worst_comes_first_then_the_id(described: Described) -> None:
    """DESIGN §5."""
    analysis = analysis_of(described, "agents: {a: {owner: none}, b: {owner: none, criticality: critical}}")
    keys = [(-int(finding.severity), finding.id) for finding in analysis.findings]

    assert keys == sorted(keys)
    assert len(keys) == len({finding.id for finding in analysis.findings})


@pytest.mark.parametrize(
    ("decision", "expires", "state"),
    [
        ("accept", "2027-01-01", FindingState.ACCEPTED),
        ("accept", "2026-11-25", FindingState.ACCEPTED),
        ("accept", "2026-11-24", FindingState.EXPIRED),
        ("transfer", "2027-01-01", FindingState.TRANSFERRED),
        ("avoid", "2027-01-01", FindingState.AVOIDED),
        ("false_positive", "2027-01-01", FindingState.FALSE_POSITIVE),
        ("mitigate", "2027-01-01", FindingState.OPEN),
        ("mitigate", "2020-01-01", FindingState.OPEN),
    ],
)
def test_a_decision_holds_until_its_date(
    described: Described, decision: str, expires: str, state: FindingState
) -> None:
    """`mitigate` is a plan: the finding stays open. The day of expiry still counts."""
    treatments = (
        f'treatments: [{{finding: "{UNOWNED}", decision: {decision}, owner: ciso, reason: r, expires: {expires}}}]'
    )
    analysis = analysis_of(described, f"agents: {{a: {{owner: none}}}}\n{treatments}")

    assert state_of(analysis, UNOWNED) is state
    assert analysis.unmatched == ()


def test_a_decision_on_one_subject_never_covers_another(described: Described) -> None:
    """And one that matches nothing is reported."""
    treatments = (
        f'treatments: [{{finding: "{UNOWNED}", decision: accept}}, {{finding: "unowned-agent@gone", decision: accept}}]'
    )
    analysis = analysis_of(described, f"agents: {{a: {{owner: none}}, b: {{owner: none}}}}\n{treatments}")

    assert state_of(analysis, UNOWNED) is FindingState.ACCEPTED
    assert state_of(analysis, "unowned-agent@b") is FindingState.OPEN
    assert [entry.id for entry in analysis.unmatched] == ["unowned-agent@gone"]


def test_totals_of_the_overview_are_those_of_the_findings(described: Described) -> None:
    """Every finding is in one group, every state has a number."""
    analysis = analysis_of(
        described, "agents: {a: {owner: none}, b: {}}\ncredentials: {c: {kind: api_key, stored_in: code}}"
    )
    seen = overview(analysis)
    groups = (*seen.open, *seen.unknown, *seen.settled)

    assert sorted(finding.id for group in groups for finding in group.findings) == sorted(
        finding.id for finding in analysis.findings
    )
    assert sum(seen.by_state.values()) == len(analysis.findings)
    assert sum(seen.open_by_severity.values()) == seen.by_state["open"] + seen.by_state["expired"]


def test_the_empty_description_covers_nothing(described: Described) -> None:
    """Not applicable or no rule, for every entry of every framework of threats."""
    analysis = analysis_of(described, "system: {name: Nothing}")
    states = {entry.state for entry in analysis.coverage}

    assert analysis.findings == ()
    assert states <= {Covered.NOT_APPLICABLE, Covered.NO_RULE}
    assert Covered.NOT_APPLICABLE in states


def test_an_open_finding_opens_its_entries_and_a_missing_fact_leaves_them_untold(described: Described) -> None:
    """Open wins over unknown; a fact that is stated well is not proven."""
    bad = {entry.id: entry for entry in analysis_of(described, "agents: {a: {owner: none}}").coverage}

    assert bad["ASI10"].state is Covered.OPEN
    assert "unowned-agent" in bad["ASI10"].rules


def test_an_entry_whose_rules_were_not_asked_is_not_covered(described: Described) -> None:
    """Silence for want of facts is no assurance: it cannot be told."""
    text = "tools: {t: {TOOL}}\nagents: {a: {owner: desk, tools: [t], stop: {by: desk, tested: 2026-11-01}}}"
    bare = {entry.id: entry for entry in analysis_of(described, text.replace("TOOL", "kind: function")).coverage}
    said = "provider: first_party, version: pinned, actions: {a: {effect: read}}"
    full = {entry.id: entry for entry in analysis_of(described, text.replace("TOOL", said)).coverage}

    assert (bare["ASI05"].state, bare["ASI05"].why) == (Covered.CANNOT_TELL, "too little is stated to ask")
    assert full["ASI05"].state is Covered.MITIGATED
    assert "ruled out by what the owner stated" in full["ASI05"].why


@pytest.mark.parametrize(
    ("control", "state", "proof"),
    [
        (
            "status: tested, evidence: [{kind: test, ref: x, date: 2026-10-01, expires: 2027-01-01}]",
            "mitigated",
            "proven",
        ),
        (
            "status: tested, evidence: [{kind: test, ref: x, date: 2026-01-01, expires: 2026-10-01}]",
            "mitigated",
            "configured",
        ),
        ("status: configured", "mitigated", "configured"),
        ("status: declared", "open", None),
        ("status: absent", "open", None),
    ],
)
def test_a_mitigated_entry_says_by_what(described: Described, control: str, state: str, proof: str | None) -> None:
    """Claims leave it open; what is configured is never called proven."""
    text = (
        "people: {visitor: {trust: untrusted}}\nagents: {a: {tools: [till], planning: fixed}}\n"
        "tools: {till: {provider: first_party, actions: {pay: {effect: pay}}}}\nflows: [{from: visitor, to: a}]\n"
        f"controls: {{gate: {{type: deterministic-policy, on: [till.pay], {control}}}}}\n"
    )
    found = analysis_of(described, text)
    paid = next(one for one in found.findings if one.rule == "injected-payment")
    ends = [one for one in found.coverage if one.rules and set(one.rules) <= {"injected-payment"}]

    assert paid.state.value == state
    assert {(one.state.value, one.proof and one.proof.value) for one in ends} <= {(state, proof)}


def test_a_layer_that_the_system_does_not_have_is_not_applicable(described: Described) -> None:
    """Silence about a layer with nothing in it is no assurance, and the reason is given."""
    found = analysis_of(described, "agents: {a: {tools: [], owner: desk}}")
    model = [one for one in found.coverage if one.id.startswith("MAESTRO-L1-") and one.rules]

    assert {(one.state, one.proof) for one in model} == {(Covered.NOT_APPLICABLE, None)}
    assert all("layer L1" in one.why or "no model" in one.why for one in model)


def test_what_is_only_stated_is_never_called_proven(described: Described) -> None:
    found = analysis_of(described, "agents: {a: {owner: desk, tools: [], stop: {by: desk, tested: 2026-11-01}}}")

    assert {one.proof for one in found.coverage if one.state is Covered.MITIGATED} == {Proof.STATED}


@pytest.mark.parametrize(
    ("fact", "keys"),
    [
        ("agents.triage.runtime.egress", ("agents", "triage", "runtime", "egress")),
        ("tools.crm.actions.read_ticket.returns", ("tools", "crm", "actions", "read_ticket", "returns")),
        ("tools.crm.actions.admin.users.list.effect", ("tools", "crm", "actions", "admin.users.list", "effect")),
        ("tools.legacy.actions", ("tools", "legacy", "actions")),
    ],
)
def test_a_fact_splits_into_its_keys(fact: str, keys: tuple[str, ...]) -> None:
    """Names of actions may hold dots."""
    assert split(fact) == keys


def test_a_question_comes_with_lines_that_load(described: Described) -> None:
    """What is pasted is a description itself, with the choices beside the key."""
    text = paste("agents.a.runtime.egress")

    assert text.splitlines()[-1].strip() == "egress: unknown  # any | allowlist | none"
    assert described(text).graph.agents[0].id == "a"


def test_what_cannot_be_told_is_grouped_by_the_fact_that_would_settle_it(described: Described) -> None:
    """Whatever rules ask for it: a reader answers it once."""
    tool = "{provider: third_party, actions: {look: {effect: read, data: [], returns: trusted}}}"
    found = analyze(described(f"tools: {{mailer: {tool}}}\nagents: {{a: {{tools: [mailer]}}}}\n")).findings
    groups = {one.group for one in found if "tools.mailer.version" in one.missing}

    assert groups == {"unsaid@tools.mailer.version"}
    assert len({one.rule for one in found if one.group in groups}) > 0
