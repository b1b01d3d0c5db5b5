"""What the README of a sample claims is what the analysis makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from threatmodel.analysis.derived import Derived


def path_states(found: Derived) -> Mapping[str, str]:
    """Return the state of each attack path by its id."""
    return {path.id: path.state for path in found.paths.listed}


def mishap_states(found: Derived) -> Mapping[tuple[str, str, str], str]:
    """Return the state of each mishap by agent, action and impact."""
    return {(one.agent, one.action, one.impact): one.state for one in found.mishaps}


def test_staging_cleanup_deletes_production_without_an_attacker(derived: Callable[[str], Derived]) -> None:
    """The token found in a file opens an action that no tool of the agent has."""
    found = derived("staging-cleanup")
    deletion = next(one for one in found.capabilities if one.action == "production.delete_volume")

    assert mishap_states(found)["coder", "production.delete_volume", "destruction"] == "open"
    assert (deletion.basis, deletion.credential, deletion.intent) == ("latent", "domain-token", "forbidden")
    assert [(one.never, one.state) for one in found.invariants] == [("production.delete_volume", "reached")]


def test_staging_cleanup_has_no_attacker_for_certain(derived: Callable[[str], Derived]) -> None:
    """All that could be an outsider's text is what comes back from the log, of which nobody has said who writes it."""
    found = derived("staging-cleanup")

    assert {path.state for path in found.paths.listed} == {"unknown"}
    assert {fact for path in found.paths.listed for fact in path.missing} == {"tools.staging.actions.read_logs.returns"}


def test_the_hardened_clean_up_still_cleans_up(derived: Callable[[str], Derived]) -> None:
    """It keeps its work, shell included, and has lost what was never meant."""
    before, after = (
        {one.action for one in derived(name).capabilities} for name in ("staging-cleanup", "staging-cleanup-hardened")
    )

    assert before - after == {"production.attach_domain", "production.delete_volume"}
    assert after - before == {"workspace.propose_change"}
