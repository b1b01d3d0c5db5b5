"""Control mappings as CSV: every row leads back to a finding and a line, and no cell is a formula."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from threatmodel import analyze, load
from threatmodel.export.csv_rows import COLUMNS, controls_csv, safe

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Analysis


SAMPLE = Path(__file__).parents[2] / "samples" / "support-desk" / "system.yaml"


def rows(text: str, *, coverage: bool = False) -> list[dict[str, str]]:
    """Return the rows about findings, or those about threats."""
    found = csv.DictReader(io.StringIO(text, newline=""))
    return [row for row in found if bool(row["coverage"]) is coverage]


def test_the_header_comes_first_without_a_byte_order_mark(desk: Analysis) -> None:
    text = controls_csv(desk)

    assert text.split("\r\n")[0] == ",".join(COLUMNS)


def test_every_finding_has_a_row_for_each_of_its_controls(desk: Analysis) -> None:
    found = rows(controls_csv(desk))

    wanted = {(finding.id, control) for finding in desk.findings for control in finding.controls}
    assert wanted == {(row["finding"], row["control"]) for row in found}
    assert len(found) == len({tuple(row.values()) for row in found})


def test_a_row_leads_to_the_line_and_the_entry(desk: Analysis) -> None:
    row = next(row for row in rows(controls_csv(desk)) if row["finding"] == "irreversible-action@payments.refund")

    assert ("nist-ai-rmf", "system.yaml", "23") == (row["framework"], row["file"], row["line"])
    assert row["entry"]
    assert row["mapping"] in {"published", "proposed"}
    assert "owasp-asi-2026:ASI02" == row["threats"]


def test_the_standing_tells_a_claim_from_a_proof(desk: Analysis) -> None:
    standing = {
        row["finding"]: (row["standing"], row["standing_controls"], row["evidence"]) for row in rows(controls_csv(desk))
    }
    proof = "refund-approval: test docs/approval.md (2026-10-20, expires 2027-04-20)"

    assert ("proven", "refund-approval (proven)", proof) == standing["irreversible-action@payments.refund"]
    assert ("claimed", "book-approval (claimed)", "") == standing["irreversible-action@payments.book"]
    assert ("none", "", "") == standing["irreversible-action@mailer.reply"]


def test_a_framework_can_be_chosen(desk: Analysis) -> None:
    assert {"nist-ai-rmf"} == {row["framework"] for row in rows(controls_csv(desk, frameworks=["nist-ai-rmf"]))}
    assert [] == rows(controls_csv(desk, frameworks=["other"]))


def test_every_threat_ends_as_in_the_analysis() -> None:
    """Once each, with what it rests on; such a row claims no finding and no control."""
    desk = analyze(load(SAMPLE), today=date(2026, 11, 25))
    found = rows(controls_csv(desk), coverage=True)
    chosen = rows(controls_csv(desk, frameworks=["owasp-asi-2026"]), coverage=True)

    assert [f"ASI{number:02}" for number in range(1, 11)] == [row["entry"] for row in chosen]
    assert [] == rows(controls_csv(desk, frameworks=["nist-ai-rmf"]), coverage=True)

    assert [(one.framework, one.id, one.state.value) for one in desk.coverage] == [
        (row["framework"], row["entry"], row["coverage"]) for row in found
    ]
    assert ["" if one.proof is None else one.proof.value for one in desk.coverage] == [
        row["coverage_proof"] for row in found
    ]
    assert all(row["coverage_why"] and not row["finding"] and not row["control"] for row in found)


def test_a_finding_on_a_path_knows_the_controls_on_its_way(tmp_path: Path) -> None:
    described = tmp_path / "system.yaml"
    described.write_text(
        "threatmodel: 1\npeople: {guest: {trust: untrusted}}\nagents: {desk: {tools: [till], planning: fixed}}\n"
        "tools: {till: {provider: first_party, actions: {pay: {effect: pay}}}}\nflows: [{from: guest, to: desk}]\n"
        "controls: {hope: {type: deterministic-policy, on: [till.pay], status: declared}}\n",
        encoding="utf-8",
    )
    standing = {
        (row["rule"], row["control"]): row["standing_controls"]
        for row in rows(controls_csv(analyze(load(described), today=date(2026, 11, 25))))
    }

    assert "hope (claimed)" == standing["injected-payment", "deterministic-policy"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\n=1"])
def test_no_cell_is_taken_for_a_formula(cell: str) -> None:
    assert not safe(cell).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\n"))


def test_plain_cells_stay_as_they_are() -> None:
    assert ["crm", "", "a-b", "Grüße, 東京"] == [safe(cell) for cell in ("crm", "", "a-b", "Grüße, 東京")]


def test_hostile_text_stays_in_its_cell(judged: Callable[..., Analysis], tmp_path: Path) -> None:
    described = tmp_path / "system.yaml"
    described.write_text(
        "threatmodel: 1\ntools: {cash: {actions: {go: {effect: pay, reversible: no}}}}\n"
        "treatments:\n  - finding: irreversible-action@cash.go\n    decision: mitigate\n    owner: a\n"
        '    reason: "x\\",\\n=cmd|1"\n',
        encoding="utf-8",
    )

    found = rows(controls_csv(judged(described)))

    assert {"irreversible-action@cash.go"} == {row["finding"] for row in found}
    assert all("\n" not in cell for row in found for cell in row.values())


def test_every_column_is_documented() -> None:
    documented = (Path(__file__).parents[2] / "docs" / "outputs.md").read_text(encoding="utf-8")
    table = documented.split("## CSV")[1]

    assert [] == [column for column in COLUMNS if f"`{column}`" not in table]
