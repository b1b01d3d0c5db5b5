"""A setting of a control: what it takes, and which of its values let the control hold (SEMANTICS 3.3 to 3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Outcome(Enum):
    """What one setting makes of a control."""

    HOLDS = "holds"
    CLAIM = "claim"
    NOTHING = "nothing"

    @property
    def rank(self) -> int:
        """Place from good to bad, for `min` and `max`."""
        return ("holds", "claim", "nothing").index(self.value)


class SettingKind(Enum):
    """What a setting takes."""

    WORD = "word"
    """One of its values."""
    WORDS = "words"
    """One or more of its values."""
    FLAG = "flag"
    TEXT = "text"
    NUMBER = "number"
    SHARE = "share"
    DURATION = "duration"
    AMOUNT = "amount"
    LIST = "list"
    PARTIES = "parties"
    """Ids of people or agents, or names of teams."""
    ACTIONS = "actions"


FLAGS: Final = {"yes": True, "no": False, "true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting that a type of control understands."""

    name: str
    kind: SettingKind
    about: str
    values: tuple[str, ...] = ()
    """The words it takes; empty where it takes anything of its kind."""
    effective: tuple[str | bool, ...] = ()
    """With these the control holds. Empty, and no `claims` either: every value will do."""
    claims: tuple[str | bool, ...] = ()
    """With these the control is a claim. Any other value makes it nothing."""
    unsaid: Outcome = Outcome.HOLDS

    def outcome(self, value: Any) -> Outcome:  # noqa: ANN401 - a value as the description has it
        """
        Say what a value makes of the control.

        Args:
            value: As written; None and `unknown` count as unsaid. Of a list the best member counts: a policy that
                considers the task besides the role does consider the task.
        """
        if isinstance(value, (list, tuple)):
            return min((self.outcome(item) for item in value), key=lambda one: one.rank, default=self.unsaid)
        if value is None or value == "unknown":
            return self.unsaid
        if not self.effective and not self.claims:
            return Outcome.HOLDS
        said = FLAGS.get(value, value) if self.kind is SettingKind.FLAG and isinstance(value, str) else value
        if said in self.effective:
            return Outcome.HOLDS
        return Outcome.CLAIM if said in self.claims else Outcome.NOTHING


def setting_from(name: str, data: Mapping[str, Any]) -> Setting:
    """Make a setting of its entry under `settings:` in a control file."""
    return Setting(
        name=name,
        kind=SettingKind(data["kind"]),
        about=data["about"],
        values=tuple(data.get("values", ())),
        effective=tuple(data.get("effective", ())),
        claims=tuple(data.get("claims", ())),
        unsaid=Outcome(data.get("unsaid", "holds")),
    )


def _table(*settings: Setting) -> Mapping[str, Setting]:
    return MappingProxyType({setting.name: setting for setting in settings})


COMMON_SETTINGS: Final[Mapping[str, Setting]] = _table(
    Setting(
        name="mode",
        kind=SettingKind.WORD,
        values=("block", "flag", "log"),
        effective=("block",),
        about="What it does with a hit. Only blocking stops anything.",
    ),
    Setting(
        name="on_error",
        kind=SettingKind.WORD,
        values=("deny", "allow"),
        effective=("deny",),
        claims=("allow",),
        about="What happens when the control itself fails. One that lets calls through then holds sometimes.",
    ),
    Setting(
        name="acts",
        kind=SettingKind.WORD,
        values=("before", "after"),
        effective=("before",),
        about="Whether it looks before or after the call. What looks afterwards stops nothing.",
    ),
    Setting(
        name="required",
        kind=SettingKind.FLAG,
        about="Whether the call cannot go on without it. Of an approval, yes says as much as `on_timeout: deny`.",
    ),
    Setting(name="approvers", kind=SettingKind.NUMBER, about="How many people have to agree."),
    Setting(
        name="above",
        kind=SettingKind.AMOUNT,
        about="It acts only above this amount; say `applies: above_limit` as well.",
    ),
    Setting(name="allow", kind=SettingKind.LIST, about="What is let through: recipients, hosts, commands, tools."),
    Setting(name="alert", kind=SettingKind.PARTIES, about="Who is told, or whether anybody is."),
    Setting(name="sample", kind=SettingKind.SHARE, about="The share that is looked at; say `applies: some` as well."),
    Setting(name="duration", kind=SettingKind.DURATION, about="How long it holds."),
    Setting(
        name="pinned",
        kind=SettingKind.FLAG,
        about="Whether what it checks against is fixed by version or hash.",
    ),
)
"""Settings of every type of control (DESIGN §2, SEMANTICS 3.3 and 3.4)."""

AUTHORIZING_SETTINGS: Final[Mapping[str, Setting]] = _table(
    Setting(
        name="decides",
        kind=SettingKind.WORD,
        values=("per_request", "per_session", "at_deploy"),
        effective=("per_request",),
        unsaid=Outcome.NOTHING,
        about="When it decides. Only a decision on the request at hand can tell an injected call from a wanted one.",
    ),
    Setting(
        name="considers",
        kind=SettingKind.WORDS,
        values=("task", "parameters", "provenance", "identity", "role", "context", "data"),
        effective=("task", "parameters", "provenance"),
        claims=("context", "data"),
        unsaid=Outcome.NOTHING,
        about="What it looks at. An injected call has the same identity and role as a wanted one.",
    ),
    Setting(
        name="denies",
        kind=SettingKind.ACTIONS,
        about="Actions that it refuses outright, whoever asks.",
    ),
)
"""Further settings of every type that authorizes (SEMANTICS 3.6). `unsaid: claim` is said by the types that differ."""
