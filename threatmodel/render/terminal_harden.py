"""Cures as text: how little breaks every path, what keeps the work going, what each control is worth alone."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.candidates import GATE, ISOLATION
from threatmodel.render.terminal import NARROWEST
from threatmodel.render.visible import shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.candidates import Candidate
    from threatmodel.analysis.cuts import Cut
    from threatmodel.analysis.harden import Hardening

SINGLES: Final = 10  # single controls that are listed
CONTROLS: Final = 20  # controls of one set that are listed
STAYING: Final = 5  # paths of one reason that are named
AIMS: Final = {
    "smallest": "fewest controls",
    "cheapest": "least cost",
    "working": "every agent keeps what it reads and does",
}
_RESET: Final = "\x1b[0m"
_STYLES: Final = {"bold": "\x1b[1m", "dim": "\x1b[2m", "head": "\x1b[1;34m", "good": "\x1b[1;32m", "bad": "\x1b[1;33m"}


def harden_text(model: Model, found: Hardening, *, color: bool = False, width: int = 100) -> str:
    """
    Return cures as text.

    Args:
        model: What they are for.
        found: What was found.
        color: Whether escape codes may be used; every coloured thing is told by a word too.
        width: Columns there are.
    """
    page = _Page(model, found, color, max(width, NARROWEST))
    parts = [page.verdict(), *(page.cut(cut) for cut in found.cuts if cut.of), page.singles()]
    return "\n".join("\n".join(lines) + "\n" for part in parts if (lines := list(part)))


def in_words(candidate: Candidate) -> str:
    """Return a control and its place, such as `human-approval on mailer.reply`."""
    return visible(f"{candidate.control} on {candidate.on}")


def burden(model: Model, candidate: Candidate) -> str:
    """Return what a control costs in daily work, where that is much: who is asked how often, what no longer arrives."""
    graph, place = model.graph, candidate.on
    if candidate.control == ISOLATION:
        return "no free text from there reaches a model that acts"
    if candidate.control != GATE:
        return ""
    action, element = graph.actions.get(place), graph.elements.get(place)
    if action is not None:
        return "a person is asked before every read" if set(action.effects) == {"read"} else ""
    if element is None:
        return "a person is asked before every message" if ">" in place else "a person is asked before every call"
    acting = graph.actions_of_tool.get(place, ())
    if acting and not any("read" in one.effects for one in acting):
        return ""
    return {
        "agent": "a person is asked before everything it does",
        "store": "a person is asked before every write into it",
    }.get(element.kind, "a person is asked before every call")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class _Page:
    model: Model
    found: Hardening
    color: bool
    width: int

    def paint(self, style: str, text: str) -> str:
        """Colour a text."""
        return f"{_STYLES[style]}{text}{_RESET}" if self.color and text else text

    def wrapped(self, text: str, indent: str = "", style: str = "") -> Iterator[str]:
        """Break a text into lines that fit; later ones begin below the first."""
        for line in textwrap.wrap(text, max(self.width - len(indent), 20), break_on_hyphens=False) or [""]:
            yield f"{indent}{self.paint(style, line) if style else line}"
            indent = " " * len(indent)

    def verdict(self) -> Iterator[str]:
        """How many paths there are, and what is best."""
        graph = self.model.graph
        name = visible(graph.system.word("name") or graph.document.file)
        total = self.found.cuts[0].of
        if not total:
            text = f"{name}: nothing to cut; no attack path is open, claimed or unknown."
            yield from self.wrapped(text, style="bold")
            return
        whole = [cut for cut in self.found.cuts if cut.breaks == total and not cut.unbroken]
        everything = "it" if total == 1 else "all of them"
        within = "" if self.found.budget is None else f" within a budget of {self.found.budget}"
        if whole:
            size = len(whole[0].controls)
            best = f"{_counted(size, 'control')} {'breaks' if size == 1 else 'break'} {everything}"
        else:
            most = max(cut.breaks for cut in self.found.cuts)
            best = f"no set found breaks {everything}, the best breaks {most}"
        paths = f"{_counted(total, 'attack path')} to break"
        yield from self.wrapped(f"{name}: {paths}; {best}{within}.", style="bold")
        states = ", ".join(f"{count} {state}" for state, count in self.found.states.items() if count)
        yield from self.wrapped(
            f"{states}. Each set was tried: the analysis ran with it in place, sound and tested. Cost: an approval "
            "counts one for each action it stands before, others as the catalog says."
        )
        yield from self.wrapped(self.advice()) if self.advice() else ()

    def advice(self) -> str:
        """Return which set an architect would take: the one that asks least of people, then the cheapest."""
        total = self.found.cuts[0].of
        whole = [cut for cut in self.found.cuts if cut.breaks == total and not cut.unbroken and cut.controls]
        if not whole:
            return ""
        hard = {cut.aims: sum(bool(burden(self.model, one)) for one in cut.controls) for cut in whole}
        best = min(whole, key=lambda cut: (hard[cut.aims], cut.cost))
        if hard[best.aims]:
            more = "each of them asks a person, or takes text away, all the time. `threatmodel explain` of a path"
            return f"'{best.aims[0]}' is the least work, yet {more} names facts and described controls that close it."
        return f"An architect would take '{best.aims[0]}': it asks nobody, and takes no text away, all the time."

    def cut(self, cut: Cut) -> Iterator[str]:
        """One set: its aims, what it does, its controls, what stays."""
        aims = " and ".join(f"{aim} ({AIMS[aim]})" for aim in cut.aims)
        yield from self.wrapped(f"{aims[0].upper()}{aims[1:]}", style="head")
        best = "exact: none breaks more" if cut.unbroken else "exact: none is better"
        how = best if cut.exact else "not proven to be the best"
        how = how if cut.finished else "the search ended early: not proven to be the best"
        what = f"breaks {cut.breaks} of {cut.of}, costs {cut.cost}; {how}"
        yield from self.wrapped(what, "  ", style="bad" if cut.unbroken else "good")
        if not cut.controls:
            yield "    no control"
        for one in cut.controls[:CONTROLS]:
            work = burden(self.model, one)
            yield from self.wrapped(f"{in_words(one)}{f': {work}' if work else ''}", "    ")
        if len(cut.controls) > CONTROLS:
            more = f"and {len(cut.controls) - CONTROLS} more (--format json lists them)"
            yield from self.wrapped(more, "    ", style="dim")
        reasons: dict[str, list[str]] = {}
        for path in cut.unbroken:
            reasons.setdefault(self.found.why[cut.aims[0], path], []).append(path)
        for why, paths in reasons.items():
            more = f" and {len(paths) - STAYING} more" if len(paths) > STAYING else ""
            stay = "stays" if len(paths) == 1 else "stay"
            yield from self.wrapped(visible(f"{', '.join(paths[:STAYING])}{more} {stay}: {why}"), "  - ")

    def singles(self) -> Iterator[str]:
        """What single controls break, the best first."""
        worth, untried = self.found.single.worth, self.found.single.untried
        total = self.found.cuts[0].of
        if worth:
            yield from self.wrapped("What one control breaks alone", style="head")
        digits = len(str(total))
        for one in sorted(worth, key=lambda one: (-one.breaks, bool(burden(self.model, one.candidate))))[:SINGLES]:
            head, work = f"  {one.breaks:>{digits}} of {total}  cost {one.cost:<3} ", burden(self.model, one.candidate)
            said = f"{in_words(one.candidate)}{f': {work}' if work else ''}"
            yield f"{head}{shortened(said, max(self.width - len(head), 20))}"
        notes = []
        if len(worth) > SINGLES:
            notes.append(f"{len(worth) - SINGLES} more break something (--format json lists them)")
        if untried:
            notes.append(f"{_counted(untried, 'candidate')} not tried, since there are too many")
        if notes:
            yield from self.wrapped("; ".join(notes), "  ", style="dim")
