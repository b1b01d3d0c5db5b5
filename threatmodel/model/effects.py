"""Words of the format that many parts judge by."""

from __future__ import annotations

from typing import Final

GRAVE: Final = frozenset({"delete", "execute", "pay", "deploy", "configure", "grant"})
"""Effects that do harm by themselves, with nobody's text or secret leaving."""
GONE: Final = frozenset({"absent", "disabled", "failed"})
"""States in which a control says that the safeguard is not there."""
