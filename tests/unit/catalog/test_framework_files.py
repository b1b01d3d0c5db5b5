"""Each framework file states what was published: every id, every title, nothing else."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from threatmodel import resources
from threatmodel.catalog.framework import EntryKind, EntryStatus, Framework, Role, Verified, framework_from
from threatmodel.catalog.framework_check import framework_problems

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted((resources.folder("catalogs") / "frameworks").glob("*.yaml"))

LAYERS = {
    "L1": "Foundation Models",
    "L2": "Data Operations",
    "L3": "Agent Frameworks",
    "L4": "Deployment and Infrastructure",
    "L5": "Evaluation and Observability",
    "L6": "Security and Compliance",
    "L7": "Agent Ecosystem",
}
LAYER_THREATS = {
    "L1": [
        "Adversarial Examples",
        "Model Stealing",
        "Backdoor Attacks",
        "Membership Inference Attacks",
        "Data Poisoning (Training Phase)",
        "Reprogramming Attacks",
        "Denial of Service (DoS) Attacks",
    ],
    "L2": [
        "Data Poisoning",
        "Data Exfiltration",
        "Denial of Service on Data Infrastructure",
        "Data Tampering",
        "Compromised RAG Pipelines",
    ],
    "L3": [
        "Compromised Framework Components",
        "Backdoor Attacks",
        "Input Validation Attacks",
        "Supply Chain Attacks",
        "Denial of Service on Framework APIs",
        "Framework Evasion",
    ],
    "L4": [
        "Compromised Container Images",
        "Orchestration Attacks",
        "Infrastructure-as-Code (IaC) Manipulation",
        "Denial of Service (DoS) Attacks",
        "Resource Hijacking",
        "Lateral Movement",
    ],
    "L5": [
        "Manipulation of Evaluation Metrics",
        "Compromised Observability Tools",
        "Denial of Service on Evaluation Infrastructure",
        "Evasion of Detection",
        "Data Leakage through Observability",
        "Poisoning Observability Data",
    ],
    "L6": [
        "Security Agent Data Poisoning",
        "Evasion of Security AI Agents",
        "Compromised Security AI Agents",
        "Regulatory Non-Compliance by AI Security Agents",
        "Bias in Security AI Agents",
        "Lack of Explainability in Security AI Agents",
        "Model Extraction of AI Security Agents",
    ],
    "L7": [
        "Compromised Agents",
        "Agent Impersonation",
        "Agent Identity Attack",
        "Agent Tool Misuse",
        "Agent Goal Manipulation",
        "Marketplace Manipulation",
        "Integration Risks",
        "Horizontal/Vertical Solution Vulnerabilities",
        "Repudiation",
        "Compromised Agent Registry",
        "Malicious Agent Discovery",
        "Agent Pricing Model Manipulation",
        "Inaccurate Agent Capability Description",
    ],
}
CROSS_LAYER = [
    "Supply Chain Attacks",
    "Lateral Movement",
    "Privilege Escalation",
    "Data Leakage",
    "Goal Misalignment Cascades",
]
ASI = {
    "ASI01": "Agent Goal Hijack",
    "ASI02": "Tool Misuse and Exploitation",
    "ASI03": "Identity and Privilege Abuse",
    "ASI04": "Agentic Supply Chain Vulnerabilities",
    "ASI05": "Unexpected Code Execution (RCE)",
    "ASI06": "Memory & Context Poisoning",
    "ASI07": "Insecure Inter-Agent Communication",
    "ASI08": "Cascading Failures",
    "ASI09": "Human-Agent Trust Exploitation",
    "ASI10": "Rogue Agents",
}
THREATS = {
    "T1": "Memory Poisoning",
    "T2": "Tool Misuse",
    "T3": "Privilege Compromise",
    "T4": "Resource Overload",
    "T5": "Cascading Hallucination Attacks",
    "T6": "Intent Breaking & Goal Manipulation",
    "T7": "Misaligned & Deceptive Behaviors",
    "T8": "Repudiation & Untraceability",
    "T9": "Identity Spoofing & Impersonation / Agent Identity Compromise",
    "T10": "Overwhelming Human in the Loop",
    "T11": "Unexpected RCE and Code Attacks",
    "T12": "Agent Communication Poisoning",
    "T13": "Rogue Agents in Multi-Agent Systems",
    "T14": "Human Attacks on Multi-Agent Systems",
    "T15": "Human Manipulation",
    "T16": "Insecure Inter-Agent Protocol Abuse",
    "T17": "Supply Chain Compromise",
}
SUBCATEGORIES = {  # of each category, in order
    "GOVERN": [7, 3, 2, 3, 2, 2],
    "MAP": [6, 3, 5, 2, 2],
    "MEASURE": [3, 13, 3, 3],
    "MANAGE": [4, 4, 2, 3],
}


def data_of(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return data


def read(name: str) -> Framework:
    path = resources.folder("catalogs") / "frameworks" / f"{name}.yaml"
    return framework_from(data_of(path), str(path))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestEveryFile:
    """What holds of any framework file, those still to come included."""

    def test_it_has_the_published_form(self, path: Path) -> None:
        """The published schema, itself a valid one, accepts the file."""
        schema = json.loads(resources.schema_text("framework-1"))
        jsonschema.Draft202012Validator.check_schema(schema)

        assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(data_of(path))] == []

    def test_it_resolves(self, path: Path) -> None:
        """Ids are unique, parents exist, and no alias names two entries."""
        assert list(framework_problems(data_of(path))) == []

    def test_it_is_named_after_its_framework(self, path: Path) -> None:
        """A reference says which file to open."""
        assert path.stem == data_of(path)["id"]

    def test_every_entry_says_what_it_is_about(self, path: Path) -> None:
        """A summary is one or two sentences of its own, no copy of the title and no copy of another summary."""
        entries = framework_from(data_of(path), str(path)).entries
        summaries = Counter(entry.summary for entry in entries)

        assert [summary for summary, times in summaries.items() if times > 1] == []
        assert [entry.id for entry in entries if not entry.summary.endswith(".") or entry.summary == entry.title] == []

    def test_every_threat_has_its_title(self, path: Path) -> None:
        """Only lists of statements, such as NIST AI RMF, may leave a title out."""
        entries = framework_from(data_of(path), str(path)).entries

        assert [entry.id for entry in entries if entry.goes_wrong and not entry.title] == []


def test_maestro_has_seven_layers_in_csa_order() -> None:
    maestro = read("maestro")
    layers = maestro.of_kind(EntryKind.LAYER)

    assert {layer.id: layer.title for layer in layers} == LAYERS
    assert [layer.number for layer in layers] == [1, 2, 3, 4, 5, 6, 7]
    assert [layer.id for layer in layers if layer.vertical] == ["L6"]
    assert {layer.verified for layer in layers} == {Verified.PRIMARY}
    assert maestro.role is Role.LAYERS


def test_maestro_has_fifty_threats_in_layers_and_five_across() -> None:
    maestro = read("maestro")
    threats = maestro.of_kind(EntryKind.THREAT)

    assert {layer: [t.title for t in maestro.children(layer)] for layer in LAYERS} == LAYER_THREATS
    assert [len(maestro.children(layer)) for layer in LAYERS] == [7, 5, 6, 6, 6, 7, 13]
    assert [threat.title for threat in threats if threat.cross_layer] == CROSS_LAYER
    assert len(threats) == 55
    assert len(maestro.entries) == 62
    assert all(threat.cross_layer == (threat.parent is None) for threat in threats)


def test_maestro_threat_ids_are_marked_as_ours_and_as_seen_at_second_hand() -> None:
    maestro = read("maestro")
    threats = maestro.of_kind(EntryKind.THREAT)

    assert {(threat.local_id, threat.verified) for threat in threats} == {(True, Verified.SECONDARY)}
    assert all(threat.id.startswith(f"MAESTRO-{maestro.layer_of(threat.id) or 'X'}-") for threat in threats)


def test_maestro_has_the_factors_of_both_publications() -> None:
    factors = read("maestro").factors

    assert [factor.title for factor in factors] == [
        "Non-Determinism",
        "Autonomy",
        "No Trust Boundary",
        "Dynamic Identity and Access Control",
        "Agent to Agent interactions, delegations, and communication complexity",
    ]
    assert [len(factor.named_by) for factor in factors] == [2, 2, 1, 2, 2]


def test_owasp_asi_2026_has_its_ten_entries() -> None:
    framework = read("owasp-asi-2026")

    assert {entry.id: entry.title for entry in framework.entries} == ASI
    assert {(entry.kind, entry.verified) for entry in framework.entries} == {(EntryKind.RISK, Verified.PRIMARY)}
    assert framework.version == "2026"


def test_owasp_agentic_threats_has_t1_to_t17() -> None:
    framework = read("owasp-agentic-threats")

    assert {entry.id: entry.title for entry in framework.entries} == THREATS
    assert {(entry.kind, entry.verified) for entry in framework.entries} == {(EntryKind.THREAT, Verified.PRIMARY)}
    assert framework.version == "1.1"


def test_t16_and_t17_say_that_another_document_means_something_else() -> None:
    entries = read("owasp-agentic-threats").entries
    contested = {
        entry.id: [meaning.title for meaning in entry.other_meanings]
        for entry in entries
        if entry.status is EntryStatus.CONTESTED
    }

    assert contested == {
        "T16": ["Model Inconsistency Leading to Variable Approvals"],
        "T17": ["Semantic Drift in Expense Policy Embeddings"],
    }
    assert [entry.id for entry in entries if entry.since == "1.1"] == ["T16", "T17"]


def test_nist_ai_rmf_has_every_function_category_and_subcategory() -> None:
    """The ids are spelled out by counting, so that a missing, extra or misfiled one is seen."""
    framework = read("nist-ai-rmf")
    functions = list(SUBCATEGORIES)
    categories = {f"{name} {n}": name for name in functions for n in range(1, len(SUBCATEGORIES[name]) + 1)}
    subcategories = {
        f"{name} {n}.{m}": f"{name} {n}"
        for name in functions
        for n, count in enumerate(SUBCATEGORIES[name], start=1)
        for m in range(1, count + 1)
    }

    assert [entry.id for entry in framework.of_kind(EntryKind.FUNCTION)] == functions
    assert {entry.id: entry.parent for entry in framework.of_kind(EntryKind.CATEGORY)} == categories
    assert {entry.id: entry.parent for entry in framework.of_kind(EntryKind.SUBCATEGORY)} == subcategories
    assert (len(categories), len(subcategories), len(framework.entries)) == (19, 72, 95)
    assert [sum(SUBCATEGORIES[name]) for name in functions] == [19, 18, 22, 13]


def test_nist_ai_rmf_gives_no_titles_below_its_functions() -> None:
    """NIST prints a statement there, so a title would be an invention; our summary heads the entry instead."""
    framework = read("nist-ai-rmf")
    entry = framework.by_id["GOVERN 1.6"]

    assert [entry.title for entry in framework.entries if entry.title] == list(SUBCATEGORIES)
    assert entry.heading == entry.summary
    assert [parent.id for parent in framework.ancestors("GOVERN 1.6")] == ["GOVERN 1", "GOVERN"]
    assert all(entry.agent_relevant is not None for entry in framework.of_kind(EntryKind.SUBCATEGORY))


def test_codes_of_older_articles_lead_a_search_and_are_no_ids() -> None:
    frameworks = [read(path.stem) for path in FILES]
    found: dict[str, dict[bool, list[str]]] = {}
    for framework in frameworks:
        for entry in framework.entries:
            for alias in entry.search_aliases:
                found.setdefault(alias.code, {}).setdefault(alias.best, []).append(entry.reference)

    assert found == {
        "A01": {True: ["owasp-asi-2026:ASI03"], False: ["owasp-asi-2026:ASI01"]},
        "M1": {
            True: ["maestro:L3"],
            False: ["maestro:L1", "owasp-agentic-threats:T2", "owasp-asi-2026:ASI02"],
        },
    }
    assert not {"A01", "M1"} & {entry_id for framework in frameworks for entry_id in framework.by_id}
