"""With whom a credential lies, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from threatmodel.analysis.custody import custody

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.analysis import Model

    Described = Callable[[str], Model]

SYSTEM = """
agents:
  fixer: {tools: [preview, forge], credentials: [own-key, both-key], runtime: {credentials: [pod-key]}}
  clerk: {tools: [preview]}
  guest: {tools: []}
tools:
  preview: {credential: site-key}
  site: {credential: site-key}
  forge: {credential: both-key}
  spare: {credential: spare-key}
credentials:
  own-key: {}
  pod-key: {}
  given-key: {held_by: [guest]}
  site-key: {}
  both-key: {}
  spare-key: {}
  lost-key: {}
"""


@pytest.mark.parametrize(
    ("credential", "words"),
    [
        ("own-key", "held by fixer"),
        ("pod-key", "held by fixer"),
        ("given-key", "held by guest"),
        ("site-key", "used by preview for fixer, clerk, and by site"),
        ("both-key", "held by fixer, and used by forge for fixer"),
        ("spare-key", "used by spare"),
        ("lost-key", "held by nobody"),
    ],
)
def test_an_agent_does_not_hold_what_its_tool_holds(credential: str, words: str, described: Described) -> None:
    graph = described(SYSTEM).graph

    assert custody(graph, graph.elements[credential]) == words


def test_many_names_are_counted(described: Described) -> None:
    agents = "".join(f"  a{number}: {{credentials: [key]}}\n" for number in range(9))
    graph = described(f"agents:\n{agents}credentials:\n  key: {{}}\n").graph

    assert custody(graph, graph.elements["key"]) == "held by a0, a1, a2, a3, a4, a5 and 3 more"
