"""Findings as the report shows them: one card per rule and state, its groups and their places inside."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.finding import FindingState
from threatmodel.render.badges import SEVERITIES, STATES, Badge
from threatmodel.render.places import place
from threatmodel.render.report_controls import PROVEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.finding import Finding
    from threatmodel.analysis.severity import Step
    from threatmodel.catalog.reader import Catalog
    from threatmodel.render.report_controls import ControlRow
    from threatmodel.render.view import Group, Overview


@dataclass(frozen=True, slots=True)
class Depth:
    """How much of a card a profile shows."""

    findings: int
    """Findings of one card in full; of the rest only the subjects."""
    proof: int
    """Facts of one finding."""
    arithmetic: bool
    """Whether every finding shows how its severity comes about, or only the worst one of a card."""
    through: bool
    """Whether compliance entries name the control that reaches them."""


UNPROVEN: Final = Badge("mitigated, not proven", "◐", "decided")
BRIEF: Final = Depth(findings=6, proof=12, arithmetic=False, through=False)
WHOLE: Final = Depth(findings=1_000_000, proof=1_000_000, arithmetic=True, through=True)


@dataclass(frozen=True, slots=True)
class Proof:
    """A fact and where it stands."""

    fact: str
    place: str


@dataclass(frozen=True, slots=True)
class Place:
    """One finding of a card."""

    id: str
    severity: Badge
    state: Badge
    message: str
    place: str
    proof: tuple[Proof, ...]
    more_proof: int
    missing: tuple[str, ...]
    mitigated_by: tuple[str, ...]
    """Controls that hold, with what that rests on."""
    claimed_by: tuple[str, ...]
    treatment: str
    arithmetic: str
    settled_by: str
    """Why it is neither open nor undecided; empty where it is."""


@dataclass(frozen=True, slots=True)
class Named:
    """An entry of a catalog with what a reader needs beside its id."""

    id: str
    heading: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """Entries of one framework."""

    framework: str
    entries: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """All findings of one rule in one state."""

    anchor: str
    rule: str
    title: str
    severity: Badge
    state: Badge
    count: int
    groups: int
    places: tuple[Place, ...]
    more: tuple[str, ...]
    """Subjects of the findings that this profile does not show."""
    why: str
    fix: str
    arithmetic: str
    """How the severity of the worst finding comes about; empty where it is what the rule weighs."""
    controls: tuple[Named, ...]
    layers: tuple[Named, ...]
    threats: tuple[Mapped, ...]
    compliance: tuple[Mapped, ...]
    missing: tuple[str, ...]
    """Facts that its findings wait for, each once."""
    ids: tuple[str, ...]
    """What it maps to in one line: published ids, layers, and entries with who mapped them."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings in the order in which a reader needs them."""

    open: tuple[Card, ...]
    unknown: tuple[Card, ...]
    settled: tuple[Place, ...]
    glance: tuple[Card, ...]
    """Open and undecided ones, for the table at the beginning."""


def findings(analysis: Analysis, groups: Overview, controls: Mapping[str, ControlRow], depth: Depth) -> Findings:
    """Return the cards of open and of undecided findings, and every settled finding."""
    make = _Maker(analysis, controls, depth)
    opened, unknown = make.cards(groups.open), make.cards(groups.unknown)
    settled = tuple(make.place(one) for group in groups.settled for one in group.findings)
    return Findings(opened, unknown, settled, (*opened, *unknown))


@dataclass(frozen=True, slots=True)
class _Maker:
    analysis: Analysis
    controls: Mapping[str, ControlRow]
    depth: Depth

    def cards(self, groups: tuple[Group, ...]) -> tuple[Card, ...]:
        by_rule = sorted(groups, key=lambda group: (group.first.rule, group.state.value))
        cards = [
            self.card(list(members))
            for _, members in groupby(by_rule, key=lambda group: (group.first.rule, group.state))
        ]
        return tuple(card for _, card in sorted(cards, key=lambda pair: (*pair[0], pair[1].anchor)))

    def card(self, groups: list[Group]) -> tuple[tuple[int, int], Card]:
        """Return a card with its place in the order: severity, then how many attack paths hang on it."""
        groups.sort(key=lambda group: (-int(group.severity), -group.carries, group.id))
        members = [finding for group in groups for finding in group.findings]
        first = members[0]
        shown, rest = members[: self.depth.findings], members[self.depth.findings :]
        catalog = self.analysis.model.catalog
        compliance = tuple(_compliance(catalog, first, through=self.depth.through))
        layers = sorted({layer for finding in members for layer in finding.layers})
        worst = max(members, key=lambda finding: finding.severity)
        return (-int(worst.severity), -max(group.carries for group in groups)), Card(
            anchor=f"{first.state.value}-{first.rule}",
            rule=first.rule,
            title=first.title,
            severity=SEVERITIES[worst.severity],
            state=STATES[first.state],
            count=len(members),
            groups=len(groups),
            places=tuple(self.place(finding) for finding in shown),
            more=tuple(finding.subject for finding in rest),
            why=first.why,
            fix=first.fix,
            arithmetic=arithmetic(worst.steps, worst.severity.word) if len(worst.steps) > 1 else "",
            controls=tuple(_control(catalog, name) for name in first.controls),
            layers=tuple(_layer(catalog, layer) for layer in layers),
            threats=tuple(_threats(catalog, first)),
            compliance=compliance,
            missing=tuple(dict.fromkeys(fact for finding in members for fact in finding.missing)),
            ids=(*_ids(catalog, first), *(f"layer {layer}" for layer in layers), *_entries(compliance)),
        )

    def place(self, finding: Finding) -> Place:
        holding = tuple(self.standing(name) for name in finding.mitigated_by)
        return Place(
            id=finding.id,
            severity=SEVERITIES[finding.severity],
            state=self.state(finding),
            message=finding.message,
            place=place(self.analysis, finding.span),
            proof=tuple(
                Proof(one.fact, place(self.analysis, one.span)) for one in finding.evidence[: self.depth.proof]
            ),
            more_proof=max(0, len(finding.evidence) - self.depth.proof),
            missing=finding.missing,
            mitigated_by=holding,
            claimed_by=finding.claimed_by,
            treatment=finding.treatment,
            arithmetic=arithmetic(finding.steps, finding.severity.word) if self.depth.arithmetic else "",
            settled_by=self.settled_by(finding, holding),
        )

    def state(self, finding: Finding) -> Badge:
        """Return how its state looks: only a proven control makes it green."""
        if finding.state is not FindingState.MITIGATED:
            return STATES[finding.state]
        rows = (self.controls.get(name) for name in finding.mitigated_by)
        return STATES[finding.state] if any(row is not None and row.standing == PROVEN for row in rows) else UNPROVEN

    def standing(self, name: str) -> str:
        row = self.controls.get(name)
        return name if row is None else f"{name} ({row.standing.word})"

    def settled_by(self, finding: Finding, holding: tuple[str, ...]) -> str:
        if finding.state is FindingState.MITIGATED:
            return ", ".join(holding)
        if finding.state is FindingState.OUT_OF_SCOPE:
            element = self.analysis.model.graph.find(finding.subject)
            reason = element.out_of_scope if element else None
            return reason or "the description sets the element aside"
        return finding.treatment


def arithmetic(steps: tuple[Step, ...], result: str) -> str:
    """Return the way to a severity as one sentence: `the rule weighs low; +1 ...; so it is medium`."""
    first, *rest = steps
    return "; ".join((first.reason, *(f"{step.change:+d} {step.reason}" for step in rest), f"so it is {result}"))


def _control(catalog: Catalog, name: str) -> Named:
    known = catalog.controls.get(name)
    return Named(name, "" if known is None else known.title, "" if known is None else known.summary)


def _layer(catalog: Catalog, layer: str) -> Named:
    entry = catalog.entry(f"maestro:{layer}")
    return Named(layer, entry.heading if entry else "")


def _threats(catalog: Catalog, finding: Finding) -> Iterable[Mapped]:
    for framework, entries in finding.references:
        known = catalog.frameworks.get(framework)
        named = []
        for name in entries:
            entry = known.by_id.get(name) if known else None
            heading = entry.heading if entry else ""
            named.append(
                Named(heading if entry and entry.local_id else name, "" if entry and entry.local_id else heading)
            )
        yield Mapped(f"{known.title} {known.version}" if known else framework, tuple(named))


def _ids(catalog: Catalog, finding: Finding) -> Iterable[str]:
    """Yield the ids of threats; those of ours stay out, since they say less than a title."""
    for framework, entries in finding.references:
        known = catalog.frameworks.get(framework)
        for name in entries:
            entry = known.by_id.get(name) if known else None
            if entry is None or not entry.local_id:
                yield name


def _entries(compliance: Iterable[Mapped]) -> Iterable[str]:
    for one in compliance:
        for entry in one.entries:
            yield f"{entry.id} ({entry.note})"


def _compliance(catalog: Catalog, finding: Finding, *, through: bool) -> Iterable[Mapped]:
    """Yield, for each framework, the entries by who published the mapping and, where asked, through which control."""
    found: dict[str, dict[tuple[str, str], list[str]]] = {}
    for one in finding.compliance:
        way = (one.mapping, one.through if through else "")
        found.setdefault(one.framework, {}).setdefault(way, []).append(one.id)
    for framework, ways in found.items():
        known = catalog.frameworks.get(framework)
        named = [Named(", ".join(ids), control, mapping) for (mapping, control), ids in ways.items()]
        yield Mapped(f"{known.title} {known.version}" if known else framework, tuple(named))
