"""Analysis → ReportView: everything a report shows, sorted and counted, so that templates only loop."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from threatmodel.analysis.questions import split
from threatmodel.render.report_abilities import Abilities, abilities
from threatmodel.render.report_actors import Actors, actors
from threatmodel.render.report_bounds import BOUNDS
from threatmodel.render.report_compliance import ComplianceTable, compliance_tables
from threatmodel.render.report_controls import (
    ControlGroup,
    DecisionRow,
    control_groups,
    control_rows,
    decisions,
)
from threatmodel.render.report_coverage import CoverageView, coverage_view
from threatmodel.render.report_cures import Cures, cures, hardened
from threatmodel.render.report_findings import BRIEF, WHOLE, Findings, findings
from threatmodel.render.report_paths import PathsView, harms
from threatmodel.render.report_scope import (
    Assumption,
    FiredRule,
    FrameworkLine,
    Note,
    SetAside,
    SilentRule,
    Source,
    assumptions,
    fired_rules,
    framework_lines,
    notes,
    set_aside,
    silent_rules,
    sources,
)
from threatmodel.render.report_verdict import Verdict, verdict
from threatmodel.render.report_worst import Worst, worst
from threatmodel.render.view import overview
from threatmodel.render.visible import shortened, visible
from threatmodel.version import VERSION

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.harden import Hardening
    from threatmodel.analysis.questions import Question
    from threatmodel.render.report_controls import ControlRow

Profile = Literal["executive", "review", "audit"]
PROFILES: Final[tuple[Profile, ...]] = ("executive", "review", "audit")

_SECTIONS: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "abilities": ("What can it do right now", frozenset(PROFILES)),
    "paths": ("What can make it do the wrong thing", frozenset(PROFILES)),
    "mishaps": ("What goes wrong without an attacker", frozenset({"review", "audit"})),
    "cures": ("What would break the paths", frozenset(PROFILES)),
    "top": ("What else is open", frozenset({"executive"})),
    "pictures": ("Pictures of the system", frozenset({"review", "audit"})),
    "findings": ("Findings", frozenset({"review", "audit"})),
    "questions": ("What we do not know", frozenset({"review", "audit"})),
    "identities": ("Identities, secrets and what a lost one opens", frozenset({"review", "audit"})),
    "controls": ("Controls", frozenset({"review", "audit"})),
    "decisions": ("Decisions", frozenset({"review", "audit"})),
    "coverage": ("Threats assessed", frozenset({"review", "audit"})),
    "compliance": ("Compliance reached through controls", frozenset({"review", "audit"})),
    "scope": ("Assumptions and scope", frozenset({"review", "audit"})),
    "silent": ("Rules that stayed silent", frozenset({"audit"})),
    "signoff": ("Review and sign-off", frozenset({"review", "audit"})),
    "rules": ("Appendix: rules that fired", frozenset({"audit"})),
    "method": ("Appendix: method and sources", frozenset({"review", "audit"})),
}
"""Key (also the name of its template) → title, and the profiles that have it; in the order of the report."""
_PARTS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "identities": (("agents", "Agents"), ("identities-all", "Identities"), ("secrets", "Secrets")),
    "findings": (("findings-open", "Open"), ("findings-unknown", "Cannot tell"), ("findings-settled", "Settled")),
}
_TOP_CARDS: Final = 5
_TOP_UNKNOWN: Final = 2
_TOP_QUESTIONS: Final = 3
_REVIEW_QUESTIONS: Final = 12
_PAGES_LISTED: Final = 12  # agents in the contents


@dataclass(frozen=True, slots=True)
class Section:
    """One chapter."""

    key: str
    number: int
    title: str
    parts: tuple[tuple[str, str], ...] = ()
    """Anchor and title of what the contents list below it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the cover. None stands for what nobody states."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class ReportView:
    """One report."""

    profile: Profile
    name: str
    short_name: str
    """For the head of each page."""
    description: str
    facts: tuple[Fact, ...]
    today: str
    version: str
    verdict: Verdict
    sections: tuple[Section, ...]
    abilities: Abilities
    paths: PathsView
    cures: Cures
    most_facts: int
    """Missing facts that one line lists."""
    actors: Actors
    findings: Findings
    worst: tuple[Worst, ...]
    """What page one says."""
    top: Findings
    """The first cards behind those of page one, for a short report."""
    questions: tuple[Question, ...]
    more_questions: tuple[tuple[str, str, int], ...]
    """Questions that this profile does not print: section, key, and how many."""
    first_questions: tuple[Question, ...]
    controls: tuple[ControlGroup, ...]
    decisions: tuple[DecisionRow, ...]
    coverage: CoverageView
    compliance: tuple[ComplianceTable, ...]
    assumptions: tuple[Assumption, ...]
    set_aside: tuple[SetAside, ...]
    silent: tuple[SilentRule, ...]
    fired: tuple[FiredRule, ...]
    rules: int
    sources: tuple[Source, ...]
    frameworks: tuple[FrameworkLine, ...]
    notes: tuple[Note, ...]


def report_view(analysis: Analysis, profile: Profile = "review", *, cured: Hardening | None = None) -> ReportView:
    """
    Return what a report shows.

    Args:
        analysis: What to report.
        profile: How much of it.
        cured: The cures, so that two outputs of one run need not look for them twice; default: they are looked for.

    Raises:
        ValueError: the profile is none of `PROFILES`.
    """
    if profile not in PROFILES:
        raise ValueError(f"no profile is named '{profile}', expected one of {', '.join(PROFILES)}")
    system = analysis.model.graph.system
    groups = overview(analysis)
    controls = control_rows(analysis)
    bounds = BOUNDS[profile]
    every_harm, paths = harms(analysis, controls, bounds)
    able = abilities(analysis, controls, every_harm, bounds)
    cards = findings(analysis, groups, controls, WHOLE if profile == "audit" else BRIEF)
    first = worst(cards, paths)
    name = str(system.body.get("name") or "Unnamed system")
    most = len(analysis.questions) if profile == "audit" else _REVIEW_QUESTIONS
    return ReportView(
        profile=profile,
        name=name,
        short_name=shortened(visible(name), 60),
        description=system.description,
        facts=_facts(analysis),
        today=analysis.today.isoformat(),
        version=VERSION,
        verdict=verdict(analysis, groups, controls),
        sections=_sections(profile, able),
        abilities=able,
        paths=paths,
        cures=cures(analysis, cured or hardened(analysis), bounds),
        most_facts=bounds.facts,
        actors=actors(analysis, bounds.opens),
        findings=cards,
        worst=first,
        top=_behind(cards, first),
        questions=analysis.questions[:most],
        more_questions=_counted(analysis.questions[most:]),
        first_questions=analysis.questions[:_TOP_QUESTIONS],
        controls=control_groups(controls),
        decisions=decisions(analysis),
        coverage=coverage_view(analysis),
        compliance=compliance_tables(analysis, {row.id: _standing_word(row) for row in controls.values()}),
        assumptions=assumptions(analysis),
        set_aside=set_aside(analysis),
        silent=silent_rules(analysis),
        fired=fired_rules(analysis),
        rules=len(analysis.results),
        sources=sources(analysis),
        frameworks=framework_lines(analysis),
        notes=notes(analysis),
    )


def _behind(cards: Findings, first: tuple[Worst, ...]) -> Findings:
    """Return the cards that page one does not name, as many as a short report lists."""
    named = {one.anchor for one in first}
    opened = tuple(card for card in cards.open if card.anchor not in named)
    unknown = tuple(card for card in cards.unknown if card.anchor not in named)
    return Findings(opened[:_TOP_CARDS], unknown[:_TOP_UNKNOWN], (), (*opened, *unknown))


def _standing_word(row: ControlRow) -> str:
    return row.standing.word.split(",", 1)[0]


def _counted(questions: tuple[Question, ...]) -> tuple[tuple[str, str, int], ...]:
    keys = Counter((parts[0], parts[-1]) for parts in (split(question.fact) for question in questions))
    return tuple(
        (section, key, number) for (section, key), number in sorted(keys.items(), key=lambda item: (-item[1], item[0]))
    )


def _sections(profile: Profile, able: Abilities) -> tuple[Section, ...]:
    wanted = [(key, title) for key, (title, profiles) in _SECTIONS.items() if profile in profiles]
    parts = dict(_PARTS)
    if len(able.pages) <= _PAGES_LISTED:
        parts["abilities"] = tuple((page.row.anchor, page.row.id) for page in able.pages)
    return tuple(Section(key, number, title, parts.get(key, ())) for number, (key, title) in enumerate(wanted, 1))


_PLURALS: Final[dict[str, tuple[str, str]]] = {
    "agent": ("agent", "agents"),
    "model": ("model", "models"),
    "tool": ("tool", "tools"),
    "skill": ("skill", "skills"),
    "action": ("action", "actions"),
    "store": ("store", "stores"),
    "service": ("service", "services"),
    "external": ("system of others", "systems of others"),
    "person": ("kind of people", "kinds of people"),
    "identity": ("identity", "identities"),
    "credential": ("secret", "secrets"),
    "boundary": ("boundary", "boundaries"),
    "flow": ("stated flow", "stated flows"),
    "delegation": ("delegation", "delegations"),
}
"""Kind of element → how the cover counts it."""


def _elements(analysis: Analysis) -> str:
    counts = ((names, len(analysis.model.graph.of_kind(kind))) for kind, names in _PLURALS.items())
    return ", ".join(f"{number} {names[number > 1]}" for names, number in counts if number) or "none"


def _facts(analysis: Analysis) -> tuple[Fact, ...]:
    graph = analysis.model.graph
    system = graph.system
    return (
        Fact("Owner", system.owner),
        Fact("Criticality", system.word("criticality")),
        Fact("Tenancy", system.word("tenancy")),
        Fact("Last reviewed", system.word("reviewed")),
        Fact("Analyzed on", analysis.today.isoformat()),
        Fact("Description", graph.document.file),
        Fact("Elements", _elements(analysis)),
        Fact(
            "Made with",
            f"threatmodel {VERSION}, {len(analysis.results)} {'rule' if len(analysis.results) == 1 else 'rules'}",
        ),
    )
