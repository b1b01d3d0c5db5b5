"""Find entries of the catalogs by id, by another name, by a code that articles use, or by words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.catalog.component import Component
    from threatmodel.catalog.control import ControlType
    from threatmodel.catalog.framework import Entry, Framework
    from threatmodel.catalog.reader import Catalog
    from threatmodel.catalog.rule import Rule

SHORTEST: Final = 3  # letters that may be the beginning of a longer word
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found."""

    id: str
    kind: str
    title: str
    rank: int
    """0 by id, 1 by another name, 2 by a code that fits, 3 by one that may, 4 by words in its title, 5 elsewhere."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One thing in the catalogs, with what it can be found by."""

    id: str
    kind: str
    title: str
    item: Framework | Entry | ControlType | Component | Rule
    short: str = ""
    """The id without its framework."""
    names: tuple[str, ...] = ()
    text: str = ""


def everything(catalog: Catalog) -> Iterator[Listed]:
    """Yield all that the catalogs hold: frameworks with their entries, controls, components, rules."""
    for framework in catalog.frameworks.values():
        about = f"{framework.title} {framework.version}"
        yield Listed(framework.id, "framework", about, framework, names=framework.aliases, text=framework.publisher)
        for entry in framework.entries:
            text = " ".join((entry.summary, entry.note or ""))
            yield Listed(entry.reference, entry.kind.value, entry.heading, entry, entry.id, entry.aliases, text)
    for control in catalog.controls.values():
        yield Listed(control.id, "control", control.title, control, names=control.aliases, text=control.summary)
    for component in {one.id: one for one in catalog.components.values()}.values():
        text = " ".join(component.actions)
        yield Listed(component.id, "component", component.title, component, names=component.aliases, text=text)
    for rule in catalog.rules.values():
        yield Listed(rule.id, "rule", rule.title, rule, text=f"{rule.topic} {rule.why} {rule.fix}")


def find(catalog: Catalog, name: str) -> tuple[Listed, ...]:
    """Return what bears exactly that id or, where nothing does, that other name; case does not count."""
    wanted = name.casefold()
    known = tuple(everything(catalog))
    by_id = tuple(one for one in known if wanted in (one.id.casefold(), one.short.casefold()))
    return by_id or tuple(one for one in known if wanted in map(str.casefold, one.names))


def search(catalog: Catalog, words: str) -> tuple[Hit, ...]:
    """
    Return what fits the words, best first.

    A code such as `A01` that stands in articles but is no id of any framework is found as what it may mean, with the
    reason; it is never an id.
    """
    wanted = words.casefold().split()
    hits = [hit for one in everything(catalog) if (hit := _hit(one, wanted)) is not None]
    return tuple(sorted(hits, key=lambda hit: (hit.rank, hit.id)))


def _hit(one: Listed, wanted: list[str]) -> Hit | None:
    whole = " ".join(wanted)
    if whole in (one.id.casefold(), one.short.casefold()):
        return Hit(one.id, one.kind, one.title, 0)
    for name in one.names:
        if whole == name.casefold():
            return Hit(one.id, one.kind, one.title, 1, f"also called {name}")
    for alias in getattr(one.item, "search_aliases", ()):
        if whole == alias.code.casefold():
            fits = "fits best" if alias.best else "may be meant"
            rank = 2 if alias.best else 3
            why = f"'{alias.code}' is a code of articles, no id; {fits}: {alias.why}"
            return Hit(one.id, one.kind, one.title, rank, why)
    title = f"{one.id} {one.title} {' '.join(one.names)}".casefold()
    if _all_in(wanted, title):
        return Hit(one.id, one.kind, one.title, 4)
    if _all_in(wanted, f"{title} {one.text.casefold()}"):
        return Hit(one.id, one.kind, one.title, 5)
    return None


def _all_in(wanted: list[str], text: str) -> bool:
    """Return whether every word wanted is, or begins, a word of the text; one of two letters has to be the whole."""
    known = set(_WORD.findall(text))
    parts = [part for item in wanted for part in _WORD.findall(item)]
    return bool(parts) and all(part in known or (len(part) >= SHORTEST and _begins(part, known)) for part in parts)


def _begins(part: str, words: set[str]) -> bool:
    return any(word.startswith(part) for word in words)
