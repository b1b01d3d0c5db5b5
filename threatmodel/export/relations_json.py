"""Derived relations → JSON, version 1: what `can` and `paths` write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from threatmodel.analysis.weight import Weights
from threatmodel.export.relation_rows import (
    Lines,
    capability_row,
    influence_row,
    invariant_row,
    mishap_row,
    most_facts,
    path_lines,
)
from threatmodel.render.agent_view import place
from threatmodel.render.path_view import FATES, by_state
from threatmodel.version import VERSION

if TYPE_CHECKING:
    from datetime import date

    from threatmodel.analysis.capability import Capability
    from threatmodel.analysis.derived import Derived
    from threatmodel.model.graph import ModelGraph
    from threatmodel.render.agent_view import AgentAnswer
    from threatmodel.render.path_view import PathView

CAN: Final = "threatmodel/can-1"
PATHS: Final = "threatmodel/paths-1"


def can_json(graph: ModelGraph, answers: tuple[AgentAnswer, ...], derived: Derived, today: date) -> str:
    """Return what agents can do and what steers them; `answers` says which agents were asked for."""
    asked = {one.agent.id: one for one in answers}
    every = [one for one in derived.capabilities if one.agent in asked]
    most = most_facts(every, derived.influences)
    data = {
        **_head(CAN, graph, today),
        "capabilities": [_capability(graph, one, most) for one in every],
        "influence": [influence_row(one, most) for one in derived.influences if one.agent in asked],
        "agents": [
            {"agent": name, "actions": one.actions(), "forbidden": one.actions("forbidden"),
             "excess": one.actions("excess"), "undescribed": one.undescribed, "doubtful": one.doubtful,
             "steered": one.steered}
            for name, one in asked.items()
        ],
        "summary": {
            "agents": len(asked),
            "capabilities": derived.capability_count if len(asked) == len(graph.agents) else len(every),
            "by_intent": by_state([one.intent for one in every], ("forbidden", "excess", "unstated", "intended")),
            "steered": by_state([one.steered for one in answers], ("yes", "unknown", "no")),
        },
    }  # fmt: skip
    return _text(data)


def paths_json(graph: ModelGraph, view: PathView, today: date) -> str:
    """Return the attack paths, mishaps and invariants that were asked for."""
    weights = Weights(graph)
    mishaps = [one for one, _ in view.mishaps]
    most = most_facts(view.paths, mishaps)
    data = {
        **_head(PATHS, graph, today),
        "paths": path_lines(view.paths, weights, most),
        "mishaps": [mishap_row(one, weights, most) for one in mishaps],
        "invariants": [invariant_row(one, most) for one in view.invariants],
        "summary": {
            "paths": by_state([one.state for one in view.paths]),
            "decisions": by_state([one.state for one in view.decisions]),
            "mishaps": by_state([one.state for one in mishaps]),
            "invariants": by_state([one.state for one in view.invariants], FATES),
            "all_paths": dict(view.found),
            "left_out": view.cut,
        },
    }  # fmt: skip
    return _text(data)


def _head(form: str, graph: ModelGraph, today: date) -> dict[str, Any]:
    return {
        "format": form,
        "system": graph.system.word("name"),
        "file": graph.document.file,
        "date": today.isoformat(),
        "version": VERSION,
    }


def _capability(graph: ModelGraph, one: Capability, most: int | None) -> dict[str, Any]:
    span = place(graph, one.agent, one.route)
    return {**capability_row(one, most), "place": {"file": span.file, "line": span.line, "column": span.column}}


def _text(data: dict[str, Any]) -> str:
    """Return JSON with a line per entry of each list, so that a diff shows what changed."""
    return "{" + ",\n ".join(f"{_compact(key)}: {_lines(value)}" for key, value in data.items()) + "}\n"


def _lines(value: object) -> str:
    if isinstance(value, Lines) and value:
        return "[\n  " + ",\n  ".join(value) + "\n ]"
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join(map(_compact, value)) + "\n ]"
    return _compact(value)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
