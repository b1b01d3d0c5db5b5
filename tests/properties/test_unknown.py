"""What must hold where somebody says what was unknown: only conclusions that hung on it move."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.properties.systems import SYSTEMS
from tests.properties.test_derived import context_of
from threatmodel.analysis.analysis import Model
from threatmodel.analysis.context import Context
from threatmodel.analysis.derived import derive
from threatmodel.analysis.questions import paste
from threatmodel.analysis.whatif import Supposition, suppose
from threatmodel.model.layers import place_all
from threatmodel.model.supposed import SupposeError

if TYPE_CHECKING:
    from pathlib import Path

    from threatmodel.analysis.derived import Derived

TODAY = date(2026, 11, 25)
OTHERS_HANG_ON = re.compile(r".*\.(writers|provider)|agents\..*\.trust")
"""
Facts on which the meaning of others hangs: naming the writers of a store replaces those that were assumed, what a
first-party tool brings back is trusted where nobody says, and an agent that others run is a source for certain until
somebody vouches for it (SEMANTICS 4.3 b, 4.3 c, 4.1 d).
"""


def conclusions(found: Derived) -> dict[tuple[str, ...], tuple[Any, frozenset[str]]]:
    """Return every conclusion with what it says, and the facts without which it cannot be told."""
    every: dict[tuple[str, ...], tuple[Any, frozenset[str]]] = {}
    for path in found.paths.listed:
        every["path", path.id] = (path.state, frozenset(path.missing))
    for mishap in found.mishaps:
        every["mishap", mishap.agent, mishap.action, mishap.impact] = (mishap.state, frozenset(mishap.missing))
    for one in found.capabilities:
        key = ("can", one.agent, one.action, one.effect, one.basis)
        every[key] = (one.certainty, frozenset(one.missing))
    for influence in found.influences:
        for source in influence.by:
            every["steers", source, influence.agent] = (influence.certainty, frozenset(influence.missing))
    return every


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(SYSTEMS, st.randoms(use_true_random=False))
def test_an_answer_moves_only_what_hung_on_the_question(tmp_path: Path, system: dict[str, Any], chance: Any) -> None:  # noqa: ANN401  no public type
    """What did not miss the fact stays as it was; what is new was told apart by that fact alone."""
    context = context_of(tmp_path, system)
    before = conclusions(derive(context))
    asked = sorted({fact for _, missing in before.values() for fact in missing if not OTHERS_HANG_ON.fullmatch(fact)})
    assume(asked)
    fact = chance.choice(asked)
    words = [word for word in paste(fact).rpartition("# ")[2].split(" | ") if word.isidentifier()]
    assume(words)
    try:
        supposed = suppose(
            Model(context.graph, context.catalog), [Supposition("set", fact, chance.choice(sorted(words)))]
        )
    except SupposeError:
        assume(False)  # noqa: FBT003  hypothesis's own form
    graph = supposed.graph
    after = conclusions(derive(Context(graph, context.catalog, place_all(graph, context.catalog.controls), TODAY)))
    moved = {
        name: (before.get(name), after.get(name))
        for name in {*before, *after}
        if before.get(name, (None,))[0] != after.get(name, (None,))[0]
    }

    assert {name: both for name, both in moved.items() if both[0] is None or fact not in both[0][1]} == {}
