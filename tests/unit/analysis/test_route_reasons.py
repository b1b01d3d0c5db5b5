"""Every stage of a route says what carries it, by which rule, at which line, and what stands there."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from threatmodel.analysis.capability import Closure
from threatmodel.analysis.context import Context
from threatmodel.analysis.control_reasons import ControlReasons
from threatmodel.analysis.derived import Derived, derive
from threatmodel.analysis.explain import mishap_id
from threatmodel.analysis.hop_reasons import HopReasons
from threatmodel.analysis.influence import Texts
from threatmodel.analysis.marks import CLEAR
from threatmodel.analysis.paths import AttackPath, Mishap
from threatmodel.analysis.route_reasons import RouteReasons
from threatmodel.analysis.sources import source_mark
from threatmodel.api import load
from threatmodel.model.layers import place_all

if TYPE_CHECKING:
    from threatmodel.analysis.proof import Stage

ROOT = Path(__file__).parents[3]
SAMPLES = sorted((ROOT / "samples").glob("*/system.yaml")) + sorted((ROOT / "templates" / "patterns").glob("*.yaml"))
TODAY = date(2026, 11, 25)
TABLE: Final = Path(__file__).parent / "route_cases.yaml"
CASES: Final[dict[str, Any]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))


def derived(path: Path) -> Derived:
    """Return what is derived of a description."""
    model = load(path)
    placed = place_all(model.graph, model.catalog.controls)
    return derive(Context(model.graph, model.catalog, placed, TODAY))


def proof(path: Path, name: str) -> tuple[Stage, ...]:
    """Return the stages of the path or mishap of that name."""
    found = derived(path)
    reasons = RouteReasons(found)
    for one in found.paths.listed:
        if one.id == name:
            return reasons.path(one)
    return reasons.mishap(next(one for one in found.mishaps if mishap_id(one) == name))


@pytest.mark.parametrize("case", CASES)
def test_every_kind_of_edge_says_what_carries_it(tmp_path: Path, case: str) -> None:
    """The stages come in the order of the route; those of the case say what is expected of them, by which rule."""
    path = tmp_path / "system.yaml"
    path.write_text(f"threatmodel: 1\n{CASES[case]['description']}", encoding="utf-8")
    stages = proof(path, CASES[case]["proves"])
    at = -1
    for kind, rule, part in CASES[case]["stages"]:
        hits = [index for index, stage in enumerate(stages) if stage.kind == kind and part in stage.text]

        assert hits, [(stage.kind, stage.rule, stage.text) for stage in stages]
        assert hits[0] > at
        assert rule == stages[hits[0]].rule
        at = hits[0]

    assert all(stage.span.file.endswith("system.yaml") and stage.span.line > 0 for stage in stages)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_stages_prove_what_the_path_says(path: Path) -> None:
    """What breaks a path, what only claims to and what is missing stands on one of its stages, and the ends meet."""
    found = derived(path)
    reasons = RouteReasons(found)
    harms: tuple[AttackPath | Mishap, ...] = (*found.paths.listed[:200], *found.mishaps)
    for one in harms:
        stages = reasons.path(one) if isinstance(one, AttackPath) else reasons.mishap(one)
        worths = {(stand.worth, stand.control) for stage in stages for stand in stage.stands}
        missing = {fact for stage in stages for fact in stage.lacks}
        way = [stage for stage in stages if stage.kind not in {"source", "model", "reading", "impact", "way out"}]

        assert {("holds", name) for name in one.broken_by} <= worths
        assert {("claim", name) for name in one.claimed_by} <= worths
        assert (one.state == "broken") == any(worth == "holds" for worth, _ in worths)
        assert one.state != "open" or not any(worth == "claim" for worth, _ in worths)
        assert (one.state == "unknown") <= bool(missing)
        assert missing <= set(one.missing) or one.state == "broken"
        assert all(before.target == after.source for before, after in itertools.pairwise(way))
        assert not [stage.text for stage in stages if stage.kind == "step"]


@pytest.mark.parametrize("on", ["bot", "shelf>bot", "gate", "shelf"])
def test_isolation_stops_text_of_a_store_whose_writers_nobody_knows(tmp_path: Path, on: str) -> None:
    """It stands on the flow, on a relay of its `via:`, on the store or at the agent alike (SEMANTICS 4.5)."""
    path = tmp_path / "system.yaml"
    path.write_text(
        "threatmodel: 1\nservices: {gate: {}}\nstores: {shelf: {}}\nagents: {bot: {planning: fixed, tools: [till]}}\n"
        "tools: {till: {provider: first_party, actions: {pay: {effect: pay, returns: typed}}}}\n"
        "flows: [{from: shelf, to: bot, via: [gate]}]\n"
        f"controls: {{wall: {{type: input-isolation, on: ['{on}'], status: configured}}}}\n",
        encoding="utf-8",
    )
    found = derived(path).paths.listed

    assert ["shelf>bot>till.pay:payment"] == [one.id for one in found]
    assert [("broken", ("wall",))] == [(one.state, one.broken_by) for one in found]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_hop_of_text_has_a_reason_with_the_same_mark(path: Path) -> None:
    """What the proof says of an edge is what the analysis has laid: no route leads over one without a reason."""
    found = derived(path)
    controls, graph = found.controls, found.controls.context.graph
    closure = Closure(controls).build()
    texts = Texts(controls, closure.own, closure.latent_writes()).build()
    reasons = HopReasons(texts, ControlReasons(controls))
    for hop in (hop for hops in texts.hops.values() for hop in hops):
        causes = reasons.causes(hop.source, hop.through, hop.target)

        assert hop.mark in [reasons.relayed(hop.source) + mark for _, mark, begins in causes if begins != "store"]
    for hop in (hop for hops in texts.starts.values() for hop in hops):
        element = graph.elements.get(hop.source)
        begin = source_mark(graph, element) if element is not None else CLEAR
        marks = []
        for _, mark, begins in reasons.causes(hop.source, hop.through, hop.target):
            marks += [reasons.relayed(hop.source) + mark] if begins == "store" else [mark]
            marks += [begin + mark] if begin is not None else []

        assert hop.mark in marks
