"""Data and a JSON Schema → diagnostics with places: one per mistake, in words."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from threatmodel.load import explain
from threatmodel.load.shape import shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema_rs import ValidationError

    from threatmodel.diagnostics import Diagnostic
    from threatmodel.load.nodes import MapNode
    from threatmodel.load.shape import Schema, Shape

MOST_PROBLEMS: Final = 200  # of one file; more than anyone reads


def check(data: MapNode, schema: str | Shape) -> tuple[Diagnostic, ...]:
    """
    Hold data against a schema.

    Args:
        data: What `parse` read.
        schema: The name of a published schema, such as `system-1`, or a compiled one.

    Returns:
        What is wrong, in file order: at most `MOST_PROBLEMS`, and one for each mistake rather than for each rule of
        the schema that it breaks.
    """
    held = shape(schema) if isinstance(schema, str) else schema
    if held.validator.is_valid(data):
        return ()
    found: dict[object, Diagnostic] = {}
    errors = islice(held.validator.iter_errors(data), MOST_PROBLEMS)
    for error, alternatives in _essential(errors, None, held):
        for diagnostic in explain.explain(error, alternatives, data, held):
            found.setdefault((diagnostic.span, diagnostic.code, diagnostic.message), diagnostic)
    return tuple(sorted(found.values(), key=lambda item: item.sort_key())[:MOST_PROBLEMS])


def _essential(
    errors: Iterable[ValidationError], alternatives: Schema | None, held: Shape
) -> Iterator[tuple[ValidationError, Schema | None]]:
    """
    Yield the errors that say what a person did wrong, each with the `anyOf` it was found in.

    Of a value of the wrong type that alone; of a key that must be there and is only misspelt, not that it is missing.
    """
    all_of = list(errors)
    wrong_type = {tuple(error.instance_path) for error in all_of if error.kind.name == "type"}
    for error in all_of:
        if error.kind.name == "anyOf":
            yield from _nearest(error, held)
        elif error.kind.name == "type" or tuple(error.instance_path) not in wrong_type:
            yield error, alternatives


def _nearest(error: ValidationError, held: Shape) -> Iterator[tuple[ValidationError, Schema | None]]:
    """
    Yield the errors of the alternative that was meant.

    Alternatives differ by type (a word or a list of words, an id or a mapping): the one whose type the value has is
    the one meant. Where two have it, closed words say more than a pattern. Where none has it, the error itself is the
    best to be said: it lists the types there are.
    """
    here = tuple(error.instance_path)
    kind: Any = error.kind
    branches: list[list[ValidationError]] = [list(branch) for branch in kind.context]
    fitting = [branch for branch in branches if not any(_is_type_error_at(item, here) for item in branch)]
    schema = held.at(tuple(error.schema_path)[:-1])
    if not fitting:
        yield error, schema
        return
    fitting.sort(key=lambda branch: (-_depth(branch), "enum" not in {item.kind.name for item in branch}))
    for nearer, inner in _essential(fitting[0], schema, held):
        yield nearer, inner if tuple(nearer.instance_path) == here else None


def _is_type_error_at(error: ValidationError, place: tuple[str | int, ...]) -> bool:
    if tuple(error.instance_path) != place:
        return False
    kind: Any = error.kind
    if kind.name == "anyOf":
        return all(any(_is_type_error_at(item, place) for item in branch) for branch in kind.context)
    return bool(kind.name == "type")


def _depth(errors: list[ValidationError]) -> int:
    """How far into the value an alternative went before it failed: the one that went furthest was meant."""
    return min((len(error.instance_path) for error in errors), default=0)
