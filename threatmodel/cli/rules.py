"""`threatmodel rules`: what is looked for, and rules of an organisation's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from threatmodel.cli.exit_codes import ExitCode
from threatmodel.cli.lookup import print_page
from threatmodel.cli.options import CATALOG, TODAY, Cli, the_console

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from threatmodel.catalog.reader import Catalog
    from threatmodel.catalog.rule import Rule

ABOUT: Final = ("agent", "tool", "store", "identity", "credential", "control", "path")
"""What `rules new` has a beginning for."""
CASES: Final = "cases"  # the folder of case files in a folder of catalogs


@click.group(short_help="Look up what is looked for.", epilog="\b\nExample:  threatmodel rules show unowned-agent")
def rules() -> None:
    """Look up the rules: what each detects, why it matters, how to fix what it finds."""


@rules.command(
    "list", cls=Cli,
    short_help="Print one entry per line, its id first.",
    epilog="\b\nExample:  threatmodel rules list identity",
)
@click.argument("topic", metavar="[TOPIC]", default="")
@CATALOG
def list_(topic: str, catalogs: tuple[Path, ...]) -> None:
    """Print one rule per line: id, topic, what a finding weighs, title. TOPIC narrows it to the rules of one folder."""
    from threatmodel.catalog.reader import read_catalog
    from threatmodel.render.catalog_text import listed

    known = read_catalog(catalogs).rules.values()
    topics = sorted({rule.topic for rule in known})
    if topic and topic not in topics:
        choices = ", ".join(topics)
        raise click.BadParameter(f"no topic is named '{topic}'; expected one of: {choices}", param_hint="TOPIC")
    column = max(map(len, topics), default=0)
    rows = [
        (rule.id, f"{rule.topic:<{column}}  {rule.impact:<8}  {rule.title}{_status(rule.status)}")
        for rule in known if not topic or rule.topic == topic
    ]  # fmt: skip
    the_console().result(listed(rows))


@rules.command(
    "show", cls=Cli,
    short_help="Print all that is known about one.",
    epilog="\b\nExample:  threatmodel rules show unowned-agent",
)
@click.argument("name", metavar="ID")
@CATALOG
def show(name: str, catalogs: tuple[Path, ...]) -> None:
    """Print what one rule detects, why, how to fix it, and a description that it fires on."""
    print_page(name, catalogs, ("rule",))


@rules.command(
    "new", cls=Cli,
    short_help="Start a rule of your own.",
    epilog="\b\nExample:  threatmodel rules new shared-printer --catalog our-catalog --about tool",
)
@click.argument("name", metavar="ID")
@click.option("--catalog", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path("catalog"),
              show_default=True, metavar="DIR", help="Your folder of catalogs; made where there is none.")  # fmt: skip
@click.option("--topic", default="own", show_default=True, metavar="TOPIC", help="The folder below rules/.")
@click.option("--about", type=click.Choice(ABOUT), default="tool", show_default=True, help="What the rule looks at.")
def new(name: str, folder: Path, topic: str, about: str) -> None:
    """
    Start a rule: DIR/rules/TOPIC/ID.yaml with its text, and DIR/cases/ID/ with three descriptions to try it on.

    ID is kebab-case and names the problem, so that "allow ID" makes sense. The rule fires as it is written: change it
    line by line, with `rules check` and `rules test` beside it. A draft runs in those two only; then say
    `status: stable`.
    """
    from threatmodel.analysis.rule_template import beginning, is_id
    from threatmodel.catalog.reader import read_catalog
    from threatmodel.cli.files import write_file

    if not is_id(name) or not is_id(topic):
        raise click.BadParameter("expected kebab-case, such as unscoped-tool-credential", param_hint="ID")
    target = folder / "rules" / topic / f"{name}.yaml"
    if target.exists():
        raise click.UsageError(f"'{target}' is there already")
    if name in read_catalog([folder] if folder.is_dir() else []).rules:
        message = f"a rule named '{name}' is there already (threatmodel rules show {name})"
        raise click.BadParameter(message, param_hint="ID")
    rule, cases = beginning(name, about)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_file(target, rule)
    for case, text in cases.items():
        path = folder / CASES / name / f"{case}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text)
    the_console().note(
        f"Wrote {target}\n      {folder / CASES / name}/bad.yaml, good.yaml, unknown.yaml\nNext:\n"
        f"  threatmodel rules check --catalog {folder}\n  threatmodel rules test --catalog {folder}\n"
        f"  threatmodel analyze FILE --catalog {folder}    (once its status is stable)"
    )


@rules.command(
    "check", cls=Cli,
    short_help="Say what is doubtful about rules.",
    epilog="\b\nExample:  threatmodel rules check --catalog our-catalog",
)
@click.argument("name", metavar="[ID]", default="")
@CATALOG
@TODAY
def check(name: str, catalogs: tuple[Path, ...], today: datetime | None) -> int:
    """
    Say what is doubtful about rules: fields, words, controls and entries that do not exist, conditions that can never
    hold, text that tells nobody anything, cases that are missing, and rules that say the same as another.

    Those of the folders given with --catalog, or all built-in ones, or the one named. Leaves with 3 where one has an
    error; warnings are shown and do not count.
    """  # noqa: D205  the first paragraph is the help text
    from threatmodel.analysis.rule_lint import Linter
    from threatmodel.diagnostics import Diagnostic, Level
    from threatmodel.render.terminal import diagnostics_text, summary_text

    console, catalog = the_console(), _catalog(catalogs)
    chosen = list(_chosen(catalog, catalogs, name))
    linter = Linter(catalog, _day(today))
    found: list[Diagnostic] = []
    for rule, folder in chosen:
        wrong = list(linter.problems(rule, folder))
        found += wrong
        if not any(one.level is Level.ERROR for one in wrong):
            found += linter.overlaps(rule, folder)
    found.sort(key=Diagnostic.sort_key)
    if found:
        sources = {rule.path: Path(rule.path).read_text(encoding="utf-8-sig") for rule, _ in chosen}
        console.result(diagnostics_text(tuple(found), sources, color=console.colors_out, width=console.width))
        console.note(summary_text(tuple(found)))
    else:
        console.note(f"{_counted(len(chosen))}: nothing is doubtful")
    return ExitCode.NOT_LOADED if any(one.level is Level.ERROR for one in found) else ExitCode.FINE


@rules.command(
    "test", cls=Cli,
    short_help="Try rules on their cases.",
    epilog="\b\nExample:  threatmodel rules test --catalog our-catalog",
)
@click.argument("name", metavar="[ID]", default="")
@CATALOG
@TODAY
def test(name: str, catalogs: tuple[Path, ...], today: datetime | None) -> int:
    """
    Try rules on the examples in their files and on the descriptions in DIR/cases/ID/: a rule must fire on the lines
    that are marked `# expect: ID` (`# expect-unknown:`, `# expect-mitigated:`) and on no other.

    Those of the folders given with --catalog, or all built-in ones, or the one named. Leaves with 3 where one does not.
    """  # noqa: D205  the first paragraph is the help text
    from threatmodel.analysis.rule_cases import cases_of, run_case

    console, catalog = the_console(), _catalog(catalogs)
    chosen = list(_chosen(catalog, catalogs, name))
    failed = tried = 0
    for rule, folder in chosen:
        for case in cases_of(rule, folder):
            tried += 1
            outcome = run_case(rule, case, catalog, _day(today))
            if outcome.passed:
                continue
            failed += 1
            console.result(f"{rule.id}, {case.name} ({case.path}):\n")
            for hit in outcome.missing:
                console.result(f"  line {hit.line}: marked {hit.state}, and the rule does not say so\n")
            for hit in outcome.extra:
                console.result(f"  line {hit.line}: the rule says {hit.state}, and nothing is marked\n")
    console.note(f"{_counted(len(chosen))}, {tried} cases: {failed or 'none'} failed")
    return ExitCode.NOT_LOADED if failed else ExitCode.FINE


def _catalog(catalogs: tuple[Path, ...]) -> Catalog:
    """Return a catalog of this run's own in which drafts run: they are tried as what they will be."""
    from threatmodel import resources
    from threatmodel.catalog.reader import Catalog, read_catalog

    return (read_catalog(catalogs) if catalogs else Catalog((resources.folder("catalogs"),))).with_drafts()


def _chosen(catalog: Catalog, catalogs: tuple[Path, ...], name: str) -> Iterator[tuple[Rule, Path | None]]:
    """Yield the rules that are meant, each with the folder of its cases."""
    from threatmodel.diagnostics import did_you_mean

    if name and name not in catalog.rules:
        near = did_you_mean(name, catalog.rules)
        hint = f"did you mean '{near}'?" if near else "`threatmodel rules list` shows them"
        raise click.BadParameter(f"no rule is named '{name}'; {hint}", param_hint="ID")
    for rule in catalog.rules.values():
        own = next((folder for folder in catalogs if Path(rule.path).is_relative_to(folder)), None)
        if rule.id == name or (not name and (own is not None or not catalogs)):
            yield rule, None if own is None else own / CASES


def _day(today: datetime | None) -> date:
    from threatmodel.api import day

    return day() if today is None else today.date()


def _counted(rules: int) -> str:
    return "1 rule" if rules == 1 else f"{rules} rules"


def _status(status: str) -> str:
    return "" if status == "stable" else f" [{status}: not run]"
