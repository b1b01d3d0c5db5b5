"""What must hold of every description, not only of those somebody thought of."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threatmodel import analyze, load
from threatmodel.render.view import overview

if TYPE_CHECKING:
    from pathlib import Path

    from threatmodel.analysis.analysis import Analysis

TODAY = date(2026, 11, 25)
NAMES = ("alpha", "beta", "gamma")


def optional(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return mappings that hold any of the keys."""
    return st.fixed_dictionaries({}, optional=keys)


AGENTS = optional(
    owner=st.sampled_from(["team", "none", "unknown"]),
    planning=st.sampled_from(["fixed", "model_selects", "self_modifying", "unknown"]),
    trigger=st.sampled_from(["human", "event"]),
    oversight=st.sampled_from(["every_action", "none"]),
    workload=st.sampled_from(["agentic", "automated", "human_triggered"]),
    tools=st.lists(st.sampled_from(["desk", "desk.look", "mailer.*"]), unique=True, max_size=2),
    identity=st.sampled_from(["robot", "shared-one", "none"]),
    stop=optional(
        by=st.just("team"), within=st.sampled_from(["5m", "never"]), tested=st.sampled_from(["2026-01-01", "never"])
    ),
    criticality=st.sampled_from(["low", "critical"]),
)
CREDENTIALS = optional(
    kind=st.sampled_from(["api_key", "oauth_token"]),
    identity=st.sampled_from(["robot", "shared-one"]),
    lifetime=st.sampled_from(["15m", "90d", "never", "unknown"]),
    stored_in=st.sampled_from(["env", "vault", "prompt"]),
    visible_to_model=st.booleans(),
    scopes=optional(
        granted=st.lists(st.sampled_from(["a", "b"]), max_size=2),
        needed=st.lists(st.sampled_from(["a", "b"]), max_size=2),
    ),
)
CONTROLS = optional(
    on=st.sampled_from([["desk"], ["alpha"], ["key"]]),
    status=st.sampled_from(["planned", "declared", "configured", "tested", "failed"]),
    applies=st.sampled_from(["always", "some"]),
).map(lambda body: {"type": "workload-identity", **body})
SYSTEMS = st.fixed_dictionaries(
    {
        "agents": st.dictionaries(st.sampled_from(NAMES), AGENTS, min_size=1).map(
            lambda agents: {"alpha": {}, **agents}
        ),
        "tools": st.fixed_dictionaries(
            {
                "desk": optional(
                    version=st.sampled_from(["pinned", "floating"]),
                    provider=st.sampled_from(["first_party", "community"]),
                    credential=st.just("key"),
                ).map(lambda tool: {**tool, "actions": {"look": {"effect": "read"}}}),
                "mailer": optional(version=st.sampled_from(["pinned", "dynamic"])).map(
                    lambda tool: {**tool, "actions": {"send": {"effect": "send"}}}
                ),
            }
        ),
        "identities": st.fixed_dictionaries(
            {"robot": optional(kind=st.sampled_from(["workload", "user"])), "shared-one": st.just({"kind": "shared"})}
        ),
        "credentials": st.fixed_dictionaries({"key": CREDENTIALS}),
        "controls": st.fixed_dictionaries({"guard": CONTROLS}),
    }
)
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def analysis_of(folder: Path, system: dict[str, Any]) -> Analysis:
    """Write a description and analyze it."""
    path = folder / "system.yaml"
    path.write_text(yaml.safe_dump({"threatmodel": 1, **system}, sort_keys=False), encoding="utf-8")
    return analyze(load(path), today=TODAY)


def turned(value: Any) -> Any:  # noqa: ANN401  plain data
    """Return the same data with the keys of every mapping in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(item) for item in value] if isinstance(value, list) else value


@QUICK
@given(SYSTEMS)
def test_the_order_of_keys_changes_nothing(tmp_path: Path, system: dict[str, Any]) -> None:
    """Findings, states, questions and coverage are those of the content."""
    one, other = analysis_of(tmp_path, system), analysis_of(tmp_path, turned(system))

    assert [(f.id, f.state, f.severity, sorted(f.missing)) for f in one.findings] == [
        (f.id, f.state, f.severity, sorted(f.missing)) for f in other.findings
    ]
    assert [(q.fact, q.unlocks) for q in one.questions] == [(q.fact, q.unlocks) for q in other.questions]
    assert [(c.id, c.state) for c in one.coverage] == [(c.id, c.state) for c in other.coverage]


@QUICK
@given(SYSTEMS)
def test_every_finding_stands_on_a_line_and_is_counted_once(tmp_path: Path, system: dict[str, Any]) -> None:
    """A finding points into the file; groups hold each exactly once; an unknown one names what is missing."""
    analysis = analysis_of(tmp_path, system)
    seen = overview(analysis)
    grouped = [finding.id for group in (*seen.open, *seen.unknown, *seen.settled) for finding in group.findings]
    lines = len(analysis.model.graph.document.sources[analysis.model.graph.document.file].splitlines())

    assert sorted(grouped) == sorted({finding.id for finding in analysis.findings})
    assert all(1 <= finding.span.line <= lines for finding in analysis.findings)
    assert all(finding.missing for finding in analysis.findings if finding.state.value == "unknown")
    assert all(0 <= sum(step.change for step in finding.steps) for finding in analysis.findings if finding.severity > 0)


@QUICK
@given(SYSTEMS, st.data())
def test_saying_what_was_unknown_only_moves_what_hung_on_it(
    tmp_path: Path, system: dict[str, Any], data: st.DataObject
) -> None:
    """An owner that was missing is stated: findings that did not miss that fact stay as they were."""
    agent = data.draw(st.sampled_from(sorted(system["agents"])))
    unsaid = {
        **system,
        "agents": {**system["agents"], agent: {k: v for k, v in system["agents"][agent].items() if k != "owner"}},
    }
    said = {**system, "agents": {**system["agents"], agent: {**system["agents"][agent], "owner": "team"}}}
    fact = f"agents.{agent}.owner"
    before, after = analysis_of(tmp_path, unsaid), analysis_of(tmp_path, said)
    kept = {finding.id: finding.state for finding in before.findings if fact not in finding.missing}

    assert {finding.id: finding.state for finding in after.findings if finding.id in kept} == kept
    assert all(fact not in finding.missing for finding in after.findings)
