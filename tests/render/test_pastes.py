"""Where an answer is pasted: every line that a question gives goes where it says, and the description still loads."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from threatmodel import api
from threatmodel.errors import LoadError
from threatmodel.render.paste import Answer, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from threatmodel.analysis.analysis import Analysis

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "samples").glob("*/system.yaml")) + sorted((ROOT / "templates" / "patterns").glob("*.yaml"))
TODAY = date(2026, 11, 20)
TOOL = """threatmodel: 1
system: {name: One}
agents: {bot: {model: m, tools: [mailer]}}
models: {m: {hosting: vendor}}
tools:
  mailer:
    provider: first_party
"""


def pasted(text: str, goes: Answer) -> Iterator[str]:
    """Yield the description with the lines where they belong; braces of one line are all tried."""
    lines = text.split("\n")
    found = re.search(r"line (\d+)", goes.where)
    at = int(found[1]) if found else len(lines)
    line = lines[at - 1]
    if goes.where.startswith("in place of"):
        key = goes.lines[0].partition(":")[0].strip()
        said = rf"(?<![\w-]){re.escape(key)}: *(\[[^\]]*\]|\{{[^}}]*\}}|[^ ,}}#]+)"
        yield "\n".join((*lines[: at - 1], re.sub(said, lambda _: goes.lines[0].strip(), line, count=1), *lines[at:]))
    elif goes.where.startswith(("behind", "inside")):
        wide = goes.lines if goes.where.startswith("inside") else (f" {goes.lines[0]} ",)
        gap = "\n" if goes.where.startswith("inside") else ""
        for brace in (column for column, sign in enumerate(line, 1) if sign == "{"):
            parts = (line[:brace], *wide, line[brace:])
            yield "\n".join((*lines[: at - 1], gap.join(parts), *lines[at:]))
    else:
        yield "\n".join((*lines[:at], *goes.lines, *lines[at:]))


def loads(text: str, folder: Path) -> bool:
    path = folder / "system.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        api.load(path)
    except LoadError:
        return False
    return True


@pytest.fixture
def asked(tmp_path: Path) -> Callable[[str], Analysis]:
    """Return what an analysis of a text finds."""

    def analysis(text: str) -> Analysis:
        (tmp_path / "system.yaml").write_text(text, encoding="utf-8")
        return api.analyze(api.load(tmp_path / "system.yaml"), today=TODAY)

    return analysis


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_paste_loads(path: Path, tmp_path: Path) -> None:
    analysis = api.analyze(api.load(path), today=TODAY)
    text = path.read_text(encoding="utf-8")
    for question in analysis.questions:
        goes = answer(analysis.model.graph, question)

        assert any(loads(one, tmp_path) for one in pasted(text, goes)), (question.fact, goes)


def test_a_list_that_is_not_complete_is_settled_by_saying_that_it_is(asked: Callable[[str], Analysis]) -> None:
    text = f"{TOOL}    actions_complete: false\n    actions: {{send: {{effect: send}}}}\n"
    analysis = asked(text)
    question = next(one for one in analysis.questions if one.fact == "tools.mailer.actions")
    goes = answer(analysis.model.graph, question)

    assert "is what line 9 lists all that it can do? Add what is missing there" in question.ask
    assert "then say actions_complete: true on line 8" in question.ask
    assert ("actions_complete: true",) == goes.lines
    after = asked(next(pasted(text, goes)))
    assert "tools.mailer.actions" not in {one.fact for one in after.questions}


@pytest.mark.parametrize("text", [TOOL, TOOL.replace(":\n    provider: first_party", ": {provider: first_party}")])
def test_a_tool_of_which_nobody_says_what_it_does_is_given_the_form(
    asked: Callable[[str], Analysis], text: str
) -> None:
    analysis = asked(text)
    question = next(one for one in analysis.questions if one.fact == "tools.mailer.actions")
    goes = answer(analysis.model.graph, question)
    filled = next(pasted(text, goes)).replace("# actions:", "actions:").replace("NAME", "send")

    assert goes.where.endswith("without the # once it is filled in")
    assert "# actions: {NAME: {effect: unknown}}" in goes.lines[0]
    assert "tools.mailer.actions" not in {one.fact for one in asked(filled).questions}


def test_what_a_component_brings_is_said_below_the_tool_that_uses_it(asked: Callable[[str], Analysis]) -> None:
    text = TOOL.replace("provider: first_party", "uses: filesystem-mcp")
    analysis = asked(text)
    question = next(one for one in analysis.questions if one.fact == "tools.mailer.actions.read_file.returns")
    goes = answer(analysis.model.graph, question)

    assert ("    actions:", "      read_file:", "        returns: unknown") == goes.lines
    after = asked(next(pasted(text, goes)).replace("unknown", "typed"))
    assert question.fact not in {one.fact for one in after.questions}
