"""The calls that a program makes: load, analyze, render."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import threatmodel
from threatmodel.api import day

DESK = Path(__file__).parents[1] / "desk" / "system.yaml"


def test_the_calls_can_be_made_again() -> None:
    """A package bears the name of the call: importing it must not replace the call."""
    code = (
        "import sys, threatmodel; import threatmodel.load.loader;"
        "models = [threatmodel.load(sys.argv[1]) for _ in range(2)];"
        "texts = {threatmodel.render_json(threatmodel.analyze(model)) for model in models}; assert len(texts) == 1"
    )

    subprocess.run([sys.executable, "-c", code, str(DESK)], check=True)


def test_every_name_is_there() -> None:
    assert [] == [name for name in threatmodel.__all__ if not hasattr(threatmodel, name)]


def test_what_was_found_can_be_rendered() -> None:
    analysis = threatmodel.analyze(threatmodel.load(DESK), today=date(2026, 11, 25))

    assert "Small desk" in threatmodel.render_text(analysis)
    assert threatmodel.render_json(analysis).startswith('{"format": "threatmodel/analysis-1"')
    assert threatmodel.render_csv(analysis).startswith("framework,")
    assert "Small desk" in threatmodel.render_markdown(analysis)


def test_what_does_not_load_says_everything(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("threatmodel: 1\nagents: {bot: {planing: x, tools: [y]}}\n", encoding="utf-8")

    with pytest.raises(threatmodel.LoadError) as caught:
        threatmodel.load(wrong)

    assert 2 == len(caught.value.diagnostics)


@pytest.mark.parametrize("epoch", ["", "soon", "-1", "9" * 20])
def test_a_wrong_epoch_is_the_clock(epoch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)

    assert abs((datetime.now(tz=UTC).date() - day()).days) <= 1


def test_the_epoch_is_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795000000")

    assert date(2026, 11, 18) == day()
