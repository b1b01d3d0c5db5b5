"""Pictures as the report places them: which way the page is turned, and which the contents list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.render.diagram import Picture

_VIEW_BOX: Final = re.compile(r'viewBox="\S+ \S+ (\d+(?:\.\d+)?) (\d+(?:\.\d+)?)"')
_WIDEST: Final = 790.0  # points; 60 % of it fit an upright page, and letters of 10 points become 6
_TALLEST: Final = 450.0  # points; a lower picture shares its page with another one
_WIDE: Final = 1.35  # width by height from which a turned page shows a picture larger


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture on its page."""

    anchor: str
    title: str
    svg: str
    """Made by our own renderer, which escapes every name."""
    note: str
    kind: str
    numbers: tuple[tuple[str, str], ...]
    """Numbers in the drawing, and what each stands for."""
    wide: bool
    """Whether it would shrink on an upright page and gains by turning it."""
    tall: bool
    """Whether it needs a page of its own to be read."""
    listed: bool
    """Whether the contents name it: parts of a picture that was split stand behind their overview."""


def figures(pictures: Iterable[Picture]) -> tuple[Figure, ...]:
    """Return the pictures in their order."""
    return tuple(
        Figure(
            anchor=f"picture-{number}",
            title=picture.title,
            svg=picture.svg,
            note=picture.note,
            kind=picture.kind,
            numbers=picture.numbers,
            wide=_wide(picture.svg),
            tall=_size(picture.svg)[1] > _TALLEST,
            listed=re.search(r"-\d+$", picture.name) is None,
        )
        for number, picture in enumerate(pictures, start=1)
    )


def _wide(svg: str) -> bool:
    width, height = _size(svg)
    return width > _WIDEST and width > height * _WIDE


def _size(svg: str) -> tuple[float, float]:
    """Return width and height in points; nothing where the picture does not say."""
    found = _VIEW_BOX.search(svg)
    return (0.0, 0.0) if found is None else (float(found[1]), float(found[2]))
