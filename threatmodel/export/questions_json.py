"""What nobody has said → JSON, version 1: what `threatmodel questions` writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from threatmodel.render.questions_view import outcomes
from threatmodel.version import VERSION

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis
    from threatmodel.render.questions_view import Asked, QuestionView

FORMAT: Final = "threatmodel/questions-1"
LISTED: Final = 100  # conclusions that are listed for one fact; all are counted


def questions_json(analysis: Analysis, view: QuestionView) -> str:
    """Return questions as JSON text that ends with a newline."""
    graph = analysis.model.graph
    data = {
        "format": FORMAT,
        "system": graph.system.word("name"),
        "file": graph.document.file,
        "date": analysis.today.isoformat(),
        "version": VERSION,
        "about": view.about or None,
        "questions": [_asked(one) for one in view.asked],
        "needs": [{"fact": one.fact, "value": one.value, "was": one.was or None} for one in view.needs],
        "summary": {"questions": view.found, "all_questions": view.every},
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _asked(asked: Asked) -> dict[str, Any]:
    one, goes = asked.question, asked.goes
    return {
        "fact": one.fact,
        "ask": one.ask,
        "paste": "\n".join(goes.lines),
        "where": goes.where,
        "choices": list(goes.choices),
        "unlocks": one.unlocks,
        "ways": one.ways,
        "hanging": [
            {"kind": hung.kind, "id": hung.id, "state": hung.state,
             "becomes": {state: list(values) for state, values in outcomes(asked, hung).items()}}
            for hung in asked.hanging[:LISTED]
        ],
        "hanging_in_all": len(asked.hanging),
    }  # fmt: skip
