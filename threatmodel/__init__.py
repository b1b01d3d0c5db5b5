"""Threat-model systems made of AI agents: `load`, `analyze`, and the renderers."""

# The call `load` and the package `load` share a name. Once the package is imported, importing its modules binds the name
# no more, so that the call below keeps it.
import threatmodel.load  # noqa: F401
from threatmodel.api import analyze, load
from threatmodel.errors import LoadError, RenderError, RuleError, ThreatmodelError
from threatmodel.version import VERSION as __version__

__all__ = ["LoadError", "RenderError", "RuleError", "ThreatmodelError", "__version__", "analyze", "load"]
