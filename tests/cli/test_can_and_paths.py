"""What `can` and `paths` say: the answer first, its proof below, and JSON that keeps its schema."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from threatmodel.analysis.marks import STATES as MARKS
from threatmodel.cli.paths import IMPACTS, STATES
from threatmodel.resources import schema_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

ROOT = Path(__file__).parents[2]
DESK = Path("samples/support-desk/system.yaml")  # as a reader names it, wherever the checkout lies
SAMPLES = sorted((ROOT / "samples").glob("*/system.yaml")) + sorted((ROOT / "templates" / "patterns").glob("*.yaml"))
SCREEN = 45  # lines
GRAVE = ["info", "low", "medium", "high", "critical"]
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")

BOUNDLESS = """threatmodel: 1
system: {name: "Sh\\u202eop\\e[31m"}
people: {guest: {trust: untrusted}}
agents:
  bot: {planning: model_selects, tools: [shop], intended: [shop.look], never: [delete]}
  idle: {tools: []}
  riddle: {owner: team}
tools:
  shop:
    actions:
      look: {effect: read, returns: trusted}
      order: {effect: [pay, write], reversible: no, returns: trusted}
      wipe: {effect: delete, reversible: no, returns: trusted}
      odd: {returns: trusted}
flows: [{from: guest, to: bot}]
"""


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def boundless(tmp_path: Path) -> Path:
    """An agent that can do more than intended, one that can do nothing, one of which nobody says anything."""
    path = tmp_path / "system.yaml"
    path.write_text(BOUNDLESS, encoding="utf-8")
    return path


def read(run: Callable[..., Result], name: str, *arguments: str | Path) -> dict[str, Any]:
    """Return the JSON of a command, which fits its schema and has no field that the schema does not describe."""
    data: dict[str, Any] = json.loads(run(name, *arguments, "--format", "json").stdout)
    schema = json.loads(schema_text(f"{name}-1"))
    jsonschema.validate(data, schema, jsonschema.Draft202012Validator)
    assert list(schema["properties"]) == list(data)
    for key, definition in (("capabilities", "capability"), ("influence", "influence"), ("agents", "agent"),
                            ("paths", "path"), ("mishaps", "mishap"), ("invariants", "invariant")):  # fmt: skip
        for entry in data.get(key, [])[:1]:
            form = schema["$defs"][definition]
            assert set(form["required"]) <= set(entry) <= set(form["properties"])
    return data


def test_the_words_are_those_of_the_analysis() -> None:
    schema = json.loads(schema_text("paths-1"))

    assert STATES == MARKS
    assert list(IMPACTS) == schema["$defs"]["path"]["properties"]["impact"]["enum"]


@pytest.mark.parametrize("command", ["can", "paths"])
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_sample_passes_the_published_schema(run: Callable[..., Result], path: Path, command: str) -> None:
    data = read(run, command, path)

    assert data["format"] == f"threatmodel/{command}-1"


@pytest.mark.parametrize("command", ["can", "paths"])
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
@pytest.mark.parametrize("width", [60, 100])
def test_no_line_is_too_wide_and_colour_is_only_colour(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, path: Path, command: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    plain = run(command, path, "--full").stdout
    colored = run(command, path, "--full", "--color", "always").stdout

    assert plain == ESCAPE.sub("", colored)
    assert width >= max(map(len, plain.split("\n")))


def test_can_answers_in_one_line_and_fits_a_screen(run: Callable[..., Result]) -> None:
    text = run("can", DESK).stdout

    assert SCREEN >= text.count("\n")
    assert "triage can do 3 things, 1 of them forbidden; customer, crm.read_ticket and mailer can steer it" in text
    assert text.index("forbidden  payments.refund: pay payment, cannot be undone") < text.index("intended ")
    assert "delegated: triage > refunds > payments.refund" in text
    assert "as refunds-workload with payments-key (lifetime 30d); held by refund-approval" in text
    assert "as refunds-workload with mail-oauth (never expires); no gate" in text
    assert "nobody has said what refunds is for" in text


def test_can_shows_one_agent(run: Callable[..., Result]) -> None:
    text = run("can", DESK, "refunds").stdout
    data = read(run, "can", DESK, "refunds")

    assert text.startswith("refunds can do 1 thing;")
    assert "\ntriage can" not in text
    assert {"refunds"} == {entry["agent"] for key in ("capabilities", "influence", "agents") for entry in data[key]}


@pytest.mark.parametrize("arguments", [["can", DESK, "triag"], ["paths", DESK, "--agent", "triag"]])
def test_an_agent_that_is_none_is_guessed(run: Callable[..., Result], arguments: list[str | Path]) -> None:
    result = run(*arguments)

    assert 2 == result.exit_code
    assert "no agent is named 'triag'; did you mean 'triage'?" in result.stderr


def test_what_is_beyond_the_bounds_comes_first(run: Callable[..., Result], boundless: Path) -> None:
    text = run("can", boundless).stdout
    data = read(run, "can", boundless)

    assert ": 3 agents; 1 can do what it never should, 1 can do more than intended" in text.replace("\n", " ")
    assert "bot can do 4 things, 1 of them forbidden, 2 beyond what is intended, 1 nobody can describe;" in text
    assert "idle can do nothing; no outsider can steer it" in text
    assert "riddle: nobody has said what it can do" in text
    assert ["forbidden", "excess", "excess", "intended"] == re.findall(
        r"^(forbidden|excess|unknown|intended) +shop", text, re.MULTILINE
    )
    assert [4, 1, 2, 1, 0, "yes"] == list(data["agents"][0].values())[1:]
    assert data["summary"]["capabilities"] == len(data["capabilities"])


def test_names_that_hide_are_shown_as_codes(run: Callable[..., Result], boundless: Path) -> None:
    for command in ("can", "paths"):
        text = run(command, boundless, "--full").stdout

        assert not {"\u202e", "\x1b"} & set(text)
        assert text.startswith("Sh\\u202eop\\x1b[31m: ")


def test_paths_counts_first_and_joins_what_one_decision_settles(run: Callable[..., Result]) -> None:
    text = run("paths", DESK).stdout
    data = read(run, "paths", DESK)

    assert SCREEN >= text.count("\n")
    assert text.startswith("Support desk: 13 attack paths: 7 open, 6 broken\nThey are 5 decisions: 3 open, 2 broken.")
    assert 1 == text.count("triage by mailer.reply: disclosure of ticket")
    assert "from customer, crm.read_ticket and mailer" in text
    assert "way: customer > mail-gateway > triage > mailer.reply" in text
    assert text.index("open ") < text.index("broken by refund-approval") < text.index("Without any attacker")
    assert "triage never payments.refund: it can, held back by refund-approval" in text
    assert 13 == len(data["paths"]) == sum(data["summary"]["all_paths"].values())
    assert {"open": 3, "claimed": 0, "unknown": 0, "broken": 2} == data["summary"]["decisions"]
    assert 0 == data["summary"]["left_out"]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_gravest_comes_first_and_speaks_for_its_decision(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    """Of the worst state the gravest: order, shown severity, id and the last line all speak of the same path."""
    monkeypatch.setenv("COLUMNS", "300")
    text = run("paths", path, "--full").stdout
    data = read(run, "paths", path)
    rows = {row["id"]: row for row in (*data["paths"], *data["mishaps"])}
    paths, _, mishaps = text.partition("Without any attacker")
    for part, kind in ((paths, "paths"), (mishaps, "mishaps")):
        shown = [rows[name] for name in re.findall(r"^ {11}id: (\S+)(?: {2,}\S+)?$", part, re.MULTILINE)]
        order = [(STATES.index(row["state"]), -GRAVE.index(row["severity"])) for row in shown]
        graves = ["closed" if row["state"] == "broken" else row["severity"] for row in shown]

        assert order == sorted(order)
        assert graves == re.findall(rf"\(({'|'.join(GRAVE)}|closed)\)", part)
        for row in data[kind]:
            same = next(one for one in shown if all(one[key] == row[key] for key in ("agent", "action", "impact")))
            assert (STATES.index(same["state"]), -GRAVE.index(same["severity"])) <= (
                STATES.index(row["state"]), -GRAVE.index(row["severity"])
            )  # fmt: skip


def test_a_mishap_has_an_id_that_explain_takes(run: Callable[..., Result]) -> None:
    rows = read(run, "paths", DESK)["mishaps"]

    assert ["refunds>payments.refund:payment", "triage>payments.refund:payment"] == sorted(row["id"] for row in rows)
    assert run("explain", DESK, rows[0]["id"]).stdout.startswith(f"broken     mishap {rows[0]['id']} (closed)\n")


KEYS = """threatmodel: 1
agents:
  bot: {planning: model_selects, tools: [preview], credentials: [token], identity: none, never: [site]}
  ghost: {planning: model_selects, tools: [preview], never: [site.publish]}
tools:
  preview: {credential: key, actions: {show: {effect: write, returns: typed}}}
  lookup: {credential: none, actions: {find: {effect: read, returns: typed}}}
  site: {credential: key, actions: {publish: {effect: deploy, returns: typed}, wipe: {effect: delete, returns: typed}}}
credentials:
  key: {stored_in: vault, scopes: {granted: [preview.show, site.publish]}}
  token: {stored_in: broker, scopes: {granted: [site.wipe]}}
"""


def test_what_is_held_says_which_secret_would_open_it(run: Callable[..., Result], tmp_path: Path) -> None:
    """Nothing leads there, but the secret is there: a shell, added one day, would be the way."""
    path = tmp_path / "system.yaml"
    path.write_text(KEYS, encoding="utf-8")
    text = " ".join(run("paths", path).stdout.split())

    assert "ghost never site.publish: no way leads there, though its tool preview uses key, which opens it" in text
    told = " ".join(run("explain", path, "bot never site").stdout.split())
    assert told.startswith("held bot never site ")
    assert "it cannot: no way leads there, though it has token, which opens it and its tool preview uses key" in told
    assert "bot never site: no way leads there, though it has token, which opens it and its tool preview uses" in text


@pytest.mark.parametrize(("said", "shown"), [
    ("identity: none, ", "no identity of its own, no credential named"), ("", "identity unknown, no credential named"),
    ("identity: unknown, ", "identity unknown, no credential named"),
])  # fmt: skip
def test_no_identity_is_not_an_unknown_one(run: Callable[..., Result], tmp_path: Path, said: str, shown: str) -> None:
    """`none` was said; what nobody said is another thing."""
    path = tmp_path / "system.yaml"
    text = KEYS.replace("identity: none, ", said).replace("tools: [preview], cred", "tools: [lookup], cred")
    path.write_text(text, encoding="utf-8")

    assert shown in " ".join(run("can", path, "bot").stdout.split())


def test_paths_leaves_out_what_is_not_asked_for(run: Callable[..., Result]) -> None:
    opened = read(run, "paths", DESK, "--state", "open", "--agent", "triage")
    paid = read(run, "paths", DESK, "--impact", "payment")
    nothing = run("paths", DESK, "--state", "claimed").stdout

    assert {("triage", "open")} == {(path["agent"], path["state"]) for path in opened["paths"]}
    assert [] == opened["mishaps"] == opened["invariants"]
    assert {"payment"} == {entry["impact"] for key in ("paths", "mishaps") for entry in paid[key]}
    assert nothing == "Support desk: 0 of 13 attack paths\n"


def test_the_same_input_gives_the_same_bytes_and_a_file(run: Callable[..., Result], tmp_path: Path) -> None:
    for command in ("can", "paths"):
        target = tmp_path / command
        written = run(command, DESK, "-o", target)

        assert "Wrote" in written.stderr
        assert run(command, DESK).stdout == target.read_text(encoding="utf-8")


def test_long_answers_say_what_they_leave_out(run: Callable[..., Result]) -> None:
    path = ROOT / "samples" / "maestro-devops" / "system.yaml"
    short, full = run("paths", path).stdout, run("paths", path, "--full").stdout

    assert "more decisions (--full lists them)" in short
    assert "--full" not in full
    assert full.count("\n") > short.count("\n")


def test_no_path_is_not_called_safe(run: Callable[..., Result], tmp_path: Path) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text("threatmodel: 1\n", encoding="utf-8")
    quiet = tmp_path / "quiet.yaml"
    quiet.write_text("threatmodel: 1\nagents: {bot: {tools: []}}\n", encoding="utf-8")

    def said(*arguments: object) -> str:
        return " ".join(run(*arguments).stdout.split())  # where a file lies decides where lines break

    assert "No agent is described." in said("paths", empty)
    assert "no agent is described" in said("can", empty)
    assert "As far as the description goes" in said("paths", quiet)


def test_a_cap_is_said_and_the_counts_stay_exact(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threatmodel.analysis.paths.MOST_PATHS", 5)
    monkeypatch.setattr("threatmodel.analysis.paths.WORST_PATHS", 5)
    text = run("paths", DESK).stdout
    data = read(run, "paths", DESK)

    assert text.startswith(
        "Support desk: 13 attack paths: 7 open, 6 broken\nOnly the worst 5 are kept and shown here.\n"
    )
    assert "0 of the worst 5 of 13 attack paths" in run("paths", DESK, "--state", "broken").stdout
    assert (5, 8, 7) == (len(data["paths"]), data["summary"]["left_out"], data["summary"]["all_paths"]["open"])


def test_capabilities_past_the_cap_are_those_that_matter_most(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threatmodel.analysis.capability.MOST_CAPABILITIES", 1)
    data = read(run, "can", DESK)

    assert ["forbidden"] == [entry["intent"] for entry in data["capabilities"]]
    assert 4 == data["summary"]["capabilities"]


def test_what_is_shown_can_be_explained(run: Callable[..., Result]) -> None:
    """Each block carries the id that `explain` takes, and the last line asks for the worst."""
    text = run("paths", DESK).stdout
    names = re.findall(r"id: (\S+)", text)

    assert names
    assert f"Next: threatmodel explain {DESK} {shlex.quote(names[0])}" in " ".join(text.split())
    assert all(run("explain", DESK, name).exit_code == 0 for name in names[:3])
