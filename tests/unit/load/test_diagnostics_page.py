"""Every code has a paragraph, and every paragraph a code."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
MAKERS: Final = {"Diagnostic", "problem", "stop", "_refuse", "_error", "_warning"}
CODE: Final = re.compile(r"[a-z]+(-[a-z]+)*\Z")


def codes_in(source: str) -> set[str]:
    """The codes that a module gives to diagnostics: first arguments of what makes one, and defaults named `code`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[:1] if name in MAKERS else []
            texts = [item.value for arg in first for item in ast.walk(arg) if isinstance(item, ast.Constant)]
            found.update(text for text in texts if isinstance(text, str) and CODE.match(text))
        elif isinstance(node, ast.arguments):
            named = dict(zip([arg.arg for arg in node.args][::-1], node.defaults[::-1], strict=False))
            default = named.get("code")
            if isinstance(default, ast.Constant) and isinstance(default.value, str):
                found.add(default.value)
    return found


def test_the_page_lists_the_codes_there_are() -> None:
    page = (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8")
    explained = re.findall(r"^### ([a-z-]+)$", page, re.MULTILINE)
    used = {
        code for path in (ROOT / "threatmodel").rglob("*.py") for code in codes_in(path.read_text(encoding="utf-8"))
    }

    assert len(explained) == len(set(explained))
    assert set(explained) == used


def test_every_paragraph_says_something() -> None:
    page = (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8")
    bodies = re.split(r"^### [a-z-]+\n", page, flags=re.MULTILINE)[1:]

    assert all(len(body.split("## ")[0].strip()) > 30 for body in bodies)
