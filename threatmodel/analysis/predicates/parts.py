"""Questions about parts of others and about what lies in stores: models, tools, knowledge, memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.marks import CLAIMED, UNKNOWN
from threatmodel.analysis.powers import credential_names
from threatmodel.analysis.predicates.authority import steered
from threatmodel.analysis.predicates.predicate import Predicate, missing, stated
from threatmodel.analysis.predicates.stores import ANYBODY, STORES
from threatmodel.analysis.relations import readers
from threatmodel.analysis.sources import passes_text
from threatmodel.analysis.truth import FALSE, Truth, any_of
from threatmodel.model.elements import Action, Agent, Asset, Credential
from threatmodel.model.facts import Fact, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Element

PERSONAL: Final = frozenset({"pii", "phi", "secret", "credentials"})
BARE: Final = frozenset({"env", "file", "memory", "code", "prompt"})
"""Places where code of the same process finds a secret."""
OF_OTHERS: Final = frozenset({"third_party", "community"})
ELSEWHERE: Final = frozenset({"connector", "api", "http", "agent_card"})
"""Kinds of tools whose code runs at their vendor."""
REMOTE: Final = frozenset({"streamable_http", "sse", "http", "websocket", "grpc"})
FILTERS: Final = frozenset({"ingestion-validation", "retrieval-validation", "memory-validation"})
"""Types of control that look at what gets into a store or comes out of it."""
MIXED: Final = 2
"""How many stores one query reads at least when it mixes them."""


# Knowledge


def _filled_by_outsiders(context: Context, element: Element) -> Truth:
    """
    Outsiders' text gets into it, by people, services and jobs that only pass it on.

    What an agent that they steer leaves there is an attack path of its own.
    """
    if not passes_text(element):
        return FALSE
    if ANYBODY & set(element.words("writers")):
        return Truth(value=True, used=(stated(element, "writers"),))
    found = FALSE
    for most in (UNKNOWN, CLAIMED):
        route = context.subjects.derived.steering.first_routes(most).get(element.id)
        if route is None or any(isinstance(context.graph.elements.get(step), Agent) for step in route.steps):
            continue
        if most == CLAIMED:
            way = f"where text gets ({' > '.join(route.steps)})"
            return Truth(value=True, used=(Fact(element.place, way, State.STATED, element.span),))
        lacking = tuple(Fact(place, None, State.UNKNOWN, element.span) for place in route.mark.missing)
        found = Truth(None, (), lacking) if lacking else FALSE
    return found


def _checked_on_the_way(context: Context, element: Element) -> Truth:
    """Whatever outsiders' text gets into it passed a filter that holds; one on itself is the rule's to judge."""
    if any(control.type in FILTERS for control in context.graph.controls_on.get(element.id, ())):
        return FALSE
    if ANYBODY & set(element.words("writers")):
        return FALSE
    return Truth(not context.subjects.derived.steering.strong(element.id, UNKNOWN))


def _mixes_outsiders_text(context: Context, element: Element) -> Truth:
    """One call brings back text of several stores, some that outsiders write and some that they do not."""
    assert isinstance(element, Action)  # noqa: S101  `kinds` says so
    stores = [one for name in element.words("store") if (one := context.graph.elements.get(name)) is not None]
    if "read" not in element.effects or element.word("returns") == "typed" or len(stores) < MIXED:
        return FALSE
    if not any(element in context.graph.attached[agent.id] for agent in context.graph.agents):
        return FALSE
    answers = [_filled_by_outsiders(context, store) for store in stores]
    if any(one.value is False for one in answers):
        return any_of(answers)
    return FALSE


def _keeps_own_output(context: Context, element: Element) -> Truth:
    """An agent writes it and an agent reads it; where outsiders can write through one, a path says so already."""
    if element.id in context.subjects.poisoned or not readers(context.graph, element) or not passes_text(element):
        return FALSE
    if not element.says("writers") and context.graph.users_of_memory.get(element.id):
        return Truth(value=True, used=(Fact(element.place, "memory of an agent", State.STATED, element.span),))
    written = STORES["written-by-an-agent"].test(context, element)
    return written if written.value else FALSE


def _serves_many(context: Context, element: Element) -> Truth:
    """Several customers share the system, and somebody outside it talks to the agent."""
    graph = context.graph
    heard = {"person", "external", "service"} & {
        sender.kind for flow in graph.flows_to.get(element.id, ()) if (sender := graph.elements.get(flow.source))
    }
    tenancy = graph.system.word("tenancy")
    if not heard or tenancy == "single":
        return FALSE
    if tenancy is None:
        return Truth(None, (), (missing(graph.system, "tenancy"),)) if element.says("session") else FALSE
    return Truth(value=True, used=(stated(graph.system, "tenancy"),))


# Models


def _sees_sensitive_data(context: Context, element: Element) -> Truth:
    """An agent that calls it has restricted or personal data, or secrets, before it."""
    graph = context.graph
    found: dict[str, Fact] = {}
    for agent in graph.users_of_model.get(element.id, ()):
        for name in _before(context, agent):
            asset = graph.elements.get(name)
            if not isinstance(asset, Asset):
                continue
            if asset.classification == "restricted" or PERSONAL & set(asset.words("categories")):
                found[name] = Fact(f"{asset.place}.classification", asset.classification, State.STATED, asset.span)
    return Truth(bool(found), tuple(found.values()))


def _before(context: Context, agent: Agent) -> Iterator[str]:
    """Yield the data that comes before an agent: what it reads, remembers and is sent."""
    graph = context.graph
    yield from agent.words("data")
    for one in context.subjects.powers_of.get(agent.id, ()):
        if one.effect == "read" and one.basis == "attached":
            yield from one.data or ()
    for name in agent.words("memory"):
        store = graph.elements.get(name)
        yield from () if store is None else store.words("data")
    for flow in graph.flows_to.get(agent.id, ()):
        yield from flow.words("carries")


def _asked_by_outsiders(context: Context, element: Element) -> Truth:
    """Outsiders' text reaches an agent that calls it."""
    return any_of(steered(context, agent) for agent in context.graph.users_of_model.get(element.id, ()))


# Tools of others


def _beside_secrets(context: Context, element: Element) -> Truth:
    """Its code runs where a secret lies that is not its own."""
    if element.word("kind") in ELSEWHERE or element.word("transport") in REMOTE:
        return FALSE
    runs_in = element.word("runs_in") or ("agent_process" if element.kind == "skill" else None)
    if runs_in in {"container", "remote"} or element.word("sandbox") in {"container", "vm", "gvisor"}:
        return FALSE
    lying = {one.id: one for one in _lying(context, element, beside=runs_in != "own_process")}
    if not lying:
        return FALSE
    if runs_in is None:
        return Truth(None, (), (missing(element, "runs_in"),))
    return Truth(value=True, used=tuple(map(_where, lying.values())))


def _where(secret: Element) -> Fact:
    if secret.says("stored_in"):
        return stated(secret, "stored_in")
    return Fact(secret.place, "on the same host", State.STATED, secret.span)


def _lying(context: Context, element: Element, *, beside: bool) -> Iterator[Credential]:
    """Yield the secrets of others that its code finds: in the process it shares, or on its bare host."""
    graph = context.graph
    own = {*element.words("credential"), *element.words("credentials")}
    host = graph.runtime_of(element)
    for agent in graph.users_of_tool.get(element.id, ()):
        runtime = graph.runtime_of(agent) if host is None else host
        bare = runtime is not None and runtime.word("sandbox") == "none"
        on_host = runtime.words("credentials") if runtime is not None and (beside or bare) else ()
        known = {one.id: one for one in credential_names(graph, agent)}
        for name in dict.fromkeys((*known, *on_host)):
            secret = known.get(name) or graph.elements.get(name)
            if not isinstance(secret, Credential) or name in own:
                continue
            if name in on_host or (beside and secret.word("stored_in") in BARE):
                yield secret


def _calls_a_model(context: Context, element: Element) -> Truth:
    """A model is called with it, and no service or tool is."""
    kinds = {user.kind for user in context.graph.credential_users.get(element.id, ())}
    return Truth("model" in kinds and not kinds & {"tool", "skill", "service", "external"})


def _remote_tool(_: Context, element: Element) -> Truth:
    """What uses the secret runs on a host of somebody else's choosing: it is called over a network."""
    if element.word("transport") in REMOTE:
        return Truth(value=True, used=(stated(element, "transport"),))
    if element.word("runs_in") == "remote":
        return Truth(value=True, used=(stated(element, "runs_in"),))
    return Truth(element.word("kind") in {"connector", "agent_card"})


PARTS: Final[dict[str, Predicate]] = {
    "filled-by-outsiders": Predicate(
        frozenset({"store"}), _filled_by_outsiders, "outsiders' text gets into it without an agent on the way"
    ),
    "checked-on-the-way": Predicate(
        frozenset({"store"}), _checked_on_the_way, "outsiders' text passes a filter that holds before it gets into it"
    ),
    "mixes-outsiders-text": Predicate(
        frozenset({"action"}),
        _mixes_outsiders_text,
        "one call brings back outsiders' text together with text that they cannot write",
    ),
    "keeps-own-output": Predicate(
        frozenset({"store"}), _keeps_own_output, "agents read back from it what agents wrote, without any attacker"
    ),
    "serves-many": Predicate(
        frozenset({"agent"}), _serves_many, "several customers share the system and somebody talks to the agent"
    ),
    "sees-sensitive-data": Predicate(
        frozenset({"model"}), _sees_sensitive_data, "restricted or personal data or secrets come before it"
    ),
    "asked-by-outsiders": Predicate(
        frozenset({"model"}), _asked_by_outsiders, "outsiders' text reaches an agent that calls it"
    ),
    "beside-secrets": Predicate(
        frozenset({"tool", "skill"}), _beside_secrets, "its code runs where a secret lies that is not its own"
    ),
    "calls-a-model": Predicate(frozenset({"credential"}), _calls_a_model, "a model is called with it and nothing else"),
    "remote-tool": Predicate(frozenset({"tool", "skill"}), _remote_tool, "it is called over a network"),
}
"""Name → predicate."""
