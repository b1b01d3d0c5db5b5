"""Each safeguard of the catalog has one file, one meaning and one place in the vocabulary."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from threatmodel import resources
from threatmodel.catalog.control import (
    AUTHORIZING_SETTINGS,
    COMMON_SETTINGS,
    Acts,
    Basis,
    Confines,
    ControlType,
    Outcome,
    SameFact,
    Setting,
    SettingKind,
    control_from,
)
from threatmodel.catalog.reader import read_catalog
from threatmodel.load.source import parse

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted((resources.folder("catalogs") / "controls").glob("*.yaml"))
SCHEMA = json.loads(resources.schema_text("control-1"))
SYSTEM = json.loads(resources.schema_text("system-1"))
CONTROLS = read_catalog().controls

# Words that architects reached for before there was a list.
WORDS = """
access-control activity-log alert-correlation allowlist-review amount-limit anomaly-detection append-only-log
argument-validation audit-log authentication authorization backup-restore bot-protection change-freeze circuit-breaker
citation command-allowlist configuration-scanning connected-app-review content-filter content-marking cost-budget
cost-limit credential-expiry credential-rotation data-minimisation delegated-authorization dependency-scanning
deterministic-policy device-pairing dlp dnssec dry-run egress-allowlist encryption-at-rest environment-separation
fallback file-protection goal-monitoring human-approval independent-verification index-refresh inference-attestation
ingestion-validation input-isolation input-normalisation input-validation integrity-check ip-allowlist
just-in-time-credentials key-management learning-approval least-privilege loop-limit message-authentication mfa
micro-segmentation model-alignment monitoring mutual-tls network-restriction outbound-gating output-encoding
output-validation package-allowlist package-signing package-validation parameter-schema patch-management policy-as-code
policy-enforcement privilege-separation prompt-shield provenance query-limit quota rate-limit read-only-mode
recipient-allowlist recovery-documentation red-team-testing redaction registry-moderation replay-protection
resource-scoping retrieval-validation retry-limit reviewer-workload-limit row-level-security runtime-monitoring
sampled-review sandbox sbom scoped-delegation secret-scanning secrets-manager segmentation sender-allowlist
sender-constrained-tokens session-isolation session-limit session-memory siem signature-check spending-limit
ssrf-protection step-order supply-chain-review supply-chain-vetting system-prompt-rule tenant-isolation
token-validation tool-allowlist topic-restriction transport-encryption trusted-registry typed-channel
vendor-risk-review version-fingerprint waf workload-identity
""".split()  # noqa: SIM905 - one word a line would be three screens

# SEMANTICS 3.1: these are ids, never aliases; of all but the authorizing ones the list is complete.
ACTS = {
    Acts.GATE: {"human-approval", "independent-verification", "deterministic-policy", "outbound-gating"},
    Acts.ISOLATE: {"input-isolation", "dual-model", "typed-channel"},
    Acts.CONFINE: {
        "sandbox",
        "egress-allowlist",
        "output-encoding",
        "recipient-allowlist",
        "backup-restore",
        "memory-validation",
    },
}
AUTHORIZE = {
    "policy-enforcement",
    "policy-as-code",
    "authorization",
    "access-control",
    "delegated-authorization",
    "tool-allowlist",
    "command-allowlist",
    "least-privilege",
    "read-only-mode",
}
CONFINES = {
    "sandbox": {Confines.EXECUTION},
    "egress-allowlist": {Confines.DISCLOSURE_BY_REACH, Confines.DISCLOSURE_BY_ANSWER},
    "output-encoding": {Confines.DISCLOSURE_BY_ANSWER},
    "recipient-allowlist": {Confines.DISCLOSURE_BY_SEND},
    "backup-restore": {Confines.DESTRUCTION},
    "memory-validation": {Confines.PERSISTENCE},
}
KINDS = {"agent", "tool", "skill", "runtime", "store", "model", "credential", "identity", "flow", "delegation"}
EACH = pytest.mark.parametrize("control", CONTROLS.values(), ids=lambda control: control.id)


def data(path: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = parse(path.read_text(encoding="utf-8"), path.as_posix())
    return parsed


def test_the_schema_is_a_schema_and_knows_no_alternatives() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    assert "oneOf" not in resources.schema_text("control-1")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_keeps_to_the_schema_and_is_named_after_its_control(path: Path) -> None:
    found = data(path)

    assert [] == [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(found)]
    assert path.stem == found["id"]


def test_every_word_that_people_used_is_one_control() -> None:
    """Each word is the id or an alias of exactly one control."""
    times = Counter(name for control in CONTROLS.values() for name in control.names)

    assert {} == {word: times[word] for word in WORDS if times[word] != 1}


def test_no_name_stands_for_two_controls() -> None:
    times = Counter(name for control in CONTROLS.values() for name in control.names)

    assert [] == [name for name, count in times.items() if count > 1]


def test_titles_are_unique_and_there_are_enough_controls() -> None:
    assert len(CONTROLS) >= 45
    assert len({control.title for control in CONTROLS.values()}) == len(CONTROLS)


@pytest.mark.parametrize("acts", ACTS, ids=lambda acts: acts.value)
def test_what_gates_isolates_or_confines_is_what_the_semantics_list(acts: Acts) -> None:
    assert ACTS[acts] == {control.id for control in CONTROLS.values() if control.acts is acts}


def test_the_semantics_authorize_and_filter_by_these_ids() -> None:
    assert {CONTROLS[name].acts for name in AUTHORIZE} == {Acts.AUTHORIZE}
    assert {CONTROLS[name].acts for name in ("prompt-shield", "content-filter")} == {Acts.FILTER}


def test_confining_controls_take_away_what_the_semantics_say() -> None:
    found = {control.id: set(control.confines) for control in CONTROLS.values() if control.confines}

    assert CONFINES == found


@EACH
def test_a_control_that_detects_is_in_l5_and_any_other_in_l6(control: ControlType) -> None:
    assert control.layers == (("L5",) if control.acts is Acts.DETECT else ("L6",))


@EACH
def test_every_mapping_says_why_and_names_an_entry_that_exists(control: ControlType) -> None:
    """A proposal names no publisher; AI RMF entries have the id form of AI RMF 1.0 and are in the catalog."""
    assert any(item.entry.startswith("nist-ai-rmf:") for item in control.satisfies)
    for item in control.satisfies:
        if item.entry.startswith("nist-ai-rmf:"):
            assert re.fullmatch(r"nist-ai-rmf:(GOVERN|MAP|MEASURE|MANAGE) [1-6]\.[1-9][0-9]?", item.entry)
        assert read_catalog().entry(item.entry) is not None, item.entry
        assert len(item.reason) > 20
        assert (item.source is None) == (item.mapping is Basis.PROPOSED)


@EACH
def test_the_threats_of_a_control_can_go_wrong(control: ControlType) -> None:
    for reference in control.threats:
        entry = read_catalog().entry(reference)

        assert entry is not None, reference
        assert entry.goes_wrong, reference


@EACH
def test_settings_are_effective_by_values_that_they_take(control: ControlType) -> None:
    for setting in control.settings.values():
        if setting.values:
            assert {*setting.effective, *setting.claims} <= set(setting.values), setting.name


@EACH
def test_a_control_has_the_common_settings_and_those_of_what_it_does(control: ControlType) -> None:
    assert set(COMMON_SETTINGS) <= set(control.settings)
    assert (set(AUTHORIZING_SETTINGS) <= set(control.settings)) == (control.acts is Acts.AUTHORIZE)


@EACH
def test_a_fact_that_says_the_same_is_one_of_the_description(control: ControlType) -> None:
    """Its path leads through the schema of descriptions."""
    for kind, dotted in control.fact.at.items() if control.fact else ():
        assert kind in KINDS
        node: dict[str, Any] = SYSTEM["$defs"][kind]
        for key in dotted.split("."):
            node = node["properties"][key]
            refs = [node.get("$ref"), *(branch.get("$ref") for branch in node.get("anyOf", []))]
            inner = [SYSTEM["$defs"][ref.rsplit("/", 1)[1]] for ref in refs if ref]
            node = next((item for item in inner if "properties" in item), node)


def test_leaving_out_what_a_policy_looks_at_is_a_claim_for_policies_and_nothing_for_the_rest() -> None:
    for control in CONTROLS.values():
        if control.acts is Acts.AUTHORIZE:
            claim = control.id in {"policy-enforcement", "policy-as-code"}
            for name in ("decides", "considers"):
                assert control.settings[name].unsaid is (Outcome.CLAIM if claim else Outcome.NOTHING), control.id


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("decides", "per_request", Outcome.HOLDS),
        ("decides", "per_session", Outcome.NOTHING),
        ("decides", None, Outcome.CLAIM),
        ("decides", "unknown", Outcome.CLAIM),
        ("considers", ["role", "task"], Outcome.HOLDS),
        ("considers", "task", Outcome.HOLDS),
        ("considers", ["identity", "role"], Outcome.NOTHING),
        ("considers", ["role", "context"], Outcome.CLAIM),
        ("considers", [], Outcome.CLAIM),
        ("mode", "flag", Outcome.NOTHING),
        ("mode", None, Outcome.HOLDS),
        ("on_error", "allow", Outcome.CLAIM),
        ("acts", "after", Outcome.NOTHING),
        ("denies", ["bank.pay"], Outcome.HOLDS),
        ("required", "no", Outcome.HOLDS),
    ],
)
def test_a_value_of_a_setting_makes_the_control_hold_or_not(name: str, value: object, expected: Outcome) -> None:
    assert expected is CONTROLS["policy-enforcement"].settings[name].outcome(value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("binds", "parameters", Outcome.HOLDS),
        ("binds", "action", Outcome.HOLDS),
        ("binds", "blanket", Outcome.CLAIM),
        ("binds", None, Outcome.CLAIM),
        ("on_timeout", "deny", Outcome.HOLDS),
        ("on_timeout", "allow", Outcome.CLAIM),
        ("shows", "summary", Outcome.HOLDS),
    ],
)
def test_an_approval_is_bound_and_denies_in_silence(name: str, value: object, expected: Outcome) -> None:
    assert expected is CONTROLS["human-approval"].settings[name].outcome(value)
    assert CONTROLS["human-approval"].needs_decider


def test_flags_may_be_written_as_words() -> None:
    setting = Setting(name="tried", kind=SettingKind.FLAG, about="", effective=(True,))

    assert [Outcome.HOLDS, Outcome.HOLDS, Outcome.NOTHING] == [setting.outcome(v) for v in ("yes", True, "no")]


@pytest.mark.parametrize(
    ("control", "value", "expected"),
    [
        ("sandbox", "container", True),
        ("sandbox", "none", False),
        ("sandbox", "unknown", None),
        ("sandbox", None, None),
        ("transport-encryption", "yes", True),
        ("transport-encryption", False, False),
        ("secrets-manager", ["vault", "env"], False),
        ("secrets-manager", "my-database", None),
        ("append-only-log", ["hash", "append_only"], True),
        ("credential-expiry", "15m", True),
        ("credential-expiry", "never", False),
        ("supply-chain-vetting", "2026-10-01", True),
        ("memory-validation", "classifier", False),
    ],
)
def test_a_fact_says_whether_the_safeguard_is_in_place(control: str, value: object, expected: bool | None) -> None:  # noqa: FBT001
    fact = CONTROLS[control].fact

    assert fact is not None
    assert expected is fact.says(value)


def test_a_fact_without_unsound_values_never_contradicts() -> None:
    assert SameFact({}, ("append_only",), ()).says(["hash"]) is None


def test_what_a_file_leaves_out_has_its_documented_default() -> None:
    control = control_from(
        {
            "id": "fence",
            "title": "Fence",
            "summary": "A fence.",
            "acts": "limit",
            "stands_on": ["agent"],
            "layers": ["L6"],
            "weak_when": ["it is low"],
            "proof": [{"kind": "test", "about": "Nobody got over it."}],
            "cost": 1,
            "cost_reason": "Wood.",
            "satisfies": [{"entry": "nist-ai-rmf:MAP 4.2", "mapping": "published", "reason": "r", "source": "s"}],
            "source": "ours",
            "since": "0.1.0",
        }
    )

    assert (control.aliases, control.fact, control.by, control.threats, control.path) == ((), None, None, (), "")
    assert control.names == ("fence",)
    assert not control.needs_decider
    assert not control.acts.on_routes
    assert control.own_settings == ()
    assert control.satisfies[0].source == "s"
