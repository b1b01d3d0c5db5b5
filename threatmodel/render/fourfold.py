"""The fourfold line: can act, can be influenced, proven controls, unknown. Counts of agents, never one score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatmodel.render.path_view import by_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatmodel.analysis.derived import Derived
    from threatmodel.analysis.posture import Posture


def fourfold(found: Posture) -> str:
    """Return the line, as every view shows it."""
    if not found.agents:
        return "No agent is described."
    perhaps = f" (perhaps {found.perhaps_influenced} more)" if found.perhaps_influenced else ""
    held = f"{found.proven} of {found.endangered}" if found.endangered else "none needed"
    return (
        f"Agents ({found.agents}): can act {found.act} · can be influenced {found.influenced}{perhaps} · "
        f"proven controls {held} · reach or influence unknown {found.unknown}"
    )


def harms_line(derived: Derived) -> str:
    """Return how many attack paths and mishaps there are in each state."""
    paths = derived.paths.by_state
    mishaps = by_state([one.state for one in derived.mishaps])
    return " · ".join((f"Attack paths: {_counted(paths)}", f"Mishaps: {_counted(mishaps)}", *caps(derived)))


def caps(derived: Derived) -> tuple[str, ...]:
    """Return what lists leave out, and what was not followed, since there is too much of it."""
    paths, listed = sum(derived.paths.by_state.values()), len(derived.paths.listed)
    said = []
    if listed < paths:
        said.append(f"of {paths:,} paths the worst {listed:,} are listed")
    if len(derived.capabilities) < derived.capability_count:
        said.append(f"of {derived.capability_count:,} abilities the worst {len(derived.capabilities):,} are listed")
    if derived.deepest is not None:
        said.append(f"what lies behind more than {derived.deepest} delegations in a row is neither listed nor counted")
    return tuple(said)


def _counted(states: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in states.items() if count) or "none"
