"""`threatmodel diagram`: a picture of the described system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from threatmodel.cli.options import Cli, analyzed, reading, the_console

if TYPE_CHECKING:
    from datetime import datetime

SUFFIXES = (".svg", ".png", ".pdf", ".dot", ".mmd")
VIEWS = ("layers", "dataflow", "identity", "delegation")


@click.command(
    cls=Cli,
    short_help="Draw the system: SVG, PNG, PDF, DOT, Mermaid.",
    epilog="\b\nExample:  threatmodel diagram system.yaml -o layers.svg --view layers",
)
@reading
@click.option("-o", "--output", "outputs", multiple=True, required=True, metavar="OUT",
              type=click.Path(path_type=Path),
              help="A .svg, .png, .pdf, .dot or .mmd (Mermaid) file; may be repeated.")  # fmt: skip
@click.option("--view", type=click.Choice(VIEWS), default="layers", show_default=True, help="What to draw.")
def diagram(
    file: Path, catalogs: tuple[Path, ...], today: datetime | None, outputs: tuple[Path, ...], view: str
) -> None:
    """
    Draw a description.

    \b
    layers      MAESTRO layers as bands, each element in its own
    dataflow    who sends what to whom across which boundary, untrusted text marked
    identity    which agent acts as whom, with which secret, kept where
    delegation  which agent hands work to which

    FILE is the root file, or - for stdin. Needs the program `dot` of Graphviz, but not for .dot and .mmd.
    """  # noqa: D301  \b keeps the lines
    from threatmodel.cli.files import check_targets, write_file

    console = the_console()
    for output in outputs:
        if output.suffix.lower() not in SUFFIXES:
            raise click.UsageError(f"cannot tell what to draw to '{output}': it should end in {', '.join(SUFFIXES)}")
    check_targets(outputs, file)
    from threatmodel.render.diagram import drawn

    analysis = analyzed(file, catalogs, today)
    contents = []
    for output in outputs:
        with console.progress(f"Drawing {output}"):
            contents.append(drawn(analysis, view, output.suffix.lower().removeprefix(".")))
    for output, content in zip(outputs, contents, strict=True):
        write_file(output, content)
        console.note(f"Wrote {output}")
