"""Unquoted YAML scalars, read by the core schema of YAML 1.2: `yes`, `no`, `on`, `12:30` and dates stay text."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

MAX_DIGITS: Final = 18
"""Of a whole number; more are no quantity that anybody means."""

SPECIAL: Final = frozenset("~nNtTfF0123456789+-.")
"""What an unquoted scalar begins with if it may be anything but text."""

# YAML 1.2.2 §10.3.2, core schema.
_WORDS: Final[dict[str, Scalar]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_BASED = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")


def resolve(text: str) -> Scalar:
    """
    Return the value of an unquoted scalar.

    Raises:
        ValueError: a number that is too long, not finite, or not a number.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        if len(text.lstrip("+-0")) > MAX_DIGITS:
            raise ValueError(text)
        return int(text)
    if _BASED.match(text):
        if len(text) > MAX_DIGITS:
            raise ValueError(text)
        return int(text, 0)
    if _FLOAT.match(text):
        value = float(text) if len(text) <= 3 * MAX_DIGITS else float("inf")
        if value in {float("inf"), float("-inf")}:
            raise ValueError(text)
        return value
    if _NOT_FINITE.match(text):
        raise ValueError(text)
    return text
