"""Folders of catalog files → Catalog. Built-in files and an organisation's own take the same way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from threatmodel import resources
from threatmodel.catalog.component import components_from
from threatmodel.catalog.control import control_from
from threatmodel.catalog.framework import framework_from
from threatmodel.catalog.framework_check import framework_problems
from threatmodel.catalog.rule import rule_from
from threatmodel.diagnostics import Diagnostic, Label, did_you_mean
from threatmodel.errors import LoadError
from threatmodel.load.nodes import MapNode, span_at
from threatmodel.load.schema import check
from threatmodel.load.source import parse
from threatmodel.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from threatmodel.catalog.component import Component
    from threatmodel.catalog.control import ControlType
    from threatmodel.catalog.framework import Entry, Framework
    from threatmodel.catalog.rule import Rule

LARGEST_FILE: Final = 2 * 1024 * 1024  # bytes
MOST_FILES: Final = 5000


@dataclass(frozen=True)
class Catalog:
    """All catalog files of a run. Each part is read when it is first asked for."""

    folders: tuple[Path, ...]
    """The built-in folder first, then those the user named, in that order."""
    _parts: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def controls(self) -> Mapping[str, ControlType]:
        """Id → type of control."""
        return self._read("controls", "control-1", lambda data, path: [control_from(data, path)])

    @cached_property
    def control_aliases(self) -> Mapping[str, str]:
        """Id or alias → id."""
        return {name: control.id for control in self.controls.values() for name in control.names}

    @cached_property
    def components(self) -> Mapping[str, Component]:
        """Id or alias → component."""
        found = self._read("components", "component-1", components_from)
        return {name: component for component in found.values() for name in component.names}

    @cached_property
    def frameworks(self) -> Mapping[str, Framework]:
        """Id → framework."""
        return self._read(
            "frameworks", "framework-1", lambda data, path: [framework_from(data, path)], _framework_sense
        )

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """Id → rule, in the order of their ids."""
        return self._read("rules", "rule-1", lambda data, path: [rule_from(data, path, Path(path).parent.name)])

    def with_drafts(self) -> Catalog:
        """Return the same catalog with every draft as a stable rule, to try them out."""
        found = Catalog(self.folders)
        found.__dict__["rules"] = {
            name: replace(rule, status="stable") if rule.status == "draft" else rule
            for name, rule in self.rules.items()
        }
        return found

    def entry(self, reference: str) -> Entry | None:
        """Return the framework entry that `framework:ENTRY` names."""
        framework, _, name = reference.partition(":")
        known = self.frameworks.get(framework)
        return known.by_id.get(name) if known else None

    def check_own(self) -> None:
        """
        Check references of files that do not come with the package; a test holds the built-in ones.

        Raises:
            LoadError: with everything found, in file order.
        """
        if len(self.folders) == 1:
            return
        own = tuple(str(folder) for folder in self.folders[1:])
        problems: list[Diagnostic] = []
        for rule in self.rules.values():
            if rule.path.startswith(own):
                problems += self._references(rule)
        if problems:
            raise LoadError(
                tuple(sorted(problems, key=Diagnostic.sort_key)),
                {problem.span.file: _text(Path(problem.span.file)) for problem in problems},
            )

    def _references(self, rule: Rule) -> Iterator[Diagnostic]:
        root = parse(_text(Path(rule.path)), rule.path)
        for index, reference in enumerate(rule.references):
            if self.entry(reference) is None:
                framework = self.frameworks.get(reference.partition(":")[0])
                known = (
                    [entry.reference for entry in framework.entries]
                    if framework
                    else [f"{name}:..." for name in self.frameworks]
                )
                yield _unknown(
                    f"no framework entry is named '{reference}'", span_at(root, ("references", index)), reference, known
                )
        for index, control in enumerate(rule.controls):
            if control not in self.controls:
                yield _unknown(
                    f"no control type is named '{control}'",
                    span_at(root, ("controls", index)),
                    control,
                    self.control_aliases,
                )

    def _read(
        self, part: str, schema: str, make: Callable[[Any, str], Iterable[Any]],
        sense: Callable[[MapNode], Iterator[Diagnostic]] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Read one part of every folder, report every problem at once, refuse ids that two files share."""
        found: dict[str, Any] = {}
        problems: list[Diagnostic] = []
        sources: dict[str, str] = {}
        for path in self._files(part):
            name = path.as_posix()
            try:
                text = _text(path)
                sources[name] = text
                root = parse(text, name)
            except LoadError as error:
                problems += error.diagnostics
                continue
            wrong = check(root, schema)
            if not wrong and sense is not None:
                wrong = tuple(sense(root))
            problems += wrong
            for item in () if wrong else make(root, name):
                if item.id in found:
                    first = Span(found[item.id].path, 1, 1, 1, 1)
                    problems.append(
                        Diagnostic(
                            "duplicate-id",
                            f"'{item.id}' is defined by two catalog files",
                            root.span,
                            also=(Label(first, "first here"),),
                        )
                    )
                found.setdefault(item.id, item)
        if problems:
            raise LoadError(tuple(sorted(problems, key=Diagnostic.sort_key)), sources)
        return dict(sorted(found.items()))

    def _files(self, part: str) -> Iterator[Path]:
        """Yield the YAML files of a part, sorted; links that lead out of the folder are not followed."""
        for folder in self.folders:
            root = folder.resolve()
            files = sorted((folder / part).rglob("*.yaml"))[:MOST_FILES]
            yield from (path for path in files if path.is_file() and path.resolve().is_relative_to(root))


def read_catalog(own: Iterable[Path] = ()) -> Catalog:
    """
    Return the built-in catalog joined with an organisation's own folders.

    Args:
        own: Folders with any of `rules/`, `controls/`, `frameworks/`, `components/`.

    Raises:
        LoadError: a folder does not exist, or a reference in it leads nowhere.
    """
    folders = tuple(own)
    for folder in folders:
        if not folder.is_dir():
            place = Span(folder.as_posix(), 1, 1, 1, 1)
            raise LoadError(
                (
                    Diagnostic(
                        "cannot-read", f"cannot read catalog '{folder}': no such folder (named by --catalog)", place
                    ),
                )
            )
    if not folders:
        return _built_in()
    catalog = Catalog((resources.folder("catalogs"), *folders))
    catalog.check_own()
    return catalog


@cache
def _built_in() -> Catalog:
    """Return the catalog that comes with the package; it does not change while a process runs."""
    return Catalog((resources.folder("catalogs"),))


def _text(path: Path) -> str:
    place = Span(path.as_posix(), 1, 1, 1, 1)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise LoadError((Diagnostic("too-large", f"'{path.name}' is larger than {LARGEST_FILE:,} bytes", place),))
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise LoadError((Diagnostic("cannot-read", f"cannot read catalog '{path.name}': {reason}", place),)) from None


def _framework_sense(root: MapNode) -> Iterator[Diagnostic]:
    for problem in framework_problems(root):
        hint = did_you_mean(problem.word, problem.known) if problem.word else None
        also = (Label(span_at(root, problem.first), "first here"),) if problem.first else ()
        yield Diagnostic(
            problem.code,
            problem.message,
            span_at(root, problem.path),
            "",
            (f"did you mean '{hint}'?",) if hint else (),
            also,
        )


def _unknown(message: str, span: Span, word: str, known: Iterable[str]) -> Diagnostic:
    hint = did_you_mean(word, known)
    return Diagnostic("unknown-reference", message, span, "named here", (f"did you mean '{hint}'?",) if hint else ())
