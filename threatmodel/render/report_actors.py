"""What can act, under which identity and with which secrets, as far as the description says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatmodel.analysis.finding import OPEN_STATES, FindingState
from threatmodel.analysis.reach import UNSAID
from threatmodel.load.nodes import MapNode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.reach import CredentialReach
    from threatmodel.model.elements import Agent, Element


@dataclass(frozen=True, slots=True)
class ToolLine:
    """One tool an agent is given."""

    id: str
    effects: tuple[str, ...]
    """What its actions do, each word once."""
    unsaid: bool
    """Whether some of what it does is not stated."""


@dataclass(frozen=True, slots=True)
class SecretLine:
    """One secret an agent holds."""

    id: str
    kind: str | None
    lifetime: str | None


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent. None stands for a fact that nobody states."""

    id: str
    purpose: str
    owner: str | None
    identity: tuple[str, ...]
    identity_unsaid: bool
    shared_with: tuple[str, ...]
    """Others that act under the same identity."""
    acts_as: str | None
    secrets: tuple[SecretLine, ...]
    tools: tuple[ToolLine, ...]
    tools_unsaid: bool
    delegates_to: tuple[str, ...]
    computed: str
    declared: str | None
    contradicted: bool
    """Whether the owner says another workload class than the facts do."""
    unknown: int
    """Facts that findings about it wait for."""
    open: int


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """One identity."""

    id: str
    kind: str | None
    users: tuple[str, ...]
    credentials: tuple[str, ...]
    permissions: tuple[str, ...]
    permissions_said: bool


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """One secret."""

    id: str
    kind: str | None
    identity: str | None
    lifetime: str | None
    stored_in: str | None
    visible_to_model: str | None
    revoked: str | None
    holders: tuple[str, ...]
    """Who can lose it."""
    opens: tuple[str, ...]
    """Actions that whoever has it can do."""
    more_opens: int
    excess: tuple[str, ...]
    """Scopes beyond what is needed."""
    after: str | None
    """How long it, or what was made from it, works after it was taken back."""


@dataclass(frozen=True, slots=True)
class Actors:
    """Everything that acts and what it acts with."""

    rows: tuple[AgentRow, ...]
    """All agents, those with most that is open or unknown first."""
    identities: tuple[IdentityRow, ...]
    credentials: tuple[CredentialRow, ...]
    agents: int
    actions: int
    """Actions that the agents' tools list, each once."""
    without_identity: int
    """Agents of which nobody states an identity, or that have none."""
    contradicted: int


def actors(analysis: Analysis, opens: int) -> Actors:
    """
    Return all agents, identities and credentials; the findings decide which agents come first.

    Args:
        analysis: Of the system.
        opens: How many of the actions that a secret opens are listed.
    """
    graph = analysis.model.graph
    reach = {one.credential: one for one in analysis.derived.credentials}
    rows = sorted(
        (_agent(analysis, agent) for agent in graph.agents), key=lambda row: (-row.open, -row.unknown, row.id)
    )
    return Actors(
        rows=tuple(rows),
        identities=tuple(_identity(analysis, one) for one in graph.of_kind("identity")),
        credentials=tuple(_credential(analysis, one, reach[one.id], opens) for one in graph.of_kind("credential")),
        agents=len(rows),
        actions=len({action.id for actions in graph.attached.values() for action in actions}),
        without_identity=sum(not row.identity for row in rows),
        contradicted=sum(row.contradicted for row in rows),
    )


def _agent(analysis: Analysis, agent: Agent) -> AgentRow:
    graph = analysis.model.graph
    found = [finding for finding in analysis.findings if agent.id in finding.elements]
    identities = agent.words("identity")
    shared = {user.id for name in identities for user in graph.identity_users.get(name, ())} - {agent.id}
    workload = analysis.workloads[agent.id]
    return AgentRow(
        id=agent.id,
        purpose=str(agent.body.get("purpose") or agent.description),
        owner=agent.owner,
        identity=identities,
        identity_unsaid=not agent.says("identity"),
        shared_with=tuple(sorted(shared)),
        acts_as=words(agent.word("acts_as")),
        secrets=tuple(
            SecretLine(one.id, words(one.word("kind")), one.word("lifetime"))
            for one in graph.of_kind("credential") if agent in graph.agents_holding.get(one.id, ())
        ),
        tools=tuple(_tools(analysis, agent)),
        tools_unsaid=not agent.says("tools"),
        delegates_to=tuple(one.target for one in graph.delegations_from.get(agent.id, ())),
        computed=words(workload.computed) or "unknown",
        declared=words(workload.declared),
        contradicted=workload.declared is not None and workload.computed not in {"unknown", workload.declared},
        unknown=len({fact for finding in found if finding.state is FindingState.UNKNOWN for fact in finding.missing}),
        open=sum(finding.state in OPEN_STATES for finding in found),
    )  # fmt: skip


def _tools(analysis: Analysis, agent: Agent) -> Iterable[ToolLine]:
    graph = analysis.model.graph
    for tool in graph.tools_of[agent.id]:
        actions = [action for action in graph.attached[agent.id] if action.tool is tool]
        effects = [effect for action in actions for effect in action.effects]
        yield ToolLine(
            tool.id,
            tuple(dict.fromkeys(effects)),
            unsaid=not tool.actions_known or any(not action.effects for action in actions),
        )


def _identity(analysis: Analysis, identity: Element) -> IdentityRow:
    graph = analysis.model.graph
    return IdentityRow(
        id=identity.id,
        kind=words(identity.word("kind")),
        users=tuple(user.id for user in graph.identity_users.get(identity.id, ())),
        credentials=tuple(one.id for one in graph.of_kind("credential") if identity.id in one.words("identity")),
        permissions=identity.words("permissions"),
        permissions_said=identity.says("permissions"),
    )


def _credential(analysis: Analysis, credential: Element, reach: CredentialReach, most: int) -> CredentialRow:
    graph = analysis.model.graph
    agents = [agent.id for agent in graph.agents_holding.get(credential.id, ())]
    return CredentialRow(
        id=credential.id,
        kind=words(credential.word("kind")),
        identity=credential.word("identity"),
        lifetime=credential.word("lifetime"),
        stored_in=words(credential.word("stored_in")),
        visible_to_model=credential.word("visible_to_model"),
        revoked=_revoked(credential),
        holders=tuple(dict.fromkeys((*agents, *reach.held_by))),
        opens=reach.opens[:most],
        more_opens=max(0, len(reach.opens) - most),
        excess=reach.excess_scopes,
        after=None if reach.usable_after_revocation == UNSAID else reach.usable_after_revocation,
    )


def _revoked(credential: Element) -> str | None:
    written = credential.body.get("revoked")
    if not isinstance(written, MapNode):
        return credential.word("revoked")
    on = written.get("on")
    events = [str(item) for item in on] if isinstance(on, list) else [str(on)] if on is not None else []
    parts = [f"on {' and '.join(events)}".replace("_", " ")] if events else []
    parts += [f"within {written['within']}"] if written.get("within") is not None else []
    return ", ".join(parts) or None


def words(word: str | None) -> str | None:
    """Return a word of the format as people write it: `on_behalf_of_user` becomes `on behalf of user`."""
    return None if word is None else word.replace("_", " ")
