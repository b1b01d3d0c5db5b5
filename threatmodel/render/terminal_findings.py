"""An analysis as text that a person can act on: what is wrong, what nobody said, and what to say first."""

from __future__ import annotations

import re
import shlex
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.severity import Severity
from threatmodel.render.fourfold import fourfold, harms_line
from threatmodel.render.paste import Answer, answer
from threatmodel.render.terminal import NARROWEST, visible
from threatmodel.render.verdict import verdict_sentence
from threatmodel.render.view import Group, Overview, overview

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.finding import Finding
    from threatmodel.analysis.questions import Question

SCREEN: Final = 50  # lines that all of it may take, where there are not too many grave groups
SHORT: Final = 3  # lines of a grave group that is not shown whole
KEPT: Final = 4  # lines that groups of less severity may take before a second group is shown whole
IN_FULL: Final = 2  # rules that are shown with why and fix, unless all are asked for
GRAVE: Final = 12  # groups of high severity or above that are shown with place, id and fix, unless all are asked for
OPEN_LINES: Final = 8  # groups that are shown on a line each after them, unless all are asked for
UNKNOWN_LINES: Final = 4  # facts listed under "cannot tell", unless all are asked for
FACTS: Final = 3  # questions at the end
COMMENT: Final = "# "  # begins every line that is not to be pasted

_NUMBER: Final = 3  # columns of the number
_MARGIN: Final = 12  # columns of number and severity
_RESET: Final = "\x1b[0m"
_STYLES: Final = {
    "critical": "\x1b[1;37;41m", "high": "\x1b[1;31m", "medium": "\x1b[1;33m", "low": "\x1b[1;36m", "info": "\x1b[1m",
    "bold": "\x1b[1m", "dim": "\x1b[2m", "paste": "\x1b[32m", "head": "\x1b[1;34m",
}  # fmt: skip


def findings_text(analysis: Analysis, *, color: bool = False, width: int = 100, full: bool = False) -> str:
    """
    Return an analysis as text.

    Args:
        analysis: What was found.
        color: Whether escape codes may be used; every coloured thing is told by a word too.
        width: Columns there are.
        full: Show why and fix for every open group and list everything that cannot be told.

    Returns:
        Verdict, open groups, what cannot be told, what is settled, and the facts that would settle most.
    """
    page = _Page(analysis, overview(analysis), _Paint(color), max(width, NARROWEST), full)
    head, *rest = map(list, (page.verdict(), page.unknown(), page.settled(), page.next()))
    for most in range(FACTS, 0, -1):
        facts = list(page.facts(most))
        room = SCREEN - sum(len(lines) + 1 for lines in (head, *rest, facts) if lines) - 1
        if room >= page.least() or not facts:
            break
    parts = (head, list(page.opened(room)), *rest[:-1], facts, rest[-1])
    return "\n".join("\n".join(lines) + "\n" for lines in parts if lines)


def summary_line(analysis: Analysis) -> str:
    """Return the one line that says how an analysis ended."""
    return f"{_counted(overview(analysis))}; {asked_line(analysis)}"


def asked_line(analysis: Analysis) -> str:
    """Return what was asked, and when: all that the text does not say."""
    rules = f"{len(analysis.results)} {'rule' if len(analysis.results) == 1 else 'rules'} asked"
    return f"{rules} on {analysis.today.isoformat()}"


def _counted(seen: Overview) -> str:
    opened = sum(seen.open_by_severity.values())
    words = [f"{opened} open{_severities(seen.open_by_severity)}"]
    words.append(f"{sum(seen.unknown_by_severity.values())} cannot tell")
    words.append(f"{sum(len(group.findings) for group in seen.settled)} settled")
    return ", ".join(words)


def _severities(counts: Mapping[str, int]) -> str:
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f" ({said})" if said else ""


@dataclass(frozen=True, slots=True)
class _Paint:
    color: bool

    def __call__(self, style: str, text: str) -> str:
        return f"{_STYLES[style]}{text}{_RESET}" if self.color and text else text


@dataclass(frozen=True, slots=True)
class _Page:
    analysis: Analysis
    seen: Overview
    paint: _Paint
    width: int
    full: bool

    def verdict(self) -> Iterator[str]:
        """One sentence, then the counts of findings, of agents and of paths."""
        name = self.analysis.model.graph.system.word("name") or self.analysis.model.graph.document.file
        yield from self.wrapped(f"{visible(name)}: {verdict_sentence(self.analysis)}", "", style="bold")
        yield from self.wrapped(f"{_counted(self.seen)}.", "")
        yield from self.wrapped(fourfold(self.analysis.posture), "")
        yield from self.wrapped(harms_line(self.analysis.derived), "")

    def opened(self, room: int) -> Iterator[str]:
        """The open groups, worst first: what is grave with its place, id and fix, the rest as far as there is room."""
        groups = self.seen.open
        if self.full:
            explained: set[str] = set()
            for number, group in enumerate(groups, 1):
                yield from self.group(number, group)
                yield from self.reasons(group, why=group.first.rule not in explained)
                explained.add(group.first.rule)
            return
        shown, used = self.chosen(room)
        yield from (line for lines in shown for line in lines)
        rest = list(enumerate(groups, 1))[len(shown) :]
        lines = min(len(rest), OPEN_LINES, max(room - used - 1, 0))
        for number, group in rest[:lines]:
            yield self.line(number, group, f"{group.first.message}{self.others(group)}{self.claims(group)}")
        if len(groups) > min(len(shown), IN_FULL):
            more = f"and {len(rest) - lines} more; " if len(rest) > lines else ""
            text = f"{' ' * _MARGIN}({more}--full says why, and how to fix, for all of them)"
            yield self.paint("dim", self.cut(text))

    def chosen(self, room: int) -> tuple[list[list[str]], int]:
        """The grave groups, the first of them whole where there is room: lines of each, and how many these are."""
        groups = self.seen.open
        grave = sum(group.severity >= Severity.HIGH for group in groups[:GRAVE])
        shown = [list(self.short(number, group)) for number, group in enumerate(groups[:grave], 1)]
        used, rules = sum(map(len, shown)), set[str]()
        for at, group in enumerate(groups[: max(grave, IN_FULL)]):
            new = group.first.rule not in rules
            if len(rules) == IN_FULL or at > len(shown) or not new:
                continue
            whole = [*self.group(at + 1, group), *self.reasons(group)]
            more = len(whole) - (len(shown[at]) if at < len(shown) else 0)
            if used + more + (KEPT if rules else 1) > room:
                break
            rules.add(group.first.rule)
            shown[at : at + 1] = [whole]
            used += more
        return shown, used

    def least(self) -> int:
        """How many lines the grave groups take at least."""
        return SHORT * sum(group.severity >= Severity.HIGH for group in self.seen.open[:GRAVE]) + 1

    def group(self, number: int, group: Group) -> Iterator[str]:
        """Number, severity and message, then place and id, decision and claims."""
        first = group.first
        head, *rest = self.wrapped(f"{visible(first.message)}{self.others(group)}", " " * _MARGIN, bare=True)
        yield f"{self.severity(number, group.severity)}{self.paint('bold', head)}"
        yield from (f"{' ' * _MARGIN}{self.paint('bold', line)}" for line in rest)
        yield from self.wrapped(f"{self.places(group)}  {visible(group.id)}", " " * _MARGIN, style="dim")
        if first.treatment:
            yield from self.fact("said", first.treatment)
        if first.claimed_by:
            yield from self.fact("claim", f"{', '.join(first.claimed_by)} is said to help and is not proven")

    def short(self, number: int, group: Group) -> Iterator[str]:
        """A line of its own for message, id and fix each."""
        first, margin = group.first, " " * _MARGIN
        message = f"{visible(first.message)}{self.others(group)}{self.claims(group)}"
        text = _shortened(message, self.width - _MARGIN)
        yield f"{self.severity(number, group.severity)}{self.paint('bold', text)}"
        yield self.paint("dim", self.cut(f"{margin}{visible(first.span.place())}  {visible(group.id)}"))
        fix = visible(" ".join(first.fix.split()))
        room = self.width - _MARGIN - len("fix: ")
        yield self.cut(f"{margin}fix: {fix if len(fix) <= room else re.split('[;.] ', fix)[0]}")

    def reasons(self, group: Group, *, why: bool = True) -> Iterator[str]:
        """Why it matters, what to change, and the controls that would break it."""
        first = group.first
        if why:
            yield from self.fact("why", first.why if self.full else _sentence(first.why))
        fix = first.fix.rstrip(".")
        yield from self.fact("fix", f"{fix} (control: {', '.join(first.controls[:3])})" if first.controls else fix)

    def unknown(self) -> Iterator[str]:
        """What cannot be told: one line per missing fact, whatever rules ask for it."""
        groups = self.seen.unknown
        if not groups:
            return
        yield self.paint("head", "Cannot tell, since facts are missing")
        shown = len(groups) if self.full else UNKNOWN_LINES
        for number, group in enumerate(groups[:shown], len(self.seen.open) + 1):
            if self.full:
                yield from self.undecided(number, group)
            else:
                yield self.line(number, group, self.hanging(group))
        if len(groups) > shown:
            more = len(groups) - shown
            yield self.cut(f"{' ' * _MARGIN}and {more} more {'fact' if more == 1 else 'facts'} (--full lists them)")

    @staticmethod
    def hanging(group: Group) -> str:
        """What cannot be told, in one sentence: the message of one finding, else the fact and what hangs on it."""
        if len(group.findings) == 1:
            return group.first.message
        fact = group.id.partition("@")[2]
        titles = dict.fromkeys(finding.title for finding in group.findings)
        return f"{fact} is unsaid; {len(group.findings)} findings hang on it: {_listed(titles, most=3)}"

    def undecided(self, number: int, group: Group) -> Iterator[str]:
        """What cannot be told, in full: the message, the place, the facts that are missing, and why they matter."""
        first, *later = self.wrapped(visible(self.hanging(group)), " " * _MARGIN)
        yield f"{self.severity(number, group.severity)}{first[_MARGIN:]}"
        yield from later
        yield f"{' ' * _MARGIN}{self.paint('dim', visible(group.first.span.place()))}"
        if len(group.findings) > 1:
            yield from self.fact("are", "; ".join(finding.message for finding in group.findings))
        missing = dict.fromkeys(fact for finding in group.findings for fact in finding.missing)
        yield from self.fact("asks", ", ".join(missing))
        yield from self.fact("why", group.first.why)

    def settled(self) -> Iterator[str]:
        """What needs nobody's attention now, by state."""
        states = {group.state.value.replace("_", " ") for group in self.seen.settled}
        if states or self.analysis.unmatched:
            yield self.paint("head", "Settled")
        for state in sorted(states):
            settled = [group for group in self.seen.settled if group.state.value.replace("_", " ") == state]
            names = [_named(finding) for group in settled for finding in group.findings]
            yield from self.wrapped(f"{len(names)} {state}: {visible(_listed(names))}", "  ")
        for entry in self.analysis.unmatched:
            yield from self.wrapped(f"{entry.span.place()}: a treatment names '{entry.id}', which is no finding", "  ")

    def facts(self, most: int = FACTS) -> Iterator[str]:
        """The facts that would settle most, each with a line to paste and its place."""
        asked = self.together()[:most]
        if not asked:
            return
        words = {1: "The one fact", 2: "The two facts", 3: "The three facts"}
        head = f"{words[len(asked)]} that would settle most: put the answer where 'unknown' stands"
        yield from self.wrapped(head, "", style="head")
        for question, found in asked:
            yield from self.wrapped(visible(question.ask), COMMENT)
            choices = f", one of {' | '.join(found.choices)}" if found.choices else ""
            about = f"helps to settle {question.unlocks}; goes {visible(found.where)}{choices}"
            yield from self.wrapped(about, COMMENT, style="dim")
            yield from (self.paint("paste", visible(line)) for line in found.lines)

    def next(self) -> Iterator[str]:
        """What to ask next: the numbers above are what `explain` takes."""
        if self.seen.open or self.seen.unknown:
            file = shlex.quote(visible(self.analysis.model.graph.document.file))
            yield from self.wrapped(f"Next: threatmodel explain {file} 1", "", style="bold")

    def together(self) -> list[tuple[Question, Answer]]:
        """The first facts whose lines can all be pasted: two that open the same mapping would give its key twice."""
        asked: dict[tuple[str, str], tuple[Question, Answer]] = {}
        for question in self.analysis.questions:
            found = answer(self.analysis.model.graph, question)
            asked.setdefault((found.where, found.lines[0].partition(":")[0].strip()), (question, found))
            if len(asked) == FACTS:
                break
        return list(asked.values())

    # Pieces

    def severity(self, number: int, severity: Severity) -> str:
        """Number and word, each in a column of its own."""
        count = f"{number:>{_NUMBER - 1}} "
        rest = " " * (_MARGIN - len(count) - len(severity.word))
        return f"{count}{self.paint(severity.word, severity.word)}{rest}"

    def line(self, number: int, group: Group, message: str) -> str:
        """A group on one line: number, severity, message cut to fit, place."""
        place = visible(group.first.span.place())
        room = max(self.width - _MARGIN - len(place) - 2, 30)
        text = _shortened(visible(message), room)
        return f"{self.severity(number, group.severity)}{text:<{room}}  {self.paint('dim', place)}"

    def others(self, group: Group) -> str:
        """How many further findings are decided together with the first."""
        more = len(group.findings) - 1
        return f" (and {more} more)" if more else ""

    def claims(self, group: Group) -> str:
        """The controls that are only said to help, where there is no room for a line of their own."""
        claimed = group.first.claimed_by
        return f" (claimed: {', '.join(claimed)})" if claimed else ""

    def places(self, group: Group) -> str:
        """Where the members stand, the first in full."""
        first, *rest = (finding.span for finding in group.findings)
        lines = [f"{span.line}:{span.column}" if span.file == first.file else span.place() for span in rest[:5]]
        lines += ["..."] if len(rest) > len(lines) else []
        return visible(", ".join((first.place(), *lines)))

    def fact(self, word: str, text: str) -> Iterator[str]:
        """A labelled text, wrapped."""
        indent = f"{' ' * _MARGIN}{word + ':':<7}"
        yield from self.wrapped(visible(text), indent)

    def wrapped(self, text: str, indent: str, *, style: str = "", bare: bool = False) -> list[str]:
        """Break a text into lines that fit behind an indent; `bare` leaves the indent away."""
        room = max(self.width - len(indent), 20)
        lines = textwrap.wrap(text, room, break_long_words=True, break_on_hyphens=False) or [""]
        painted = [self.paint(style, line) if style else line for line in lines]
        if bare:
            return painted
        later = indent if indent == COMMENT else " " * len(indent)
        return [f"{later if position else indent}{line}" for position, line in enumerate(painted)]

    def cut(self, text: str) -> str:
        """Shorten a line to the width."""
        return _shortened(text, self.width)


def _shortened(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _sentence(text: str) -> str:
    """Return the first sentence of a text."""
    head, stop, _ = text.partition(". ")
    return f"{head}{stop.strip()}"


def _named(finding: Finding) -> str:
    """Return a finding's id; where sources stand in it, which may be cut to a hash, its rule and what it is about."""
    plain = f"{finding.rule}@{finding.subject}"
    return finding.id if finding.id == plain else f"{finding.rule} of {finding.subject}"


def _listed(names: Iterable[str], *, most: int = 4) -> str:
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more
