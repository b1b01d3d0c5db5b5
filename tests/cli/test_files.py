"""An output replaces the file that was there only when it is whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import click
import pytest

from threatmodel.cli.files import check_targets, write_file


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.pdf"
    target.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_file(target, b"new")

    assert b"old" == target.read_bytes()
    assert [target] == list(tmp_path.iterdir())


def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    usual, new, old = tmp_path / "usual", tmp_path / "new", tmp_path / "old"
    usual.touch()
    old.touch(0o640)
    write_file(new, "text")
    write_file(old, "text")

    assert stat.S_IMODE(usual.stat().st_mode) == stat.S_IMODE(new.stat().st_mode)
    assert 0o640 & ~_umask() == stat.S_IMODE(old.stat().st_mode)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old", encoding="utf-8")
    link.symlink_to(real)
    write_file(link, "new")

    assert link.is_symlink()
    assert "new" == real.read_text(encoding="utf-8")


def test_a_device_is_written_to() -> None:
    write_file(Path(os.devnull), "text")

    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.parametrize(
    ("names", "said"),
    [(["."], "it is a folder"), (["no/x.csv"], "there is no folder"), (["system.yaml"], "the description itself"),
     (["a.csv", "./a.csv"], "named twice")],
)  # fmt: skip
def test_targets_that_cannot_be_are_refused_before_the_work(
    names: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(click.UsageError, match=said):
        check_targets([Path(name) for name in names], "system.yaml")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
