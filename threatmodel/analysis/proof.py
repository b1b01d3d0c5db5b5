"""What a proof is made of: stages of a route, the lines of the description they rest on, the controls on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from threatmodel.load.nodes import MapNode
    from threatmodel.model.elements import Element
    from threatmodel.span import Span

HOLDS: Final = "holds"
WEAKENS: Final = "weakens"
CLAIM: Final = "claim"
UNKNOWN: Final = "unknown"
NOTHING: Final = "nothing"
WORTHS: Final = (HOLDS, WEAKENS, CLAIM, UNKNOWN, NOTHING)
"""What a control can be worth where it stands."""

_LONGEST: Final = 60  # characters of a quoted value


@dataclass(frozen=True, slots=True)
class Quote:
    """A key that decides, as the description has it."""

    text: str
    """`trust: untrusted`."""
    span: Span


@dataclass(frozen=True, slots=True)
class Stand:
    """One control where it stands, and what it is worth there."""

    control: str
    type: str
    worth: str
    """One of `WORTHS`."""
    reason: str
    """Goes on after `only a claim:` and so on."""
    rule: str
    """Of SEMANTICS: `3.5`."""
    span: Span
    missing: tuple[str, ...] = ()
    """Places of facts that would say what it is worth."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a route: what carries the text or the call from one end to the other."""

    source: str
    target: str
    kind: str
    """A word for machines: `flow`, `result`, `delegation`, `call`, `impact` ..."""
    text: str
    """What happens here, in one sentence."""
    rule: str
    """Of SEMANTICS: `4.3b`."""
    span: Span
    """Where the description says so."""
    quotes: tuple[Quote, ...] = ()
    stands: tuple[Stand, ...] = ()
    missing: tuple[str, ...] = ()
    """Places of facts without which nobody can tell whether it leads on here."""
    arguments: bool = False
    """Of a way out: whether what a tool is called with takes the data along."""

    @property
    def lacks(self) -> tuple[str, ...]:
        """Its own missing facts, and those of the controls that stand here."""
        return tuple(dict.fromkeys((*self.missing, *(fact for stand in self.stands for fact in stand.missing))))


def quotes(body: MapNode, *keys: str) -> tuple[Quote, ...]:
    """Return the keys of a mapping that are said, as they are written."""
    return tuple(Quote(f"{key}: {written(body[key])}", body.value_span(key)) for key in keys if key in body)


def told(element: Element, *keys: str) -> tuple[Quote, ...]:
    """Return the keys that an element says itself or, of an action, its tool says for it."""
    found: list[Quote] = []
    tool = getattr(element, "tool", None)
    inherited = getattr(element, "inherited", ())
    for key in keys:
        own = quotes(element.body, key)
        found += own or (quotes(tool.body, key) if tool is not None and key in inherited else ())
    return tuple(found)


def overruled(stands: tuple[Stand, ...], said: tuple[Quote, ...], worst: str) -> tuple[Stand, ...]:
    """Return what controls are worth beside a fact that says the same: where that says the worst, nothing (1.3)."""
    if not said or said[0].text != worst:
        return stands
    reason = f"the description says {worst}, and the worse of the two counts"
    return tuple(
        one if one.worth == NOTHING else replace(one, worth=NOTHING, reason=reason, rule="1.3") for one in stands
    )


def written(value: object) -> str:
    """Return a value in the short form of YAML."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, dict):
        text = f"{{{', '.join(f'{key}: {written(item)}' for key, item in value.items())}}}"
    elif isinstance(value, list):
        text = f"[{', '.join(map(written, value))}]"
    else:
        text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
