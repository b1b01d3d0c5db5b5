"""`threatmodel controls`: which controls answer which finding, and what they help to satisfy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from threatmodel.cli.options import OUTPUT, Cli, analyzed, reading, the_console

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@click.command(
    cls=Cli,
    short_help="Write control mappings as CSV.",
    epilog="\b\nExample:  threatmodel controls system.yaml -o controls.csv",
)
@reading
@OUTPUT
@click.option("--framework", "frameworks", multiple=True, metavar="ID",
              help="Only entries of that framework; may be repeated.")  # fmt: skip
def controls(
    file: Path, catalogs: tuple[Path, ...], today: datetime | None, output: Path | None, frameworks: tuple[str, ...]
) -> None:
    """
    Write control mappings as CSV: a row per finding, control that answers it, and framework entry it helps to satisfy,
    then a row per published threat: how it ends, and how that is proven.

    FILE is the root file, or - for stdin. Each row says whether the mapping is published or proposed, and how far the
    description proves the control: none, claimed, holds or proven. The file is UTF-8 without a byte order mark; cells
    that a spreadsheet would take for a formula begin with an apostrophe.
    """  # noqa: D205  the first paragraph is the help text
    from threatmodel.cli.files import check_targets, write_file
    from threatmodel.diagnostics import did_you_mean
    from threatmodel.export.csv_rows import controls_csv

    console = the_console()
    if output and output.suffix.lower() != ".csv" and not output.exists():
        raise click.UsageError(f"cannot write '{output}': control mappings are written as .csv")
    check_targets([output] if output else [], file)
    analysis = analyzed(file, catalogs, today)
    known = analysis.model.catalog.frameworks
    for name in frameworks:
        if name not in known:
            hint = did_you_mean(name, known)
            listed = f"did you mean '{hint}'?" if hint else f"expected one of: {', '.join(known)}"
            raise click.BadParameter(f"no framework is named '{name}'; {listed}", param_hint="--framework")
    text = controls_csv(analysis, frameworks=frameworks)
    if output:
        write_file(output, text)
        console.note(f"Wrote {output}")
    else:
        console.result(text)
