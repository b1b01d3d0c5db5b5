"""Disclosure in one session: what an agent can read, and by which ways that can leave (SEMANTICS 7.1, 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatmodel.analysis.exits import Exit, Exits
from threatmodel.analysis.readings import Readings
from threatmodel.analysis.sessions import Reading, Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.capability import Closure
    from threatmodel.model.elements import Agent

__all__ = ["Disclosure", "Exit", "Reading", "Session"]


class Disclosure:
    """Readings and ways out of every agent."""

    def __init__(self, closure: Closure) -> None:
        """Prepare; everything is worked out when it is first asked for."""
        self._readings = Readings(closure)
        self._exits = Exits(closure)

    def readings(self, agent: str) -> tuple[Reading, ...]:
        """Return what gets into a session of an agent: its own, its callers', and its delegates' readings."""
        return self._readings.every(agent)

    def exits(self, agent: Agent) -> Iterator[tuple[Exit, Session]]:
        """Yield every way out of a session of an agent by which something can leave, with what that is."""
        if self._readings.of(agent.id):
            for out in self._exits.of(agent):
                taken = self._readings.session(agent.id, out.carries)
                if taken is not None:
                    yield out, taken
