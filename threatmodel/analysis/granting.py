"""Which line of a description gives an agent what it has, and which keys say what that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatmodel.analysis.proof import Quote, quotes, told
from threatmodel.load.nodes import MapNode, SeqNode
from threatmodel.model.elements import as_words

if TYPE_CHECKING:
    from threatmodel.analysis.powers import Power
    from threatmodel.model.elements import Element
    from threatmodel.span import Span


def granted(agent: Element, action: str, target: str | None = None) -> Span:
    """Return the line of an agent that gives it an action: what lists it or its tool, or its access."""
    tool = action.partition(".")[0]
    for key in ("tools", "skills"):
        names = agent.body.get(key)
        for at, name in enumerate(as_words(names)):
            if name in {tool, action, f"{tool}.*"}:
                return names.value_span(at) if isinstance(names, SeqNode) else agent.body.value_span(key)
    access = agent.body.get("access")
    if isinstance(access, MapNode) and (target or tool) in access:
        return access.key_span(target or tool)
    if action == f"{agent.id}.shell" and "runtime" in agent.body:
        return agent.body.key_span("runtime")
    return agent.span


def named(body: MapNode, key: str, name: str) -> Span:
    """Return where a name stands in a list."""
    names = body.get(key)
    if isinstance(names, SeqNode):
        for at, one in enumerate(names):
            if str(one) == name:
                return names.value_span(at)
    return body.value_span(key)


def acts(power: Power, *keys: str) -> tuple[Quote, ...]:
    """Return what a power says of itself."""
    if power.action is not None:
        return told(power.action, *keys)
    if power.details is not None:
        return quotes(power.details, *keys)
    return told(power.tool, *keys) if power.tool is not None else ()
