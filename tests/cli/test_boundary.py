"""Whatever happens, the exit code says what kind of thing it was, and no traceback is shown."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from threatmodel.cli import main as boundary
from threatmodel.cli.exit_codes import ExitCode
from threatmodel.errors import RenderError, RuleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result


def test_fine_is_0(run: Callable[..., Result], tiny: Path) -> None:
    assert 0 == run("analyze", tiny).exit_code
    assert 0 == run("--help").exit_code
    assert 0 == run("--version").exit_code


def test_findings_change_the_code_only_when_asked(run: Callable[..., Result], tiny: Path) -> None:
    assert 0 == run("analyze", tiny, "--fail-on", "critical").exit_code
    failed = run("analyze", tiny, "--fail-on", "info")

    assert 1 == failed.exit_code
    assert "--fail-on info:" in failed.stderr
    assert "unowned-agent" in failed.stdout


def test_unknown_findings_have_an_option_of_their_own(run: Callable[..., Result], tmp_path: Path) -> None:
    asked = tmp_path / "asked.yaml"
    asked.write_text("threatmodel: 1\nagents: {bot: {}}\n", encoding="utf-8")

    assert 1 == run("analyze", asked, "--fail-on-unknown", "info").exit_code
    assert 0 == run("analyze", asked, "--fail-on-unknown", "critical").exit_code


@pytest.mark.parametrize(
    "arguments",
    [["anlyze"], ["analyze"], ["analyze", "x.yaml", "--format", "xml"], ["--bogus"],
     ["report", "x.yaml", "-o", "x.doc"], ["report", "x.yaml"], ["diagram", "x.yaml", "-o", "x.gif"],
     ["analyze", "x.yaml", "--today", "soon"],
     ["controls", "x.yaml", "-o", "no-such-folder/x.csv"]],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_command_line_is_2(run: Callable[..., Result], arguments: list[str]) -> None:
    result = run(*arguments)

    assert 2 == result.exit_code
    assert result.stderr
    assert not result.stdout


def test_a_misspelt_command_is_guessed(run: Callable[..., Result]) -> None:
    assert "did you mean 'analyze'?" in run("anlyze").stderr


@pytest.mark.parametrize("command", ["analyze", "controls"])
def test_a_description_that_does_not_load_is_3(run: Callable[..., Result], broken: Path, command: str) -> None:
    result = run(command, broken)

    assert 3 == result.exit_code
    assert "did you mean 'mail'?" in result.stderr
    assert "did you mean 'planning'?" in result.stderr
    assert not result.stdout


def test_a_missing_file_is_3(run: Callable[..., Result]) -> None:
    result = run("analyze", "nowhere.yaml")

    assert 3 == result.exit_code
    assert "nowhere.yaml" in result.stderr


def test_a_missing_catalog_is_3(run: Callable[..., Result], tiny: Path) -> None:
    result = run("analyze", tiny, "--catalog", "nowhere")

    assert 3 == result.exit_code
    assert "cannot read catalog 'nowhere'" in result.stderr


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RenderError("`dot` is not there: install graphviz"), "install graphviz"),
        (RuleError("a-rule", "bot", "KeyError"), "not your description"),
        (PermissionError(13, "Permission denied", "x.pdf"), "'x.pdf': Permission denied"),
        (KeyError("surprise"), "This is a bug in threatmodel; run again with --debug"),
    ],
    ids=["render", "rule", "os", "bug"],
)
def test_a_tool_that_fails_is_4(
    run: Callable[..., Result], tiny: Path, error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("threatmodel.api.load", fail)
    result = run("analyze", tiny)

    assert 4 == result.exit_code
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in run("--debug", "analyze", tiny).stderr
    assert "Traceback" in run("analyze", tiny, "--debug").stderr


def test_an_interrupt_is_130(run: Callable[..., Result], tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("threatmodel.api.load", interrupt)

    assert ExitCode.INTERRUPTED == run("analyze", tiny).exit_code


def test_main_returns_the_code(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == boundary.main(["-q", "validate", str(tiny)])
    assert 2 == boundary.main(["nothing"])
    assert "no command is named 'nothing'" in capsys.readouterr().err


@pytest.mark.parametrize("argument", ["schema", "--help", "--version"])
def test_a_reader_that_is_gone_is_no_error(argument: str) -> None:
    """`threatmodel ... | true`: the first write fails already, in the middle of the command."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "threatmodel", argument]
    result = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)

    assert (0, b"") == (result.returncode, result.stderr)


def test_a_reader_that_leaves_early_is_no_error() -> None:
    """`threatmodel ... | head -1`."""
    command = [sys.executable, "-m", "threatmodel", "schema"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()

        assert b"" == process.stderr.read()
        assert 0 == process.wait()


def test_output_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    described = tmp_path / "system.yaml"
    described.write_text("threatmodel: 1\nsystem: {name: Grüße 東京}\n", encoding="utf-8")
    command = [sys.executable, "-m", "threatmodel", "analyze", str(described), "--format", "json"]
    plain = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    result = subprocess.run(command, capture_output=True, env=plain, check=True)

    assert "Grüße 東京" in result.stdout.decode("utf-8")
