"""Sources spread over a system all at once reach whom, and how, each reaches when it is walked by itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from threatmodel.analysis.marks import BROKEN, CLEAR, STATES, Hop, Mark, Search
from threatmodel.analysis.steering import Influences

NODES = ("a", "b", "c", "d", "e")
RELAYS = ("p", "q")
MARKS = st.sampled_from(
    [
        CLEAR,
        CLEAR,
        Mark(claimed=("c1",)),
        Mark(claimed=("c2",), weakened=True),
        Mark(missing=("f1",)),
        Mark(broken=("b1",)),
    ]
)
THROUGH = st.sampled_from([(), (), ("p",), ("q",), ("b",), ("p", "q")])
LINK = st.tuples(st.sampled_from(NODES), st.sampled_from(NODES), MARKS, THROUGH).filter(lambda one: one[0] != one[1])
START = st.tuples(st.sampled_from(("s", "t", "a", "e")), st.sampled_from(NODES), MARKS, THROUGH).filter(
    lambda one: one[0] != one[1]
)


def laid(links: list[tuple[str, str, Mark, tuple[str, ...]]]) -> dict[str, list[Hop]]:
    """Return the hops by where they begin."""
    found: dict[str, list[Hop]] = {}
    for source, target, mark, through in links:
        found.setdefault(source, []).append(Hop(source, target, mark, through))
    return found


@settings(max_examples=400, deadline=None)
@given(st.lists(LINK, max_size=12), st.lists(START, min_size=1, max_size=4))
def test_every_source_reaches_whom_it_reaches_alone(links: list[Any], beginnings: list[Any]) -> None:
    """Ranks and first routes are those of a search from that source only."""
    hops, starts = laid(links), laid(beginnings)
    agents = [SimpleNamespace(id=name) for name in NODES]
    texts = SimpleNamespace(hops=hops, starts=starts, graph=SimpleNamespace(agents=agents))
    influences = Influences(cast("Any", texts))
    alone = {name: Search(hops, tuple(first), name) for name, first in starts.items()}

    for agent in NODES:
        for most in range(len(STATES)):
            expected = {name for name, search in alone.items() if search.ranks().get(agent, BROKEN + 1) <= most}
            reaching = influences.names(influences.reaching(agent, most))

            assert expected - {agent} == set(reaching)
            for name in reaching:
                told, route = influences.route(name, agent, most), alone[name].routes(most)[agent]
                assert (route.steps, route.mark.broken, route.mark.claimed) == (
                    told.steps, told.mark.broken, told.mark.claimed,
                )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(LINK, max_size=12), st.lists(START, min_size=1, max_size=4))
def test_an_influence_shows_the_first_route_of_all_its_sources(links: list[Any], beginnings: list[Any]) -> None:
    """Of several sources with one certainty, the shortest route counts, then the first by its steps."""
    hops, starts = laid(links), laid(beginnings)
    agents = [SimpleNamespace(id=name) for name in NODES]
    texts = SimpleNamespace(hops=hops, starts=starts, graph=SimpleNamespace(agents=agents))
    alone = {name: Search(hops, tuple(first), name) for name, first in starts.items()}

    for entry in Influences(cast("Any", texts)).entries():
        most = 2 if entry.certainty == "unknown" else 1
        routes = [alone[name].routes(most)[entry.agent] for name in entry.by]
        assert min(route.key[:2] for route in routes)[1] == entry.route
