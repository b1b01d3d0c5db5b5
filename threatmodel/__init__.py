"""Threat-model systems made of AI agents: `load`, `analyze`, and the renderers."""

# The call `load` and the package `load` share a name. Once the package is imported, importing its modules does not bind
# the name again, so that the call below keeps it.
import threatmodel.load  # noqa: F401
from threatmodel.api import analyze, load
from threatmodel.errors import LoadError, RenderError, RuleError, ThreatmodelError
from threatmodel.version import VERSION

__version__ = VERSION

__all__ = ["LoadError", "RenderError", "RuleError", "ThreatmodelError", "__version__", "analyze", "load"]
