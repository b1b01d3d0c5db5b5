"""What would close a path or mishap as text: described controls, facts, new controls; or what keeps it closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.amending import BACKUP
from threatmodel.render.page import Page, counted, listed
from threatmodel.render.places import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.analysis.amending import Amending
    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.closing import Closing
    from threatmodel.analysis.explain import Cure
    from threatmodel.analysis.keeping import Keeping
    from threatmodel.analysis.restating import Restating
    from threatmodel.analysis.trial import Change
    from threatmodel.span import Span

PROVEN: Final = "evidence: [{kind: test, ref: .., date: ..}]"


class CurePage:
    """Writes what was tried for one thing."""

    def __init__(self, page: Page, analysis: Analysis, cure: Cure) -> None:
        """Write onto a page."""
        self.page = page
        self.analysis = analysis
        self.cure = cure

    def lines(self) -> Iterator[str]:
        """What would close it, what the description has first; of a broken one, what keeps it closed."""
        cure = self.cure
        if cure.keepings:
            yield from self.page.wrapped("What keeps it closed", style="head")
            for keeping in cure.keepings:
                yield from self.keeping(keeping)
            return
        yield from self.page.wrapped("What would close it: each of these alone, tried by the analysis", style="head")
        for amending in cure.amendings:
            yield from self.amending(amending)
        for restating in cure.restatings:
            yield from self.restating(restating)
        for closing in cure.closings:
            yield from self.new(closing)
        if cure.closings:
            yield from self.paste(cure.closings[0])
        if not (cure.amendings or cure.restatings or cure.closings):
            yield from self.page.block("", "dim", ["no single change that was tried; `threatmodel harden` finds sets"])

    def amending(self, one: Amending) -> Iterator[str]:
        """Controls of the description, and every key that they need."""
        each = zip(one.controls, one.types, one.on, strict=True)
        named = [f"{name} ({kind} on {listed(on)})" for name, kind, on in each]
        alone = len(named) == 1
        says = "once it says" if alone else "together, once they say"
        what = "this" if len(one.changes) == 1 else "all of this"
        head = f"{listed(named)}{',' if alone else ''} {says} {what}{_closes(one.closes)}"
        keys = [f"- {self.change(change, short=alone)}" for change in one.changes]
        yield from self.page.block("control", "head", [head, *keys], self.place(one.span))

    def restating(self, one: Restating) -> Iterator[str]:
        """Facts, each with its line."""
        first, *more = one.changes
        texts = [f"{self.change(first)}{_closes(one.closes)}"]
        yield from self.page.block("fact", "head", texts, self.place(first.span))
        for change in more:
            text = self.change(change)
            yield from self.page.block("", "dim", [f"together with {text}"], self.place(change.span))

    def change(self, one: Change, *, short: bool = False) -> str:
        """Key and value, what it is now, and what it takes."""
        key = one.fact.split(".", 2)[2] if short else one.fact
        was = f"now {one.was}" if one.was else "nobody says it now"
        return f"{key}: {one.value} ({was}){f': {one.means}' if one.means else ''}"

    def new(self, one: Closing) -> Iterator[str]:
        """A control that the description does not have."""
        yield from self.page.block("new", "head", [f"{one.control} on {one.on} (cost {one.cost}){_closes(one.closes)}"])

    def paste(self, one: Closing) -> Iterator[str]:
        """The lines that describe it, where they go, and when they count."""
        controls = self.analysis.model.graph.controls
        where = f"below controls:, before {self.place(controls[0].span)}" if controls else "at the end of the file"
        fill = [f"{key}:" for key in ("by", "store") if any(f"{key}: unknown" in line for line in one.paste)]
        who = {"by:": "by: (somebody whom no outsider steers)", "store:": "store: (out of the agent's reach)"}
        said = f"; fill in {listed([who[key] for key in fill])}" if fill else ""
        runs = "status: configured once it runs; tested, with"
        counts = f"status: tested, with {PROVEN}, once a restore worked" if one.control == BACKUP else (
            f"{runs} {PROVEN}, proves it")  # fmt: skip
        text = f"{where}{said}. It counts for nothing while it is planned: {counts}"
        yield from self.page.block("paste", "head", [text])
        yield from (self.page.paint("good", line) for line in one.paste)

    def keeping(self, one: Keeping) -> Iterator[str]:
        """A control that breaks it, and what happens without."""
        file = self.analysis.model.graph.document.file
        without = f"without it: {one.without or 'nothing of it'}"
        without = "without it something else still stops it" if one.without == "broken" else without
        holds = "holds, and is proven" if one.proven else "holds, and is not proven"
        tried = f"`threatmodel whatif {file} --lose {one.control}` shows that"
        texts = [f"{one.control} {holds}; {without} ({tried})"]
        texts += [f"to prove it: {one.proof}"] if one.proof else []
        yield from self.page.block("control", "head", texts, self.place(one.span))

    def place(self, span: Span) -> str:
        """Return `file:line`, seen from the folder of the root file."""
        return place(self.analysis, span) if span.file else ""


def _closes(count: int) -> str:
    return f"; closes {counted(count, 'path')} in all" if count > 1 else ""
