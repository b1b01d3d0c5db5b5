"""Questions about controls and what is said to prove them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from threatmodel.analysis.holding import NOWHERE, counts, evidence
from threatmodel.analysis.predicates.predicate import Predicate, stated
from threatmodel.analysis.truth import FALSE, TRUE, Truth, all_of, any_of
from threatmodel.model.elements import Control
from threatmodel.model.facts import Fact, State, fact

if TYPE_CHECKING:
    from threatmodel.analysis.context import Context
    from threatmodel.model.elements import Element

PROMPT_TYPES: Final = frozenset({"system-prompt-rule", "model-alignment"})
"""Types that promise no more than that the model was told."""


def _tested_without_evidence(_: Context, element: Element) -> Truth:
    """SEMANTICS 3.2: it says `tested`, and nothing is named that anybody could look at."""
    assert isinstance(element, Control)  # noqa: S101  `kinds` says so
    if element.word("status") != "tested":
        return FALSE
    return Truth(value=not evidence(element), used=(stated(element, "status"),))


def _evidence_expired(context: Context, element: Element) -> Truth:
    """SEMANTICS 3.2: all evidence of a tested control lies past its date."""
    assert isinstance(element, Control)  # noqa: S101  `kinds` says so
    items = evidence(element)
    if element.word("status") != "tested" or not items:
        return FALSE
    dates = tuple(
        Fact(
            f"{element.place}.evidence.{index}.expires", str(item["expires"]), State.STATED, item.value_span("expires")
        )
        for index, item in enumerate(items)
        if item.get("expires") is not None
    )
    return Truth(value=not any(counts(item, context.today) for item in items), used=(stated(element, "status"), *dates))


def _approval_not_bound(context: Context, element: Element) -> Truth:
    """SEMANTICS 3.5: a yes covers more than one action, or nobody's answer is a yes."""
    assert isinstance(element, Control)  # noqa: S101  `kinds` says so
    if element.type != "human-approval" or element.word("status") in NOWHERE:
        return FALSE

    def says(key: str, *words: object) -> Truth:
        known = fact(context.graph, element, ("settings", key))
        if known.known:
            return Truth(value=known.value in words, used=(known,))
        return Truth(None, (), (Fact(f"{element.place}.settings.{key}", None, State.UNKNOWN, known.span),))

    required = fact(context.graph, element, ("settings", "required"))
    waits = (
        TRUE if required.known and required.value is True else FALSE
    )  # an answer is waited for: no timeout to ask about
    return any_of((says("binds", "blanket"), all_of((waits.negated(), says("on_timeout", "allow")))))


def _enforced_by_nothing(_: Context, element: Element) -> Truth:
    """SEMANTICS 3.3: it is listed as in place, and at best the model is asked to mind itself."""
    assert isinstance(element, Control)  # noqa: S101  `kinds` says so
    if element.type in PROMPT_TYPES or element.word("status") in NOWHERE:
        return FALSE
    enforced = element.word("enforced")
    if enforced is None:  # unsaid: outside the model
        return FALSE
    return Truth(enforced in {"in_prompt", "nowhere"}, (stated(element, "enforced"),))


CONTROLS: Final[dict[str, Predicate]] = {
    "tested-without-evidence": Predicate(
        frozenset({"control"}), _tested_without_evidence, "it says tested and names no evidence"
    ),
    "evidence-expired": Predicate(
        frozenset({"control"}), _evidence_expired, "it is tested and all of its evidence is past its date"
    ),
    "enforced-by-nothing": Predicate(
        frozenset({"control"}), _enforced_by_nothing, "it is listed as in place and enforced by nothing but the prompt"
    ),
    "approval-not-bound": Predicate(
        frozenset({"control"}),
        _approval_not_bound,
        "it is an approval whose yes is not for one action, or that lapses into a yes",
    ),
}
"""Name → predicate."""
