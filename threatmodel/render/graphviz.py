"""DOT text → SVG, PNG or PDF. The only module that starts the program `dot`; what it drew is counted."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from threatmodel.errors import RenderError
from threatmodel.render.bands import background, unboxed
from threatmodel.render.dot import dot, names
from threatmodel.render.visible import visible

if TYPE_CHECKING:
    from threatmodel.render.sketch import Sketch

LONGEST: Final = 120  # seconds for one picture
FONTS: Final = "DejaVu Sans, Verdana, Arial, sans-serif"
_GROUP: Final = re.compile(r'(<g id="([^"]*)" class="([^"]*)"[^>]*>)\s*<title>.*?</title>', re.DOTALL)
_EDGE: Final = re.compile(r'<g id="[^"]*" class="edge">')
_BOX: Final = re.compile(rb'^  "bb": "([^"]*)"', re.MULTILINE)
PAGE: Final = (493.0, 581.0)  # points: what a page of the report (A4) leaves for a picture
LARGE_ENOUGH: Final = 0.8
_COMMENT: Final = re.compile(r"<!--.*?-->\s*", re.DOTALL)
INSTALL: Final = (
    "install Graphviz "
    "(Debian, Ubuntu: apt-get install graphviz; Fedora: dnf install graphviz; macOS: brew install graphviz)"
)


class CrashError(RenderError):
    """Graphviz ended without a drawing."""


def svg(sketch: Sketch) -> str:
    """
    Draw a sketch as an SVG element without size, script or link, with a title for itself and each of its parts.

    Raises:
        RenderError: `dot` is missing or failed, or drew fewer edges than it was given.
    """
    text = _run(sketch, "svg").decode("utf-8")
    drawn = len(_EDGE.findall(text))
    if drawn != len(sketch.lines):
        message = (
            f"the picture '{sketch.title}' shows {drawn} of {len(sketch.lines)} edges: this is a bug, please report it"
        )
        raise RenderError(message)
    return _cleaned(text, sketch)


def image(sketch: Sketch, kind: str) -> bytes:
    """
    Draw a sketch as `png` or `pdf`.

    Raises:
        RenderError: as for `svg`.
    """
    svg(sketch)
    return _run(sketch, kind)


def fitted(sketch: Sketch) -> Sketch:
    """
    Return a sketch as Graphviz can draw it, turned so that it stays largest on a page.

    Raises:
        RenderError: as for `svg`.
    """
    if sketch.rows:
        return _drawable(sketch)
    if _scale(sketch) >= LARGE_ENOUGH:
        return sketch
    return max(sketch, replace(sketch, tall=not sketch.tall), key=_scale)


def _drawable(sketch: Sketch) -> Sketch:
    try:
        _dot(sketch, dot(sketch), "json0")
    except CrashError:
        return unboxed(sketch)
    return sketch


def _scale(sketch: Sketch) -> float:
    """Return what of its size is left on a page, at most 1."""
    _, _, width, height = (float(number) for number in _BOX.findall(_dot(sketch, dot(sketch), "json0"))[0].split(b","))
    return min(1.0, PAGE[0] / max(width, 1.0), PAGE[1] / max(height, 1.0))


def _run(sketch: Sketch, kind: str) -> bytes:
    bands = any(box.kind == "band" for box in sketch.boxes)
    behind = background(sketch, _dot(sketch, dot(sketch), "json0")) if bands else ""
    return _dot(sketch, dot(sketch, behind), kind)


def _dot(sketch: Sketch, text: str, kind: str) -> bytes:
    import graphviz

    options = ["-Gdpi=144"] if kind == "png" else []
    if kind in {"png", "pdf"}:  # nothing behind it is known to be light
        text = text.replace('bgcolor="transparent"', 'bgcolor="white"', 1)
    try:
        command = [str(graphviz.backend.DOT_BINARY), f"-T{kind}", *options]
        # A fixed program; the text cannot name files.
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=LONGEST, check=False)  # noqa: S603
    except FileNotFoundError:
        message = f"the program 'dot' is not installed; {INSTALL}"
        raise RenderError(message) from None
    except subprocess.TimeoutExpired:
        message = (
            f"the picture '{sketch.title}' took longer than {LONGEST} s; draw one of its parts, or write it as .dot"
        )
        raise RenderError(message) from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", errors="replace").strip().splitlines()
        message = f"the program 'dot' failed on '{sketch.title}': {said[-1] if said else 'it said nothing'}"
        raise CrashError(message)
    return done.stdout


def _cleaned(text: str, sketch: Sketch) -> str:
    """Keep the drawing: no prolog, no comments, no size; ids that do not clash, titles that people read."""
    body = _COMMENT.sub("", text[text.index("<svg") :])
    shown = {name: element for element, name in names(sketch).items()}
    labels = {node.id: node.label for node in sketch.nodes}

    def titled(match: re.Match[str]) -> str:
        head, name, kind = match.groups()
        if kind == "edge":
            line = sketch.lines[int(name.removeprefix("e"))]
            text = line.note or f"{labels[line.source]} to {labels[line.target]}"
        else:
            text = labels.get(shown.get(name, ""), "")
        return f"{head}<title>{escape(visible(text))}</title>" if text else head

    body = _GROUP.sub(titled, body)
    body = re.sub(r'<svg width="[^"]*" height="[^"]*"', "<svg", body, count=1)
    width = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ', body)
    style = f' style="width:100%;max-width:{float(width.group(1)):.0f}pt;height:auto"' if width else ""
    body = body.replace("<svg", f'<svg role="img" aria-label={quoteattr(visible(sketch.title))}{style}', 1)
    body = body.replace(">", f"><title>{escape(visible(sketch.title))}</title>", 1)
    body = re.sub(r' id="(\w+)"', lambda match: f' id="{sketch.name}-{match.group(1)}"', body)
    body = body.replace('xmlns:xlink="http://www.w3.org/1999/xlink"', "").replace(
        'font-family="DejaVu Sans"', f'font-family="{FONTS}"'
    )
    return body.strip()
