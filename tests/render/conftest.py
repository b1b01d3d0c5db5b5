"""What the tests of the report share: the small desk beside the published frameworks, and something to draw."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from threatmodel import resources
from threatmodel.analysis.analysis import Analysis, Model, analyze_model
from threatmodel.catalog.reader import Catalog
from threatmodel.model.build import build_graph
from threatmodel.model.checked import load_checked
from threatmodel.render.diagram import Picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">'
    '<title>A box</title><rect width="40" height="20"/></svg>'
)

MARKUP = "<script>alert(1)</script> {{ 7 * 7 }} {% raw %} <img src=x onerror=alert(2)> \"' onmouseover=alert(3)"
HIDDEN = "safe \u202eelif\u202c \u200bname"
WORD = "x" * 60
LONG = "y" * 170


@pytest.fixture(scope="session")
def frameworks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog that holds the published frameworks and nothing else."""
    folder = tmp_path_factory.mktemp("catalog")
    shutil.copytree(resources.folder("catalogs") / "frameworks", folder / "frameworks")
    return folder


@pytest.fixture
def framed(desk: Analysis, frameworks: Path) -> Callable[..., Analysis]:
    """Return a function that analyzes a description with the rules of `tests/desk` and the published frameworks."""

    def analyze(path: str | Path = "system.yaml", today: date = desk.today) -> Analysis:
        catalog = Catalog((Path("catalog"), frameworks))
        return analyze_model(Model(build_graph(load_checked(path, catalog), catalog), catalog), today)

    return analyze


@pytest.fixture
def drawing() -> Picture:
    """A picture that costs nothing."""
    return Picture(name="layers", title="Layers", svg=SVG, note="What lies where.", kind="layers")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A description whose every free text is hostile: markup, hidden characters, long words."""
    return _write(
        tmp_path / "hostile.yaml",
        {
            "threatmodel": 1,
            "system": {
                "name": f"{HIDDEN} {MARKUP}",
                "owner": WORD,
                "description": f"{MARKUP} {LONG}",
                "assumptions": [MARKUP, {"text": LONG, "owner": MARKUP[:90]}],
            },
            "people": {"someone": {"trust": "untrusted", "description": MARKUP}},
            "identities": {f"i{WORD}": {"kind": "shared"}},
            "credentials": {f"c{WORD}": {"identity": f"i{WORD}", "lifetime": "never", "stored_in": "env"}},
            "tools": {
                f"t{WORD}": {"credential": f"c{WORD}", "actions": {f"a{WORD}": {"effect": "pay", "reversible": "no"}}}
            },
            "agents": {
                f"a{WORD}": {
                    "purpose": f"{MARKUP} {LONG}",
                    "tools": [f"t{WORD}"],
                    "identity": f"i{WORD}",
                    "planning": "model_selects",
                    "never": [f"t{WORD}.a{WORD}"],
                },
                "aside": {"out_of_scope": MARKUP},
            },
            "controls": {
                "approval": {
                    "type": "human-approval",
                    "on": [f"t{WORD}"],
                    "by": "lead",
                    "status": "tested",
                    "evidence": [{"kind": "test", "ref": f"<a href='javascript:alert(4)'>{LONG[:100]}"}],
                }
            },
            "flows": [{"from": "someone", "to": f"a{WORD}"}],
            "treatments": [
                {"finding": f"endless-secret@c{WORD}", "decision": "accept", "owner": "ciso", "reason": MARKUP}
            ],
        },
    )


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A description of 150 elements."""
    return _write(
        tmp_path / "many.yaml",
        {
            "threatmodel": 1,
            "system": {"name": "Many", "owner": "platform", "criticality": "critical"},
            "identities": {f"identity-{i}": {"kind": "shared"} for i in range(20)},
            "credentials": {
                f"credential-{i}": {
                    "identity": f"identity-{i % 20}",
                    "lifetime": "never" if i % 3 else "15m",
                    **({"stored_in": "env"} if i % 4 else {}),
                }
                for i in range(40)
            },
            "tools": {
                f"tool-{i}": {
                    "credential": f"credential-{i}",
                    "actions": {
                        f"act-{k}": {"effect": "send", **({"reversible": "no"} if k else {})} for k in range(3)
                    },
                }
                for i in range(40)
            },
            "agents": {
                f"agent-{i}": {
                    "purpose": f"Does part {i} of the work, which takes a sentence to say what it is about",
                    "tools": [f"tool-{(i * 3 + k) % 40}" for k in range(5)],
                    "identity": f"identity-{i % 20}",
                }
                for i in range(50)
            },
        },
    )


def _write(path: Path, data: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=False), encoding="utf-8")
    return path
