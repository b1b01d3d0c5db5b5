"""Attack paths, mishaps and invariants as text: counts by state, then one block per decision."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.explain import mishap_id
from threatmodel.analysis.idle_keys import opening
from threatmodel.analysis.marks import STATES
from threatmodel.render.agent_view import place
from threatmodel.render.page import MUTED, Page, counted, listed, route
from threatmodel.render.path_view import FATES, by_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from threatmodel.analysis.paths import AttackPath, Invariant, Mishap
    from threatmodel.analysis.severity import Severity
    from threatmodel.model.graph import ModelGraph
    from threatmodel.render.path_view import Decision, PathView

DECISIONS: Final = 12  # shown unless all are asked for
MISHAPS: Final = 6
_STYLES: Final = {
    "open": "bad", "claimed": "warn", "unknown": "ask", "broken": "good", "reached": "bad", "held": "good",
}  # fmt: skip
_IMPACTS: Final = {
    "execution": "execution of code", "persistence": "persistence, text that is read later",
    "unknown": "unknown, nobody has said what it does",
}  # fmt: skip
"""What says more than the word of the impact."""


def paths_text(
    name: str, graph: ModelGraph, view: PathView, *, color: bool = False, width: int = 100, full: bool = False
) -> str:
    """
    Return the paths that were asked for.

    Args:
        name: Of the system.
        graph: Says which line lets an agent take a way.
        view: What was asked for.
        color: Whether escape codes may be used; every coloured thing is told by a word too.
        width: Columns there are.
        full: List everything, however much it is.
    """
    page = _PathsPage(Page(color, width), graph, full)
    parts = [page.counts(name, view), page.decisions(view), page.mishaps(view), page.invariants(view), page.next(view)]
    return "\n".join("\n".join(lines) + "\n" for part in parts if (lines := list(part)))


class _PathsPage:
    def __init__(self, page: Page, graph: ModelGraph, full: bool) -> None:  # noqa: FBT001  private
        self.page = page
        self.graph = graph
        self.full = full

    def counts(self, name: str, view: PathView) -> Iterator[str]:
        """How many, by state: exact even where not all are kept."""
        every = sum(view.found.values())
        kept = every - view.cut
        whole = len(view.paths) == kept
        states = _states(view.found if whole else by_state([path.state for path in view.paths]))
        asked = "" if whole else f"{len(view.paths):,} of "
        worst = f"the worst {kept:,} of " if view.cut and not whole else ""
        said = f": {states}" if states else ""
        yield from self.page.wrapped(f"{name}: {asked}{worst}{counted(every, 'attack path')}{said}", style="bold")
        if view.cut and whole:
            yield from self.page.wrapped(f"Only the worst {kept:,} are kept and shown here.")
        if view.decisions:
            deciding = _states(by_state([one.state for one in view.decisions]))
            yield from self.page.wrapped(f"They are {counted(len(view.decisions), 'decision')}: {deciding}.")
        elif not self.graph.agents:
            yield from self.page.wrapped("No agent is described.")
        elif not every:
            yield from self.page.wrapped(
                "As far as the description goes, nothing that an outsider writes does harm; `can` shows who is steered."
            )

    def decisions(self, view: PathView) -> Iterator[str]:
        """The decisions, worst first."""
        shown = view.decisions if self.full else view.decisions[:DECISIONS]
        for one in shown:
            yield from self.decision(one)
        yield from self.rest(len(view.decisions) - len(shown), "decision")

    def decision(self, one: Decision) -> Iterator[str]:
        """What an outsider can make an agent do, who, by which way, and what stands there."""
        path, sources = one.first, one.sources
        said = [f"{listed(names)}{f' ({state})' if len(sources) > 1 else ''}" for state, names in sources.items()]
        reading = f", after {path.reading}" if path.reading and path.reading != path.action else ""
        texts = [
            _event(path, path.assets, one.severity),
            f"from {'; '.join(said)}{reading}",
            f"way: {route(path.steps)}{' (past a filter)' if path.weakened else ''}",
            *_standing(path, one.missing if path.state == "unknown" else path.missing),
            f"{MUTED}id: {path.id}",
        ]
        yield from self.page.block(path.state, _STYLES[path.state], texts, self.place(path.agent, path.steps))

    def mishaps(self, view: PathView) -> Iterator[str]:
        """What goes wrong without an attacker."""
        if not view.mishaps:
            return
        states = by_state([one.state for one, _ in view.mishaps])
        text = f"Without any attacker: {counted(len(view.mishaps), 'mishap')}: {_states(states)}"
        yield from self.page.wrapped(text, style="head")
        shown = view.mishaps if self.full else view.mishaps[:MISHAPS]
        for one, severity in shown:
            way = [f"way: {route(one.steps)}"] if len(one.steps) > 2 else []  # noqa: PLR2004  the line above names two
            texts = [_event(one, (), severity), *way, *_standing(one, one.missing), f"{MUTED}id: {mishap_id(one)}"]
            yield from self.page.block(one.state, _STYLES[one.state], texts, self.place(one.agent, one.steps))
        yield from self.rest(len(view.mishaps) - len(shown), "mishap")

    def invariants(self, view: PathView) -> Iterator[str]:
        """What became of what must never be."""
        if not view.invariants:
            return
        states = by_state([one.state for one in view.invariants], FATES)
        yield from self.page.wrapped(f"What must never be: {_states(states)}", style="head")
        alike: dict[tuple[str, str, str], list[str]] = {}
        for one in view.invariants:
            alike.setdefault((one.agent, one.state, _fate(self.graph, one)), []).append(one.never)
        for (agent, state, fate), names in alike.items():
            place = self.graph.elements[agent].body.value_span("never").place()
            text = f"{agent} never {listed(names, most=len(names))}{fate}"
            yield from self.page.block(state, _STYLES[state], [text], place)

    def next(self, view: PathView) -> Iterator[str]:
        """What to ask next, of the worst that is shown."""
        ids = (*(one.first.id for one in view.decisions[:1]), *(mishap_id(one) for one, _ in view.mishaps[:1]))
        first = next(iter(ids), None)
        if first is not None:
            file = shlex.quote(self.graph.document.file)
            yield from self.page.wrapped(f"Next: threatmodel explain {file} {shlex.quote(first)}", style="bold")

    # Pieces

    def place(self, agent: str, steps: Sequence[str]) -> str:
        """Return the line that lets the agent take the way."""
        return place(self.graph, agent, steps[steps.index(agent) :] if agent in steps else ()).place()

    def rest(self, more: int, what: str) -> Iterator[str]:
        """Say how much is not shown."""
        if more > 0:
            yield from self.page.block("", "dim", [f"{MUTED}and {counted(more, f'more {what}')} (--full lists them)"])


def _event(one: AttackPath | Mishap, assets: tuple[str, ...], severity: Severity) -> str:
    """Return who does what, what comes of it, and how grave that is; what is broken threatens nobody as it stands."""
    what = f" of {listed(assets)}" if assets and one.impact in {"disclosure", "destruction"} else ""
    mild = ", undone with effort" if one.mild and one.impact == "destruction" else ", mild" if one.mild else ""
    grave = "closed" if one.state == "broken" else severity.word
    return f"{one.agent} by {one.action}: {_IMPACTS.get(one.impact, one.impact)}{what}{mild} ({grave})"


def _standing(one: AttackPath | Mishap, missing: tuple[str, ...]) -> list[str]:
    """Return what breaks it, what only claims to, what nobody has said."""
    said = [f"broken by {listed(one.broken_by)}"] if one.broken_by else []
    said += [f"only claimed: {listed(one.claimed_by)}"] if one.claimed_by else []
    said += [f"{MUTED}nobody has said: {listed(missing)}"] if missing else []
    return said or ["nothing stands in between"]


def _states(counts: Mapping[str, int]) -> str:
    order = [*STATES, *(state for state in counts if state not in STATES)]
    return ", ".join(f"{counts[state]:,} {state}" for state in order if counts.get(state))


def _fate(graph: ModelGraph, one: Invariant) -> str:
    if one.state == "reached":
        return f": it can, held back by {listed(one.gates)}" if one.gates else ": it can, and nothing holds it back"
    if one.missing:
        return f": nobody has said {listed(one.missing)}"
    keys = opening(graph, one)
    return f": no way leads there, though {keys}" if keys else ""
