"""Controls of a description against the catalog: types, settings, what they take, and who decides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from threatmodel.catalog.setting import FLAGS, SettingKind
from threatmodel.diagnostics import Diagnostic, Level, did_you_mean, one_of
from threatmodel.load.nodes import MapNode, words
from threatmodel.load.places import shortened, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from threatmodel.catalog.control import ControlType
    from threatmodel.catalog.setting import Setting
    from threatmodel.load.document import Document, Entry


class Controls(Protocol):
    """What is needed of a catalog."""

    @property
    def controls(self) -> Mapping[str, ControlType]:
        """Id → type."""

    @property
    def control_aliases(self) -> Mapping[str, str]:
        """Id or alias → id."""


def check_controls(document: Document, catalog: Controls) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the types and settings of controls, in file order. Aliases resolve without a word."""
    found: list[Diagnostic] = []
    for control in document.sections["controls"].values():
        found += _control(control, catalog)
    return tuple(sorted(found, key=Diagnostic.sort_key))


def _control(control: Entry, catalog: Controls) -> Iterator[Diagnostic]:
    name = control.body.get("type")
    if name is None:
        meant = catalog.control_aliases.get(did_you_mean(control.id, catalog.control_aliases) or "")
        hint = f"write 'type: {meant}'" if meant else "'threatmodel catalog list controls' shows the types there are"
        message = f"control '{control.id}' does not say 'type', so nothing is known of what it does"
        yield Diagnostic("no-control-type", message, control.span, "counts for nothing", (hint,), level=Level.WARNING)
        return
    if not isinstance(name, str):
        return
    kind = catalog.controls.get(catalog.control_aliases.get(name, name))
    if kind is None:
        near = did_you_mean(name, catalog.control_aliases)
        first = f"did you mean '{near}'?" if near else "'threatmodel catalog search WORD' finds the nearest one"
        yield Diagnostic(
            "unknown-control-type",
            f"no control type is named '{shortened(name)}'",
            control.body.value_span("type"),
            f"type of control '{control.id}'",
            (first, "your own types go into a folder named by --catalog"),
        )
        return
    settings = control.body.get("settings")
    if isinstance(settings, MapNode):
        yield from _settings(control, settings, kind)


def _settings(control: Entry, settings: MapNode, kind: ControlType) -> Iterator[Diagnostic]:
    for name, value in settings.items():
        setting = kind.settings.get(name)
        if setting is None:
            if name.startswith("x-"):
                continue
            near = did_you_mean(name, kind.settings)
            own = [*kind.own_settings, *(word for word in kind.settings if word not in kind.own_settings)]
            hint = f"did you mean '{near}'?" if near else f"its settings are {one_of(own)}"
            yield Diagnostic(
                "unknown-setting",
                f"a control of type '{kind.id}' has no setting '{shortened(name)}'",
                settings.key_span(name),
                f"in control '{control.id}'",
                (hint, "a setting of your own begins with 'x-'"),
            )
            continue
        for at, item in words(value):
            problem = "" if item in (None, "unknown") else _wrong(setting, item)
            if problem:
                span = settings.value_span(name) if at is None else value.value_span(at)
                near = did_you_mean(str(item), setting.values) if setting.values else None
                yield Diagnostic(
                    "wrong-setting",
                    f"setting '{name}' is {shown(item)}, expected {problem}",
                    span,
                    f"in control '{control.id}'",
                    (f"did you mean '{near}'?",) if near else (),
                )
        if isinstance(value, list) and setting.kind in _SINGLE:
            yield Diagnostic(
                "wrong-setting",
                f"setting '{name}' is a list, expected one value",
                settings.value_span(name),
                f"in control '{control.id}'",
            )


_SINGLE: Final = frozenset(
    {
        SettingKind.WORD,
        SettingKind.FLAG,
        SettingKind.NUMBER,
        SettingKind.SHARE,
        SettingKind.DURATION,
        SettingKind.AMOUNT,
    }
)
_DURATION: Final = re.compile(r"(?:[0-9]{1,6}[smhdwy]|never)\Z")
_SHARE: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,4})?%\Z")


def _wrong(setting: Setting, value: Any) -> str:  # noqa: ANN401  as written
    """Return what was expected instead of a value, or nothing if it will do."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match setting.kind:
        case SettingKind.WORD | SettingKind.WORDS:
            spoken = {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else value
            return "" if not setting.values or spoken in setting.values else f"one of {one_of(setting.values)}"
        case SettingKind.FLAG:
            return "" if isinstance(value, bool) or (isinstance(value, str) and value in FLAGS) else "true or false"
        case SettingKind.NUMBER:
            return "" if is_number else "a number"
        case SettingKind.SHARE:
            return "" if isinstance(value, str) and _SHARE.match(value) else "a share such as '5%'"
        case SettingKind.DURATION:
            return "" if isinstance(value, str) and _DURATION.match(value) else "a duration such as '15m'"
        case SettingKind.AMOUNT:
            return (
                "" if is_number or isinstance(value, dict) else "an amount, such as 500 or {amount: 500, currency: EUR}"
            )
        case SettingKind.PARTIES:
            return "" if isinstance(value, str | bool) else "the name of a person, agent or team"
        case SettingKind.ACTIONS:
            return "" if isinstance(value, str) else "an action such as 'payments.refund'"
        case _:
            return "" if not isinstance(value, dict) else "a text"
