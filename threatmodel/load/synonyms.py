"""Words that mean another one (`backend`, `yes` for true): replaced by it, so that nobody downstream has to know."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from threatmodel.load.shape import shape

if TYPE_CHECKING:
    from threatmodel.load.shape import Schema, Shape

Plan: TypeAlias = dict[str, Any]
"""Key → plan of what stands there; `SAME` → word → what it means; `EACH`, `ITEM` → plan of every value, every item."""

SAME: Final = "="
EACH: Final = "*"
ITEM: Final = "-"
_DEEPEST: Final = 12  # levels of a schema that are looked through


def replace_synonyms(data: dict[str, Any], schema: str) -> None:
    """
    Replace, in place, every word that the schema marks as the same as another (`x-same-as`).

    Places are kept: a message still points at what the author wrote.
    """
    _apply(data, _plan(schema))


@cache
def _plan(schema: str) -> Plan:
    held = shape(schema)
    return _plan_of(held.schema, held, _DEEPEST)


def _plan_of(schema: Schema, held: Shape, depth: int) -> Plan:
    """Return what is to be done below a value of this schema: empty where nothing is."""
    plan: Plan = {}
    if depth == 0:
        return plan
    for form in held.forms(schema):
        if "x-same-as" in form:
            plan.setdefault(SAME, {}).update(form["x-same-as"])
        below = {**form.get("properties", {}), EACH: form.get("additionalProperties")}
        for key, child in below.items():
            inner = _plan_of(child, held, depth - 1) if isinstance(child, dict) else {}
            if inner:
                plan[key] = inner
        items = _plan_of(form["items"], held, depth - 1) if isinstance(form.get("items"), dict) else {}
        if items:
            plan.setdefault(ITEM, {}).update(items)
    return plan


def _apply(node: Any, plan: Plan) -> None:  # noqa: ANN401  plain data of any kind
    if isinstance(node, dict):
        for key, inner in plan.items():
            if key == EACH:
                for name in node:
                    if name not in plan:
                        _replace(node, name, inner)
            elif key in node:
                _replace(node, key, inner)
    elif isinstance(node, list) and ITEM in plan:
        for position in range(len(node)):
            _replace(node, position, plan[ITEM])


def _replace(node: Any, key: str | int, plan: Plan) -> None:  # noqa: ANN401  as above
    value = node[key]
    if isinstance(value, dict | list):
        _apply(value, plan)
    elif SAME in plan:
        word = (
            value
            if isinstance(value, str)
            else {True: "true", False: "false"}.get(value)
            if isinstance(value, bool)
            else None
        )
        if word in plan[SAME]:
            node[key] = plan[SAME][word]
