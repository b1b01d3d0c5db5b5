"""What a rule found → a finding: its state, severity, words and proof."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from threatmodel.analysis.custody import CUSTODY, custody
from threatmodel.analysis.finding import Compliance, Evidence, Finding, FindingState
from threatmodel.analysis.mitigation import Mitigation, owners
from threatmodel.analysis.relations import relation
from threatmodel.analysis.severity import Severity, judge
from threatmodel.analysis.subjects import (
    CapabilitySubject,
    Derivation,
    InfluenceSubject,
    InvariantSubject,
    MishapSubject,
    PathSubject,
)
from threatmodel.analysis.truth import Truth
from threatmodel.model.elements import Action, DataFlow, Delegation, as_words
from threatmodel.model.facts import fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from threatmodel.analysis.compiled import CompiledRule
    from threatmodel.analysis.context import Context
    from threatmodel.analysis.severity import Step
    from threatmodel.analysis.weight import Weights
    from threatmodel.catalog.control import ControlType
    from threatmodel.catalog.rule import Rule
    from threatmodel.model.elements import Element
    from threatmodel.model.facts import Fact
    from threatmodel.span import Span

MOST_EVIDENCE: Final = 12  # facts shown with one finding
MOST_SOURCES: Final = 3  # named in an id
MOST_NAMES: Final = 6  # elements named in one message
MOST_ACTIONS: Final = 3  # of one tool
DERIVED: Final = "derived"
"""The impact of a rule whose severity starts from what happens."""
_STATES: Final = {
    "open": FindingState.OPEN, "claimed": FindingState.OPEN, "unknown": FindingState.UNKNOWN,
    "broken": FindingState.MITIGATED,
}  # fmt: skip
"""State of a path or mishap → state of what is found on it; claimed is open (DESIGN §5)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subject stands by itself, whatever the rule says of it."""

    state: FindingState
    holding: tuple[str, ...] = ()
    """Controls that break it."""
    claiming: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judge:
    """Makes findings."""

    context: Context
    mitigation: Mitigation
    weights: Weights
    reached: dict[str, tuple[Compliance, ...]] = field(default_factory=dict)
    """Rule → the compliance entries that its controls reach: the same for all of its findings."""
    told: dict[str, tuple[Evidence, ...]] = field(default_factory=dict)
    """Step of a route → what is said of it."""

    def finding(self, compiled: CompiledRule, subject: Element, truth: Truth) -> Finding:
        """Return the finding of a rule on a subject on which its condition is true or unknown."""
        rule, context = compiled.rule, self.context
        if truth.value is None and (gone := self.mitigation.known_not_there(rule, subject, truth)):
            truth = Truth(value=True, used=(*truth.used, *gone))
        stands = self.standing(compiled, subject, truth)
        unknown = stands.state is FindingState.UNKNOWN or truth.value is None
        severity, steps = self.severity(rule, subject, unknown=unknown)
        state = FindingState.OUT_OF_SCOPE if self.set_aside(subject) else stands.state
        elements = tuple(dict.fromkeys((*self.named(subject), *self.related(rule, subject))))
        layers = {layer for name in elements if (placed := context.placements.get(name)) for layer in placed.layers}
        return Finding(
            id=f"{rule.id}@{subject_id(subject)}",
            rule=rule.id,
            title=rule.title,
            message=self.message(compiled.unknown_parts if unknown else compiled.parts, subject),
            severity=severity,
            steps=steps,
            state=state,
            subject=subject.id,
            elements=elements,
            layers=tuple(sorted(layers)),
            references=compiled.references,
            compliance=self.compliance(rule),
            controls=rule.controls,
            mitigated_by=stands.holding,
            claimed_by=stands.claiming,
            path=subject.steps if isinstance(subject, Derivation) else (),
            carries=self.carries(subject),
            missing=stands.missing,
            evidence=tuple(self.evidence(subject, truth)),
            span=self.span(compiled, subject, truth),
            fix=rule.fix,
            why=rule.why,
            group=group(rule, subject),
        )

    def standing(self, compiled: CompiledRule, subject: Element, truth: Truth) -> Standing:
        """Return where a finding stands before any decision."""
        missing = tuple(dict.fromkeys(one.place for one in truth.missing))
        if not isinstance(subject, Derivation):
            holding, claiming = self.mitigation.controls(compiled.rule, compiled.matters, subject)
            state = FindingState.UNKNOWN if truth.value is None else FindingState.OPEN
            return Standing(FindingState.MITIGATED if holding else state, holding, claiming, missing)
        own = self.derived(subject)
        if own.state is FindingState.OPEN and truth.value is None:
            return Standing(FindingState.UNKNOWN, (), own.claiming, missing)
        return own

    @staticmethod
    def derived(subject: Derivation) -> Standing:
        """Return how something derived stands: by the worst of its routes."""
        if isinstance(subject, PathSubject):
            first = subject.paths[0]
            worst = [one for one in subject.paths if one.state == first.state]
            return Standing(
                _STATES[first.state],
                _each(one.broken_by for one in worst) if first.state == "broken" else (),
                _each(one.claimed_by for one in worst),
                _each(one.missing for one in worst),
            )
        if isinstance(subject, MishapSubject):
            one = subject.mishap
            holding = one.broken_by if one.state == "broken" else ()
            return Standing(_STATES[one.state], holding, one.claimed_by, one.missing)
        if isinstance(subject, CapabilitySubject):
            past = [part for part in subject.parts if not part.gates]
            if not past:
                claims = _each(part.claims for part in subject.parts)
                return Standing(FindingState.MITIGATED, _each(part.gates for part in subject.parts), claims)
            certain = [part for part in past if part.certainty == "yes"]
            if not certain:
                return Standing(FindingState.UNKNOWN, missing=_each(part.missing for part in past))
            return Standing(FindingState.OPEN, (), _each(part.claims for part in certain))
        if isinstance(subject, InvariantSubject):
            unknown = subject.invariant.state == "unknown"
            return Standing(FindingState.UNKNOWN if unknown else FindingState.OPEN, missing=subject.invariant.missing)
        assert isinstance(subject, InfluenceSubject)  # noqa: S101  there are five kinds
        unknown = subject.word("certain") == "no"
        return Standing(FindingState.UNKNOWN if unknown else FindingState.OPEN, missing=subject.missing)

    def severity(self, rule: Rule, subject: Element, *, unknown: bool) -> tuple[Severity, tuple[Step, ...]]:
        """Return the severity of a finding, and the lines that lead to it."""
        if rule.impact == DERIVED and isinstance(subject, PathSubject):
            first = subject.paths[0].state
            worst = [self.weights.path(path) for path in subject.paths if path.state == first]
            return max(worst, key=lambda judged: judged[0])
        if rule.impact == DERIVED and isinstance(subject, MishapSubject):
            return self.weights.mishap(subject.mishap)
        graph = self.context.graph
        owner = graph.elements.get(subject.agent) if isinstance(subject, Derivation) else subject
        criticality = (owner.word("criticality") if owner else None) or graph.system.word("criticality")
        return judge(Severity.of(rule.impact), criticality=criticality, unknown=unknown)

    def set_aside(self, subject: Element) -> bool:
        """Return whether the subject, or the agent that it is derived of, is out of scope."""
        if not isinstance(subject, Derivation):
            return subject.out_of_scope is not None
        agent = self.context.graph.elements.get(subject.agent)
        return agent is not None and agent.out_of_scope is not None

    def named(self, subject: Element) -> tuple[str, ...]:
        """Return the elements that a subject speaks of, the one that carries the weakness first."""
        return subject.elements if isinstance(subject, Derivation) else owners(subject)

    def related(self, rule: Rule, subject: Element) -> Iterator[str]:
        """Yield the elements that the relations of a rule lead to."""
        for name in rule.related:
            way = relation(name, subject.kind)
            if way is not None:
                for one in way.ways(self.context.graph, subject):
                    yield from owners(one)

    def carries(self, subject: Element) -> int:
        """Return how many attack paths hang on a subject."""
        if isinstance(subject, PathSubject):
            return sum(path.state != "broken" for path in subject.paths)
        carried = self.context.subjects.carried
        if isinstance(subject, CapabilitySubject):
            return carried.get(str(subject.body["action"]), 0)
        return carried.get(subject.id, 0)

    def compliance(self, rule: Rule) -> tuple[Compliance, ...]:
        """Return the compliance entries of a rule."""
        if rule.id not in self.reached:
            self.reached[rule.id] = tuple(compliance(rule, self.context.catalog.controls))
        return self.reached[rule.id]

    # Words and proof

    def message(self, parts: tuple[str, ...], subject: Element) -> str:
        """Fill the placeholders of a message."""
        return "".join(part if not index % 2 else self.filled(part, subject) for index, part in enumerate(parts))

    def filled(self, path: str, subject: Element) -> str:
        """Return what stands in a message for a placeholder: a fact, or the names that a relation leads to."""
        steps = tuple(path.split("."))
        if steps[0] in {subject.kind, "subject"} and len(steps) > 1:
            steps = steps[1:]
        if steps == ("id",):
            return subject.id
        if steps == (CUSTODY,) and subject.kind == "credential":
            return custody(self.context.graph, subject)
        if len(steps) == 1 and isinstance(subject, Derivation) and steps[0] in subject.fields:
            value = subject.body.get(steps[0])
            return (_listed(value) or "nothing") if isinstance(value, list) else str(value)
        if len(steps) == 1 and (way := relation(steps[0], subject.kind)) is not None:
            names = [one.id for one in way.ways(self.context.graph, subject)]
            return _listed(names) or ("nobody" if way.finds & {"agent", "person"} else "nothing")
        return fact(self.context.graph, subject, steps).text()

    def span(self, compiled: CompiledRule, subject: Element, truth: Truth) -> Span:
        """Return the line to change."""
        if compiled.primary:
            known = fact(self.context.graph, subject, compiled.primary)
            if known.known:
                return known.span
        if truth.missing:
            return truth.missing[0].span
        return subject.span

    def evidence(self, subject: Element, truth: Truth) -> Iterator[Evidence]:
        """Yield the facts that led to a finding; of something derived, those that its route stands on."""
        if not isinstance(subject, Derivation):
            yield from _evidence(truth.used)
            return
        steps = dict.fromkeys((*subject.steps, *subject.body.get("assets", ())))
        shown = {one: None for step in steps for one in self.telling(step)}
        for one in truth.used:
            if not one.place.startswith(subject.place):
                shown[Evidence(f"{one.place} is {one.text()}", one.span)] = None
        yield from list(shown)[:MOST_EVIDENCE]

    def telling(self, step: str) -> tuple[Evidence, ...]:
        """Return the facts of an element or action that make it part of a route."""
        if step not in self.told:
            graph = self.context.graph
            element = graph.elements.get(step) or graph.actions.get(step)
            keys = _TELLING.get(element.kind, ()) if element is not None else ()
            known = [fact(graph, element, (key,)) for key in keys if element is not None and element.says(key)]
            self.told[step] = tuple(Evidence(f"{one.place} is {one.text()}", one.span) for one in known)
        return self.told[step]


_TELLING: Final[dict[str, tuple[str, ...]]] = {
    "person": ("trust", "content"), "external": ("trust", "content"), "service": ("content", "renders", "loads_remote"),
    "store": ("writers", "validated", "persistence"), "action": ("effect", "returns", "to", "reversible"),
    "tool": ("provider", "version"), "skill": ("provider", "version"), "data": ("classification",),
    "agent": ("planning",), "credential": ("stored_in", "visible_to_model"),
}  # fmt: skip
"""Kind → the facts of an element that make it part of a route."""


def subject_id(subject: Element) -> str:
    """
    Return what stands behind the `@` in the id of a finding.

    Of attack paths that is where they begin, too: a decision about them does not cover a source that comes later.
    """
    if not isinstance(subject, PathSubject):
        return subject.id
    sources = sorted({path.source for path in subject.paths})
    if len(sources) > MOST_SOURCES:
        mark = hashlib.sha256("\n".join(sources).encode()).hexdigest()[:8]
        sources = [sources[0], f"{len(sources) - 1}-more-{mark}"]
    return f"{'+'.join(sources)}>{subject.id}"


def group(rule: Rule, subject: Element) -> str:
    """Return the id of the group whose findings are decided together."""
    if rule.group == "rule":
        return rule.id
    if rule.group == "parent" and isinstance(subject, Derivation):
        return f"{rule.id}@{_acting(subject)}"
    if rule.group == "parent" and isinstance(subject, Action | Delegation | DataFlow):
        return f"{rule.id}@{owners(subject)[0]}"
    return f"{rule.id}@{subject.id}"


def _acting(subject: Derivation) -> str:
    """Return the agent whose call it is: what others bring about through it is decided together with its own."""
    if isinstance(subject, PathSubject | MishapSubject) and (through := as_words(subject.body["through"])):
        return through[-1]
    return subject.agent


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
    """Join names; many actions of one tool become `tool.*`."""
    tools = Counter(name.partition(".")[0] for name in names if "." in name)
    many = {tool for tool, actions in tools.items() if actions > MOST_ACTIONS}
    names = list(dict.fromkeys(f"{tool}.*" if (tool := name.partition(".")[0]) in many else name for name in names))
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _each(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({name for names in lists for name in names}))


def _evidence(used: tuple[Fact, ...]) -> Iterator[Evidence]:
    shown = dict.fromkeys((one.place, one.text(), one.span) for one in used)
    for place, text, span in list(shown)[:MOST_EVIDENCE]:
        yield Evidence(f"{place} is {text}", span)
