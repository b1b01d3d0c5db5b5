"""What the README shows of a sample is what the commands say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from threatmodel.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
HEADING = "## The agent that cleaned up too much"
TODAY = "2026-11-25"


def shown() -> list[tuple[str, list[str]]]:
    """Return each command line of the section with the lines shown below it."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition(f"{HEADING}\n")[2].partition("\n## ")[0]
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", section, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ threatmodel "):
                found.append((line.removeprefix("$ threatmodel "), []))
            elif line:
                found[-1][1].append(line)
    return found


def test_the_story_is_told_by_four_commands() -> None:
    """A section that was renamed, or written in another form, would be tested by nothing."""
    assert {line.split()[0] for line, _ in shown()} == {"can", "paths", "harden", "whatif"}
    assert [line for line, lines in shown() if not lines] == []


@pytest.mark.parametrize(("line", "lines"), shown(), ids=lambda value: value if isinstance(value, str) else "")
def test_what_the_readme_shows_is_said(line: str, lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines stand in the output in this order; between them others may, and it may break them elsewhere."""
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(cli, [*shlex.split(line), "--today", TODAY], prog_name="threatmodel")
    rest = " ".join(result.stdout.split())
    missing = []
    for words in (" ".join(text.split()) for text in lines):
        if words in rest:
            rest = rest.partition(words)[2]
        else:
            missing.append(words)

    assert result.exit_code == 0
    assert missing == []
