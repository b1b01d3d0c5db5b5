"""What is doubtful about a rule: names that do not exist, conditions that cannot hold, thin text, overlaps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from threatmodel.analysis.compiled import compile_rule
from threatmodel.analysis.rule_cases import CASES, cases_of, run_case
from threatmodel.analysis.rule_format import exists, known_paths, paths_read, words_asked, words_of
from threatmodel.diagnostics import Diagnostic, Level, did_you_mean
from threatmodel.errors import RuleError
from threatmodel.load.nodes import MapNode, SeqNode, span_at
from threatmodel.load.source import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from threatmodel.catalog.reader import Catalog
    from threatmodel.catalog.rule import Rule

EMPTY_WORDS: Final = ("best practice", "ensure that", "leverage", "robust", "appropriate", "as needed", "make sure")
"""Words in a `fix` that tell nobody what to do."""
FILLER: Final = ("say it as a heading", "Say what happens if it stays as it is", "Say when a finding is right and yet")
"""What `rules new` writes for somebody to replace."""
_MARKS: Final = re.compile(r"\{[a-z_.]+\}")


class Linter:
    """Checks rules against a catalog."""

    def __init__(self, catalog: Catalog, today: date) -> None:
        """Nothing is done before a rule is given."""
        self._catalog = catalog
        self._today = today

    def problems(self, rule: Rule, cases: Path | None) -> Iterator[Diagnostic]:
        """
        Yield what is doubtful about one rule, in no order.

        Args:
            rule: The rule.
            cases: Where a folder of case files per rule lies.
        """
        root = parse(Path(rule.path).read_text(encoding="utf-8-sig"), rule.path)
        try:
            compile_rule(rule)
        except RuleError as error:
            yield Diagnostic("rule-condition", str(error), span_at(root, ("when",), key=True))
            return
        yield from _paths(rule, root)
        yield from _words(rule, root)
        yield from _never(rule.when, root, ("when",))
        yield from _text(rule, root)
        yield from self._references(rule, root)
        yield from self._cases(rule, root, cases)

    def _references(self, rule: Rule, root: MapNode) -> Iterator[Diagnostic]:
        if not any(name.startswith("owasp-asi-2026:") for name in rule.references):
            yield _warning(
                "rule-references", "the rule names no entry of the OWASP Agentic Top 10", root, ("references",),
                "add one such as owasp-asi-2026:ASI02, so that coverage counts it",
            )  # fmt: skip
        for name in rule.broken_by:
            if name not in rule.controls:
                yield _error(
                    "rule-references", f"'{name}' breaks the finding and is not recommended",
                    root, ("broken_by",), f"add {name} to controls",
                )  # fmt: skip

    def _cases(self, rule: Rule, root: MapNode, folder: Path | None) -> Iterator[Diagnostic]:
        there = {case.name: case for case in cases_of(rule, folder)}
        for name in CASES:
            if folder is not None and name not in there:
                path = (folder / rule.id / f"{name}.yaml").as_posix()
                yield _warning("rule-cases", f"there is no case '{name}'", root, ("examples",), f"write {path}")
        for name in ("example: bad", "bad"):
            case = there.get(name)
            if case is not None and not any(hit.state == "open" for hit in case.marked(rule.id)):
                yield _error(
                    "rule-cases", f"'{name}' marks no line on which the rule fires", root, ("examples",),
                    f"put `# expect: {rule.id}` behind the line that a finding points at",
                )  # fmt: skip

    def overlaps(self, rule: Rule, cases: Path | None) -> Iterator[Diagnostic]:
        """Yield the rules that say of the same subjects what this one says, on its own cases."""
        root = parse(Path(rule.path).read_text(encoding="utf-8-sig"), rule.path)
        twins: set[str] | None = None
        for case in cases_of(rule, cases):
            if not case.marked(rule.id):
                continue
            findings = run_case(rule, case, self._catalog, self._today).findings
            said: dict[str, set[tuple[str, str]]] = {}
            for one in findings:
                said.setdefault(one.rule, set()).add((one.subject, one.state.value))
            own = said.pop(rule.id, set())
            same = {name for name, others in said.items() if own and own <= others}
            twins = same if twins is None else twins & same
        for name in sorted(twins or ()):
            other = self._catalog.rules[name]
            if other.applies_to == rule.applies_to:
                yield _warning(
                    "rule-overlap", f"'{name}' says the same of everything that the cases of this rule mark", root,
                    ("when",), f"tell them apart in the cases, or drop one (`threatmodel rules show {name}`)",
                )  # fmt: skip


def _paths(rule: Rule, root: MapNode) -> Iterator[Diagnostic]:
    for path, kinds in dict.fromkeys(paths_read(rule)):
        lost = sorted(kind for kind in kinds if not exists(kind, path))
        if lost:
            near = did_you_mean(path.partition(".")[0], known_paths(lost[0]))
            hint = f"did you mean '{near}'?" if near else f"{lost[0]} has: {', '.join(known_paths(lost[0])[:12])}"
            yield Diagnostic(
                "rule-path", f"'{path}' is no field of {', '.join(lost)}", _at(root, path), "", (hint,)
            )


def _words(rule: Rule, root: MapNode) -> Iterator[Diagnostic]:
    for path, word, kinds in words_asked(rule.when, frozenset(rule.applies_to)):
        known = [words_of(kind, path) for kind in kinds if exists(kind, path)]
        if known and all(known) and not any(word in words for words in known):
            choices = sorted(frozenset().union(*known))
            near = did_you_mean(word, choices)
            hint = f"did you mean '{near}'?" if near else f"it may be: {', '.join(choices)}"
            yield Diagnostic("rule-never", f"'{path}' is never '{word}'", _at(root, word), "", (hint,))


def _never(condition: object, root: MapNode, path: tuple[str | int, ...]) -> Iterator[Diagnostic]:
    """Yield parts of `all` that exclude each other."""
    if not isinstance(condition, dict):
        return
    for operator, operand in condition.items():
        if operator in {"all", "any"} and isinstance(operand, list):
            if operator == "all":
                yield from _exclusive(operand, root, (*path, operator))
            for index, part in enumerate(operand):
                yield from _never(part, root, (*path, operator, index))


def _exclusive(parts: list[Any], root: MapNode, path: tuple[str | int, ...]) -> Iterator[Diagnostic]:
    allowed: dict[str, set[str]] = {}
    for index, part in enumerate(parts):
        asked = part.get("is") if isinstance(part, dict) else None
        for key, value in asked.items() if isinstance(asked, dict) else ():
            words = {str(word) for word in (value if isinstance(value, list) else [value])}
            if key in allowed and not allowed[key] & words:
                message = f"'{key}' would have to be two things at once: the condition never holds"
                yield Diagnostic("rule-never", message, span_at(root, (*path, index)))
            allowed[key] = allowed.get(key, words) & words


def _text(rule: Rule, root: MapNode) -> Iterator[Diagnostic]:
    if not _MARKS.search(rule.message):
        yield _warning(
            "rule-text", "the message names nothing of the system", root, ("message",),
            "name the subject with {id}, or a field in braces",
        )  # fmt: skip
    for word in EMPTY_WORDS:
        if word in rule.fix.lower():
            yield _warning(
                "rule-text", f"'{word}' in the fix tells nobody what to do", root, ("fix",),
                "say the line to change, or the control to put where",
            )  # fmt: skip
    for key, text in (("title", rule.title), ("why", rule.why), ("false_positives", rule.false_positives)):
        if any(words in text for words in FILLER):
            yield _warning(
                "rule-text", f"'{key}' still says what a new rule begins with", root, (key,), "say it of this rule"
            )
    if rule.why.rstrip(".") == rule.title.rstrip("."):
        yield _error("rule-text", "the reason only repeats the title", root, ("why",), "say what happens if it stays")


def _error(code: str, message: str, root: MapNode, path: Iterable[str | int], help_: str) -> Diagnostic:
    return Diagnostic(code, message, span_at(root, tuple(path)), "", (help_,))


def _warning(code: str, message: str, root: MapNode, path: Iterable[str | int], help_: str) -> Diagnostic:
    return Diagnostic(code, message, span_at(root, tuple(path)), "", (help_,), level=Level.WARNING)


def _at(root: MapNode, name: str) -> Any:  # noqa: ANN401  a Span, of a node that is found by its text
    """Return where a path or word is written inside the rule; the condition where it is not found."""
    waiting: list[Any] = [root]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, MapNode):
            if name in node:
                return node.key_span(name)
            for key, value in node.items():
                if value == name:
                    return node.value_span(key)
                waiting.append(value)
        elif isinstance(node, SeqNode):
            for index, item in enumerate(node):
                if item == name:
                    return node.value_span(index)
                waiting.append(item)
    return span_at(root, ("when",), key=True)
