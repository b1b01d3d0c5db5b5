"""Systems of any size for measurements: one drawn shape, written as a description and as a pytm model."""

from __future__ import annotations

import random
from dataclasses import dataclass

SHARES = (("person", 10), ("service", 20), ("tool", 25), ("store", 20), ("external", 5), ("model", 5), ("agent", 15))
"""Kind → percent of the elements."""


@dataclass(frozen=True)
class Shape:
    """Elements by name, and the connections between them."""

    kinds: dict[str, str]
    edges: list[tuple[str, str]]

    def of(self, kind: str) -> list[str]:
        """Return the names of one kind."""
        return [name for name, own in self.kinds.items() if own == kind]


def draw(size: int) -> Shape:
    """Return `size` elements with twice as many connections; the same size gives the same shape."""
    choose = random.Random(size)  # noqa: S311  a repeatable shape, nothing secret
    kinds: dict[str, str] = {}
    for kind, share in SHARES:
        for number in range(max(1, size * share // 100)):
            kinds[f"{kind}-{number}"] = kind
    names = {kind: [name for name, own in kinds.items() if own == kind] for kind, _ in SHARES}
    edges: dict[tuple[str, str], None] = {}
    ways = (
        ("agent", "tool", 30),
        ("agent", "store", 10),
        ("agent", "agent", 8),
        ("agent", "model", 4),
        ("person", "agent", 12),
        ("person", "service", 12),
        ("service", "agent", 12),
        ("external", "service", 6),
        ("service", "store", 6),
    )
    total = sum(weight for *_, weight in ways)
    for source, target, weight in ways:
        wanted = len(edges) + 2 * size * weight // total
        for _ in range(20 * size):
            if len(edges) >= wanted:
                break
            one, other = choose.choice(names[source]), choose.choice(names[target])
            if one != other:
                edges[(one, other)] = None
    return Shape(kinds, list(edges))


def description(shape: Shape) -> str:
    """Return the shape as a description, with the keys that people fill in first."""
    choose = random.Random(len(shape.kinds))  # noqa: S311  as above
    out: dict[str, list[str]] = {
        section: []
        for section in (
            "people",
            "external",
            "services",
            "agents",
            "models",
            "tools",
            "stores",
            "identities",
            "credentials",
            "flows",
        )
    }
    used: dict[str, dict[str, list[str]]] = {}
    for source, target in shape.edges:
        kinds = (shape.kinds[source], shape.kinds[target])
        if kinds[0] == "agent" and kinds[1] in {"tool", "store", "agent", "model"}:
            used.setdefault(source, {}).setdefault(kinds[1], []).append(target)
        else:
            out["flows"].append(
                f"  - {{from: {source}, to: {target}, authenticated: {choose.choice(('true', 'false'))}}}"
            )
    for name, kind in shape.kinds.items():
        write = {
            "person": lambda name: ("people", [f"  {name}: {{trust: {choose.choice(('untrusted', 'internal'))}}}"]),
            "external": lambda name: ("external", [f"  {name}: {{trust: partner}}"]),
            "service": lambda name: ("services", [f"  {name}: {{kind: back_end, owner: team-{choose.randrange(9)}}}"]),
            "model": lambda name: (
                "models",
                [f"  {name}: {{provider: openai, hosting: vendor, version: {choose.choice(('pinned', 'floating'))}}}"],
            ),
            "store": lambda name: (
                "stores",
                [f"  {name}: {{kind: memory, persistence: cross_session, isolation: per_user, validated: false}}"],
            ),
            "tool": lambda name: _tool(name, choose),
            "agent": lambda name: _agent(name, used.get(name, {}), choose),
        }[kind]
        section, lines = write(name)
        out[section] += lines
    for name in shape.of("tool"):
        out["identities"].append(f"  {name}-id: {{kind: workload}}")
        out["credentials"].append(
            f"  {name}-key: {{kind: api_key, identity: {name}-id, lifetime: {choose.choice(('15m', '90d', 'never'))}, "
            f"stored_in: {choose.choice(('env', 'vault'))}}}"
        )
    return "threatmodel: 1\nsystem: {name: Generated, criticality: medium}\n" + "".join(
        f"{section}:\n" + "\n".join(lines) + "\n" for section, lines in out.items() if lines
    )


def _tool(name: str, choose: random.Random) -> tuple[str, list[str]]:
    effects = ("read", "write", "send", "delete")
    return "tools", [
        f"  {name}:",
        "    kind: mcp_server",
        f"    provider: {choose.choice(('first_party', 'third_party'))}",
        f"    credential: {name}-key",
        "    actions:",
        f"      look: {{effect: read, returns: {choose.choice(('trusted', 'untrusted'))}}}",
        f"      act: {{effect: {choose.choice(effects)}, reversible: yes}}",
    ]


def _agent(name: str, uses: dict[str, list[str]], choose: random.Random) -> tuple[str, list[str]]:
    lines = [
        f"  {name}:",
        f"    owner: team-{choose.randrange(9)}",
        "    trigger: event",
        "    planning: model_selects",
        "    oversight: risky_actions",
    ]
    if "model" in uses:
        lines.append(f"    model: {uses['model'][0]}")
    lines.append(f"    tools: [{', '.join(uses.get('tool', []))}]")
    if "store" in uses:
        lines.append(f"    memory: [{', '.join(uses['store'])}]")
    if "agent" in uses:
        lines.append("    delegates_to:")
        lines += [
            f"      - {{to: {target}, context: summary, identity: actor_only, max_depth: 1}}"
            for target in uses["agent"]
        ]
    return "agents", lines
