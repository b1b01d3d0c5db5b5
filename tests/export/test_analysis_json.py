"""The JSON of an analysis is what its schema says, complete, and the same every time."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from threatmodel import load
from threatmodel.analysis.analysis import analyze_model
from threatmodel.export.analysis_json import FORMAT, analysis_json
from threatmodel.resources import schema_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Analysis

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "samples").glob("*/system.yaml"))
PATTERNS = sorted((ROOT / "templates" / "patterns").glob("*.yaml"))
SCHEMA: dict[str, Any] = json.loads(schema_text("analysis-1"))


@pytest.mark.parametrize("path", [*SAMPLES, *PATTERNS], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_sample_passes_the_published_schema(path: Path) -> None:
    from datetime import date

    analysis = analyze_model(load(path), date(2026, 11, 25))

    jsonschema.validate(json.loads(analysis_json(analysis)), SCHEMA, jsonschema.Draft202012Validator)


def test_every_field_is_described(desk: Analysis) -> None:
    """A field without a line in the schema would be a field nobody knows the meaning of."""
    data = json.loads(analysis_json(desk))

    jsonschema.validate(data, SCHEMA, jsonschema.Draft202012Validator)
    assert list(SCHEMA["properties"]) == list(data)
    always = set(SCHEMA["$defs"]["finding"]["required"])
    assert always == set(data["findings"][0])
    assert FORMAT == SCHEMA["properties"]["format"]["const"]


def test_the_schema_refuses_what_is_wrong(desk: Analysis) -> None:
    data = json.loads(analysis_json(desk))
    data["findings"][0]["state"] = "fine"

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA, jsonschema.Draft202012Validator)


def test_totals_agree_with_the_relations(desk: Analysis) -> None:
    data = json.loads(analysis_json(desk))
    summary = data["summary"]

    for name in ("paths", "mishaps", "invariants"):
        assert Counter(one["state"] for one in data[name]) == {k: v for k, v in summary[name].items() if v}
    assert len(data["capabilities"]) == summary["capabilities"]
    assert {one["agent"] for one in data["influence"] if one["certainty"] == "yes"} == {"desk"}
    assert summary["agents"]["influenced"] == 1


def test_each_finding_appears_once_with_its_proof(desk: Analysis) -> None:
    found = json.loads(analysis_json(desk))["findings"]
    accepted = next(one for one in found if one["id"] == "irreversible-action@payments.void")
    expired = next(one for one in found if one["id"] == "secret-at-hand@mail-token")
    claimed = next(one for one in found if one["id"] == "irreversible-action@payments.book")

    assert [finding.id for finding in desk.findings] == [one["id"] for one in found]
    assert ("accepted", "accept by ciso until 2027-01-31: Small sums") == (accepted["state"], accepted["treatment"])
    assert ("expired", "medium") == (expired["state"], expired["severity"])
    assert ([], ["book-approval"]) == (claimed["mitigated_by"], claimed["claimed_by"])
    fact = "tools.payments.actions.book.reversible is no"
    assert {"fact": fact, "file": "system.yaml", "line": 24, "column": 39} in claimed["evidence"]


def test_totals_agree_with_the_findings(desk: Analysis) -> None:
    data = json.loads(analysis_json(desk))
    summary = data["summary"]

    assert len(data["findings"]) == summary["findings"] == sum(summary["by_state"].values())
    assert sum(summary["open_by_severity"].values()) == summary["by_state"]["open"] + summary["by_state"]["expired"]
    assert sum(summary["unknown_by_severity"].values()) == summary["by_state"]["unknown"]
    assert len(data["questions"]) == summary["missing_facts"]
    assert ["gone-rule@desk"] == [one["finding"] for one in data["unmatched_treatments"]]
    assert {"no-store": "the description has no store"} == {
        one["id"]: one["silence"] for one in data["rules"] if one["silence"]
    }


def test_the_same_input_gives_the_same_bytes(judged: Callable[..., Analysis]) -> None:
    first, second = analysis_json(judged()), analysis_json(judged())

    assert first == second
    assert first.endswith("}\n")
    assert "\n\n" not in first


def test_order_in_the_description_changes_no_finding(judged: Callable[..., Analysis], tmp_path: Path) -> None:
    text = (ROOT / "tests" / "desk" / "system.yaml").read_text(encoding="utf-8")
    head, *sections = text.split("\ntools:")
    tools, rest = sections[0].split("\nidentities:")
    moved = tmp_path / "system.yaml"
    moved.write_text(f"{head}\nidentities:{rest.rstrip()}\ntools:{tools}\n", encoding="utf-8")

    def told(analysis: Analysis) -> list[tuple[str, str, str]]:
        return [(one.id, one.state.value, one.message) for one in analysis.findings]

    assert told(judged()) == told(judged(moved))


def test_long_lists_of_facts_are_cut_and_counted(desk: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all rows together would list too many, each says how many there are."""
    whole = json.loads(analysis_json(desk))
    monkeypatch.setattr("threatmodel.export.relation_rows.ALL_FACTS", 0)
    monkeypatch.setattr("threatmodel.export.relation_rows.FEW_FACTS", 1)
    short = json.loads(analysis_json(desk))

    jsonschema.validate(short, SCHEMA, jsonschema.Draft202012Validator)
    for name in ("findings", "paths", "capabilities"):
        counts = [one.get("missing_count", len(one["missing"])) for one in short[name]]
        assert counts == [len(one["missing"]) for one in whole[name]]
        assert max(len(one["missing"]) for one in short[name]) <= 1
