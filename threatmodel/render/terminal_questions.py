"""What nobody has said, as text: what hangs on each fact, what each answer makes of it, the line to paste."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.hanging import GONE
from threatmodel.render.page import Page, counted, listed
from threatmodel.render.questions_view import SHOWN, alike

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from threatmodel.analysis.hanging import Hanging
    from threatmodel.render.questions_view import Asked, QuestionView

MOST: Final = 6  # questions shown unless all are asked for, as many of them as fit
SCREEN: Final = 40  # lines
COMMENT: Final = "# "
_KINDS: Final = {
    "path": "path", "influence": "what steers", "mishap": "mishap", "capability": "capability", "invariant": "",
    "credential": "reach of", "finding": "finding", "workload": "workload of",
}  # fmt: skip
_FATES: Final = {GONE: "gone", "certain": "certain", "unknown": "still unknown"}


def questions_text(name: str, view: QuestionView, *, color: bool = False, width: int = 100, full: bool = False) -> str:
    """
    Return questions.

    Args:
        name: Of the system.
        view: What is asked.
        color: Whether escape codes may be used; every coloured thing is told by a word too.
        width: Columns there are.
        full: Show all of them, and not only those that fit a screen.
    """
    page = Page(color, width)
    parts = [list(_head(page, name, view))]
    used = len(parts[0])
    for number, one in enumerate(view.asked, 1):
        lines = list(_asked(page, number, one))
        used += len(lines) + 1
        if used > SCREEN and number > 1 and not full:
            break
        parts.append(lines)
    more = view.found - len(parts) + 1
    if more > 0:
        text = f"{counted(more, 'more fact')}, on each of which less hangs: --full lists them, --about ELEMENT chooses"
        parts.append(page.wrapped(f"{COMMENT}{text}", style="dim"))
    return "\n".join("\n".join(lines) + "\n" for lines in parts)


def _head(page: Page, name: str, view: QuestionView) -> Iterator[str]:
    about = f" about {view.about}" if view.about else ""
    if not view.found:
        if view.needs:
            keys = "; ".join(f"{one.fact.split('.', 2)[2]}: {one.value}" for one in view.needs)
            text = f"nothing is asked{about} while its status is {view.status}. Before it holds it has to say: {keys}"
            yield from page.wrapped(f"{name}: {text}.", style="bold")
        elif not view.agents:
            text = "no agent is described, so there is nothing to ask about yet"
            yield from page.wrapped(f"{name}: {text}.", style="bold")
        else:
            yield from page.wrapped(f"{name}: nobody has to say anything more{about}.", style="bold")
        if view.about and view.every:
            yield from page.wrapped(f"{counted(view.every, 'fact')} about other elements {_are(view.every)} missing.")
        return
    yield from page.wrapped(f"{name}: {counted(view.found, 'fact')}{about} nobody has said.", style="bold")
    yield from page.wrapped("Those on which most attack paths and influences hang come first. Put the answer where"
                            " 'unknown' stands.")  # fmt: skip


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _asked(page: Page, number: int, one: Asked) -> Iterator[str]:
    question, goes = one.question, one.goes
    yield from page.wrapped(f"{number}. {question.ask}", style="head")
    rest = question.unlocks - question.ways
    said = [counted(question.ways, "attack path or influence", "attack paths and influences")] if question.ways else []
    said += [counted(rest, "further conclusion" if question.ways else "conclusion")] if rest else []
    hang = "hangs" if question.unlocks == 1 else "hang"
    indent = "   "
    yield from page.wrapped(f"{listed(said)} {hang} on it", indent=indent)
    for members, fate in alike(one, one.first):
        for member in members:
            yield from page.wrapped(f"- {_named(member)}", indent=indent)
        yield from page.wrapped(fated(fate), indent=f"{indent}  ", style="bold") if fate else ()
    if len(one.hanging) > SHOWN:
        yield from page.wrapped(f"- and {len(one.hanging) - SHOWN} more", indent=indent, style="dim")
    choices = f", one of {' | '.join(goes.choices)}" if goes.choices else ""
    yield from page.wrapped(f"{COMMENT}goes {goes.where}{choices}", style="dim")
    yield from (page.paint("good", line) for line in goes.lines)


def _named(one: Hanging) -> str:
    kind = _KINDS[one.kind]
    return f"{kind} {one.id}" if kind else one.id


def fated(fate: Mapping[str, tuple[str, ...]]) -> str:
    """Return what becomes of a conclusion by answer: `open if any, gone if none or allowlist`."""
    said = [f"{_FATES.get(state, state)} if {' or '.join(values)}" for state, values in fate.items()]
    return ", ".join(said)
