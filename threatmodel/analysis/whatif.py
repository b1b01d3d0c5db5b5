"""What differs between a description as it is and with changes, and which questions that settles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from threatmodel.analysis.analysis import Model, analyze_model
from threatmodel.analysis.finding import OPEN_STATES
from threatmodel.analysis.legs import in_reach
from threatmodel.analysis.powers import credential_names
from threatmodel.model.build import build_graph
from threatmodel.model.compromise import compromised, without_control
from threatmodel.model.supposed import with_fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date

    from threatmodel.analysis.derived import Derived
    from threatmodel.analysis.finding import Finding
    from threatmodel.analysis.reach import CredentialReach
    from threatmodel.model.elements import Agent

WORST: Final = ("open", "claimed", "unknown", "broken")
"""States of paths, the worst first; a path that is not there comes after them."""


@dataclass(frozen=True, slots=True)
class Supposition:
    """One change."""

    kind: str
    """`lose`, `compromise` or `set`."""
    of: str
    """A control, an element, or the place of a fact."""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not what it was."""

    id: str
    was: Any
    """What it was, of the kind that the list holds; None where it is new."""
    now: Any
    """What it is; None where it is gone."""

    @property
    def change(self) -> str:
        """`new`, `gone` or `changed`."""
        return "new" if self.was is None else "gone" if self.now is None else "changed"


@dataclass(frozen=True, slots=True)
class Taken:
    """A credential that whoever compromises an element holds."""

    reach: CredentialReach
    missing: tuple[str, ...]
    """Facts without which nobody can tell whether they reach it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What changes make of a system. Each list is sorted, what got worse first."""

    changes: tuple[Supposition, ...]
    paths: tuple[Difference, ...]
    mishaps: tuple[Difference, ...]
    capabilities: tuple[Difference, ...]
    influences: tuple[Difference, ...]
    findings: tuple[Difference, ...]
    credentials: tuple[Difference, ...]
    """What a credential opens, and for how long."""
    questions: tuple[Difference, ...]
    """Facts that nobody has to be asked for any more, and such as nobody asked for before."""
    taken: tuple[Taken, ...]


def suppose(model: Model, changes: Iterable[Supposition]) -> Model:
    """
    Return a model with changes, one after the other; the one given stays as it is.

    Raises:
        SupposeError: a change names nothing, or the checks refuse it.
    """
    document = model.graph.document
    for change in changes:
        if change.kind == "lose":
            document = without_control(document, change.of, model.catalog)
        elif change.kind == "compromise":
            document = compromised(document, change.of, model.catalog)
        else:
            document = with_fact(document, change.of, change.value, model.catalog)
    return Model(build_graph(document, model.catalog), model.catalog)


def whatif(model: Model, changes: tuple[Supposition, ...], today: date) -> Outcome:
    """Return what differs with some changes, all of them together."""
    before, after = (analyze_model(each, today) for each in (model, suppose(model, changes)))
    was, now = before.derived, after.derived
    asked = [{one.fact: one for one in each.questions} for each in (before, after)]
    return Outcome(
        changes=changes,
        paths=_differences(was.paths.listed, now.paths.listed, lambda one: one.id, _standing),
        mishaps=_differences(was.mishaps, now.mishaps, _mishap, _standing),
        capabilities=_differences(was.capabilities, now.capabilities, _capability, _power),
        influences=_differences(_by_agent(was), _by_agent(now), lambda one: str(one["agent"]), _steered),
        findings=_differences(before.findings, after.findings, lambda one: one.id, _judged),
        credentials=_differences(was.credentials, now.credentials, lambda one: one.credential, _opening),
        questions=tuple(
            Difference(fact, asked[0].get(fact), asked[1].get(fact))
            for fact in {**asked[0], **asked[1]}
            if fact not in asked[0] or fact not in asked[1]
        ),
        taken=tuple(_taken(model, was, changes)),
    )


def _differences(
    before: Iterable[Any], after: Iterable[Any], name: Callable[[Any], str], status: Callable[[Any], tuple[Any, ...]]
) -> tuple[Difference, ...]:
    """
    Return what is new, gone or of another status.

    Args:
        before: Things as they are.
        after: Things as they would be.
        name: What makes two of them the same.
        status: What is compared; its first part says how bad a thing is, less is worse.
    """
    was, now = {name(one): one for one in before}, {name(one): one for one in after}
    nothing = len(WORST) + 1

    def order(one: Difference) -> tuple[int, int, str]:
        old = nothing if one.was is None else status(one.was)[0]
        new = nothing if one.now is None else status(one.now)[0]
        return ((new > old) - (new < old), new, one.id)

    found = [
        Difference(key, was.get(key), now.get(key))
        for key in {**was, **now}
        if key not in was or key not in now or status(was[key]) != status(now[key])
    ]
    return tuple(sorted(found, key=order))


def _standing(path: Any) -> tuple[Any, ...]:  # noqa: ANN401  a path or a mishap
    return (WORST.index(path.state), path.mild)


def _mishap(one: Any) -> str:  # noqa: ANN401  as `_differences` passes them
    return f"{one.agent}>{one.action}:{one.impact}"


def _capability(one: Any) -> str:  # noqa: ANN401  as `_differences` passes them
    return f"{one.agent}>{one.action} ({one.effect}, {one.basis})"


def _power(one: Any) -> tuple[Any, ...]:  # noqa: ANN401  as `_differences` passes them
    rank = (2 if one.gates else 0) + (one.certainty != "yes")
    acting = (one.identity, one.credential, one.lifetime)
    return (rank, one.certainty, one.gates, one.claims, one.intent, one.reversible, *acting)


def _by_agent(found: Derived) -> Iterator[Mapping[str, Any]]:
    """Return one influence per agent: what steers it certainly, and what maybe does."""
    agents: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in found.influences:
        agents.setdefault(one.agent, {})[one.certainty] = one.by
    for agent, by in agents.items():
        yield {"agent": agent, "certain": by.get("yes", ()), "unknown": by.get("unknown", ())}


def _steered(one: Mapping[str, Any]) -> tuple[Any, ...]:
    return (0 if one["certain"] else 1, one["certain"], one["unknown"])


def _opening(one: CredentialReach) -> tuple[Any, ...]:
    return (-len(one.opens), one.opens, one.excess_scopes, one.lifetime, one.usable_after_revocation)


def _judged(finding: Finding) -> tuple[Any, ...]:
    rank = 0 if finding.state in OPEN_STATES else 1 if finding.state.value == "unknown" else 2
    return (rank, finding.state, finding.severity)


def _taken(model: Model, before: Derived, changes: Iterable[Supposition]) -> Iterator[Taken]:
    """Return the credentials that the compromised elements hold, in the order of the description."""
    graph = model.graph
    names = {change.of for change in changes if change.kind == "compromise"}
    agents = [agent for agent in graph.agents if names & {agent.id, agent.word("model"), agent.word("runtime")}]
    for reach in before.credentials:
        credential = next(one for one in graph.credentials if one.id == reach.credential)
        holders = {credential.id, credential.word("identity"), *credential.words("stored_in"), *reach.held_by}
        if names & (holders - {agent.id for agent in graph.agents}):
            yield Taken(reach, ())
            continue
        ways = [facts for agent in agents if (facts := _within(model, agent, reach.credential)) is not None]
        if ways:
            yield Taken(reach, min(ways, key=len))


def _within(model: Model, agent: Agent, name: str) -> tuple[str, ...] | None:
    """Return the facts that keep it unknown whether a credential is in an agent's reach; None where it is not."""
    credential = next((one for one in credential_names(model.graph, agent) if one.id == name), None)
    return None if credential is None else in_reach(credential, agent, frozenset(), visible_only=False)
