"""Each control on a route says why it holds there, is only a claim, or does nothing, and by which rule."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from threatmodel.analysis.answering import answer
from threatmodel.analysis.context import Context
from threatmodel.analysis.derived import derive
from threatmodel.analysis.explain import mishap_id
from threatmodel.analysis.route_reasons import RouteReasons
from threatmodel.model.layers import place_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.proof import Stand

TODAY = date(2026, 11, 25)
SYSTEM = """people: {{guest: {{trust: untrusted}}, lead: {{trust: internal}}}}
agents:
  bot: {{planning: model_selects, tools: [till, disk],
        delegates_to: [{{to: aide, context: transcript, identity: none}}],
        runtime: {{shell: true, sandbox: {sandbox}, egress: none}}, authorization: {{decided: per_request}},
        credentials: [key]}}
  aide: {{tools: []}}
tools:
  till: {{provider: first_party, actions: {{pay: {{effect: pay, returns: typed}}}}}}
  disk: {{provider: first_party, actions: {{wipe: {{effect: delete, reversible: no, store: archive}}}}}}
  vault: {{provider: first_party, actions: {{open: {{effect: pay}}}}}}
stores: {{archive: {{kind: database}}, tape: {{kind: database}}}}
credentials: {{key: {{stored_in: env, scopes: {{granted: [vault.open], needed: [vault.open]}}}}}}
flows: [{{from: guest, to: bot}}]
controls:
  it: {control}
"""
PAY, WIPE, RUN = "guest>bot>till.pay:payment", "guest>bot>disk.wipe:destruction", "guest>bot>bot.shell:execution"
LATENT = "guest>bot>vault.open:payment"
PROOF = "evidence: [{kind: test, ref: x, date: 2026-10-01}]"


def approval(**changes: str) -> str:
    """Return a sound approval with some keys said otherwise; an empty text leaves one out."""
    said = {
        "type": "human-approval", "on": "[till.pay]", "by": "lead", "status": "tested",
        "settings": "{binds: action, on_timeout: deny}", "evidence": "[{kind: test, ref: x, date: 2026-10-01}]",
    }  # fmt: skip
    said.update(changes)
    return f"{{{', '.join(f'{key}: {value}' for key, value in said.items() if value)}}}"


def policy(settings: str, status: str = "configured") -> str:
    """Return a policy on the payment."""
    return f"{{type: policy-enforcement, on: [till.pay], status: {status}, settings: {settings}}}"


def backup(rest: str) -> str:
    """Return a backup of the archive."""
    return f"{{type: backup-restore, on: [disk.wipe], status: tested, {rest}}}"


CASES = {
    "sound": (PAY, approval(), "holds", "3.2", "tested, with evidence in force"),
    "configured": (PAY, approval(status="configured", evidence=""), "holds", "3.2", "configured"),
    "no evidence": (PAY, approval(evidence=""), "holds", "3.2", "tested with no evidence"),
    "stale evidence": (
        PAY, approval(evidence="[{kind: test, ref: x, date: 2025-01-01, expires: 2026-01-01}]"),
        "holds", "3.2", "tested with stale evidence",
    ),
    "declared": (PAY, approval(status="declared"), "claim", "3.2", "its status is declared"),
    "status unsaid": (PAY, approval(status=""), "claim", "3.2", "nobody has said its status"),
    "failed": (PAY, approval(status="failed"), "nothing", "3.2", "its status is failed"),
    "in the prompt": (PAY, approval(enforced="in_prompt"), "nothing", "3.3", "only asked to mind itself"),
    "nowhere": (PAY, approval(enforced="nowhere"), "nothing", "3.3", "enforced nowhere"),
    "flags": (PAY, approval(settings="{binds: action, on_timeout: deny, mode: flag}"), "nothing", "3.3", "mode is"),
    "sometimes": (PAY, approval(applies="above_limit"), "claim", "3.4", "holds only sometimes (applies: above_limit)"),
    "lets through": (
        PAY, approval(settings="{binds: action, on_timeout: deny, on_error: allow}"),
        "claim", "3.4", "on_error is allow",
    ),
    "binding unsaid": (PAY, approval(settings="{on_timeout: deny}"), "claim", "3.5", "nobody has said what it binds"),
    "blanket": (PAY, approval(settings="{binds: blanket, on_timeout: deny}"), "claim", "3.5", "binds is blanket"),
    "nobody decides": (PAY, approval(by=""), "claim", "3.5", "nobody has said who decides"),
    "the attacker approves": (PAY, approval(by="guest"), "nothing", "3.5", "guest, who approves, can be the attacker"),
    "a steered agent approves": (
        PAY, approval(by="aide"), "nothing", "3.5", "aide, who approves, is an agent that outsiders steer",
    ),
    "roles only": (
        PAY, policy("{decides: per_request, considers: [role]}"), "nothing", "3.6", "it looks only at [role]",
    ),
    "at deploy": (PAY, policy("{decides: at_deploy, considers: [task]}"), "nothing", "3.6", "decides is at_deploy"),
    "policy unsaid": (PAY, policy("{}"), "claim", "3.6", "nobody has said when it decides and nobody has said what it"),
    "isolation": (
        PAY, "{type: input-isolation, on: [guest>bot], status: planned}", "nothing", "3.2", "its status is planned",
    ),
    "filter that holds": (
        PAY, "{type: prompt-shield, on: [bot], status: configured}", "weakens", "4.5", "some of the text still passes",
    ),
    "filter that is a claim": (
        PAY, "{type: prompt-shield, on: [bot], status: declared}", "nothing", "4.5", "a filter that is only a claim",
    ),
    "gate on text": (PAY, approval(on="[guest>bot]"), "nothing", "4.5", "the text that rides along is not stopped"),
    "at the tool": (LATENT, approval(on="[vault.open]", at="tool"), "nothing", "6.3", "it stands at the tool"),
    "on the tool": (LATENT, approval(on="[vault]"), "nothing", "6.3", "it stands on the tool, and this goes past"),
    "at the target": (LATENT, approval(on="[vault.open]", at="target"), "holds", "3.2", "tested"),
    "place unsaid": (LATENT, approval(on="[vault.open]"), "unknown", "6.3", "nobody has said where it decides"),
    "backup that was tried": (WIPE, backup(f"store: tape, {PROOF}"), "holds", "8.2", "tested"),
    "backup that nobody tried": (WIPE, backup("store: tape"), "claim", "8.2", "nobody has shown that restoring works"),
    "backup within reach": (WIPE, backup(f"store: archive, {PROOF}"), "nothing", "8.2", "it lies in archive, which"),
    "backup somewhere": (WIPE, backup(PROOF), "unknown", "8.2", "nobody has said where it lies"),
    "sandbox": (RUN, "{type: sandbox, on: [bot], status: declared}", "claim", "3.2", "its status is declared"),
}  # fmt: skip


def stands(described: Callable[[str], Model], name: str, control: str) -> tuple[list[Stand], str]:
    """Return what stands on a path, and the sentence that answers."""
    model = described(SYSTEM.format(control=control, sandbox="container" if "type: sandbox" in control else "none"))
    context = Context(model.graph, model.catalog, place_all(model.graph, model.catalog.controls), TODAY)
    derived = derive(context)
    path = next(one for one in derived.paths.listed if one.id == name)
    stages = RouteReasons(derived).path(path)
    return [stand for stage in stages for stand in stage.stands], answer(model.graph, path, stages)


@pytest.mark.parametrize("case", CASES)
def test_a_control_says_what_it_is_worth_and_why(described: Callable[[str], Model], case: str) -> None:
    name, control, worth, rule, reason = CASES[case]
    found, said = stands(described, name, control)
    mine = [stand for stand in found if stand.control == "it"]

    assert [(worth, rule)] == list(dict.fromkeys((stand.worth, stand.rule) for stand in mine if reason in stand.reason))
    assert worth not in {"holds", "claim"} or "it (" in said


def test_what_an_owner_says_of_authorization_is_a_claim(described: Callable[[str], Model]) -> None:
    found, said = stands(described, PAY, approval(status="absent"))
    owner = next(stand for stand in found if stand.control == "bot.authorization")

    assert ("claim", "3.6") == (owner.worth, owner.rule)
    assert "only a claim stands in between: bot.authorization (decided per_request: its owner says so" in said


def test_a_mishap_passes_the_same_gates(described: Callable[[str], Model]) -> None:
    model = described(SYSTEM.format(control=approval(), sandbox="none"))
    context = Context(model.graph, model.catalog, place_all(model.graph, model.catalog.controls), TODAY)
    derived = derive(context)
    mishap = next(one for one in derived.mishaps if mishap_id(one) == "bot>till.pay:payment")
    stages = RouteReasons(derived).mishap(mishap)

    assert ["8.1", "5.1", "7.4"] == [stage.rule for stage in stages]
    assert "bot cannot pay money through till.pay, by a mistake of its model: it (tested" in answer(
        model.graph, mishap, stages
    )


def test_a_fact_that_says_the_worst_overrules_a_control(described: Callable[[str], Model]) -> None:
    """Of a fact and a control that say the same the worse counts (SEMANTICS 1.3)."""
    model = described(SYSTEM.format(control="{type: sandbox, on: [bot], status: declared}", sandbox="none"))
    context = Context(model.graph, model.catalog, place_all(model.graph, model.catalog.controls), TODAY)
    derived = derive(context)
    path = next(one for one in derived.paths.listed if one.id == RUN)
    stages = RouteReasons(derived).path(path)

    assert ("bot.authorization",) == path.claimed_by
    assert [("nothing", "1.3")] == [(one.worth, one.rule) for one in stages[-1].stands]
