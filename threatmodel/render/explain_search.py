"""What a reader means by a subject: a number in a list, an id, or a part of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from threatmodel.analysis.explain import mishap_id, never_id
from threatmodel.analysis.finding import Finding
from threatmodel.analysis.paths import AttackPath, Invariant, Mishap
from threatmodel.diagnostics import did_you_mean
from threatmodel.render.view import overview

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis

Subject: TypeAlias = Finding | AttackPath | Mishap | Invariant


@dataclass(frozen=True, slots=True)
class Found:
    """What a text may mean."""

    subjects: tuple[Subject, ...]
    """One: it is meant. Several: they share that part. None: nothing bears it."""
    near: str = ""
    """Where nothing was found: the name that was probably meant."""


def find_subject(analysis: Analysis, text: str) -> Found:
    """
    Return what a text names.

    Numbers count what `analyze` shows: open groups first, then what cannot be told, then what is settled; each stands
    for its first finding. A whole id comes before a part; parts are looked for in findings, paths and mishaps at once.
    """
    seen = overview(analysis)
    if text.isascii() and text.isdigit():
        groups = (*seen.open, *seen.unknown, *seen.settled)
        at = int(text)
        if 1 <= at <= len(groups):
            return Found((groups[at - 1].first,))
        return Found((), f"1 to {len(groups)}" if groups else "")
    known = named(analysis)
    if text in known:
        return Found((known[text],))
    parts = tuple(one for name, one in known.items() if text.lower() in name.lower())
    return Found(parts) if parts else Found((), did_you_mean(text, known, 0.4) or "")


def named(analysis: Analysis) -> dict[str, Subject]:
    """Return id → finding, path, mishap or item of `never:`; those of findings and the worst of each come first."""
    found: dict[str, Subject] = {one.id: one for one in analysis.findings}
    for path in analysis.derived.paths.listed:
        found.setdefault(path.id, path)
    for mishap in analysis.derived.mishaps:
        found.setdefault(mishap_id(mishap), mishap)
    for never in analysis.derived.invariants:
        found.setdefault(never_id(never), never)
    return found


def name_of(one: Subject) -> str:
    """Return the id of a subject."""
    if isinstance(one, Invariant):
        return never_id(one)
    return mishap_id(one) if isinstance(one, Mishap) else one.id
