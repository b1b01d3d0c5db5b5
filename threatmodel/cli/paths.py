"""`threatmodel paths`: what outsiders, or a model that errs, can bring about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from threatmodel.cli.options import OUTPUT, Cli, give, known_agent, reading, related, the_console

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

STATES: Final = ("open", "claimed", "unknown", "broken")
"""The words of `analysis.marks`, which `--help` does not import; a test compares."""
IMPACTS: Final = ("disclosure", "destruction", "payment", "privilege", "execution", "persistence", "unknown")


@click.command(
    cls=Cli,
    short_help="Say what outsiders can make agents do, and what stands in between.",
    epilog="\b\nExample:  threatmodel paths system.yaml --state open --impact payment",
)
@reading
@click.option("--agent", metavar="AGENT", help="Only what that agent does.")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only those; may be repeated.")
@click.option("--impact", type=click.Choice(IMPACTS), help="Only that impact.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="json is described by `threatmodel schema paths-1`.")  # fmt: skip
@OUTPUT
@click.option("--full", is_flag=True, help="Text: list everything, however much it is.")
def paths(  # noqa: PLR0917  one argument per option
    file: Path, catalogs: tuple[Path, ...], today: datetime | None, agent: str | None, states: tuple[str, ...],
    impact: str | None, form: str, output: Path | None, full: bool,
) -> None:  # fmt: skip
    """
    Say what outsiders can make agents do (attack paths), what goes wrong without any attacker (mishaps), and what
    became of each `never:`. Paths that differ only in their source or way are one decision.

    A path is open (nothing breaks it), claimed (a control is only said to), unknown (a fact is missing) or broken (a
    control that holds stands on every way). --state and --impact leave out each `never:`.

    FILE is the root file, or - for stdin.
    """  # noqa: D205  the first paragraph is the help text
    from threatmodel.cli.files import check_targets
    from threatmodel.render.path_view import Wanted, path_view

    check_targets([output] if output else [], file)
    model, derived, day = related(file, catalogs, today)
    known_agent(model.graph, agent, "--agent")
    view = path_view(model.graph, derived, Wanted(agent, frozenset(states) or None, impact))
    if form == "json":
        from threatmodel.export.relations_json import paths_json

        give(paths_json(model.graph, view, day), output)
        return
    from threatmodel.render.terminal_paths import paths_text

    console = the_console()
    name = model.graph.system.word("name") or model.graph.document.file
    colors = console.color == "always" if output else console.colors_out
    give(paths_text(name, model.graph, view, color=colors, width=console.width, full=full), output)
