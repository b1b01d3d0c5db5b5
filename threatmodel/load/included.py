"""The files of one description: the root, what it includes, and the treatments beside it; each is read once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Final

from threatmodel.diagnostics import Diagnostic, Label
from threatmodel.errors import LoadError
from threatmodel.load.dates import check_dates
from threatmodel.load.files import MAX_BYTES, decode, read_text, start_of
from threatmodel.load.nodes import MapNode, words
from threatmodel.load.places import shortened
from threatmodel.load.schema import check
from threatmodel.load.shape import part_shape
from threatmodel.load.source import MAX_CHARACTERS, parse

if TYPE_CHECKING:
    from typing import BinaryIO

    from threatmodel.span import Span

STDIN: Final = "<stdin>"
TREATMENTS: Final = "treatments.yaml"
MAX_FILES: Final = 1000
ROOT_ONLY: Final = ("system",)
"""Sections that describe the whole: an included file is a part and cannot have them."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A file that another one includes."""

    item: str
    span: Span
    inside: PurePosixPath
    """The folder of the file that includes it, seen from that of the root file."""
    within: tuple[str, ...]
    """The files that led here, the root first."""


class Files:
    """What is read of one description, and what was wrong on the way."""

    def __init__(self, path: str | Path) -> None:
        self.is_stdin = str(path) == "-"
        self.path = Path(path)
        self.root = STDIN if self.is_stdin else self.path.as_posix()
        self.folder = self.path.parent
        self.sources: dict[str, str] = {}
        self.parts: dict[str, tuple[MapNode, str]] = {}  # name → its content, and the name of its schema
        self.real: dict[Path, str] = {}  # where a file really lies → the name it was read by
        self.named_at: dict[str, Span] = {}
        self.size = 0  # characters of all files
        self.problems: list[Diagnostic] = []
        self.broken = False
        """Whether something is missing because it could not be read."""

    def read(self, stdin: BinaryIO | None) -> None:
        """Read everything, beginning with the root file; included files in the order in which they are named."""
        if self.is_stdin:
            nothing = Diagnostic("cannot-read", "nothing to read on standard input", start_of(STDIN))
            text = decode(stdin.read(MAX_BYTES + 1), STDIN) if stdin else nothing
        else:
            self.real[_really(self.path)] = self.root
            text = read_text(self.path, self.root)
        root = self._parsed(text, self.root, "system-1")
        if root is None:
            return
        self.problems += check(root, "system-1")
        pending = self._named(root, PurePosixPath(), (self.root,))
        while pending:
            named = pending.pop()
            part = self._part(named)
            if part is not None:
                name, content = part
                pending += self._named(content, (named.inside / named.item).parent, (*named.within, name))
        if not self.is_stdin:
            self._treatments(self.folder / TREATMENTS)

    def _parsed(self, text: str | Diagnostic, name: str, schema: str) -> MapNode | None:
        if isinstance(text, Diagnostic):
            self.problems.append(text)
            self.broken = True
            return None
        self.sources[name] = text
        self.size += len(text)
        try:
            content = parse(text, name)
        except LoadError as error:
            self.problems += error.diagnostics
            self.broken = True
            return None
        self.parts[name] = (content, schema)
        self.problems += check_dates(content, text)
        return content

    @staticmethod
    def _named(content: MapNode, inside: PurePosixPath, within: tuple[str, ...]) -> list[_Named]:
        """Return what a file includes, the last first: they are taken from the end."""
        value = content.get("include")
        found: list[_Named] = []
        for index, item in words(value):
            span = content.value_span("include") if index is None else value.value_span(index)  # type: ignore[union-attr]
            if isinstance(item, str) and item.strip():
                found.append(_Named(item, span, inside, within))
        return found[::-1]

    def _part(self, named: _Named) -> tuple[str, MapNode] | None:
        """Read one included file, or say why not."""
        path = self.folder / named.inside / named.item
        refused = (
            "standard input lies in no folder, so it can include nothing" if self.is_stdin else _refused(named.item)
        )
        if not refused and not self._lies_inside(path):
            refused = "it leads out of the folder of the root file"
        if refused:
            self.problems = [problem for problem in self.problems if problem.span != named.span]  # of its form no more
            self._refuse(
                f"cannot include '{shortened(named.item)}': {refused}",
                named.span,
                "name a file in the folder of the root file or below, such as 'parts/tools.yaml'",
            )
            return None
        earlier = self.real.get(_really(path))
        if earlier is not None:
            self.problems.append(self._again(named, earlier))
            return None
        if len(self.real) >= MAX_FILES or self.size > MAX_CHARACTERS:
            if not self.broken:
                message = f"the description has more than {MAX_FILES} files or {MAX_CHARACTERS:,} characters"
                self._refuse(
                    message, named.span, "join small files, or describe parts of the system apart", "too-large"
                )
            return None
        name = path.as_posix()
        self.real[_really(path)] = name
        self.named_at[name] = named.span
        content = self._parsed(read_text(path, name, named.span), name, "system-1")
        if content is None:
            return None
        self.problems += check(content, part_shape("system-1"))
        for key in ROOT_ONLY:
            if key in content:
                hint = f"move it to '{self.root}': it describes the whole"
                message = f"'{key}' stands in an included file"
                self.problems.append(Diagnostic("include", message, content.key_span(key), "", (hint,)))
        return name, content

    def _treatments(self, path: Path) -> None:
        """Read the decisions beside the root file, if there are any and it has not included them already."""
        if not path.exists() or _really(path) in self.real:
            return
        name = path.as_posix()
        if not self._lies_inside(path):
            self._refuse(f"cannot read '{name}': it is a link out of its folder", start_of(name), "copy the file")
            return
        content = self._parsed(read_text(path, name), name, "treatments-1")
        if content is not None:
            self.problems += check(content, "treatments-1")

    def _lies_inside(self, path: Path) -> bool:
        return _really(path).is_relative_to(_really(self.folder))

    def _again(self, named: _Named, earlier: str) -> Diagnostic:
        if earlier == named.within[-1]:
            message = f"'{shortened(named.item)}' includes itself"
        elif earlier in named.within:
            message = f"'{shortened(named.item)}' is part of a circle of includes"
        else:
            message = f"'{shortened(named.item)}' is included twice"
        also = (Label(self.named_at[earlier], "included here before"),) if earlier in self.named_at else ()
        return Diagnostic("include", message, named.span, "", ("remove this line: every file is read once",), also)

    def _refuse(self, message: str, span: Span, hint: str, code: str = "include") -> None:
        label = "named here" if span.file in self.sources else ""
        self.problems.append(Diagnostic(code, message, span, label, (hint,)))
        self.broken = True


def _really(path: Path) -> Path:
    """Return where a path leads when every link on it is followed."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links
        return path.absolute()


_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def _refused(item: str) -> str:
    """Return why a path cannot be included, or an empty text."""
    if _ADDRESS.match(item):
        return "it is a web address, and nothing is ever fetched"
    if not item.isprintable():
        return "it is no path"
    if "\\" in item or PureWindowsPath(item).drive:
        return "paths are relative and use forward slashes"
    if PurePosixPath(item).is_absolute() or item.startswith("~"):
        return "it is an absolute path"
    if ".." in PurePosixPath(item).parts:
        return "it leads out of its folder with '..'"
    return ""
