"""Kleene's logic, with its reasons."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from threatmodel.analysis.truth import FALSE, TRUE, Truth, all_of, any_of
from threatmodel.model.facts import Fact, State
from threatmodel.span import Span

WHERE = Span(str(Path("a.yaml")), 1, 1, 1, 2)
UNKNOWN = Truth(None, (), (Fact("a.x", None, State.UNKNOWN, WHERE),))
PAIRS = list(product((TRUE, FALSE, UNKNOWN), repeat=2))


def known(place: str, *, value: bool) -> Truth:
    """Return an answer that one known fact gave."""
    return Truth(value, (Fact(place, "yes", State.STATED, WHERE),))


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_and_and_or_are_those_of_kleene(left: Truth, right: Truth) -> None:
    both = (left.value, right.value)
    conjunction = False if False in both else None if None in both else True
    disjunction = True if True in both else None if None in both else False

    assert all_of([left, right]).value is conjunction
    assert any_of([left, right]).value is disjunction


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_de_morgan_holds(left: Truth, right: Truth) -> None:
    assert all_of([left, right]).negated().value is any_of([left.negated(), right.negated()]).value


def test_of_nothing_all_hold_and_none_does() -> None:
    assert all_of([]).value is True
    assert any_of([]).value is False


def test_not_unknown_is_unknown_with_the_same_missing_facts() -> None:
    assert UNKNOWN == UNKNOWN.negated()


def test_and_stops_at_the_first_false_part() -> None:
    """What comes after is not asked: narrowing conditions stand first."""

    def parts() -> object:
        yield FALSE
        pytest.fail("it went on")

    assert all_of(parts()).value is False  # type: ignore[arg-type]


def test_only_what_decides_is_shown() -> None:
    """A false part shows its own facts, a true `or` those of its true parts."""
    yes, no = known("a.yes", value=True), known("a.no", value=False)

    assert no.used == all_of([yes, no]).used
    assert yes.used == any_of([no, yes]).used
    assert (*yes.used, *yes.used) == all_of([yes, yes]).used


def test_what_is_missing_is_collected_once_per_part() -> None:
    other = Truth(None, (), (Fact("a.y", None, State.UNKNOWN, WHERE),))

    assert ["a.x", "a.y"] == [fact.place for fact in all_of([UNKNOWN, TRUE, other]).missing]
    assert ["a.x", "a.y"] == [fact.place for fact in any_of([UNKNOWN, FALSE, other]).missing]
    assert any_of([UNKNOWN, TRUE]).missing == ()


def test_what_was_not_asked_is_told_from_what_is_ruled_out() -> None:
    """A false part that lacks its own fact says so, through and, or; its opposite is plainly true."""
    fact_missing = Fact("a.x", None, State.UNKNOWN, WHERE)
    unasked = Truth(value=False, missing=(fact_missing,))
    ruled_out = known("a.y", value=False)

    assert all_of([known("a.y", value=True), unasked]).missing == (fact_missing,)
    assert all_of([ruled_out, unasked]).missing == ()
    assert any_of([ruled_out, unasked]).missing == (fact_missing,)
    assert any_of([UNKNOWN, unasked]).missing == UNKNOWN.missing
    assert unasked.negated().missing == ()
