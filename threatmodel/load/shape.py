"""A published JSON Schema, compiled once, and what messages want to know of it."""

from __future__ import annotations

import json
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from threatmodel.resources import schema_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jsonschema_rs import Draft202012Validator

Schema: TypeAlias = dict[str, Any]

_DEEPEST: Final = 4  # levels below an object at which a misplaced key is looked for


class Shape:
    """One schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    @cached_property
    def validator(self) -> Draft202012Validator:
        """The compiled schema; the import alone takes longer than checking a thousand elements."""
        from jsonschema_rs import Draft202012Validator

        return Draft202012Validator(self.schema)

    @property
    def unsaid_is_unknown(self) -> bool:
        """Whether leaving a key out means that nobody knows: so in descriptions, not in catalog files."""
        return str(self.schema.get("$id", "")).startswith("urn:threatmodel:system")

    def at(self, pointer: Sequence[str | int]) -> Schema:
        """Return the subschema at a path such as `$defs, agent`; an empty one where there is none."""
        node: Any = self.schema
        for step in pointer:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                return {}
        return node if isinstance(node, dict) else {}

    def resolve(self, schema: Schema) -> Schema:
        """Follow `$ref` to what it names."""
        for _ in range(20):
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#/"):
                return schema
            schema = self.at(reference[2:].split("/"))
        return schema

    def forms(self, schema: Schema) -> Iterator[Schema]:
        """Yield every alternative of a schema, each resolved."""
        schema = self.resolve(schema)
        if "anyOf" in schema:
            for branch in schema["anyOf"]:
                yield from self.forms(branch)
        else:
            yield schema

    def types(self, schema: Schema) -> list[str]:
        """Return the JSON types that a schema accepts, in its own order."""
        found: list[str] = []
        for form in self.forms(schema):
            kind = form.get("type", [])
            found += [kind] if isinstance(kind, str) else kind
        return list(dict.fromkeys(found))

    def keys(self, schema: Schema) -> list[str]:
        """Return the keys that an object of this schema may have, in its own order."""
        return [key for form in self.forms(schema) for key in form.get("properties", {})]

    def homes_below(self, schema: Schema, key: str) -> list[tuple[str, ...]]:
        """Return the ways down from an object of `schema` to others that have `key`, the shortest only."""
        level: list[tuple[tuple[str, ...], Schema]] = [((), schema)]
        for _ in range(_DEEPEST):
            below = [
                ((*way, name), child)
                for way, parent in level
                for form in self.forms(parent)
                for name, child in form.get("properties", {}).items()
            ]
            below = [(way, item) for way, child in below for item in self._elements(child)]
            found = [way for way, child in below if key in self.keys(child)]
            if found:
                return list(dict.fromkeys(found))
            level = below
        return []

    def _elements(self, schema: Schema) -> Iterator[Schema]:
        """Yield the objects a value may be, or may be a list of."""
        for form in self.forms(schema):
            if "properties" in form:
                yield form
            elif isinstance(form.get("items"), dict):
                yield from (item for item in self.forms(form["items"]) if "properties" in item)


@cache
def shape(name: str) -> Shape:
    """Return a published schema, such as `system-1`."""
    return Shape(json.loads(schema_text(name)))


@cache
def part_shape(name: str) -> Shape:
    """Return the same schema without keys that must be there: what an included file is held against."""
    whole = shape(name).schema
    return Shape({key: value for key, value in whole.items() if key != "required"})
