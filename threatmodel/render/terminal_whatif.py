"""What changes would make, as text: better or worse first, then what differs."""

from __future__ import annotations

import itertools
import re
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

MOST_OPENED: Final = 4  # actions of one credential that are named
MOST_NAMED: Final = 6  # of what steers an agent
MOST_SOURCES: Final = 3  # of one path that are named

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
        page.section("Credentials: what they open", found.credentials, _opening),
        page.section("Findings", page.findings(), _judged),
        page.questions(),
    ]
    return "\n".join("\n".join(lines) + "\n" for part in parts if (lines := list(part)))


def in_words(change: Supposition) -> str:
    """Return a change as the end of a sentence that begins with `if`."""
    if change.kind == "set":
        return f"{change.of} is {change.value}"
    return f"{change.of} {'fails' if change.kind == 'lose' else 'is compromised'}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _listed(names: tuple[str, ...], most: int | None = MOST_NAMED) -> str:
    more = f" and {len(names) - most} more" if most is not None and len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def _state(path: Any) -> tuple[str, ...]:  # noqa: ANN401  a path or a mishap
    by = path.broken_by if path.state == "broken" else path.claimed_by if path.state == "claimed" else ()
    return (f"{path.state}{' by ' if by else ''}{', '.join(by)}{', mild' if path.mild else ''}",)


def _steered(one: Any) -> tuple[str, ...]:  # noqa: ANN401  as `section` passes them
    words = [f"by {_listed(one['certain'])}"] if one["certain"] else []
    return (*words, *([f"maybe by {_listed(one['unknown'])}"] if one["unknown"] else []))


def _otherwise_steered(was: Any, now: Any) -> str:  # noqa: ANN401  as `section` passes them
    """Say by what an agent is steered now and was not, and the other way round."""
    every_now, every_was = ((*one["certain"], *one["unknown"]) for one in (now, was))
    doubtful = tuple(name for name in was["certain"] if name in now["unknown"])
    told = (
        ("{} can steer it now as well", now["certain"], every_was),
        ("{} perhaps steers it now as well", now["unknown"], every_was),
        ("{} steers it for certain now", tuple(name for name in was["unknown"] if name in now["certain"]), ()),
        ("{} steers it perhaps, no longer for certain", doubtful, ()),
        ("{} cannot steer it any more", was["certain"], every_now),
        ("{}, of which nobody could tell, cannot steer it", was["unknown"], every_now),
    )
    parts = []
    for words, names, known in told:
        left = tuple(name for name in names if name not in known)
        parts += [words.format(_listed(left))] if left else []
    return "; ".join(parts)


def _power(one: Any) -> tuple[str, ...]:  # noqa: ANN401  as `section` passes them
    return (
        "certain" if one.certainty == "yes" else one.certainty,
        one.intent,
        f"gated by {', '.join(one.gates)}" if one.gates else "gated by nothing",
        f"claimed: {', '.join(one.claims)}" if one.claims else "",
        f"reversible: {one.reversible}" if one.reversible else "",
        f"as {one.identity}" if one.identity else "",
        f"with {one.credential} ({one.lifetime or 'lifetime unknown'})" if one.credential else "",
    )


def _counted_scopes(excess: tuple[str, ...]) -> str:
    return f"{_counted(len(excess), 'scope')} too many" if excess else ""


def _opening(one: Any) -> tuple[str, ...]:  # noqa: ANN401  as `section` passes them
    return (
        f"opens {_listed(one.opens, MOST_OPENED) or 'nothing that is known'}",
        _counted_scopes(one.excess_scopes),
        f"lifetime {one.lifetime}",
        f"after revocation {one.usable_after_revocation}",
    )


def _judged(one: Any) -> tuple[str, ...]:  # noqa: ANN401  as `section` passes them
    return (f"{one.state.value.replace('_', ' ')}, {one.severity.word}",)


_NOTHING: Final[dict[Any, tuple[str, ...]]] = {
    _power: ("", "", "", "no control claimed", "reversible: unsaid", "under no identity", "with no credential"),
    _opening: ("", "no scope too many", "", ""),
}
"""What the empty parts of a status mean beside one that says something."""


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
        lists = (found.paths, found.mishaps, found.influences, found.capabilities, found.findings, found.credentials)
        if not any((*lists, found.questions)):
            yield from self.wrapped(
                "nothing differs in paths, mishaps, influence, capabilities, credentials, findings or questions."
            )
            return
        parts = [_moved(found.paths, "attack path"), _moved(found.mishaps, "mishap")]
        closed = sum(_open(one.was) and not _open(one.now) for one in self.findings())
        fresh = [one.now.severity for one in self.findings() if _open(one.now) and not _open(one.was)]
        worst = f", {max(fresh).word}" if len(fresh) == 1 else f", the worst {max(fresh).word}" if fresh else ""
        parts += [f"{_counted(len(fresh), 'new finding')}{worst}"] if fresh else []
        parts += [f"{_counted(closed, 'finding')} no longer open"] if closed else []
        settled = sum(one.now is None for one in found.questions)
        parts += [f"{_counted(settled, 'question')} settled"] if settled else []
        text = (
            "; ".join(filter(None, parts)) or "no path, mishap or finding gets worse or better; what differs is below"
        )
        yield from self.wrapped(f"{text}.", style="bold")

    def findings(self) -> tuple[Difference, ...]:
        """The findings that differ: one that only names other sources of the same way is the same finding."""
        was = {_way_of(one.was): one for one in self.found.findings if one.now is None}
        now = {_way_of(one.now): one for one in self.found.findings if one.was is None}
        same = {way for way in was.keys() & now.keys() if _judged(was[way].was) == _judged(now[way].now)}
        moved = {id(each[way]) for way in same for each in (was, now)}
        return tuple(one for one in self.found.findings if id(one) not in moved)

    def taken(self) -> Iterator[str]:
        """The credentials that the attacker holds."""
        if not self.found.taken:
            return
        yield from self.wrapped("Credentials the attacker holds", style="head")
        for one in self.found.taken[: None if self.full else LINES]:
            reach = one.reach
            maybe = f"maybe ({', '.join(one.missing)} is unsaid): " if one.missing else ""
            yield from self.wrapped(f"{reach.credential}: {maybe}{'; '.join(filter(None, _opening(reach)))}", "  ")
        yield from self.more(len(self.found.taken))

    def section(
        self, title: str, differences: tuple[Difference, ...], status: Callable[[Any], tuple[str, ...]]
    ) -> Iterator[str]:
        """One kind of thing that differs, what got worse first; paths that differ in their source only are one line."""
        if not differences:
            return
        counts = [f"{count} {word}" for word in ("new", "gone", "changed")
                  if (count := sum(one.change == word for one in differences))]  # fmt: skip
        yield from self.wrapped(f"{title}: {', '.join(counts)}", style="head")
        joined: dict[tuple[str, str, str], list[str]] = {}
        for one in differences:
            source, what = _apart(one)
            joined.setdefault((one.change, what, _said(one, status)), []).append(source)
        shown = list(joined.items())[: None if self.full else LINES]
        for (change, what, said), sources in shown:
            named = tuple(filter(None, sources))
            by = f"{_listed(named, None if self.full else MOST_SOURCES)} > " if named else ""
            yield from self.line(change, change, f"{by}{what}: {said}")
        yield from self.more(len(joined))

    def line(self, word: str, style: str, text: str) -> Iterator[str]:
        """One thing, behind the word that says what happened to it."""
        lines = list(self.wrapped(text, " " * _COLUMN))
        yield f"  {self.paint(style, word)}{' ' * (_COLUMN - 2 - len(word))}{lines[0][_COLUMN:]}"
        yield from lines[1:]

    def questions(self) -> Iterator[str]:
        """Which questions are settled, and which the changes raise."""
        found = self.found.questions
        if not found:
            return
        settled = [one for one in found if one.now is None]
        counts = [f"{len(settled)} settled"] if settled else []
        counts += [f"{len(found) - len(settled)} new"] if len(found) > len(settled) else []
        yield from self.wrapped(f"Questions: {', '.join(counts)}", style="head")
        ordered = [*settled, *(one for one in found if one.now is not None)]
        for one in ordered[: None if self.full else LINES]:
            word, style, hung = ("settled", "gone", "hung") if one.now is None else ("new", "new", "hang")
            count = (one.was or one.now).unlocks
            text = (
                f"{one.id} ({_counted(count, 'conclusion')} {hung if count != 1 or one.now is None else 'hangs'} on it)"
            )
            yield from self.line(word, style, text)
        yield from self.more(len(found))

    def more(self, total: int) -> Iterator[str]:
        """How many are not shown."""
        if total > LINES and not self.full:
            yield from self.wrapped(f"and {total - LINES} more (--full lists them)", " " * _COLUMN, "dim")


def _apart(one: Difference) -> tuple[str, str]:
    """Return the source of a path, and the rest; of anything else only its name."""
    there = one.was if one.now is None else one.now
    source = getattr(there, "source", "")
    return (source, one.id.removeprefix(f"{source}>")) if source else ("", one.id)


def _said(one: Difference, status: Callable[[Any], tuple[str, ...]]) -> str:
    """Say what a thing is, or was; of one that changed only what is not what it was."""
    if one.now is None or one.was is None:
        words = ", ".join(filter(None, status(one.was if one.now is None else one.now)))
        fix = "" if status is not _judged or not _open(one.now) else f"; to close it: {_clause(one.now.fix)}"
        return f"was {words}" if one.now is None else f"{words}{fix}"
    if status is _steered:
        return _otherwise_steered(one.was, one.now)
    nothing = _NOTHING.get(status, ())
    both = itertools.zip_longest(status(one.now), status(one.was), nothing, fillvalue="")
    return "; ".join(f"{now or none} (was {was or none})" for now, was, none in both if now != was)


def _clause(text: str) -> str:
    """Return the first clause of a text."""
    return re.split("[;.] |[.]$", " ".join(text.split()))[0]


def _open(finding: Any) -> bool:  # noqa: ANN401  a finding or None
    return finding is not None and finding.state in OPEN_STATES


def _way_of(finding: Any) -> tuple[str, str]:  # noqa: ANN401  a finding
    """Return the rule of a finding, and its subject without the sources that it names first."""
    sources, _, way = finding.subject.partition(">")
    return (finding.rule, way if way and ":" in way else f"{sources}>{way}")


def _moved(differences: tuple[Difference, ...], noun: str) -> str:
    """Say how many got worse and how many better; nothing where none did."""

    def rank(path: Any) -> int:  # noqa: ANN401  a path, a mishap or None
        return ORDER.index("broken" if path is None else path.state)

    worse = sum(rank(one.now) < rank(one.was) for one in differences)
    better = sum(rank(one.now) > rank(one.was) for one in differences)
    said = [f"{_counted(worse, noun)} worse"] if worse else []
    said += [f"{better} better" if worse else f"{_counted(better, noun)} better"] if better else []
    return ", ".join(said)
