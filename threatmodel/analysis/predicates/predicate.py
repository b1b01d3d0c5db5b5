"""What a predicate is, and the facts it hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from threatmodel.model.facts import Fact, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from threatmodel.analysis.context import Context
    from threatmodel.analysis.truth import Truth
    from threatmodel.model.elements import Element


@dataclass(frozen=True, slots=True)
class Predicate:
    """A question, the kinds it can be asked about, and what a rule author reads of it."""

    kinds: frozenset[str]
    test: Callable[[Context, Element], Truth]
    about: str


def stated(element: Element, key: str) -> Fact:
    """Return the fact under a key that the element states."""
    return Fact(f"{element.place}.{key}", element.word(key), State.STATED, element.body.value_span(key))


def missing(element: Element, key: str) -> Fact:
    """Return the fact under a key that nobody states."""
    return Fact(f"{element.place}.{key}", None, State.UNKNOWN, element.span)
