"""What closes a path: each way in which a described control falls short, and each fact on the way, with its value."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from threatmodel import analyze
from threatmodel.analysis.explain import Explained, explain
from threatmodel.analysis.whatif import Supposition, suppose
from threatmodel.render.explain_search import find_subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model

TODAY = date(2026, 11, 25)
SYSTEM = """people: {{guest: {{trust: untrusted}}, lead: {{trust: internal}}}}
agents:
  bot: {{planning: model_selects, tools: [till, disk],
        delegates_to: [{{to: aide, context: transcript, returns: typed}}], runtime: {{shell: false}}}}
  aide: {{tools: [box], runtime: {{shell: true, sandbox: none, egress: any}}, credentials: [key],
         {aide}}}
tools:
  till: {{provider: first_party, actions: {{pay: {{effect: pay, returns: typed}}}}}}
  disk: {{provider: first_party,
         actions: {{wipe: {{effect: delete, reversible: no, store: archive, restored_by: {by}}}}}}}
  box: {{provider: third_party, version: floating, actions: {{look: {{effect: read, data: [secret], returns: typed}}}}}}
  vault: {{provider: first_party, actions: {{open: {{effect: pay, returns: typed}}}}}}
stores: {{archive: {{kind: database}}, tape: {{kind: backup}}}}
data: {{secret: {{classification: restricted}}}}
credentials: {{key: {{stored_in: env, scopes: {{granted: [vault.open, x.read], needed: [x.read]}}}}}}
flows: [{{from: guest, to: bot}}]
controls:
  it: {control}
"""
PAY, WIPE = "guest>bot>till.pay:payment", "guest>bot>disk.wipe:destruction"
GOOD = {
    "type": "human-approval", "on": "[till.pay]", "by": "lead", "status": "configured",
    "settings": "{binds: action, on_timeout: deny}",
}  # fmt: skip


def asked(described: Callable[[str], Model], control: str, name: str, *, by: str = "none") -> tuple[Model, Explained]:
    """Return a system and what is said of one path."""
    model = described(SYSTEM.format(control=control, by=by, aide="planning: model_selects"))
    analysis = analyze(model, today=TODAY)
    (subject,) = find_subject(analysis, name).subjects
    return model, explain(analysis, subject)


def approval(**changes: str) -> str:
    """Return a sound approval with some keys said otherwise; an empty text leaves one out."""
    return f"{{{', '.join(f'{key}: {value}' for key, value in {**GOOD, **changes}.items() if value)}}}"


SHORT = {
    "absent": ({"status": "absent"}, {"status": "configured"}),
    "planned": ({"status": "planned"}, {"status": "configured"}),
    "failed": ({"status": "failed"}, {"status": "configured"}),
    "declared": ({"status": "declared"}, {"status": "configured"}),
    "in the prompt": ({"enforced": "in_prompt"}, {"enforced": "outside_model"}),
    "sometimes": ({"applies": "some"}, {"applies": "always"}),
    "fails open": (
        {"settings": "{binds: action, on_timeout: deny, on_error: allow}"}, {"settings.on_error": "deny"},
    ),
    "logs": ({"settings": "{binds: action, on_timeout: deny, mode: log}"}, {"settings.mode": "block"}),
    "bound to nothing": ({"settings": "{on_timeout: deny}"}, {"settings.binds": "parameters"}),
    "nobody decides": ({"by": ""}, {"by": "lead"}),
    "the attacker decides": ({"by": "guest"}, {"by": "lead"}),
    "everything at once": (
        {"status": "absent", "by": "", "settings": "", "enforced": "in_prompt"},
        {"status": "configured", "enforced": "outside_model", "settings.binds": "parameters",
         "settings.on_timeout": "deny", "by": "lead"},
    ),
}  # fmt: skip
"""What falls short of an approval, and all that it then has to say."""


@pytest.mark.parametrize(("changes", "needs"), SHORT.values(), ids=SHORT)
def test_a_control_says_every_key_that_it_needs(
    described: Callable[[str], Model], changes: dict[str, str], needs: dict[str, str]
) -> None:
    model, found = asked(described, approval(**changes), PAY)
    (amending,) = found.cure.amendings
    said = {change.fact.removeprefix("controls.it."): change.value for change in amending.changes}
    closed = suppose(model, [Supposition("set", change.fact, change.value) for change in amending.changes])
    state = {path.id: path.state for path in analyze(closed, today=TODAY).derived.paths.listed}[PAY]

    assert needs == said
    assert "broken" == state == amending.leaves
    assert all(closing.control != "human-approval" for closing in found.cure.closings)


def test_a_backup_needs_a_test_or_another_place(described: Callable[[str], Model]) -> None:
    untried = "{type: backup-restore, on: [disk.wipe], store: tape, status: configured}"
    near = "{type: backup-restore, on: [disk.wipe], store: archive, status: tested, evidence: [{kind: test, ref: x}]}"
    (tried,) = asked(described, untried, WIPE, by="it")[1].cure.amendings
    found = asked(described, near, WIPE, by="it")[1].cure

    assert ["controls.it.status", "controls.it.evidence"] == [change.fact for change in tried.changes]
    assert ["controls.it.store"] == [change.fact for one in found.amendings for change in one.changes]
    assert "stores.archive.integrity" in [change.fact for one in found.restatings for change in one.changes]


FACTS = {
    "guest>bot>till.pay:payment": ["flows.guest>bot.content"],
    "box>aide>aide.shell:disclosure": ["tools.box.version", "agents.aide.runtime.egress"],
    "box>aide>vault.open:payment": ["tools.box.version", "credentials.key.scopes.granted", "credentials.key.stored_in"],
    "guest>aide>aide.shell:execution": ["agents.bot.delegates_to.aide.context", "agents.aide.runtime.sandbox"],
}
"""Path → facts on its way whose change closes it."""


@pytest.mark.parametrize(("name", "facts"), FACTS.items(), ids=FACTS)
def test_facts_on_the_way_close_it(described: Callable[[str], Model], name: str, facts: list[str]) -> None:
    model, found = asked(described, "{type: audit-log, on: [bot], status: configured}", name)
    named = [one.changes[0].fact for one in found.cure.restatings]

    assert set(facts) <= set(named)
    for one in found.cure.restatings:
        closed = suppose(model, [Supposition("set", change.fact, change.value) for change in one.changes])
        left = {path.id: path.state for path in analyze(closed, today=TODAY).derived.paths.listed}
        assert left.get(name, "gone") == one.leaves
