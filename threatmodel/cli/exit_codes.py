"""What the command leaves with."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The codes scripts rely on; `README.md` lists them."""

    FINE = 0
    FINDINGS = 1
    """It ran, and something stands at or above `--fail-on` or `--fail-on-unknown`."""
    USAGE = 2
    """The command line is wrong; click's own code."""
    NOT_LOADED = 3
    """The description or a catalog did not load; nothing was analyzed."""
    FAILED = 4
    """The tool failed; the message says what to do, or that it is a bug."""
    INTERRUPTED = 130
    """Ctrl-C, as shells report it."""
