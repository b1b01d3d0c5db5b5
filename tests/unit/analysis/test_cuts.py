"""Cuts: small, verified, and honest about what they cannot break."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from threatmodel.analysis.candidates import ISOLATION, Candidate
from threatmodel.analysis.context import Context
from threatmodel.analysis.cuts import Cutter
from threatmodel.analysis.hitting import smallest_hitting_set
from threatmodel.model.layers import place_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model

    Described = Callable[[str], Model]

TWO_TOOLS = (
    "people: {visitor: {trust: untrusted}}\n"
    "agents: {bot: {tools: [till, disks, mail.read]}}\n"
    "tools:\n"
    "  till: {provider: first_party, actions: {refund: {effect: pay}, void: {effect: pay}}}\n"
    "  disks: {provider: first_party, actions: {drop: {effect: delete, reversible: no}}}\n"
    "  mail: {provider: first_party, actions: {read: {effect: read, returns: untrusted}}}\n"
    "flows: [{from: visitor, to: bot}]\n"
)


def cutter(described: Described, text: str, *exclude: str) -> Cutter:
    """Return the cutter of a description."""
    model = described(text)
    placed = place_all(model.graph, model.catalog.controls)
    return Cutter(Context(model.graph, model.catalog, placed, date(2026, 11, 25)), exclude=frozenset(exclude))


def test_each_aim_has_its_own_answer(described: Described) -> None:
    """One wall before the agent; the cheapest gates; gates that keep everything going (SEMANTICS 12.2)."""
    cuts = {aim: cut for cut in cutter(described, TWO_TOOLS).cuts() for aim in cut.aims}

    assert len(cuts["smallest"].controls) == 1
    assert {one.on for one in cuts["working"].controls} == {"till.refund", "till.void", "disks.drop"}
    assert not any(one.control == ISOLATION for one in cuts["working"].controls)
    assert all(cut.exact and cut.breaks == cut.of == 6 and not cut.unbroken for cut in cuts.values())


def test_every_cut_is_verified_with_the_controls_in_place(described: Described) -> None:
    """No path is left once they stand."""
    found = cutter(described, TWO_TOOLS)

    assert all(found.remaining(cut.controls) == () for cut in found.cuts())


def test_what_is_excluded_is_not_proposed_and_what_cannot_be_broken_is_said(described: Described) -> None:
    """Without gates and isolation nothing is left against a payment."""
    found = cutter(described, TWO_TOOLS, "human-approval", "input-isolation")
    smallest = found.cuts()[0]

    assert {one.control for one in smallest.controls} <= {"backup-restore"}
    assert len(smallest.unbroken) == 4
    assert smallest.exact
    assert smallest.finished


def test_a_sandbox_counts_for_the_fact_it_changes(described: Described) -> None:
    """A sandbox that is put in place replaces `sandbox: none` (12.1)."""
    text = (
        "people: {visitor: {trust: untrusted}}\n"
        "agents: {bot: {tools: [run], runtime: {sandbox: none, egress: none}}}\n"
        "tools: {run: {kind: code_interpreter, provider: first_party, actions: {go: {effect: execute}}}}\n"
        "flows: [{from: visitor, to: bot}]\n"
    )

    assert cutter(described, text).remaining((Candidate("sandbox", "bot"),)) == ()


def test_each_control_alone_says_what_it_is_worth(described: Described) -> None:
    """Most first; one that breaks nothing is left out."""
    worth = cutter(described, TWO_TOOLS).single().worth

    assert worth[0].breaks == 6
    assert [one.breaks for one in worth] == sorted((one.breaks for one in worth), reverse=True)
    assert all(one.breaks > 0 for one in worth)


def test_the_search_beats_greed() -> None:
    """Greedy takes the middle one of three; two are enough."""
    a, b, c = (Candidate("human-approval", name) for name in "abc")
    clauses = [frozenset({a, c}), frozenset({a}), frozenset({b, c}), frozenset({b})]
    found, proven = smallest_hitting_set(clauses, lambda _: 1, by_cost=False)

    assert (set(found), proven) == ({a, b}, True)


def test_a_gate_on_all_actions_of_a_tool_holds_for_those_that_nobody_lists(described: Described) -> None:
    text = TWO_TOOLS.replace("till: {", "till: {actions_complete: false, ", 1)
    gate = Candidate("human-approval", "till.*")
    found = cutter(described, text)

    left = {path.action for path in found.remaining((gate,))}

    assert "till.*" in {path.action for path in found.paths}
    assert not any(action.startswith("till.") for action in left)
    assert found.cost(gate) == 3
