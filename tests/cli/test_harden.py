"""`harden`: what it proposes, in words and as JSON, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from threatmodel.resources import schema_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "samples").glob("*/system.yaml"))
DESK = ROOT / "samples" / "support-desk" / "system.yaml"
SCREEN = 40  # lines

TWO_WAYS = """threatmodel: 1
people: {guest: {trust: untrusted}}
agents: {bot: {tools: [till, disks], planning: fixed}}
tools:
  till: {provider: first_party, actions: {refund: {effect: pay}}}
  disks: {provider: first_party, actions: {drop: {effect: delete, reversible: no}}}
flows: [{from: guest, to: bot}]
"""


@pytest.fixture
def two_ways(tmp_path: Path) -> Path:
    """A description with two paths, over two tools of one agent."""
    path = tmp_path / "system.yaml"
    path.write_text(TWO_WAYS, encoding="utf-8")
    return path


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parent.name)
def test_json_of_every_sample_meets_the_schema(run: Callable[..., Result], sample: Path) -> None:
    schema = json.loads(schema_text("harden-1"))
    jsonschema.Draft202012Validator.check_schema(schema)

    data = json.loads(run("harden", sample, "--format", "json").stdout)

    jsonschema.validate(data, schema)
    assert all(cut["breaks"] == cut["of"] for cut in data["sets"] if not cut["unbroken"])
    assert all(set(cut["why"]) == set(cut["unbroken"]) for cut in data["sets"])


def test_the_sets_stand_in_order_and_equal_ones_once(run: Callable[..., Result], two_ways: Path) -> None:
    sets = json.loads(run("harden", two_ways, "--format", "json").stdout)["sets"]

    assert ", ".join(cut["aim"] for cut in sets) == "smallest, cheapest, working"
    assert sets[0]["controls"] == [{"control": "human-approval", "on": "bot"}]
    assert sets[0]["exact"]


def test_the_answer_comes_first_and_fits_a_screen(run: Callable[..., Result]) -> None:
    text = run("harden", DESK).stdout

    assert text.startswith("Support desk: 7 attack paths to break; 1 control breaks all of them.")
    assert "human-approval on mailer" in text
    assert "breaks 7 of 7, costs 3; exact" in text
    assert text.count("breaks 7 of 7") == 2
    assert SCREEN >= text.count("\n")


def test_what_is_excluded_is_not_proposed(run: Callable[..., Result], two_ways: Path) -> None:
    data = json.loads(run("harden", two_ways, "--exclude", "human-approval", "--format", "json").stdout)
    named = {one["control"] for one in data["single"]} | {
        one["control"] for cut in data["sets"] for one in cut["controls"]
    }

    assert "human-approval" not in named
    assert data["sets"][0]["controls"] == [{"control": "input-isolation", "on": "bot"}]


def test_a_budget_bounds_each_set_and_takes_what_breaks_most(run: Callable[..., Result], two_ways: Path) -> None:
    data = json.loads(run("harden", two_ways, "--budget", 1, "--format", "json").stdout)

    assert data["budget"] == 1
    assert all(cut["cost"] <= 1 and cut["breaks"] == 1 and cut["of"] == 2 and cut["exact"] for cut in data["sets"])
    assert "the best breaks 1 within a budget of 1" in run("harden", two_ways, "--budget", 1).stdout


@pytest.mark.parametrize("budget", range(4))
def test_a_larger_budget_never_breaks_less(run: Callable[..., Result], budget: int) -> None:
    less, more = (
        json.loads(run("harden", DESK, "--budget", cost, "--format", "json").stdout) for cost in (budget, budget + 1)
    )

    assert max(cut["breaks"] for cut in less["sets"]) <= max(cut["breaks"] for cut in more["sets"])


def test_a_budget_of_nothing_proposes_nothing(run: Callable[..., Result], two_ways: Path) -> None:
    text = run("harden", two_ways, "--budget", 0).stdout

    assert "no control" in text


def test_more_effort_gives_the_same_set_where_it_is_proven(run: Callable[..., Result]) -> None:
    usual, more = (run("harden", DESK, "--effort", times).stdout for times in (1, 3))

    assert "exact" in usual
    assert usual == more


def test_an_unknown_control_gets_a_suggestion(run: Callable[..., Result], two_ways: Path) -> None:
    found = run("harden", two_ways, "--exclude", "human-aproval")

    assert found.exit_code == 2
    assert "did you mean 'human-approval'?" in found.stderr


def test_a_system_without_paths_has_nothing_to_cut(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "system.yaml"
    path.write_text('threatmodel: 1\nsystem: {name: "Safe\\u202e"}\nagents: {bot: {tools: []}}\n', encoding="utf-8")

    assert run("harden", path).stdout == "Safe\\u202e: nothing to cut; no attack path is open, claimed or unknown.\n"


@pytest.mark.parametrize("width", [40, 60, 120])
def test_lines_keep_to_the_width(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run("harden", DESK).stdout.splitlines()

    assert [] == [line for line in lines if len(line) > width and " " in line.strip()]


def test_colour_adds_codes_and_no_words(run: Callable[..., Result]) -> None:
    import re

    colored = run("harden", DESK, "--color", "always").stdout

    assert "\x1b[" in colored
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == run("harden", DESK).stdout


def test_what_a_cure_costs_in_work_stands_beside_it(run: Callable[..., Result]) -> None:
    echo = " ".join(run("harden", ROOT / "samples" / "echoleak" / "system.yaml").stdout.split())
    upkeep = " ".join(run("harden", ROOT / "samples" / "operations" / "system.yaml").stdout.split())

    assert "human-approval on graph-retrieval.retrieve: a person is asked before every read" in echo
    assert "'smallest' is the least work, yet each of them asks a person" in echo
    assert "An architect would take 'cheapest': it asks nobody" in upkeep
