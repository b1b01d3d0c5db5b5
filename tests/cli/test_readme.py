"""What the README says is true: commands, exit codes, keys, links, the tutorial."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import threatmodel
from threatmodel.cli.exit_codes import ExitCode
from threatmodel.cli.main import COMMANDS
from threatmodel.resources import schema_text

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from click.testing import Result

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
KINDS = {"people": "person", "agents": "agent", "tools": "tool", "credentials": "credential", "controls": "control"}


def test_it_begins_with_the_two_commands() -> None:
    assert ["make report", "make test"] == re.findall(r"^make \w+", README, re.MULTILINE)[:2]


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)

    assert [] == [link for link in links if not (ROOT / link).exists()]


def test_every_command_is_listed() -> None:
    table = README.split("## Commands")[1].split("| exit code")[0]

    assert [] == [name for name in COMMANDS if f"`threatmodel {name}" not in table]


def test_the_exit_codes_are_those() -> None:
    listed = re.findall(r"^\| (\d) \|", README, re.MULTILINE)

    assert [str(int(code)) for code in ExitCode if code < ExitCode.INTERRUPTED] == listed


def test_the_keys_exist() -> None:
    definitions = json.loads(schema_text("system-1"))["$defs"]
    for section, key in re.findall(r"^\| `(\w+)\.X\.(\w+)", README, re.MULTILINE):
        assert key in definitions[KINDS[section]]["properties"], f"{section}.X.{key}"


def test_every_mentioned_option_exists(run: Callable[..., Result]) -> None:
    everything = "".join(run(name, "--help").stdout for name in COMMANDS) + run("--help").stdout
    known = set(re.findall(r"--[a-z-]+", everything)) | {"--catalog"}

    assert set() == set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) - known


def test_the_python_names_exist() -> None:
    names = set(re.findall(r"`(render_\w+|load|LoadError)`", README))

    assert {"load", "render_json"} <= names <= set(threatmodel.__all__)


def test_the_tutorial_works(run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command of the tutorial, in its order, in an empty folder, with the mistake it shows."""
    monkeypatch.chdir(tmp_path)
    tutorial = README.split("## Ten minutes")[1].split("## The dozen")[0]
    commands = re.findall(r"^threatmodel (.+)$", tutorial, re.MULTILINE)
    slow = ("report", "diagram")  # their own tests run them
    codes = [run(*command.split()).exit_code for command in commands if not command.startswith(slow)]

    assert [0] * len(codes) == codes
    described = Path("my-system/system.yaml")
    text = described.read_text(encoding="utf-8")
    described.write_text(text.replace("crm.read_ticket,", "crm.read_tickets,", 1), encoding="utf-8")
    shown = run("validate", described).stdout
    assert re.findall(r"```text\n(error.*?)```", tutorial, re.DOTALL) == [shown.rstrip("\n") + "\n"]


def test_the_treatment_it_shows_loads(run: Callable[..., Result], tiny: Path) -> None:
    block = re.findall(r"```yaml\n(treatments:.*?)```", README, re.DOTALL)[0]
    tiny.with_name("treatments.yaml").write_text(block, encoding="utf-8")

    assert 0 == run("validate", tiny).exit_code
