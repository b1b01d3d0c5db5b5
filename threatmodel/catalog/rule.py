"""A rule as its file says it. Syntax only: what a condition means is known to `analysis/conditions.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one threat is detected in a model graph."""

    id: str
    title: str
    status: str
    """`draft`, `stable` or `deprecated`."""
    since: str
    impact: str
    """A severity: where its findings start."""
    references: tuple[str, ...]
    """`framework:ENTRY`: the threats it detects."""
    controls: tuple[str, ...]
    """Types of control that we recommend against it, best first."""
    broken_by: tuple[str, ...]
    """Types of control that, where one holds on the subject, leave nothing of the finding: it is mitigated."""
    broken_at: Mapping[str, Any] | None = None
    """`of:` a relation and `where:` a condition: one of `broken_by` on each of these elements is as good as one on the
    subject."""
    applies_to: tuple[str, ...]
    """Kinds of subject."""
    when: Mapping[str, Any]
    primary: str
    """Path of the field that a finding points at; empty for the subject itself."""
    related: tuple[str, ...]
    """Relations whose elements belong to a finding, after its subject."""
    group: str
    """Who is decided together: `subject` (each alone), `parent` (those of one tool or agent), `rule` (all)."""
    message: str
    unknown: str
    """The message where facts are missing."""
    why: str
    fix: str
    false_positives: str
    bad: str
    good: str
    path: str
    """The file it was read from."""
    topic: str
    """The folder it stands in."""


def rule_from(data: Mapping[str, Any], path: str, topic: str) -> Rule:
    """Make a rule of the plain data of its file; the data passed `rule-1.schema.json`."""

    def many(key: str) -> tuple[str, ...]:
        value = data.get(key, ())
        return (value,) if isinstance(value, str) else tuple(value)

    return Rule(
        id=data["id"],
        title=data["title"],
        status=data["status"],
        since=data["since"],
        impact=data["impact"],
        references=many("references"),
        controls=many("controls"),
        broken_by=many("broken_by"),
        broken_at=data.get("broken_at"),
        applies_to=many("applies_to"),
        when=data["when"],
        primary=data.get("primary", ""),
        related=many("related"),
        group=data.get("group", "parent"),
        message=data["message"],
        unknown=data.get("unknown", ""),
        why=" ".join(data["why"].split()),
        fix=" ".join(data["fix"].split()),
        false_positives=" ".join(data["false_positives"].split()),
        bad=data["examples"]["bad"],
        good=data["examples"]["good"],
        path=path,
        topic=topic,
    )
