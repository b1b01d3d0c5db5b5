"""Facts said otherwise, one at a time or together, and what the analysis then makes of one path or mishap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.derived import derive
from threatmodel.analysis.paths import AttackPath
from threatmodel.model.build import build_graph
from threatmodel.model.layers import place_all
from threatmodel.model.supposed import SupposeError, with_fact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.analysis.context import Context
    from threatmodel.analysis.derived import Derived
    from threatmodel.analysis.paths import Invariant, Mishap
    from threatmodel.load.document import Document
    from threatmodel.span import Span

TRIED_ELEMENTS: Final = 9_000  # elements that all tries of facts may look at, together
FEWEST: Final = 6
MOST: Final = 60
_STANDING: Final = ("open", "claimed", "unknown")


@dataclass(frozen=True, slots=True)
class Change:
    """One fact, said otherwise."""

    fact: str
    """Its place (SEMANTICS 11.2): `tools.mailer.version`."""
    value: str
    """As it would be written in the file."""
    was: str
    """As the file has it; empty where nobody says it."""
    span: Span
    """Where it stands, or where it would go."""
    means: str = ""
    """What it takes, in a few words."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of the path or mishap that was asked about."""

    leaves: str
    """`broken` or `gone`."""
    closes: int
    """Attack paths that are closed then, this one among them; 0 where a mishap was asked about."""


class Trial:
    """Tries changes for one path or mishap, as long as the effort allows: it is counted in elements, not timed."""

    def __init__(self, context: Context, one: AttackPath | Mishap, never: str = "") -> None:
        """
        Look at the paths as they are.

        Args:
            context: The system, unchanged.
            one: What is asked about.
            never: Where it is asked whether the agent can do what it never shall: that item of `never:`.
        """
        self._context = context
        self._one = one
        self._never = never
        size = max(len(context.graph.elements), 1)
        self.left = max(FEWEST, min(MOST, TRIED_ELEMENTS // size))
        self._before = _standing(derive(context))

    def closes(self, changes: Iterable[Change]) -> Tried | None:
        """Return what changes leave of it, or None where it stands, the checks refuse them, or no try is left."""
        if self.left <= 0:
            return None
        self.left -= 1
        document = self._said(changes)
        return None if document is None else self._judged(document)

    def without(self, control: str) -> str:
        """Return the state in which it is once a control fails, or nothing where it is not there then."""
        change = Change(f"controls.{control}.status", "failed", "", self._context.graph.system.span)
        document = self._said([change])
        found = None if document is None else self._found(self._derived(document))
        return found or ""

    def _said(self, changes: Iterable[Change]) -> Document | None:
        document = self._context.graph.document
        try:
            for change in changes:
                document = with_fact(document, change.fact, change.value, self._context.catalog)
        except SupposeError:
            return None
        return document

    def _derived(self, document: Document) -> Derived:
        catalog = self._context.catalog
        graph = build_graph(document, catalog)
        placed = place_all(graph, catalog.controls)
        return derive(replace(self._context, graph=graph, placements=placed))

    def _judged(self, document: Document) -> Tried | None:
        after = self._derived(document)
        state = self._found(after)
        if state in _STANDING:
            return None
        standing = _standing(after)
        if not standing.keys() <= self._before.keys():  # it would only come about by another name
            return None
        closed = len(self._before) - len(standing) if isinstance(self._one, AttackPath) else 0
        return Tried(state or "gone", max(closed, 0))

    def _found(self, derived: Derived) -> str | None:
        """Return the state in which it is, None where it is not there."""
        one = self._one
        if self._never:
            found = (it for it in derived.invariants if (it.agent, it.never) == (one.agent, self._never))
            return next((standing(it) for it in found), None)
        if isinstance(one, AttackPath):
            return next((path.state for path in derived.paths.listed if path.id == one.id), None)
        asked = (one.agent, one.action, one.impact)
        return next((it.state for it in derived.mishaps if (it.agent, it.action, it.impact) == asked), None)


def standing(one: Invariant) -> str | None:
    """Return the state of what shall never be, in the words of paths; None where nothing leads there."""
    if one.state == "held":
        return None
    return "unknown" if one.state == "unknown" else "broken" if one.gates else "open"


def _standing(derived: Derived) -> dict[str, None]:
    return {path.id: None for path in derived.paths.listed if path.state != "broken"}
