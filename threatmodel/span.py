"""Where a value stood in a file."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

YamlPath: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys of mappings and positions in lists, from the root."""


class Span(NamedTuple):
    """
    A stretch of text in one file.

    Lines and columns count from 1, in code points; the end column is exclusive (SARIF 2.1.0 §3.30.8).
    """

    file: str
    """The path as the user gave it, with forward slashes."""
    line: int
    column: int
    end_line: int
    end_column: int

    def place(self) -> str:
        """Return `file:line:column`, as editors and terminals make it a link."""
        return f"{self.file}:{self.line}:{self.column}"
