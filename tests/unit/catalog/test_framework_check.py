"""What is wrong with a framework file beyond its form is found, at the place where it stands."""

from __future__ import annotations

from typing import Any

from threatmodel.catalog.framework_check import FrameworkProblem, framework_problems


def problems(*entries: dict[str, Any]) -> list[FrameworkProblem]:
    return list(framework_problems({"id": "acme", "entries": list(entries)}))


def test_a_tidy_framework_has_no_problems() -> None:
    assert problems({"id": "A"}, {"id": "A.1", "parent": "A", "aliases": ["A01"]}, {"id": "A.2", "parent": "A"}) == []


def test_an_id_listed_twice_points_at_both_places() -> None:
    (problem,) = problems({"id": "A"}, {"id": "B"}, {"id": "A"})

    assert problem.code == "duplicate-id"
    assert problem.path == ("entries", 2, "id")
    assert problem.first == ("entries", 0, "id")


def test_an_unknown_parent_says_what_it_could_have_been() -> None:
    (problem,) = problems({"id": "GOVERN 1"}, {"id": "GOVERN 1.1", "parent": "GOVERN1"})

    assert problem.code == "unknown-reference"
    assert problem.path == ("entries", 1, "parent")
    assert problem.message == "no entry of framework 'acme' is 'GOVERN1'"
    assert problem.word == "GOVERN1"
    assert "GOVERN 1" in problem.known


def test_entries_in_a_circle_are_named_and_those_that_hang_from_it_are_not() -> None:
    found = problems({"id": "A", "parent": "B"}, {"id": "B", "parent": "A"}, {"id": "C", "parent": "A"})

    assert [(problem.code, problem.path) for problem in found] == [
        ("circular-parent", ("entries", 0, "parent")),
        ("circular-parent", ("entries", 1, "parent")),
    ]


def test_an_entry_that_is_its_own_parent_is_a_circle() -> None:
    assert [problem.code for problem in problems({"id": "A", "parent": "A"})] == ["circular-parent"]


def test_an_alias_may_not_name_two_entries_or_be_the_id_of_another() -> None:
    found = problems({"id": "A", "aliases": ["x"]}, {"id": "B", "aliases": ["x", "A"]})

    assert [(problem.code, problem.path, problem.first) for problem in found] == [
        ("duplicate-alias", ("entries", 1, "aliases", 0), ("entries", 0, "aliases", 0)),
        ("duplicate-alias", ("entries", 1, "aliases", 1), ("entries", 0, "id")),
    ]


def test_a_long_chain_of_parents_is_walked_once() -> None:
    """Fifty thousand levels take no noticeable time and no recursion."""
    chain = [{"id": f"E{n}", "parent": f"E{n + 1}"} for n in range(50_000)]

    assert [problem.word for problem in problems(*chain)] == ["E50000"]
