"""What changes would make, as text: better or worse first, then what differs."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from threatmodel.analysis.finding import OPEN_STATES
from threatmodel.render.terminal import NARROWEST
from threatmodel.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from threatmodel.analysis.analysis import Model
    from threatmodel.analysis.whatif import Difference, Outcome, Supposition

LINES: Final = 6  # of one kind that are shown, unless all are asked for
ORDER: Final = ("open", "claimed", "unknown", "broken")  # a path that is not there counts like a broken one

_RESET: Final = "\x1b[0m"
_STYLES: Final = {"bold": "\x1b[1m", "dim": "\x1b[2m", "head": "\x1b[1;34m", "new": "\x1b[1;31m", "gone": "\x1b[1;32m",
                  "changed": "\x1b[1;33m"}  # fmt: skip
_COLUMN: Final = 11  # columns of the word that says what happened


def whatif_text(model: Model, found: Outcome, *, color: bool = False, width: int = 100, full: bool = False) -> str:
    """
    Return differences as text.

    Args:
        model: The system as it is.
        found: What differs.
        color: Whether escape codes may be used; every coloured thing is told by a word too.
        width: Columns there are.
        full: List everything that differs.
    """
    page = _Page(model, found, color, max(width, NARROWEST), full)
    parts = [
        page.verdict(),
        page.taken(),
        page.section("Attack paths", found.paths, _state),
        page.section("Mishaps, without any attacker", found.mishaps, _state),
        page.section("Influence: what can steer an agent", found.influences, _steered),
        page.section("Capabilities", found.capabilities, _power),
        page.section(
            "Findings", found.findings, lambda one: f"{one.state.value.replace('_', ' ')}, {one.severity.word}"
        ),
    ]
    return "\n".join("\n".join(lines) + "\n" for part in parts if (lines := list(part)))


def in_words(change: Supposition) -> str:
    """Return a change as the end of a sentence that begins with `if`."""
    if change.kind == "set":
        return f"{change.of} is {change.value}"
    return f"{change.of} {'fails' if change.kind == 'lose' else 'is compromised'}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _state(path: Any) -> str:  # noqa: ANN401  a path or a mishap
    by = path.broken_by if path.state == "broken" else path.claimed_by if path.state == "claimed" else ()
    return f"{path.state}{' by ' if by else ''}{', '.join(by)}{', mild' if path.mild else ''}"


def _steered(one: Any) -> str:  # noqa: ANN401  as `section` passes them
    words = [", ".join(one["certain"])] if one["certain"] else []
    words += [f"maybe by {', '.join(one['unknown'])}"] if one["unknown"] else []
    return f"{'by ' if one['certain'] else ''}{'; '.join(words)}"


def _power(one: Any) -> str:  # noqa: ANN401  as `section` passes them
    words = ["certain" if one.certainty == "yes" else one.certainty, one.intent]
    words.append(f"gated by {', '.join(one.gates)}" if one.gates else "no gate holds")
    words += [f"claimed: {', '.join(one.claims)}"] if one.claims else []
    words += [f"with {one.credential} ({one.lifetime or 'lifetime unknown'})"] if one.credential else []
    return ", ".join(words)


@dataclass(frozen=True, slots=True)
class _Page:
    model: Model
    found: Outcome
    color: bool
    width: int
    full: bool

    def paint(self, style: str, text: str) -> str:
        """Colour a text."""
        return f"{_STYLES[style]}{text}{_RESET}" if self.color and text else text

    def wrapped(self, text: str, indent: str = "", style: str = "") -> Iterator[str]:
        """Break a text into lines that fit; later ones begin below the first."""
        for line in textwrap.wrap(visible(text), max(self.width - len(indent), 20), break_on_hyphens=False) or [""]:
            yield f"{indent}{self.paint(style, line) if style else line}"
            indent = " " * len(indent)

    def verdict(self) -> Iterator[str]:
        """What the changes come to."""
        graph, found = self.model.graph, self.found
        name = graph.system.word("name") or graph.document.file
        yield from self.wrapped(f"{name}, if {' and '.join(map(in_words, found.changes))}:", style="bold")
        lists = (found.paths, found.mishaps, found.influences, found.capabilities, found.findings)
        if not any(lists):
            yield from self.wrapped("nothing differs in paths, mishaps, influence, capabilities or findings.")
            return
        parts = [_moved(found.paths, "attack path"), _moved(found.mishaps, "mishap")]
        opened = sum(_open(one.now) and not _open(one.was) for one in found.findings)
        closed = sum(_open(one.was) and not _open(one.now) for one in found.findings)
        parts += [f"{_counted(opened, 'finding')} more open, {closed} no longer"] if opened or closed else []
        text = (
            "; ".join(filter(None, parts)) or "no path, mishap or finding gets worse or better; what differs is below"
        )
        yield from self.wrapped(f"{text}.", style="bold")

    def taken(self) -> Iterator[str]:
        """The credentials that the attacker holds."""
        if not self.found.taken:
            return
        yield from self.wrapped("Credentials the attacker holds", style="head")
        for one in self.found.taken[: None if self.full else LINES]:
            reach = one.reach
            opens = ", ".join(reach.opens[:4]) + (f" and {len(reach.opens) - 4} more" if len(reach.opens) > 4 else "")  # noqa: PLR2004  a line
            maybe = f"maybe ({', '.join(one.missing)} is unsaid): " if one.missing else ""
            text = f"{reach.credential}: {maybe}opens {opens or 'nothing that is known'}; lifetime {reach.lifetime}"
            yield from self.wrapped(f"{text}; after revocation {reach.usable_after_revocation}", "  ")
        yield from self.more(len(self.found.taken))

    def section(self, title: str, differences: tuple[Difference, ...], status: Callable[[Any], str]) -> Iterator[str]:
        """One kind of thing that differs, what got worse first."""
        if not differences:
            return
        counts = [f"{count} {word}" for word in ("new", "gone", "changed")
                  if (count := sum(one.change == word for one in differences))]  # fmt: skip
        yield from self.wrapped(f"{title}: {', '.join(counts)}", style="head")
        for one in differences[: None if self.full else LINES]:
            said = status(one.was if one.now is None else one.now)
            was = f" (was {status(one.was)})" if one.change == "changed" else ""
            said = f"was {said}" if one.now is None else said
            lines = list(self.wrapped(f"{one.id}: {said}{was}", " " * _COLUMN))
            word = f"  {self.paint(one.change, one.change)}{' ' * (_COLUMN - 2 - len(one.change))}"
            yield f"{word}{lines[0][_COLUMN:]}"
            yield from lines[1:]
        yield from self.more(len(differences))

    def more(self, total: int) -> Iterator[str]:
        """How many are not shown."""
        if total > LINES and not self.full:
            yield from self.wrapped(f"and {total - LINES} more (--full lists them)", " " * _COLUMN, "dim")


def _open(finding: Any) -> bool:  # noqa: ANN401  a finding or None
    return finding is not None and finding.state in OPEN_STATES


def _moved(differences: tuple[Difference, ...], noun: str) -> str:
    """Say how many got worse and how many better; nothing where none did."""

    def rank(path: Any) -> int:  # noqa: ANN401  a path, a mishap or None
        return ORDER.index("broken" if path is None else path.state)

    worse = sum(rank(one.now) < rank(one.was) for one in differences)
    better = sum(rank(one.now) > rank(one.was) for one in differences)
    return f"{_counted(worse, noun)} worse, {better} better" if worse or better else ""
