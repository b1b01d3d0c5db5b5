"""The things a description speaks of, as the graph holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from threatmodel.model.worst import UNKNOWN, worst

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.load.nodes import MapNode
    from threatmodel.span import Span


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """Anything a rule can look at. Two elements are equal only if they are the same one."""

    id: str
    """Unique in the graph: `triage`, `crm.read_ticket`, `customer>triage`."""
    body: MapNode
    """Its keys as written, after `uses:`."""
    span: Span
    """Where its id (or, of a list item, where it) stands."""
    place: str
    """The beginning of the places of its facts: `agents.triage`, `tools.crm.actions.read_ticket`."""

    kind: ClassVar[str] = "element"
    derived: ClassVar[bool] = False
    """Whether nobody wrote it down: it follows from what was written, and all its fields are known."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """What an unsaid key means, where that is not `unknown` (DESIGN, "Unsaid but not unknown")."""

    def value(self, key: str) -> Any:  # noqa: ANN401  whatever YAML holds
        """Return what is written under a key of the element itself, else its default, else None."""
        written = self.body.get(key)
        return self.defaults.get(key) if written is None else written

    def word(self, key: str) -> str | None:
        """Return one word for a key, the worst of a list, or None where nobody knows."""
        value = self.value(key)
        if value is None or value == UNKNOWN:
            return None
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return worst(key, tuple(str(item) for item in value))
        return str(value)

    def words(self, key: str) -> tuple[str, ...]:
        """Return the items of a list (one for a scalar); empty where nothing, `none` or `unknown` is said."""
        return as_words(self.value(key))

    def says(self, key: str) -> bool:
        """Return whether the description states a value for the key, `unknown` apart."""
        return self.body.get(key) not in (None, UNKNOWN)

    @property
    def description(self) -> str:
        """What the author wrote about it."""
        return str(self.body.get("description") or "")

    @property
    def owner(self) -> str | None:
        """Who answers for it."""
        return self.word("owner")

    @property
    def out_of_scope(self) -> str | None:
        """Why it is set aside, or None."""
        reason = self.body.get("out_of_scope")
        return None if reason is None else str(reason)


def as_words(value: object) -> tuple[str, ...]:
    """Return a value as the texts it lists: a scalar is a list of one; None, `none` and `unknown` list nothing."""
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(str(item) for item in value if item not in (None, "none", UNKNOWN) and not isinstance(item, dict))
    return () if value in ("none", UNKNOWN) or isinstance(value, dict) else (str(value),)


@dataclass(frozen=True, slots=True, eq=False)
class System(Element):
    """The described system as a whole."""

    kind: ClassVar[str] = "system"


@dataclass(frozen=True, slots=True, eq=False)
class Person(Element):
    """Somebody, or everybody of a kind."""

    kind: ClassVar[str] = "person"


@dataclass(frozen=True, slots=True, eq=False)
class ExternalSystem(Element):
    """A system that others run."""

    kind: ClassVar[str] = "external"


@dataclass(frozen=True, slots=True, eq=False)
class Service(Element):
    """Own software without a model."""

    kind: ClassVar[str] = "service"
    defaults: ClassVar[Mapping[str, Any]] = {"passes": "text"}


@dataclass(frozen=True, slots=True, eq=False)
class Agent(Element):
    """A model that acts."""

    kind: ClassVar[str] = "agent"
    defaults: ClassVar[Mapping[str, Any]] = {"limits": "none"}

    @property
    def foreign(self) -> bool:
        """Whether others run it."""
        return self.word("operated_by") == "third_party"


@dataclass(frozen=True, slots=True, eq=False)
class LanguageModel(Element):
    """The model an agent calls."""

    kind: ClassVar[str] = "model"


@dataclass(frozen=True, slots=True, eq=False)
class Tool(Element):
    """What an agent calls."""

    kind: ClassVar[str] = "tool"
    defaults: ClassVar[Mapping[str, Any]] = {"kind": "function"}

    @property
    def actions_known(self) -> bool:
        """Whether the description lists what the tool can do."""
        return "actions" in self.body and self.body.get("actions") not in (None, UNKNOWN)


@dataclass(frozen=True, slots=True, eq=False)
class Skill(Tool):
    """Instructions and code loaded into an agent."""

    kind: ClassVar[str] = "skill"
    defaults: ClassVar[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Action(Element):
    """One thing a tool can do. What it does not say, its tool says for it."""

    tool: Tool
    name: str

    kind: ClassVar[str] = "action"
    inherited: ClassVar[frozenset[str]] = frozenset({"effect", "data", "store", "returns", "reversible"})

    def value(self, key: str) -> Any:  # noqa: ANN401  whatever YAML holds
        """Return its own word, else its tool's."""
        written = self.body.get(key)
        if written is None and key in self.inherited:
            written = self.tool.body.get(key)
        return written

    @property
    def effects(self) -> tuple[str, ...]:
        """What it does to the world; empty where nobody says."""
        return self.words("effect")


@dataclass(frozen=True, slots=True, eq=False)
class DataStore(Element):
    """Where data lies."""

    kind: ClassVar[str] = "store"


@dataclass(frozen=True, slots=True, eq=False)
class Asset(Element):
    """Data worth protecting."""

    kind: ClassVar[str] = "data"
    floor: ClassVar[frozenset[str]] = frozenset({"pii", "phi", "financial", "secret"})
    ranks: ClassVar[tuple[str, ...]] = ("public", "internal", "confidential", "restricted")

    @property
    def classification(self) -> str | None:
        """Its class; personal, health, financial and secret data are at least confidential."""
        said = self.word("classification")
        if self.floor & set(self.words("categories")) and (
            said is None or self.ranks.index(said) < self.ranks.index("confidential")
        ):
            return "confidential"
        return said


@dataclass(frozen=True, slots=True, eq=False)
class Identity(Element):
    """Who acts."""

    kind: ClassVar[str] = "identity"


@dataclass(frozen=True, slots=True, eq=False)
class Credential(Element):
    """The secret that proves an identity."""

    kind: ClassVar[str] = "credential"


@dataclass(frozen=True, slots=True, eq=False)
class Runtime(Element):
    """A host that several elements share, or one written inline."""

    kind: ClassVar[str] = "runtime"
    defaults: ClassVar[Mapping[str, Any]] = {"shell": False}


@dataclass(frozen=True, slots=True, eq=False)
class Control(Element):
    """A safeguard the description speaks of."""

    type: str
    """The id of its type in the catalog, aliases resolved."""

    kind: ClassVar[str] = "control"
    defaults: ClassVar[Mapping[str, Any]] = {"applies": "always"}


@dataclass(frozen=True, slots=True, eq=False)
class TrustBoundary(Element):
    """A line where trust changes."""

    kind: ClassVar[str] = "boundary"


@dataclass(frozen=True, slots=True, eq=False)
class DataFlow(Element):
    """A flow the description states."""

    source: str
    target: str
    via: tuple[str, ...]

    kind: ClassVar[str] = "flow"


@dataclass(frozen=True, slots=True, eq=False)
class Delegation(Element):
    """One agent handing work to another."""

    source: str
    target: str

    kind: ClassVar[str] = "delegation"


KINDS: Final[dict[str, type[Element]]] = {
    cls.kind: cls
    for cls in (
        System, Person, ExternalSystem, Service, Agent, LanguageModel, Tool, Skill, Action, DataStore, Asset, Identity,
        Credential, Runtime, Control, TrustBoundary, DataFlow, Delegation,
    )
}  # fmt: skip
"""Kind → class, in the order in which views list them."""
