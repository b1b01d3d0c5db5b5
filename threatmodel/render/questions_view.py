"""Questions → what a reader is asked: which, about what, with the line to paste and what each answer settles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.amending import changes_of
from threatmodel.analysis.context import Context
from threatmodel.analysis.hanging import Answers, Becoming, Hanging, hanging
from threatmodel.model.elements import Control
from threatmodel.render.paste import Answer, answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.questions import Question
    from threatmodel.analysis.trial import Change

SHOWN: Final = 3  # conclusions that are named for each fact
SAME: Final = {"true": "yes", "false": "no"}
"""Words that say what another word says."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with all that hangs on it."""

    question: Question
    goes: Answer
    hanging: tuple[Hanging, ...]
    """All of them; those that `becoming` speaks of first."""
    becoming: tuple[Becoming, ...]
    """Empty where the answer is an open set, or where none was tried."""

    @property
    def first(self) -> tuple[Hanging, ...]:
        """The conclusions to name."""
        return self.hanging[:SHOWN]


@dataclass(frozen=True, slots=True)
class QuestionView:
    """What is asked, and how much there is."""

    asked: tuple[Asked, ...]
    about: str
    """The element that was asked about; empty: all."""
    found: int
    """How many there are about it, shown or not."""
    every: int
    """How many there are in all."""
    needs: tuple[Change, ...] = ()
    """Of a control about which nothing is asked: what it has to say before it holds."""
    status: str = ""
    """Of such a control."""
    agents: int = 0
    """How many agents are described: where there is none, silence says nothing."""


def question_view(analysis: Analysis, about: str, most: int | None) -> QuestionView:
    """
    Rank, choose and try.

    Args:
        analysis: What was found.
        about: The id of an element or action; empty: all questions.
        most: How many; None: all of them.
    """
    chosen = [one for one in analysis.questions if not about or about_it(one.fact, about)]
    hung, answers = hanging(analysis), Answers(analysis)
    asked = []
    for one in chosen[:most]:
        goes = answer(analysis.model.graph, one)
        known = hung.get(one.fact, ())
        asked.append(Asked(one, goes, known, answers.becoming(one.fact, _words(goes), known[:SHOWN])))
    needs, status = ((), "") if chosen or not about else _needs(analysis, about)
    agents = len(analysis.model.graph.agents)
    return QuestionView(tuple(asked), about, len(chosen), len(analysis.questions), needs, status, agents)


def _needs(analysis: Analysis, name: str) -> tuple[tuple[Change, ...], str]:
    """Return what a control has to say before it holds: nothing of that is asked while it is a claim, or not there."""
    control = analysis.model.graph.elements.get(name)
    if not isinstance(control, Control):
        return (), ""
    model = analysis.model
    context = Context(model.graph, model.catalog, analysis.placements, analysis.today)
    return tuple(changes_of(context, control)), control.word("status") or "unsaid"


def _words(goes: Answer) -> list[str]:
    """Return the answers to try: the words of a closed set."""
    words = [word for word in goes.choices if not word.startswith("{")]
    return [word for word in words if SAME.get(word) not in words]


def settling(answers: Answers, question: Question, goes: Answer, hung: Hanging | None) -> dict[str, tuple[str, ...]]:
    """Return what each answer to one question makes of one conclusion; empty where none is tried."""
    if hung is None:
        return {}
    tried = answers.becoming(question.fact, _words(goes), (hung,))
    return outcomes(Asked(question, goes, (hung,), tried), hung)


def about_it(fact: str, name: str) -> bool:
    """Return whether a fact is one of an element, of an edge that touches it, or of an action."""
    places = f".{fact.replace('>', '.').replace('#', '.')}."
    tool, _, action = name.partition(".")
    return f".{name}." in places or (action != "" and f".{tool}.actions.{action}." in places)


def outcomes(asked: Asked, one: Hanging) -> dict[str, tuple[str, ...]]:
    """Return state → the answers that lead to it, for one conclusion."""
    found: dict[str, list[str]] = {}
    for becoming in asked.becoming:
        if one.key in becoming.states:
            found.setdefault(becoming.states[one.key], []).append(becoming.value)
    return {state: tuple(values) for state, values in found.items()}


def alike(asked: Asked, hung: Iterable[Hanging]) -> list[tuple[list[Hanging], dict[str, tuple[str, ...]]]]:
    """Return the conclusions grouped by what becomes of them, in their order."""
    groups: list[tuple[list[Hanging], dict[str, tuple[str, ...]]]] = []
    for one in hung:
        fate = outcomes(asked, one)
        same = next((members for members, known in groups if known == fate), None)
        if same is None:
            groups.append(([one], fate))
        else:
            same.append(one)
    return groups
