"""Hostile input is refused with a diagnostic, in bounded time and memory, and nothing outside the folder is read."""

from __future__ import annotations

import io
import os
import resource
import time
from pathlib import Path

import pytest

from threatmodel.errors import LoadError
from threatmodel.load.loader import load_document
from threatmodel.load.source import MAX_DEPTH, parse
from threatmodel.render.terminal import diagnostics_text

# Far more than any of these takes, far less than an explosion; measuring coverage makes everything some times slower.
SECONDS = 60.0

HEAD = "threatmodel: 1\n"


def refused(text: str) -> list[str]:
    """The codes of what is said about a text, within the time there is."""
    began = time.perf_counter()
    with pytest.raises(LoadError) as caught:
        load_document("-", stdin=io.BytesIO(text.encode()))
    shown = diagnostics_text(caught.value.diagnostics, caught.value.sources, width=80)

    assert time.perf_counter() - began < SECONDS
    assert len(shown) < 1_000_000
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


def bomb(levels: int, width: int) -> str:
    lines = [f"x-a0: &a0 [{', '.join(['lol'] * width)}]"]
    lines += [f"x-a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return HEAD + "\n".join(lines) + "\n"


CASES = {
    "a billion laughs": (bomb(10, 10), "too-many-values"),
    "aliases that double the depth": (
        HEAD + f"x-a: &a {'[' * 50}{']' * 50}\n" + f"x-b: &b {'[' * 10}*a{']' * 10}\nx-c: {'[' * 10}*b{']' * 10}\n",
        "nested-too-deep",
    ),
    "fifty thousand lists": (HEAD + "x: " + "[" * 50_000, "nested-too-deep"),
    "fifty thousand mappings": (HEAD + "x: " + "{a: " * 50_000, "nested-too-deep"),
    "deep block lists": (HEAD + "x:\n" + "".join(f"{' ' * n}-\n" for n in range(1, 500)), "nested-too-deep"),
    "an alias inside what it names": (HEAD + "x-a: &a {b: [*a]}\n", "recursive-alias"),
    "an alias of nothing": (HEAD + "x-a: *nothing\n", "unknown-alias"),
    "an integer of a megabyte": (HEAD + f"x-a: {'9' * 1_000_000}\n", "number"),
    "a float of a megabyte": (HEAD + f"x-a: 1.{'9' * 1_000_000}e{'9' * 100}\n", "number"),
    "hexadecimal without end": (HEAD + f"x-a: 0x{'f' * 100_000}\n", "number"),
    "not a number": (HEAD + "x-a: .nan\n", "number"),
    "an exponent beyond all": (HEAD + "x-a: 1e999\n", "number"),
    "duplicate keys by the thousand": (HEAD + "x-a: 1\n" * 20_000, "duplicate-key"),
    "unknown keys by the thousand": (HEAD + "".join(f"k{n}: 1\n" for n in range(100_000)), "unknown-key"),
    "unknown keys of an agent": (
        HEAD + "agents: {a: {" + ", ".join(f"k{n}: 1" for n in range(100_000)) + "}}\n",
        "unknown-key",
    ),
    "words torn at commas by the thousand": (
        HEAD + "people: {a: {description: x" + ", word" + "".join(f", word{n}" for n in range(50_000)) + "}}\n",
        "unquoted-comma",
    ),
    "a merge key": (HEAD + "x-a: &a {b: 1}\nx-c: {<<: *a}\n", "merge-key"),
    "a tag that would run": (HEAD + "x-a: !!python/object/apply:os.system [id]\n", "tag"),
    "a tag on a mapping": (HEAD + "x-a: !!python/object:x.Y {a: 1}\n", "tag"),
    "a key that is a list": (HEAD + "? [a, b]\n: 1\n", "key-not-text"),
    "a key that is an alias": (HEAD + "x-a: &a b\n*a : 1\n", "key-not-text"),
    "an id of a megabyte": (HEAD + f"people: {{? {'a' * 1_000_000} : {{}}}}\n", "bad-id"),
    "a word of a megabyte": (HEAD + f"agents: {{a: {{planning: {'a-' * 500_000}}}}}\n", "wrong-word"),
    "a pattern that would backtrack": (
        HEAD + f"agents: {{a: {{identity: {'a-' * 100_000}_}}}}\n",
        "out-of-bounds",
    ),
    "a line of a megabyte": (HEAD + "x-a: [" + "a, " * 400_000 + "}\n", "yaml-syntax"),
    "a hundred thousand wrong values": (
        HEAD + "flows: [" + ", ".join(["{from: 1, to: 2}"] * 30_000) + "]\n",
        "wrong-type",
    ),
    "a control character": (HEAD + "x-a: \x07\n", "yaml-syntax"),
    "a quote that never ends": (HEAD + 'x-a: "' + "a\n" * 100_000, "yaml-syntax"),
    "more values than anyone writes": (HEAD + "x-a: [" + "a," * 700_000 + "]\n", "too-many-values"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_by_name(case: str) -> None:
    text, code = CASES[case]

    codes = refused(text)

    assert code in codes


def test_memory_stays_bounded() -> None:
    """After all of the above the process has not grown beyond what the largest file explains (kilobytes)."""
    for text, _ in CASES.values():
        refused(text)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1_500_000


def test_nesting_within_the_limit_is_read() -> None:
    depth = MAX_DEPTH - 1

    assert parse(f"x: {'[' * depth}{']' * depth}", "x")["x"] is not None


def test_a_file_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "system.yaml"
    with file.open("wb") as stream:
        stream.truncate(3 * 1024**3)  # sparse: it takes no room

    assert codes_of(file) == ["too-large"]


def codes_of(path: Path) -> list[str]:
    began = time.perf_counter()
    with pytest.raises(LoadError) as caught:
        load_document(path)

    assert time.perf_counter() - began < SECONDS
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "system.yaml")

    assert codes_of(tmp_path / "system.yaml") == ["not-a-file"]


def test_an_included_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "part.yaml")
    (tmp_path / "system.yaml").write_text(HEAD + "include: part.yaml\n")

    assert codes_of(tmp_path / "system.yaml") == ["not-a-file"]


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/stdin"])
def test_a_device_is_not_read(device: str) -> None:
    if not Path(device).exists():
        pytest.skip("no such device here")

    assert codes_of(Path(device)) in (["not-a-file"], ["cannot-read"])


def test_a_folder_is_no_description(tmp_path: Path) -> None:
    assert codes_of(tmp_path) == ["not-a-file"]


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "system.yaml").write_text(HEAD)
    with pytest.raises(LoadError) as caught:
        load_document(tmp_path / "sytem.yaml")

    assert "no such file" in caught.value.diagnostics[0].message
    assert "system.yaml" in caught.value.diagnostics[0].help[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    file = tmp_path / "system.yaml"
    file.write_text(HEAD)
    file.chmod(0)

    assert codes_of(file) == ["cannot-read"]


@pytest.mark.parametrize(
    "path",
    [
        "../secret.yaml",
        "/etc/hostname",
        "sub/../../secret.yaml",
        "~/secret.yaml",
        "file:///etc/hostname",
        "C:/x.yaml",
        "a\\b.yaml",
    ],
)
def test_an_include_that_leads_out_is_not_read(path: str, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("people: {secret: {}}\n")
    inside = tmp_path / "inside"
    (inside / "sub").mkdir(parents=True)
    (inside / "system.yaml").write_text(HEAD + f"include: ['{path}']\n")

    with pytest.raises(LoadError) as caught:
        load_document(inside / "system.yaml")

    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["include"]
    assert list(caught.value.sources) == [(inside / "system.yaml").as_posix()]


@pytest.mark.parametrize("whole_folder", [True, False])
def test_a_link_that_leads_out_is_not_followed(whole_folder: bool, tmp_path: Path) -> None:  # noqa: FBT001
    (tmp_path / "secret.yaml").write_text("people: {secret: {}}\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path if whole_folder else tmp_path / "secret.yaml")
    name = "link/secret.yaml" if whole_folder else "link"
    (inside / "system.yaml").write_text(HEAD + f"include: {name}\n")

    assert codes_of(inside / "system.yaml") == ["include"]


def test_treatments_that_are_a_link_out_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("treatments: []\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "treatments.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "system.yaml").write_text(HEAD)

    assert codes_of(inside / "system.yaml") == ["include"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    (tmp_path / "system.yaml").write_text(HEAD + "include: a.yaml\n")

    assert codes_of(tmp_path / "system.yaml") in (["cannot-read"], ["include"])


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "tools.yaml").write_text("tools: {crm: {}}\n")
    (tmp_path / "link.yaml").symlink_to("tools.yaml")
    (tmp_path / "system.yaml").write_text(HEAD + "include: link.yaml\n")

    assert set(load_document(tmp_path / "system.yaml").sections["tools"]) == {"crm"}


def test_the_root_file_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text(HEAD + "tools: {crm: {}}\n")
    (tmp_path / "system.yaml").symlink_to("real.yaml")

    assert set(load_document(tmp_path / "system.yaml").sections["tools"]) == {"crm"}


def test_more_files_than_anyone_writes_are_refused(tmp_path: Path) -> None:
    for number in range(1200):
        (tmp_path / f"p{number}.yaml").write_text(f"include: p{number + 1}.yaml\n")
    (tmp_path / "system.yaml").write_text(HEAD + "include: p0.yaml\n")

    assert codes_of(tmp_path / "system.yaml") == ["too-large"]
