"""What nobody said, as ranked questions, each with a line to paste (SEMANTICS 11)."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, Final, Protocol

from threatmodel import resources
from threatmodel.analysis.finding import FindingState
from threatmodel.load.document import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from threatmodel.analysis.derived import Derived
    from threatmodel.analysis.finding import Finding
    from threatmodel.analysis.workload import Workload
    from threatmodel.model.graph import ModelGraph

MOST_WORDS: Final = 6  # choices shown behind a line to paste
MOST_KEYS: Final = 3  # of an answer that is a mapping
FORMS: Final = {"actions": "{NAME: {effect: unknown}}", "meaning": "{SCOPE: [TOOL.ACTION]}"}
"""What is written where a text would be refused."""
_MAPPINGS: Final = ("object", ["object", "null"])


class _Conclusion(Protocol):
    """Whatever hangs on facts."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Places of facts."""


@dataclass(frozen=True, slots=True)
class Question:
    """One missing fact."""

    fact: str
    """Its place: `agents.triage.runtime.egress`."""
    ask: str
    paste: str
    """Lines that say it, to be merged into the description; the value is the reader's to choose."""
    unlocks: int
    """Conclusions that hang on it: paths, influences, capabilities, mishaps, invariants, credentials, findings."""
    ways: int = 0
    """Of these, attack paths and influences."""


def questions(
    graph: ModelGraph, derived: Derived, findings: Iterable[Finding], workloads: Mapping[str, Workload]
) -> tuple[Question, ...]:
    """
    Return one question per missing fact, ranked as SEMANTICS 11.1 says.

    Args:
        graph: Says where the facts would stand.
        derived: Paths and influences count first, capabilities, mishaps, invariants and credentials with the rest.
        findings: Those in state unknown count with the rest.
        workloads: Agent → its class; one that is unknown counts with the rest.
    """
    first = _counted((derived.paths.listed, derived.influences))
    rest = _counted((derived.mishaps, derived.capabilities, derived.invariants, derived.credentials))
    rest.update(fact for one in findings if one.state is FindingState.UNKNOWN for fact in one.missing)
    rest.update(f"agents.{agent}.{key}" for agent, one in workloads.items() for key in one.missing)
    ranked = sorted({*first, *rest}, key=lambda fact: (-first[fact], -rest[fact], fact))
    return tuple(
        Question(fact, ask(graph, fact), paste(fact), first[fact] + rest[fact], first[fact]) for fact in ranked
    )


def _counted(conclusions: Iterable[Iterable[_Conclusion]]) -> Counter[str]:
    """Return fact → how many conclusions hang on it; many share one list of facts, which is gone through once."""
    lists: dict[int, tuple[tuple[str, ...], int]] = {}
    for same in conclusions:
        for one in same:
            known = lists.get(id(one.missing))
            lists[id(one.missing)] = (one.missing, 1 if known is None else known[1] + 1)
    as_often: dict[int, list[tuple[str, ...]]] = {}
    for facts, times in lists.values():
        as_often.setdefault(times, []).append(facts)
    total: Counter[str] = Counter()
    for times, shared in as_often.items():
        for fact, count in Counter(chain.from_iterable(shared)).items():
            total[fact] += times * count
    return total


def ask(graph: ModelGraph, fact: str) -> str:
    """Return the question about a fact: whose it is, and what the format says of the key."""
    keys = split(fact)
    tool = graph.elements.get(keys[1]) if keys[2:] == ("actions",) else None
    if tool is not None and tool.word("actions_complete") == "no" and tool.says("actions"):
        listed, said = tool.body.key_span("actions").line, tool.body.key_span("actions_complete").line
        return (
            f"{tool.id}: is what line {listed} lists all that it can do? Add what is missing there"
            f" (NAME: {{effect: ..}}), then say actions_complete: true on line {said}"
        )
    owner = ".".join(keys[1:-1]) if len(keys) > 2 else keys[0]  # noqa: PLR2004  section, id, key
    about = str(_schema_of(keys).get("description") or "").split(" Unsaid:")[0].rstrip(".")
    return (
        f"{owner}: {keys[-1].replace('_', ' ')}? {about}".rstrip()
        if about
        else f"{owner}: {keys[-1].replace('_', ' ')}?"
    )


def paste(fact: str) -> str:
    """Return the lines that state the fact as `unknown`, with the choices beside it."""
    keys = split(fact)
    schema = _schema_of(keys)
    if not takes_word(keys):
        lines = [f"{'  ' * depth}{key}:" for depth, key in enumerate(keys)]
        return "\n".join((*lines[:-1], f"{lines[-1]} {FORMS.get(keys[-1], '{}')}"))
    words = [*_template(schema), *(word for word in _words(schema) if word != "unknown")]
    choices = f"  # {' | '.join(words[:MOST_WORDS])}" if words else "  # say what it is"
    lines = [f"{'  ' * depth}{key}:" for depth, key in enumerate(keys)]
    return "\n".join((*lines[:-1], f"{lines[-1]} unknown{choices}"))


def takes_word(keys: tuple[str, ...]) -> bool:
    """Return whether the format takes `unknown` at a fact's place, and not only a mapping."""
    schema = _schema_of(keys)
    ends = [one for one in _forms(schema, _schema()["$defs"]) if not {"$ref", "anyOf"} & set(one)]
    return not ends or any(one.get("type") not in _MAPPINGS for one in ends)


def split(fact: str) -> tuple[str, ...]:
    """Return the keys of a fact's place; ids of flows and delegations hold `>`, names of actions may hold dots."""
    section, _, rest = fact.partition(".")
    if section in {"tools", "skills"} and ".actions." in rest:
        tool, _, tail = rest.partition(".actions.")
        name, _, key = tail.rpartition(".")
        return (section, tool, "actions", name, key) if name else (section, tool, "actions", key)
    return (section, *rest.split(".")) if rest else (section,)


@cache
def _schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(resources.schema_text("system-1"))
    return loaded


def _schema_of(keys: tuple[str, ...]) -> dict[str, Any]:
    """Return the schema of the value at a fact's place, with the description that stands beside its reference."""
    section, *rest = keys
    rest = rest if section == "system" else rest[1:]
    steps = ["" if before in {"actions", "delegates_to"} else key for before, key in pairwise(["", *rest])]
    return _schema_at(section, tuple(steps))


@cache
def _schema_at(section: str, rest: tuple[str, ...]) -> dict[str, Any]:
    """Return the schema at keys below an element; names of actions and callees are left empty."""
    definitions = _schema()["$defs"]
    kind = "system" if section == "system" else SECTIONS.get(section, section.rstrip("s"))
    node: dict[str, Any] = definitions.get(kind, {})
    position = 0
    while position < len(rest):
        key = rest[position]
        if key in {"actions", "delegates_to"} and position < len(rest) - 1:
            node, position = definitions["action" if key == "actions" else "delegation"], position + 2
            continue
        node = _property(node, key, definitions)
        position += 1
    return node


def _property(node: dict[str, Any], key: str, definitions: dict[str, Any]) -> dict[str, Any]:
    for form in _forms(node, definitions):
        if key in form.get("properties", {}):
            found: dict[str, Any] = form["properties"][key]
            return found
    return {}


def _forms(node: dict[str, Any], definitions: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield a schema and everything it refers to or offers as an alternative."""
    waiting = [node]
    for _ in range(50):
        if not waiting:
            return
        form = waiting.pop(0)
        yield form
        if "$ref" in form:
            waiting.append(definitions.get(form["$ref"].rpartition("/")[2], {}))
        waiting += form.get("anyOf", ())


def _words(node: dict[str, Any]) -> list[str]:
    for form in _forms(node, _schema()["$defs"]):
        if "enum" in form:
            return list(
                dict.fromkeys(
                    "true" if word is True else "false" if word is False else str(word) for word in form["enum"]
                )
            )
    return []


def _template(node: dict[str, Any]) -> list[str]:
    """Return the form of an answer that is a mapping: `{decided: .., engine: .., considers: ..}`."""
    for form in _forms(node, _schema()["$defs"]):
        keys = [key for key in form.get("properties", {}) if key != "description"]
        if keys:
            return [f"{{{', '.join(f'{key}: ..' for key in keys[:MOST_KEYS])}}}"]
    return []
