"""`threatmodel harden`: the sets of controls that break every path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from threatmodel.cli.options import OUTPUT, Cli, loaded, reading, the_console

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from threatmodel.catalog.reader import Catalog


@click.command(
    cls=Cli,
    short_help="Say how few controls break every path.",
    epilog="\b\nExample:  threatmodel harden system.yaml --exclude input-isolation --budget 4",
)
@reading
@click.option("--exclude", multiple=True, metavar="CONTROL",
              help="A type of control not to propose; may be repeated.")  # fmt: skip
@click.option("--budget", type=click.IntRange(min=0), metavar="N",
              help="A set may cost N at most; if none breaks all, the one that breaks most.")  # fmt: skip
@click.option("--effort", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
              help="Search N times as far, where a set is not proven to be the best.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="json is described by `threatmodel schema harden-1`.")  # fmt: skip
@OUTPUT
def harden(  # noqa: PLR0917  one argument per option
    file: Path, catalogs: tuple[Path, ...], today: datetime | None, exclude: tuple[str, ...], budget: int | None,
    effort: int, form: str, output: Path | None,
) -> None:  # fmt: skip
    """
    Say which controls break every attack path that is open, claimed or unknown: the fewest, the cheapest, and those
    that leave every agent what it reads and does. Then what single controls break alone.

    A human approval costs one for each action it stands before, other controls what their type says (`threatmodel
    catalog show CONTROL`). Each set was tried: the analysis ran with it in place, sound and tested.
    """  # noqa: D205  the first paragraph is the help text
    from threatmodel.analysis.context import Context
    from threatmodel.analysis.harden import harden as find
    from threatmodel.api import day
    from threatmodel.cli.files import check_targets, write_file
    from threatmodel.model.layers import place_all

    console = the_console()
    check_targets([output] if output else [], file)
    model = loaded(file, catalogs)
    _check(exclude, model.catalog)
    placed = place_all(model.graph, model.catalog.controls)
    context = Context(model.graph, model.catalog, placed, day() if today is None else today.date())
    with console.progress("Trying controls"):
        found = find(context, exclude=frozenset(exclude), budget=budget, effort=effort)
    if form == "json":
        from threatmodel.export.harden_json import harden_json

        text = harden_json(model, found)
    else:
        from threatmodel.render.terminal_harden import harden_text

        colors = console.color == "always" if output else console.colors_out
        text = harden_text(model, found, color=colors, width=console.width)
    if output:
        write_file(output, text)
        console.note(f"Wrote {output}")
    else:
        console.result(text)


def _check(names: tuple[str, ...], catalog: Catalog) -> None:
    """Refuse names that no type of control has."""
    from threatmodel.diagnostics import did_you_mean

    for name in names:
        if name not in catalog.controls:
            near = did_you_mean(name, catalog.controls)
            hint = f"did you mean '{near}'?" if near else "list them with `threatmodel catalog list controls`"
            raise click.BadParameter(f"no type of control is named '{name}'; {hint}", param_hint="--exclude")
