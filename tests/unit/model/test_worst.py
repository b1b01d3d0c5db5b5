"""Where one element stands for several, the worst counts, and an unknown member is not safe."""

from __future__ import annotations

import pytest

from threatmodel.model.worst import seconds, worst


@pytest.mark.parametrize(
    ("key", "words", "expected"),
    [
        ("trust", ("internal", "untrusted"), "untrusted"),
        ("trust", ("internal", "unknown"), None),
        ("trust", ("untrusted", "unknown"), "untrusted"),
        ("planning", ("fixed", "model_plans"), "model_plans"),
        ("version", ("pinned", "floating"), "floating"),
        ("reversible", ("yes", "no", "with_effort"), "no"),
        ("lifetime", ("15m", "8h"), "8h"),
        ("lifetime", ("15m", "unknown"), None),
        ("lifetime", ("never", "unknown"), "never"),
        ("stored_in", ("vault", "env"), "env"),
        ("stored_in", ("unknown",), None),
        ("trust", (), None),
    ],
)
def test_the_worst_word_counts(key: str, words: tuple[str, ...], expected: str | None) -> None:
    """DESIGN §2: a list is judged by its worst member."""
    assert worst(key, words) == expected


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", 90),
        ("15m", 900),
        ("8h", 28800),
        ("30d", 2592000),
        ("never", float("inf")),
        ("unknown", None),
        ("soon", None),
        ("²d", None),
        ("d", None),
    ],
)
def test_durations_are_seconds(text: str, length: float | None) -> None:
    """What is no duration has no length, it is not zero."""
    assert seconds(text) == length
