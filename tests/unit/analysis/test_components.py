"""What is gathered along the edges of graphs with cycles."""

from __future__ import annotations

from threatmodel.analysis.components import components, gather, spread

CYCLE = {"a": ["b"], "b": ["c"], "c": ["b", "d"], "e": ["c"]}


def test_a_component_comes_after_those_it_leads_to() -> None:
    """Cycles are one component; nodes without edges of their own are found too."""
    found = [sorted(part) for part in components(CYCLE)]

    assert found == [["d"], ["b", "c"], ["a"], ["e"]]


def test_bits_spread_along_the_edges_only() -> None:
    """Within a cycle everyone gets what anyone has; nothing runs backwards."""
    assert spread(CYCLE, {"a": 1, "c": 2, "e": 4}) == {"a": 1, "b": 7, "c": 7, "d": 7, "e": 4}


def test_bits_stay_where_there_are_no_edges() -> None:
    """A graph without edges changes nothing."""
    assert spread({"a": []}, {"a": 1, "z": 2}) == {"a": 1, "z": 2}


def test_a_node_gathers_what_lies_ahead_of_it() -> None:
    """What it has itself counts, and what members of its cycle have."""
    own = {name: frozenset(name) for name in "abcde"}
    found = gather(CYCLE, own, lambda one, other: one | other)

    assert {name: "".join(sorted(value)) for name, value in found.items()} == {
        "a": "abcd", "b": "bcd", "c": "bcd", "d": "d", "e": "bcde",
    }  # fmt: skip


def test_long_chains_need_no_recursion() -> None:
    """A chain far longer than the recursion limit is walked like any other."""
    chain = {str(number): [str(number + 1)] for number in range(20_000)}

    assert spread(chain, {"0": 1})["20000"] == 1
