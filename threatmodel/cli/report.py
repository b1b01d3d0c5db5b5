"""`threatmodel report`: the report that reviewers discuss and sign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from threatmodel.cli.options import Cli, analyzed, reading, the_console

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Literal, TypeAlias

    from threatmodel.analysis.analysis import Analysis

    Profile: TypeAlias = Literal["executive", "review", "audit"]

KINDS = {".pdf": "pdf", ".html": "html", ".htm": "html", ".md": "markdown"}


@click.command(
    cls=Cli,
    short_help="Write the report: PDF, HTML, Markdown.",
    epilog="\b\nExample:  threatmodel report system.yaml -o review.pdf -o review.html",
)
@reading
@click.option("-o", "--output", "outputs", multiple=True, required=True, metavar="OUT",
              type=click.Path(path_type=Path), help="A .pdf, .html or .md file; may be repeated.")  # fmt: skip
@click.option("--profile", type=click.Choice(["executive", "review", "audit"]), default="review", show_default=True,
              help="How much of it: a few pages, what a review needs, or everything.")  # fmt: skip
def report(
    file: Path, catalogs: tuple[Path, ...], today: datetime | None, outputs: tuple[Path, ...], profile: Profile
) -> None:
    """
    Write the report of a description: verdict, pictures, findings with their proof, coverage, open questions.

    FILE is the root file, or - for stdin. All outputs are made before any is written.
    """
    from threatmodel.cli.files import check_targets, write_file

    console = the_console()
    for output in outputs:
        if output.suffix.lower() not in KINDS:
            raise click.UsageError(f"cannot tell what to write to '{output}': it should end in .pdf, .html or .md")
    check_targets(outputs, file)
    analysis = analyzed(file, catalogs, today)
    contents = []
    for output in outputs:
        with console.progress(f"Making {output}"):
            contents.append(_content(analysis, KINDS[output.suffix.lower()], profile))
    for output, content in zip(outputs, contents, strict=True):
        write_file(output, content)
        console.note(f"Wrote {output}")


def _content(analysis: Analysis, kind: str, profile: Profile) -> str | bytes:
    """Render one form; each renderer is imported only where it is asked for."""
    from threatmodel import api

    if kind == "pdf":
        return api.render_pdf(analysis, profile=profile)
    if kind == "html":
        return api.render_html(analysis, profile=profile)
    return api.render_markdown(analysis, profile=profile)
