"""What keeps a path or mishap closed, what it would be without, and what proves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.holding import evidence, proven
from threatmodel.model.elements import Control

if TYPE_CHECKING:
    from threatmodel.analysis.context import Context
    from threatmodel.analysis.paths import AttackPath, Mishap
    from threatmodel.analysis.trial import Trial
    from threatmodel.span import Span

_ASKED: Final = 4


@dataclass(frozen=True, slots=True)
class Keeping:
    """One control that breaks it."""

    control: str
    span: Span
    proven: bool
    """Whether it is tested, with evidence in force."""
    without: str
    """The state once it fails, tried; `broken` where another control breaks it as well."""
    proof: str
    """What makes it proven; empty where it is."""


def keepings(context: Context, one: AttackPath | Mishap, trial: Trial) -> tuple[Keeping, ...]:
    """Return the controls that break a path or a mishap which is broken."""
    found = (context.graph.elements.get(name) for name in one.broken_by[:_ASKED])
    return tuple(
        Keeping(
            control=control.id,
            span=control.span,
            proven=proven(control, context.today),
            without=trial.without(control.id),
            proof=_proof(context, control),
        )
        for control in found
        if isinstance(control, Control)
    )


def _proof(context: Context, control: Control) -> str:
    """Return what is missing for a proof (SEMANTICS 3.2)."""
    if proven(control, context.today):
        return ""
    tested = control.word("status") == "tested"
    if tested and evidence(control):
        return "evidence that is still in force: what it names has expired"
    if tested:
        return "evidence: [{kind: test, ref: .., date: ..}], of the test that its status speaks of"
    if evidence(control):
        return "status: tested; the evidence it names counts then"
    return "status: tested, with evidence: [{kind: test, ref: .., date: ..}]"
