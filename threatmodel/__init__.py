"""Threat-model systems made of AI agents: `load`, `analyze`, and the renderers."""

import threatmodel.load  # noqa: F401  the folder of that name comes first, so that the call of that name stays
from threatmodel.api import (
    analyze,
    load,
    render_csv,
    render_html,
    render_json,
    render_markdown,
    render_pdf,
    render_text,
)
from threatmodel.errors import LoadError, RenderError, RuleError, ThreatmodelError
from threatmodel.version import VERSION as __version__  # noqa: N811  the name that Python gives it

__all__ = [
    "LoadError",
    "RenderError",
    "RuleError",
    "ThreatmodelError",
    "__version__",
    "analyze",
    "load",
    "render_csv",
    "render_html",
    "render_json",
    "render_markdown",
    "render_pdf",
    "render_text",
]
