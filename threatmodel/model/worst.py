"""Words that rank: where one element stands for several, the worst counts (DESIGN §2)."""

from __future__ import annotations

from typing import Final

RANKED: Final[dict[str, tuple[str, ...]]] = {
    "planning": ("fixed", "model_selects", "model_plans", "self_modifying"),
    "oversight": ("every_action", "risky_actions", "after_the_fact", "none"),
    "trust": ("curated", "internal", "partner", "untrusted"),
    "provider": ("first_party", "third_party", "community"),
    "version": ("pinned", "floating", "dynamic"),
    "reversible": ("yes", "with_effort", "no"),
    "stored_in": ("broker", "vault", "secrets_manager", "database", "memory", "file", "env", "code", "prompt"),
}
"""Key → its words, best first. A word that is not listed ranks like the one that says least."""

UNKNOWN: Final = "unknown"


def worst(key: str, words: tuple[str, ...]) -> str | None:
    """
    Return the worst of several words for one key, or None when that cannot be told.

    An `unknown` among them leaves the answer unknown unless another word is already the worst there is.
    """
    if key == "lifetime":
        return _longest(words)
    ranks = RANKED.get(key, ())
    if not words:
        return None
    known = [word for word in words if word != UNKNOWN]
    top = max(known, key=lambda word: (ranks.index(word) if word in ranks else -1, word), default=None)
    if len(known) < len(words) and (not ranks or top != ranks[-1]):
        return None
    return top


_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}
_NAMED: Final = {"task": 3600.0, "session": 86400.0, "long": 365 * 86400.0, "never": float("inf")}


def seconds(duration: str) -> float | None:
    """
    Return the length of `15m`, `8h`, `never` (infinite) and the like in seconds; None for `unknown` and other words.

    `task`, `session` and `long` are taken as an hour, a day and a year, so that they can be compared.
    """
    if duration in _NAMED:
        return _NAMED[duration]
    number, unit = duration[:-1], duration[-1:]
    if unit in _SECONDS and number.isascii() and number.isdigit():
        return float(int(number) * _SECONDS[unit])
    return None


def _longest(words: tuple[str, ...]) -> str | None:
    lengths = [(length, word) for word in words if (length := seconds(word)) is not None]
    if not lengths:
        return None
    length, word = max(lengths)
    return word if len(lengths) == len(words) or length == float("inf") else None
