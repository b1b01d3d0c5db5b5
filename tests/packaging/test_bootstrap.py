import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BOOTSTRAP = Path(__file__).resolve().parents[2] / ".ci" / "bootstrap.sh"
# What the script itself calls; everything else on the path is a stand-in of the test.
ITS_OWN = ("sh", "dirname", "tr", "sed", "grep", "mktemp", "cat", "rm")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a folder of programs where the system has Python and nothing that the tool needs."""
    for name in ITS_OWN:
        (tmp_path / name).symlink_to(shutil.which(name) or pytest.skip(f"no {name} here"))
    program(tmp_path, "python3", f'exec "{sys.executable}" "$@"')
    program(tmp_path, "id", "echo 1000")
    program(tmp_path, "uname", "echo Linux")
    return tmp_path


def program(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)


def bootstrap(path: Path, what: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [path / "sh", BOOTSTRAP, what],
        env={"PATH": str(path), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("manager", "command"),
    [
        ("apt-get", "sudo apt-get update && sudo apt-get install --no-install-recommends graphviz"),
        ("dnf", "sudo dnf install graphviz"),
        ("zypper", "sudo zypper install graphviz"),
        ("pacman", "sudo pacman -S --needed graphviz"),
        ("apk", "sudo apk add graphviz"),
        ("brew", "brew install graphviz"),
    ],
)
def test_what_it_may_not_install_it_prints_as_the_command_to_type(path: Path, manager: str, command: str) -> None:
    """Where sudo asks for a password nobody can type, and on every system but Debian's kin, the run stops."""
    program(path, "sudo", "exit 1")
    program(path, manager, f"touch {path}/called")
    done = bootstrap(path, "system")

    assert done.returncode == 1
    assert command in done.stderr
    assert not (path / "called").exists()


def test_without_sudo_the_command_to_type_is_one_for_root(path: Path) -> None:
    """A bare Debian has no sudo: a command that begins with it would be one more thing that is missing."""
    program(path, "apt-get", f"touch {path}/called")
    done = bootstrap(path, "system")

    assert "su -c 'apt-get update && apt-get install --no-install-recommends graphviz" in done.stderr
    assert not (path / "called").exists()


def test_it_installs_with_sudo_what_the_system_lacks(path: Path) -> None:
    """With apt-get and a sudo that asks nothing, the packages are installed; what is missing afterwards is an error."""
    program(path, "sudo", f'echo "$*" >> {path}/called')
    program(path, "apt-get", "exit 99")
    done = bootstrap(path, "system")
    called = (path / "called").read_text(encoding="utf-8").splitlines()

    assert ["-n true", "-n apt-get -qq update"] == called[:2]
    assert "install graphviz" in called[2]
    assert done.returncode == 1
    assert "still missing after the installation: dot" in done.stderr


def test_it_installs_nothing_when_told_not_to(path: Path) -> None:
    """`THREATMODEL_INSTALL=no` turns the installation into the command to type."""
    program(path, "sudo", f"touch {path}/called")
    program(path, "apt-get", "exit 99")
    done = bootstrap(path, "system", THREATMODEL_INSTALL="no")

    assert done.returncode == 1
    assert "sudo apt-get install" in done.stderr
    assert not (path / "called").exists()


def test_a_system_that_has_everything_is_left_alone(path: Path) -> None:
    """A second run calls no package manager."""
    program(path, "dot", "")
    program(path, "fc-list", "echo DejaVu Sans")
    program(path, "apt-get", f"touch {path}/called")
    (path / "bundle.crt").write_text("certificates", encoding="utf-8")
    done = bootstrap(path, "system", SSL_CERT_FILE=str(path / "bundle.crt"))

    if "pango" in done.stderr:
        pytest.skip("Pango is not installed here")
    assert (0, "") == (done.returncode, done.stderr)
    assert not (path / "called").exists()


@pytest.mark.parametrize("name", ["python3.13", "python3.12", "python3.11"])
def test_a_named_version_is_preferred_to_the_default_python(path: Path, name: str) -> None:
    program(path, name, "exit 0")

    assert f"{path}/{name}\n" == bootstrap(path, "python").stdout


def test_a_python_that_does_not_run_is_passed_over(path: Path) -> None:
    """A version manager leaves names on the path that lead nowhere."""
    program(path, "python3.13", "exit 127")

    assert f"{path}/python3\n" == bootstrap(path, "python").stdout


def test_a_system_with_an_old_python_is_told_so(path: Path) -> None:
    program(path, "python3", "exit 1")
    done = bootstrap(path, "python")

    assert (1, "") == (done.returncode, done.stdout)
    assert "error: no Python of version 3.11 or later is on the path" in done.stderr
