"""Smallest hitting sets against every set there is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threatmodel.analysis.hitting import smallest_hitting_set

NAMES = "abcdefgh"
CLAUSES = st.lists(st.frozensets(st.sampled_from(NAMES), min_size=1, max_size=4), max_size=9)
COSTS = st.lists(st.integers(1, 4), min_size=len(NAMES), max_size=len(NAMES))


@settings(max_examples=150, deadline=None)
@given(clauses=CLAUSES, costs=COSTS, by_cost=st.booleans())
def test_no_set_comes_before_the_one_found(clauses: list[frozenset[str]], costs: list[int], *, by_cost: bool) -> None:
    """By size, cost and names, or by cost, size and names."""
    weight = dict(zip(NAMES, costs, strict=True))

    def key(chosen: tuple[str, ...]) -> tuple[int, int, tuple[str, ...]]:
        total = sum(weight[one] for one in chosen)
        return (total, len(chosen), chosen) if by_cost else (len(chosen), total, chosen)

    every = (chosen for size in range(len(NAMES) + 1) for chosen in itertools.combinations(NAMES, size))
    first = min((one for one in every if all(clause & set(one) for clause in clauses)), key=key)

    assert smallest_hitting_set(clauses, weight.__getitem__, by_cost=by_cost) == (first, True)


def test_the_order_of_clauses_does_not_matter() -> None:
    clauses = [frozenset(pair) for pair in itertools.combinations("abcdef", 2)]
    found = {smallest_hitting_set(turned, lambda _: 1, by_cost=False) for turned in (clauses, clauses[::-1])}

    assert found == {(tuple("abcde"), True)}


@pytest.mark.parametrize("by_cost", [False, True])
def test_a_search_that_ends_early_gives_a_set_and_does_not_call_it_proven(*, by_cost: bool) -> None:
    """Effort is counted: the same set comes out each time."""
    clauses = [frozenset({f"n{(step * factor) % 41}" for factor in (1, 5, 11)}) for step in range(1, 120)]
    found, proven = smallest_hitting_set(clauses, len, by_cost=by_cost, most=60)

    assert not proven
    assert all(clause & set(found) for clause in clauses)
    assert found == smallest_hitting_set(clauses[::-1], len, by_cost=by_cost, most=60)[0]


def test_nothing_to_hit_needs_nothing() -> None:
    assert smallest_hitting_set([], lambda _: 1, by_cost=False) == ((), True)
