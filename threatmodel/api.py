"""The public calls: load a description, analyze it."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.analysis.analysis import Analysis, Model


def load(path: str | Path, *, catalogs: Iterable[str | Path] = ()) -> Model:
    """
    Read a description and resolve everything in it.

    Args:
        path: The root file; `-` reads standard input.
        catalogs: Folders of an organisation's own catalog, beside the built-in one.

    Raises:
        LoadError: with every problem found, in file order.
    """
    from threatmodel.analysis.analysis import Model
    from threatmodel.catalog.reader import read_catalog
    from threatmodel.model.build import build_graph
    from threatmodel.model.checked import load_checked

    catalog = read_catalog([Path(folder) for folder in catalogs])
    document = load_checked(path, catalog, stdin=sys.stdin.buffer if str(path) == "-" else None)
    return Model(build_graph(document, catalog), catalog)


def analyze(model: Model, *, today: date | None = None) -> Analysis:
    """
    Say what is wrong, what is not known, and why.

    Args:
        model: A loaded description.
        today: The day that decides what has expired; default `SOURCE_DATE_EPOCH`, else the clock.
    """
    from threatmodel.analysis.analysis import analyze_model

    return analyze_model(model, today or day())


LONGEST_EPOCH = 11  # digits; enough for three thousand years


def day() -> date:
    """Return the day that `SOURCE_DATE_EPOCH` (seconds) names, else today, in UTC."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isascii() and epoch.isdigit() and len(epoch) <= LONGEST_EPOCH:
        return datetime.fromtimestamp(int(epoch), tz=UTC).date()
    return datetime.now(tz=UTC).date()
