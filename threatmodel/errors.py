"""The few exceptions that callers of the library may meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threatmodel.diagnostics import Diagnostic


class ThreatmodelError(Exception):
    """Anything this package raises on purpose."""


class LoadError(ThreatmodelError):
    """A description or a catalog could not be used; `diagnostics` says why, in file order."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], sources: dict[str, str] | None = None) -> None:
        """Keep the diagnostics, and the text of each file they point into (for the excerpts)."""
        super().__init__(f"{len(diagnostics)} problem(s): {diagnostics[0].message}" if diagnostics else "did not load")
        self.diagnostics = diagnostics
        self.sources = sources or {}


class RuleError(ThreatmodelError):
    """A rule could not be evaluated: a mistake in the rule or in the engine, never a silent result."""

    def __init__(self, rule: str, subject: str, reason: str) -> None:
        """Name the rule, what it was looking at, and what went wrong."""
        super().__init__(f"rule '{rule}' could not be evaluated on '{subject}': {reason}")
        self.rule = rule
        self.subject = subject


class RenderError(ThreatmodelError):
    """An output could not be made; the message says what to do."""
