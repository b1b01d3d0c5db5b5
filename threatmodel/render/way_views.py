"""Analysis → sketches of ways: what one agent can do and through what, and one attack path from source to impact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.diagnostics import did_you_mean
from threatmodel.errors import RenderError
from threatmodel.render.agent_view import answers
from threatmodel.render.report_controls import CLAIMED, CONFIGURED, control_rows
from threatmodel.render.sketch import Line, Node, Sketch
from threatmodel.render.story import kind_of, story
from threatmodel.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.capability import Capability
    from threatmodel.analysis.paths import AttackPath
    from threatmodel.render.agent_view import Ability, AgentAnswer
    from threatmodel.render.story import Station

CAPABILITY: Final = "capability:"
PATH: Final = "path:"
MOST_ABILITIES: Final = 60  # of one picture; the worst first
MOST_NEAR: Final = 5  # ids that a message lists
TOGETHER: Final = 4  # intended actions by one way from which they share a node
WORDS: Final = {
    "forbidden": "FORBIDDEN", "excess": "beyond what is intended", "unknown": "unknown", "unstated": "no bounds stated",
    "intended": "intended",
}  # fmt: skip
_STATE_TONES: Final = {"state-open": "open", "state-claimed": "unknown", "state-unknown": "unknown"}


class UnknownNameError(RenderError):
    """A view of an agent or a path that does not exist."""


def way_view(analysis: Analysis, view: str) -> Sketch:
    """
    Return the sketch of `capability:AGENT` or `path:ID`.

    Raises:
        UnknownNameError: there is no such agent or path, or several paths bear that part of an id.
    """
    if view.startswith(CAPABILITY):
        return capability(analysis, view.removeprefix(CAPABILITY))
    return path(analysis, view.removeprefix(PATH))


def capability(analysis: Analysis, name: str) -> Sketch:
    """Everything one agent can do, and the delegations, secrets, tools and gates on the way to it."""
    found = {one.agent.id: one for one in answers(analysis.model.graph, analysis.derived)}
    if name not in found:
        raise UnknownNameError(visible(f"no agent is named '{name}'; {_hint(name, found)}"))
    return _Ways(analysis, found[name]).sketch()


class _Ways:
    """The nodes and lines of one agent's ways, each once."""

    def __init__(self, analysis: Analysis, answer: AgentAnswer) -> None:
        self._graph = analysis.model.graph
        self._answer = answer
        self._controls = control_rows(analysis)
        self._nodes: dict[str, Node] = {}
        self._lines: dict[tuple[str, str], Line] = {}
        self._own: dict[str, tuple[str, frozenset[str]]] = {}
        """Action that the agent calls itself → its node, and the gates before it."""

    def sketch(self) -> Sketch:
        agent, abilities = self._answer.agent, self._answer.abilities
        self._node(agent.id, agent.id, "agent")
        groups: dict[tuple[str, ...], list[Ability]] = {}
        for ability in abilities[:MOST_ABILITIES]:
            one = ability.first
            alone = ability.verdict in {"forbidden", "excess", "unknown"}
            key = (*one.route[1:-1], one.credential or "", one.action.partition(".")[0], ability.verdict, one.basis,
                   *one.gates, "|", *one.claims, one.action if alone else "")  # fmt: skip
            groups.setdefault(key, []).append(ability)
        attached_first = sorted(groups.values(), key=lambda same: same[0].first.basis != "attached")
        for same in attached_first:
            for some in [same] if len(same) >= TOGETHER else [[one] for one in same]:
                self._way(some)
        cut = len(abilities) - MOST_ABILITIES
        note = f" Not in this picture: {cut} further actions, none worse than these." if cut > 0 else ""
        return Sketch(
            f"capability-{agent.id}", f"What {agent.id} can do right now", "capability", tuple(self._nodes.values()),
            tuple(self._lines.values()), note=f"{_VERDICTS}{note}",
        )  # fmt: skip

    def _way(self, abilities: list[Ability]) -> None:
        """Draw the way to one action, or to several by the same way."""
        one, verdict = abilities[0].first, abilities[0].verdict
        here, passed = self._along(one.route[1:-1])
        here = self._with(one, here)
        tool = one.action.partition(".")[0]
        element = self._graph.elements.get(tool)
        if element is not None and tool != one.action and element.kind in {"tool", "skill"} and tool not in one.route:
            here = self._line(here, self._node(f"{here}|{tool}", tool, element.kind), "flow")
        kind = "stopped" if passed.intersection(one.gates) else "flow"
        for name in one.claims:
            here = here if name in passed else self._line(here, self._gate(here, name, CLAIMED.word), kind)
        for name in one.gates:
            here = here if name in passed else self._line(here, self._gate(here, name, CONFIGURED.word), kind)
            kind = "stopped"
        if one.certainty == "unknown" and kind != "stopped":
            kind = "doubt"
        names = [ability.first.action for ability in abilities]
        label = names[0] if len(names) == 1 else f"{len(names)} actions of {tool}"
        node = self._node(f"{here}|{'|'.join(names)}|{one.basis}", label, "action", _said(abilities), _tone(verdict))
        self._line(here, node, kind)
        if one.basis == "attached":
            self._own |= dict.fromkeys(names, (node, frozenset((*one.gates, *one.claims))))

    def _along(self, steps: tuple[str, ...]) -> tuple[str, frozenset[str]]:
        """Draw the steps between the agent and an action; return the last, and the gates that were passed already."""
        here, prefix = self._answer.agent.id, ""
        passed: frozenset[str] = frozenset()
        for step in steps:
            if here == self._answer.agent.id and step in self._own:  # what it sets off by an action of its own
                here, passed = self._own[step]
                continue
            prefix = f"{prefix}>{step}"
            kind = kind_of(self._graph, step)
            node = self._node(step if kind == "agent" else prefix, step, kind)
            here = self._line(here, node, "delegation" if kind == "agent" else "flow")
        return here, passed

    def _with(self, one: Capability, here: str) -> str:
        """Draw the secret that an action is done with, where the way does not name it."""
        if one.credential is None or one.credential in one.route:
            return here
        lifetime = "never expires" if one.lifetime == "never" else f"lifetime {one.lifetime or 'unknown'}"
        who = f"as {one.identity}" if one.identity else "identity unknown"
        tone = "unknown" if one.lifetime is None or one.identity is None else ""
        node = self._node(f"{here}|{one.credential}", one.credential, "credential", (who, lifetime), tone)
        return self._line(here, node, "flow")

    def _gate(self, here: str, name: str, otherwise: str) -> str:
        row = self._controls.get(name)
        word = row.standing.word if row is not None else otherwise
        tone = row.standing.style if row is not None else "unknown" if otherwise == CLAIMED.word else "decided"
        return self._node(f"{here}|{name}", name, "control", (word,), tone)

    def _node(self, key: str, label: str, kind: str, said: tuple[str, ...] = (), tone: str = "") -> str:
        if key not in self._nodes:
            self._nodes[key] = Node(key, label, kind, said=said, tone=tone)
        return key

    def _line(self, source: str, target: str, kind: str) -> str:
        if source != target:
            self._lines.setdefault((source, target), Line(source, target, kind))
        return target


_VERDICTS: Final = (
    "An action says what it is against what was intended; a gate says what it is worth: only a proven one is green."
)


def _tone(verdict: str) -> str:
    return verdict if verdict in {"forbidden", "excess", "unknown"} else ""


def _said(abilities: list[Ability]) -> tuple[str, ...]:
    """Return what an action does, what it is against what was intended, and how the agent comes to it."""
    effects = dict.fromkeys(part.effect for ability in abilities for part in ability.parts if part.effect != "unknown")
    first = abilities[0].first
    lines = [", ".join(effects) or "nobody says what it does"]
    lines += [", ".join(ability.first.action.partition(".")[2] for ability in abilities)] if len(abilities) > 1 else []
    verdict = abilities[0].verdict
    lines.append(WORDS[verdict] if first.basis == "attached" else f"{WORDS[verdict]}, {first.basis}")
    return tuple(lines)


def path(analysis: Analysis, name: str) -> Sketch:
    """One attack path with the controls that stand on it, where they stand."""
    one = _meant(analysis.derived.paths.listed, name)
    stations = story(analysis, one, control_rows(analysis))
    nodes = tuple(_station(number, station) for number, station in enumerate(stations))
    agent = next((at for at, station in enumerate(stations) if station.kind == "agent"), 0)
    lines, stopped = [], False
    for at in range(len(stations) - 1):
        stopped = stopped or stations[at].stops
        kind = "stopped" if stopped else "untrusted" if at < agent else "flow"
        lines.append(Line(nodes[at].id, nodes[at + 1].id, kind))
    said = f" Nobody has said: {', '.join(one.missing)}." if one.missing else ""
    note = f"The path is {one.state}.{said} Only a proven control is green; a claimed one lowers nothing."
    return Sketch("path", f"Attack path {one.id}", "path", nodes, tuple(lines), note=note)


def _station(number: int, station: Station) -> Node:
    said = (station.text,) if station.text else ()
    tone = _STATE_TONES.get(station.tone, station.tone)
    return Node(f"{number}", station.name, station.kind, said=said, tone=tone)


def _meant(paths: Iterable[AttackPath], name: str) -> AttackPath:
    """Return the path of that id, or the only one whose id has that part."""
    known = {path.id: path for path in paths}
    if name in known:
        return known[name]
    found = [path_id for path_id in known if name and name in path_id]
    if len(found) == 1:
        return known[found[0]]
    if found:
        more = f" and {len(found) - MOST_NEAR} more" if len(found) > MOST_NEAR else ""
        raise UnknownNameError(visible(f"'{name}' is a part of several paths: {', '.join(found[:MOST_NEAR])}{more}"))
    raise UnknownNameError(visible(f"no attack path has an id with '{name}'; {_hint(name, known)}"))


def _hint(name: str, known: Collection[str]) -> str:
    """Return what was probably meant, or what there is."""
    near = did_you_mean(name, known)
    if near:
        return f"did you mean '{near}'?"
    more = f" and {len(known) - MOST_NEAR} more" if len(known) > MOST_NEAR else ""
    return f"there are: {', '.join([*known][:MOST_NEAR])}{more}" if known else "there is none"
