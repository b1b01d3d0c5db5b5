"""What the README of a sample claims is what the analysis makes of it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from threatmodel.analysis.whatif import Supposition, whatif

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.derived import Derived

TODAY = date(2026, 11, 25)


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


def test_an_issue_ends_in_a_release(derived: Callable[[str], Derived]) -> None:
    """The agent cannot publish; what it leaves in the cache does."""
    found = derived("issue-triage")
    release = next(
        path for path in found.paths.listed if path.id == "anybody>triage>package-registry.publish:execution"
    )
    publish = next(one for one in found.capabilities if one.action == "package-registry.publish")

    assert release.state == "open"
    assert release.steps == ("anybody", "issues", "triage", "cache.save", "package-registry.publish")
    assert (publish.basis, publish.intent) == ("triggered", "forbidden")


def test_the_hardened_triage_still_labels_and_answers(derived: Callable[[str], Derived]) -> None:
    """Strangers still steer it, within what a label and an approved answer can do."""
    found = derived("issue-triage-hardened")

    assert {source for one in found.influences for source in one.by} >= {"anybody"}
    assert {one.action for one in found.capabilities} == {
        "code-platform.read_issue",
        "code-platform.label_issue",
        "code-platform.answer_issue",
        "source-search.find",
    }


def test_a_mail_ends_at_the_attackers_server(derived: Callable[[str], Derived]) -> None:
    """The answer is shown as markdown, and the page loads what stands in it, through an address it trusts."""
    found = derived("echoleak")
    path = next(
        one
        for one in found.paths.listed
        if one.id == "external-sender>copilot-agent>copilot-agent>attacker-server:disclosure"
    )

    assert path.state == "open"
    assert path.assets == ("work-content", "work-mail")
    assert path.steps == ("external-sender", "mailbox", "copilot-agent", "chat-ui", "teams-proxy", "attacker-server")


def test_a_shown_answer_is_a_way_out_of_its_own(derived: Callable[[str], Derived]) -> None:
    """Nobody has to describe where the request of the page goes."""
    states = path_states(derived("echoleak"))

    assert states["external-sender>copilot-agent>copilot-agent>chat-ui:disclosure"] == "open"


def test_the_hardened_assistant_still_reads_mail_of_strangers(derived: Callable[[str], Derived]) -> None:
    """Each of two controls on the way would do."""
    found = derived("echoleak-hardened")

    assert "graph-retrieval.retrieve_mail" in {one.action for one in found.capabilities}
    assert {path.broken_by for path in found.paths.listed} == {("mail-reader", "picture-gate")}


def test_an_update_copies_every_mail(derived: Callable[[str], Derived]) -> None:
    """The server is a source, and what it is handed leaves with it."""
    states = path_states(derived("postmark-mcp"))

    assert states["postmark-mcp>assistant-agent>postmark-mcp:disclosure"] == "open"
    assert states["postmark-mcp>assistant-agent>postmark-mcp.sendEmail:disclosure"] == "open"


def test_the_hardened_mail_assistant_still_sends_mail(derived: Callable[[str], Derived]) -> None:
    """Customers' text still steers it; who gets a mail is not the assistant's to say."""
    found = derived("postmark-mcp-hardened")

    assert {one.action for one in found.capabilities} == {"postmark-mcp.sendEmail", "mail-content.look_up"}
    assert [path.state for path in found.paths.listed if path.source == "customer"] == ["broken"]


def test_a_request_to_a_site_of_a_tenant_drains_the_cluster(derived: Callable[[str], Derived]) -> None:
    """The sentence is written down as an error, found by one agent, and read by another that has a terminal."""
    found = derived("operations")
    path = next(one for one in found.paths.listed if one.id == "visitor>repairer>cluster.drain:destruction")

    assert path.state == "open"
    assert path.steps[:3] == ("visitor", "edge", "request-log")
    assert "drain-approval" not in path.broken_by


def test_nobody_steers_the_agent_that_pays_credits(derived: Callable[[str], Derived]) -> None:
    """It pays on its own judgment all the same."""
    found = derived("operations")

    assert [one.agent for one in found.influences if one.agent == "credits"] == []
    assert mishap_states(found)["credits", "billing.credit", "payment"] == "open"


def test_the_hardened_crew_does_the_same_work(derived: Callable[[str], Derived]) -> None:
    """It lost the terminal and the rules of the cluster, and proposes where it wrote."""
    before, after = (
        {one.action for one in derived(name).capabilities} for name in ("operations", "operations-hardened")
    )

    assert before - after == {"cluster.set-rules", "runbook-editor.edit", "terminal.run", "web.open"}
    assert after - before == {"cluster.inspect", "manuals.open", "runbook-editor.propose"}


def test_a_branch_tells_the_fixer_what_to_do(derived: Callable[[str], Derived]) -> None:
    """Whoever opens a pull request writes the instructions; a yes given once for all previews is no answer to that."""
    found = derived("open-project")
    states = path_states(found)

    assert states["contributor>fixer>preview-site.show:execution"] == "claimed"
    assert states["contributor>fixer>forge.push_fix:persistence"] == "broken"
    assert [one.state for one in found.invariants] == ["held"]


@pytest.mark.parametrize(
    ("sample", "element"),
    [
        ("staging-cleanup-hardened", "coder"),
        ("issue-triage-hardened", "triage"),
        ("echoleak-hardened", "copilot-agent"),
        ("postmark-mcp-hardened", "assistant-agent"),
        ("postmark-mcp-hardened", "postmark-mcp"),
        ("operations-hardened", "dispatcher"),
        ("operations-hardened", "investigator"),
        ("operations-hardened", "repairer"),
        ("operations-hardened", "housekeeper"),
    ],
)
def test_an_attacker_who_has_it_opens_nothing(loaded: Callable[[str], Model], sample: str, element: str) -> None:
    """What holds does not stand in the part that fails."""
    found = whatif(loaded(sample), (Supposition("compromise", element),), TODAY)

    assert [one.id for one in (*found.paths, *found.mishaps) if one.now is not None and one.now.state != "broken"] == []
