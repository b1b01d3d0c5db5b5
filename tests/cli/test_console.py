"""Progress is for whoever is looking, and only when there is something to wait for."""

from __future__ import annotations

import io
import sys
import time
from typing import TYPE_CHECKING

from threatmodel.cli import console as module
from threatmodel.cli.console import Console

if TYPE_CHECKING:
    import pytest


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        """Say that somebody is looking."""
        return True


def shown(monkeypatch: pytest.MonkeyPatch, *, wait: float, quiet: bool = False, stream: io.StringIO) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    with Console(quiet=quiet).progress("Drawing [x]"):
        time.sleep(wait)
    return stream.getvalue()


def test_a_long_wait_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")

    assert "Drawing [x]" in shown(monkeypatch, wait=0.6, stream=Terminal())


def test_a_short_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not shown(monkeypatch, wait=0, stream=Terminal())


def test_nobody_looks_at_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not shown(monkeypatch, wait=0.3, stream=io.StringIO())


def test_quiet_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not shown(monkeypatch, wait=0.3, quiet=True, stream=Terminal())


def test_the_width_stays_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    widths = []
    for columns in ("72", "400"):
        monkeypatch.setenv("COLUMNS", columns)
        widths.append(Console().width)

    assert [72, 120] == widths


def test_colour_follows_the_stream_and_its_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, "stderr", io.StringIO())

    assert (True, False) == (Console().colors_out, Console().colors_err)
    monkeypatch.setenv("TERM", "dumb")
    assert not Console().colors_out
    assert Console(color="always").colors_err
