"""What must hold of the derived relations of every system."""

from __future__ import annotations

import copy
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.systems import AGENTS, SYSTEMS
from threatmodel import load
from threatmodel.analysis.context import Context
from threatmodel.analysis.cuts import Cutter
from threatmodel.analysis.derived import derive
from threatmodel.model.layers import place_all

if TYPE_CHECKING:
    from pathlib import Path

    from threatmodel.analysis.derived import Derived

TODAY = date(2026, 11, 25)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
WORSE = ("open", "claimed", "unknown", "broken")


def context_of(folder: Path, system: dict[str, Any]) -> Context:
    """Write a description and load it."""
    path = folder / "system.yaml"
    path.write_text(yaml.safe_dump({"threatmodel": 1, **system}, sort_keys=False), encoding="utf-8")
    model = load(path)
    return Context(model.graph, model.catalog, place_all(model.graph, model.catalog.controls), TODAY)


def derived(folder: Path, system: dict[str, Any]) -> Derived:
    """Derive everything of a description."""
    return derive(context_of(folder, system))


def turned(value: Any) -> Any:  # noqa: ANN401  plain data
    """Return the same data with the keys of every mapping in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(item) for item in value] if isinstance(value, list) else value


@QUICK
@given(SYSTEMS)
def test_the_order_of_keys_changes_no_relation(tmp_path: Path, system: dict[str, Any]) -> None:
    """Capabilities, influence, paths and mishaps are those of the content."""
    one, other = derived(tmp_path, system), derived(tmp_path, turned(system))

    assert set(one.capabilities) == set(other.capabilities)
    assert set(one.influences) == set(other.influences)
    assert set(one.paths.listed) == set(other.paths.listed)
    assert set(one.mishaps) == set(other.mishaps)


@QUICK
@given(
    SYSTEMS, st.sampled_from(["human-approval", "input-isolation"]), st.sampled_from(["bank.refund", "desk", *AGENTS])
)
def test_a_sound_control_never_opens_a_path(tmp_path: Path, system: dict[str, Any], kind: str, place: str) -> None:
    """With one more control in place no path is in a worse state than before, and none is new."""
    sound = {
        "type": kind, "on": [place], "status": "tested", "at": "target", "by": "the-team",
        "settings": {"binds": "parameters", "on_timeout": "deny"} if kind == "human-approval" else {},
        "evidence": [{"kind": "test", "ref": "t", "date": "2026-10-01"}],
    }  # fmt: skip
    before = {path.id: path.state for path in derived(tmp_path, system).paths.listed}
    guarded = {**system, "controls": {**system["controls"], "extra": sound}}
    after = {path.id: path.state for path in derived(tmp_path, guarded).paths.listed}

    assert set(after) <= set(before)
    assert all(WORSE.index(state) >= WORSE.index(before[path]) for path, state in after.items())


@QUICK
@given(SYSTEMS)
def test_fewer_permissions_never_give_a_capability(tmp_path: Path, system: dict[str, Any]) -> None:
    """Taking one item from a stated list adds nothing."""
    permissions = system["identities"]["robot"].get("permissions")
    if not permissions:
        return
    less = copy.deepcopy(system)
    less["identities"]["robot"]["permissions"] = permissions[1:]
    key = {(one.agent, one.action, one.effect) for one in derived(tmp_path, system).capabilities}

    assert {(one.agent, one.action, one.effect) for one in derived(tmp_path, less).capabilities} <= key


@QUICK
@given(SYSTEMS)
def test_an_unknown_path_names_what_is_missing_and_a_broken_one_what_breaks_it(
    tmp_path: Path, system: dict[str, Any]
) -> None:
    """No state without its reason; steps begin at the source and end at the action."""
    for path in derived(tmp_path, system).paths.listed:
        assert bool(path.missing) == (path.state == "unknown")
        assert path.state != "broken" or path.broken_by
        assert path.state != "claimed" or path.claimed_by
        assert path.steps[0] == path.source
        assert path.agent in path.steps


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(SYSTEMS)
def test_every_cut_leaves_no_path_but_those_it_names(tmp_path: Path, system: dict[str, Any]) -> None:
    """Put in place, the controls of a set break everything it does not list as unbroken."""
    cutter = Cutter(context_of(tmp_path, system))
    for cut in cutter.cuts():
        left = {path.id for path in cutter.remaining(cut.controls)}

        assert left == set(cut.unbroken)
