"""The command answers quickly, since what is heavy is imported only by the command that needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("weasyprint", "jinja2", "jsonschema", "rich", "graphviz", "networkx", "importlib.metadata")
TINY = Path(__file__).parents[1] / "desk" / "system.yaml"


def imported(*arguments: str) -> set[str]:
    """Return the modules that a run of the command imports."""
    code = (
        "import sys; from threatmodel.cli.main import main; code = main(sys.argv[1:]);"
        "print(*sorted(sys.modules), sep='\\n', file=sys.stderr); sys.exit(code)"
    )
    command = [sys.executable, "-c", code, *arguments]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stderr.split())


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [(["--help"], set()), (["--version"], set()), (["schema"], set()), (["validate", str(TINY)], set()),
     (["analyze", str(TINY)], set()), (["analyze", str(TINY), "--format", "json"], set()),
     (["controls", str(TINY)], set()), (["rules", "list"], set()), (["catalog", "search", "approval"], set()),
     (["report", str(TINY), "-o", os.devnull + ".none"], None)],
    ids=lambda value: " ".join(map(str, value[:1])) if isinstance(value, list) else "",
)  # fmt: skip
def test_a_command_imports_only_what_it_uses(arguments: list[str], needed: set[str] | None) -> None:
    if needed is None:  # a wrong command line does not get as far as the renderers
        with pytest.raises(subprocess.CalledProcessError):
            imported(*arguments)
        return

    assert needed == set(HEAVY) & imported(*arguments)


def test_the_package_itself_is_cheap() -> None:
    code = "import sys, threatmodel; print(*sorted(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert set() == {"click", "yaml", *HEAVY} & set(result.stdout.split())
