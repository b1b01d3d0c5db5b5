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
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def subjects(run: Callable[..., Result], path: Path) -> list[str]:
    """Return a finding, the first path of each impact and state, and a mishap."""
    data = json.loads(run("analyze", path, "--format", "json").stdout)
    found = {(one["impact"], one["state"]): one["id"] for one in reversed(data["paths"])}
    names = [*(one["id"] for one in data["findings"][:1]), *list(found.values())[:3]]
    return [*names, *(f"{one['agent']}>{one['action']}:{one['impact']}" for one in data["mishaps"][:1])]


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
        for key, definition in (("stages", "stage"), ("closings", "closing"), ("missing", "question")):
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
    assert "customer can make triage give away ticket by mailer.reply" in text
    assert "customer is an outsider (trust: untrusted) [4.1a]" in text
    assert "- mail-screening (prompt-shield, line 162) does nothing: a filter that is only a claim" in plain(text)
    assert "mailer.reply takes it outside (to: external) [7.2]" in text
    assert "human-approval on mailer.reply (cost 1, closes 3 paths in all)" in text
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

    assert "Without any attacker, coder can destroy or overwrite what is there by production.delete_volume" in text
    assert "domain-token lies in its reach and opens production.delete_volume, past the tool" in text
    assert "nightly-copies (backup-restore, line 107) does nothing: it lies in volume-copies" in text
    assert "human-approval on production.delete_volume (cost 1)" in text


def test_what_is_missing_comes_with_the_line_to_paste(run: Callable[..., Result]) -> None:
    text = run("explain", STAGING, "staging.read_logs>coder>coder.shell:execution").stdout

    assert "Nobody can tell whether whoever wrote what staging.read_logs brings back can make coder" in plain(text)
    assert "\nreturns: unknown,\n" in text
    assert text.index("What nobody has said") < text.index("What would close it")


def test_a_claim_is_named_as_a_cure_only_where_it_would_be_one(run: Callable[..., Result]) -> None:
    path = ROOT / "samples" / "maestro-devops" / "system.yaml"
    name = "pr-author>infra-agent>mcp-server.apply:privilege"
    text = run("explain", path, name).stdout

    assert "only claims stand in between: plan-policy (its status is declared" in plain(text)
    assert "verdict-schema (typed-channel, line 134) is only a claim" in plain(text)
    assert "plan-policy, once it is more than a claim" in plain(text)
    assert "verdict-schema, once it is more than a claim" not in plain(text)
    assert ["plan-policy"] == json.loads(run("explain", path, name, "--format", "json").stdout)["mends"]


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
    path.write_text(text, encoding="utf-8")
    paste = json.loads(run("explain", path, name, "--format", "json").stdout)["closings"][0]["paste"]
    path.write_text(text.replace("\ncontrols:\n", f"\ncontrols:\n{paste}\n"), encoding="utf-8")

    assert 0 == run("validate", path).exit_code


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

    assert "guest can make bot pay by till.pay" in text
    assert not {"\u202e", "\x1b"} & set(text)
