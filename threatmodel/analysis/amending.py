"""The controls that a description has already: every key that makes one hold, tried together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.gates import APPROVAL, GATING, OUTSIDERS, Controls
from threatmodel.analysis.holding import proven
from threatmodel.analysis.proof import written
from threatmodel.analysis.trial import Change
from threatmodel.catalog.control import Acts
from threatmodel.catalog.setting import Outcome
from threatmodel.load.nodes import MapNode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from threatmodel.analysis.context import Context
    from threatmodel.analysis.proof import Stage
    from threatmodel.analysis.trial import Trial
    from threatmodel.model.elements import Control
    from threatmodel.span import Span

MOST: Final = 4  # controls that are named
TEAM: Final = "the-approving-team"
BACKUP: Final = "backup-restore"
STORES: Final = 3  # other stores that are tried for a backup
_GOOD: Final = frozenset({"tested", "configured"})
_EVIDENCE: Final = "[{kind: test, ref: docs/test.md}]"


@dataclass(frozen=True, slots=True)
class Amending:
    """Controls of the description that close it once they say all of this."""

    controls: tuple[str, ...]
    """Mostly one; several where only all of them together do."""
    types: tuple[str, ...]
    on: tuple[tuple[str, ...], ...]
    changes: tuple[Change, ...]
    leaves: str
    """`broken` or `gone`."""
    closes: int
    span: Span
    """Where the first of them stands."""


def amendings(context: Context, stages: Iterable[Stage], trial: Trial) -> list[Amending]:
    """
    Return what would make the controls of a description hold against a path or a mishap that is not broken.

    Args:
        context: The system, unchanged.
        stages: Its proof: controls that stand in it come first.
        trial: Tries the changes on it; only what closes it is returned.
    """
    able = list(_able(context, stages))
    found: list[Amending] = []
    for control in able:
        if len(found) == MOST:
            return found
        for changes in ways(context, control):
            tried = trial.closes(changes)
            if tried is not None:
                found.append(_amending([control], changes, tried.leaves, tried.closes))
                break
    return found or list(_together(context, able[:MOST], trial))


def _together(context: Context, able: Sequence[Control], trial: Trial) -> Iterator[Amending]:
    """Yield the fewest controls that close it together, where none does alone."""
    chosen = {control: way for control in able if (way := next(ways(context, control), ())) != ()}
    if len(chosen) <= 1 or trial.closes(_all(chosen.values())) is None:
        return
    for control in able[::-1]:
        less = {one: changes for one, changes in chosen.items() if one is not control}
        if less and trial.closes(_all(less.values())) is not None:
            chosen = less
    tried = trial.closes(_all(chosen.values()))
    if tried is not None:
        yield _amending([*chosen], _all(chosen.values()), tried.leaves, tried.closes)


def _all(each: Iterable[tuple[Change, ...]]) -> tuple[Change, ...]:
    return tuple(change for changes in each for change in changes)


def _amending(controls: Sequence[Control], changes: tuple[Change, ...], leaves: str, closes: int) -> Amending:
    names, types = tuple(one.id for one in controls), tuple(one.type for one in controls)
    on = tuple(one.words("on") for one in controls)
    return Amending(names, types, on, changes, leaves, closes, controls[0].span)


def _able(context: Context, stages: Iterable[Stage]) -> Iterator[Control]:
    """Yield the controls that could close something, and do not yet: those that stand on the way first."""
    standing = dict.fromkeys(stand.control for stage in stages for stand in stage.stands)
    places = {name for stage in stages for name in (stage.source, stage.target)}
    graph = context.graph

    def near(control: Control) -> tuple[int, int]:
        on = {place for name in control.words("on") for place in graph.places_named(name)}
        first = list(standing).index(control.id) if control.id in standing else len(standing)
        return (first, 0 if on & places else 1)

    for control in sorted(graph.controls, key=near):
        known = context.catalog.controls.get(control.type)
        if known is None or not (known.acts in GATING or known.acts is Acts.ISOLATE or known.confines):
            continue
        if any(True for _ in changes_of(context, control)) or control.word("at") != "target":
            yield control


def ways(context: Context, control: Control) -> Iterator[tuple[Change, ...]]:
    """Yield the changes that make a control hold: first what it needs anywhere, then its place as well."""
    needed = tuple(changes_of(context, control))
    if needed:
        yield needed
    known = context.catalog.controls.get(control.type)
    if known is not None and known.acts in GATING and control.word("at") != "target":
        means = "the system that is called decides, so nothing goes past it"
        yield (*needed, _key(control, "at", "target", means))
    if control.type == BACKUP:
        copied = _copied(context, control)
        copies = (one for one in context.graph.of_kind("store") if one.word("kind") == "backup")
        others = [one.id for one in copies if one.id not in control.words("store") and copied <= {*one.words("data")}]
        means = "or any other that the agent can neither write nor delete; the evidence must be of a restore from there"
        for name in others[:STORES]:
            yield (*needed, _key(control, "store", name, means))


def _copied(context: Context, control: Control) -> frozenset[str]:
    """Return the data that a backup has to hold: that of the stores which its actions change, and which are no copy."""
    graph = context.graph
    places = {place for name in control.words("on") for place in graph.places_named(name)}
    actions = [action for action in graph.actions.values() if {action.id, action.tool.id} & places]
    names = places | {name for action in actions for name in action.words("store")}
    stores = [one for one in graph.of_kind("store") if one.id in names and one.word("kind") != "backup"]
    return frozenset(name for one in stores for name in one.words("data"))


def changes_of(context: Context, control: Control) -> Iterator[Change]:
    """Yield every key of a control that keeps it from holding, with a value that lets it (3.2 to 3.6, 8.2)."""
    body, status = control.body, control.word("status")
    if control.type == BACKUP and Controls(context).restores(control) is not Outcome.HOLDS:
        if status != "tested":
            yield _key(control, "status", "tested", "once a restore was tried")
        if not proven(control, context.today):
            yield _key(control, "evidence", _EVIDENCE, "of a restore that worked")
    elif status not in _GOOD:
        yield _key(control, "status", "configured", "once it runs; `tested`, with evidence, proves it")
    if control.word("enforced") in {"nowhere", "in_prompt"}:
        yield _key(control, "enforced", "outside_model", "by what the model cannot talk out of it")
    if control.word("applies") not in {"always", None}:
        yield _key(control, "applies", "always", "not only sometimes")
    known = context.catalog.controls.get(control.type)
    settings = body.get("settings")
    said = settings if isinstance(settings, MapNode) else MapNode(control.span)
    for name, setting in (known.settings if known is not None else {}).items():
        value = said.get(name)
        if name == "on_timeout" and value is None and said.get("required") is True:
            continue
        if setting.outcome(value) is Outcome.HOLDS or not setting.effective:
            continue
        good = [_yaml(one) for one in setting.effective]
        add = [*map(_yaml, value), good[0]] if isinstance(value, list) else None
        text = f"[{', '.join(add)}]" if add else f"[{good[0]}]" if setting.kind.value == "words" else good[0]
        means = f"or {' or '.join(good[1:])}" if len(good) > 1 else ""
        span = said.value_span(name) if name in said else control.span
        yield Change(f"{control.place}.settings.{name}", text, written(value) if name in said else "", span, means)
    yield from _decider(context, control)


def _decider(context: Context, control: Control) -> Iterator[Change]:
    """Yield who should decide, where nobody does or one does that can be the attacker (3.5)."""
    known, graph = context.catalog.controls.get(control.type), context.graph
    names = control.words("by")
    if known is None or not (known.needs_decider or control.type == APPROVAL):
        return
    wrong = [name for name in names if (one := graph.elements.get(name)) is not None and (
        one.kind == "agent" or (one.kind in {"person", "external"} and one.word("trust") in OUTSIDERS))]  # fmt: skip
    if names and not wrong:
        return
    trusted = [one.id for one in graph.of_kind("person") if one.word("trust") == "internal"]
    good = [name for name in names if name not in wrong] or trusted[:1] or [TEAM]
    means = "somebody whom no outsider steers" if trusted or names else "a person or team of yours"
    yield _key(control, "by", good[0] if len(good) == 1 else f"[{', '.join(good)}]", means)


def _key(control: Control, key: str, value: str, means: str) -> Change:
    said = key in control.body
    span = control.body.value_span(key) if said else control.span
    was = written(control.body[key]) if said else ""
    return Change(f"{control.place}.{key}", value, was, span, means)


def _yaml(value: object) -> str:
    return written(value)
