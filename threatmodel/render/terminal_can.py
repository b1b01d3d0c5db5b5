"""What agents can do right now, as text: the answer of each in one line, then every ability with its proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.render.page import MUTED, Page, counted, listed, route

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from threatmodel.render.agent_view import Ability, AgentAnswer

PER_AGENT: Final = 6  # abilities shown for each of several agents; all of those that are forbidden or excess
AGENTS: Final = 40  # of a larger system, those shown with their abilities, unless one is asked for
_STYLES: Final = {"forbidden": "bad", "excess": "warn", "unknown": "ask", "unstated": "bold", "intended": "good"}


def can_text(
    name: str, answers: Sequence[AgentAnswer], *, color: bool = False, width: int = 100, full: bool = False
) -> str:
    """
    Return what agents can do.

    Args:
        name: Of the system.
        answers: Of all agents, or of the one that was asked for.
        color: Whether escape codes may be used; every coloured thing is told by a word too.
        width: Columns there are.
        full: List everything, however much it is.
    """
    page = Page(color, width)
    parts: list[list[str]] = []
    if len(answers) != 1:
        parts.append(page.wrapped(f"{name}: {_overall(answers)}", style="bold"))
    shown = answers if full else sorted(answers, key=_worst_first)[:AGENTS] if len(answers) > AGENTS else answers
    parts += [list(_answer(page, one, full=full or len(answers) == 1)) for one in shown]
    if len(shown) < len(answers):
        more = counted(len(answers) - len(shown), "further agent")
        parts.append(page.wrapped(f"{more}, none worse than these: --full lists them", style="dim"))
    return "\n".join("\n".join(lines) + "\n" for lines in parts)


def sentence(one: AgentAnswer) -> str:
    """Return the answer for one agent in one line."""
    actions = one.actions()
    said = f"{one.agent.id} can do {counted(actions, 'thing')}"
    if not actions:
        said = f"{one.agent.id} can do nothing"
    elif any(ability.first.action == f"{one.agent.id}.*" for ability in one.abilities):
        said = f"{one.agent.id}: nobody has said what it can do"
    else:
        facts = [
            (one.actions("forbidden"), "of them forbidden"),
            (one.actions("excess"), "beyond what is intended"),
            (one.undescribed, "nobody can describe"),
            (one.doubtful, "nobody can tell whether it has"),
        ]
        said = ", ".join((said, *(f"{count} {text}" for count, text in facts if count)))
    return f"{said}; {_steering(one)}"


def _overall(answers: Sequence[AgentAnswer]) -> str:
    if not answers:
        return "no agent is described"
    facts = [
        (sum(one.actions("forbidden") > 0 for one in answers), "can do what it never should"),
        (sum(one.actions("excess") > 0 for one in answers), "can do more than intended"),
        (sum(one.undescribed > 0 for one in answers), "can do something nobody can describe"),
        (sum(one.steered == "yes" for one in answers), "can be steered from outside"),
        (sum(one.steered == "unknown" for one in answers), "of which nobody can tell that"),
    ]
    said = [f"{count} {text}" for count, text in facts if count]
    return "; ".join((counted(len(answers), "agent"), *([", ".join(said)] if said else [])))


def _steering(one: AgentAnswer) -> str:
    if one.steered == "no":
        return "no outsider can steer it"
    if one.steered == "unknown":
        return f"nobody can tell whether {listed(one.steers)} can steer it"
    filtered = all(influence.weakened for influence in one.influences if influence.certainty == "yes")
    return f"{listed(one.steers)} can steer it{', past a filter' if filtered else ''}"


def _answer(page: Page, one: AgentAnswer, *, full: bool) -> Iterator[str]:
    yield from page.wrapped(sentence(one), style="bold")
    first = next((influence for influence in one.influences if influence.certainty == one.steered), None)
    if first is not None:
        missing = "" if first.certainty == "yes" else f" (missing: {listed(first.missing)})"
        yield from page.block("steered", "head", [f"{route(first.route)}{missing}"], one.agent.span.place())
    if one.abilities and not one.agent.says("intended"):
        yield from page.block("bounds", "head", [f"nobody has said what {one.agent.id} is for (intended:)"])
    urgent = sum(ability.verdict in {"forbidden", "excess"} for ability in one.abilities)
    shown = one.abilities if full else one.abilities[: max(PER_AGENT, urgent)]
    for ability in shown:
        yield from _ability(page, ability)
    if len(shown) < len(one.abilities):
        more = len(one.abilities) - len(shown)
        yield from page.block("", "dim", [f"{MUTED}and {more} more (name the agent, or --full, to see them)"])


def _ability(page: Page, ability: Ability) -> Iterator[str]:
    one, verdict = ability.first, ability.verdict
    texts = [f"{one.action}: {_deed(ability)}"]
    texts += [f"{one.basis}: {route(one.route)}"] if one.basis != "attached" else []
    texts.append(f"{_under_whose_name(ability)}; {_gates(ability)}")
    texts += [f"{MUTED}nobody has said: {listed(one.missing)}"] if one.missing else []
    yield from page.block(verdict, _STYLES[verdict], texts, ability.span.place())


def _deed(ability: Ability) -> str:
    """Return what is done to what, and whether it can be undone."""
    one = ability.first
    effects = [part.effect for part in ability.parts if part.effect != "unknown"]
    words = [" and ".join(effects) if effects else "nobody can say what"]
    words += [listed(one.data)] if one.data else []
    undone = {"no": ", cannot be undone", "with_effort": ", undone with effort only"}.get(one.reversible or "", "")
    return f"{' '.join(words)}{undone}"


def _under_whose_name(ability: Ability) -> str:
    one = ability.first
    who = f"as {one.identity}" if one.identity else "no identity of its own" if ability.nameless else "identity unknown"
    if one.credential is None:
        return f"{who}, no credential named"
    lifetime = "never expires" if one.lifetime == "never" else f"lifetime {one.lifetime or 'unknown'}"
    return f"{who} with {one.credential} ({lifetime})"


def _gates(ability: Ability) -> str:
    one = ability.first
    parts = [f"held by {listed(one.gates)}"] if one.gates else []
    parts += [f"only claimed: {listed(one.claims)}"] if one.claims else []
    return "; ".join(parts) or "no gate"


def _worst_first(one: AgentAnswer) -> tuple[int, int, int, str]:
    return (-one.actions("forbidden"), -one.actions("excess"), -one.undescribed, one.agent.id)
