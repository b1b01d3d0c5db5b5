"""The schema of the description: complete, explained on every key, and the same to every validator."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import jsonschema
import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from threatmodel import resources

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema = dict[str, Any]


def read(name: str) -> Schema:
    schema: Schema = json.loads(resources.schema_text(name))
    return schema


SYSTEM = read("system-1")
TREATMENTS = read("treatments-1")
BOTH = pytest.mark.parametrize("schema", [SYSTEM, TREATMENTS], ids=["system", "treatments"])

SECTIONS = {
    "people": "person",
    "external": "external",
    "services": "service",
    "agents": "agent",
    "models": "model",
    "tools": "tool",
    "skills": "skill",
    "stores": "store",
    "data": "data",
    "identities": "identity",
    "credentials": "credential",
    "runtimes": "runtime",
    "controls": "control",
    "boundaries": "boundary",
}
OF_ANY_ELEMENT = {
    "description",
    "owner",
    "environment",
    "criticality",
    "instances",
    "boundary",
    "layers",
    "uses",
    "out_of_scope",
}


def nodes(schema: Any, place: str = "#") -> Iterator[tuple[str, Schema]]:  # noqa: ANN401
    """Every schema within a schema, with its place; what stands under `properties` is counted under its own name."""
    if isinstance(schema, dict):
        yield place, schema
        for key, value in schema.items():
            if key not in {"enum", "defaultSnippets", "x-same-as", "markdownEnumDescriptions"}:
                yield from nodes(value, f"{place}/{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from nodes(value, f"{place}/{index}")


def objects(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every schema that lists the keys of a mapping."""
    for place, node in nodes(schema):
        if isinstance(node.get("properties"), dict) and "type" in node:
            yield place, node


def resolve(schema: Schema, node: Schema) -> Schema:
    """A node with what it refers to; its own words win."""
    if "$ref" not in node:
        return node
    target = schema["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return {**resolve(schema, target), **node}


def accepts(description: Schema, schema: Schema = SYSTEM) -> bool:
    """Whether a description is valid; both validators have to say the same."""
    fast = jsonschema_rs.validator_for(schema).is_valid(description)
    thorough = Draft202012Validator(schema).is_valid(description)

    assert fast == thorough, description
    return fast


def of_agent(**facts: Any) -> Schema:  # noqa: ANN401
    return {"threatmodel": 1, "agents": {"triage": facts}}


def of_credential(**facts: Any) -> Schema:  # noqa: ANN401
    return {"threatmodel": 1, "credentials": {"token": facts}}


def of_action(**facts: Any) -> Schema:  # noqa: ANN401
    return {"threatmodel": 1, "tools": {"crm": {"actions": {"read_ticket": facts}}}}


def of_control(**facts: Any) -> Schema:  # noqa: ANN401
    return {"threatmodel": 1, "controls": {"approval": facts}}


@BOTH
def test_the_schema_is_itself_valid(schema: Schema) -> None:
    Draft202012Validator.check_schema(schema)

    assert schema["$id"].startswith("urn:threatmodel:")


@BOTH
def test_every_key_says_what_leaving_it_out_means(schema: Schema) -> None:
    silent = []
    for place, node in objects(schema):
        for key, described in node["properties"].items():
            text = resolve(schema, described).get("description", "")
            end = "Required." if key in node.get("required", ()) else r"Unsaid: [^.]+\."
            if not re.search(rf"^[A-Z].* {end}$", text) or len(text) > 200:
                silent.append(f"{place}/{key}: {text}")

    assert silent == []


@BOTH
def test_every_word_of_a_closed_set_is_explained(schema: Schema) -> None:
    sets = [(place, node) for place, node in nodes(schema) if isinstance(node.get("enum"), list)]

    assert sets
    for place, node in sets:
        texts = node["markdownEnumDescriptions"]
        assert len(texts) == len(node["enum"]), place
        assert all(re.fullmatch(r"[A-Z].*\.", text) for text in texts), place
        assert len({(type(word), word) for word in node["enum"]}) == len(node["enum"]), place


@BOTH
def test_nothing_is_decided_by_one_of(schema: Schema) -> None:
    assert [place for place, node in nodes(schema) if "oneOf" in node] == []


@BOTH
def test_every_mapping_refuses_keys_it_does_not_know(schema: Schema) -> None:
    open_mappings = [
        place
        for place, node in objects(schema)
        if node["additionalProperties"] is not False or list(node["patternProperties"]) != ["^x-"]
        if not place.endswith("/settings_control")
    ]

    assert open_mappings == []


@BOTH
def test_every_definition_is_used_and_every_reference_resolves(schema: Schema) -> None:
    used = {node["$ref"] for _, node in nodes(schema) if isinstance(node.get("$ref"), str)}

    assert used == {f"#/$defs/{name}" for name in schema["$defs"]}


@BOTH
def test_a_pattern_is_anchored_and_takes_linear_time_and_has_a_message(schema: Schema) -> None:
    patterns = [(place, node) for place, node in nodes(schema) if isinstance(node.get("pattern"), str)]

    assert patterns
    for place, node in patterns:
        assert node["pattern"].startswith("^"), place
        assert node["pattern"].endswith(r"$(?!\n)"), place  # Python's `$` also matches before a last line break
        assert node["patternErrorMessage"].startswith("Expected "), place
        assert node["maxLength"] <= 1000, place
        # A repeated group is safe where it begins with a character that what stands before it cannot end with.
        for group in re.findall(r"\(([^()]*[+*][^()]*)\)[+*]", node["pattern"]):
            assert group.startswith("-"), place


@BOTH
def test_synonyms_point_at_words_of_the_same_set(schema: Schema) -> None:
    for place, node in nodes(schema):
        if "enum" in node:
            for word, meant in node.get("x-same-as", {}).items():
                assert meant in node["enum"], place
                assert word in node["enum"] or {"true": True, "false": False}[word] in node["enum"], place


def test_every_section_has_its_definition() -> None:
    for section, kind in SECTIONS.items():
        assert SYSTEM["properties"][section]["additionalProperties"] == {"$ref": f"#/$defs/{kind}"}
        assert SYSTEM["$defs"][kind]["properties"].keys() >= OF_ANY_ELEMENT, kind
    for section, kind in {"flows": "flow", "treatments": "treatment"}.items():
        assert SYSTEM["properties"][section]["items"] == {"$ref": f"#/$defs/{kind}"}


def test_treatments_mean_the_same_in_a_file_of_their_own() -> None:
    for name, definition in TREATMENTS["$defs"].items():
        assert SYSTEM["$defs"][name] == definition


def test_an_empty_element_or_section_is_accepted() -> None:
    for section in SECTIONS:
        assert accepts({"threatmodel": 1, section: {"guest": None}})
        assert accepts({"threatmodel": 1, section: None})
    assert accepts({"threatmodel": 1, "system": None, "flows": None, "treatments": None})
    assert accepts(of_action() | {"tools": {"crm": {"actions": {"read_ticket": None}}}})


def test_only_the_version_of_the_format_is_required() -> None:
    assert accepts({"threatmodel": 1})
    assert not accepts({})
    assert not accepts({"threatmodel": 2})
    assert not accepts({"threatmodel": "1"})


def test_keys_of_ones_own_are_accepted_and_other_unknown_ones_are_not() -> None:
    assert accepts(of_agent(**{"x-team": ["a"]}) | {"x-note": 1, "system": {"x-cost": 3}})
    assert not accepts(of_agent(ownr="team"))
    assert not accepts(of_agent(runtime={"sandbx": "none"}))
    assert not accepts({"threatmodel": 1, "agent": {}})
    assert not accepts({"threatmodel": 1, "flows": [{"from": "a", "to": "b", "carry": "c"}]})


WORDS = {
    "stores.kind": "backup code_repository config database document documents file files log mailbox memory record"
    " registry repository secrets state vector vector_store",
    "credentials.kind": "api_key oauth_refresh_token oauth_token personal_access_token private_key"
    " service_account_key session_token ssh_key x509_svid",
    "credentials.stored_in": "env file code database secrets_manager vault broker memory prompt",
    "credentials.lifetime": "task session long never 90s 15m 8h 30d 1y",
    "credentials.rotation": "never 90d",
    "identities.kind": "issuer user workload shared service_account",
    "identities.per": "agent task user tool",
    "identities.mfa": "none otp phishing_resistant",
    "services.kind": "back_end backend ci gateway web_app workflow_engine ide device",
    "services.passes": "text typed none",
    "services.renders": "html markdown text",
    "services.loads_remote": "any allowlist none",
    "tools.kind": "function api http mcp_server connector browser code_interpreter shell agent_card library",
    "tools.runs_in": "agent_process own_process container remote",
    "tools.loads": "pinned floating none",
    "tools.version": "pinned floating dynamic",
    "tools.provider": "first_party third_party community",
    "tools.effect": "read write delete execute send pay deploy configure grant spawn",
    "tools.returns": "trusted untrusted typed",
    "tools.reversible": "yes with_effort no",
    "skills.loads": "pinned floating none",
    "boundaries.kind": "host network organisation process sandbox vendor",
    "stores.isolation": "shared per_user per_agent per_case per_tenant",
    "stores.persistence": "session cross_session",
    "stores.writers": "any public triage none",
    "stores.integrity": "signed hash append_only",
    "data.categories": "pii phi financial secret credentials",
    "data.classification": "public internal confidential restricted",
    "runtimes.sandbox": "none process container gvisor vm",
    "runtimes.egress": "any allowlist none",
    "people.trust": "untrusted partner internal curated",
    "external.content": "trusted untrusted",
    "agents.trigger": "human event schedule agent self",
    "agents.planning": "fixed model_selects model_plans self_modifying",
    "agents.oversight": "every_action risky_actions after_the_fact none",
    "agents.workload": "agentic automated human_triggered",
    "agents.acts_as": "self on_behalf_of_user impersonates",
    "agents.session": "per_task per_user shared persistent",
    "agents.operated_by": "first_party third_party",
    "agents.instances": "one many per_customer",
    "agents.criticality": "low medium high critical",
    "agents.never": "pay crm.* payments.refund case-notes",
    "controls.status": "planned declared configured tested failed absent disabled",
    "controls.applies": "always above_limit flagged when_on some",
    "controls.enforced": "outside_model in_prompt nowhere",
    "controls.at": "client tool target",
    "controls.on": "triage payments.refund customer>triage desk>payments.refund saas",
}


@pytest.mark.parametrize("place", WORDS)
def test_a_word_is_accepted_and_so_is_not_knowing(place: str) -> None:
    section, key = place.split(".")
    for word in [*WORDS[place].split(), "unknown"]:
        assert accepts({"threatmodel": 1, section: {"it": {key: word}}}), word


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        ("agents", "planning", ["fixed", "model_plans"]),
        ("agents", "oversight", ["none", "every_action"]),
        ("agents", "trust", ["partner", "internal"]),
        ("tools", "provider", ["first_party", "community"]),
        ("tools", "version", ["pinned", "dynamic"]),
        ("tools", "reversible", ["yes", "no"]),
        ("tools", "effect", ["read", "write"]),
        ("tools", "store", ["case-notes", "archive"]),
        ("credentials", "lifetime", ["15m", "never"]),
        ("credentials", "stored_in", ["env", "case-notes"]),
        ("models", "provider", ["openai", "acme"]),
    ],
)
def test_several_words_are_accepted_where_one_element_stands_for_several(
    section: str, key: str, words: list[str]
) -> None:
    assert accepts({"threatmodel": 1, section: {"it": {key: words}}})


@pytest.mark.parametrize("word", [True, False, "yes", "no", "unknown"])
def test_yes_and_no_are_accepted_as_words_and_as_values(word: bool | str) -> None:  # noqa: FBT001
    assert accepts(of_agent(runtime={"shell": word}, stop={"tested": word}))
    assert accepts(of_action(reversible=word))
    assert accepts({"threatmodel": 1, "stores": {"notes": {"validated": word, "encrypted": word}}})


def test_known_absence_can_be_said() -> None:
    assert accepts(
        of_agent(
            owner="none", identity="none", memory="none", stop="none", limits="none", tools=[], authorization="none"
        )
    )
    assert accepts({"threatmodel": 1, "tools": {"crm": {"credential": "none"}}, "stores": {"log": {"readers": "none"}}})


GOOD = {
    "access in short": of_agent(access={"audit-log": ["write", "delete"], "wiki": "read", "mail": "unknown"}),
    "access in full": of_agent(access={"mail": {"do": ["read"], "credential": "c", "data": ["d"], "to": "internal"}}),
    "a named runtime": of_agent(runtime="build-box"),
    "limits": of_agent(limits={"steps": 25, "cost_usd": 2.5, "duration": "10m", "rate": "60/h"}),
    "a delegation": of_agent(delegates_to=[{"to": "refunds", "actions": "payments.refund", "max_depth": 1}]),
    "who may change instructions": of_agent(instructions={"writable_by": "Support Platform", "from": ["wiki"]}),
    "authorization": of_agent(authorization={"decided": "per_request", "engine": "cedar", "considers": ["task"]}),
    "an amount": of_action(effect=["read", "pay"], limit={"amount": 100, "currency": "EUR"}, restored_by="copies"),
    "dots in actions": {"threatmodel": 1, "tools": {"admin": {"actions": {"users.list": None, "mail/send:v1": None}}}},
    "scopes": of_credential(scopes={"granted": ["mail.send", "https://a.example/auth/x"], "meaning": {"x": "all"}}),
    "revoked never": of_credential(revoked="never"),
    "revoked": of_credential(revoked={"on": ["task_end", "manual"], "within": "1m"}),
    "settings of its own": of_control(type="waf", settings={"mode": "block", "ruleset": "strict", "above": 500}),
    "evidence": of_control(evidence=[{"kind": "test", "ref": "docs/t.md", "date": "2026-10-20"}]),
    "flow": {"threatmodel": 1, "flows": [{"from": "a", "to": "b", "via": "gate", "content": "closed"}]},
    "assumptions": {"threatmodel": 1, "system": {"assumptions": ["one", {"text": "two", "until": "2027-01-01"}]}},
    "one assumption": {"threatmodel": 1, "system": {"assumptions": "one"}},
    "include": {"threatmodel": 1, "include": "parts/tools.yaml"},
}
BAD = {
    "a misspelt word": of_agent(planning="modelselects"),
    "a misspelt word in a list": of_agent(planning=["fixed", "modelselects"]),
    "a capital in an id": {"threatmodel": 1, "agents": {"Triage": None}},
    "two hyphens in an id": {"threatmodel": 1, "agents": {"a--b": None}},
    "a line break after an id": {"threatmodel": 1, "agents": {"a\n": None}},
    "a line break after a reference": of_agent(identity="a\n"),
    "a long id": {"threatmodel": 1, "agents": {"a" * 81: None}},
    "a space in an action": {"threatmodel": 1, "tools": {"crm": {"actions": {"read ticket": None}}}},
    "an arrow in an action": {"threatmodel": 1, "tools": {"crm": {"actions": {"a>b": None}}}},
    "an edge as a tool": of_agent(tools=["a>b"]),
    "an edge of three": of_control(on="a>b>c"),
    "a duration without a unit": of_agent(limits={"duration": 10}),
    "a duration in words": of_credential(lifetime="15 min"),
    "a rate without a unit": of_agent(limits={"rate": "60"}),
    "a number for a text": of_agent(purpose=5),
    "nothing for a key": of_agent(owner=None),
    "a list for one word": of_agent(session=["shared"]),
    "an element as a list": {"threatmodel": 1, "agents": [{"triage": None}]},
    "a delegation to nobody": of_agent(delegates_to=[{"context": "typed"}]),
    "a flow without an end": {"threatmodel": 1, "flows": [{"from": "a"}]},
    "a treatment without a decision": {"threatmodel": 1, "treatments": [{"finding": "a@b"}]},
    "a finding without a subject": {"threatmodel": 1, "treatments": [{"finding": "a", "decision": "accept"}]},
    "a date in words": {"threatmodel": 1, "system": {"reviewed": "yesterday"}},
    "an absolute path": {"threatmodel": 1, "include": "/etc/passwd"},
    "a layer in words": of_agent(layers=["model"]),
    "too long a text": of_agent(description="a" * 4001),
    "depth below one": of_agent(delegates_to=[{"to": "a", "max_depth": 0}]),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_right_is_accepted(name: str) -> None:
    assert accepts(GOOD[name])


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_refused(name: str) -> None:
    assert not accepts(BAD[name])


def test_a_file_of_treatments_is_checked() -> None:
    row = {"finding": "shared-identity@refunds-workload", "decision": "accept", "expires": "2027-01-31", "ticket": 12}

    assert accepts({"treatments": [row]}, TREATMENTS)
    assert accepts({"threatmodel-treatments": 1, "treatments": None}, TREATMENTS)
    assert not accepts({"treatments": [row | {"decision": "ignore"}]}, TREATMENTS)
    assert not accepts({"treatment": [row]}, TREATMENTS)


def test_alternatives_differ_in_type_so_that_an_error_can_name_one() -> None:
    """Either the types are apart, or a closed set stands beside an open word (`stored_in`: a word or a store)."""
    for place, node in nodes(SYSTEM):
        if "anyOf" not in node or place.endswith("/storage-place"):
            continue
        kinds = []
        for branch in node["anyOf"]:
            whole = resolve(SYSTEM, branch)
            while "anyOf" in whole and "type" not in whole:
                whole = resolve(SYSTEM, whole["anyOf"][0])
            kinds.append({whole["type"]} if isinstance(whole["type"], str) else set(whole["type"]))

        assert all(not (one & other) for one, other in pairwise(kinds)), place


def test_the_thorough_validator_names_the_key_that_is_wrong() -> None:
    (error,) = Draft202012Validator(SYSTEM).iter_errors(of_agent(ownr="team"))

    assert isinstance(error, jsonschema.ValidationError)
    assert list(error.absolute_path) == ["agents", "triage"]
    assert error.validator == "additionalProperties"
