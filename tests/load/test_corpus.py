"""Descriptions that load, and mistakes of which each gives one message that can be acted on at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from threatmodel.catalog.reader import read_catalog
from threatmodel.diagnostics import Diagnostic, Level
from threatmodel.errors import LoadError
from threatmodel.model.checked import load_checked
from threatmodel.render.terminal import diagnostics_text

HERE = Path(__file__).parent
VALID = sorted((HERE / "valid").glob("*.yaml"))
INVALID = sorted([*(HERE / "invalid").glob("*.yaml"), *(HERE / "invalid").glob("*/system.yaml")])
WARNINGS = sorted((HERE / "warnings").glob("*.yaml"))

CATALOG = read_catalog()


def name_of(path: Path) -> str:
    return path.parent.name if path.name == "system.yaml" else path.stem


def problems(path: Path) -> tuple[tuple[Diagnostic, ...], dict[str, str]]:
    """What loading a file of this folder finds; the caller stands in the folder of the file."""
    try:
        document = load_checked(path.name, CATALOG)
    except LoadError as error:
        return error.diagnostics, error.sources
    return document.warnings, dict(document.sources)


def compare(path: Path, update: bool) -> tuple[Diagnostic, ...]:  # noqa: FBT001  a fixture's value
    """Hold what is shown against what is expected."""
    found, sources = problems(path)
    shown = diagnostics_text(found, sources, width=100)
    folder = path.parent.parent if path.name == "system.yaml" else path.parent
    expected = folder / f"{name_of(path)}.txt"
    if update:
        expected.write_text(shown, encoding="utf-8")

    assert expected.read_text(encoding="utf-8") == shown
    return found


@pytest.mark.parametrize("case", INVALID, ids=name_of)
def test_a_mistake_gives_one_message(case: Path, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    monkeypatch.chdir(case.parent)

    found = compare(case, update)

    assert [problem.level for problem in found] == [Level.ERROR]


@pytest.mark.parametrize("case", WARNINGS, ids=name_of)
def test_what_is_odd_but_possible_is_a_warning(case: Path, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    monkeypatch.chdir(case.parent)

    found = compare(case, update)

    assert [problem.level for problem in found] == [Level.WARNING]


@pytest.mark.parametrize("case", VALID, ids=name_of)
def test_a_valid_description_loads_without_a_word(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.parent)

    found, _ = problems(case)

    assert found == ()


def test_the_corpus_is_as_large_as_promised() -> None:
    """Thirty mistakes a person would make; each has its expected text, and no text is left over."""
    texts = {path.stem for path in (HERE / "invalid").glob("*.txt")}

    assert len(INVALID) >= 30
    assert texts == {name_of(path) for path in INVALID}


def test_files_of_other_systems_are_read(tmp_path: Path) -> None:
    """A byte order mark, line ends of Windows, letters beyond ASCII."""
    file = tmp_path / "system.yaml"
    file.write_bytes(b'\xef\xbb\xbfthreatmodel: 1\r\nagents:\r\n  triage: {owner: "B\xc3\xbcro", model: gpt}\r\n')
    with pytest.raises(LoadError) as caught:
        load_checked(file, CATALOG)

    span = caught.value.diagnostics[0].span
    assert (span.line, span.column, span.end_column) == (3, 34, 37)
