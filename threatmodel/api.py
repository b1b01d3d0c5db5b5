"""The public calls: load a description, analyze it, render what was found."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal, TypeAlias

    from threatmodel.analysis.analysis import Analysis, Model

    Profile: TypeAlias = Literal["executive", "review", "audit"]


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
    from threatmodel.memory import without_collection

    with without_collection():
        return analyze_model(model, today or day())


LONGEST_EPOCH = 11  # digits; enough for three thousand years


def render_text(analysis: Analysis, *, width: int = 100, full: bool = False) -> str:
    """Return what `threatmodel analyze` prints."""
    from threatmodel.render.terminal_findings import findings_text

    return findings_text(analysis, width=width, full=full)


def render_json(analysis: Analysis) -> str:
    """Return JSON in the form `threatmodel/analysis-1`."""
    from threatmodel.export.analysis_json import analysis_json

    return analysis_json(analysis)


def render_csv(analysis: Analysis, *, frameworks: Iterable[str] = ()) -> str:
    """Return control mappings as CSV, of all frameworks or of those named."""
    from threatmodel.export.csv_rows import controls_csv

    return controls_csv(analysis, frameworks=tuple(frameworks))


def render_html(analysis: Analysis, *, profile: Profile = "review") -> str:
    """Return the report as one HTML file."""
    from threatmodel.render.html import html

    return html(analysis, profile=profile)


def render_pdf(analysis: Analysis, *, profile: Profile = "review") -> bytes:
    """Return the report as a tagged PDF."""
    from threatmodel.render.pdf import pdf

    return pdf(analysis, profile=profile)


def render_markdown(analysis: Analysis, *, profile: Profile = "review") -> str:
    """Return the report as Markdown."""
    from threatmodel.render.markdown import markdown

    return markdown(analysis, profile=profile)


def day() -> date:
    """Return the day that `SOURCE_DATE_EPOCH` (seconds) names, else today, in UTC."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isascii() and epoch.isdigit() and len(epoch) <= LONGEST_EPOCH:
        return datetime.fromtimestamp(int(epoch), tz=UTC).date()
    return datetime.now(tz=UTC).date()
