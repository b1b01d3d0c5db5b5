"""Capabilities, ways to harm and cures of a report, as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatmodel.render.markdown_text import code, escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from threatmodel.render.report_abilities import AbilityRow, AgentPage
    from threatmodel.render.report_cures import CureSet
    from threatmodel.render.report_paths import GateMark, HarmRow
    from threatmodel.render.report_view import ReportView


def answer_lines(view: ReportView) -> Iterator[str]:
    """Yield what agents can do right now, what can go wrong, and what would break it."""
    yield "## What can it do right now"
    yield ""
    for row in (*view.abilities.rows, *view.abilities.further):
        yield f"- {escaped(row.sentence)}"
    if view.abilities.more:
        yield f"- {view.abilities.more} more agents, none of which reaches worse"
    if not view.abilities.agents:
        yield "No agent is described."
    yield ""
    for page in view.abilities.pages:
        yield from _agent(page)
    yield from _ways("What can make it do the wrong thing", view.paths.rows, view.paths.more, "No attack path.")
    yield from _ways("What goes wrong without an attacker", view.paths.mishap_rows, view.paths.more_mishaps, "Nothing.")
    yield "## What would break the paths"
    yield ""
    if not view.cures.sets:
        yield _no_cures(view)
        yield ""
        return
    yield f"Computed for {view.cures.paths} paths that are open, only claimed or undecided."
    yield ""
    for one in view.cures.sets:
        yield from _set(one)
    yield ""


def _no_cures(view: ReportView) -> str:
    if not view.cures.possible:
        return "The catalog lists no controls that cures are made of."
    if not view.cures.asked:
        return f"{view.cures.paths} paths are too many for a report to look for cures; the command `harden` does."
    return "There is nothing to cut."


def _agent(page: AgentPage) -> Iterator[str]:
    yield f"### What {code(page.row.id)} can do right now"
    yield ""
    for one in page.abilities:
        yield f"- {one.verdict.word}: {_ability(one)}"
    if page.more:
        yield f"- {page.more} more actions, none worse"
    for never in page.never:
        held = f" {_marks(never.gates)}" if never.gates else ""
        yield f"- never {code(never.never)}: {never.fate.word}{held}"
    yield ""


def _ability(one: AbilityRow) -> str:
    what = ", ".join(one.effects) or "nobody says what it does"
    data = "data not stated" if one.data is None else ", ".join(code(name) for name in one.data)
    way = f", {one.basis} by {_route(one.route)}" if one.route else ""
    who = f"as {code(one.identity)}" if one.identity else "identity not stated"
    secret = f" with {code(one.credential)} ({one.lifetime or 'lifetime not stated'})" if one.credential else ""
    said = [part for part in (what, data, one.undone) if part]
    return f"{code(one.action)} ({'; '.join(said)}){way}, {who}{secret}; {_marks(one.gates) or 'no gate'}"


def _ways(title: str, rows: Iterable[HarmRow], more: int, nothing: str) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    empty = True
    for row in rows:
        empty = False
        yield f"- {row.severity.word}, {row.state.word}: {escaped(row.event)}, {code(row.agent)} by {code(row.action)}"
        yield f"  - way: {_route(row.route)}"
        yield f"  - in between: {_between(row)}"
        for fact in row.missing:
            yield f"  - not stated: {code(fact)}"
    if more:
        yield f"- {more} more, none worse"
    if empty:
        yield nothing
    yield ""


def _between(row: HarmRow) -> str:
    nothing = "not known" if row.missing else "nothing that counts" if row.beside else "nothing"
    beside = f"; breaks nothing: {_marks(row.beside)}" if row.beside else ""
    return f"{_marks(row.gates) or nothing}{beside}"


def _set(one: CureSet) -> Iterator[str]:
    yield f"- {one.aim} ({one.meaning}): breaks {one.breaks} of {one.of}, costs {one.cost}, {one.how}"
    for control in one.controls:
        yield f"  - {code(control.control)} on {code(control.on)}"
    if one.more:
        yield f"  - and {one.more} more"
    if one.whole:
        yield "  - nothing stays open"
    for stay in one.stays:
        more = f" and {stay.more} more" if stay.more else ""
        yield f"  - leaves {', '.join(code(path) for path in stay.paths)}{more}: {escaped(stay.why)}"


def _marks(gates: Iterable[GateMark]) -> str:
    return ", ".join(f"{code(one.id)} ({one.worth.word})" for one in gates)


def _route(steps: Iterable[str]) -> str:
    return " → ".join(code(step) for step in steps)
