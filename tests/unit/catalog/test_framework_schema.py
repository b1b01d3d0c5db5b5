"""The schema of framework files explains itself and refuses what it does not know."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import jsonschema_rs
import pytest

from threatmodel import resources

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA: dict[str, Any] = json.loads(resources.schema_text("framework-1"))
LEAST: dict[str, Any] = {
    "framework": 1,
    "id": "acme",
    "title": "Acme risks",
    "version": "3",
    "publisher": "Acme",
    "source": "https://example.org/risks",
    "license": "none stated",
    "role": "threats",
    "entries": [{"id": "R1", "kind": "risk", "title": "Loss", "summary": "It is lost.", "verified": "primary"}],
}


def accepts(data: dict[str, Any]) -> bool:
    """Ask both validators; the fast one decides and the other explains, so they have to agree."""
    explained: bool = jsonschema.Draft202012Validator(SCHEMA).is_valid(data)
    fast = jsonschema_rs.validator_for(SCHEMA).is_valid(data)

    assert fast == explained
    return fast


def properties(node: object, path: str = "") -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """Walk every key that the schema declares: where it stands, whether it is needed, what is said of it."""
    if isinstance(node, dict):
        for key, value in node.get("properties", {}).items():
            yield f"{path}/{key}", key in node.get("required", ()), value
        for key, value in node.items():
            yield from properties(value, f"{path}/{key}")


def test_the_least_a_framework_needs_is_accepted() -> None:
    assert accepts(LEAST)


@pytest.mark.parametrize("key", sorted(LEAST))
def test_each_of_its_keys_is_needed(key: str) -> None:
    assert not accepts({name: value for name, value in LEAST.items() if name != key})


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        ("file", "licence", "MIT"),
        ("file", "framework", 2),
        ("file", "id", "Acme Risks"),
        ("file", "version", 3),
        ("file", "source", "risks.pdf"),
        ("file", "role", "risk"),
        ("file", "published", "January"),
        ("file", "entries", []),
        ("entry", "titel", "Loss"),
        ("entry", "id", ""),
        ("entry", "kind", "issue"),
        ("entry", "verified", True),
        ("entry", "aliases", []),
        ("entry", "search_aliases", ["A01"]),
        ("entry", "other_meanings", [{"title": "Gain"}]),
    ],
)
def test_a_mistake_is_refused(place: str, key: str, value: object) -> None:
    data = copy.deepcopy(LEAST)
    (data if place == "file" else data["entries"][0])[key] = value

    assert not accepts(data)


def test_keys_of_ones_own_begin_with_x() -> None:
    data = copy.deepcopy(LEAST)
    data["x-owner"] = "risk office"
    data["entries"][0]["x-rating"] = 4

    assert accepts(data)


def test_every_key_is_described_and_optional_ones_say_what_leaving_them_out_means() -> None:
    declared = list(properties(SCHEMA))

    assert [path for path, _, part in declared if not part.get("description")] == []
    assert [path for path, needed, part in declared if not needed and "Left out:" not in part["description"]] == []


def test_every_word_of_an_enumeration_is_explained() -> None:
    def enumerations(node: object) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            if "enum" in node:
                yield node
            for value in node.values():
                yield from enumerations(value)

    counts = [(len(node["enum"]), len(node["markdownEnumDescriptions"])) for node in enumerations(SCHEMA)]

    assert counts
    assert all(words == explained for words, explained in counts)
