"""Path → `Document`, or every diagnostic of all its files at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatmodel.diagnostics import Diagnostic, Level
from threatmodel.errors import LoadError
from threatmodel.load.assemble import assemble
from threatmodel.load.included import Files
from threatmodel.load.synonyms import replace_synonyms

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from threatmodel.load.document import Document


def load_document(path: str | Path, *, stdin: BinaryIO | None = None) -> Document:
    """
    Read a description: the root file, what it includes, and the treatments beside it.

    Ids, forms and dates are checked here; whether references lead anywhere is the business of `model.references`.

    Args:
        path: The root file; `-` reads `stdin`.
        stdin: Where `-` reads from. Such a description can include nothing, and nothing lies beside it.

    Raises:
        LoadError: with every problem of every file.
    """
    document, problems = read_document(path, stdin=stdin)
    if problems:
        raise LoadError(problems, dict(document.sources))
    return document


def read_document(path: str | Path, *, stdin: BinaryIO | None = None) -> tuple[Document, tuple[Diagnostic, ...]]:
    """
    Read a description as `load_document` does, and return it even where something in it is wrong.

    What has the wrong form is left as it was written, so that later checks can add what they find.

    Raises:
        LoadError: a file could not be read at all, so that what is missing cannot be told from what is wrong.
    """
    files = Files(path)
    files.read(stdin)
    problems = files.problems
    if files.broken:
        raise LoadError(tuple(sorted(problems, key=Diagnostic.sort_key)), files.sources)
    document, clashes = assemble(files.root, files.parts, files.sources)
    problems += clashes
    if not any(problem.level is Level.ERROR for problem in problems):
        for content, schema in files.parts.values():
            replace_synonyms(content, schema)
    return document, tuple(sorted(problems, key=Diagnostic.sort_key))
