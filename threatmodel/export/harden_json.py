"""Cures → JSON, version 1: `threatmodel/schemas/harden-1.schema.json` describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from threatmodel.version import VERSION

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.candidates import Candidate
    from threatmodel.analysis.harden import Hardening

FORMAT: Final = "threatmodel/harden-1"


def harden_json(model: Model, found: Hardening) -> str:
    """Return cures as JSON text that ends with a newline."""
    return json.dumps(harden_data(model, found), ensure_ascii=False, indent=1) + "\n"


def harden_data(model: Model, found: Hardening) -> dict[str, Any]:
    """Return cures as plain data."""
    return {
        "format": FORMAT,
        "system": model.graph.system.word("name"),
        "file": model.graph.document.file,
        "version": VERSION,
        "paths": dict(found.states),
        "budget": found.budget,
        "sets": [
            {
                "aim": ", ".join(cut.aims),
                "controls": [_pair(one) for one in cut.controls],
                "breaks": cut.breaks,
                "of": cut.of,
                "cost": cut.cost,
                "exact": cut.exact,
                "unbroken": list(cut.unbroken),
                "why": {path: found.why[cut.aims[0], path] for path in cut.unbroken},
            }
            for cut in found.cuts
        ],
        "single": [{**_pair(one.candidate), "breaks": one.breaks, "cost": one.cost} for one in found.single.worth],
        "single_untried": found.single.untried,
    }


def _pair(candidate: Candidate) -> dict[str, str]:
    return {"control": candidate.control, "on": candidate.on}
