"""What the engine makes of a rule: subjects, states, places, and an error where a rule is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from threatmodel.analysis.compiled import compile_rule
from threatmodel.analysis.context import Context
from threatmodel.analysis.derived import derive
from threatmodel.analysis.engine import run_rules
from threatmodel.analysis.finding import FindingState
from threatmodel.analysis.known import Subjects
from threatmodel.catalog.rule import Rule, rule_from
from threatmodel.errors import RuleError
from threatmodel.model.layers import place_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.engine import RuleResult

    Described = Callable[[str], Model]

TODAY = date(2026, 11, 25)


def rule(**changes: Any) -> Rule:  # noqa: ANN401  any field of a rule file
    """Return a rule about tools that are not pinned, with some of its fields changed."""
    fields = {
        "id": "loose-tool",
        "title": "Tool that may change",
        "status": "stable",
        "since": "0",
        "impact": "medium",
        "references": ["owasp-asi-2026:ASI04"],
        "controls": ["package-signing"],
        "applies_to": "tool",
        "when": {"is": {"version": ["floating", "dynamic"]}},
        "primary": "version",
        "related": ["agents"],
        "message": "tool {tool.id} is {version}, used by {agents}",
        "why": "w",
        "fix": "f",
        "false_positives": "p",
        "examples": {"bad": "", "good": ""},
        **changes,
    }
    return rule_from(fields, "rules/loose-tool.yaml", "rules")


def result(model: Model, one: Rule) -> RuleResult:
    """Run one rule."""
    context = Context(model.graph, model.catalog, place_all(model.graph, model.catalog.controls), TODAY)
    known = Subjects(model.graph, derive(context))
    return run_rules(replace(context, known=known), [one])[0]


TOOLS = """
agents: {a: {tools: [loose, tight, silent]}}
tools:
  loose: {version: floating, provider: community}
  tight: {version: pinned}
  silent: {provider: first_party}
"""


def test_true_is_open_false_is_clear_and_unsaid_is_unknown(described: Described) -> None:
    """Each subject has its own finding; it names the fact, the line and the elements concerned."""
    found = result(described(TOOLS), rule())
    states = {finding.id: finding.state for finding in found.findings}
    loose, silent = found.findings

    assert states == {"loose-tool@loose": FindingState.OPEN, "loose-tool@silent": FindingState.UNKNOWN}
    assert (found.looked_at, found.clear) == (3, 1)
    assert loose.message == "tool loose is floating, used by a"
    assert (loose.span.line, loose.span.column) == (5, 20)
    assert (loose.elements, loose.layers) == (("loose", "a"), ("L3", "L7"))
    assert [evidence.fact for evidence in loose.evidence] == ["tools.loose.version is floating"]
    assert silent.missing == ("tools.silent.version",)
    assert silent.message == "cannot tell whether this holds for silent: tool that may change"


def test_severity_shows_its_arithmetic(described: Described) -> None:
    """Criticality moves it, not knowing lowers it, and the steps add up."""
    found = result(described("system: {criticality: critical}\n" + TOOLS), rule())

    assert [finding.severity.word for finding in found.findings] == ["high", "medium"]
    assert all(sum(step.change for step in finding.steps) == int(finding.severity) for finding in found.findings)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("configured", FindingState.MITIGATED),
        ("tested", FindingState.MITIGATED),
        ("declared", FindingState.OPEN),
        ("planned", FindingState.OPEN),
    ],
)
def test_a_control_that_holds_mitigates_and_a_claim_does_not(
    described: Described, status: str, state: FindingState
) -> None:
    """Claimed is not proven: the claim is shown beside the open finding."""
    controls = f"controls: {{signed: {{type: package-signing, on: loose, status: {status}}}}}\n"
    found = result(described(controls + TOOLS), rule(broken_by=["package-signing"])).findings[0]

    assert found.state is state
    assert found.claimed_by == (("signed",) if status == "declared" else ())


def test_a_control_that_is_only_recommended_mitigates_nothing(described: Described) -> None:
    """`controls` are advice; only `broken_by` can settle a finding."""
    controls = "controls: {signed: {type: package-signing, on: loose, status: configured}}\n"

    assert result(described(controls + TOOLS), rule()).findings[0].state is FindingState.OPEN


def test_an_element_out_of_scope_is_set_aside(described: Described) -> None:
    """It stays counted, as such."""
    found = result(described("tools: {loose: {version: floating, out_of_scope: Reviewed elsewhere}}"), rule()).findings

    assert [finding.state for finding in found] == [FindingState.OUT_OF_SCOPE]


def test_silence_for_want_of_facts_is_no_assurance(described: Described) -> None:
    """A rule that was never asked, since nobody says enough, has ruled nothing out."""
    asked = rule(when={"all": [{"stated": "provider"}, {"is": {"provider": "community"}}]})
    found = result(described("tools: {said: {provider: first_party}, bare: {version: pinned}}"), asked)

    assert (found.looked_at, found.clear, found.unasked) == (2, 2, 1)
    assert found.silence == "stated facts rule it out on 1 of 2 (tool); on the rest too little is stated to ask"
    assert (
        result(described("tools: {bare: {version: pinned}}"), asked).silence == "too little is stated to ask it (tool)"
    )


def test_a_silent_rule_says_why(described: Described) -> None:
    """Nothing to look at is not the same as nothing wrong."""
    assert result(described("people: {p: {}}"), rule()).silence == "the description has no tool"
    assert (
        result(described("tools: {t: {version: pinned}}"), rule()).silence
        == "stated facts rule it out on 1 of 1 (tool)"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"when": {"iss": {"a": 1}}}, "no operator is named 'iss'"),
        ({"when": {"ask": "nobody-knows"}}, "no predicate is named 'nobody-knows'"),
        ({"when": {"ask": "workload-understated"}}, "answers about agent"),
        ({"when": {"some": {"of": "sisters", "where": {"has": "x"}}}}, "no relation 'sisters' starts at tool"),
        ({"when": {"longer": {"lifetime": "soon"}}}, "'soon' is not a duration"),
        ({"when": {"all": []}}, "expected a list"),
        ({"when": {"is": {"a..b": 1}}}, "expected a dotted path"),
        ({"when": {"subset": ["a"]}}, "expected two paths"),
        ({"related": ["sisters"]}, "no relation 'sisters'"),
    ],
)
def test_a_wrong_rule_is_an_error_never_silence(changes: dict[str, Any], words: str) -> None:
    """It names the rule and what was expected."""
    with pytest.raises(RuleError, match=words) as caught:
        compile_rule(rule(**changes))

    assert caught.value.rule == "loose-tool"


def test_a_rule_that_fails_while_it_runs_is_named(described: Described, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says which rule, on what, and what went wrong."""
    from threatmodel.analysis import compiled

    def broken(*_: object) -> object:
        raise TypeError("boom")

    monkeypatch.setattr(compiled, "compile_condition", lambda *_: broken)

    with pytest.raises(RuleError, match="'loose-tool' could not be evaluated on 'loose': TypeError: boom"):
        result(described(TOOLS), rule())


ABSENT = """
stores:
  a: {kind: log}
  b: {kind: log}
  c: {kind: log}
controls:
  none-there: {type: encryption-at-rest, on: [a], status: absent}
  claimed: {type: encryption-at-rest, on: [b], status: declared}
"""


def test_a_control_known_to_be_absent_answers_for_its_fact(described: Described) -> None:
    """Nobody states `encrypted`, but that nothing encrypts is said: open, with the control as its proof."""
    one = rule(
        applies_to="store",
        when={"is": {"encrypted": False}},
        broken_by=["encryption-at-rest"],
        primary="encrypted",
        related=[],
        message="store {id} is not encrypted",
    )
    states = {finding.subject: finding for finding in result(described(ABSENT), one).findings}

    assert FindingState.OPEN is states["a"].state
    assert ["controls.none-there.status is absent"] == [evidence.fact for evidence in states["a"].evidence]
    assert FindingState.UNKNOWN is states["b"].state
    assert ("claimed",) == states["b"].claimed_by
    assert FindingState.UNKNOWN is states["c"].state


def test_a_control_on_all_that_matters_is_as_good_as_one_on_the_subject(described: Described) -> None:
    """`broken_at` says what has to be safeguarded: each of it, and what nobody describes counts as in need."""
    text = """
agents: {done: {tools: [till]}, half: {tools: [till, drop]}, vague: {tools: [till, odd]}, silent: {purpose: Unsaid}}
tools:
  till: {actions: {refund: {effect: pay}, look: {effect: read}}}
  drop: {actions: {all: {effect: delete}}}
  odd: {actions: {thing: {}}}
controls:
  yes: {type: human-approval, on: till.refund, by: desk, status: STATUS, settings: {binds: action, on_timeout: deny}}
"""
    one = rule(
        applies_to="agent",
        when={"not": {"stated": "owner"}},
        primary="",
        related=["tools"],
        message="agent {id} pays",
        broken_by=["human-approval"],
        broken_at={"of": "actions", "where": {"includes": {"effect": ["pay", "delete"]}}},
    )
    held = {
        found.subject: found.mitigated_by for found in result(described(text.replace("STATUS", "tested")), one).findings
    }
    claims = {
        found.subject: found.claimed_by for found in result(described(text.replace("STATUS", "declared")), one).findings
    }

    assert held == {"done": ("yes",), "half": (), "vague": (), "silent": ()}
    assert claims == {"done": ("yes",), "half": ("yes",), "vague": ("yes",), "silent": ()}


def test_an_approval_by_outsiders_mitigates_nothing(described: Described) -> None:
    """SEMANTICS 3.5: who may be the attacker cannot be the one who says yes."""
    text = """
people: {buyer: {trust: untrusted}}
tools: {loose: {version: floating}}
controls:
  yes: {type: human-approval, on: loose, by: buyer, status: tested, settings: {binds: action, on_timeout: deny}}
"""
    found = result(described(text), rule(broken_by=["human-approval"])).findings[0]

    assert (found.state, found.mitigated_by, found.claimed_by) == (FindingState.OPEN, (), ())


@pytest.mark.parametrize(
    "broken_at",
    [{"of": "nobody", "where": {"has": "effect"}}, {"of": "agents", "where": {"hass": "owner"}}],
)
def test_a_wrong_broken_at_is_an_error(broken_at: dict[str, Any]) -> None:
    """A relation or condition that does not exist is named, not ignored."""
    with pytest.raises(RuleError, match="broken_at"):
        compile_rule(rule(broken_at=broken_at))
