"""What the analysis makes of a sample, worked out once for all tests that look at it."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import threatmodel
from threatmodel.analysis.context import Context
from threatmodel.analysis.derived import derive
from threatmodel.model.layers import place_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.derived import Derived

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 25)


@cache
def _loaded(name: str) -> Model:
    return threatmodel.load(ROOT / "samples" / name / "system.yaml")


@cache
def _derived(name: str) -> Derived:
    graph, catalog = _loaded(name).graph, _loaded(name).catalog
    return derive(Context(graph, catalog, place_all(graph, catalog.controls), TODAY))


@pytest.fixture
def loaded() -> Callable[[str], Model]:
    """Return a function from the name of a sample to its model."""
    return _loaded


@pytest.fixture
def derived() -> Callable[[str], Derived]:
    """Return a function from the name of a sample to what is derived of it."""
    return _derived
