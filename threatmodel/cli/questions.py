"""`threatmodel questions`: what nobody has said, ranked by what hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from threatmodel.cli.options import OUTPUT, Cli, analyzed, give, reading, the_console

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from threatmodel.model.graph import ModelGraph


@click.command(
    cls=Cli,
    short_help="Ask what nobody has said, ranked by what hangs on it.",
    epilog="\b\nExample:  threatmodel questions system.yaml --about triage",
)
@reading
@click.option("--about", metavar="ELEMENT", default="", help="Only what concerns that element or action.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="json is described by `threatmodel schema questions-1`.")  # fmt: skip
@OUTPUT
@click.option("--full", is_flag=True, help="Text: ask everything, however much it is.")
def questions(
    file: Path, catalogs: tuple[Path, ...], today: datetime | None, about: str, form: str, output: Path | None,
    full: bool,
) -> None:  # fmt: skip
    """
    Ask what nobody has said: one question per missing fact, those on which most attack paths and influences hang
    first. Each comes with the first conclusions that need it, what each answer makes of them, and the line to paste.

    FILE is the root file, or - for stdin.
    """  # noqa: D205  the first paragraph is the help text
    from threatmodel.cli.files import check_targets
    from threatmodel.render.questions_view import question_view
    from threatmodel.render.terminal_questions import MOST, questions_text

    console = the_console()
    check_targets([output] if output else [], file)
    analysis = analyzed(file, catalogs, today)
    graph = analysis.model.graph
    _known(graph, about)
    with console.progress("Trying answers"):
        view = question_view(analysis, about, None if full or form == "json" else MOST)
    if form == "json":
        from threatmodel.export.questions_json import questions_json

        give(questions_json(analysis, view), output)
        return
    name = graph.system.word("name") or graph.document.file
    colors = console.color == "always" if output else console.colors_out
    give(questions_text(name, view, color=colors, width=console.width, full=full), output)


def _known(graph: ModelGraph, about: str) -> None:
    """Refuse a name that nothing has, with the one that was probably meant."""
    names = [*graph.elements, *graph.actions, "system"]
    if not about or about in names:
        return
    from threatmodel.diagnostics import did_you_mean
    from threatmodel.render.visible import visible

    near = did_you_mean(about, names)
    hint = f"; did you mean '{near}'?" if near else ""
    raise click.BadParameter(visible(f"nothing is named '{about}'{hint}"), param_hint="--about")
