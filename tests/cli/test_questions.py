"""What `questions` says: what nobody has said, what hangs on it, what each answer makes of that, the line to paste."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from threatmodel.resources import schema_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

ROOT = Path(__file__).parents[2]
DESK = Path("samples/support-desk/system.yaml")
STAGING = Path("samples/staging-cleanup/system.yaml")
SAMPLES = sorted((ROOT / "samples").glob("*/system.yaml")) + sorted((ROOT / "templates" / "patterns").glob("*.yaml"))
SCREEN = 45  # lines
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def read(run: Callable[..., Result], *arguments: str | Path) -> dict[str, Any]:
    """Return the JSON of the command, which fits its schema and has no field that the schema does not describe."""
    data: dict[str, Any] = json.loads(run("questions", *arguments, "--format", "json").stdout)
    schema = json.loads(schema_text("questions-1"))
    jsonschema.validate(data, schema, jsonschema.Draft202012Validator)
    assert list(schema["properties"]) == list(data)
    for one in data["questions"]:
        assert set(schema["$defs"]["question"]["properties"]) == set(one)
        assert all(set(schema["$defs"]["hanging"]["properties"]) == set(hung) for hung in one["hanging"])
    return data


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_sample_passes_the_schema_and_asks_as_analyze_does(run: Callable[..., Result], path: Path) -> None:
    data = read(run, path)
    asked = json.loads(run("analyze", path, "--format", "json").stdout)["questions"]

    assert [(one["fact"], one["unlocks"], one["ways"]) for one in asked] == [
        (one["fact"], one["unlocks"], one["ways"]) for one in data["questions"]
    ]
    assert all(one["hanging"] for one in data["questions"])
    assert len(asked) == data["summary"]["all_questions"]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
@pytest.mark.parametrize("width", [60, 100])
def test_no_line_is_too_wide_and_colour_is_only_colour(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, path: Path, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    plain = run("questions", path).stdout
    colored = run("questions", path, "--color", "always").stdout

    assert plain == ESCAPE.sub("", colored)
    assert width >= max(len(line) for line in plain.split("\n") if not line.startswith(" " * 4))
    assert width > 60 or plain.count("\n") <= SCREEN + 10
    assert width < 100 or plain.count("\n") <= SCREEN


def test_an_answer_says_what_becomes_of_what_hangs_on_it(run: Callable[..., Result]) -> None:
    text = run("questions", STAGING).stdout
    first = read(run, STAGING)["questions"][0]

    assert "1. staging.actions.read_logs: returns? What kind of text comes back" in text
    assert "6 attack paths and influences and 5 further conclusions hang on it" in text
    assert "- path staging.read_logs>coder>production.delete_volume:destruction" in text
    assert "gone if trusted or typed, open if untrusted" in text
    assert "\nreturns: unknown,\n" in text
    assert {"gone": ["trusted", "typed"], "open": ["untrusted"]} == first["hanging"][0]["becomes"]


def test_what_whatif_says_is_what_questions_promises(run: Callable[..., Result]) -> None:
    """Each answer that is said to close a path does so when `whatif` states it."""
    first = read(run, STAGING)["questions"][0]
    for value in first["hanging"][0]["becomes"]["gone"]:
        found = json.loads(run("whatif", STAGING, "--set", f"{first['fact']}={value}", "--format", "json").stdout)
        gone = [one["id"] for one in found["paths"] if one["now"] is None]

        assert first["hanging"][0]["id"] in gone


def test_one_element_is_asked_about_alone(run: Callable[..., Result]) -> None:
    about = read(run, STAGING, "--about", "coder")
    action = read(run, STAGING, "--about", "staging.read_logs")

    assert about["questions"]
    assert all(".coder." in one["fact"] for one in about["questions"])
    assert ["tools.staging.actions.read_logs.returns"] == [one["fact"] for one in action["questions"]]
    assert about["summary"]["all_questions"] > about["summary"]["questions"]


def test_an_element_that_is_none_is_guessed(run: Callable[..., Result]) -> None:
    result = run("questions", DESK, "--about", "triag")

    assert 2 == result.exit_code
    assert "nothing is named 'triag'; did you mean 'triage'?" in result.stderr


def test_what_is_left_out_is_said_and_full_asks_it(run: Callable[..., Result]) -> None:
    short, full = run("questions", DESK).stdout, run("questions", DESK, "--full").stdout
    facts = read(run, DESK)["summary"]["questions"]

    assert "more facts, on each of which less hangs: --full" in short
    assert "--full" not in full
    assert f"\n{facts}. " in full


def test_nothing_to_ask_is_said(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "system.yaml"
    path.write_text("threatmodel: 1\nsystem: {name: Empty}\n", encoding="utf-8")

    assert "Empty: no agent is described, so there is nothing to ask about yet." in run("questions", path).stdout


def test_the_same_input_gives_the_same_bytes_and_a_file(run: Callable[..., Result], tmp_path: Path) -> None:
    target = tmp_path / "questions"
    written = run("questions", DESK, "-o", target)

    assert "Wrote" in written.stderr
    assert run("questions", DESK).stdout == target.read_text(encoding="utf-8")


def test_a_claim_about_which_nothing_is_asked_says_what_it_needs(run: Callable[..., Result]) -> None:
    path = Path("samples/maestro-devops/system.yaml")
    text = " ".join(run("questions", path, "--about", "plan-policy").stdout.split())
    needs = json.loads(run("questions", path, "--about", "plan-policy", "--format", "json").stdout)["needs"]

    assert "nothing is asked about plan-policy while its status is declared. Before it holds it has to say" in text
    assert "settings.decides: per_request; settings.considers: [task]." in text
    assert ["status", "applies", "settings.decides", "settings.considers"] == [
        one["fact"].removeprefix("controls.plan-policy.") for one in needs
    ]
