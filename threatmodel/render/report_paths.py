"""Derived → attack paths and mishaps as a report shows them: one line per decision, drawings of the worst."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import STATES as PATH_STATES
from threatmodel.analysis.paths import AttackPath
from threatmodel.analysis.weight import Weights
from threatmodel.render.agent_view import place as line_of
from threatmodel.render.badges import SEVERITIES
from threatmodel.render.chain import chain
from threatmodel.render.path_view import Wanted, path_view
from threatmodel.render.places import place
from threatmodel.render.report_controls import CLAIMED, CONFIGURED
from threatmodel.render.story import BROKEN, STATES, event, state_badge, story

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.paths import Mishap
    from threatmodel.analysis.severity import Severity
    from threatmodel.render.badges import Badge
    from threatmodel.render.path_view import Decision
    from threatmodel.render.report_bounds import Bounds
    from threatmodel.render.report_controls import ControlRow
    from threatmodel.span import Span


_MOST_SOURCES: Final = 5


@dataclass(frozen=True, slots=True)
class GateMark:
    """A control on a way, and what it is worth."""

    id: str
    worth: Badge


@dataclass(frozen=True, slots=True)
class From:
    """Where paths in one state begin."""

    state: str
    names: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class HarmRow:
    """One decision: all paths to one impact through one action of one agent, or one mishap."""

    id: str
    """Of the path that is shown; of a mishap `agent>action:impact`."""
    severity: Badge
    weight: int
    """Of its worst path, 0 to 4."""
    state: Badge
    live: bool
    """Whether a path of it is not broken."""
    mishap: bool
    agent: str
    action: str
    event: str
    sources: tuple[From, ...]
    reading: str
    """What reads the data that leaves; empty where it comes by itself."""
    route: tuple[str, ...]
    weakened: bool
    gates: tuple[GateMark, ...]
    beside: tuple[GateMark, ...]
    """Controls on the way that break nothing: they only weaken, or do not work. Only of rows that are shown."""
    missing: tuple[str, ...]
    place: str
    count: int
    """Paths it joins."""
    order: tuple[bool, int, int, bool, bool, str]
    """Broken last, then the gravest, then by state, then what the agent must never do."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One way, drawn."""

    title: str
    severity: Badge
    state: Badge
    svg: str
    """Of our own renderer, which escapes every name."""
    id: str


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many ways are in one state."""

    badge: Badge
    number: int


@dataclass(frozen=True, slots=True)
class Harms:
    """Every path and mishap, worst first."""

    paths: tuple[HarmRow, ...]
    mishaps: tuple[HarmRow, ...]


@dataclass(frozen=True, slots=True)
class PathsView:
    """What outsiders can bring about, and what goes wrong without them."""

    total: int
    states: tuple[StateCount, ...]
    """Of all paths, listed or not."""
    cut: int
    """Paths beyond those that were kept."""
    decisions: int
    decision_states: tuple[StateCount, ...]
    rows: tuple[HarmRow, ...]
    more: int
    drawings: tuple[Drawing, ...]
    mishaps: int
    mishap_states: tuple[StateCount, ...]
    mishap_rows: tuple[HarmRow, ...]
    more_mishaps: int
    mishap_drawing: Drawing | None


def gate_marks(
    broken: Iterable[str], claimed: Iterable[str], controls: Mapping[str, ControlRow]
) -> tuple[GateMark, ...]:
    """Return the controls on a way: those that hold with what that rests on, then those that are claimed."""
    held = (GateMark(name, controls[name].standing if name in controls else CONFIGURED) for name in broken)
    return (*held, *(GateMark(name, CLAIMED) for name in claimed))


def harms(analysis: Analysis, controls: Mapping[str, ControlRow], bounds: Bounds) -> tuple[Harms, PathsView]:
    """
    Return all paths and mishaps, and what a report shows of them.

    Args:
        analysis: Of the system.
        controls: Control of the description → its row.
        bounds: How much a profile shows.
    """
    view = path_view(analysis.model.graph, analysis.derived, Wanted())
    made = _Rows(analysis, controls)
    decisions = sorted(((made.decision(one), one.first) for one in view.decisions), key=lambda pair: pair[0].order)
    mishaps = sorted(((made.mishap(one), one) for one, _ in view.mishaps), key=lambda pair: pair[0].order)
    rows = made.shown(decisions, bounds.paths, bounds.harms)
    mishap_rows = made.shown(mishaps, bounds.mishaps, bounds.harms)
    drawn = tuple(_drawing(analysis, row, one, controls) for row, one in decisions[: bounds.drawings])
    found = PathsView(
        total=sum(view.found.values()),
        states=tuple(StateCount(STATES[state], view.found[state]) for state in PATH_STATES if view.found.get(state)),
        cut=view.cut,
        decisions=len(rows),
        decision_states=_counted(one.state for one in view.decisions),
        rows=rows[: bounds.paths],
        more=max(0, len(rows) - bounds.paths),
        drawings=drawn,
        mishaps=len(mishap_rows),
        mishap_states=_counted(one.state for one, _ in view.mishaps),
        mishap_rows=mishap_rows[: bounds.mishaps],
        more_mishaps=max(0, len(mishap_rows) - bounds.mishaps),
        mishap_drawing=_drawing(analysis, *mishaps[0], controls) if mishaps and bounds.drawings else None,
    )
    return Harms(rows, mishap_rows), found


def _counted(states: Iterable[str]) -> tuple[StateCount, ...]:
    numbers = Counter(states)
    return tuple(StateCount(STATES[state], numbers[state]) for state in PATH_STATES if numbers[state])


class _Rows:
    """Makes rows of decisions and mishaps of one system."""

    def __init__(self, analysis: Analysis, controls: Mapping[str, ControlRow]) -> None:
        self._analysis = analysis
        self._controls = controls
        self._weights = Weights(analysis.model.graph)
        self._forbidden = {
            (one.agent, one.action) for one in analysis.derived.capabilities if one.intent == "forbidden"
        }

    def decision(self, one: Decision) -> HarmRow:
        """Return the row of all paths that are broken together."""
        path = one.first
        sources = tuple(
            From(STATES[state].word, names[:_MOST_SOURCES], max(0, len(names) - _MOST_SOURCES))
            for state, names in one.sources.items()
        )
        badges = {state_badge(each.state, each.broken_by, self._controls) for each in one.paths}
        badge = BROKEN if len(badges) > 1 and one.state == "broken" else state_badge(
            path.state, path.broken_by, self._controls
        )  # fmt: skip
        row = self._row(path, one.severity, badge, one.missing if one.state == "unknown" else path.missing)
        reading = path.reading if path.reading != path.action else ""
        return replace(row, id=path.id, sources=sources, reading=reading, weakened=path.weakened, count=len(one.paths))

    def mishap(self, one: Mishap) -> HarmRow:
        """Return the row of a mishap."""
        return self._row(
            one, self._weights.mishap(one)[0], state_badge(one.state, one.broken_by, self._controls), one.missing
        )

    def shown(
        self, rows: Sequence[tuple[HarmRow, AttackPath | Mishap]], most: int, of_agent: int
    ) -> tuple[HarmRow, ...]:
        """Return the rows, those that a reader will see with what stands beside: the first ones, and of each agent."""
        found: list[HarmRow] = []
        agents: Counter[str] = Counter()
        for at, (row, one) in enumerate(rows):
            seen = at < most or agents[row.agent] < of_agent
            agents[row.agent] += 1
            found.append(replace(row, beside=self._beside(row, one)) if seen else row)
        return tuple(found)

    def _beside(self, row: HarmRow, one: AttackPath | Mishap) -> tuple[GateMark, ...]:
        known = {gate.id for gate in row.gates}
        stations = story(self._analysis, one, self._controls)
        return tuple(
            GateMark(station.name, station.worth)
            for station in stations
            if station.worth is not None and station.name not in known
        )

    def _row(self, one: AttackPath | Mishap, worst: Severity, badge: Badge, missing: tuple[str, ...]) -> HarmRow:
        name = f"{one.agent}>{one.action}:{one.impact}"
        mishap = not isinstance(one, AttackPath)
        lawful = (one.agent, one.action) not in self._forbidden
        return HarmRow(
            id=name,
            severity=SEVERITIES[worst],
            weight=int(worst),
            state=badge,
            live=one.state != "broken",
            mishap=mishap,
            agent=one.agent,
            action=one.action,
            event=event(one),
            sources=(),
            reading="",
            route=one.steps,
            weakened=False,
            gates=gate_marks(one.broken_by, one.claimed_by, self._controls),
            beside=(),
            missing=missing,
            place=place(self._analysis, _line(self._analysis, one)),
            count=1,
            order=(one.state == "broken", -int(worst), PATH_STATES.index(one.state), lawful, mishap, name),
        )


def _line(analysis: Analysis, one: AttackPath | Mishap) -> Span:
    """Return the line that lets the agent take the way."""
    steps = one.steps[one.steps.index(one.agent) :] if one.agent in one.steps else ()
    return line_of(analysis.model.graph, one.agent, steps)


def _drawing(analysis: Analysis, row: HarmRow, one: AttackPath | Mishap, controls: Mapping[str, ControlRow]) -> Drawing:
    who = f"From {one.source}: {one.agent}" if isinstance(one, AttackPath) else one.agent
    title = f"{who} by {one.action}: {row.event}"
    stations = story(analysis, one, controls)
    return Drawing(title, row.severity, row.state, chain(stations, title), row.id)
