"""Totals agree wherever they are shown: every export speaks of the same findings."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest

from threatmodel import analyze, load, render_csv, render_json, render_text
from threatmodel.render.view import overview

ROOT = Path(__file__).parents[2]
PATTERNS = sorted((ROOT / "templates" / "patterns").glob("*.yaml"))
DESCRIPTIONS = [*sorted((ROOT / "samples").glob("*/system.yaml")), *PATTERNS]


@pytest.mark.parametrize("path", DESCRIPTIONS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_finding_appears_in_every_export(path: Path) -> None:
    analysis = analyze(load(path), today=date(2026, 11, 25))
    found = [finding.id for finding in analysis.findings]
    written = csv.DictReader(io.StringIO(render_csv(analysis), newline=""))
    text = render_text(analysis, full=True, width=400)

    assert found == [one["id"] for one in json.loads(render_json(analysis))["findings"]]
    assert found == list(dict.fromkeys(row["finding"] for row in written if not row["coverage"]))
    assert [] == [group.id for group in overview(analysis).open if group.id not in text]


@pytest.mark.parametrize("path", PATTERNS, ids=lambda path: path.stem)
def test_the_text_of_a_pattern_fits_a_screen(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newcomer sees all of it at once: about 50 lines of a usual width, named as in the folder it lies in."""
    monkeypatch.chdir(path.parent)
    analysis = analyze(load(path.name), today=date(2026, 11, 25))

    assert render_text(analysis).count("\n") <= 50
