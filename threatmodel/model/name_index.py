"""All names of a description that a reference can lead to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from threatmodel.load.assemble import EFFECTS
from threatmodel.load.nodes import MapNode, words
from threatmodel.model.patterns import matches

if TYPE_CHECKING:
    from threatmodel.load.document import Document, Entry

WORKED_ON: Final = ("store", "service", "external")
"""Kinds that an agent can work on without a tool: `access:` makes actions of them."""


@dataclass(frozen=True)
class Names:
    """The ids and actions of one document."""

    document: Document

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Id → entry, over all sections."""
        return {name: entry for entries in self.document.sections.values() for name, entry in entries.items()}

    @cached_property
    def ids_by_kind(self) -> dict[str, list[str]]:
        """Kind → ids."""
        found: dict[str, list[str]] = {}
        for name, entry in self.entries.items():
            found.setdefault(entry.kind, []).append(name)
        return found

    @cached_property
    def all_actions(self) -> tuple[str, ...]:
        """Every action that is written down."""
        tools = [*self.document.sections["tools"].values(), *self.document.sections["skills"].values()]
        return tuple(f"{tool.id}.{name}" for tool in tools for name in self.actions_of(tool))

    def of_kinds(self, kinds: tuple[str, ...]) -> list[str]:
        """Return the ids of elements of these kinds."""
        return [name for kind in kinds for name in self.ids_by_kind.get(kind, ())]

    @staticmethod
    def actions_of(tool: Entry) -> tuple[str, ...]:
        """Return the names of the actions that a tool lists."""
        actions = tool.body.get("actions")
        return tuple(actions) if isinstance(actions, dict) else ()

    @staticmethod
    def may_do_more(tool: Entry) -> bool:
        """Return whether a tool may have actions that nobody has written down."""
        return not isinstance(tool.body.get("actions"), dict) or tool.body.get("actions_complete") in (
            False,
            "no",
            "unknown",
        )

    def has_action(self, owner: Entry, name: str) -> bool:
        """Return whether an element has, or may have, an action of this name."""
        if owner.kind in {"tool", "skill"}:
            return name in self.actions_of(owner) or self.may_do_more(owner)
        if owner.kind == "agent":
            return name == "shell"
        return owner.kind in WORKED_ON and name in EFFECTS

    def fits_any(self, pattern: str) -> bool:
        """Return whether a pattern with `*` fits anything there is."""
        before, dot, after = pattern.partition(".")
        owner = self.entries.get(before) if dot else None
        if owner is not None:
            if owner.kind in {"tool", "skill"}:
                return self.may_do_more(owner) or any(matches(after, name) for name in self.actions_of(owner))
            return any(matches(after, name) for name in (*EFFECTS, "shell"))
        if any(matches(pattern, name) for name in self.all_actions):
            return True
        if any(matches(pattern, name) for name in self.entries):
            return True
        return any(
            matches(before, name) and (self.may_do_more(self.entries[name]) or self.entries[name].kind in WORKED_ON)
            for name in self.of_kinds(("tool", "skill", *WORKED_ON))
        )

    @cached_property
    def edges(self) -> frozenset[str]:
        """Every edge that a control can stand on: flows, delegations, and what leads into an agent."""
        found: set[str] = set()
        for flow in self.document.flows:
            ends = [flow.body.get("from"), *(item for _, item in words(flow.body.get("via"))), flow.body.get("to")]
            found.add(f"{ends[0]}>{ends[-1]}")
            found.update(f"{first}>{second}" for first, second in pairwise(ends))
        for agent in self.document.sections["agents"].values():
            found.update(f"{source}>{agent.id}" for source in self._leading_into(agent))
            found.update(f"{agent.id}>{to}" for to in self._targets(agent.body.get("delegates_to")))
        for service in self.document.sections["services"].values():
            found.update(f"{service.id}>{to}" for _, to in words(service.body.get("starts")))
        return frozenset(found)

    @staticmethod
    def _targets(delegations: Any) -> list[str]:  # noqa: ANN401  as written
        return [str(item.get("to")) for _, item in words(delegations) if isinstance(item, MapNode)]

    def _leading_into(self, agent: Entry) -> set[str]:
        """Return the tools, actions and stores whose text comes into an agent."""
        found: set[str] = set()
        for key in ("memory", "started_by"):
            found.update(str(item) for _, item in words(agent.body.get(key)))
        instructions = agent.body.get("instructions")
        if isinstance(instructions, MapNode):
            found.update(str(item) for _, item in words(instructions.get("from")))
        access = agent.body.get("access")
        if isinstance(access, MapNode):
            found.update(access)
            found.update(f"{name}.{effect}" for name in access for effect in EFFECTS)
        for key in ("tools", "skills"):
            for _, item in words(agent.body.get(key)):
                found.update(self._text_from(str(item)))
        return found

    def _text_from(self, called: str) -> set[str]:
        """Return what a call brings text from: the tool, the action, the stores they read."""
        before, _, after = called.partition(".")
        tool = self.entries.get(before)
        if tool is None:
            return {name for name in self.all_actions if matches(called, name)} if "*" in called else set()
        actions = [name for name in self.actions_of(tool) if not after or matches(after, name)]
        found = {tool.id, *(f"{tool.id}.{name}" for name in actions)}
        if after and self.may_do_more(tool):
            found.add(called)
        bodies = [tool.body, *(tool.body["actions"][name] for name in actions)]
        for body in bodies:
            if isinstance(body, MapNode):
                for key in ("store", "target"):
                    found.update(str(item) for _, item in words(body.get(key)))
        return found
