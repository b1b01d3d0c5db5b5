"""What the analysis is given: the graph, the catalog, and the day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from threatmodel.analysis.known import Subjects
    from threatmodel.catalog.reader import Catalog
    from threatmodel.model.graph import ModelGraph
    from threatmodel.model.layers import Placement


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a condition or predicate may look at. Nothing in it changes."""

    graph: ModelGraph
    catalog: Catalog
    placements: Mapping[str, Placement]
    today: date
    assumed: frozenset[str] = frozenset()
    """Ids of controls that are tried out: they hold for the fact as well as for themselves (SEMANTICS 12.1)."""
    known: Subjects | None = None
    """What was derived; None while it is being derived."""

    @property
    def subjects(self) -> Subjects:
        """
        What was derived.

        Raises:
            ValueError: it has not been derived yet.
        """
        if self.known is None:
            message = "rules are asked only after everything is derived"
            raise ValueError(message)
        return self.known
