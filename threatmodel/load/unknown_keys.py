"""Keys that a schema does not know: misspelt, put at the wrong place, or no keys at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.diagnostics import Diagnostic, did_you_mean, one_of
from threatmodel.load.places import holder, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from threatmodel.load.nodes import MapNode
    from threatmodel.load.places import Spot
    from threatmodel.load.shape import Schema, Shape
    from threatmodel.span import YamlPath

MOST_NAMED: Final = 50  # unknown keys of one mapping; the rest is counted
LONGEST_TEXT: Final = 60  # characters of a text that is written out again in quotes


def unknown_keys(names: Sequence[str], spot: Spot, schema: Schema, shape: Shape) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each key that stands where it is not known, and one for each text torn at a comma."""
    node: MapNode = spot.value
    unknown = set(names)
    torn: set[str] = set()
    for first, words in _torn_texts(node, unknown):
        torn.update(words)
        yield _torn_text(node, first, words)
    left = [name for name in node if name in unknown and name not in torn]
    for name in left[:MOST_NAMED]:
        yield _unknown_key(name, spot, schema, shape)
    if len(left) > MOST_NAMED:
        more = f"{holder(spot.root, spot.path)} has {len(left) - MOST_NAMED} more keys that are not known"
        yield Diagnostic("unknown-key", more, node.key_span(left[MOST_NAMED]))


def _torn_texts(node: MapNode, unknown: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each key whose text was cut at a comma, with what was read as keys after it."""
    bare = unknown.intersection(node.flow_words)
    before: str | None = None
    words: list[str] = []
    for name in [*node, None]:
        if name is not None and before is not None and name in bare:
            words.append(name)
            continue
        if before is not None and words:
            yield before, words
        before = name if name is not None and isinstance(node[name], str | int | float) else None
        words = []


def _torn_text(node: MapNode, key: str, words: list[str]) -> Diagnostic:
    whole = ", ".join([str(node[key]), *words[:MOST_NAMED]])
    quoted = whole.replace("\\", "\\\\").replace('"', '\\"')
    hint = (
        f'put the text in quotes: {key}: "{quoted}"'
        if len(whole) <= LONGEST_TEXT
        else f"put the text of '{key}' in quotes"
    )
    return Diagnostic(
        "unquoted-comma",
        f"the text of '{key}' ends at the comma: inside {{...}} a comma separates keys",
        node.key_span(words[0]),
        "read as a key of its own",
        (hint,),
    )


def _unknown_key(name: str, spot: Spot, schema: Schema, shape: Shape) -> Diagnostic:
    node = spot.value
    if spot.path or "agents" not in shape.keys(schema):
        message = f"{holder(spot.root, spot.path)} has no key '{shortened(name)}'"
    else:
        message = f"no section is named '{shortened(name)}'"
    hints = list(_hints(name, spot, schema, shape))
    if not hints:
        known = [key for key in shape.keys(schema) if key not in node]
        hints = [f"the keys there are {one_of(known)}" if known else "remove it"]
        if "patternProperties" in schema:
            hints.append("a key of your own begins with 'x-'")
    return Diagnostic("unknown-key", message, node.key_span(name), "not known here", tuple(hints))


def _hints(name: str, spot: Spot, schema: Schema, shape: Shape) -> Iterator[str]:
    """Yield where the key belongs, and what it may be misspelt from."""
    path = spot.path
    below = shape.homes_below(schema, name)
    if below and path:
        yield f"'{name}' belongs under '{': '.join(below[0])}:'"
        return
    near = did_you_mean(name, shape.keys(schema))
    if near:
        yield f"did you mean '{near}'?{' It is already there' if near in spot.value else ''}"
    above = next((up for up in range(len(path) - 1, -1, -1) if name in _keys_at(path[:up], shape)), None)
    if above:
        yield f"'{name}' is a key of {holder(spot.root, path[:above])}: check the indentation"
    elif above == 0:
        yield f"{'or, if' if near else 'if'} the section '{name}' is meant: move it to the left margin"
    elif below:
        yield f"'{name}' is a key inside {one_of([way[-1] for way in below])}"
    elif not near and (homes := _homes(name, shape)):
        yield f"'{name}' is a key of {one_of(homes)}"


def _keys_at(path: YamlPath, shape: Shape) -> list[str]:
    """Return the keys that the mapping at a path may have."""
    schemas = [shape.schema]
    for step in path:
        below: list[Schema] = []
        for schema in schemas:
            for form in shape.forms(schema):
                if isinstance(step, int):
                    below += [form["items"]] if "items" in form else []
                elif step in form.get("properties", {}):
                    below.append(form["properties"][step])
                elif isinstance(form.get("additionalProperties"), dict):
                    below.append(form["additionalProperties"])
        schemas = below
    return [key for schema in schemas for key in shape.keys(schema)]


def _homes(name: str, shape: Shape) -> list[str]:
    """Return the kinds of things that have the key."""
    return [kind for kind, schema in shape.schema.get("$defs", {}).items() if name in schema.get("properties", {})]
