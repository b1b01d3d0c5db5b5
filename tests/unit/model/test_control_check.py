from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest

from threatmodel.catalog.setting import COMMON_SETTINGS, Setting, SettingKind
from threatmodel.load.loader import load_document
from threatmodel.model.control_check import check_controls


def setting(kind: SettingKind, *values: str) -> Setting:
    return Setting(name=f"a_{kind.value}", kind=kind, about="", values=values)


OWN = {
    one.name: one
    for one in (
        setting(SettingKind.WORD, "yes", "no", "maybe"),
        setting(SettingKind.WORDS, "red", "green"),
        *map(setting, (kind for kind in SettingKind if kind not in {SettingKind.WORD, SettingKind.WORDS})),
    )
}
GATE = SimpleNamespace(id="gate", settings={**COMMON_SETTINGS, **OWN}, own_settings=tuple(OWN))
CATALOG: Any = SimpleNamespace(controls={"gate": GATE}, control_aliases={"gate": "gate", "door": "gate"})


def said(control: str) -> list[str]:
    text = f"threatmodel: 1\ncontrols:\n  c: {control}\n"
    return [problem.code for problem in check_controls(load_document("-", stdin=io.BytesIO(text.encode())), CATALOG)]


@pytest.mark.parametrize(
    "value",
    [
        "a_word: maybe",
        "a_word: true",
        "a_word: unknown",
        "a_words: [red, green]",
        "a_words: red",
        "a_flag: yes",
        "a_flag: false",
        "a_text: anything",
        "a_number: 3",
        "a_share: 5%",
        "a_duration: 15m",
        "a_duration: never",
        "a_amount: 500",
        "a_amount: {amount: 5}",
        "a_list: [a, b]",
        "a_list: a",
        "a_parties: [me, you]",
        "a_parties: true",
        "a_actions: crm.read",
        "mode: block",
        "alert: [desk]",
        "x-own: {any: thing}",
    ],
)
def test_a_setting_takes(value: str) -> None:
    assert said(f"{{type: door, settings: {{{value}}}}}") == []


@pytest.mark.parametrize(
    "value",
    [
        "a_word: perhaps",
        "a_word: [yes, no]",
        "a_words: [red, blue]",
        "a_flag: perhaps",
        "a_text: {a: b}",
        "a_number: many",
        "a_number: true",
        "a_share: 5",
        "a_duration: 15",
        "a_amount: much",
        "a_parties: 3",
        "a_actions: 3",
    ],
)
def test_a_setting_does_not_take(value: str) -> None:
    assert said(f"{{type: gate, settings: {{{value}}}}}") == ["wrong-setting"]


@pytest.mark.parametrize(
    ("control", "codes"),
    [
        ("{type: dor}", ["unknown-control-type"]),
        ("{type: gate, settings: {mood: good}}", ["unknown-setting"]),
        ("{on: []}", ["no-control-type"]),
        ("{type: gate}", []),
    ],
)
def test_a_type_is_known_by_id_or_alias(control: str, codes: list[str]) -> None:
    assert said(control) == codes
