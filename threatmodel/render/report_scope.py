"""What the analysis took for granted, set aside, or did not find: assumptions, scope, silent rules, sources."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatmodel.analysis.finding import FindingState
from threatmodel.load.nodes import MapNode, SeqNode
from threatmodel.render.badges import STATES
from threatmodel.render.places import place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.analysis.analysis import Analysis


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something taken to be true."""

    text: str
    owner: str
    affects: tuple[str, ...]
    until: str
    past: bool
    """Whether its date has passed."""
    place: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """An element out of scope."""

    id: str
    kind: str
    reason: str
    findings: int
    """Findings that are set aside with it."""
    place: str


@dataclass(frozen=True, slots=True)
class SilentRule:
    """A rule without a finding."""

    id: str
    title: str
    why: str
    looked_at: int


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule with findings, as its file explains it."""

    id: str
    title: str
    since: str
    impact: str
    why: str
    fix: str
    false_positives: str
    applies_to: tuple[str, ...]
    looked_at: int
    clear: int
    counts: tuple[tuple[str, int], ...]
    """State → findings, as words."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the description."""

    file: str
    sha256: str
    lines: int


@dataclass(frozen=True, slots=True)
class FrameworkLine:
    """A framework that the report names."""

    title: str
    version: str
    publisher: str
    published: str
    license: str
    source: str
    link: bool
    """Whether the source may be a link: an address of the web and nothing else."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A remark of the loader that stops nothing."""

    message: str
    place: str


def assumptions(analysis: Analysis) -> tuple[Assumption, ...]:
    """Return the assumptions in the order of the description."""
    system = analysis.model.graph.system
    written = system.body.get("assumptions")
    items = list(written) if isinstance(written, list) else [written] if written else []
    found = []
    for index, item in enumerate(items):
        span = written.value_span(index) if isinstance(written, SeqNode) else system.body.value_span("assumptions")
        where = place(analysis, span)
        if not isinstance(item, MapNode):
            found.append(Assumption(str(item), "", (), "", past=False, place=where))
            continue
        until, affects = str(item.get("until") or ""), item.get("affects")
        found.append(
            Assumption(
                text=str(item.get("text") or ""),
                owner=str(item.get("owner") or ""),
                affects=tuple(str(name) for name in affects)
                if isinstance(affects, list)
                else (str(affects),)
                if affects
                else (),
                until=until,
                past=bool(until) and until < analysis.today.isoformat(),
                place=where,
            )
        )
    return tuple(found)


def set_aside(analysis: Analysis) -> tuple[SetAside, ...]:
    """Return the elements out of scope, in the order of the description."""
    graph = analysis.model.graph
    aside = Counter(finding.subject for finding in analysis.findings if finding.state is FindingState.OUT_OF_SCOPE)
    return tuple(
        SetAside(one.id, one.kind, one.out_of_scope, aside.get(one.id, 0), place(analysis, one.span))
        for one in (*graph.elements.values(), *graph.actions.values(), *graph.flows, *graph.delegations)
        if one.out_of_scope is not None
    )


def silent_rules(analysis: Analysis) -> tuple[SilentRule, ...]:
    """Return rules without a finding: first those that stated facts rule out, then those with nothing to look at."""
    silent = [
        SilentRule(result.rule.id, result.rule.title, result.silence, result.looked_at)
        for result in analysis.results
        if result.silence
    ]
    return tuple(sorted(silent, key=lambda rule: (not rule.looked_at, rule.id)))


def fired_rules(analysis: Analysis) -> tuple[FiredRule, ...]:
    """Return rules with findings, by their ids."""
    return tuple(
        FiredRule(
            id=result.rule.id,
            title=result.rule.title,
            since=result.rule.since,
            impact=result.rule.impact,
            why=result.rule.why,
            fix=result.rule.fix,
            false_positives=result.rule.false_positives,
            applies_to=result.rule.applies_to,
            looked_at=result.looked_at,
            clear=result.clear,
            counts=tuple(sorted(Counter(STATES[finding.state].word for finding in result.findings).items())),
        )
        for result in analysis.results if result.findings
    )  # fmt: skip


def sources(analysis: Analysis) -> tuple[Source, ...]:
    """Return the files of the description, with what identifies their content."""
    texts = analysis.model.graph.document.sources
    return tuple(
        Source(
            file,
            hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
            text.count("\n") + (not text.endswith("\n")),
        )
        for file, text in texts.items()
    )


def framework_lines(analysis: Analysis) -> tuple[FrameworkLine, ...]:
    """Return every framework of the catalog."""
    return tuple(
        FrameworkLine(
            title=one.title,
            version=one.version,
            publisher=one.publisher,
            published=one.published or "",
            license=one.license,
            source=one.source,
            link=one.source.startswith("https://"),
            notes=one.notes,
        )
        for one in analysis.model.catalog.frameworks.values()
    )


def notes(analysis: Analysis) -> tuple[Note, ...]:
    """Return what the loader remarked on."""
    return tuple(_notes(analysis))


def _notes(analysis: Analysis) -> Iterable[Note]:
    for one in analysis.model.graph.warnings:
        yield Note(one.message, place(analysis, one.span))
