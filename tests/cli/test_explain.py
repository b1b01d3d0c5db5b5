"""What `explain` says: one sentence that answers, every step with its line, what would close it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from threatmodel.resources import schema_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

ROOT = Path(__file__).parents[2]
DESK = Path("samples/support-desk/system.yaml")
STAGING = Path("samples/staging-cleanup/system.yaml")
SAMPLES = sorted((ROOT / "samples").glob("*/system.yaml")) + sorted((ROOT / "templates" / "patterns").glob("*.yaml"))
SCREEN = 45  # lines
PARTS = (
    ("stages", "stage"), ("closings", "closing"), ("amendings", "amending"), ("restatings", "restating"),
    ("keepings", "keeping"), ("missing", "question"),
)  # fmt: skip
"""Lists and what they hold."""
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def subjects(run: Callable[..., Result], path: Path) -> list[str]:
    """Return a finding, the first path of each impact and state, and a mishap."""
    data = json.loads(run("analyze", path, "--format", "json").stdout)
    found = {(one["impact"], one["state"]): one["id"] for one in reversed(data["paths"])}
    names = [*(one["id"] for one in data["findings"][:1]), *list(found.values())[:3]]
    names += [f"{one['agent']}>{one['action']}:{one['impact']}" for one in data["mishaps"][:1]]
    return [*names, *(f"{one['agent']} never {one['never']}" for one in data["invariants"][:1])]


def plain(text: str) -> str:
    """Return a text as one line."""
    return " ".join(text.split())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_sample_passes_the_published_schema(run: Callable[..., Result], path: Path) -> None:
    schema = json.loads(schema_text("explain-1"))
    for name in subjects(run, path):
        data: dict[str, Any] = json.loads(run("explain", path, name, "--format", "json").stdout)
        jsonschema.validate(data, schema, jsonschema.Draft202012Validator)

        assert name == data["id"]
        assert list(schema["properties"]) == list(data)
        for key, definition in PARTS:
            for entry in data[key][:1]:
                assert set(schema["$defs"][definition]["properties"]) == set(entry)


@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("path", [DESK, STAGING], ids=str)
def test_no_line_is_too_wide_and_colour_is_only_colour(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, path: Path, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for name in subjects(run, path):
        text = run("explain", path, name).stdout

        assert text == ESCAPE.sub("", run("explain", path, name, "--color", "always").stdout)
        assert width >= max(map(len, text.split("\n")))


def test_a_path_is_answered_in_one_sentence_and_proven_on_a_screen(run: Callable[..., Result]) -> None:
    text = run("explain", DESK, "customer>triage>mailer.reply:disclosure").stdout

    assert SCREEN >= text.count("\n")
    assert "customer can make triage give away ticket through mailer.reply" in text
    assert "customer is an outsider (trust: untrusted)\n" in text
    assert "- mail-screening (prompt-shield, line 162) does nothing: a filter that is only a claim" in plain(text)
    assert "mailer.reply takes it outside (to: external)\n" in text
    assert "human-approval on mailer.reply (cost 1); closes 4 paths in all" in text
    assert "on: [mailer.reply]" in text
    assert text.index("How, step by step\n") < text.index("What would close it") < text.index("Why high")


def test_a_broken_path_names_what_stops_it(run: Callable[..., Result]) -> None:
    text = run("explain", DESK, "customer>triage>payments.refund:payment").stdout

    assert text.startswith("broken ")
    assert "refund-approval (configured) stops it." in plain(text)
    assert "refunds.authorization (policy-enforcement, line 63) does nothing" in plain(text)
    assert "What would close it" not in text


def test_a_mishap_needs_no_attacker(run: Callable[..., Result]) -> None:
    text = plain(run("explain", STAGING, "coder>production.delete_volume:destruction").stdout)

    assert "Without any attacker, coder can destroy or overwrite what is there through production.delete_volume" in text
    assert "domain-token lies in its reach and opens production.delete_volume, past the tool: only what the" in text
    assert "nightly-copies (backup-restore, line 107) does nothing: it lies in volume-copies" in text
    assert "control ask-before-deleting (human-approval on" in text
    assert "- enforced: outside_model (now in_prompt)" in text
    assert "credentials.domain-token.scopes.granted: [production.attach_domain] (now [production.*])" in text
    assert "stores.volume-copies.integrity: [append_only] (nobody says it now)" in text


def test_a_control_that_is_enforced_says_which_step_it_stops(run: Callable[..., Result]) -> None:
    text = plain(run("explain", STAGING, "staging.read_logs>coder>production.delete_volume:destruction").stdout)

    assert (
        "- enforced: outside_model (now in_prompt): by what the model cannot talk out of it; it then stops step" in text
    )


def test_a_backup_is_not_sent_where_nobody_says_that_its_data_lies(run: Callable[..., Result]) -> None:
    text = plain(run("explain", STAGING, "staging.read_logs>coder>production.delete_volume:destruction").stdout)

    assert "store: staging-dumps" not in text


def test_a_store_that_holds_the_data_is_named_for_a_backup(run: Callable[..., Result], tmp_path: Path) -> None:
    text = (ROOT / STAGING).read_text(encoding="utf-8")
    path = tmp_path / "system.yaml"
    path.write_text(text.replace("staging-dumps: {", "staging-dumps: {data: [booking], "), encoding="utf-8")
    found = plain(run("explain", path, "staging.read_logs>coder>production.delete_volume:destruction").stdout)

    assert "store: staging-dumps (now volume-copies)" in found
    assert "the evidence must be of a restore from there" in found


def test_what_is_absent_and_would_not_help_is_not_offered(run: Callable[..., Result]) -> None:
    path = ROOT / "samples" / "echoleak" / "system.yaml"
    data = json.loads(run("analyze", path, "--format", "json").stdout)
    name = next(one["id"] for one in data["paths"] if one["source"] == "external-sender")
    text = plain(run("explain", path, name).stdout)

    assert "external-mail-switch (retrieval-validation, line 92) is absent; it would only weaken this: a filter" in text
    assert "mail-separation (input-isolation, line 85) is absent -" in text
    assert "input-isolation on teams-proxy" not in text


def test_what_is_missing_comes_with_the_line_to_paste(run: Callable[..., Result]) -> None:
    text = run("explain", STAGING, "staging.read_logs>coder>coder.shell:execution").stdout

    assert "whether an outsider whose text comes back from staging.read_logs can make coder" in plain(text)
    assert "\nreturns: unknown,\n" in text
    assert "# gone if trusted or typed, open if untrusted" in text
    assert text.index("What would settle it") < text.index("What would close it")


def test_a_claim_is_named_as_a_cure_only_where_it_would_be_one(run: Callable[..., Result]) -> None:
    path = ROOT / "samples" / "maestro-devops" / "system.yaml"
    name = "pr-author>infra-agent>mcp-server.apply:privilege"
    text = run("explain", path, name).stdout

    assert "only claims stand in between: plan-policy (its status is declared" in plain(text)
    assert "verdict-schema (typed-channel, line 134) is only a claim" in plain(text)
    assert "control plan-policy (policy-as-code on mcp-server.apply), once it says all of this" in plain(text)
    assert "control verdict-schema" not in plain(text)
    assert ["plan-policy"] == json.loads(run("explain", path, name, "--format", "json").stdout)["mends"]


def test_the_rules_that_decide_are_numbered_on_demand(run: Callable[..., Result]) -> None:
    text = run("explain", DESK, "customer>triage>mailer.reply:disclosure", "--full").stdout

    assert "customer is an outsider (trust: untrusted) [4.1a]" in text
    assert "Numbers in brackets: the rules of the semantics that decide" in text


CLOSED = {
    "desk, pinned": (DESK, "mailer>triage>mailer:disclosure", ["tools.mailer.version"]),
    "devops, the described approval": (
        Path("samples/maestro-devops/system.yaml"), "pr-author>deploy-agent>prod-env.deploy:execution",
        ["controls.approval-ui.status", "controls.approval-ui.settings.binds"],
    ),
    "rag, the described approval": (
        Path("samples/maestro-rag-support/system.yaml"),
        "email-ingress>support-agent>support-agent>customer:disclosure",
        ["controls.hitl-dashboard.status", "controls.hitl-dashboard.applies", "controls.hitl-dashboard.settings.binds",
         "controls.hitl-dashboard.settings.on_timeout"],
    ),
    "echoleak, an absent isolation": (
        Path("samples/echoleak/system.yaml"),
        "graph-retrieval.retrieve>copilot-agent>copilot-agent>attacker-server:disclosure",
        ["controls.mail-separation.status"],
    ),
    "staging, the token": (
        STAGING, "coder>production.delete_volume:destruction", ["credentials.domain-token.scopes.granted"],
    ),
    "issue triage, the absent approval": (
        Path("samples/issue-triage/system.yaml"), "anybody>triage>package-registry.publish:execution",
        ["controls.release-approval.status", "controls.release-approval.settings.binds",
         "controls.release-approval.settings.on_timeout", "controls.release-approval.by"],
    ),
}  # fmt: skip
"""What is asked → facts that are all there is to say."""


@pytest.mark.parametrize(("path", "name", "facts"), CLOSED.values(), ids=CLOSED)
def test_what_the_description_has_comes_first_and_really_closes_it(
    run: Callable[..., Result], path: Path, name: str, facts: list[str]
) -> None:
    data = json.loads(run("explain", path, name, "--format", "json").stdout)
    known = [*data["amendings"], *data["restatings"]]
    one = next(one for one in known if facts == [change["fact"] for change in one["changes"]])
    changes = [part for change in one["changes"] for part in ("--set", f"{change['fact']}={change['value']}")]
    after = json.loads(run("whatif", path, *changes, "--format", "json").stdout)
    kind = "paths" if data["kind"] == "path" else "mishaps"
    became = {one["id"] if kind == "paths" else f"{one['agent']}>{one['action']}:{one['impact']}": one["now"]
              for one in after[kind]}  # fmt: skip
    types = {(closing["control"], closing["on"]) for closing in data["closings"]}

    assert became[name] is None or became[name]["state"] == "broken"
    assert ("human-approval", "package-registry.publish") not in types
    assert ("human-approval", "prod-env.deploy") not in types


def test_every_change_that_is_named_was_tried(run: Callable[..., Result]) -> None:
    """Whatever path of a sample: each way to close it does so when `whatif` is asked."""
    name = "mcp-server.apply>infra-agent>mcp-server.apply:privilege"
    path = Path("samples/maestro-devops/system.yaml")
    data = json.loads(run("explain", path, name, "--format", "json").stdout)

    assert data["restatings"]
    for one in (*data["amendings"], *data["restatings"]):
        changes = [part for change in one["changes"] for part in ("--set", f"{change['fact']}={change['value']}")]
        after = json.loads(run("whatif", path, *changes, "--format", "json").stdout)
        states = {path["id"]: path["now"] for path in after["paths"]}
        assert name in states
        assert states[name] is None or states[name]["state"] == "broken"


def test_a_broken_path_says_what_keeps_it_so(run: Callable[..., Result]) -> None:
    name = "customer>triage>payments.refund:payment"
    text = plain(run("explain", DESK, name).stdout)
    kept = json.loads(run("explain", DESK, name, "--format", "json").stdout)["keepings"][0]

    assert "refund-approval holds, and is not proven; without it: open" in text
    assert "to prove it: status: tested" in text
    assert "Would be high if it were not closed" in text
    assert ("refund-approval", False, "open") == (kept["control"], kept["proven"], kept["without"])


def test_what_shall_never_be_is_proven_like_a_path(run: Callable[..., Result]) -> None:
    """Under the name that `paths` shows: why the agent can, and what closes that; or what keeps it from it."""
    reached = plain(run("explain", STAGING, "coder never production.delete_volume").stdout)
    kept = plain(run("explain", DESK, "triage never payments.refund").stdout)

    assert "coder never production.delete_volume" in run("paths", STAGING).stdout
    assert "coder shall never do production.delete_volume, and it can: nothing holds it back." in reached
    assert "- enforced: outside_model (now in_prompt)" in reached
    assert "credentials.domain-token.scopes.granted: [production.attach_domain]" in reached
    assert "only refund-approval keeps it from that" in kept
    assert "refund-approval holds, and is not proven; without it: open" in kept


def test_a_finding_about_a_path_shows_its_route(run: Callable[..., Result]) -> None:
    path = ROOT / "templates" / "patterns" / "multi-agent-team.yaml"
    found = json.loads(run("analyze", path, "--format", "json").stdout)["findings"]
    name = next(one["id"] for one in found if one["path"] and "destruction" in one["id"])
    data = json.loads(run("explain", path, name, "--format", "json").stdout)
    text = run("explain", path, name).stdout

    assert "finding" == data["kind"]
    assert data["stages"]
    assert data["closings"]
    assert "What the description says" not in text
    assert text.index("why ") < text.index("step by step") < text.index("What would close it")


def test_a_finding_shows_its_facts_with_their_lines(run: Callable[..., Result]) -> None:
    name = "unscoped-tool-credential@production"
    text = run("explain", STAGING, name).stdout
    data = json.loads(run("explain", STAGING, name, "--format", "json").stdout)

    assert "What the description says" in text
    assert "credential: domain-token" in text
    assert "owasp-asi-2026: ASI03, ASI02" in text
    assert data["finding"]["evidence"][0]["line"] == "credential: domain-token"


def test_a_number_is_a_group_of_analyze_and_a_part_is_enough(run: Callable[..., Result]) -> None:
    listed = json.loads(run("analyze", STAGING, "--format", "json").stdout)["findings"]
    first = json.loads(run("explain", STAGING, "1", "--format", "json").stdout)
    part = json.loads(run("explain", STAGING, "unscoped-tool-credential", "--format", "json").stdout)

    assert listed[0]["id"] == first["id"]
    assert "unscoped-tool-credential@production" == part["id"]


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("mailer.reply:disclosure", "is a part of"),
        ("customer>triage>mailer.rply:disclosure", "did you mean 'customer>triage>mailer.reply:disclosure'?"),
        ("4711", "no group has the number 4711; there are 1 to"),
        ("zzzzzz", "nothing is named 'zzzzzz'"),
    ],
)
def test_what_is_not_one_thing_is_asked_back(run: Callable[..., Result], subject: str, says: str) -> None:
    result = run("explain", DESK, subject)

    assert 2 == result.exit_code
    assert says in result.stderr


@pytest.mark.parametrize("name", ["customer>triage>mailer.reply:disclosure", "refunds>payments.refund:payment"])
def test_the_control_to_paste_loads(run: Callable[..., Result], tmp_path: Path, name: str) -> None:
    """The lines go below `controls:`, or bring the section along, and leave a description that loads."""
    text = (ROOT / DESK).read_text(encoding="utf-8")
    text = text.replace("    status: configured\n    evidence: [", "    status: declared\n    evidence: [")
    path = tmp_path / "system.yaml"
    text = text.replace("    on: [payments.refund]\n    by: team-lead", "    on: [crm.read_ticket]\n    by: team-lead")
    path.write_text(text, encoding="utf-8")
    paste = json.loads(run("explain", path, name, "--format", "json").stdout)["closings"][0]["paste"]
    path.write_text(text.replace("\ncontrols:\n", f"\ncontrols:\n{paste}\n"), encoding="utf-8")

    assert 0 == run("validate", path).exit_code
    assert "broken" != json.loads(run("explain", path, name, "--format", "json").stdout)["state"]

    proof = "status: tested, evidence: [{kind: test, ref: x, date: 2026-11-01}]}"
    filled = paste.replace("by: unknown", "by: team-lead").replace("status: planned}", proof)
    path.write_text(text.replace("\ncontrols:\n", f"\ncontrols:\n{filled}\n"), encoding="utf-8")

    assert "broken" == json.loads(run("explain", path, name, "--format", "json").stdout)["state"]


def test_the_same_input_gives_the_same_bytes_and_a_file(run: Callable[..., Result], tmp_path: Path) -> None:
    target = tmp_path / "proof"
    written = run("explain", DESK, "1", "-o", target)

    assert "Wrote" in written.stderr
    assert run("explain", DESK, "1").stdout == target.read_text(encoding="utf-8")


def test_names_that_hide_are_shown_as_codes(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "system.yaml"
    path.write_text(
        "threatmodel: 1\npeople: {guest: {trust: untrusted}}\nagents: {bot: {planning: model_plans, tools: [till]}}\n"
        "tools: {till: {actions: {pay: {effect: pay, returns: trusted}}}}\n"
        'services: {gate: {description: "1\\u202e"}}\n'
        "flows: [{from: guest, to: bot}]\n",
        encoding="utf-8",
    )
    text = run("explain", path, "guest>bot>till.pay:payment").stdout

    assert "guest can make bot pay money through till.pay" in text
    assert not {"\u202e", "\x1b"} & set(text)


def test_a_control_on_a_store_is_named_where_text_of_unknown_writers_begins(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    path = tmp_path / "system.yaml"
    path.write_text(
        "threatmodel: 1\nagents: {reader: {access: {shelf: [read]}}, payer: {tools: [till]}}\nstores: {shelf: {}}\n"
        "tools: {till: {provider: first_party, actions: {refund: {effect: pay}}}}\n"
        "flows: [{from: reader, to: payer}]\n"
        "controls: {guard: {type: input-isolation, on: [shelf], status: configured}}\n",
        encoding="utf-8",
    )
    said = run("explain", path, "shelf>payer>till.refund:payment").stdout

    assert "guard (input-isolation, line 6) holds: configured" in said
