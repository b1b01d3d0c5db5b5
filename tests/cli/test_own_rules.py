"""Rules of an organisation's own: started, linted, tried on their cases, and the worked example of the manual."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from threatmodel.cli.rules import ABOUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    Run = Callable[..., Result]

MANUAL = Path(__file__).parents[2] / "docs" / "rules.md"


@pytest.fixture
def house(tmp_path: Path, run: Run) -> Path:
    """Return a folder of catalogs with one new rule."""
    assert run("rules", "new", "nameless-tool", "--catalog", tmp_path / "house").exit_code == 0
    return tmp_path / "house"


def change(house: Path, old: str, new: str) -> None:
    """Edit the rule."""
    path = house / "rules" / "own" / "nameless-tool.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("about", ABOUT)
def test_a_new_rule_passes_its_own_cases(about: str, tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "house"
    run("rules", "new", "our-first-rule", "--catalog", folder, "--about", about)
    checked, tested = run("rules", "check", "--catalog", folder), run("rules", "test", "--catalog", folder)

    assert (checked.exit_code, tested.exit_code) == (0, 0)
    assert "error" not in checked.stdout
    assert "5 cases: none failed" in tested.stderr


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("since:", "since:", "rule-text"),
        ("{lacks: owner}", "{lacks: ownr}", "rule-path"),
        ("{lacks: owner}", "{is: {kind: browsr}}", "rule-never"),
        ("{lacks: owner}", "{all: [{is: {kind: api}}, {is: {kind: shell}}]}", "rule-never"),
        ("{lacks: owner}", "{wants: owner}", "rule-condition"),
        ('["owasp-asi-2026:ASI02", "owasp-agentic-threats:T2"]', '["owasp-agentic-threats:T2"]', "rule-references"),
        ("message: \"tool '{id}' has no owner\"", 'message: "a tool has no owner"', "rule-text"),
        ("fix: Name the team", "fix: Ensure that an appropriate team is named; name the team", "rule-text"),
        ("  # expect: nameless-tool", "", "rule-cases"),
        ("controls: [agent-inventory]", "broken_by: [sandbox]\ncontrols: [agent-inventory]", "rule-references"),
    ],
)
def test_a_doubtful_rule_is_named_at_its_line(house: Path, run: Run, old: str, new: str, code: str) -> None:
    change(house, old, new)
    result = run("rules", "check", "--catalog", house)

    assert f"[{code}]" in result.stdout
    assert re.search(r"nameless-tool\.yaml:\d+:\d+", result.stdout)


def test_a_twin_of_another_rule_is_called_one(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "house"
    run("rules", "new", "ownerless", "--catalog", folder, "--about", "agent")

    assert "'unowned-agent' says the same" in run("rules", "check", "--catalog", folder).stdout


def test_a_case_that_comes_out_otherwise_is_named_with_its_line(house: Path, run: Run) -> None:
    (house / "cases" / "nameless-tool" / "good.yaml").write_text(
        "threatmodel: 1\ntools:\n  bad:\n    owner: none\n", encoding="utf-8"
    )
    result = run("rules", "test", "--catalog", house)

    assert result.exit_code == 3
    assert "line 4: the rule says open, and nothing is marked" in result.stdout


def test_a_missing_case_and_a_taken_or_wrong_name_are_said(house: Path, run: Run) -> None:
    (house / "cases" / "nameless-tool" / "unknown.yaml").unlink()

    assert "there is no case 'unknown'" in run("rules", "check", "--catalog", house).stdout
    assert run("rules", "new", "nameless-tool", "--catalog", house).exit_code == 2
    assert run("rules", "new", "unowned-agent", "--catalog", house).exit_code == 2
    assert run("rules", "new", "../escape", "--catalog", house).exit_code == 2
    assert "did you mean 'unowned-agent'" in run("rules", "test", "unowned-agnt").stderr


def test_a_draft_does_not_run_in_an_analysis_and_a_stable_one_does(house: Path, run: Run, tmp_path: Path) -> None:
    system = tmp_path / "system.yaml"
    system.write_text("threatmodel: 1\ntools: {mail: {owner: none}}\n", encoding="utf-8")
    before = run("analyze", system, "--catalog", house).stdout
    change(house, "status: draft", "status: stable")

    assert "nameless-tool@mail" not in before
    assert "nameless-tool@mail" in run("analyze", system, "--catalog", house).stdout


def test_the_worked_example_of_the_manual_works(tmp_path: Path, run: Run) -> None:
    """Every step as it is written, so that a newcomer gets through it."""
    when, words, bad, good, unknown = re.findall(r"```yaml\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    house, name = tmp_path / "house", "browser-outside-container"
    run("rules", "new", name, "--about", "tool", "--catalog", house)
    path = house / "rules" / "own" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    kept = text[: text.index("title:")].splitlines()
    examples = "".join(
        f"  {key}: |\n" + "".join(f"    {line}\n" for line in body.splitlines())
        for key, body in (("bad", bad), ("good", good))
    )
    rule = [*kept, "status: stable", 'since: "1"', "applies_to: tool", when, words, "examples:", examples]
    path.write_text("\n".join(rule), encoding="utf-8")
    for case, body in (("bad", bad), ("good", good), ("unknown", unknown)):
        (house / "cases" / name / f"{case}.yaml").write_text(body, encoding="utf-8")
    checked, tested = run("rules", "check", "--catalog", house), run("rules", "test", "--catalog", house)

    assert (checked.exit_code, checked.stdout) == (0, "")
    assert (tested.exit_code, tested.stdout) == (0, "")


def test_the_built_in_rules_have_no_error(run: Run) -> None:
    assert run("rules", "check").exit_code == 0
