"""Path → `Document`, or every diagnostic of all its files at once. Nothing else of the description opens files."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Final

from threatmodel.diagnostics import Diagnostic, Label, Level
from threatmodel.errors import LoadError
from threatmodel.load.assemble import assemble
from threatmodel.load.dates import check_dates
from threatmodel.load.files import decode, read_text, start_of
from threatmodel.load.nodes import MapNode, words
from threatmodel.load.schema import check
from threatmodel.load.shape import part_shape
from threatmodel.load.source import MAX_CHARACTERS, parse
from threatmodel.load.synonyms import replace_synonyms

if TYPE_CHECKING:
    from typing import BinaryIO

    from threatmodel.load.document import Document
    from threatmodel.span import Span

STDIN: Final = "<stdin>"
TREATMENTS: Final = "treatments.yaml"
MAX_FILES: Final = 1000
ROOT_ONLY: Final = ("system",)
"""Sections that describe the whole: an included file is a part and cannot have them."""


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
    files = _Files(path)
    files.read_root(stdin)
    if files.broken:
        raise LoadError(tuple(sorted(files.problems, key=Diagnostic.sort_key)), files.sources)
    document, problems = assemble(files.root, files.parts, files.sources)
    files.problems += problems
    for root, schema in files.parts.values():
        if not any(problem.level is Level.ERROR for problem in files.problems):
            replace_synonyms(root, schema)
    return document, tuple(sorted(files.problems, key=Diagnostic.sort_key))


class _Files:
    """The files of one description, each read once."""

    def __init__(self, path: str | Path) -> None:
        self.is_stdin = str(path) == "-"
        self.path = Path(path)
        self.root = STDIN if self.is_stdin else self.path.as_posix()
        self.folder = self.path.parent
        self.sources: dict[str, str] = {}
        self.parts: dict[str, tuple[MapNode, str]] = {}  # name → its content, and the name of its schema
        self.real: dict[Path, str] = {}  # where a file really lies → the name it was read by
        self.named_at: dict[str, Span] = {}
        self.problems: list[Diagnostic] = []
        self.broken = False
        """Whether something is missing because it could not be read."""

    def read_root(self, stdin: BinaryIO | None) -> None:
        """Read everything, beginning with the root file."""
        if self.is_stdin:
            text = (
                decode(stdin.read(4 * MAX_CHARACTERS + 1), STDIN)
                if stdin
                else Diagnostic("cannot-read", "nothing to read on standard input", start_of(STDIN))
            )
        else:
            text = read_text(self.path, self.root)
            self.real[self._really(self.path)] = self.root
        root = self._parsed(text, self.root, "system-1")
        if root is not None:
            self.problems += check(root, "system-1")
            self._include(root, self.root, PurePosixPath(), ())
        beside = self.folder / TREATMENTS
        if not self.is_stdin and root is not None and beside.exists() and self._really(beside) not in self.real:
            name = beside.as_posix()
            treatments = self._parsed(read_text(beside, name), name, "treatments-1")
            if treatments is not None:
                self.problems += check(treatments, "treatments-1")

    def _parsed(self, text: str | Diagnostic, name: str, schema: str) -> MapNode | None:
        if isinstance(text, Diagnostic):
            self.problems.append(text)
            self.broken = True
            return None
        self.sources[name] = text
        try:
            content = parse(text, name)
        except LoadError as error:
            self.problems += error.diagnostics
            self.broken = True
            return None
        self.parts[name] = (content, schema)
        self.problems += check_dates(content, text)
        return content

    def _include(self, root: MapNode, name: str, inside: PurePosixPath, open_files: tuple[str, ...]) -> None:
        """Read what a file includes. `inside` is its folder, seen from that of the root file."""
        value = root.get("include")
        for index, item in words(value):
            span = root.value_span("include") if index is None else value.value_span(index)  # type: ignore[union-attr]
            if isinstance(item, str) and item.strip():
                self._include_one(item, span, inside, (*open_files, name))

    def _include_one(self, item: str, span: Span, inside: PurePosixPath, open_files: tuple[str, ...]) -> None:
        refused = _refused(item) or (
            "standard input lies in no folder, so it can include nothing" if self.is_stdin else ""
        )
        if refused:
            self.problems = [problem for problem in self.problems if problem.span != span]  # of its form nothing more
            self._refuse(
                "include",
                f"cannot include '{item[:80]}': {refused}",
                span,
                "name a file in the folder of the root file or below, such as 'parts/tools.yaml'",
            )
            return
        relative = inside / item
        path = self.folder / relative
        real = self._really(path)
        if not real.is_relative_to(self._really(self.folder)):
            self._refuse(
                "include",
                f"cannot include '{item[:80]}': it leads out of the folder of the root file",
                span,
                "a link may not lead out of that folder either: copy the file",
            )
            return
        earlier = self.real.get(real)
        if earlier is not None:
            circle = earlier in open_files
            message = (
                f"'{item}' includes itself"
                if circle and earlier == open_files[-1]
                else f"'{item}' is part of a circle of includes"
                if circle
                else f"'{item}' is included twice"
            )
            also = (Label(self.named_at[earlier], "included here before"),) if earlier in self.named_at else ()
            self.problems.append(
                Diagnostic("include", message, span, "", ("remove this line: every file is read once",), also)
            )
            return
        if len(self.real) >= MAX_FILES or sum(map(len, self.sources.values())) > MAX_CHARACTERS:
            if not self.broken:
                self._refuse(
                    "too-large",
                    f"the description has more than {MAX_FILES} files or {MAX_CHARACTERS:,} characters",
                    span,
                )
            return
        name = path.as_posix()
        self.real[real] = name
        self.named_at[name] = span
        content = self._parsed(read_text(path, name, span), name, "system-1")
        if content is not None:
            self.problems += check(content, part_shape("system-1"))
            self.problems += (
                Diagnostic(
                    "include",
                    f"'{key}' stands in an included file",
                    content.key_span(key),
                    "",
                    (f"move it to '{self.root}': it describes the whole",),
                )
                for key in ROOT_ONLY
                if key in content
            )
            self._include(content, name, relative.parent, open_files)

    def _refuse(self, code: str, message: str, span: Span, *hints: str) -> None:
        self.problems.append(Diagnostic(code, message, span, "named here", hints))
        self.broken = True

    @staticmethod
    def _really(path: Path) -> Path:
        try:
            return path.resolve()
        except (OSError, RuntimeError):  # a circle of links
            return path.absolute()


_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def _refused(item: str) -> str:
    """Return why a path cannot be included, or an empty text."""
    if _ADDRESS.match(item):
        return "it is a web address, and nothing is ever fetched"
    if "\0" in item or "\n" in item:
        return "it is no path"
    if "\\" in item or PureWindowsPath(item).drive:
        return "paths are relative and use forward slashes"
    if PurePosixPath(item).is_absolute() or item.startswith("~"):
        return "it is an absolute path"
    if ".." in PurePosixPath(item).parts:
        return "it leads out of its folder with '..'"
    return ""
