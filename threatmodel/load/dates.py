"""Dates that no calendar has."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from threatmodel.diagnostics import Diagnostic
from threatmodel.load.nodes import MapNode, SeqNode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.span import Span

DATE_KEYS: Final = frozenset({"reviewed", "tested", "until", "date", "expires", "checked"})

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def check_dates(root: MapNode, text: str) -> list[Diagnostic]:
    """
    Return a diagnostic for every date such as February 30.

    The text says at once whether there is any; only then are the values looked through.
    """
    wrong = {word for word in set(_DATE.findall(text)) if not is_date(word)}
    if not wrong:
        return []
    return [
        Diagnostic(
            "no-such-date",
            f"'{key}' is {value}, a day that no calendar has",
            span,
            "",
            ("dates are year-month-day, such as 2026-11-01",),
        )
        for key, value, span in _dates(root)
        if value in wrong
    ]


def is_date(text: str) -> bool:
    """Return whether a text of the form year-month-day is a day."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _dates(root: MapNode) -> Iterator[tuple[str, str, Span]]:
    """Yield every value under a key that takes a date."""
    pending: list[Any] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, MapNode):
            for key, value in node.items():
                if isinstance(value, str) and key in DATE_KEYS:
                    yield key, value, node.value_span(key)
                elif isinstance(value, MapNode | SeqNode):
                    pending.append(value)
        else:
            pending += [item for item in node if isinstance(item, MapNode | SeqNode)]
