"""What somebody who wrote a value in the wrong form probably meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


def kebab(text: str) -> str:
    """Return the id that a text would be."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", text)
    return re.sub(r"[^a-z0-9]+", "-", spaced.lower()).strip("-")


_UNITS: Final = {
    "sec": "s",
    "min": "m",
    "hr": "h",
    "hour": "h",
    "day": "d",
    "week": "w",
    "month": "",
    "year": "y",
    "second": "s",
    "minute": "m",
}


def attempts(text: str) -> Iterator[str]:
    """Yield what was probably meant, for every form there is."""
    text = text[:200]
    yield text.strip()
    duration = re.fullmatch(r"\s*(\d{1,6})\s*([A-Za-z]+?)s?\s*", text)
    if duration:
        unit = _UNITS.get(duration[2].lower(), duration[2].lower()[:1] if len(duration[2]) == 1 else "")
        yield f"{duration[1]}{unit}"
        if duration[2].lower() == "month":
            yield f"{30 * int(duration[1])}d"
    date = re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?", text)
    if date:
        yield f"{date[1]}-{int(date[2]):02}-{int(date[3]):02}"
    european = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text)
    if european:
        yield f"{european[3]}-{int(european[2]):02}-{int(european[1]):02}"
    yield re.sub(r"\s*(?:->|→|=>)\s*", ">", text)
    rate = re.fullmatch(r"(\d{1,9})\s*(?:/|per)\s*(\w).*", text)
    if rate:
        yield f"{rate[1]}/{rate[2]}"
    yield text.upper()
    if not re.search(r"[.*>/:@]", text):
        yield kebab(text)
