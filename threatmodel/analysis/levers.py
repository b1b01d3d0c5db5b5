"""The facts that decide the steps of a way, each with the value that would decide it otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.proof import written
from threatmodel.analysis.sources import EVERYBODY, OUTSIDE
from threatmodel.analysis.trial import Change
from threatmodel.load.nodes import MapNode
from threatmodel.model.elements import as_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from threatmodel.analysis.paths import AttackPath, Mishap
    from threatmodel.analysis.proof import Stage
    from threatmodel.model.elements import Element
    from threatmodel.model.graph import ModelGraph

BACKUP: Final = "backup-restore"
IN_REACH: Final = frozenset({"env", "file", "code", "memory", "prompt"})
TYPED: Final = "only values of a known form pass, no free text"
_LONG: Final = 58  # characters of a value that can be shown whole
_READS: Final = frozenset({"result", "read", "memory"})
_TEXTS: Final = frozenset({"flow", "delegation", "answer", "way out"})


@dataclass(frozen=True, slots=True)
class Lever:
    """Facts of one element that go together."""

    changes: tuple[Change, ...]
    loses: int = 0
    """0: nobody misses anything; 1: less is read or said; 2: something that the agent has is taken away."""


def levers(graph: ModelGraph, one: AttackPath | Mishap, stages: Sequence[Stage]) -> tuple[Lever, ...]:
    """Return what could be said otherwise of the elements on a way, in the order of its steps, each fact once."""
    found: dict[tuple[str, ...], Lever] = {}
    way = _Way(graph, one)
    for stage in stages:
        for lever in way.levers(stage):
            found.setdefault(tuple(change.fact for change in lever.changes), lever)
    return tuple(found.values())


class _Way:
    def __init__(self, graph: ModelGraph, one: AttackPath | Mishap) -> None:
        self._graph = graph
        self._one = one
        self._source = getattr(one, "source", "")
        self._credentials = {credential.span: credential for credential in graph.credentials}

    def levers(self, stage: Stage) -> Iterator[Lever]:
        """Yield what decides one stage."""
        yield from self._between(stage)
        for name in (stage.source, stage.target):
            element = self._graph.find(name)
            if element is not None:
                yield from self._of(element, stage)
        credential = self._credentials.get(stage.span)
        if credential is not None:
            yield from self._secret(credential)
        said = (*(quote.text for quote in stage.quotes), *(fact.rpartition(".")[2] + ":" for fact in stage.lacks))
        if stage.kind == "way out" and any(text.startswith("egress:") for text in said):
            for agent in self._graph.agents:
                if agent.id in self._one.steps:
                    yield from self._egress(agent)
        for stand in stage.stands:
            if stand.type == BACKUP:
                yield from self._backup(stand.control)

    def _of(self, element: Element, stage: Stage) -> Iterator[Lever]:
        kind = element.kind
        if kind in {"tool", "skill"}:
            yield from self._tool(element, stage)
        elif kind == "action":
            yield from self._action(element, stage)
        elif kind == "store":
            yield from self._store(element, stage)
        elif kind == "service":
            yield from self._service(element, stage)
        elif kind == "agent":
            yield from self._agent(element, stage)
        elif kind == "data" and self._one.impact == "disclosure":
            yield from self._opened(element)

    def _between(self, stage: Stage) -> Iterator[Lever]:
        """Yield what decides what passes from one end of a stage to the other."""
        graph = self._graph
        ends = {stage.source, stage.target}
        flows = [one for one in graph.flows_from.get(stage.source, ()) if one.target == stage.target]
        if stage.kind == "way out" and ">" in stage.source:
            flows += [one for one in graph.flows if f"{one.source}>{one.target}" == stage.source]
        for flow in flows:
            if flow.word("content") not in {"typed", "closed"}:
                yield Lever((_fact(flow, "content", "typed", TYPED),), 1)
            if stage.rule == "4.1e" or (flow.word("authenticated") == "no" and flow.source == self._source):
                yield Lever((_fact(flow, "authenticated", "true", "nobody else can write in its name"),))
            for name in flow.via:
                relay = graph.elements.get(name)
                if relay is not None and relay.kind in {"service", "store"}:
                    yield from self._of(relay, stage)
        for delegation in graph.delegations:
            if {delegation.source, delegation.target} == ends:
                yield from self._delegation(delegation, stage)

    def _delegation(self, one: Element, stage: Stage) -> Iterator[Lever]:
        callee = getattr(one, "target", "")
        context, actions = one.word("context"), one.words("actions")
        if context not in {"typed", "none"}:
            yield Lever((_fact(one, "context", "typed", TYPED),))
        if one.word("returns") != "typed":
            yield Lever((_fact(one, "returns", "typed", TYPED),))
        if stage.rule == "5.4":
            if one.word("identity") not in {"caller", "caller_and_actor"}:
                means = f"{callee} may then do only what its caller may"
                yield Lever((_fact(one, "identity", "caller", means),))
            less = _without(actions, self._one.action)
            if actions and less != [*actions]:
                yield Lever((_fact(one, "actions", _list(less), f"not {self._one.action}"),), 2)

    def _tool(self, tool: Element, stage: Stage) -> Iterator[Lever]:
        if tool.word("version") != "pinned":
            yield Lever((_fact(tool, "version", "pinned", "its makers cannot change it unseen"),))
        if tool.word("loads") == "floating":
            yield Lever((_fact(tool, "loads", "pinned", "what it points to cannot change unseen"),))
        if not tool.says("provider"):
            yield Lever((_fact(tool, "provider", "first_party", "if you make it yourselves"),))
        if tool.word("runs_in") == "agent_process":
            yield Lever((_fact(tool, "runs_in", "container", "its code does not run beside the agent"),))
        if self._one.impact == "execution" and tool.word("sandbox") in {"none", None}:
            yield Lever((_fact(tool, "sandbox", "container", "its code cannot touch the rest"),))
        if stage.kind == "result" and tool.word("returns") != "typed":
            yield Lever((_fact(tool, "returns", "typed", TYPED),), 1)

    def _action(self, action: Element, stage: Stage) -> Iterator[Lever]:
        if stage.kind in _READS or (stage.kind == "reading" and stage.source == action.id):
            if stage.kind in _READS and action.word("returns") != "typed":
                yield Lever((_fact(action, "returns", "typed", TYPED),), 1)
            return
        tool: Element = action.tool  # type: ignore[attr-defined]
        yield from self._sandbox_of(tool, stage)
        if stage.kind in {"call", "credential", "delegation", "raw reach"}:
            yield from self._permission(action, stage)
        if stage.kind == "way out":
            for name in action.words("store"):
                store = self._graph.elements.get(name)
                if store is not None:
                    yield from self._store(store, stage)

    def _sandbox_of(self, tool: Element, stage: Stage) -> Iterator[Lever]:
        if stage.kind == "impact" and self._one.impact == "execution" and tool.word("sandbox") in {"none", None}:
            yield Lever((_fact(tool, "sandbox", "container", "its code cannot touch the rest"),))

    def _permission(self, action: Element, stage: Stage) -> Iterator[Lever]:
        """Yield less permissions for the identity that acts, and less scopes for the credential that opens it."""
        tool: Element = action.tool  # type: ignore[attr-defined]
        agent = next((one for one in self._graph.agents if one.id == stage.source), None)
        credential = self._graph.credential_of(tool)
        identity = self._graph.identity_of(credential if credential is not None else tool)
        if identity is None and credential is None and agent is not None:
            identity = self._graph.identity_of(agent)
        intended = agent is not None and action.id in _matching(self._graph, agent.words("intended"))
        if credential is not None and stage.kind != "delegation":
            yield from self._scopes(credential)
        if identity is not None and not intended:
            yield from self._permitted(identity, action)
        if agent is not None and not intended and stage.kind == "call":
            yield from self._taken(agent, action)

    def _permitted(self, identity: Element, action: Element) -> Iterator[Lever]:
        said = identity.words("permissions") if identity.says("permissions") else None
        if said is None:
            return
        actions = dict.fromkeys(one.id for pattern in said for one in self._graph.match_actions(pattern))
        less = [name for name in said if action.id not in _matching(self._graph, (name,))]
        wide = [name for name in actions if name != action.id and name not in _matching(self._graph, less)]
        if len(less) != len(said):
            value = _list([*less, *wide])
            yield Lever((_fact(identity, "permissions", value, f"not {action.id}"),), 1)

    def _taken(self, agent: Element, action: Element) -> Iterator[Lever]:
        """Yield the tools of an agent without the one action."""
        tool: Element = action.tool  # type: ignore[attr-defined]
        said = agent.words("tools")
        if not {tool.id, action.id} & set(said):
            return
        others = [one.id for one in self._graph.actions_of_tool.get(tool.id, ()) if one.id != action.id]
        kept = [one for name in said for one in (others if name == tool.id else [name] if name != action.id else [])]
        yield Lever((_fact(agent, "tools", _list(kept), f"if it can do without {action.id}"),), 2)

    def _store(self, store: Element, stage: Stage) -> Iterator[Lever]:
        if stage.kind == "way out":
            kept = [name for name in store.words("readers") if not self._outside(name)]
            if len(kept) != len(store.words("readers")):
                yield Lever((_fact(store, "readers", _list(kept), "no outsider reads it"),), 1)
            return
        if store.word("validated") != "yes":
            yield Lever((_fact(store, "validated", "true", "what comes in is checked before an agent reads it"),))
        writers = store.words("writers")
        kept = [name for name in writers if name not in EVERYBODY and name != self._source]
        if len(kept) != len(writers):
            yield Lever((_fact(store, "writers", _list(kept), "no outsider writes it"),), 1)
        if self._one.impact == "persistence" and stage.kind == "impact" and store.word("persistence") != "session":
            yield Lever((_fact(store, "persistence", "session", "no later session reads it"),), 1)

    def _outside(self, name: str) -> bool:
        element = self._graph.elements.get(name)
        return name in EVERYBODY or (element is not None and element.word("trust") in {*OUTSIDE, None})

    def _service(self, service: Element, stage: Stage) -> Iterator[Lever]:
        if stage.kind == "way out":
            means = "an answer cannot load anything from outside"
            yield Lever((_fact(service, "loads_remote", "none", means),))
            yield Lever((_fact(service, "renders", "text", "links and pictures stay text"),), 1)
        elif stage.kind in _TEXTS:
            yield Lever((_fact(service, "passes", "typed", TYPED),), 1)

    def _agent(self, agent: Element, stage: Stage) -> Iterator[Lever]:
        if stage.kind == "instructions":
            body = agent.body.get("instructions")
            if isinstance(body, MapNode):
                writers = as_words(body.get("writable_by"))
                kept = [name for name in writers if name not in EVERYBODY and name != stage.source]
                change = _inner(agent, "instructions", "writable_by", _list(kept), "no outsider writes them")
                yield Lever((change,))
        if stage.kind == "way out" or (stage.kind == "raw reach" and self._one.impact == "disclosure"):
            yield from self._egress(agent)
        if stage.kind == "raw reach" or stage.target == f"{agent.id}.shell":
            runtime = self._graph.runtime_of(agent)
            if runtime is not None and runtime.word("shell") == "yes":
                change = self._runtime(agent, "shell", "false", "if it can do without a shell")
                yield Lever((change,), 2)
        if stage.target == f"{agent.id}.shell" and self._one.impact == "execution":
            yield Lever((self._runtime(agent, "sandbox", "container", "its code cannot touch the rest"),))

    def _egress(self, agent: Element) -> Iterator[Lever]:
        runtime = self._graph.runtime_of(agent)
        if runtime is None or runtime.word("egress") not in {"allowlist", "none"}:
            yield Lever((self._runtime(agent, "egress", "allowlist", "it reaches only hosts that you name"),))

    def _runtime(self, agent: Element, key: str, value: str, means: str) -> Change:
        runtime = self._graph.runtime_of(agent)
        if runtime is None:
            return Change(f"{agent.place}.runtime.{key}", value, "", agent.span, means)
        return _fact(runtime, key, value, means)

    def _secret(self, credential: Element) -> Iterator[Lever]:
        """Yield what keeps a credential out of reach, and what it opens small (5.3, 10.2)."""
        yield from self._scopes(credential)
        for asset in self._graph.of_kind("data"):
            if credential.id in asset.words("opens"):
                yield from self._opened(asset, credential.id)
        changes = []
        if credential.word("stored_in") in {*IN_REACH, None} or credential.word("visible_to_model") == "yes":
            means = "something outside the agent adds it to the call"
            changes.append(_fact(credential, "stored_in", "broker", means))
            if credential.word("visible_to_model") != "no":
                changes.append(_fact(credential, "visible_to_model", "false", "the model never sees it"))
            yield Lever(tuple(changes))

    def _opened(self, asset: Element, credential: str = "") -> Iterator[Lever]:
        opens = asset.words("opens")
        kept = [name for name in opens if credential and name != credential]
        if len(kept) != len(opens):
            yield Lever((_fact(asset, "opens", _list(kept), "the secret is taken out of it"),))

    def _scopes(self, credential: Element) -> Iterator[Lever]:
        scopes = credential.body.get("scopes")
        if not isinstance(scopes, MapNode):
            return
        granted, needed = as_words(scopes.get("granted")), as_words(scopes.get("needed"))
        if needed and set(granted) - set(needed):
            means = "only what is needed"
            yield Lever((_inner(credential, "scopes", "granted", _list(needed), means),))
        less = [name for name in granted if not self._opens(scopes, name)]
        if not needed and granted and less and len(less) != len(granted):
            means = f"nothing that opens {self._one.action}"
            yield Lever((_inner(credential, "scopes", "granted", _list(less), means),), 1)

    def _opens(self, scopes: MapNode, scope: str) -> bool:
        meaning = scopes.get("meaning")
        means = as_words(meaning.get(scope)) if isinstance(meaning, MapNode) else ()
        return any(fnmatchcase(self._one.action, pattern) for pattern in (scope, *means))

    def _backup(self, name: str) -> Iterator[Lever]:
        control = self._graph.elements.get(name)
        for where in control.words("store") if control is not None else ():
            store = self._graph.elements.get(where)
            if store is not None and "append_only" not in store.words("integrity"):
                value = _list([*store.words("integrity"), "append_only"])
                yield Lever((_fact(store, "integrity", value, "nobody, the agent included, takes copies away"),))


def _matching(graph: ModelGraph, patterns: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        known = graph.elements.get(pattern)
        if known is not None and known.kind == "tool":
            found |= {one.id for one in graph.actions_of_tool.get(pattern, ())}
        found |= {one.id for one in graph.match_actions(pattern)}
    return found


def _without(names: Iterable[str], action: str) -> list[str]:
    return [name for name in names if name != action and not fnmatchcase(action, name)]


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(_quoted(name) for name in names)}]"


def _quoted(name: str) -> str:
    return f'"{name}"' if name.startswith(("*", "&", "@")) or any(sign in name for sign in ":#{}[],") else name


def _fact(element: Element, key: str, value: str, means: str) -> Change:
    said = key in element.body
    span = element.body.value_span(key) if said else element.span
    was = written(element.body[key]) if said else ""
    return Change(f"{element.place}.{key}", value, was, span, means)


def _inner(element: Element, key: str, inner: str, value: str, means: str) -> Change:
    body = element.body.get(key)
    span, was = element.span, ""
    if isinstance(body, MapNode) and inner in body:
        span, was = body.value_span(inner), written(body[inner])
    return Change(f"{element.place}.{key}.{inner}", value, was, span, means)
