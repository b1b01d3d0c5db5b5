import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ;[^\\\n]*?)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+", re.MULTILINE
)


def wanted() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["dev"]]


@pytest.mark.parametrize("line", wanted())
def test_the_lock_pins_a_version_that_the_metadata_allows(line: str) -> None:
    """A changed bound without `make lock` would give users another set than developers."""
    requirement = Requirement(line)
    pinned = {match["name"]: match["version"] for match in PINNED.finditer(LOCK)}

    assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])


def test_every_pin_has_hashes_and_the_lock_names_no_address() -> None:
    """Hashes decide which file is right, so that any mirror will do."""
    lines = [line for line in LOCK.splitlines() if line and not line.startswith((" ", "#"))]
    hashed = [match["name"] for match in PINNED.finditer(LOCK)]

    assert [line.partition("==")[0] for line in lines] == hashed
    assert not re.search(r"://|--index-url|--find-links|file:", LOCK)
