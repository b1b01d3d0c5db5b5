"""Named questions about the graph that rules may ask: what the condition operators cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.predicates.agents import AGENTS
from threatmodel.analysis.predicates.authority import AUTHORITY
from threatmodel.analysis.predicates.autonomy import AUTONOMY
from threatmodel.analysis.predicates.controls import CONTROLS
from threatmodel.analysis.predicates.exposure import EXPOSURE
from threatmodel.analysis.predicates.identities import IDENTITIES
from threatmodel.analysis.predicates.injection import INJECTION
from threatmodel.analysis.predicates.oversight import OVERSIGHT
from threatmodel.analysis.predicates.parts import PARTS
from threatmodel.analysis.predicates.resilience import RESILIENCE
from threatmodel.analysis.predicates.stores import STORES

if TYPE_CHECKING:
    from threatmodel.analysis.predicates.predicate import Predicate

PREDICATES: Final[dict[str, Predicate]] = {
    **AGENTS,
    **AUTHORITY,
    **AUTONOMY,
    **CONTROLS,
    **EXPOSURE,
    **IDENTITIES,
    **INJECTION,
    **OVERSIGHT,
    **PARTS,
    **RESILIENCE,
    **STORES,
}
"""Name → predicate, over all topics."""
