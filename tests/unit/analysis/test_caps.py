"""Where a system has more than can be listed: the worst is, the rest is counted."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from threatmodel.analysis.context import Context
from threatmodel.analysis.derived import derive
from threatmodel.model.layers import place_all

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.derived import Derived

    Described = Callable[[str], Model]

CAPABILITY = "threatmodel.analysis.capability"
TOOLS = "tools:\n  till: {provider: first_party, actions: {refund: {effect: pay}, look: {effect: read}}}\n"


def derived(described: Described, text: str) -> Derived:
    """Derive everything of a description."""
    model = described(text)
    placed = place_all(model.graph, model.catalog.controls)
    return derive(Context(model.graph, model.catalog, placed, date(2026, 11, 25)))


def chain(length: int) -> str:
    """Return agents that hand on to the next; the last one pays, a guest writes to the first."""
    words = "context: message, identity: actor_only"
    agents = "".join(
        f"  a{number:04}: {{tools: [], delegates_to: [{{to: a{number + 1:04}, {words}}}]}}\n"
        for number in range(length - 1)
    )
    return (
        f"people: {{guest: {{trust: untrusted}}}}\nagents:\n{agents}  a{length - 1:04}: {{tools: [till]}}\n"
        f"{TOOLS}flows: [{{from: guest, to: a0000}}]\n"
    )


CREW = (
    "people: {guest: {trust: untrusted}, crowd: {trust: untrusted}}\n"
    "agents:\n"
    "  open: {tools: [till]}\n"
    "  bound: {tools: [till], never: [pay]}\n"
    "  narrow: {tools: [till], intended: [till.look]}\n"
    f"{TOOLS}"
    "flows: [{from: guest, to: open}, {from: crowd, to: open}, {from: guest, to: bound}, {from: crowd, to: bound}]\n"
)


def test_the_worst_capabilities_are_listed(described: Described, monkeypatch: pytest.MonkeyPatch) -> None:
    """What must not be comes before what nobody intends; all are counted."""
    monkeypatch.setattr(f"{CAPABILITY}.MOST_CAPABILITIES", 2)
    found = derived(described, CREW)

    assert found.capability_count == 6
    assert [(one.agent, one.action) for one in found.capabilities] == [
        ("bound", "till.refund"),
        ("narrow", "till.refund"),
    ]


def test_long_routes_take_the_room_of_many(described: Described, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list ends where the steps of its routes are too many to keep."""
    monkeypatch.setattr(f"{CAPABILITY}.MOST_STEPS", 5)
    found = derived(described, chain(4))

    assert found.capability_count == 8
    assert [len(one.route) for one in found.capabilities] == [5]


def test_every_agent_has_a_path_listed_before_another_source(
    described: Described, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sources are left out before agents are; all paths are counted."""
    monkeypatch.setattr("threatmodel.analysis.paths.MOST_PATHS", 3)
    monkeypatch.setattr("threatmodel.analysis.paths.WORST_PATHS", 3)
    found = derived(described, CREW)

    assert found.paths.by_state == {"open": 4, "claimed": 0, "unknown": 0, "broken": 0}
    assert [path.id for path in found.paths.listed] == [
        "crowd>bound>till.refund:payment",
        "crowd>open>till.refund:payment",
        "guest>open>till.refund:payment",
    ]


def test_it_is_said_how_far_delegations_were_followed(described: Described, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the cap on ways longer routes are not followed, and nothing is cut among those of one length."""
    whole = derived(described, chain(10))
    monkeypatch.setattr("threatmodel.analysis.handing.MOST_WAYS", 5)
    cut = derived(described, chain(10))

    assert (whole.deepest, whole.capability_count) == (None, 20)
    assert (cut.deepest, cut.capability_count) == (3, 8)


def test_a_long_chain_and_a_clique_end(described: Described) -> None:
    """No recursion limit bites, and every agent is known to reach the end."""
    found = derived(described, chain(1500))
    names = [f"a{number}" for number in range(40)]
    agents = ""
    for name in names:
        others = ", ".join(
            f"{{to: {other}, context: message, identity: actor_only}}" for other in names if other != name
        )
        agents += f"  {name}: {{tools: [till], delegates_to: [{others}]}}\n"
    clique = derived(
        described,
        f"people: {{guest: {{trust: untrusted}}}}\nagents:\n{agents}{TOOLS}flows: [{{from: guest, to: a0}}]\n",
    )

    assert found.capability_count == 2 * 1500
    assert found.paths.by_state["open"] == 1500
    assert clique.capability_count == 2 * 2 * len(names)
    assert clique.paths.by_state["open"] == len(names)


def test_sources_and_facts_beyond_the_cap_are_counted(described: Described, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every influence keeps its first sources, and says how many there are."""
    monkeypatch.setattr("threatmodel.analysis.steering.MOST_NAMES", 3)
    found = derived(described, CREW)

    assert [(one.agent, one.by, one.by_count, one.missing_count) for one in found.influences] == [
        ("open", ("crowd",), 2, 0),
        ("bound", ("crowd",), 2, 0),
    ]
