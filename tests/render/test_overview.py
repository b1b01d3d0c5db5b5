"""Rows of a band, and the overview of a system that is too large for one picture."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from threatmodel.render.diagram import overview
from threatmodel.render.sketch import Box, Line, Node, Sketch
from threatmodel.render.views import ROW, _rows

BOXES = (
    Box("company", "company", "boundary", 0),
    Box("cluster", "cluster", "boundary", 1, "company"),
    Box("saas", "saas", "boundary", 2),
)
NODES = (
    Node("a", "a", "agent", "cluster"),
    Node("b", "b", "store", "company"),
    Node("c", "c", "tool", "saas"),
    Node("d", "d", "tool", "saas"),
    Node("p", "p", "person"),
    Node("q", "q", "person"),
    Node("s", "s", "service"),
)
LINES = (
    Line("a", "b", "use"),
    Line("c", "a", "untrusted", "1"),
    Line("d", "a", "flow", "2"),
    Line("p", "a", "unsaid", "3"),
    Line("a", "s", "use"),
)


@given(st.lists(st.integers(1, 14), max_size=8))
def test_every_element_has_a_row_and_boundaries_do_not_interlock(sizes: list[int]) -> None:
    """A boundary shares its row with whole ones only, so that all are rectangles that can stand apart."""
    groups = [[f"{number}-{place}" for place in range(size)] for number, size in enumerate(sizes)]
    rows = _rows(groups)

    assert sorted(name for row in rows for name in row) == sorted(name for group in groups for name in group)
    assert all(len(row) <= ROW for row in rows)
    for group in groups:
        own = [row for row in rows if set(group) & set(row)]
        assert len(own) == 1 or all(set(row) <= set(group) for row in own)


def test_an_overview_counts_elements_and_lines_by_outermost_boundary() -> None:
    """One arrow per direction between two groups, the worst of its lines marked and counted."""
    seen = overview(Sketch("x", "X", "dataflow", NODES, LINES, BOXES))

    assert [node.label for node in seen.nodes] == [
        "company: 1 agent, 1 store",
        "saas: 2 tools",
        "2 people",
        "outside every boundary: 1 service",
    ]
    assert {(line.source, line.target, line.kind, line.label) for line in seen.lines} == {
        ("saas", "company", "untrusted", "1 of 2"),
        ("people", "company", "unsaid", "1"),
        ("company", "outside every boundary", "use", "1"),
    }
