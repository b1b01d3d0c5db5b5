"""An analysis that stays the same when the catalogs grow: `tests/desk` brings its own rules."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from threatmodel.analysis.analysis import Analysis, Model, analyze_model
from threatmodel.catalog.reader import Catalog
from threatmodel.model.build import build_graph
from threatmodel.model.checked import load_checked

if TYPE_CHECKING:
    from collections.abc import Callable

# Every run tries the same systems; EXPLORE=1 tries others.
settings.register_profile("steady", derandomize="EXPLORE" not in os.environ)
settings.load_profile("steady")

DESK = Path(__file__).parent / "desk"
TODAY = date(2026, 11, 25)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Analysis]:
    """Return a function that analyzes a description with the rules of `tests/desk`, and no others."""

    def analyze(path: str | Path = "system.yaml", today: date = TODAY) -> Analysis:
        monkeypatch.chdir(DESK)
        catalog = Catalog((Path("catalog"),))
        return analyze_model(Model(build_graph(load_checked(path, catalog), catalog), catalog), today)

    return analyze


@pytest.fixture
def desk(judged: Callable[..., Analysis]) -> Analysis:
    """The analysis of `tests/desk/system.yaml`."""
    return judged()
