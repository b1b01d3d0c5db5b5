import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from threatmodel.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
DATA = ("catalogs", "templates")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel without a network, from what is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", f"--wheel-dir={folder}", str(ROOT)]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True)
    (built,) = folder.glob("threatmodel-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an empty environment and return its folder of programs."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    target = ["--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", f"--python={python}", "install", *target], check=True)
    # The dependencies come from the running environment. A path in a .pth file is added as it stands: the .pth files
    # that lie there (that of an editable installation among them) are not read.
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    site = next(folder.glob("lib/python3.*/site-packages"))
    (site / "dependencies.pth").write_text("".join(f"{place}\n" for place in sorted(places)), encoding="utf-8")
    return folder / "bin"


def run(program: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_CORE"))}
    return subprocess.run(
        [program, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def sources(folder: str) -> set[str]:
    files = (path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(ROOT).as_posix() for path in files}


def test_the_wheel_holds_the_package_with_its_catalogs_and_templates_and_nothing_else(wheel: Path) -> None:
    """A file that is added later is in the wheel without anybody listing it."""
    data = {f"threatmodel/{name}" for folder in DATA for name in sources(folder)}
    metadata = f"threatmodel-{VERSION}.dist-info"
    held = {name for name in zipfile.ZipFile(wheel).namelist() if not name.startswith(f"{metadata}/")}

    assert sources("threatmodel") | data == held
    assert {"threatmodel/py.typed", "threatmodel/schemas/system-1.schema.json"} <= held


def test_the_wheel_carries_license_and_notice(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert [f"threatmodel-{VERSION}.dist-info/licenses/{name}" in names for name in ("LICENSE", "NOTICE")] == [True] * 2


def test_the_installed_package_is_not_the_checkout(installed: Path, tmp_path: Path) -> None:
    """Without this the tests below could pass on files that the wheel lacks."""
    where = "import threatmodel.resources as r; print(r.PACKAGE, *map(r.folder, ('catalogs', 'templates')))"
    done = run(installed / "python", "-c", where, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert all(Path(place).is_relative_to(installed.parent) for place in done.stdout.split())


def test_the_installed_command_says_its_version(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "threatmodel", "--version", cwd=tmp_path)

    assert (0, "") == (done.returncode, done.stderr)
    assert VERSION in done.stdout


def test_the_installed_command_finds_its_schema_and_catalogs(installed: Path, tmp_path: Path) -> None:
    schema = run(installed / "threatmodel", "schema", cwd=tmp_path)
    catalog = run(installed / "threatmodel", "catalog", "list", cwd=tmp_path)

    assert (0, 0) == (schema.returncode, catalog.returncode), schema.stderr + catalog.stderr
    assert "urn:threatmodel:system:1" in schema.stdout
    assert "owasp-asi-2026" in catalog.stdout


def test_the_installed_command_writes_reports_from_another_folder(installed: Path, tmp_path: Path) -> None:
    """A description that lies anywhere becomes a PDF, a page and a picture beside it."""
    description = (ROOT / "samples" / "support-desk" / "system.yaml").read_text(encoding="utf-8")
    (tmp_path / "system.yaml").write_text(description, encoding="utf-8")
    program = installed / "threatmodel"
    done = [
        run(program, "report", "system.yaml", "-o", "report.pdf", cwd=tmp_path),
        run(program, "report", "system.yaml", "-o", "report.html", cwd=tmp_path),
        run(program, "diagram", "system.yaml", "-o", "layers.svg", "--view", "layers", cwd=tmp_path),
    ]

    assert [0, 0, 0] == [one.returncode for one in done], "\n".join(one.stderr for one in done)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert "Support desk" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "</svg>" in (tmp_path / "layers.svg").read_text(encoding="utf-8")
