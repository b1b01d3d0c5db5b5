"""Systems of any size for measurements: one drawn shape, written as a description and as a pytm model."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field

SHARES = (("person", 10), ("service", 20), ("tool", 25), ("store", 20), ("external", 5), ("model", 5), ("agent", 15))
"""Kind → percent of the elements."""


TEAM = {"agent": 8, "tool": 12, "store": 8, "service": 4, "person": 3, "model": 2, "external": 1}
"""Kind → elements of one team."""
HANDED_ON = "context: summary, identity: actor_only"
"""A delegation that says nothing of depth."""
AREA = 4
"""Teams that hand work on to one another; no work passes between areas but for listed actions."""


@dataclass(frozen=True)
class Shape:
    """Elements by name, and the connections between them."""

    kinds: dict[str, str]
    edges: list[tuple[str, str]]
    handing: dict[tuple[str, str], str] = field(default_factory=dict)
    """Delegation → what it says, where that is not the usual."""

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


def teams(size: int) -> Shape:
    """Return about `size` elements in teams: a chain of agents in each, a cycle, shared stores; few ties between."""
    choose = random.Random(size)  # noqa: S311  a repeatable shape, nothing secret
    kinds: dict[str, str] = {}
    edges: dict[tuple[str, str], None] = {}
    handing: dict[tuple[str, str], str] = {}
    members: list[dict[str, list[str]]] = []
    for number in range(max(1, round(size / sum(TEAM.values())))):
        own = {kind: [f"{kind}-{number}-{one}" for one in range(count)] for kind, count in TEAM.items()}
        members.append(own)
        kinds.update((name, kind) for kind, names in own.items() for name in names)
        agents = own["agent"]
        ties = [*itertools.pairwise(agents), (agents[5], agents[3]), (agents[0], agents[4])]
        pairs = [
            *ties,
            *((agents[one % 8], tool) for one, tool in enumerate(own["tool"])),
            *((agent, choose.choice(own["tool"])) for agent in agents[1:6]),
            *((agent, choose.choice(own["store"])) for agent in agents[::2]),
            *((agent, choose.choice(own["model"])) for agent in agents),
            *((person, choose.choice(own["service"])) for person in own["person"]),
            *((service, choose.choice(agents[:3])) for service in own["service"]),
            (own["external"][0], own["service"][0]),
            *((service, choose.choice(own["store"])) for service in own["service"]),
            (agents[7], own["service"][3]),
        ]
        edges.update(dict.fromkeys(pairs))
        handing.update(dict.fromkeys(ties, HANDED_ON))
        if number % AREA:
            tie = (members[number - 1]["agent"][choose.randrange(8)], agents[0])
            handing[tie] = HANDED_ON
        elif number:
            tie = (members[number - 1]["agent"][0], agents[0])
            handing[tie] = f"context: typed, returns: typed, actions: [{own['tool'][0]}.look]"
        else:
            continue
        edges[tie] = None
    return Shape(kinds, list(edges), handing)


def clique(size: int) -> Shape:
    """Return agents that each delegate to every other, with two tools each and outsiders who write to some."""
    kinds, edges = _crew(size)
    agents = [name for name, kind in kinds.items() if kind == "agent"]
    ties = [(one, other) for one in agents for other in agents if one != other]
    return Shape(kinds, [*edges, *ties], dict.fromkeys(ties, HANDED_ON))


def chain(size: int) -> Shape:
    """Return agents that each delegate to the next, with two tools each and outsiders who write to some."""
    kinds, edges = _crew(size)
    agents = [name for name, kind in kinds.items() if kind == "agent"]
    ties = list(itertools.pairwise(agents))
    return Shape(kinds, [*edges, *ties], dict.fromkeys(ties, HANDED_ON))


def _crew(size: int) -> tuple[dict[str, str], list[tuple[str, str]]]:
    kinds: dict[str, str] = {}
    edges: list[tuple[str, str]] = []
    for number in range(size):
        agent = f"agent-{number}"
        kinds[agent] = "agent"
        for tool in (f"tool-{number}-0", f"tool-{number}-1"):
            kinds[tool] = "tool"
            edges.append((agent, tool))
        if number % 10 == 0:
            kinds[f"person-{number}"] = "person"
            edges.append((f"person-{number}", agent))
    return kinds, edges


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
            "agent": lambda name: _agent(name, used.get(name, {}), shape.handing, choose),
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


SHAPES = {"drawn": draw, "teams": teams, "clique": clique, "chain": chain}
"""Name → what makes the shape of a size."""


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


def _agent(
    name: str, uses: dict[str, list[str]], handing: dict[tuple[str, str], str], choose: random.Random
) -> tuple[str, list[str]]:
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
            f"      - {{to: {target}, {handing.get((name, target), f'{HANDED_ON}, max_depth: 1')}}}"
            for target in uses["agent"]
        ]
    return "agents", lines
