"""DOT text → SVG, PNG or PDF. The only module that starts the program `dot`; what it drew is counted."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from threatmodel.errors import RenderError
from threatmodel.render.dot import BANDS, dot, names
from threatmodel.render.visible import visible

if TYPE_CHECKING:
    from threatmodel.render.sketch import Sketch

LONGEST: Final = 120  # seconds for one picture
FONTS: Final = "DejaVu Sans, Verdana, Arial, sans-serif"
_TITLE: Final = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_EDGE: Final = re.compile(r'<g id="[^"]*" class="edge">')
# A band: the fill that only bands have, then the corners of its polygon.
_BAND: Final = re.compile(
    rf'(<polygon fill="(?:{"|".join(BANDS)})"[^>]*?)points="([\d.-]+),([\d.-]+) [\d.-]+,([\d.-]+) [^"]*"'
)
_MARGIN: Final = 20.0  # points left and right of the bands
_COMMENT: Final = re.compile(r"<!--.*?-->\s*", re.DOTALL)
INSTALL: Final = (
    "install Graphviz "
    "(Debian, Ubuntu: apt-get install graphviz; Fedora: dnf install graphviz; macOS: brew install graphviz)"
)


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


def _run(sketch: Sketch, kind: str) -> bytes:
    import graphviz

    source = dot(sketch).encode("utf-8")
    options = ["-Gdpi=144"] if kind == "png" else []
    try:
        command = [str(graphviz.backend.DOT_BINARY), f"-T{kind}", *options]
        # A fixed program; the text cannot name files.
        done = subprocess.run(command, input=source, capture_output=True, timeout=LONGEST, check=False)  # noqa: S603
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
        raise RenderError(message)
    return done.stdout


def _widened(body: str) -> str:
    """Make all bands as wide as the picture."""
    view = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ', body)
    bands = list(_BAND.finditer(body))
    if view is None or not bands:
        return body
    left = min(float(band.group(2)) for band in bands)
    right = float(view.group(1)) + left - _MARGIN

    def wide(band: re.Match[str]) -> str:
        top, bottom = sorted((float(band.group(3)), float(band.group(4))))
        corners = ((left, bottom), (left, top), (right, top), (right, bottom), (left, bottom))
        points = " ".join(f"{x:.2f},{y:.2f}" for x, y in corners)
        return f'{band.group(1)}points="{points}"'

    return _BAND.sub(wide, body)


def _cleaned(text: str, sketch: Sketch) -> str:
    """Keep the drawing: no prolog, no comments, no size; ids that do not clash, titles that people read."""
    body = _COMMENT.sub("", text[text.index("<svg") :])
    shown = {name: element for element, name in names(sketch).items()}
    labels = {node.id: node.label for node in sketch.nodes}

    def titled(match: re.Match[str]) -> str:
        raw = match.group(1).replace("&#45;", "-").replace("&gt;", ">").replace("&amp;", "&")
        ends = [labels.get(shown.get(part, ""), "") for part in raw.split("->")]
        return f"<title>{escape(visible(' to '.join(ends)))}</title>" if all(ends) else ""

    body = _TITLE.sub(titled, body)
    body = re.sub(r'<svg width="[^"]*" height="[^"]*"', "<svg", body, count=1)
    width = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ', body)
    style = f' style="width:100%;max-width:{float(width.group(1)):.0f}pt;height:auto"' if width else ""
    body = body.replace("<svg", f'<svg role="img" aria-label={quoteattr(visible(sketch.title))}{style}', 1)
    body = body.replace(">", f"><title>{escape(visible(sketch.title))}</title>", 1)
    body = _widened(body)
    body = re.sub(r' id="(\w+)"', lambda match: f' id="{sketch.name}-{match.group(1)}"', body)
    body = body.replace('xmlns:xlink="http://www.w3.org/1999/xlink"', "").replace(
        'font-family="DejaVu Sans"', f'font-family="{FONTS}"'
    )
    return body.strip()
