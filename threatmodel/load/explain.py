"""One broken rule of a schema → what a person did wrong, where, and what to write instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from threatmodel.diagnostics import Diagnostic, did_you_mean, one_of
from threatmodel.load.meant import kebab
from threatmodel.load.nodes import MapNode, SeqNode
from threatmodel.load.places import Spot, holder, shortened, shown
from threatmodel.load.unknown_keys import unknown_keys
from threatmodel.load.wrong_type import wrong_type
from threatmodel.load.wrong_word import expected_form, other_forms, usual_words, wrong_form, wrong_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jsonschema_rs import ValidationError

    from threatmodel.load.shape import Schema, Shape


def explain(error: ValidationError, alternatives: Schema | None, root: MapNode, shape: Shape) -> Iterator[Diagnostic]:
    """
    Yield what there is to say of one error; of unknown keys one for each.

    Args:
        error: What the validator found.
        alternatives: The `anyOf` it was found in, if it was.
        root: The file.
        shape: The schema it was held against.
    """
    spot = Spot(root, tuple(error.instance_path))
    kind: Any = error.kind
    schema = shape.at(tuple(error.schema_path)[:-1])
    match kind.name:
        case "additionalProperties":
            yield from unknown_keys(kind.unexpected, spot, schema, shape)
        case "required":
            yield from _missing(spot, schema)
        case "propertyNames":
            yield _bad_key(kind.error, spot, shape)
        case "type" | "anyOf":
            yield wrong_type(spot, schema, shape)
        case "enum" | "const":
            further = [word for word in schema.get("enum", ()) if isinstance(word, str)]
            yield wrong_word(spot, usual_words(schema), further, other_forms(alternatives, shape))
        case "pattern":
            yield wrong_form(spot, schema, other_forms(alternatives, shape))
        case rule:
            yield _out_of_bounds(rule, spot, schema, error)


def _missing(spot: Spot, schema: Schema) -> Iterator[Diagnostic]:
    """Say which keys are missing, all of them at once: the validator reports each by itself, in the same words here."""
    there = spot.value
    known = schema.get("properties", {})
    strange = [name for name in there if name not in known]
    missing = [key for key in schema.get("required", ()) if key not in there]
    missing = [key for key in missing if not any(did_you_mean(name, [key]) for name in strange)]  # said so already
    if not missing:
        return
    span = spot.key_span
    hint = "add " + ", ".join(f"'{key}:'" for key in missing)
    if not spot.path:
        span = span._replace(end_line=span.line, end_column=span.column + 1)
        form = known.get(missing[0], {}).get("const")
        hint = f"begin the file with '{missing[0]}: {form}'" if form is not None and len(missing) == 1 else hint
    message = f"{holder(spot.root, spot.path)} does not say {one_of(missing)}"
    yield Diagnostic("missing-key", message, span, "", (hint,))


def _bad_key(error: ValidationError, spot: Spot, shape: Shape) -> Diagnostic:
    key = str(error.instance)
    span = spot.value.key_span(key)
    names = shape.at(tuple(error.schema_path)[:-1])
    longest = int(names.get("maxLength", len(key)))
    what = "the name" if spot.path[-1:] == ("actions",) else "the id"
    if not key:
        return Diagnostic("bad-id", f"{what} is an empty text", span)
    if len(key) > longest:
        message = f"{what} '{shortened(key)}' is {len(key)} characters long, at most {longest} are allowed"
        return Diagnostic("bad-id", message, span)
    better = kebab(key) if what == "the id" else re.sub(r"[^A-Za-z0-9_./:-]+", "_", key).strip("_")
    hints = (f"write '{better}'",) if better and better != key else ()
    return Diagnostic(
        "bad-id", f"{what} '{shortened(key)}' has the wrong form, {expected_form(names)}", span, "", hints
    )


def _few(unit: str) -> Callable[[Any, Any], str]:
    return lambda value, limit: f"has {len(value)} {unit}, expected at least {limit}" if limit > 1 else "is empty"


def _many(unit: str) -> Callable[[Any, Any], str]:
    return lambda value, limit: f"has {len(value)} {unit}, at most {limit} are allowed"


_BOUNDS: Final[dict[str, Callable[[Any, Any], str]]] = {
    "minimum": lambda value, limit: f"is {shown(value)}, expected at least {limit}",
    "maximum": lambda value, limit: f"is {shown(value)}, expected at most {limit}",
    "exclusiveMinimum": lambda value, limit: f"is {shown(value)}, expected more than {limit}",
    "exclusiveMaximum": lambda value, limit: f"is {shown(value)}, expected less than {limit}",
    "minLength": _few("characters"),
    "maxLength": _many("characters"),
    "minItems": _few("items"),
    "maxItems": _many("items"),
    "minProperties": _few("keys"),
    "maxProperties": _many("keys"),
    "uniqueItems": lambda *_: "names the same thing twice",
}


def _out_of_bounds(rule: str, spot: Spot, schema: Schema, error: ValidationError) -> Diagnostic:
    say = _BOUNDS.get(rule)
    said = say(spot.value, schema.get(rule)) if say else shortened(error.message.replace("\n", " "))
    span = spot.key_span if isinstance(spot.value, MapNode | SeqNode) else spot.span
    return Diagnostic("out-of-bounds" if say else "schema", f"{spot.name} {said}", span, spot.label)
