"""Places in a description as a report prints them: short, since the cover names the root file in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis
    from threatmodel.span import Span


def place(analysis: Analysis, span: Span) -> str:
    """Return `file:line`, the file seen from the folder of the root file; included files lie in it or below."""
    folder, slash, _ = analysis.model.graph.document.file.rpartition("/")
    return f"{span.file.removeprefix(folder + slash)}:{span.line}"
