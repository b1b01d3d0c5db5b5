"""Pictures: every edge is drawn, nothing in a name means anything to Graphviz, large systems are split."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threatmodel import RenderError, analyze, load
from threatmodel.render import graphviz
from threatmodel.render.diagram import MOST_READABLE, drawn, readable, report_pictures
from threatmodel.render.dot import dot
from threatmodel.render.mermaid import mermaid
from threatmodel.render.sketch import Box, Line, Node, Sketch
from threatmodel.render.views import VIEWS

if TYPE_CHECKING:
    from threatmodel.analysis.analysis import Analysis

TODAY = date(2026, 11, 25)
ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "samples").glob("*/system.yaml"))
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="the program dot is not installed")
HOSTILE = [
    '"]; x [label="',
    "<b>bold</b>",
    "a\\nb\\",
    "\u202eback",
    "{{x}}",
    "--> y",
    "\x00\x1b[31m",
    "é" * 60,
    "<!--",
    "]]>",
]


def analysis_of(folder: Path, text: str) -> Analysis:
    """Analyze a description that lacks only its first line."""
    path = folder / "system.yaml"
    path.write_text(f"threatmodel: 1\n{text}", encoding="utf-8")
    return analyze(load(path), today=TODAY)


def large(size: int) -> str:
    """Return a description of that many elements in four boundaries, with a flow into each agent."""
    agents = [f"agent-{number}" for number in range(size // 3)]
    tools = [f"tool-{number}" for number in range(size // 3)]
    people = [f"person-{number}" for number in range(size - len(agents) - len(tools))]
    lines = ["people:", *(f"  {name}: {{trust: untrusted}}" for name in people), "agents:"]
    lines += [f"  {name}: {{tools: [{tools[number % len(tools)]}]}}" for number, name in enumerate(agents)]
    lines += [
        "tools:",
        *(f"  {name}: {{provider: first_party, actions: {{look: {{effect: read}}}}}}" for name in tools),
    ]
    lines += [
        "boundaries:",
        *(f"  zone-{n}: {{contains: [{', '.join((agents + tools)[n::4])}]}}" for n in range(4)),
        "flows:",
    ]
    lines += [f"  - {{from: {people[number % len(people)]}, to: {name}}}" for number, name in enumerate(agents)]
    return "\n".join(lines) + "\n"


@needs_dot
@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.parent.name)
def test_every_flow_of_a_sample_is_drawn(path: Path) -> None:
    """Each stated flow is an edge of the data-flow picture, and what is sent to Graphviz comes back."""
    analysis = analyze(load(path), today=TODAY)
    sketch = VIEWS["dataflow"](analysis)
    graph = analysis.model.graph
    stated = [edge for edge in graph.edges if edge.stated]
    pictures = report_pictures(analysis)

    assert sum(line.label.isdigit() for line in sketch.lines) == len(stated)
    assert {picture.kind for picture in pictures} >= {"layers", "dataflow"}
    for picture in pictures:
        ET.fromstring(picture.svg)  # noqa: S314  our own text


@needs_dot
def test_an_edge_that_dot_drops_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that lost an edge is not shown."""
    sketch = Sketch("x", "Title", "x", (Node("a", "a", "agent"), Node("b", "b", "tool")), (Line("a", "b", "flow"),))
    run = graphviz._run

    def losing(given: Sketch, kind: str) -> bytes:
        return re.sub(rb'<g id="e0".*?</g>', b"", run(given, kind), flags=re.DOTALL)

    monkeypatch.setattr(graphviz, "_run", losing)

    with pytest.raises(RenderError, match="shows 0 of 1 edges"):
        graphviz.svg(sketch)


def test_a_machine_without_dot_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is a command to type."""
    monkeypatch.setenv("PATH", "")
    sketch = Sketch("x", "Title", "x", (Node("a", "a", "agent"),), ())

    with pytest.raises(RenderError, match="apt-get install graphviz"):
        graphviz.svg(sketch)


@needs_dot
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_means_nothing_to_graphviz_or_to_a_page(name: str) -> None:
    """It is one label: no further node, no markup, no script, and XML that parses."""
    nodes = (Node(name, name, "agent", "b"), Node("plain", "plain", "tool"))
    sketch = Sketch("x", name, "x", nodes, (Line(name, "plain", "untrusted", name),), (Box("b", name, "boundary", 0),))
    root = ET.fromstring(graphviz.svg(sketch))  # noqa: S314  our own text
    groups = [group.get("class") for group in root.iter("{http://www.w3.org/2000/svg}g")]
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}

    assert (groups.count("node"), groups.count("edge"), groups.count("cluster")) == (2, 1, 1)
    assert tags <= {"svg", "g", "title", "polygon", "polyline", "path", "text", "ellipse"}
    assert mermaid(sketch).count("\n") == 9


@needs_dot
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(max_size=30), min_size=1, max_size=4, unique=True))
def test_dot_text_always_parses(names: list[str]) -> None:
    """Whatever the names are."""
    nodes = tuple(Node(name, name, "store", "box") for name in names)
    sketch = Sketch(
        "x", names[0], "x", nodes, (Line(names[0], names[-1], "unsaid", names[0]),), (Box("box", names[0], "band", 0),)
    )
    done = subprocess.run(["dot", "-Tcanon"], input=dot(sketch).encode(), capture_output=True, check=False)

    assert done.returncode == 0, done.stderr


@needs_dot
@pytest.mark.parametrize("view", VIEWS)
def test_the_same_description_gives_the_same_bytes(tmp_path: Path, view: str) -> None:
    """Text and drawing; nothing in it leads anywhere else."""
    analysis = analysis_of(tmp_path, large(12))
    text = drawn(analysis, view, "svg")

    assert text == drawn(analysis, view, "svg")
    assert "href" not in str(text)
    assert "<script" not in str(text)


def test_a_large_system_is_split_and_loses_no_line(tmp_path: Path) -> None:
    """Every part is readable, and each line stands in exactly one."""
    sketch = VIEWS["dataflow"](analysis_of(tmp_path, large(150)))
    first, *parts = readable(sketch)
    shown = sorted((line.source, line.target, line.label) for part in parts for line in part.lines)

    assert first.title.endswith("overview")
    assert len(parts) >= 4
    assert sorted((line.source, line.target, line.label) for line in sketch.lines) == shown
    assert all(len(part.nodes) <= MOST_READABLE for part in parts)


def test_a_small_system_is_one_picture_per_view(tmp_path: Path) -> None:
    """Five elements need no overview."""
    assert len(list(readable(VIEWS["dataflow"](analysis_of(tmp_path, large(6)))))) == 1


def test_an_untrusted_flow_is_marked_and_an_unsaid_one_is_not_passed_off_as_safe(tmp_path: Path) -> None:
    """Three sources, three kinds of line."""
    analysis = analysis_of(
        tmp_path,
        "people: {a: {trust: untrusted}, b: {trust: internal}, c: {}}\nagents: {bot: {}}\n"
        "flows: [{from: a, to: bot}, {from: b, to: bot}, {from: c, to: bot}]\n",
    )

    assert [line.kind for line in VIEWS["dataflow"](analysis).lines] == ["untrusted", "flow", "unsaid"]


def test_boundaries_nest_by_what_they_hold_and_overlaps_are_said(tmp_path: Path) -> None:
    """A boundary within another is drawn in it though nobody says so; what no box can show, the note says."""
    analysis = analysis_of(
        tmp_path,
        "agents: {a: {}, b: {}, c: {}}\n"
        "boundaries: {wide: {contains: [a, b]}, inner: {contains: [a]}, other: {contains: [b, c]}}\n"
        "flows: [{from: a, to: b}]\n",
    )
    sketch = VIEWS["dataflow"](analysis)

    assert {box.id: box.parent for box in sketch.boxes} == {"wide": None, "inner": "wide", "other": None}
    assert {node.id: node.box for node in sketch.nodes} == {"a": "inner", "b": "wide", "c": "other"}
    assert sketch.note.endswith("these stand in another one too: b in other.")


def test_a_flow_through_a_control_is_drawn_too(tmp_path: Path) -> None:
    """Whatever the ends of a stated flow are, both data-flow and layers show it, with its number listed."""
    analysis = analysis_of(
        tmp_path,
        "people: {lead: {trust: internal}}\nagents: {bot: {}}\n"
        "controls: {desk: {type: human-approval, on: [bot], status: declared}}\n"
        "flows: [{from: bot, to: desk, protocol: https}, {from: desk, to: lead}]\n",
    )
    wanted = [("bot", "desk"), ("desk", "lead")]

    assert [(line.source, line.target) for line in VIEWS["layers"](analysis).lines] == wanted
    assert [(line.label, line.note) for line in VIEWS["dataflow"](analysis).lines] == [
        ("1", "bot to desk (https)"),
        ("2", "desk to lead"),
    ]


@needs_dot
def test_names_stay_readable_on_paper_at_150_elements(tmp_path: Path) -> None:
    """No picture shrinks names below 6 points on the upright page, 493 by 567 points of it for a drawing."""
    for picture in report_pictures(analysis_of(tmp_path, large(150))):
        found = re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', picture.svg)

        assert found is not None
        assert 9.5 * min(1.0, 493 / float(found[1]), 567 / float(found[2])) >= 6, picture.name


def test_a_part_shows_the_secrets_of_its_agents(tmp_path: Path) -> None:
    """An agent, its tool, what the tool holds and whom that proves stand in one picture of many."""
    text = "agents:\n" + "".join(f"  agent-{n}: {{tools: [tool-{n}]}}\n" for n in range(15))
    text += "tools:\n" + "".join(f"  tool-{n}: {{credential: key-{n}}}\n" for n in range(15))
    text += "credentials:\n" + "".join(f"  key-{n}: {{identity: id-{n}}}\n" for n in range(15))
    text += "identities:\n" + "".join(f"  id-{n}: {{}}\n" for n in range(15))
    _, *parts = readable(VIEWS["identity"](analysis_of(tmp_path, text)))
    homes = [{node.id for node in part.nodes} for part in parts]

    assert all(any({f"agent-{n}", f"tool-{n}", f"key-{n}", f"id-{n}"} <= home for home in homes) for n in range(15))


@needs_dot
def test_a_picture_without_a_page_around_it_says_what_its_numbers_mean(tmp_path: Path) -> None:
    """The list and the note of the report stand in the file itself, names escaped; a pointer on a line says it too."""
    analysis = analysis_of(
        tmp_path,
        "people: {someone: {trust: untrusted}}\nagents: {bot: {}}\n"
        "flows: [{from: someone, to: bot, protocol: '<b>&</b>'}]\n",
    )
    drawing = str(drawn(analysis, "dataflow", "svg"))
    shown = html.unescape(re.sub(r"<[^>]*>", " ", drawing)).replace("\N{NO-BREAK SPACE}", " ")
    picture = next(one for one in report_pictures(analysis) if one.kind == "dataflow")

    assert shown.count("someone to bot (<b>&</b>)") == 2
    assert "out of scope" in shown
    assert "out of scope" not in picture.svg
    assert picture.numbers == (("1", "someone to bot (<b>&</b>)"),)


def test_a_boundary_stands_in_the_one_that_names_it(tmp_path: Path) -> None:
    """Also where another one holds the same elements."""
    analysis = analysis_of(
        tmp_path,
        "agents: {a: {}, b: {}, c: {}}\n"
        "boundaries: {p: {contains: [q, a]}, q: {contains: [b]}, s: {contains: [b, c]}}\n",
    )

    assert {box.id: box.parent for box in VIEWS["dataflow"](analysis).boxes} == {"p": None, "q": "p", "s": None}


def test_the_whole_way_of_outside_text_is_red(tmp_path: Path) -> None:
    """A gateway and a store that pass text on are no end of it; an agent is, and so is a gateway of typed fields."""
    text = """
people: {customer: {trust: untrusted}}
services: {gateway: {}, form: {passes: typed}}
stores: {inbox: {}}
agents: {triage: {}, clerk: {}}
flows:
  - {from: customer, to: gateway}
  - {from: gateway, to: inbox}
  - {from: inbox, to: triage}
  - {from: triage, to: clerk}
  - {from: customer, to: form}
  - {from: form, to: clerk}
"""
    lines = {(line.source, line.target): line.kind for line in VIEWS["dataflow"](analysis_of(tmp_path, text)).lines}

    assert {
        ("customer", "gateway"): "untrusted",
        ("gateway", "inbox"): "untrusted",
        ("inbox", "triage"): "untrusted",
        ("triage", "clerk"): "flow",
        ("customer", "form"): "untrusted",
        ("form", "clerk"): "flow",
    } == lines


def test_a_control_that_holds_ends_the_red_way(tmp_path: Path) -> None:
    """A claim ends nothing."""
    text = """
people: {{customer: {{trust: untrusted}}}}
services: {{gateway: {{}}}}
agents: {{triage: {{}}}}
controls: {{isolated: {{type: input-isolation, on: ["gateway>triage"], status: {}}}}}
flows: [{{from: customer, to: gateway}}, {{from: gateway, to: triage}}]
"""

    def kind(status: str) -> str:
        lines = VIEWS["dataflow"](analysis_of(tmp_path, text.format(status))).lines
        return next(line.kind for line in lines if line.source == "gateway")

    assert [kind("declared"), kind("configured")] == ["untrusted", "flow"]
