"""Derived → what each agent can do right now, against what was intended, as a report shows it: a table, then pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import STATES as PATH_STATES
from threatmodel.render.agent_view import VERDICTS, answers
from threatmodel.render.badges import Badge
from threatmodel.render.fourfold import fourfold, harms_line
from threatmodel.render.path_view import FATES
from threatmodel.render.places import place
from threatmodel.render.report_controls import PROVEN
from threatmodel.render.report_paths import gate_marks
from threatmodel.render.story import STATES
from threatmodel.render.terminal_can import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.influence import Influence
    from threatmodel.analysis.paths import AttackPath, Invariant, Mishap
    from threatmodel.render.agent_view import Ability, AgentAnswer
    from threatmodel.render.report_bounds import Bounds
    from threatmodel.render.report_controls import ControlRow
    from threatmodel.render.report_paths import GateMark, HarmRow, Harms

VERDICT_BADGES: Final = {
    "forbidden": Badge("forbidden", "✕", "critical"),
    "excess": Badge("excess", "▲", "high"),
    "unknown": Badge("unknown", "?", "unknown"),
    "unstated": Badge("no bounds stated", "?", "info"),
    "intended": Badge("intended", "○", "info"),
}
"""Verdict → how it looks. Intended is no green: it says what the owner wants, and nothing about what is safe."""
_FATES: Final = {
    "reached": Badge("reached", "!", "open"),
    "unknown": Badge("undecided", "?", "unknown"),
    "held": Badge("out of reach", "○", "aside"),
}
_HELD: Final = Badge("held by gates", "◐", "decided")
_HELD_PROVEN: Final = Badge("held by gates, proven", "✓", "settled")
"""What is reached only through gates that hold; as in JSON, its state stays `reached`."""
_STEERED: Final = {
    "yes": Badge("can steer it", "!", "open"),
    "unknown": Badge("cannot tell", "?", "unknown"),
}
_UNDONE: Final = {"no": "cannot be undone", "with_effort": "undone with effort only"}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many actions or ways are of one sort."""

    badge: Badge
    number: int


@dataclass(frozen=True, slots=True)
class Steering:
    """That outsiders steer the agent, or that nobody can tell."""

    badge: Badge
    by: tuple[str, ...]
    more: int
    route: tuple[str, ...]
    """The first of the ways."""
    weakened: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AbilityRow:
    """One action an agent can bring about on one basis. None stands for what nobody states."""

    verdict: Badge
    action: str
    effects: tuple[str, ...]
    """Empty where nobody says what it does."""
    data: tuple[str, ...] | None
    undone: str
    """Empty where it can be undone, or nobody says."""
    basis: str
    route: tuple[str, ...]
    """Empty where the agent calls it itself."""
    identity: str | None
    credential: str | None
    lifetime: str | None
    gates: tuple[GateMark, ...]
    missing: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class NeverRow:
    """What became of one item of `never:`."""

    never: str
    fate: Badge
    gates: tuple[GateMark, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent, in a line."""

    id: str
    anchor: str
    purpose: str
    owner: str | None
    sentence: str
    """The verdict."""
    can: str
    """Its first part, without who can steer it."""
    tallies: tuple[Tally, ...]
    """Actions by what they are against what was intended."""
    steering: tuple[Steering, ...]
    paths: tuple[Tally, ...]
    mishaps: tuple[Tally, ...]
    paged: bool
    """Whether it has a page."""


@dataclass(frozen=True, slots=True)
class AgentPage:
    """One agent, with everything."""

    row: AgentRow
    abilities: tuple[AbilityRow, ...]
    more: int
    bounds_said: bool
    """Whether its owner says what it is for."""
    never: tuple[NeverRow, ...]
    harms: tuple[HarmRow, ...]
    """Its worst paths and mishaps."""
    listed: bool
    """Whether the chapters on all agents show every one of these."""
    more_harms: int
    missing: tuple[str, ...]
    more_missing: int


@dataclass(frozen=True, slots=True)
class Abilities:
    """What all agents can do."""

    fourfold: str
    harms: str
    agents: int
    act: int
    influenced: int
    perhaps: int
    endangered: int
    proven: int
    unknown: int
    rows: tuple[AgentRow, ...]
    """Those that are steered or reach harm first, as many as fit a page."""
    further: tuple[AgentRow, ...]
    more: int
    """Agents in neither table."""
    pages: tuple[AgentPage, ...]


def abilities(analysis: Analysis, controls: Mapping[str, ControlRow], harms: Harms, bounds: Bounds) -> Abilities:
    """
    Return what every agent can do.

    Args:
        analysis: Of the system.
        controls: Control of the description → its row.
        harms: Every path and mishap, worst first.
        bounds: How much a profile shows.
    """
    graph, derived, posture = analysis.model.graph, analysis.derived, analysis.posture
    by_agent: dict[str, list[HarmRow]] = {}
    for harm in (*harms.paths, *harms.mishaps):
        by_agent.setdefault(harm.agent, []).append(harm)
    found = answers(graph, derived)
    order = sorted(found, key=lambda one: _urgency(one, by_agent.get(one.agent.id, ())))
    counted = _tallies(analysis)
    numbers = {one.agent.id: number for number, one in enumerate(order, 1)}
    paged = [one.agent.id for one in order if one.abilities or one.influences][: bounds.pages]
    rows = tuple(_row(one, counted, numbers[one.agent.id], paged=one.agent.id in paged) for one in order)
    never: dict[str, list[Invariant]] = {}
    for invariant in derived.invariants:
        never.setdefault(invariant.agent, []).append(invariant)
    shown = {harm.id for harm in (*harms.paths[: bounds.paths], *harms.mishaps[: bounds.mishaps])}
    pages = tuple(
        _page(analysis, one, row, controls, never.get(row.id, ()), by_agent.get(row.id, ()), bounds)
        for one, row in zip(order, rows, strict=True)
        if row.paged
    )
    if not bounds.repeated:
        pages = tuple(replace(page, listed={harm.id for harm in page.harms} <= shown) for page in pages)
    return Abilities(
        fourfold(posture), harms_line(derived), posture.agents, posture.act, posture.influenced,
        posture.perhaps_influenced, posture.endangered, posture.proven, posture.unknown, rows[: bounds.first],
        rows[bounds.first :][: bounds.further], max(0, len(rows) - bounds.first - bounds.further), pages,
    )  # fmt: skip


def _urgency(one: AgentAnswer, harms: Sequence[HarmRow]) -> tuple[int, int, int, int, str]:
    """Those that are steered and reach harm first, then those that may be, then by what they can do beyond bounds."""
    live = [harm for harm in harms if harm.live]
    worst = max((harm.weight for harm in live), default=-1)
    steered = {"yes": 0, "unknown": 1, "no": 2}[one.steered]
    return (-worst, steered, -one.actions("forbidden"), -one.actions("excess", "unknown"), one.agent.id)


def _tallies(analysis: Analysis) -> Mapping[str, tuple[dict[str, int], dict[str, int]]]:
    """Return agent → how many of its paths and mishaps are in each state."""
    found: dict[str, tuple[dict[str, int], dict[str, int]]] = {}
    harms: tuple[tuple[AttackPath | Mishap, ...], ...] = (analysis.derived.paths.listed, analysis.derived.mishaps)
    for at, some in enumerate(harms):
        for harm in some:
            states = found.setdefault(harm.agent, ({}, {}))[at]
            states[harm.state] = states.get(harm.state, 0) + 1
    return found


def _row(
    one: AgentAnswer, counted: Mapping[str, tuple[dict[str, int], dict[str, int]]], number: int, *, paged: bool
) -> AgentRow:
    agent = one.agent
    paths, mishaps = counted.get(agent.id, ({}, {}))
    verdict = sentence(one)
    return AgentRow(
        id=agent.id,
        anchor=f"agent-{number}",
        purpose=str(agent.body.get("purpose") or agent.description),
        owner=agent.owner,
        sentence=f"{verdict}.",
        can=f"{verdict.partition('; ')[0]}.",
        tallies=tuple(Tally(VERDICT_BADGES[word], count) for word in VERDICTS if (count := one.actions(word))),
        steering=tuple(_steering(influence) for influence in one.influences),
        paths=tuple(Tally(STATES[state], paths[state]) for state in PATH_STATES if state in paths),
        mishaps=tuple(Tally(STATES[state], mishaps[state]) for state in PATH_STATES if state in mishaps),
        paged=paged,
    )


_MOST_SOURCES: Final = 6


def _steering(one: Influence) -> Steering:
    return Steering(
        _STEERED[one.certainty], one.by[:_MOST_SOURCES], max(0, len(one.by) - _MOST_SOURCES), one.route, one.weakened,
        one.missing,
    )  # fmt: skip


def _page(
    analysis: Analysis, one: AgentAnswer, row: AgentRow, controls: Mapping[str, ControlRow],
    never: Sequence[Invariant], harms: Sequence[HarmRow], bounds: Bounds,
) -> AgentPage:  # fmt: skip
    missing = dict.fromkeys(fact for ability in one.abilities for fact in ability.first.missing)
    missing |= dict.fromkeys(fact for influence in one.influences for fact in influence.missing)
    missing |= dict.fromkeys(fact for harm in harms for fact in harm.missing)
    missing |= dict.fromkeys(fact for invariant in never for fact in invariant.missing)
    facts = _ranked(analysis, missing)
    worst = sorted(harms, key=lambda harm: harm.order)
    return AgentPage(
        row=row,
        abilities=tuple(_ability(analysis, ability, controls) for ability in one.abilities[: bounds.abilities]),
        more=max(0, len(one.abilities) - bounds.abilities),
        bounds_said=one.agent.says("intended"),
        never=tuple(
            _never(invariant, controls)
            for invariant in sorted(never, key=lambda each: (FATES.index(each.state), each.never))
        ),
        harms=tuple(worst[: bounds.harms]),
        listed=False,
        more_harms=max(0, len(worst) - bounds.harms),
        missing=facts[: bounds.missing],
        more_missing=max(0, len(facts) - bounds.missing),
    )


def _never(one: Invariant, controls: Mapping[str, ControlRow]) -> NeverRow:
    gates = gate_marks(one.gates, (), controls)
    fate = _FATES[one.state]
    if one.state == "reached" and gates:
        fate = _HELD_PROVEN if any(gate.worth == PROVEN for gate in gates) else _HELD
    return NeverRow(one.never, fate, gates, one.missing)


def _ranked(analysis: Analysis, facts: Mapping[str, None]) -> tuple[str, ...]:
    """Return facts in the order of the questions: those that settle most first."""
    asked = [question.fact for question in analysis.questions if question.fact in facts]
    return (*asked, *(fact for fact in facts if fact not in set(asked)))


def _ability(analysis: Analysis, ability: Ability, controls: Mapping[str, ControlRow]) -> AbilityRow:
    one = ability.first
    effects = dict.fromkeys(part.effect for part in ability.parts if part.effect != "unknown")
    return AbilityRow(
        verdict=VERDICT_BADGES[ability.verdict],
        action=one.action,
        effects=tuple(effects),
        data=one.data,
        undone=_UNDONE.get(one.reversible or "", ""),
        basis=one.basis,
        route=one.route if one.basis != "attached" else (),
        identity=one.identity,
        credential=one.credential,
        lifetime="never expires" if one.lifetime == "never" else f"lives {one.lifetime}" if one.lifetime else None,
        gates=gate_marks(one.gates, one.claims, controls),
        missing=one.missing,
        place=place(analysis, ability.span),
    )
