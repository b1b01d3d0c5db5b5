import ast
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
# Where the name to import is not the name to install.
INSTALLED_AS = {"yaml": "pyyaml"}


def imported() -> set[str]:
    """Every distribution that a module of the package imports, wherever in the module it does."""
    found = set()
    for file in (ROOT / "threatmodel").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    others = found - set(sys.stdlib_module_names) - {"threatmodel"}
    return {INSTALLED_AS.get(name, canonicalize_name(name)) for name in others}


def test_the_package_declares_what_it_imports_and_nothing_else() -> None:
    """A user without the development tools would meet the missing one as a traceback."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}

    assert declared == imported()
