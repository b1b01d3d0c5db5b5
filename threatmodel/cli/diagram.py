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
OF_ONE = ("capability:", "path:")


@click.command(
    cls=Cli,
    short_help="Draw the system: SVG, PNG, PDF, DOT, Mermaid.",
    epilog="\b\nExample:  threatmodel diagram system.yaml -o layers.svg --view layers",
)
@reading
@click.option("-o", "--output", "outputs", multiple=True, required=True, metavar="OUT",
              type=click.Path(path_type=Path),
              help="A .svg, .png, .pdf, .dot or .mmd (Mermaid) file; may be repeated.")  # fmt: skip
@click.option("--view", default="layers", show_default=True, metavar="VIEW", help="What to draw, as listed above.")
def diagram(
    file: Path, catalogs: tuple[Path, ...], today: datetime | None, outputs: tuple[Path, ...], view: str
) -> None:
    """
    Draw a description.

    \b
    layers            MAESTRO layers as bands, each element in its own
    dataflow          who sends what to whom across which boundary, untrusted text marked
    identity          which agent acts as whom, with which secret, kept where
    delegation        which agent hands work to which
    capability:AGENT  what one agent can do right now, through what, and which gates stand before it
    path:ID           one attack path (its id, or a part that only it has) with the controls on it

    FILE is the root file, or - for stdin. Needs the program `dot` of Graphviz, but not for .dot and .mmd.
    """  # noqa: D301  \b keeps the lines
    from threatmodel.cli.files import check_targets, write_file

    console = the_console()
    for output in outputs:
        if output.suffix.lower() not in SUFFIXES:
            raise click.UsageError(f"cannot tell what to draw to '{output}': it should end in {', '.join(SUFFIXES)}")
    check_targets(outputs, file)
    _check(view)
    from threatmodel.render.diagram import drawn
    from threatmodel.render.way_views import UnknownNameError

    analysis = analyzed(file, catalogs, today)
    contents = []
    for output in outputs:
        with console.progress(f"Drawing {output}"):
            try:
                contents.append(drawn(analysis, view, output.suffix.lower().removeprefix(".")))
            except UnknownNameError as error:
                raise click.BadParameter(str(error), param_hint="--view") from None
    for output, content in zip(outputs, contents, strict=True):
        write_file(output, content)
        console.note(f"Wrote {output}")


def _check(view: str) -> None:
    """Refuse a view that does not exist."""
    if view in VIEWS or any(view.startswith(kind) and view != kind for kind in OF_ONE):
        return
    from threatmodel.diagnostics import did_you_mean

    kind = view.partition(":")[0]
    near = did_you_mean(kind, (*VIEWS, *(name.removesuffix(":") for name in OF_ONE)))
    named = f"{near}:{'AGENT' if near == 'capability' else 'ID'}" if f"{near}:" in OF_ONE else near
    hint = f"did you mean '{named}'?" if near else f"there are {', '.join(VIEWS)}, capability:AGENT, path:ID"
    raise click.BadParameter(f"no view is named '{view}'; {hint}", param_hint="--view")
