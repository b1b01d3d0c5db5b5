"""Names of a description as text that a reader sees whole: nothing in them hides or reorders."""

from __future__ import annotations

import re
from typing import Final

# Controls (without tab and newline), surrogates, marks that reorder text, and signs of no width: Unicode 16,
# Bidi_Control and the format characters beside it. A zero-width joiner stays: scripts and emoji need it.
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]",
)


def visible(text: str) -> str:
    r"""Return a text with every character that would hide or reorder it written as its code, such as `\u202e`."""
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters; a longer one ends in an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
