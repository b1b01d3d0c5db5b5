from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/load --update-snapshots` writes what is shown today as what is expected; read the difference."""
    parser.addoption("--update-snapshots", action="store_true", help="rewrite the expected diagnostics")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether expected diagnostics are rewritten instead of compared."""
    return bool(request.config.getoption("--update-snapshots", default=False))
