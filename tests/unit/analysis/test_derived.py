"""What follows from a description: powers, ways of text, gates, harms. Each case is a near miss beside its hit."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from threatmodel.analysis.context import Context
from threatmodel.analysis.derived import derive
from threatmodel.model.layers import place_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.derived import Derived

    Described = Callable[[str], Model]

TODAY = date(2026, 11, 25)
PAY = "  till: {provider: first_party, actions: {refund: {effect: pay}}}\n"
APPROVAL = "settings: {binds: parameters, on_timeout: deny}, status: configured"


def derived(described: Described, text: str) -> Derived:
    """Derive everything of a description."""
    model = described(text)
    placed = place_all(model.graph, model.catalog.controls)
    return derive(Context(model.graph, model.catalog, placed, TODAY))


def states(found: Derived, impact: str = "payment") -> dict[str, str]:
    """Return agent → state of its paths of one impact."""
    return {path.agent: path.state for path in found.paths.listed if path.impact == impact}


@pytest.mark.parametrize(
    ("flow", "state"),
    [
        ("{from: visitor, to: bot}", "open"),
        ("{from: visitor, to: bot, content: typed}", None),
        ("{from: visitor, to: bot, via: [form]}", "open"),
        ("{from: visitor, to: bot, via: [parser]}", None),
        ("{from: stranger, to: bot}", "unknown"),
        ("{from: stranger, to: bot, authenticated: false}", "open"),
        ("{from: staff, to: bot}", None),
    ],
)
def test_text_of_outsiders_opens_a_path_unless_a_fact_stops_it(
    described: Described, flow: str, state: str | None
) -> None:
    """SEMANTICS 4.1, 4.2, 4.6: where a fact stops text there is no path; where nobody says, it is unknown."""
    found = derived(
        described,
        "people: {visitor: {trust: untrusted}, stranger: {}, staff: {trust: internal}}\n"
        "services: {form: {passes: text}, parser: {passes: typed}}\n"
        f"agents: {{bot: {{tools: [till]}}}}\ntools:\n{PAY}flows: [{flow}]\n",
    )

    assert states(found).get("bot") == state


@pytest.mark.parametrize(
    ("control", "state"),
    [
        (f"{{type: human-approval, on: till.refund, by: staff, {APPROVAL}}}", "broken"),
        (f"{{type: human-approval, on: till, by: staff, {APPROVAL}}}", "broken"),
        (f"{{type: human-approval, on: bot, by: staff, {APPROVAL}}}", "broken"),
        (f"{{type: human-approval, on: till.refund, by: visitor, {APPROVAL}}}", "open"),
        (f"{{type: human-approval, on: till.refund, by: bot, {APPROVAL}}}", "open"),
        (f"{{type: human-approval, on: till.refund, by: clerk, {APPROVAL}}}", "broken"),
        ("{type: human-approval, on: till.refund, by: staff, status: tested}", "claimed"),
        (f"{{type: human-approval, on: till.refund, {APPROVAL}}}", "claimed"),
        ("{type: input-isolation, on: bot, status: tested}", "broken"),
        ("{type: input-isolation, on: visitor>bot, status: declared}", "claimed"),
        ("{type: prompt-shield, on: bot, status: tested}", "open"),
        ("{type: audit-log, on: till, status: tested}", "open"),
        (
            "{type: policy-enforcement, on: till, settings: {decides: per_request, considers: [role]}, status: tested}",
            "open",
        ),
        (
            "{type: policy-enforcement, on: till, settings: {decides: per_request, considers: [task]}, status: tested}",
            "broken",
        ),
        ("{type: policy-enforcement, on: till, status: tested}", "claimed"),
        ("{type: access-control, on: till, status: tested}", "open"),
        ("{type: tool-allowlist, on: bot, settings: {denies: [till.refund]}, status: tested}", None),
    ],
)
def test_a_control_is_worth_what_it_says(described: Described, control: str, state: str | None) -> None:
    """SEMANTICS 3 and 4.5: what it does, how it is set, who decides, and whether that is more than a claim."""
    found = derived(
        described,
        "people: {visitor: {trust: untrusted}, staff: {trust: internal}}\n"
        f"agents: {{bot: {{tools: [till]}}, clerk: {{tools: []}}}}\ntools:\n{PAY}"
        f"controls: {{guard: {control}}}\nflows: [{{from: visitor, to: bot}}]\n",
    )

    assert states(found).get("bot") == state


def test_an_approver_who_is_steered_only_past_his_own_approval_counts(described: Described) -> None:
    """SEMANTICS 3.5: the approval keeps the text from the agent that gives it."""
    found = derived(
        described,
        "people: {visitor: {trust: untrusted}}\n"
        "agents: {writer: {tools: [shelf.save]}, judge: {tools: [shelf.look, till]}}\n"
        f"tools:\n{PAY}"
        "  shelf: {provider: first_party, actions: {save: {effect: write, store: notes, reversible: yes}, "
        "look: {effect: read, store: notes}}}\n"
        "stores: {notes: {persistence: session}}\n"
        f"controls: {{review: {{type: human-approval, on: shelf.save, by: judge, {APPROVAL}}}}}\n"
        "flows: [{from: visitor, to: writer}]\n",
    )

    assert states(found) == {"judge": "broken"}


def test_delegation_is_cut_by_actions_depth_and_identity(described: Described) -> None:
    """SEMANTICS 5.4."""
    found = derived(
        described,
        "agents:\n"
        "  far: {tools: [], delegates_to: [{to: near, identity: actor_only, max_depth: 1}]}\n"
        "  near:\n"
        "    tools: []\n"
        "    identity: near-id\n"
        "    delegates_to: [{to: payer, identity: caller, actions: [till.refund, till.look]}]\n"
        "  payer: {tools: [till]}\n"
        "tools: {till: {provider: first_party, actions: "
        "{refund: {effect: pay}, look: {effect: read}, close: {effect: delete}}}}\n"
        "identities: {near-id: {kind: workload, permissions: [till.look]}}\n",
    )
    can = {(one.agent, one.action) for one in found.capabilities}

    assert can == {("payer", "till.refund"), ("payer", "till.look"), ("payer", "till.close"), ("near", "till.look")}


def test_a_secret_beside_a_shell_goes_round_the_gate_of_the_tool(described: Described) -> None:
    """SEMANTICS 5.3, 6.3: what the client asks before a call, the shell does not ask."""
    found = derived(
        described,
        "people: {visitor: {trust: untrusted}, staff: {trust: internal}}\n"
        "agents:\n"
        "  shelled: {tools: [till], runtime: {shell: true, sandbox: container, egress: none}}\n"
        "  plain: {tools: [till], runtime: {shell: false}}\n"
        "tools: {till: {provider: first_party, credential: key, actions: {refund: {effect: pay}}}}\n"
        "credentials: {key: {stored_in: env, visible_to_model: false}}\n"
        f"controls: {{prompt: {{type: human-approval, on: till.refund, at: client, by: staff, {APPROVAL}}}}}\n"
        "flows: [{from: visitor, to: shelled}, {from: visitor, to: plain}]\n",
    )
    bases = {(one.agent, one.basis, one.gates) for one in found.capabilities if one.action == "till.refund"}

    assert states(found) == {"shelled": "open", "plain": "broken"}
    assert bases == {
        ("shelled", "attached", ("prompt",)),
        ("shelled", "latent", ()),
        ("plain", "attached", ("prompt",)),
    }


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ("a: {tools: [files.read, mail.send]}", "open"),
        ("a: {tools: [files.read, mail.note]}", None),
        ("a: {tools: [files.list, mail.send]}", None),
        ("a: {tools: [files.read, mail.reply]}", "unknown"),
    ],
)
def test_disclosure_takes_all_three(described: Described, facts: str, state: str | None) -> None:
    """SEMANTICS 7.1: an outsider's text, confidential data, and a way out, in one session."""
    found = derived(
        described,
        "people: {visitor: {trust: untrusted}}\n"
        f"agents: {{{facts}}}\n"
        "tools:\n"
        "  files: {provider: first_party, actions: "
        "{read: {effect: read, data: [case]}, list: {effect: read, data: [menu]}}}\n"
        "  mail: {provider: first_party, actions: {send: {effect: send, to: external}, "
        "note: {effect: send, to: internal}, "
        "reply: {effect: send}}}\n"
        "data: {case: {categories: [pii]}, menu: {classification: public}}\n"
        "flows: [{from: visitor, to: a, carries: [menu]}]\n",
    )

    assert states(found, "disclosure").get("a") == state


def test_a_model_errs_without_any_attacker(described: Described) -> None:
    """SEMANTICS 8: a fixed plan does not; a tested restore undoes it unless the agent can spoil the copies."""
    found = derived(
        described,
        "agents:\n"
        "  planner: {planning: model_plans, tools: [disks.drop]}\n"
        "  script: {planning: fixed, tools: [disks.drop]}\n"
        "  spoiler: {planning: model_plans, tools: [disks]}\n"
        "tools:\n"
        "  disks: {provider: first_party, actions: "
        "{drop: {effect: delete, reversible: with_effort, restored_by: copies}, "
        "expire: {effect: delete, reversible: yes, store: vault}}}\n"
        "stores: {vault: {kind: backup}}\n"
        "controls: {copies: {type: backup-restore, on: disks.drop, store: vault, status: tested, "
        "evidence: [{kind: test, ref: drill.md, date: 2026-10-01}]}}\n",
    )

    assert {(one.agent, one.action, one.state) for one in found.mishaps} == {
        ("planner", "disks.drop", "broken"),
        ("spoiler", "disks.drop", "open"),
    }


def test_never_is_reached_even_where_a_gate_stands(described: Described) -> None:
    """SEMANTICS 5.7: held where nothing reaches it, unknown where nobody knows what a tool can do."""
    found = derived(
        described,
        "agents: {a: {tools: [till, box], never: [till.refund, grant, attic]}, b: {tools: [till], never: [grant]}}\n"
        f"tools:\n{PAY}  box: {{}}\nstores: {{attic: {{}}}}\n",
    )

    assert {(one.agent, one.never, one.state) for one in found.invariants} == {
        ("a", "till.refund", "reached"),
        ("a", "grant", "unknown"),
        ("a", "attic", "held"),
        ("b", "grant", "held"),
    }


def test_a_revoked_secret_lives_on_in_what_was_made_from_it(described: Described) -> None:
    """SEMANTICS 10.3."""
    found = derived(
        described,
        "credentials:\n"
        "  root: {lifetime: 1d, revoked: {on: manual, within: 5m}}\n"
        "  child: {derived_from: root, lifetime: 8h, revoked: never}\n"
        "  grandchild: {derived_from: child, lifetime: 1h}\n",
    )
    after = {one.credential: one.usable_after_revocation for one in found.credentials}

    assert after == {"root": "8h", "child": "8h", "grandchild": "unknown"}


def test_cycles_and_cliques_end(described: Described) -> None:
    """A route visits no agent twice, and many agents that all delegate to each other are no trouble."""
    names = [f"a{number}" for number in range(25)]
    agents = ""
    for name in names:
        others = ", ".join(f"{{to: {other}, context: typed}}" for other in names if other != name)
        agents += f"  {name}: {{tools: [till], delegates_to: [{others}]}}\n"
    found = derived(described, f"agents:\n{agents}tools:\n{PAY}")

    assert len({(one.agent, one.basis) for one in found.capabilities}) == 2 * len(names)


@pytest.mark.parametrize("first", ["b", "c"])
def test_of_two_routes_of_one_length_the_first_by_name_is_shown(described: Described, first: str) -> None:
    """SEMANTICS 9.2: not the one that is described first."""
    other = {"b": "c", "c": "b"}[first]
    found = derived(
        described,
        "agents:\n"
        f"  a: {{tools: [], delegates_to: [{{to: {first}}}, {{to: {other}}}]}}\n"
        f"  {first}: {{tools: [], delegates_to: [{{to: d}}]}}\n"
        f"  {other}: {{tools: [], delegates_to: [{{to: d}}]}}\n"
        f"  d: {{tools: [till]}}\ntools:\n{PAY}",
    )

    assert [one.route for one in found.capabilities if one.agent == "a"] == [("a", "b", "d", "till.refund")]


@pytest.mark.parametrize(("asked", "reached"), [("shop.order", True), ("shop.pack", True), ("shop.look", False)])
def test_what_sets_an_action_off_is_what_a_delegation_has_to_list(
    described: Described, asked: str, *, reached: bool
) -> None:
    """SEMANTICS 5.5: either of two actions that set off a third will do."""
    found = derived(
        described,
        "agents:\n"
        f"  chief: {{tools: [], delegates_to: [{{to: clerk, actions: [{asked}], identity: actor_only}}]}}\n"
        "  clerk: {tools: [shop]}\n"
        "tools:\n"
        "  shop: {provider: first_party, actions: {order: {effect: write, triggers: [till.refund]}, "
        "pack: {effect: write, triggers: [till.refund]}, look: {effect: read}}}\n"
        f"{PAY}",
    )

    assert ("chief" in {one.agent for one in found.capabilities if one.action == "till.refund"}) is reached
