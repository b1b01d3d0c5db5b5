"""`threatmodel explain`: the proof of one finding, attack path or mishap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from threatmodel.cli.options import OUTPUT, Cli, analyzed, give, reading, the_console

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.render.explain_search import Subject

LISTED = 12  # of several that share a part


@click.command(
    cls=Cli,
    short_help="Prove one finding, attack path or mishap, step by step.",
    epilog="\b\nExample:  threatmodel explain system.yaml 'customer>triage>mailer.reply:disclosure'",
)
@reading
@click.argument("subject", metavar="SUBJECT")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="json is described by `threatmodel schema explain-1`.")  # fmt: skip
@click.option("--full", is_flag=True, help="Show the number of the rule that decides each step as well.")
@OUTPUT
def explain(
    file: Path, catalogs: tuple[Path, ...], today: datetime | None, subject: str, form: str, full: bool,
    output: Path | None,
) -> None:  # fmt: skip
    """
    Prove one thing: what happens, every step of the way with its line, what stands there and what that is worth, and
    what would close it.

    FILE is the root file, or - for stdin. SUBJECT is an id, or a part that only one id has, of a finding, of an attack
    path (source>agent>action:impact), of a mishap (agent>action:impact) or of what an agent shall never do (agent never
    item); or the number that `analyze` shows before a group.
    """  # noqa: D205  the first paragraph is the help text
    from threatmodel.analysis.explain import explain as prove
    from threatmodel.cli.files import check_targets

    console = the_console()
    check_targets([output] if output else [], file)
    analysis = analyzed(file, catalogs, today)
    meant = _meant(analysis, subject)
    with console.progress("Trying what would close it"):
        found = prove(analysis, meant)
    if form == "json":
        from threatmodel.export.explain_json import explain_json

        give(explain_json(analysis, found), output)
        return
    from threatmodel.render.terminal_explain import explain_text

    colors = console.color == "always" if output else console.colors_out
    give(explain_text(analysis, found, color=colors, width=console.width, full=full), output)


def _meant(analysis: Analysis, subject: str) -> Subject:
    """Return the one thing that is meant, or say what could be."""
    from threatmodel.render.explain_search import find_subject, name_of
    from threatmodel.render.visible import visible

    found = find_subject(analysis, subject)
    if len(found.subjects) == 1:
        return found.subjects[0]
    if found.subjects:
        names = [f"  {name_of(one)}" for one in found.subjects[:LISTED]]
        more = len(found.subjects) - len(names)
        names += [f"  and {more} more"] if more else []
        text = "\n".join((f"'{subject}' is a part of {len(found.subjects)} names:", *names))
    elif subject.isdigit():
        text = f"no group has the number {subject}; " + (f"there are {found.near}" if found.near else "there is none")
    elif found.near:
        text = f"nothing is named '{subject}'; did you mean '{found.near}'?"
    else:
        text = f"nothing is named '{subject}'; `threatmodel analyze` and `threatmodel paths` show what there is"
    raise click.BadParameter(visible(text), param_hint="SUBJECT")
