"""What an agent holds itself: attached actions, access without a tool, a shell (SEMANTICS 5.1, 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import Action, Agent, Element, Tool, as_words
from threatmodel.model.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.gates import Controls
    from threatmodel.model.elements import Credential, Identity
    from threatmodel.model.graph import ModelGraph

UNKNOWN_EFFECT: Final = "unknown"
WRITES: Final = frozenset({"write", "configure", "deploy"})
"""Effects that put something into a store (SEMANTICS 4.3 c)."""
APART: Final = frozenset({"container", "remote"})
"""Where code runs that has, of an agent's environment, only what the model sees (SEMANTICS 5.2)."""
REACHING_KINDS: Final = frozenset({"shell", "browser", "code_interpreter", "http"})


@dataclass(frozen=True, slots=True, eq=False)
class Power:
    """One thing that somebody can do, whatever the way to it."""

    name: str
    """`crm.read_ticket`, `audit-log.write`, `coder.shell`, `legacy.*`, `key:scope`."""
    effects: tuple[str, ...]
    place: str
    """Where its facts stand."""
    tool: Tool | None = None
    action: Action | None = None
    details: MapNode | None = None
    """The long form of an access entry."""
    target: str | None = None
    """The store, service or external system that an access entry opens."""
    doubt: tuple[str, ...] = ()
    """Facts without which nobody can tell whether it is there."""

    def said(self, key: str) -> object:
        """Return what is written of it, its tool's word where it says none itself."""
        if self.action is not None:
            return self.action.value(key)
        return None if self.details is None else self.details.get(key)

    def word(self, key: str) -> str | None:
        """Return one word of it, or None where nobody says."""
        if self.action is not None:
            return self.action.word(key)
        value = self.said(key)
        return None if value in (None, "unknown") or isinstance(value, (list, dict)) else str(value)

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of it."""
        return as_words(self.said(key))

    @property
    def stores(self) -> tuple[str, ...]:
        """The stores it works on."""
        if self.target is not None:
            return (self.target,)
        if self.action is None and self.tool is not None:
            return self.tool.words("store")
        return self.words("store")

    @property
    def data(self) -> tuple[str, ...] | None:
        """The data it works on; None where nobody says."""
        value = self.said("data")
        return None if value is None or value == "unknown" else self.words("data")

    @property
    def writes(self) -> tuple[str, ...] | None:
        """
        Whether it puts something into its stores (4.3 c): the facts that are missing to tell, None for no.

        What a capability of unknown effect does to the store its tool names is unknown too (7.7).
        """
        if set(self.effects) & WRITES:
            return ()
        return (self.doubt or (f"{self.place}.effect",)) if UNKNOWN_EFFECT in self.effects else None

    @property
    def gate_places(self) -> tuple[str, ...]:
        """Where a gate on the call can stand: the action, its tool, for a write its stores."""
        places = (self.name, *((self.tool.id,) if self.tool is not None else ()))
        written = self.stores if set(self.effects) & WRITES else ()
        return (*places, *(name for name in written if name not in places))


def known_powers(graph: ModelGraph, tool: Tool) -> tuple[Power, ...]:
    """Return everything a tool offers: its actions, and `<tool>.*` where there is or may be more."""
    listed = tuple(power_of(action) for action in graph.actions_of_tool.get(tool.id, ()))
    if not tool.actions_known or tool.word("actions_complete") == "no":
        return (*listed, rest_of(tool))
    return listed


def power_of(action: Action) -> Power:
    """Return the power of one action; one whose effect nobody says is unknown."""
    place = action.place
    effects = action.effects or (UNKNOWN_EFFECT,)
    return Power(action.id, effects, place, action.tool, action)


def rest_of(tool: Tool) -> Power:
    """Return what a tool may offer beyond what is listed."""
    return Power(f"{tool.id}.*", (UNKNOWN_EFFECT,), tool.place, tool, doubt=(f"{tool.place}.actions",))


def acting_identity(graph: ModelGraph, agent: Agent, tool: Tool) -> Identity | None:
    """Return the identity a tool acts under: its credential's, else its own, else the agent's (5.1)."""
    credential = graph.credential_of(tool)
    if credential is not None:
        return graph.identity_of(credential)
    return graph.identity_of(tool) or graph.identity_of(agent)


def permits(identity: Element | None, power: Power) -> bool:
    """Return whether an identity's permissions let a power through; one that states none cuts nothing (5.6)."""
    if identity is None or identity.body.get("permissions") in (None, "unknown"):
        return True
    if power.tool is None and power.target is None and ":" not in power.name:  # 5.1: a shell asks nobody
        return power.name.endswith(".shell") or bool(identity.words("permissions"))
    return any(_fits(pattern, power) for pattern in identity.words("permissions"))


def _fits(pattern: str, power: Power) -> bool:
    if power.name.endswith(".*") and power.action is None:
        owner = power.name[:-2]
        return pattern == owner or matches(pattern.partition(".")[0], owner)
    if matches(pattern, power.name):
        return True
    if power.tool is not None and matches(pattern, power.tool.id) and "." not in pattern:
        return True
    if power.target is not None and pattern == power.target:
        return True
    return ":" in pattern and any(
        matches(pattern, f"{store}:{effect}") for store in power.stores for effect in power.effects
    )


def attached(controls: Controls, agent: Agent) -> tuple[Power, ...]:
    """Return what an agent holds itself, permissions and outright denials applied, in the order of the description."""
    graph = controls.context.graph
    found: dict[str, Power] = {}
    for name in (*agent.words("tools"), *agent.words("skills")):
        for power in powers_named(graph, name):
            if power.tool is None or power.name in found:
                continue
            if (
                permits(acting_identity(graph, agent, power.tool), power)
                and not controls.denied(agent.id, power.name, power.tool.id)[0]
            ):
                found[power.name] = power
    for power, identity in _access(graph, agent):
        if (
            power.name not in found
            and permits(identity, power)
            and not controls.denied(agent.id, power.name, power.name)[0]
        ):
            found[power.name] = power
    runtime = graph.runtime_of(agent)
    shell = runtime is not None and runtime.word("shell") == "yes"
    if shell and not controls.denied(agent.id, f"{agent.id}.shell", f"{agent.id}.shell")[0]:
        found[f"{agent.id}.shell"] = Power(f"{agent.id}.shell", ("execute",), agent.place)
    if not any(agent.says(key) for key in ("tools", "skills", "access", "delegates_to")):
        found[f"{agent.id}.*"] = Power(f"{agent.id}.*", (UNKNOWN_EFFECT,), agent.place, doubt=(f"{agent.place}.tools",))
    return tuple(found.values())


def powers_named(graph: ModelGraph, name: str) -> Iterator[Power]:
    """Yield what a name or pattern in a list of actions stands for; a tool's id means all of its actions."""
    element = graph.elements.get(name)
    if isinstance(element, Tool):
        yield from known_powers(graph, element)
        return
    found = graph.match_actions(name)
    yield from (power_of(action) for action in found)
    owner = graph.elements.get(name.partition(".")[0])
    if isinstance(owner, Tool):
        if name == f"{owner.id}.*":
            yield from (power for power in known_powers(graph, owner) if power.action is None)
        elif not found and "*" not in name:
            yield Power(name, (UNKNOWN_EFFECT,), owner.place, owner, doubt=(f"{owner.place}.actions",))


def _access(graph: ModelGraph, agent: Agent) -> Iterator[tuple[Power, Element | None]]:
    """Yield what an agent may do to stores and systems without a named tool, each with the identity it acts under."""
    written = agent.body.get("access")
    if not isinstance(written, MapNode):
        return
    own = graph.identity_of(agent)
    for target, value in written.items():
        place = f"{agent.place}.access.{target}"
        details = value if isinstance(value, MapNode) else MapNode(written.value_span(target))
        doing = details.get("do") if isinstance(value, MapNode) else value
        credential = graph.elements.get(str(details.get("credential")))
        identity = graph.identity_of(credential) if credential is not None else own
        verbs = as_words(doing)
        if not verbs:
            if doing in (None, "unknown"):
                yield (
                    Power(f"{target}.*", (UNKNOWN_EFFECT,), place, details=details, target=target, doubt=(place,)),
                    identity,
                )
            continue
        for verb in verbs:
            yield Power(f"{target}.{verb}", (verb,), place, details=details, target=target), identity


@dataclass(frozen=True, slots=True)
class Reach:
    """One way by which an agent gets raw reach (5.2)."""

    name: str
    """The action, tool or skill that gives it."""
    power: Power | None
    """What has to be called for it; None for code in the agent's own process, which asks nobody."""
    visible_only: bool
    """Whether it has, of the agent's environment, only what the model sees."""


def reaches(powers: tuple[Power, ...], tools: tuple[Tool, ...]) -> Iterator[Reach]:
    """Yield every way to raw reach among attached powers and code that runs beside the agent."""
    for power in powers:
        tool = power.tool
        if "execute" in power.effects or (tool is not None and tool.word("kind") in REACHING_KINDS):
            apart = tool is not None and tool.word("runs_in") in APART
            yield Reach(power.name, power, apart)
    for tool in tools:
        if tool.word("runs_in") == "agent_process":
            yield Reach(tool.id, None, visible_only=False)


def credential_names(graph: ModelGraph, agent: Agent) -> tuple[Credential, ...]:
    """Return the credentials of an agent: of its tools, identity, runtime, its own, and those that it holds (5.3)."""
    names: dict[str, None] = {}
    for tool in graph.tools_of[agent.id]:
        names.update(dict.fromkeys((*tool.words("credential"), *tool.words("credentials"))))
    written = agent.body.get("access")
    if isinstance(written, MapNode):
        for value in written.values():
            if isinstance(value, MapNode):
                names.update(dict.fromkeys(as_words(value.get("credential"))))
    names.update(dict.fromkeys((*agent.words("credential"), *agent.words("credentials"))))
    runtime = graph.runtime_of(agent)
    if runtime is not None:
        names.update(dict.fromkeys((*runtime.words("credential"), *runtime.words("credentials"))))
    held = {credential.id for credential in graph.credentials_held_by.get(agent.id, ())}
    for name in agent.words("identity"):
        held.update(credential.id for credential in graph.credentials_of_identity.get(name, ()))
    if held:
        names.update(dict.fromkeys(credential.id for credential in graph.credentials if credential.id in held))
    found = (graph.elements.get(name) for name in names)
    return tuple(one for one in found if one is not None and one.kind == "credential")  # type: ignore[misc]
