"""A value of a type that a schema does not want there, or no value at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from threatmodel.diagnostics import Diagnostic, one_of
from threatmodel.load.nodes import MapNode
from threatmodel.load.places import shown, value_at
from threatmodel.load.wrong_word import closed_words, expected_form, wrong_word

if TYPE_CHECKING:
    from threatmodel.load.places import Spot
    from threatmodel.load.shape import Schema, Shape

_TYPES: Final = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def wrong_type(spot: Spot, schema: Schema, shape: Shape) -> Diagnostic:
    """Say that a value is of none of the types a schema allows."""
    types = [kind for kind in shape.types(schema) if kind != "null"]
    words = closed_words(schema, shape)
    value = spot.value
    if value is None:
        return _no_value(spot, types, words, shape)
    if isinstance(value, dict | list):
        hint = _collection_hint(spot, schema, shape, types)
        message = f"{spot.name} is {shown(value)}, expected {_wanted(types, words)}"
        span = spot.span if spot.span.line == spot.key_span.line else spot.key_span  # a block begins below its key
        return Diagnostic("wrong-type", message, span, spot.label, (hint,) if hint else ())
    if words and {"string", "boolean"} & set(types):
        return wrong_word(spot, words, (), ())
    forms = (form for form in shape.forms(schema) if "patternErrorMessage" in form and form.get("type") == "string")
    form = next(forms, None)
    if form is not None:
        message = f"{spot.name} is {shown(value)}, {expected_form(form)}"
        hint = _text_hint(value, str(form.get("pattern", "")))
    else:
        said = "a truth value" if isinstance(value, bool) else "a text" if isinstance(value, str) else "a number"
        message = f"{spot.name} is {said} ({shown(value)}), expected {_wanted(types, words)}"
        hint = _scalar_hint(spot, schema, shape, types)
    return Diagnostic("wrong-type", message, spot.span, spot.label, (hint,) if hint else ())


def _no_value(spot: Spot, types: list[str], words: list[Any], shape: Shape) -> Diagnostic:
    unknown = ["leave the key out if it is not known: what is left out is unknown"]
    hints = unknown if shape.unsaid_is_unknown else ["write a value, or leave the key out"]
    parent = value_at(spot.root, spot.path[:-1])
    if isinstance(parent, MapNode) and spot.path[-1] in parent.flow_words:
        hints.insert(0, "if this is the rest of a text with a comma in it, put the text in quotes")
    elif "none" in words:
        hints.insert(0, "write 'none' if there is known to be none")
    elif types == ["array"]:
        hints.insert(0, "write [] for an empty list")
    message = f"{spot.name} has no value, expected {_wanted(types, words)}"
    return Diagnostic("no-value", message, spot.key_span, spot.label, tuple(hints))


def _wanted(types: list[str], words: list[Any]) -> str:
    """Return what is expected of a value, types and closed words taken together."""
    texts = [word for word in words if isinstance(word, str)]
    names = [_TYPES[kind] for kind in types]
    if texts and "string" in types:
        names[types.index("string")] = f"one of {one_of(texts)}" if len(texts) > 1 else f"'{texts[0]}'"
    return " or ".join(names) or "something else"


def _text_hint(value: object, pattern: str) -> str:
    """Say how a number or truth value becomes the text that was meant."""
    if isinstance(value, bool):
        return ""
    if re.match(pattern, str(value)):
        return f"put it in quotes: '{value}'"
    return f"add the unit, such as '{value}m' or '{value}h'" if re.match(pattern, f"{value}m") else ""


def _collection_hint(spot: Spot, schema: Schema, shape: Shape, types: list[str]) -> str:
    keys = shape.keys(schema)
    if isinstance(spot.value, dict):
        return f"make it a list: begin each item below '{spot.key}:' with '- '" if "array" in types else ""
    if "object" not in types:
        return f"keep one: '{spot.key}' takes one value"
    if keys:
        return f"write a mapping, with the keys {one_of(keys)}"
    return f"write each as an id of its own below '{spot.key}:', without the '-', such as 'name: {{...}}'"


def _scalar_hint(spot: Spot, schema: Schema, shape: Shape, types: list[str]) -> str:
    if "array" in types:
        items = [shape.resolve(form["items"]) for form in shape.forms(schema) if "items" in form]
        required = items[0].get("required", []) if items else []
        if required and isinstance(spot.value, str):
            return f"write a list of mappings: '{spot.key}: [{{{required[0]}: {spot.value}}}]'"
        return "put it in a list"
    keys = shape.keys(schema)
    if keys:
        return f"its keys are {one_of(keys)}"
    if "object" in types:
        return f"write each as an id of its own below '{spot.key}:'"
    return "put it in quotes" if types == ["string"] else ""
