"""The proof of one thing as text: the answer, the way step by step, what stands there, what would close it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.answering import NOT_THERE
from threatmodel.analysis.explain import mishap_id
from threatmodel.analysis.hanging import Answers, Hanging
from threatmodel.analysis.paths import AttackPath
from threatmodel.analysis.proof import CLAIM, HOLDS, NOTHING, UNKNOWN, WEAKENS
from threatmodel.render.page import MUTED, Page, counted, listed
from threatmodel.render.paste import answer
from threatmodel.render.places import place
from threatmodel.render.questions_view import settling
from threatmodel.render.terminal_cure import CurePage
from threatmodel.render.terminal_questions import fated
from threatmodel.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.explain import Explained
    from threatmodel.analysis.finding import Evidence, Finding
    from threatmodel.analysis.proof import Stage, Stand
    from threatmodel.span import Span

FACTS: Final = 4  # missing facts that are shown with a line to paste
SCALE: Final = "on the scale 0 info, 1 low, 2 medium, 3 high, 4 critical"
PLACE: Final = 30  # columns of a place that stands beside a step
NARROW: Final = 50  # columns that a step needs beside its place
_WORTHS: Final = {
    HOLDS: "holds", WEAKENS: "only weakens it", CLAIM: "is only a claim", UNKNOWN: "nobody can tell whether it holds",
    NOTHING: "does nothing",
}  # fmt: skip
_STYLES: Final = {
    "open": "bad", "expired": "bad", "claimed": "warn", "unknown": "ask", "broken": "good", "mitigated": "good",
    "reached": "bad", "held": "good",
}  # fmt: skip


def explain_text(
    analysis: Analysis, found: Explained, *, color: bool = False, width: int = 100, full: bool = False
) -> str:
    """
    Return the proof of one thing.

    Args:
        analysis: Where it was found.
        found: The thing.
        color: Whether escape codes may be used; every coloured thing is told by a word too.
        width: Columns there are.
        full: Show the rule that decides each step as well.
    """
    page = _ExplainPage(Page(color, width), analysis, found, full)
    proof = (page.head(), page.why(), page.facts(), page.route())
    cure = (page.missing(), page.cure()) if found.state == "unknown" else (page.cure(), page.missing())
    parts = (*proof, *cure, page.weight(), page.maps(), page.numbers())
    return "\n".join("\n".join(lines) + "\n" for part in parts if (lines := list(part)))


class _ExplainPage:
    def __init__(self, page: Page, analysis: Analysis, found: Explained, full: bool) -> None:  # noqa: FBT001  private
        self.page = page
        self.full = full
        self.analysis = analysis
        self.found = found

    def head(self) -> Iterator[str]:
        """State, severity and id, then the answer."""
        one = self.found
        word, kind = one.state.replace("_", " "), "" if one.kind == "never" else f"{one.kind} "
        safe = one.state in {"broken", "held"}  # threatens nobody as it stands; below stands what it would weigh
        closed = " (closed)" if one.state == "broken" else ""
        text = f"{'' if safe else f'{one.severity.word} '}{kind}{one.id}{closed}"
        yield from self.page.block(word, _STYLES.get(one.state, "bold"), [text])
        yield ""
        if one.finding is not None and one.finding.message != one.answer:
            yield from self.page.wrapped(_sentence(one.finding.message))
        yield from self.page.wrapped(_sentence(one.answer), style="bold")

    def why(self) -> Iterator[str]:
        """Of a finding: why it matters, how to mend it, and what was decided."""
        one = self.found.finding
        if one is None:
            return
        yield from self.page.block("why", "head", [one.why])
        controls = f" (control: {listed(one.controls)})" if one.controls else ""
        yield from self.page.block("fix", "head", [f"{one.fix.rstrip('.')}{controls}"], self.place(one.span))
        said = [f"{listed(one.mitigated_by)} holds it back"] if one.mitigated_by else []
        said += [f"{listed(one.claimed_by)} is said to help and is not proven"] if one.claimed_by else []
        if not said and one.controls and not self.found.stages:
            said = [f"none of these controls is described on {one.elements[0] if one.elements else one.subject}"]
        yield from self.page.block("controls", "head", said) if said else ()
        yield from self.page.block("decided", "head", [one.treatment or "nothing was decided yet"])

    def facts(self) -> Iterator[str]:
        """Of a finding: each line that fired it, once, and the facts that stand there."""
        one = self.found.finding
        if one is None or not one.evidence or self.found.stages:
            return
        yield from self.page.wrapped("What the description says", style="head")
        lines: dict[tuple[str, int], list[Evidence]] = {}
        for evidence in one.evidence:
            lines.setdefault((evidence.span.file, evidence.span.line), []).append(evidence)
        for known in lines.values():
            line = self.line(known[0].span)
            texts = [*([line] if line else []), *(f"{MUTED}{evidence.fact}" for evidence in known)]
            yield from self.page.block("", "dim", texts, self.place(known[0].span))

    def route(self) -> Iterator[str]:
        """One line per step, with what stands there."""
        if not self.found.stages:
            return
        harm = self.found.harm
        shown = self.found.finding is not None and harm is not None
        head = f"How: {harm.id if isinstance(harm, AttackPath) else 'a mishap'}" if shown else "How"
        yield from self.page.wrapped(f"{head}, step by step", style="head")
        for number, stage in enumerate(self.found.stages, 1):
            yield from self.stage(number, stage)

    def stage(self, number: int, stage: Stage) -> Iterator[str]:
        """What happens, the keys that let it, the rule; then the controls, then what nobody has said."""
        quoted = self.quoted(stage)
        texts = [f"{stage.text}{f' ({quoted})' if quoted else ''}{self.rule(stage.rule)}"]
        texts += [self.stand(stand, stage) for stand in stage.stands]
        texts += [f"! nobody has said {listed(stage.lacks)}"] if stage.lacks else []
        yield from self.row(number, self.place(stage.span), texts)

    def row(self, number: int, where: str, texts: Sequence[str]) -> Iterator[str]:
        """A number, a place in a column of its own, and texts; where there is no room, the place leads the text."""
        column = max(len(visible(self.place(stage.span))) for stage in self.found.stages)
        if column > PLACE or self.page.width - column < NARROW:
            head, texts = f"{number:>3}  ", (f"{where}: {texts[0]}", *texts[1:])
        else:
            head = f"{number:>3}  {visible(where):<{column}}  "
        for position, text in enumerate(texts):
            for line in self.page.wrapped(text, indent=" " * len(head)):
                yield f"{head}{line[len(head) :]}" if position == 0 and head else line
                head = " " * len(head) if position == 0 else head

    def stand(self, stand: Stand, stage: Stage) -> str:
        """A control, what it is worth, why."""
        line = "" if stand.span.line == stage.span.line else f", line {stand.span.line}"
        if stand.reason in NOT_THERE:
            idle = dict(self.found.cure.idle).get(stand.control, "")
            said = f"is {NOT_THERE[stand.reason]}{f'; {idle}' if idle else ''}"
            return f"- {stand.control} ({stand.type}{line}) {said}{self.rule(stand.rule)}"
        worth = _WORTHS[stand.worth]
        return f"- {stand.control} ({stand.type}{line}) {worth}: {stand.reason}{self.rule(stand.rule)}"

    def quoted(self, stage: Stage) -> str:
        """The keys that decide, with their lines where these are others."""
        lines: dict[tuple[str, int], list[str]] = {}
        for quote in stage.quotes:
            lines.setdefault((quote.span.file, quote.span.line), []).append(quote.text)
        said = []
        for (file, line), texts in lines.items():
            near = (file, line) == (stage.span.file, stage.span.line)
            other = f"{file} " if file != stage.span.file else ""
            said.append(f"{'' if near else f'{other}line {line}: '}{', '.join(texts)}")
        return "; ".join(said)

    def cure(self) -> Iterator[str]:
        """What would close it, or what keeps it closed."""
        one = self.found
        able = {"open", "claimed", "unknown", "expired", "reached"}
        if one.harm is not None and (one.state in able or one.cure.keepings):
            yield from CurePage(self.page, self.analysis, one.cure).lines()

    def missing(self) -> Iterator[str]:
        """The facts that nobody states, each with its line to paste."""
        asked = self.found.missing
        if not asked:
            return
        what = "What would settle it" if self.found.state == "unknown" else "What nobody has said"
        yield from self.page.wrapped(f"{what}: put the answer where 'unknown' stands", style="head")
        answers = Answers(self.analysis)
        for question in asked[:FACTS]:
            goes = answer(self.analysis.model.graph, question)
            choices = f", one of {' | '.join(goes.choices)}" if goes.choices else ""
            yield from self.page.wrapped(f"# {question.ask}")
            fate = settling(answers, question, goes, self.hung())
            yield from self.page.wrapped(f"# {fated(fate)}", style="bold") if fate else ()
            yield from self.page.wrapped(f"# goes {goes.where}{choices}", style="dim")
            yield from (self.page.paint("good", line) for line in goes.lines)
        if len(asked) > FACTS:
            more = f"# and {counted(len(asked) - FACTS, 'more fact')}: {listed([one.fact for one in asked[FACTS:]])}"
            yield from self.page.wrapped(more)

    def hung(self) -> Hanging | None:
        """Return what hangs on the missing facts, if it can be found again once they are said."""
        found, harm = self.found, self.found.harm
        if found.kind == "never":
            return Hanging("invariant", found.id, found.state)
        if harm is None:
            return None
        if isinstance(harm, AttackPath):
            return Hanging("path", harm.id, harm.state)
        return Hanging("mishap", mishap_id(harm), harm.state)

    def weight(self) -> Iterator[str]:
        """The arithmetic of the severity, with its scale."""
        one = self.found
        closed = one.state in {"broken", "mitigated"}
        word = one.severity.word
        head = f"Would be {word} if it were not closed" if closed else f"Why {word}"
        yield from self.page.wrapped(head, style="head")
        for position, step in enumerate(one.arithmetic):
            sign = f"{step.change}" if not position else f"{step.change:+d}"
            yield from self.page.block(f"{sign:>3}", "dim", [step.reason])
        yield from self.page.block(f"{f'={int(one.severity)}':>3}", "dim", [f"{word}, {SCALE}"])

    def maps(self) -> Iterator[str]:
        """Of a finding: the threats it is an instance of."""
        one: Finding | None = self.found.finding
        if one is None:
            return
        said = [f"{framework}: {', '.join(entries)}" for framework, entries in one.references if entries]
        said += [f"layers: {', '.join(one.layers)}"] if one.layers else []
        if said:
            yield from self.page.block("maps to", "head", said)

    def numbers(self) -> Iterator[str]:
        """What the numbers in brackets are, where they are shown."""
        if self.full and self.found.stages:
            text = "Numbers in brackets: the rules of the semantics that decide, 4.3b for rule 4.3 (b)."
            yield from self.page.wrapped(text, style="dim")

    # Pieces

    def rule(self, number: str) -> str:
        """Return the number of the rule that decides, where everything is asked for."""
        return f" [{number}]" if self.full else ""

    def place(self, span: Span) -> str:
        """Return `file:line`, seen from the folder of the root file."""
        return place(self.analysis, span) if span.file else ""

    def line(self, span: Span) -> str:
        """Return the source line of a span."""
        lines = self.analysis.model.graph.document.sources.get(span.file, "").split("\n")
        return lines[span.line - 1].strip() if 0 < span.line <= len(lines) else ""


def _sentence(text: str) -> str:
    """Return a text that ends with a full stop."""
    return text if text.endswith(".") else f"{text}."
