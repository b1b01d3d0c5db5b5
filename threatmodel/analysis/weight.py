"""How grave an attack path or a mishap is: the table of `severity`, asked with what the path is (DESIGN §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import STATES, UNKNOWN
from threatmodel.analysis.severity import Circumstances, Severity, Step, judge_impact
from threatmodel.model.elements import Action, Asset

if TYPE_CHECKING:
    from threatmodel.analysis.paths import AttackPath, Mishap
    from threatmodel.model.graph import ModelGraph

LEAVES: Final = "disclosure"


class Weights:
    """Severities of the paths and mishaps of one system."""

    def __init__(self, graph: ModelGraph) -> None:
        """Remember what many paths ask for again and again."""
        self._graph = graph
        self._known: dict[tuple[object, ...], tuple[Severity, tuple[Step, ...]]] = {}
        self._system = graph.system.word("criticality")
        outsiders = (*graph.of_kind("person"), *graph.of_kind("external"), *graph.of_kind("agent"))
        vendors = (*graph.of_kind("tool"), *graph.of_kind("skill"))  # one with a name is no stranger
        self._partners = frozenset(
            (
                *(one.id for one in outsiders if one.word("trust") == "partner"),
                *(one.id for one in vendors if one.word("provider") == "third_party"),
            )
        )

    def path(self, path: AttackPath) -> tuple[Severity, tuple[Step, ...]]:
        """Return the severity of an attack path, and the lines that lead to it."""
        certain = path.state == "open" and path.source not in self._partners
        key = (path.agent, path.action, path.impact, path.assets, path.mild, path.state, path.weakened, certain)
        if key not in self._known:
            self._known[key] = judge_impact(
                Circumstances(
                    impact=path.impact,
                    restricted=self._restricted(path.assets) if path.impact == LEAVES else False,
                    certain=certain,
                    final=self._final(path.action, path.impact, mild=path.mild),
                    criticality=self._criticality(path.agent),
                    weakened=path.weakened,
                    mild=path.mild,
                    unknown=path.state == STATES[UNKNOWN],
                )
            )
        return self._known[key]

    def mishap(self, mishap: Mishap) -> tuple[Severity, tuple[Step, ...]]:
        """Return the severity of a mishap, and the lines that lead to it."""
        return judge_impact(
            Circumstances(
                impact=mishap.impact,
                certain=mishap.state == "open",
                final=self._final(mishap.action, mishap.impact, mild=mishap.mild),
                criticality=self._criticality(mishap.agent),
                mishap=True,
                mild=mishap.mild,
                unknown=mishap.state == STATES[UNKNOWN],
            )
        )

    def _criticality(self, agent: str) -> str | None:
        return self._graph.elements[agent].word("criticality") or self._system

    def _restricted(self, assets: tuple[str, ...]) -> bool:
        """Return whether any of the data is restricted; a secret counts as that (SEMANTICS 7.1)."""
        found = (self._graph.elements.get(name) for name in assets)
        return any(
            one is not None
            and (one.kind == "credential" or (isinstance(one, Asset) and one.classification == "restricted"))
            for one in found
        )

    def _final(self, action: str, impact: str, *, mild: bool) -> bool:
        """Return whether what happens cannot be undone: data that left, or an action that says so."""
        if impact == LEAVES:
            return True
        known = self._graph.actions.get(action)
        return not mild and isinstance(known, Action) and known.word("reversible") == "no"
