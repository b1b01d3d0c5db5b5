"""Facts said otherwise, one at a time or together, and what the analysis then makes of one path or mishap."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.derived import settled
from threatmodel.analysis.disclosure import Disclosure
from threatmodel.analysis.ends import Endings
from threatmodel.analysis.impacts import Impacts
from threatmodel.analysis.paths import AttackPath, attack_paths, invariants, mishaps
from threatmodel.model.build import build_graph
from threatmodel.model.layers import place_all
from threatmodel.model.supposed import SupposeError, with_fact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.analysis.context import Context
    from threatmodel.analysis.paths import Invariant, Mishap, Paths
    from threatmodel.load.document import Document
    from threatmodel.model.elements import Control
    from threatmodel.span import Span

TRIED_ELEMENTS: Final = 9_000  # elements that all tries of facts may look at, together
MANY: Final = 2_000  # paths; where there are more, only those of the agent are looked at again
FEWEST: Final = 3
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
    """
    Attack paths that are closed then, this one among them; 0 where a mishap was asked about. In a system with very
    many, those of the same agent.
    """


class Outlook:
    """What matters of a system that is tried: its paths, and if asked mishaps and what shall never be."""

    def __init__(self, context: Context, only: str) -> None:
        """Find the paths, or those of one agent."""
        self._closure, influences = settled(context)
        self._impacts = Impacts(self._closure)
        endings = Endings(self._closure, self._impacts, Disclosure(self._closure))
        self.paths = attack_paths(context.graph, influences, endings, only=only)

    def mishaps(self) -> tuple[Mishap, ...]:
        """Return what goes wrong without an attacker."""
        return tuple(mishaps(self._closure, self._impacts))

    def invariants(self) -> tuple[Invariant, ...]:
        """Return what became of what shall never be."""
        return tuple(invariants(self._closure))


class Trial:
    """Tries changes for one path or mishap, as long as the effort allows: it is counted in elements, not timed."""

    def __init__(self, context: Context, paths: Paths, one: AttackPath | Mishap, never: str = "") -> None:
        """
        Look at the paths as they are.

        Args:
            context: The system, unchanged.
            paths: All that it has.
            one: What is asked about.
            never: Where it is asked whether the agent can do what it never shall: that item of `never:`.
        """
        self._context = context
        self._one = one
        self._never = never
        size = max(len(context.graph.elements), 1)
        self._only = one.agent if sum(paths.by_state.values()) > MANY else ""
        self._most = self.left = max(FEWEST, min(MOST, TRIED_ELEMENTS // size))
        self._before = self._standing(Outlook(context, self._only).paths if self._only else paths)

    def again(self) -> Trial:
        """Return the same with all tries left."""
        same = copy(self)
        same.left = self._most
        return same

    def closes(self, changes: Iterable[Change]) -> Tried | None:
        """Return what changes leave of it, or None where it stands, the checks refuse them, or no try is left."""
        if self.left <= 0:
            return None
        self.left -= 1
        document = self.stated(changes)
        return None if document is None else self._judged(self._outlook(document))

    def without(self, control: str) -> str:
        """Return the state in which it is once a control fails, or nothing where it is not there then."""
        change = Change(f"controls.{control}.status", "failed", "", self._context.graph.system.span)
        document = self.stated([change])
        found = None if document is None else self._found(self._outlook(document))
        return found or ""

    def stated(self, changes: Iterable[Change]) -> Document | None:
        """Return the description with changes, None where the checks refuse them."""
        document = self._context.graph.document
        try:
            for change in changes:
                document = with_fact(document, change.fact, change.value, self._context.catalog)
        except SupposeError:
            return None
        return document

    def holds(self, control: Control) -> Tried | None:
        """Return what a control leaves of it, put in as it is, every fact as the description has it."""
        graph = self._context.graph
        graph = replace(graph, elements={**graph.elements, control.id: control})
        return self._judged(Outlook(replace(self._context, graph=graph), self._only))

    def _outlook(self, document: Document) -> Outlook:
        catalog = self._context.catalog
        graph = build_graph(document, catalog)
        placed = place_all(graph, catalog.controls)
        return Outlook(replace(self._context, graph=graph, placements=placed), self._only)

    def _judged(self, after: Outlook) -> Tried | None:
        state = self._found(after)
        if state in _STANDING:
            return None
        standing = self._standing(after.paths)
        if not standing <= self._before:  # it would only come about by another name
            return None
        closed = len(self._before) - len(standing) if isinstance(self._one, AttackPath) else 0
        return Tried(state or "gone", max(closed, 0))

    def _standing(self, paths: Paths) -> frozenset[str]:
        """Return the paths that are not broken, as far as they are looked at."""
        agent = self._only
        return frozenset(path.id for path in paths.listed if path.state != "broken" and agent in {"", path.agent})

    def _found(self, after: Outlook) -> str | None:
        """Return the state in which it is, None where it is not there."""
        one = self._one
        if self._never:
            found = (it for it in after.invariants() if (it.agent, it.never) == (one.agent, self._never))
            return next((standing(it) for it in found), None)
        if isinstance(one, AttackPath):
            return next((path.state for path in after.paths.listed if path.id == one.id), None)
        asked = (one.agent, one.action, one.impact)
        return next((it.state for it in after.mishaps() if (it.agent, it.action, it.impact) == asked), None)


def standing(one: Invariant) -> str | None:
    """Return the state of what shall never be, in the words of paths; None where nothing leads there."""
    if one.state == "held":
        return None
    return "unknown" if one.state == "unknown" else "broken" if one.gates else "open"
