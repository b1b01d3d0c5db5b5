"""Build a graph of a few lines of YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from threatmodel import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from threatmodel.analysis.analysis import Model


@pytest.fixture
def described(tmp_path: Path) -> Callable[[str], Model]:
    """Return a function that loads a description which lacks only its first line."""

    def build(text: str) -> Model:
        path = tmp_path / "system.yaml"
        path.write_text(f"threatmodel: 1\n{text}", encoding="utf-8")
        return load(path)

    return build
