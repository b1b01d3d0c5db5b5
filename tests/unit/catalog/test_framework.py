"""A framework answers the few questions that rules, coverage and reports ask of it."""

from __future__ import annotations

import pytest

from threatmodel.catalog.framework import EntryKind, EntryStatus, Framework, framework_from

DATA = {
    "framework": 1,
    "id": "acme",
    "title": "Acme risks",
    "version": "3",
    "publisher": "Acme",
    "source": "https://example.org/risks",
    "license": "none stated",
    "role": "threats",
    "entries": [
        {"id": "Z1", "kind": "layer", "title": "Zone", "summary": "A zone.", "verified": "primary", "number": 1},
        {
            "id": "R1",
            "kind": "risk",
            "title": "Loss",
            "summary": "It is lost.",
            "verified": "secondary",
            "parent": "Z1",
        },
        {"id": "R2", "kind": "risk", "title": "Theft", "summary": "It is taken.", "verified": "primary"},
        {"id": "C1", "kind": "subcategory", "summary": "It is kept.", "verified": "primary"},
    ],
}


@pytest.fixture
def framework() -> Framework:
    return framework_from(DATA, "acme.yaml")


def test_entries_keep_their_order_and_are_found_by_id(framework: Framework) -> None:
    assert [entry.id for entry in framework.entries] == ["Z1", "R1", "R2", "C1"]
    assert framework.by_id["R2"] is framework.entries[2]


def test_a_reference_names_framework_and_entry(framework: Framework) -> None:
    assert framework.by_id["R1"].reference == "acme:R1"


def test_what_is_left_out_has_its_documented_default(framework: Framework) -> None:
    entry = framework.by_id["R2"]

    assert entry.status is EntryStatus.PUBLISHED
    assert (entry.parent, entry.note, entry.agent_relevant, entry.local_id) == (None, None, None, False)


def test_an_entry_without_a_title_is_headed_by_its_summary(framework: Framework) -> None:
    assert framework.by_id["C1"].heading == "It is kept."
    assert framework.by_id["R1"].heading == "Loss"


def test_only_what_could_go_wrong_is_a_threat_for_rules(framework: Framework) -> None:
    assert [entry.id for entry in framework.entries if entry.goes_wrong] == ["R1", "R2"]


def test_an_entry_lies_in_the_layer_it_is_listed_under(framework: Framework) -> None:
    assert [framework.layer_of(entry.id) for entry in framework.entries] == ["Z1", "Z1", None, None]


def test_kinds_and_children_are_listed_in_order(framework: Framework) -> None:
    assert [entry.id for entry in framework.of_kind(EntryKind.RISK, EntryKind.LAYER)] == ["Z1", "R1", "R2"]
    assert [entry.id for entry in framework.children("Z1")] == ["R1"]


def test_ancestors_end_even_where_parents_run_in_a_circle() -> None:
    looped = [
        {"id": "A", "kind": "risk", "summary": "One.", "verified": "primary", "parent": "B"},
        {"id": "B", "kind": "risk", "summary": "Two.", "verified": "primary", "parent": "A"},
    ]
    framework = framework_from(DATA | {"entries": looped}, "acme.yaml")

    assert [entry.id for entry in framework.ancestors("A")] == ["B"]
