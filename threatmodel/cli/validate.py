"""`threatmodel validate`: every problem of a description at its line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from threatmodel.cli.exit_codes import ExitCode
from threatmodel.cli.options import CATALOG, Cli, the_console

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from threatmodel.diagnostics import Diagnostic


@click.command(
    cls=Cli,
    short_help="Check descriptions: every problem at its line.",
    epilog="\b\nExample:  threatmodel validate system.yaml other/system.yaml",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True), metavar="FILE...")
@CATALOG
def validate(files: tuple[Path, ...], catalogs: tuple[Path, ...]) -> int:
    """
    Check descriptions: form, references, sense. Every problem at once, each at its line, with what to do.

    FILE is the root file of a description (what it includes is read with it), or - for stdin. Leaves with 3 where one
    has an error; warnings are shown and do not count.
    """
    from threatmodel.api import load
    from threatmodel.errors import LoadError

    console = the_console()
    broken = 0
    for file in files:
        try:
            with console.progress(f"Reading {file}"):
                graph = load(file, catalogs=catalogs).graph
        except LoadError as error:
            broken += 1
            _show(error.diagnostics, error.sources)
        else:
            _show(graph.warnings, graph.document.sources)
            counted = len(graph.elements)
            console.note(f"{file}: fine, {counted} {'element' if counted == 1 else 'elements'}")
    return ExitCode.NOT_LOADED if broken else ExitCode.FINE


def _show(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> None:
    """Print diagnostics; here they are the result, so they go to stdout."""
    from threatmodel.render.terminal import diagnostics_text, summary_text

    console = the_console()
    found = tuple(diagnostics)
    if found:
        console.result(diagnostics_text(found, sources, color=console.colors_out, width=console.width))
        console.note(f"{found[0].span.file}: {summary_text(found)}")
