"""Threat-model systems made of AI agents: `load`, `analyze`, and the renderers."""

from threatmodel.api import analyze, load
from threatmodel.errors import LoadError, RenderError, RuleError, ThreatmodelError
from threatmodel.version import VERSION as __version__

__all__ = ["LoadError", "RenderError", "RuleError", "ThreatmodelError", "__version__", "analyze", "load"]
