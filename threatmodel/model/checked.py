"""Path and catalog → a document that everything downstream can rely on, or every problem of it at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from threatmodel.diagnostics import Diagnostic, Level
from threatmodel.errors import LoadError
from threatmodel.load.loader import read_document
from threatmodel.memory import without_collection
from threatmodel.model.components import Components, merge_components
from threatmodel.model.control_check import Controls, check_controls
from threatmodel.model.references import check_references
from threatmodel.model.sense import check_sense

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from threatmodel.load.document import Document
    from threatmodel.span import Span


class Known(Components, Controls, Protocol):
    """What is needed of a catalog."""


def load_checked(path: str | Path, catalog: Known, *, stdin: BinaryIO | None = None) -> Document:
    """
    Read a description and check it whole: form, ids, dates, references, controls, sense.

    Args:
        path: The root file; `-` reads `stdin`.
        catalog: Gives the components and the types of controls.
        stdin: Where `-` reads from.

    Returns:
        The document, its components merged in, with warnings.

    Raises:
        LoadError: with every problem of every file, warnings among them, in file order.
    """
    with without_collection():
        document, wrong = read_document(path, stdin=stdin)
        merged, unknown = merge_components(document, catalog)
        later = (*unknown, *check_references(merged), *check_controls(merged, catalog), *check_sense(merged))
        places = {problem.span for problem in wrong}
        found = (*wrong, *(problem for problem in later if not _explained(problem.span, places)))
        found = tuple(sorted(dict.fromkeys(found), key=Diagnostic.sort_key))
    if any(problem.level is Level.ERROR for problem in found):
        raise LoadError(found, dict(document.sources))
    return replace(merged, warnings=(*merged.warnings, *found))


def _explained(span: Span, places: set[Span]) -> bool:
    """Return whether something was said of the place already: a word of the wrong form names nothing either."""
    return span in places
