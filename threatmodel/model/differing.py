"""Controls that say one thing where a fact says another: the worse counts, and whoever wrote it should know (1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.diagnostics import Diagnostic, Label, Level
from threatmodel.model.effects import GONE
from threatmodel.model.facts import fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.catalog.control import SameFact
    from threatmodel.catalog.reader import Catalog
    from threatmodel.model.graph import ModelGraph

SILENT: Final = frozenset({"planned"})


def _both(same: SameFact, written: object) -> bool:
    """Return whether a list names both a sound and an unsound word: then the control is there, and not all there is."""
    return isinstance(written, list) and {same.says([item]) for item in written} >= {True, False}


def differing(graph: ModelGraph, catalog: Catalog) -> Iterator[Diagnostic]:
    """Yield a warning for every place where a control and the fact that says the same differ."""
    for place, controls in graph.controls_named.items():
        element = graph.find(place)
        for control in controls if element is not None else ():
            known = catalog.controls.get(control.type)
            path = known.fact.at.get(element.kind) if known is not None and known.fact is not None and element else None
            status = control.word("status") or "unsaid"
            if known is None or known.fact is None or path is None or element is None or status in SILENT:
                continue
            said = fact(graph, element, tuple(path.split(".")))
            there = known.fact.says(said.value) if said.known else None
            if there is None or there is (status not in GONE) or _both(known.fact, element.body.get(path)):
                continue
            counts = "the control does nothing there" if not there else "the fact is not believed"
            yield Diagnostic(
                "differs",
                f"control '{control.id}' (status {status}) and '{place}' differ: {path} is {said.text()}",
                control.span,
                "",
                (f"the worse counts: {counts}; correct the one that is out of date",),
                (Label(said.span, "said here"),),
                Level.WARNING,
            )
