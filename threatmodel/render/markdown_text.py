"""Texts of a description as Markdown: nothing in them is markup, a link, a mention or a cell of a table."""

from __future__ import annotations

import re
from typing import Final

from threatmodel.render.visible import visible

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$@:^=-])")
_COMMON: Final = frozenset("()-:=")  # harmless inside a line, and too frequent to escape


def escaped(text: str) -> str:
    """Return a text on one line in which nothing is markup, a link, a mention or a cell of a table."""
    line = " ".join(visible(text).split())
    line = _SPECIAL.sub(lambda match: match[0] if match[0] in _COMMON else f"\\{match[0]}", line)
    line = line.replace("://", ":\u2060//").replace("www.", "www\u2060.")  # no bare address becomes a link
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", re.sub(r"^([-=:])", r"\\\1", line))


def code(text: str) -> str:
    """Return a name as code on one line, fenced by more backticks than it holds."""
    line = " ".join(visible(text).split()).replace("|", "\\|")
    ticks = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    return (
        f"{ticks} {line} {ticks}" if line.startswith("`") or line.endswith("`") or not line else f"{ticks}{line}{ticks}"
    )
