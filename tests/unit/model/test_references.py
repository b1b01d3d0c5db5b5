from __future__ import annotations

import io
import time

import pytest

from threatmodel.diagnostics import Level
from threatmodel.load.document import SECTIONS
from threatmodel.load.loader import load_document
from threatmodel.load.shape import shape
from threatmodel.model.patterns import matches
from threatmodel.model.reference_table import REFERENCES
from threatmodel.model.references import MOST_PROBLEMS, check_references

BASE = """\
threatmodel: 1
people: {customer: {}}
external: {bank: {}}
services: {gateway: {starts: [triage]}}
agents:
  triage:
    tools: [crm, mail.send]
    memory: [notes]
    access: {log: [write]}
    delegates_to: [{to: refunds}]
    instructions: {from: [prompts]}
  refunds: {}
tools:
  crm: {actions: {read: {store: [tickets]}, write: {}}}
  mail: {}
  part: {actions: {known: {}}, actions_complete: false}
stores: {notes: {}, log: {}, tickets: {}, prompts: {}}
identities: {desk: {}}
controls:
"""


def said(control: str) -> list[tuple[str, str]]:
    """What is said of one control that is put under `BASE`, as codes and levels."""
    document = load_document("-", stdin=io.BytesIO(f"{BASE}  c: {control}\n".encode()))
    return [(problem.code, problem.level.value) for problem in check_references(document)]


@pytest.mark.parametrize(
    "on",
    [
        "triage",
        "crm.read",
        "crm.*",
        "'*'",
        "'*.read'",
        "mail.anything",
        "part.unheard-of",
        "log.write",
        "triage.shell",
        "triage>refunds",
        "crm>triage",
        "crm.read>triage",
        "mail.send>triage",
        "notes>triage",
        "log>triage",
        "tickets>triage",
        "prompts>triage",
        "gateway>triage",
        "none",
        "unknown",
        "customer",
        "c",
    ],
)
def test_a_control_can_stand_there(on: str) -> None:
    assert said(f"{{on: [{on}]}}") == []


@pytest.mark.parametrize(
    ("control", "code"),
    [
        ("{on: nobody}", "unknown-reference"),
        ("{on: crm.raed}", "unknown-action"),
        ("{on: nobody.read}", "unknown-reference"),
        ("{on: log.refund}", "unknown-action"),
        ("{on: customer.read}", "unknown-action"),
        ("{on: triage>crm}", "unknown-edge"),
        ("{on: crm.write>refunds}", "unknown-edge"),
        ("{on: nobody>triage}", "unknown-reference"),
        ("{store: crm}", "wrong-kind"),
        ("{store: nothing}", "unknown-reference"),
        ("{settings: {denies: [crm.raed]}}", "unknown-action"),
    ],
)
def test_a_control_cannot_stand_there(control: str, code: str) -> None:
    assert said(control) == [(code, "error")]


@pytest.mark.parametrize(
    ("control", "code"),
    [("{on: crm.x*}", "empty-pattern"), ("{by: custome}", "maybe-misspelt")],
)
def test_what_says_nothing_is_a_warning(control: str, code: str) -> None:
    assert said(control) == [(code, "warning")]


def test_the_table_speaks_of_kinds_and_keys_that_there_are() -> None:
    """Each key of the table is a key of the format, so that none is misspelt and none outlives a change."""
    held = shape("system-1")
    for kind, key in REFERENCES:
        schemas = [held.schema["$defs"][kind]]
        for step in key.split("."):
            below = []
            for schema in schemas:
                for form in held.forms(schema):
                    items = list(held.forms(form["items"])) if isinstance(form.get("items"), dict) else []
                    for part in (form, *items):
                        found = (
                            part.get("additionalProperties") if step == "*" else part.get("properties", {}).get(step)
                        )
                        below += [found] if isinstance(found, dict) else []
            schemas = below

        assert schemas, f"{kind}.{key}"
    assert {kind for reference in REFERENCES.values() for kind in reference.kinds} <= set(SECTIONS.values())


def test_thousands_of_misspelt_names_take_no_time() -> None:
    agents = "".join(f"  agent-{n}: {{tools: [tol-{n}, tool-{n}]}}\n" for n in range(3000))
    tools = "".join(f"  tool-{n}: {{}}\n" for n in range(3000))
    document = load_document("-", stdin=io.BytesIO(f"threatmodel: 1\nagents:\n{agents}tools:\n{tools}".encode()))
    began = time.perf_counter()
    problems = check_references(document)

    assert time.perf_counter() - began < 60
    assert len(problems) == MOST_PROBLEMS
    assert {problem.level for problem in problems} == {Level.ERROR}


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("*", "", True),
        ("a*", "ab", True),
        ("a*a", "a", False),
        ("*b*", "abc", True),
        ("a*b*c", "axxbyyc", True),
        ("a", "b", False),
    ],
)
def test_a_star_stands_for_anything(pattern: str, name: str, fits: bool) -> None:  # noqa: FBT001
    assert matches(pattern, name) == fits


def test_patterns_take_linear_time() -> None:
    began = time.perf_counter()

    assert not matches("a*" * 5000 + "b", "a" * 10_000)
    assert time.perf_counter() - began < 20
