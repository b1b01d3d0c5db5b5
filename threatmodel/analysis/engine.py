"""Graph and catalog → findings. Rules compile once; one that cannot be evaluated is an error, never silence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.conditions import ConditionError, Test, compile_condition
from threatmodel.analysis.finding import Compliance, Evidence, Finding, FindingState
from threatmodel.analysis.gates import APPROVAL, Controls
from threatmodel.analysis.relations import relation
from threatmodel.analysis.severity import Severity, judge
from threatmodel.analysis.truth import Truth
from threatmodel.catalog.setting import Outcome
from threatmodel.errors import RuleError
from threatmodel.model.elements import Action, DataFlow, Delegation
from threatmodel.model.facts import fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from threatmodel.analysis.context import Context
    from threatmodel.catalog.control import ControlType
    from threatmodel.catalog.rule import Rule
    from threatmodel.model.elements import Control, Element
    from threatmodel.model.facts import Fact
    from threatmodel.span import Span

MOST_EVIDENCE: Final = 12  # facts shown with one finding
MOST_NAMES: Final = 6  # elements named in one message
GONE: Final = frozenset({"absent", "disabled", "failed"})  # states of a control that is known not to work
_PLACEHOLDER: Final = re.compile(r"\{([a-z_.]+)\}")


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule that is ready to run."""

    rule: Rule
    test: Test
    primary: tuple[str, ...]
    parts: tuple[str, ...]
    """The message, cut at its placeholders: texts at even places, paths at odd ones."""
    unknown_parts: tuple[str, ...]
    references: tuple[tuple[str, tuple[str, ...]], ...]
    """Framework → its entries that the rule names."""
    matters: Test | None = None
    """Which of the elements that `broken_at` leads to need a control; None where only the subject counts."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule did: a silent rule is a result too."""

    rule: Rule
    looked_at: int
    """Elements it was asked about."""
    clear: int
    """Those on which its condition is false."""
    findings: tuple[Finding, ...]
    unasked: int = 0
    """Those of `clear` on which it is false only because too little is stated to ask."""

    @property
    def silence(self) -> str:
        """Why it has no finding; empty where it has one."""
        if self.findings:
            return ""
        kinds = " or ".join(self.rule.applies_to)
        if not self.looked_at:
            return f"the description has no {kinds}"
        if self.unasked == self.looked_at:
            return f"too little is stated to ask it ({kinds})"
        ruled_out = f"stated facts rule it out on {self.looked_at - self.unasked} of {self.looked_at} ({kinds})"
        return f"{ruled_out}; on the rest too little is stated to ask" if self.unasked else ruled_out


def compile_rule(rule: Rule) -> CompiledRule:
    """
    Prepare a rule.

    Raises:
        RuleError: its condition, a relation or a path is not one that exists.
    """
    kinds = frozenset(rule.applies_to)
    try:
        test = compile_condition(rule.when, kinds)
    except ConditionError as error:
        raise RuleError(rule.id, "its condition", str(error)) from None
    for name in rule.related:
        if not any(relation(name, kind) for kind in kinds):
            raise RuleError(rule.id, "related", f"no relation '{name}' starts at {', '.join(sorted(kinds))}")
    matters = None
    if rule.broken_at is not None:
        ways = [relation(rule.broken_at["of"], kind) for kind in kinds]
        try:
            finds = frozenset().union(*(way.finds for way in ways if way is not None))
            matters = compile_condition(rule.broken_at["where"], finds) if all(ways) else None
        except ConditionError as error:
            raise RuleError(rule.id, "broken_at", str(error)) from None
        if matters is None:
            message = f"no relation '{rule.broken_at['of']}' starts at {', '.join(sorted(kinds))}"
            raise RuleError(rule.id, "broken_at", message)
    unknown = rule.unknown or f"cannot tell whether this holds for {{id}}: {rule.title[:1].lower()}{rule.title[1:]}"
    primary = tuple(rule.primary.split(".")) if rule.primary else ()
    return CompiledRule(rule, test, primary, _cut(rule.message), _cut(unknown), _by_framework(rule.references), matters)


def run_rules(context: Context, controls: Controls, rules: Iterable[Rule]) -> tuple[RuleResult, ...]:
    """
    Ask every rule about every element it applies to.

    Args:
        context: The system.
        controls: What each control is worth, approvals by agents included.
        rules: Those to ask.

    Returns:
        One result per rule, in the order given; findings in the order of the description.

    Raises:
        RuleError: a rule failed.
    """
    judged = _Judged(context, {control.id: worth(controls, control) for control in context.graph.controls})
    return tuple(judged.result(compile_rule(rule)) for rule in rules)


@dataclass(frozen=True, slots=True)
class _Judged:
    context: Context
    outcomes: dict[str, Outcome]
    reached: dict[str, tuple[Compliance, ...]] = field(default_factory=dict)
    """Rule → the compliance entries that its controls reach: the same for all of its findings."""

    def result(self, compiled: CompiledRule) -> RuleResult:
        rule = compiled.rule
        self.reached[rule.id] = tuple(compliance(rule, self.context.catalog.controls))
        looked_at = clear = unasked = 0
        findings = []
        for kind in rule.applies_to:
            for element in self.context.graph.of_kind(kind):
                looked_at += 1
                try:
                    truth = compiled.test(self.context, element)
                    if truth.value is False:
                        clear += 1
                        unasked += bool(truth.missing)
                        continue
                    findings.append(self.finding(compiled, element, truth))
                except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:
                    raise RuleError(rule.id, element.id, f"{type(error).__name__}: {error}") from error
        return RuleResult(rule, looked_at, clear, tuple(findings), unasked)

    def finding(self, compiled: CompiledRule, element: Element, truth: Truth) -> Finding:
        rule, context = compiled.rule, self.context
        if truth.value is None and (gone := self.known_not_there(rule, element, truth)):
            truth = Truth(value=True, used=(*truth.used, *gone))
        unknown = truth.value is None
        related = tuple(self.related(rule, element))
        holding, claiming = self.controls(compiled, element)
        criticality = element.word("criticality") or context.graph.system.word("criticality")
        severity, steps = judge(Severity.of(rule.impact), criticality=criticality, unknown=unknown)
        state = FindingState.MITIGATED if holding else FindingState.UNKNOWN if unknown else FindingState.OPEN
        if element.out_of_scope is not None:
            state = FindingState.OUT_OF_SCOPE
        elements = tuple(dict.fromkeys(name for one in (element, *related) for name in owners(one)))
        layers = {layer for name in elements if (placed := context.placements.get(name)) for layer in placed.layers}
        return Finding(
            id=f"{rule.id}@{element.id}",
            rule=rule.id,
            title=rule.title,
            message=self.message(compiled.unknown_parts if unknown else compiled.parts, element),
            severity=severity,
            steps=steps,
            state=state,
            subject=element.id,
            elements=elements,
            layers=tuple(sorted(layers)),
            references=compiled.references,
            compliance=self.reached[rule.id],
            controls=rule.controls,
            mitigated_by=holding,
            claimed_by=claiming,
            missing=tuple(dict.fromkeys(missing.place for missing in truth.missing)),
            evidence=tuple(_evidence(truth.used)),
            span=self.span(compiled, element, truth),
            fix=rule.fix,
            why=rule.why,
            group=group(rule, element, unknown=unknown),
        )

    def related(self, rule: Rule, element: Element) -> Iterator[Element]:
        for name in rule.related:
            way = relation(name, element.kind)
            if way is not None:
                yield from way.ways(self.context.graph, element)

    def controls(self, compiled: CompiledRule, subject: Element) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """
        Return the controls that could break the finding: those that hold, those that claim to.

        They stand on the subject, or on each of the elements that `broken_at` names.
        """
        holding, claiming = self.controls_at(compiled.rule, subject)
        if holding or compiled.matters is None or compiled.rule.broken_at is None:
            return holding, claiming
        way = relation(compiled.rule.broken_at["of"], subject.kind)
        if way is None or not way.complete(subject):
            return holding, claiming
        reached = way.ways(self.context.graph, subject)
        found = [
            self.controls_at(compiled.rule, one)
            for one in reached
            if compiled.matters(self.context, one).value is not False
        ]
        claiming = tuple(dict.fromkeys((*claiming, *(name for _, claims in found for name in claims))))
        if not found or not all(holds for holds, _ in found):
            return (), claiming
        return tuple(dict.fromkeys(name for holds, _ in found for name in holds)), claiming

    def controls_at(self, rule: Rule, subject: Element) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the controls of `broken_by` that stand on an element: those that hold, those that claim to."""
        wanted = set(rule.broken_by)
        places = (subject.id, *owners(subject))
        standing_there = dict.fromkeys(
            control for place in places for control in self.context.graph.controls_on.get(place, ())
        )
        found: dict[Outcome, list[Control]] = {}
        for control in standing_there:
            if control.type in wanted and control is not subject:
                found.setdefault(self.outcomes[control.id], []).append(control)
        holding, claiming = found.get(Outcome.HOLDS, ()), found.get(Outcome.CLAIM, ())
        return tuple(control.id for control in holding), tuple(control.id for control in claiming)

    def known_not_there(self, rule: Rule, element: Element, truth: Truth) -> tuple[Fact, ...]:
        """
        Return what controls say where no fact does: that they are not there (SEMANTICS 1.3, 3.2).

        Empty unless they say the same as every fact that is missing; a catalog entry names that fact.
        """
        gone, same = [], set()
        for control in self.context.graph.controls_on.get(element.id, ()):
            known = self.context.catalog.controls.get(control.type)
            if known and known.fact and control.type in rule.broken_by and control.word("status") in GONE:
                gone.append(fact(self.context.graph, control, ("status",)))
                same.add(f"{element.place}.{known.fact.at.get(element.kind)}")
        return tuple(gone) if all(one.place in same for one in truth.missing) else ()

    def message(self, parts: tuple[str, ...], element: Element) -> str:
        return "".join(part if not index % 2 else self.filled(part, element) for index, part in enumerate(parts))

    def filled(self, path: str, element: Element) -> str:
        steps = tuple(path.split("."))
        if steps[0] in {element.kind, "subject"} and len(steps) > 1:
            steps = steps[1:]
        if steps == ("id",):
            return element.id
        if len(steps) == 1 and (way := relation(steps[0], element.kind)) is not None:
            names = [one.id for one in way.ways(self.context.graph, element)]
            return _listed(names) or ("nobody" if way.finds & {"agent", "person"} else "nothing")
        return fact(self.context.graph, element, steps).text()

    def span(self, compiled: CompiledRule, element: Element, truth: Truth) -> Span:
        if compiled.primary:
            known = fact(self.context.graph, element, compiled.primary)
            if known.known:
                return known.span
        if truth.missing:
            return truth.missing[0].span
        return element.span


def worth(controls: Controls, control: Control) -> Outcome:
    """Return what a control is worth; an approval by those who may be the attacker does nothing (SEMANTICS 3.5)."""
    outcome = controls.outcome(control)
    if control.type != APPROVAL:
        return outcome
    mark = controls.gate(control)
    return Outcome.HOLDS if mark.broken else Outcome.CLAIM if mark.claimed else Outcome.NOTHING


def owners(element: Element) -> tuple[str, ...]:
    """Return the ids of the elements in the graph's sections that an element stands for."""
    if isinstance(element, Action):
        return (element.tool.id,)
    if isinstance(element, Delegation | DataFlow):
        return (element.source, element.target)
    return (element.id,)


def group(rule: Rule, element: Element, *, unknown: bool = False) -> str:
    """Return the id of the group whose findings are decided together; what one rule cannot tell is one group."""
    if rule.group == "rule" or unknown:
        return rule.id
    if rule.group == "parent" and isinstance(element, Action | Delegation):
        return f"{rule.id}@{owners(element)[0]}"
    return f"{rule.id}@{element.id}"


def compliance(rule: Rule, controls: Mapping[str, ControlType]) -> Iterator[Compliance]:
    """Yield the compliance entries that a rule reaches through its controls; a published mapping wins."""
    found: dict[str, Compliance] = {}
    for name in rule.controls:
        control = controls.get(name)
        for satisfied in () if control is None else control.satisfies:
            framework, _, entry = satisfied.entry.partition(":")
            mapping = satisfied.mapping.value
            if satisfied.entry not in found or (
                mapping == "published" and found[satisfied.entry].mapping != "published"
            ):
                found[satisfied.entry] = Compliance(framework, entry, name, mapping)
    yield from (found[name] for name in sorted(found))


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _by_framework(references: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, list[str]] = {}
    for reference in references:
        framework, _, entry = reference.partition(":")
        found.setdefault(framework, []).append(entry)
    return tuple((framework, tuple(entries)) for framework, entries in sorted(found.items()))


def _evidence(used: tuple[Fact, ...]) -> Iterator[Evidence]:
    shown = dict.fromkeys((one.place, one.text(), one.span) for one in used)
    for place, text, span in list(shown)[:MOST_EVIDENCE]:
        yield Evidence(f"{place} is {text}", span)


def _cut(message: str) -> tuple[str, ...]:
    return tuple(_PLACEHOLDER.split(message))
