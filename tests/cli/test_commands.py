"""Each command does what its help says, writes where it is told, and shows an example that fits a screen."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from threatmodel.analysis.severity import Severity
from threatmodel.cli.init import PATTERNS
from threatmodel.cli.main import COMMANDS
from threatmodel.cli.options import SEVERITIES
from threatmodel.cli.schema import SCHEMAS
from threatmodel.resources import PACKAGE, folder, schema_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

SCREEN = 40  # lines
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [*[[name] for name in COMMANDS], ["catalog", "list"], ["catalog", "show"], ["catalog", "search"],
     ["rules", "list"], ["rules", "show"]],
    ids=" ".join,
)  # fmt: skip
def test_help_fits_a_screen_and_shows_an_example(run: Callable[..., Result], command: list[str]) -> None:
    text = run(*command, "--help").stdout

    assert SCREEN >= text.count("\n")
    assert f"Example:  threatmodel {' '.join(command[:1])}" in text


def test_the_first_help_lists_every_command_with_its_whole_line(run: Callable[..., Result]) -> None:
    text = run("--help").stdout

    assert [] == [name for name in COMMANDS if f"\n  {name} " not in text]
    assert "..." not in text.split("Commands:")[1]
    assert SCREEN >= text.count("\n")


def test_words_listed_twice_agree() -> None:
    """`--help` does not import what would make it slow, so three lists are written down once more."""
    assert sorted(PATTERNS) == sorted(path.stem for path in (folder("templates") / "patterns").glob("*.yaml"))
    assert sorted(SCHEMAS) == sorted(path.name.split(".")[0] for path in (PACKAGE / "schemas").glob("*.json"))
    assert [severity.word for severity in Severity] == list(SEVERITIES)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_init_writes_a_pattern_that_analyzes(run: Callable[..., Result], tmp_path: Path, pattern: str) -> None:
    made = run("init", "--pattern", pattern, tmp_path / "new")
    analyzed = run("analyze", tmp_path / "new" / "system.yaml")

    assert 0 == made.exit_code
    assert "Next:" in made.stderr
    assert schema_text("system-1") == (tmp_path / "new/.threatmodel/system-1.schema.json").read_text(encoding="utf-8")
    assert 0 == analyzed.exit_code


def test_init_replaces_nothing_unless_told(run: Callable[..., Result], tiny: Path) -> None:
    before = tiny.read_text(encoding="utf-8")
    refused = run("init", tiny.parent)

    assert 2 == refused.exit_code
    assert "--force" in refused.stderr
    assert before == tiny.read_text(encoding="utf-8")
    assert 0 == run("init", "--force", tiny.parent).exit_code
    assert before != tiny.read_text(encoding="utf-8")


def test_init_lists_and_guesses_patterns(run: Callable[..., Result], tmp_path: Path) -> None:
    lines = run("init", "--list").stdout.splitlines()

    assert list(PATTERNS) == [line.split()[0] for line in lines]
    assert "did you mean 'coding-agent'?" in run("init", "--pattern", "codeing-agent", tmp_path).stderr
    assert [] == list(tmp_path.iterdir())


def test_schema_prints_what_is_published(run: Callable[..., Result]) -> None:
    assert schema_text("system-1") == run("schema").stdout
    assert schema_text("analysis-1") == run("schema", "analysis").stdout
    assert 2 == run("schema", "other").exit_code


def test_validate_says_everything_at_once(run: Callable[..., Result], tiny: Path, broken: Path) -> None:
    result = run("validate", tiny, broken)

    assert 3 == result.exit_code
    assert 2 == result.stdout.count("error[")
    assert f"{tiny}: fine, 2 elements" in result.stderr
    assert f"{broken}: 2 errors" in result.stderr


def test_a_dash_reads_stdin(run: Callable[..., Result], tiny: Path) -> None:
    text = tiny.read_text(encoding="utf-8")

    assert "<stdin>:4:16" in run("analyze", "-", stdin=text).stdout
    assert 0 == run("validate", "-", stdin=text).exit_code


def test_analyze_writes_json_to_a_file(run: Callable[..., Result], tiny: Path, tmp_path: Path) -> None:
    target = tmp_path / "analysis.json"
    result = run("analyze", tiny, "--format", "json", "-o", target)

    assert not result.stdout
    assert "2026-11-18" == json.loads(target.read_text(encoding="utf-8"))["date"]
    assert run("analyze", tiny, "--format", "json").stdout == target.read_text(encoding="utf-8")


def test_today_is_an_input(run: Callable[..., Result], tiny: Path) -> None:
    shown = run("analyze", tiny, "--format", "json", "--today", "2030-01-31").stdout

    assert "2030-01-31" == json.loads(shown)["date"]


def test_quiet_leaves_results_and_errors(run: Callable[..., Result], tiny: Path, broken: Path) -> None:
    assert not run("-q", "analyze", tiny).stderr
    assert not run("analyze", tiny, "--quiet").stderr
    assert run("analyze", tiny).stderr
    assert run("-q", "analyze", broken).stderr


def test_colour_is_for_terminals_and_whoever_asks(
    run: Callable[..., Result], tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b" not in run("analyze", tiny).stdout
    assert "\x1b" in run("analyze", tiny, "--color", "always").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" in run("analyze", tiny, "--color", "always").stdout
    assert "\x1b" not in run("analyze", tiny, "--color", "auto").stdout


def test_controls_writes_csv(run: Callable[..., Result], tiny: Path, tmp_path: Path) -> None:
    target = tmp_path / "map.csv"
    result = run("controls", tiny, "-o", target)
    with target.open(encoding="utf-8", newline="") as lines:
        found = list(csv.DictReader(lines))

    assert 0 == result.exit_code
    assert "unowned-agent@bot" in {row["finding"] for row in found}
    assert 2 == run("controls", tiny, "-o", tmp_path / "map.xlsx").exit_code
    assert "did you mean 'nist-ai-rmf'?" in run("controls", tiny, "--framework", "nist-ai-rfm").stderr


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["html", "md", "pdf"])
def test_report_writes_what_the_suffix_says(
    run: Callable[..., Result], tiny: Path, tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / f"review.{suffix}"
    result = run("report", tiny, "-o", target)

    assert 0 == result.exit_code, result.stderr
    assert target.stat().st_size > 500
    assert f"Wrote {target}" in result.stderr


@pytest.mark.parametrize("suffix", ["svg", "dot", "mmd"])
def test_diagram_writes_what_the_suffix_says(
    run: Callable[..., Result], tiny: Path, tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / f"layers.{suffix}"
    result = run("diagram", tiny, "-o", target, "--view", "layers")

    assert 0 == result.exit_code, result.stderr
    assert "bot" in target.read_text(encoding="utf-8")


def test_lists_begin_each_line_with_an_id(run: Callable[..., Result]) -> None:
    for arguments in ("catalog list", "catalog list controls", "rules list", "rules list identity"):
        lines = run(*arguments.split()).stdout.splitlines()

        assert lines
        assert [] == [line for line in lines if line.startswith(" ")]
    assert 72 == run("catalog", "list", "nist-ai-rmf").stdout.count(" subcategory ")
    assert "did you mean 'controls'?" in run("catalog", "list", "contrls").stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [("ASI03", "Identity and Privilege Abuse"), ("owasp-asi-2026:ASI03", "unowned-agent"), ("hitl", "human-approval:"),
     ("github-mcp", "uses: github-mcp"), ("nist-ai-rmf", "72 subcategory"), ("GOVERN 1.6", "our words")],
)  # fmt: skip
def test_catalog_shows_by_any_name(run: Callable[..., Result], name: str, said: str) -> None:
    result = run("catalog", "show", name)

    assert 0 == result.exit_code, result.stderr
    assert said in result.stdout


def test_codes_of_articles_are_found_and_are_no_ids(run: Callable[..., Result]) -> None:
    found = run("catalog", "search", "A01").stdout.splitlines()
    shown = run("catalog", "show", "M1")

    assert found[0].startswith("owasp-asi-2026:ASI03")
    assert "'A01' is a code of articles, no id; fits best" in found[0]
    assert 2 == shown.exit_code
    assert "maestro:L3" in shown.stderr


def test_search_finds_by_words(run: Callable[..., Result]) -> None:
    assert run("catalog", "search", "hitl").stdout.startswith("human-approval")
    assert "credential-rotation" in run("catalog", "search", "rotation", "cred").stdout
    assert "nothing found" in run("catalog", "search", "zzzz").stderr


def test_rules_show_explains_one(run: Callable[..., Result]) -> None:
    text = run("rules", "show", "unowned-agent").stdout

    words = ("why", "fix", "detects", "controls", "fires on", "is silent on")
    assert [] == [word for word in words if f"\n{word}" not in text]
    assert "did you mean 'unowned-agent'?" in run("rules", "show", "unown-agent").stderr
    assert 2 == run("rules", "list", "nothing").exit_code
