"""What starts `dot`: bands stand where the rows are, pages are filled, a crash costs no picture."""

from __future__ import annotations

import random
import re
import shutil
from itertools import pairwise

import pytest

from threatmodel.render import graphviz
from threatmodel.render.bands import FILLS, unboxed
from threatmodel.render.mermaid import mermaid
from threatmodel.render.sketch import Box, Line, Node, Sketch

pytestmark = pytest.mark.skipif(shutil.which("dot") is None, reason="the program dot is not installed")
BANDS = ("L1", "L2", "L3")
KINDS = ("untrusted", "unsaid", "flow", "use", "delegation")


def banded(lines: tuple[Line, ...] = (), count: int = 12) -> Sketch:
    """Return a sketch of three bands with rows of at most three, every other element in a boundary."""
    boxes = [Box(band, f"{band} Some layer", "band", 0) for band in BANDS]
    boxes += [Box(f"{band}--zone", "zone", "boundary", 0, band) for band in BANDS]
    nodes = [
        Node(f"e{n}", f"element-{n}", "tool", f"{BANDS[n % 3]}--zone" if n % 2 else BANDS[n % 3]) for n in range(count)
    ]
    members = [[node.id for node in nodes if (node.box or "").startswith(band)] for band in BANDS]
    rows = [tuple(some[start : start + 3]) for some in members for start in range(0, len(some), 3)]
    return Sketch("layers", "Layers", "layers", tuple(nodes), lines, tuple(boxes), tuple(rows))


def painted(text: str) -> list[tuple[str, float, float]]:
    """Return fill, top and bottom of each band, as drawn."""
    found = re.findall(rf'<polygon fill="({"|".join(FILLS)})"[^>]*points="([^"]*)"', text)
    corners = [(fill, [float(pair.split(",")[1]) for pair in points.split()]) for fill, points in found]
    return [(fill, min(heights), max(heights)) for fill, heights in corners]


def test_bands_lie_below_each_other_without_a_gap() -> None:
    """They take turns in color, and each holds its own elements."""
    text = graphviz.svg(banded((Line("e0", "e5", "flow"), Line("e11", "e0", "use")))).replace("&#45;", "-")
    bands = painted(text)
    y_of = {
        name: float(y)
        for y, name in re.findall(r'<text text-anchor="middle" x="[^"]*" y="([^"]*)"[^>]*>(e\S+?)<', text)
    }

    assert [fill for fill, _, _ in bands] == [FILLS[0], FILLS[1], FILLS[0]]
    assert all(above[2] == below[1] for above, below in pairwise(bands))
    for number in range(12):
        _, top, bottom = bands[number % 3]
        assert top < y_of[f"element-{number}"] < bottom


def test_names_of_bands_stand_left_of_every_element() -> None:
    """Even where many lines pull the elements about."""
    choose = random.Random(9)  # noqa: S311  a repeatable drawing
    lines = tuple(Line(f"e{choose.randrange(18)}", f"e{choose.randrange(18)}", choose.choice(KINDS)) for _ in range(40))
    text = graphviz.svg(banded(lines, 18))
    heads = [float(x) for x in re.findall(r'<text text-anchor="start" x="([^"]*)"[^>]*>L\d', text)]
    names = [float(x) for x in re.findall(r'<text text-anchor="middle" x="([^"]*)"[^>]*>element', text)]

    assert len(heads) == 3
    assert max(heads) < min(names)


def test_no_edge_of_a_crowded_picture_is_lost() -> None:
    """Clusters, rows, parallel lines and lines to oneself; `svg` counts."""
    for seed in range(12):
        choose = random.Random(seed)  # noqa: S311  a repeatable drawing
        ends = [(choose.randrange(24), choose.randrange(24)) for _ in range(80)]
        lines = tuple(Line(f"e{one}", f"e{other}", choose.choice(KINDS), str(one)) for one, other in ends)
        text = graphviz.svg(graphviz.fitted(banded(lines, 24)))

        assert text.count('class="edge"') == 80


def test_a_crash_of_dot_costs_the_boxes_and_not_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names then say in which boundary each element stands."""
    run = graphviz._dot

    def crashing(sketch: Sketch, text: str, kind: str) -> bytes:
        if "--zone" in text:
            raise graphviz.CrashError("assertion failed")
        return run(sketch, text, kind)

    monkeypatch.setattr(graphviz, "_dot", crashing)
    sketch = graphviz.fitted(banded())
    text = graphviz.svg(sketch)

    assert sketch == unboxed(banded())
    assert "boundaries as boxes" in sketch.note
    assert text.count("(zone)") >= 6
    assert len(painted(text)) == 3


def test_a_long_chain_is_drawn_tall_where_that_keeps_it_larger() -> None:
    """Twenty elements in a row would be letters of three points."""
    nodes = tuple(Node(f"e{n}", f"element-{n}", "service") for n in range(9))
    lines = tuple(Line(f"e{n}", f"e{n + 1}", "flow") for n in range(8))
    sketch = graphviz.fitted(Sketch("x", "Chain", "dataflow", nodes, lines))

    assert sketch.tall
    assert not graphviz.fitted(Sketch("x", "Pair", "dataflow", nodes[:2], lines[:1])).tall


def test_ids_of_two_pictures_do_not_clash_and_every_part_has_its_title() -> None:
    """Both stand in one page."""
    text = graphviz.svg(banded((Line("e0", "e5", "flow"), Line("e4", "e0", "use"))))

    assert all(name.startswith("layers-") for name in re.findall(r' id="([^"]*)"', text))
    assert "<title>element-0 to element-5</title>" in text
    assert "<title>element-4 to element-0</title>" in text
    assert text.count("<title>Layers</title>") == 1


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_pictures_are_files_too(kind: str, start: bytes) -> None:
    """With the bands behind them."""
    assert graphviz.image(banded(), kind).startswith(start)


def test_mermaid_says_what_a_list_holds() -> None:
    """Elements without lines are listed there as in the drawing."""
    members = (("identities", "desk"), ("controls", "approval"), ("controls", "filter"))
    text = mermaid(Sketch("x", "X", "layers", (Node("L6: listed", "", "list", None, members=members),), ()))

    assert '"identities: desk; controls: approval, filter"' in text
