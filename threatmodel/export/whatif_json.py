"""What changes would make → JSON, version 1: `threatmodel/schemas/whatif-1.schema.json` describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from threatmodel.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.whatif import Difference, Outcome

FORMAT: Final = "threatmodel/whatif-1"


def whatif_json(model: Model, found: Outcome, today: date) -> str:
    """Return differences as JSON text that ends with a newline."""
    return json.dumps(whatif_data(model, found, today), ensure_ascii=False, indent=1) + "\n"


def whatif_data(model: Model, found: Outcome, today: date) -> dict[str, Any]:
    """Return differences as plain data."""
    return {
        "format": FORMAT,
        "system": model.graph.system.word("name"),
        "file": model.graph.document.file,
        "date": today.isoformat(),
        "version": VERSION,
        "changes": [
            {"kind": one.kind, "of": one.of, "value": one.value if one.kind == "set" else None} for one in found.changes
        ],
        "paths": [_difference(one, ("source", "agent", "action", "impact"), _path) for one in found.paths],
        "mishaps": [_difference(one, ("agent", "action", "impact"), _path) for one in found.mishaps],
        "capabilities": [
            _difference(one, ("agent", "action", "effect", "basis"), _capability) for one in found.capabilities
        ],
        "influence": [
            {"change": one.change, "agent": one.id, "was": _influence(one.was), "now": _influence(one.now)}
            for one in found.influences
        ],
        "findings": [_difference(one, ("rule", "subject"), _finding) for one in found.findings],
        "credentials": [_difference(one, ("credential",), _reach) for one in found.credentials],
        "questions": [
            {
                "change": "settled" if one.now is None else "new",
                "fact": one.id,
                "unlocks": (one.was or one.now).unlocks,
            }
            for one in found.questions
        ],
        "taken": [
            {
                "credential": one.reach.credential,
                "opens": list(one.reach.opens),
                "lifetime": one.reach.lifetime,
                "usable_after_revocation": one.reach.usable_after_revocation,
                "missing": list(one.missing),
            }
            for one in found.taken
        ],
    }


def _difference(one: Difference, names: tuple[str, ...], status: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    there = one.was if one.now is None else one.now
    return {
        "change": one.change,
        "id": one.id,
        **{name: getattr(there, name) for name in names},
        "was": None if one.was is None else status(one.was),
        "now": None if one.now is None else status(one.now),
    }


def _path(path: Any) -> dict[str, Any]:  # noqa: ANN401  a path or a mishap
    return {
        "state": path.state,
        "mild": path.mild,
        "steps": list(path.steps),
        "broken_by": list(path.broken_by),
        "claimed_by": list(path.claimed_by),
        "missing": list(path.missing),
    }


def _capability(one: Any) -> dict[str, Any]:  # noqa: ANN401  as `_difference` passes them
    return {
        "certainty": one.certainty,
        "gates": list(one.gates),
        "claims": list(one.claims),
        "intent": one.intent,
        "identity": one.identity,
        "credential": one.credential,
        "lifetime": one.lifetime,
        "reversible": one.reversible,
        "route": list(one.route),
    }


def _reach(one: Any) -> dict[str, Any]:  # noqa: ANN401  as `_difference` passes them
    return {
        "opens": list(one.opens),
        "excess_scopes": list(one.excess_scopes),
        "lifetime": one.lifetime,
        "usable_after_revocation": one.usable_after_revocation,
    }


def _influence(one: Any) -> dict[str, Any] | None:  # noqa: ANN401  as `_difference` passes them
    return None if one is None else {"certain": list(one["certain"]), "unknown": list(one["unknown"])}


def _finding(finding: Any) -> dict[str, Any]:  # noqa: ANN401  as `_difference` passes them
    return {"state": finding.state.value, "severity": finding.severity.word, "message": finding.message}
