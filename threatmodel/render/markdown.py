"""Analysis → a short report in Markdown, for a pull request or a wiki."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatmodel.render.markdown_answers import answer_lines
from threatmodel.render.markdown_text import code, escaped
from threatmodel.render.report_view import Profile, ReportView, report_view

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.harden import Hardening
    from threatmodel.render.report_findings import Card


def markdown(analysis: Analysis, *, profile: Profile = "review", cured: Hardening | None = None) -> str:
    """
    Return the verdict, what agents can do and what comes of it, the findings with their fixes, questions and controls.

    Args:
        analysis: What to report.
        profile: `executive`, `review` or `audit`.
        cured: As for `report_view`.

    Raises:
        ValueError: no such profile.
    """
    return "\n".join(_lines(report_view(analysis, profile, cured=cured))) + "\n"


def _prose(text: str) -> str:
    """Return a text of a catalog in which what stands between backticks stays code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one without a partner
        return escaped(text)
    return "".join(code(part) if index % 2 else _between(part) for index, part in enumerate(parts))


def _between(part: str) -> str:
    before, after = part[:1].isspace() * " ", part[-1:].isspace() * " "
    return f"{before}{escaped(part)}{after}" if part.strip() else part[:1]


def _lines(view: ReportView) -> Iterator[str]:
    yield f"# Threat model: {escaped(view.name)}"
    yield ""
    yield f"**{escaped(view.verdict.sentence)}**"
    yield ""
    yield escaped(view.abilities.fourfold)
    yield ""
    yield f"{view.coverage.assessed} of {view.coverage.known} published threats have a rule that looks for them."
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    for fact in view.facts:
        yield f"| {fact.name} | {'*not stated*' if fact.value is None else escaped(fact.value)} |"
    yield ""
    yield from _counts(view)
    yield from answer_lines(view)
    cards = view.findings if view.profile != "executive" else view.top
    for title, found in (("Open", cards.open), ("Cannot tell", cards.unknown)):
        yield f"## {title}"
        yield ""
        if not found:
            yield "None."
            yield ""
        for card in found:
            yield from _card(card)
    if view.profile != "executive" and view.findings.settled:
        yield "## Settled"
        yield ""
        for place in view.findings.settled:
            said = f"{escaped(place.message)} ({code(place.id)}). {escaped(place.settled_by)}"
            yield f"- {place.state.word}, {place.severity.word}: {said}"
        yield ""
    yield from _questions(view)
    yield from _controls(view)


def _counts(view: ReportView) -> Iterator[str]:
    verdict = view.verdict
    yield "| State | Total | Of which |"
    yield "| --- | ---: | --- |"
    for title, total, states in (
        ("Attack paths", view.paths.total, view.paths.states),
        ("Mishaps", view.paths.mishaps, view.paths.mishap_states),
    ):
        yield f"| {title} | {total} | {', '.join(f'{one.number} {one.badge.word}' for one in states) or 'none'} |"
    for title, total, counts in (
        ("Findings open", verdict.open_total, verdict.open),
        ("Findings undecided", verdict.unknown_total, verdict.unknown),
    ):
        said = ", ".join(f"{one.number} {one.badge.word}" for one in counts if one.number)
        yield f"| {title} | {total} | {said or 'none'} |"
    decided = sum(one.number for one in verdict.decided)
    settled = verdict.mitigated_proven + verdict.mitigated_configured + decided + verdict.set_aside
    mitigated = f"{verdict.mitigated_proven} mitigated by a proven control"
    mitigated += f", {verdict.mitigated_configured} by one that is not proven"
    others = "".join(f"; {one.number} {one.badge.word}" for one in verdict.decided if one.number)
    yield f"| Findings settled | {settled} | {mitigated}{others}; {verdict.set_aside} out of scope |"
    yield ""


def _card(card: Card) -> Iterator[str]:
    yield f"### {card.severity.word}: {escaped(card.title)}"
    yield ""
    for place in card.places:
        yield f"- {escaped(place.message)} ({code(place.place)}, {code(place.id)})"
        for proof in place.proof:
            yield f"  - proof: {escaped(proof.fact)} ({code(proof.place)})"
        for fact in place.missing:
            yield f"  - not stated: {code(fact)}"
        if place.claimed_by:
            yield f"  - claimed, which lowers nothing: {', '.join(code(name) for name in place.claimed_by)}"
    if card.more:
        yield f"- {len(card.more)} more, on {', '.join(code(name) for name in card.more)}"
    yield ""
    yield f"Fix: {_prose(card.fix)}"
    yield ""
    threats = [f"{escaped(entry.id)} {escaped(entry.heading)}".strip() for one in card.threats for entry in one.entries]
    controls = [code(one.id) for one in card.controls]
    yield f"Controls: {', '.join(controls) or 'none'}. Threats: {', '.join(threats) or 'none'}."
    yield ""


def _questions(view: ReportView) -> Iterator[str]:
    yield "## What we do not know"
    yield ""
    asked = view.questions if view.profile != "executive" else view.first_questions
    for number, question in enumerate(asked, 1):
        yield f"{number}. {escaped(question.ask)} ({code(question.fact)}, settles {question.unlocks})"
    if not asked:
        yield "No finding waits for a fact."
    yield ""


def _controls(view: ReportView) -> Iterator[str]:
    yield "## Controls"
    yield ""
    for group in view.controls:
        names = ", ".join(f"{code(row.id)} ({escaped(row.reason)})" for row in group.rows)
        yield f"- {group.standing.word}: {names or 'none'}"
