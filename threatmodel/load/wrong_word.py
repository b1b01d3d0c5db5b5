"""A value that is none of the words a schema allows, or has another form than its pattern."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from threatmodel.diagnostics import Diagnostic, did_you_mean, one_of
from threatmodel.load.meant import attempts
from threatmodel.load.places import LONGEST_SHOWN, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from threatmodel.load.places import Spot
    from threatmodel.load.shape import Schema, Shape

MOST_WORDS: Final = 40  # the longest closed list of the formats is shown whole

_SAID_YES: Final = {"on", "y", "true", "yes"}
_SAID_NO: Final = {"off", "n", "false", "no"}


def closed_words(schema: Schema, shape: Shape) -> list[Any]:
    """Return the words of a schema that are worth listing, of all its alternatives."""
    return [word for form in shape.forms(schema) for word in usual_words(form)]


def usual_words(schema: Schema) -> list[Any]:
    """Return the words worth listing: not those that only mean another one, nor `unknown`."""
    same: dict[str, Any] = schema.get("x-same-as", {})
    words = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return [word for word in words if word != "unknown" and _bare(word) not in same]


def other_forms(alternatives: Schema | None, shape: Shape) -> tuple[str, ...]:
    """Return a hint that a mapping may stand there as well, with its keys."""
    keys = shape.keys(alternatives) if alternatives else []
    return (f"or write a mapping, with the keys {one_of(keys)}",) if keys else ()


def wrong_word(spot: Spot, words: Sequence[Any], synonyms: Sequence[str], other: tuple[str, ...]) -> Diagnostic:
    """
    Say that a value is none of the words there are.

    Args:
        spot: The value.
        words: What is allowed, as messages list it.
        synonyms: Further words that are understood.
        other: Hints about other forms it could have.
    """
    value = spot.value
    texts = [word for word in words if isinstance(word, str)]
    truth = any(isinstance(word, bool) for word in words)
    rest = [str(word) for word in words if not isinstance(word, str | bool)]
    listed = [*(["true", "false"] if truth else []), *([one_of(texts, MOST_WORDS)] if texts else []), *rest]
    if truth and not texts:
        expected = "expected true or false"
    else:
        expected = f"expected {'one of ' if len(words) > 1 else ''}{', '.join(listed)}"
    hint = _word_hint(value, texts, synonyms, truth=truth)
    if not hint and rest and len(words) == 1:
        hint = "this version of the tool reads that form only"
    hints = ((hint,) if hint else ()) + other
    return Diagnostic("wrong-word", f"{spot.name} is {shown(value)}, {expected}", spot.span, spot.label, hints)


def _word_hint(value: object, texts: list[str], synonyms: Sequence[str], *, truth: bool) -> str:
    said = _bare(value).lower()
    if truth and said in _SAID_YES | _SAID_NO:
        return f"write {'true' if said in _SAID_YES else 'false'}: '{_bare(value)}' is a text like any other here"
    if isinstance(value, bool):
        meant = next((word for word in (("yes", "any") if value else ("no", "none")) if word in texts), "")
        return f"write '{meant}'" if meant else ""
    near = did_you_mean(value, [*texts, *synonyms]) if isinstance(value, str) else None
    return f"did you mean '{near}'?" if near else ""


def wrong_form(spot: Spot, schema: Schema, other: tuple[str, ...]) -> Diagnostic:
    """Say that a text has not the form it needs, and the nearest text that has."""
    text = str(spot.value)
    pattern = str(schema.get("pattern", ""))
    good = (attempt for attempt in attempts(text) if attempt != text and len(attempt) <= LONGEST_SHOWN)
    meant = next((attempt for attempt in good if re.match(pattern, attempt)), None)
    hints = ((f"write '{meant}'",) if meant else ()) + other
    message = f"{spot.name} is {shown(spot.value)}, {expected_form(schema)}"
    return Diagnostic("wrong-form", message, spot.span, spot.label, hints)


def expected_form(schema: Schema) -> str:
    """Return what the schema says of its pattern, as the end of a sentence."""
    said = str(schema.get("patternErrorMessage", "")).strip().removesuffix(".")
    return said[:1].lower() + said[1:] if said else "expected another form"


def _bare(value: object) -> str:
    """Return a value as it is written, without quotes."""
    return value if isinstance(value, str) else shown(value)
