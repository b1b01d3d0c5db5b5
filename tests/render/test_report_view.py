"""The report's numbers are those of the analysis."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from threatmodel import analyze, load
from threatmodel.analysis.finding import OPEN_STATES, FindingState
from threatmodel.analysis.severity import Severity
from threatmodel.render.agent_view import VERDICTS, answers
from threatmodel.render.fourfold import fourfold
from threatmodel.render.markdown import markdown
from threatmodel.render.path_view import Wanted, path_view
from threatmodel.render.report_abilities import VERDICT_BADGES
from threatmodel.render.report_view import PROFILES, report_view
from threatmodel.render.terminal_can import sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Analysis


def test_totals_of_the_verdict_add_up_to_all_findings(desk: Analysis) -> None:
    verdict = report_view(desk).verdict

    assert verdict.open_total == len(desk.open_at(Severity.INFO)) == sum(one.number for one in verdict.open)
    assert verdict.unknown_total == len(desk.unknown_at(Severity.INFO)) == sum(one.number for one in verdict.unknown)
    assert len(desk.findings) == (
        verdict.open_total
        + verdict.unknown_total
        + verdict.mitigated_proven
        + verdict.mitigated_configured
        + sum(one.number for one in verdict.decided)
        + verdict.set_aside
    )


def test_cards_hold_every_finding_once(desk: Analysis) -> None:
    found = report_view(desk, "audit").findings
    shown = [place.id for card in found.glance for place in card.places] + [place.id for place in found.settled]

    assert sorted(finding.id for finding in desk.findings) == sorted(shown)
    assert [card.count for card in found.glance] == [len(card.places) for card in found.glance]
    assert "irreversible-action" in {card.rule for card in found.open}


def test_a_review_names_what_it_does_not_show(framed: Callable[..., Analysis], many: Path) -> None:
    analysis = framed(many)
    cards = report_view(analysis).findings.glance

    assert [card.count for card in cards] == [len(card.places) + len(card.more) for card in cards]
    assert any(card.more for card in cards)


def test_claimed_and_proven_controls_stand_apart(desk: Analysis) -> None:
    view = report_view(desk)
    by_standing = {group.standing.word: [row.id for row in group.rows] for group in view.controls}

    assert {
        "proven": ["refund-approval"],
        "configured, not proven": [],
        "claimed": ["book-approval"],
        "without effect": [],
    } == by_standing
    assert view.verdict.claimed_only == 1
    assert (view.verdict.mitigated_proven, view.verdict.mitigated_configured) == (1, 0)


def test_decisions_say_what_they_do_today(desk: Analysis) -> None:
    rows = {row.finding: row.standing.word for row in report_view(desk).decisions}

    assert {
        "secret-at-hand@mail-token": "expired",
        "gone-rule@desk": "matches nothing",
        "irreversible-action@payments.void": "in force",
    } == rows
    assert next(iter(rows)) == "secret-at-hand@mail-token"


def test_every_rule_fired_or_is_said_to_be_silent(desk: Analysis) -> None:
    view = report_view(desk)

    assert {result.rule.id for result in desk.results} == {rule.id for rule in view.fired} | {
        rule.id for rule in view.silent
    }
    assert view.rules == len(view.fired) + len(view.silent)
    assert all(rule.why for rule in view.silent)


def test_the_heat_map_counts_what_was_found(framed: Callable[..., Analysis]) -> None:
    analysis = framed()
    heat = report_view(analysis).coverage.heat
    layers = [layer.id for layer in report_view(analysis).coverage.layers]

    assert heat is not None
    for row in heat.rows:
        found = [one for one in analysis.findings if row.id in dict(one.references).get("owasp-asi-2026", ())]
        for layer, cell in zip(layers, row.cells, strict=True):
            assert cell.open == sum(one.state in OPEN_STATES and layer in one.layers for one in found)
            assert cell.unknown == sum(one.state is FindingState.UNKNOWN and layer in one.layers for one in found)


def test_four_kinds_of_proof_stand_apart(framed: Callable[..., Analysis]) -> None:
    """Every entry ends in one way, and only what is proven is green."""
    view = report_view(framed())

    for table in view.coverage.tables:
        assert sum(len(ending.entries) for ending in table.endings) == len(table.rows)
        assert {ending.badge.word for ending in table.endings if ending.badge.style == "settled"} == {
            "mitigated, proven"
        }


def test_page_one_names_the_three_worst_with_fix_and_line(desk: Analysis) -> None:
    """Open findings come first; where none is open, what outsiders can do, then what cannot be told."""
    first = report_view(desk).worst
    without = report_view(replace(desk, findings=())).worst

    assert [one.severity.word for one in first] == ["high", "high", "medium"]
    assert all(one.fix and one.place for one in first)
    assert len(without) == 3
    assert all(one.place and one.anchor == "" for one in without)


def test_an_item_of_never_that_gates_hold_is_not_called_reached() -> None:
    """Held by gates, reached and undecided are three words."""
    path = next(path for path in SAMPLES if path.parent.name == "support-desk")
    never = [one for page in report_view(analyze(load(path), today=TODAY)).abilities.pages for one in page.never]

    assert [(one.never, one.fate.word, one.fate.style) for one in never if one.gates] == [
        ("payments.refund", "held by gates", "decided")
    ]


def test_a_control_that_breaks_nothing_is_named_beside_the_way() -> None:
    """A picture that shows a control and a table that says nothing stands there would contradict each other."""
    path = next(path for path in SAMPLES if path.parent.name == "support-desk")
    rows = report_view(analyze(load(path), today=TODAY)).paths.rows

    assert ("mail-screening", "claimed") in {(mark.id, mark.worth.word) for row in rows for mark in row.beside}
    assert all(not {mark.id for mark in row.gates} & {mark.id for mark in row.beside} for row in rows)


def test_threats_without_a_rule_are_not_called_assessed(framed: Callable[..., Analysis]) -> None:
    view = report_view(framed())
    rows = [row for table in (view.coverage.heat, *view.coverage.threats) if table for row in table.rows]

    assert view.coverage.known == len(rows)
    assert view.coverage.assessed == sum(bool(row.rules) for row in rows) < len(rows)


def test_an_entry_counts_once_where_its_surest_control_stands(framed: Callable[..., Analysis]) -> None:
    [table] = report_view(framed()).compliance
    categories = [row for function in table.functions for row in function.rows]

    assert table.entries == sum(row.entries for row in categories) == 72
    for row in categories:
        stands = [row.proven, row.configured, row.claimed]
        reached = [entry for entry in row.reached if entry.proven or entry.configured or entry.claimed]

        assert sum(one.published + one.proposed for one in stands) == len(reached)
    assert sum(row.proven.proposed + row.proven.published for row in categories)
    assert any(row.asked.proposed + row.asked.published for row in categories)


def test_what_can_act_is_told_with_what_is_not_known(desk: Analysis) -> None:
    [row] = report_view(desk).actors.rows

    assert row.id == "desk"
    assert row.identity == ()
    assert row.identity_unsaid
    assert [secret.id for secret in row.secrets] == ["crm-token", "mail-token"]
    assert [(tool.id, tool.effects) for tool in row.tools] == [
        ("crm", ("read", "write")),
        ("mailer", ("send",)),
        ("payments", ("pay",)),
    ]
    assert row.computed == "unknown"
    assert report_view(desk).actors.without_identity == 1


def test_profiles_grow(desk: Analysis) -> None:
    sections = {profile: [one.key for one in report_view(desk, profile).sections] for profile in PROFILES}

    assert sections["executive"] == ["abilities", "paths", "cures", "top"]
    assert [key for key in sections["audit"] if key not in {"silent", "rules"}] == sections["review"]
    assert {"silent", "rules"} <= set(sections["audit"])
    with pytest.raises(ValueError, match="no profile is named 'short'"):
        report_view(desk, "short")  # type: ignore[arg-type]


def test_an_empty_description_is_not_called_fine(framed: Callable[..., Analysis], tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("threatmodel: 1\n", encoding="utf-8")
    view = report_view(framed(path))

    assert view.verdict.style == "unknown"
    assert "nothing was assessed" in view.verdict.sentence


SAMPLES = sorted((Path(__file__).resolve().parents[2] / "samples").glob("*/system.yaml"))
TODAY = date(2026, 11, 25)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.parent.name)
def test_the_report_says_what_can_and_paths_say(path: Path) -> None:
    """Totals of the report are those of the commands, sample by sample."""
    analysis = analyze(load(path), today=TODAY)
    view = report_view(analysis, "audit")
    asked = {one.agent.id: one for one in answers(analysis.model.graph, analysis.derived)}
    ways = path_view(analysis.model.graph, analysis.derived, Wanted())

    assert view.abilities.fourfold == fourfold(analysis.posture)
    assert {row.id for row in view.abilities.rows + view.abilities.further} == set(asked)
    for page in view.abilities.pages:
        answer = asked[page.row.id]
        assert page.row.sentence == f"{sentence(answer)}."
        assert len(page.abilities) == len(answer.abilities)
        assert {one.badge.word: one.number for one in page.row.tallies} == {
            VERDICT_BADGES[word].word: answer.actions(word) for word in VERDICTS if answer.actions(word)
        }
        assert sum(one.number for one in page.row.paths) == sum(
            one.agent == page.row.id for one in analysis.derived.paths.listed
        )
    assert view.paths.total == sum(ways.found.values()) == sum(one.number for one in view.paths.states)
    assert len(view.paths.rows) == view.paths.decisions == len(ways.decisions)
    assert sum(row.count for row in view.paths.rows) == len(ways.paths)
    assert len(view.paths.mishap_rows) == view.paths.mishaps == len(ways.mishaps)
    assert view.cures.paths == sum(count for state, count in ways.found.items() if state != "broken")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.parent.name)
def test_only_what_is_proven_is_green(path: Path) -> None:
    """Neither a claim, nor what is unknown, nor a control that nobody tested looks like a proven one."""
    analysis = analyze(load(path), today=TODAY)
    view = report_view(analysis, "audit")
    proven = {row.id for group in view.controls if group.standing.word == "proven" for row in group.rows}
    gates = [gate for page in view.abilities.pages for one in page.abilities for gate in one.gates]
    gates += [gate for row in view.paths.rows + view.paths.mishap_rows for gate in row.gates]

    assert all((gate.worth.style == "settled") == (gate.id in proven) for gate in gates)
    for place in view.findings.settled:
        if place.state.style == "settled":
            assert any(entry.partition(" ")[0] in proven for entry in place.mitigated_by)
    for row in view.paths.rows + view.paths.mishap_rows:
        if row.state.style == "settled":
            assert not row.live
            assert proven & {gate.id for gate in row.gates}


def test_the_worst_come_first_and_what_is_broken_last() -> None:
    """Open harm of high severity stands above broken harm of any."""
    path = next(path for path in SAMPLES if path.parent.name == "support-desk")
    rows = report_view(analyze(load(path), today=TODAY)).paths.rows
    live = [row.live for row in rows]
    weights = [row.weight for row in rows if row.live]

    assert live == sorted(live, reverse=True)
    assert weights == sorted(weights, reverse=True)


def test_a_review_of_many_agents_has_pages_for_the_worst_and_counts_the_rest(
    framed: Callable[..., Analysis], many: Path
) -> None:
    """Nothing is left out without being said."""
    view = report_view(framed(many))
    shown = len(view.abilities.rows) + len(view.abilities.further)

    assert 50 == view.abilities.agents == shown + view.abilities.more
    assert 6 == len(view.abilities.pages)
    assert not view.cures.possible


def test_a_report_does_not_keep_its_reader_waiting_for_cures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a system with too many paths it says so, and which command finds them."""
    monkeypatch.setattr("threatmodel.render.report_cures.MOST_PATHS", 3)
    path = next(path for path in SAMPLES if path.parent.name == "support-desk")
    analysis = analyze(load(path), today=TODAY)
    view = report_view(analysis)

    assert (view.cures.paths, view.cures.sets, view.cures.possible, view.cures.asked) == (7, (), True, False)
    assert "the command `harden` does" in markdown(analysis)
