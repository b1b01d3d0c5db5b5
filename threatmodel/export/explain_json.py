"""The proof of one thing → JSON, version 1: what `threatmodel explain` writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from threatmodel.render.paste import answer
from threatmodel.version import VERSION

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.explain import Explained
    from threatmodel.analysis.finding import Finding
    from threatmodel.analysis.proof import Stage
    from threatmodel.analysis.questions import Question
    from threatmodel.analysis.trial import Change
    from threatmodel.span import Span

FORMAT: Final = "threatmodel/explain-1"


def explain_json(analysis: Analysis, found: Explained) -> str:
    """Return the proof of one thing as JSON text that ends with a newline."""
    graph = analysis.model.graph
    data = {
        "format": FORMAT,
        "system": graph.system.word("name"),
        "file": graph.document.file,
        "date": analysis.today.isoformat(),
        "version": VERSION,
        "kind": found.kind,
        "id": found.id,
        "answer": found.answer,
        "state": found.state,
        "severity": found.severity.word,
        "arithmetic": [{"change": step.change, "reason": step.reason} for step in found.arithmetic],
        "stages": [_stage(stage) for stage in found.stages],
        "closings": [
            {"control": one.control, "on": one.on, "cost": one.cost, "closes": one.closes,
             "paste": "\n".join(one.paste)}
            for one in found.cure.closings
        ],
        "amendings": [
            {"controls": list(one.controls), "changes": [_change(change) for change in one.changes],
             "leaves": one.leaves, "closes": one.closes, "place": _place(one.span)}
            for one in found.cure.amendings
        ],
        "restatings": [
            {"changes": [_change(change) for change in one.changes], "leaves": one.leaves, "closes": one.closes}
            for one in found.cure.restatings
        ],
        "keepings": [
            {"control": one.control, "proven": one.proven, "without": one.without or "gone", "proof": one.proof or None,
             "place": _place(one.span)}
            for one in found.cure.keepings
        ],
        "mends": list(found.mends),
        "missing": [_question(analysis, one) for one in found.missing],
        "finding": None if found.finding is None else _finding(analysis, found.finding),
    }  # fmt: skip
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "from": stage.source,
        "to": stage.target,
        "kind": stage.kind,
        "text": stage.text,
        "rule": stage.rule,
        "place": _place(stage.span),
        "quotes": [{"text": one.text, "place": _place(one.span)} for one in stage.quotes],
        "controls": [
            {"control": one.control, "type": one.type, "worth": one.worth, "reason": one.reason, "rule": one.rule,
             "place": _place(one.span)}
            for one in stage.stands
        ],
        "missing": list(stage.lacks),
    }  # fmt: skip


def _change(change: Change) -> dict[str, Any]:
    return {
        "fact": change.fact, "value": change.value, "was": change.was or None, "means": change.means,
        "place": _place(change.span),
    }  # fmt: skip


def _question(analysis: Analysis, one: Question) -> dict[str, Any]:
    goes = answer(analysis.model.graph, one)
    return {
        "fact": one.fact, "ask": one.ask, "paste": "\n".join(goes.lines), "where": goes.where,
        "choices": list(goes.choices), "unlocks": one.unlocks,
    }  # fmt: skip


def _finding(analysis: Analysis, one: Finding) -> dict[str, Any]:
    sources = analysis.model.graph.document.sources

    def line(span: Span) -> str:
        lines = sources.get(span.file, "").split("\n")
        return lines[span.line - 1].strip() if 0 < span.line <= len(lines) else ""

    return {
        "rule": one.rule,
        "title": one.title,
        "message": one.message,
        "why": one.why,
        "fix": one.fix,
        "place": _place(one.span),
        "evidence": [{"fact": item.fact, "place": _place(item.span), "line": line(item.span)} for item in one.evidence],
        "controls": list(one.controls),
        "mitigated_by": list(one.mitigated_by),
        "claimed_by": list(one.claimed_by),
        "treatment": one.treatment or None,
        "references": {framework: list(entries) for framework, entries in one.references},
        "layers": list(one.layers),
    }


def _place(span: Span) -> dict[str, Any]:
    return {"file": span.file, "line": span.line, "column": span.column}
