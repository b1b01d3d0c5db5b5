"""Pictures of one agent's capabilities and of one attack path: what they show is what was derived."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from threatmodel import analyze, load
from threatmodel.cli.main import cli
from threatmodel.render.agent_view import answers
from threatmodel.render.chain import chain
from threatmodel.render.diagram import drawn
from threatmodel.render.report_controls import control_rows
from threatmodel.render.sketch import Line
from threatmodel.render.story import Station, story
from threatmodel.render.way_views import MOST_ABILITIES, UnknownNameError, way_view

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis

TODAY = date(2026, 11, 25)
ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "samples").glob("*/system.yaml"))
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="the program dot is not installed")
HOSTILE = [
    '"]; x [label="',
    "</text><script>alert(1)</script>",
    "a\\",
    'end"',
    "\u202eback",
    "\x00\x1b[31m",
    "]]>",
    "é" * 90,
]
GREEN = "#1d6b45"

GATED = """
people: {someone: {trust: untrusted}}
agents:
  desk: {planning: model_selects, tools: [bank], intended: [bank.look], never: [bank.pay]}
tools:
  bank:
    provider: first_party
    actions: {look: {effect: read}, pay: {effect: pay, reversible: no}, move: {effect: write}}
controls:
  approval:
    type: human-approval
    on: [bank.pay]
    by: lead
    at: tool
    settings: {binds: parameters, single_use: true, expires: 15m, on_timeout: deny, shows: raw}
    status: STATUS
    EVIDENCE
flows: [{from: someone, to: desk}]
"""


def sample(path: Path) -> Analysis:
    """Analyze a sample."""
    return analyze(load(path), today=TODAY)


def gated(folder: Path, status: str) -> Analysis:
    """Analyze a desk whose payment waits for an approval of that status."""
    evidence = "evidence: [{kind: test, ref: docs/test.md, date: 2026-11-01, expires: 2027-11-01}]"
    text = GATED.replace("STATUS", status).replace("EVIDENCE", evidence if status == "tested" else "")
    path = folder / "system.yaml"
    path.write_text(f"threatmodel: 1\n{text}", encoding="utf-8")
    return sample(path)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.parent.name)
def test_an_agent_is_drawn_with_everything_that_can_says(path: Path) -> None:
    """Every ability has a node with its verdict as a word, reached from the agent, and every gate stands before it."""
    analysis = sample(path)
    for one in answers(analysis.model.graph, analysis.derived):
        sketch = way_view(analysis, f"capability:{one.agent.id}")
        said = " ".join(f"{node.label} {' '.join(node.said)}" for node in sketch.nodes)
        reached = {one.agent.id}
        for _ in sketch.lines:
            reached |= {line.target for line in sketch.lines if line.source in reached}

        assert {node.id for node in sketch.nodes} == reached
        for ability in one.abilities[:MOST_ABILITIES]:
            assert ability.first.action.rpartition(".")[2] in said
            assert {node.label for node in sketch.nodes} >= {*ability.first.gates, *ability.first.claims}
        assert ("FORBIDDEN" in said) == (one.actions("forbidden") > 0)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.parent.name)
def test_a_path_is_drawn_from_source_to_impact_with_its_controls(path: Path) -> None:
    """Every step in its order, everything that breaks it or claims to, and dotted arrows only behind what breaks it."""
    analysis = sample(path)
    for one in analysis.derived.paths.listed:
        sketch = way_view(analysis, f"path:{one.id}")
        labels = [node.label for node in sketch.nodes]
        places = [labels.index(step) for step in dict.fromkeys(one.steps)]

        assert places == sorted(places)
        assert set(labels) >= {*one.broken_by, *one.claimed_by}
        assert sketch.nodes[-1].kind == "impact"
        assert any(line.kind == "stopped" for line in sketch.lines) == bool(one.broken_by)
        assert len(sketch.lines) == len(sketch.nodes) - 1


@pytest.mark.parametrize(
    ("status", "tone", "word"),
    [("tested", "settled", "proven"), ("configured", "decided", "configured, not proven"),
     ("declared", "unknown", "claimed")],
)  # fmt: skip
def test_only_a_proven_gate_is_green(tmp_path: Path, status: str, tone: str, word: str) -> None:
    """A claimed gate never looks like a proven one, in no picture."""
    analysis = gated(tmp_path, status)
    path = next(one for one in analysis.derived.paths.listed if one.impact == "payment")
    rows = control_rows(analysis)
    [gate] = [node for node in way_view(analysis, "capability:desk").nodes if node.kind == "control"]
    [station] = [one for one in story(analysis, path, rows) if one.kind == "control"]

    assert (gate.tone, gate.said) == (tone, (word,))
    assert station.tone == tone
    assert (GREEN in chain(story(analysis, path, rows), "x")) == (status == "tested")


def test_what_is_forbidden_or_beyond_bounds_is_said_in_words(tmp_path: Path) -> None:
    """Colour never says it alone."""
    nodes = {node.label: node for node in way_view(gated(tmp_path, "tested"), "capability:desk").nodes}

    assert ("FORBIDDEN", "forbidden") == (nodes["bank.pay"].said[-1], nodes["bank.pay"].tone)
    assert ("beyond what is intended", "excess") == (nodes["bank.move"].said[-1], nodes["bank.move"].tone)
    assert ("intended", "") == (nodes["bank.look"].said[-1], nodes["bank.look"].tone)


def test_what_an_action_sets_off_stands_behind_that_action() -> None:
    """Of a release that a saved cache sets off: one node for saving, and the release behind it."""
    path = next(path for path in SAMPLES if path.parent.name == "issue-triage")
    sketch = way_view(sample(path), "capability:triage")
    [saved] = [node.id for node in sketch.nodes if node.label == "cache.save"]
    [release] = [node.id for node in sketch.nodes if node.label == "package-registry.publish"]
    [tool] = [line.source for line in sketch.lines if line.target == release]

    assert Line(saved, tool, "flow") in sketch.lines


@pytest.mark.parametrize(
    ("view", "message"),
    [
        ("capability:dsek", "no agent is named 'dsek'; did you mean 'desk'?"),
        ("capability:zzzzzz", "no agent is named 'zzzzzz'; there are: desk"),
        ("path:zzzzzz", "no attack path has an id with 'zzzzzz'; there are: "),
        ("path:someone>desk", "'someone>desk' is a part of several paths: "),
    ],
)
def test_a_name_that_does_not_exist_is_told_with_what_was_meant(tmp_path: Path, view: str, message: str) -> None:
    """The message names what there is."""
    with pytest.raises(UnknownNameError) as error:
        way_view(gated(tmp_path, "declared"), view)

    assert str(error.value).startswith(message)


def test_a_part_of_an_id_that_one_path_has_is_enough(tmp_path: Path) -> None:
    """Ids are long, and a reader types what tells one apart."""
    sketch = way_view(gated(tmp_path, "declared"), "path:someone>desk>bank.pay:")

    assert sketch.title == "Attack path someone>desk>bank.pay:payment"


@needs_dot
@pytest.mark.parametrize("suffix", ["svg", "dot", "mmd", "png"])
@pytest.mark.parametrize("view", ["capability:desk", "path:someone>desk>bank.pay:payment"])
def test_the_same_description_gives_the_same_bytes(tmp_path: Path, view: str, suffix: str) -> None:
    """In every format."""
    assert drawn(gated(tmp_path, "tested"), view, suffix) == drawn(gated(tmp_path, "tested"), view, suffix)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_means_nothing_to_the_drawing_of_a_way(name: str) -> None:
    """It is text: no markup, no script, no hidden character, and XML that parses."""
    stations = (Station("agent", name, name), Station("control", name, name, "unknown"), Station("impact", name, name))
    text = chain(stations, name)
    root = ET.fromstring(text)  # noqa: S314  our own text
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}

    assert tags == {"svg", "title", "text", "rect", "polygon", "path"}
    assert not set("\u202e\x00\x1b") & set(text)


def test_what_a_control_is_worth_is_said_before_a_long_place() -> None:
    """A place may be cut, the worth never is."""
    path = next(path for path in SAMPLES if path.parent.name == "hardened-desk")
    analysis = sample(path)
    rows = control_rows(analysis)
    words = ("breaks it, proven", "breaks it, configured", "only claimed", "without effect", "weakens only", "claimed")
    for one in analysis.derived.paths.listed:
        for station in story(analysis, one, rows):
            assert station.kind != "control" or station.text.startswith(words)


def test_a_long_way_turns_at_the_end_of_a_row() -> None:
    """Everything stays inside the drawing, and each arrow leads to the next box."""
    root = ET.fromstring(chain(tuple(Station("agent", f"a{number}") for number in range(9)), "x"))  # noqa: S314  our own text
    _, _, width, height = (float(number) for number in root.attrib["viewBox"].split())
    boxes = [
        tuple(float(box.attrib[key]) for key in ("x", "y", "width", "height"))
        for box in root.iter("{http://www.w3.org/2000/svg}rect")
    ]

    assert 9 == len(boxes)
    assert all(0 <= x and x + w <= width and 0 <= y and y + h <= height for x, y, w, h in boxes)
    assert 8 == len(list(root.iter("{http://www.w3.org/2000/svg}path")))


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("capability:dsek", "did you mean 'desk'?"),
        ("path:zzzzzz", "no attack path has an id with 'zzzzzz'"),
        ("capabilty:desk", "no view is named 'capabilty:desk'; did you mean 'capability:AGENT'?"),
        ("dataflows", "did you mean 'dataflow'?"),
        ("capability:", "no view is named 'capability:'"),
    ],
)
def test_a_wrong_view_is_a_wrong_command_line(tmp_path: Path, view: str, said: str) -> None:
    """Exit 2, with what was probably meant, and no file."""
    gated(tmp_path, "declared")
    target = tmp_path / "x.dot"
    result = CliRunner().invoke(cli, ["diagram", str(tmp_path / "system.yaml"), "-o", str(target), "--view", view])

    assert 2 == result.exit_code
    assert said in result.output
    assert not target.exists()
