from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from threatmodel.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

TEXT = """threatmodel: 1
system: {name: Tiny}
agents:
  bot: {owner: none, tools: [mail]}
tools:
  mail: {actions: {send: {effect: send, to: external, reversible: no}}}
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return a function that runs the command line as a user would, on a fixed day."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795000000")
    for name in ("NO_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*arguments: str | Path, stdin: str | None = None) -> Result:
        return CliRunner().invoke(cli, [str(argument) for argument in arguments], prog_name="threatmodel", input=stdin)

    return invoke


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A description with a finding that is open."""
    path = tmp_path / "system.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A description with two mistakes."""
    path = tmp_path / "broken.yaml"
    text = "threatmodel: 1\nagents:\n  bot: {tools: [mial], planing: fixed}\ntools: {mail: {}}\n"
    path.write_text(text, encoding="utf-8")
    return path
