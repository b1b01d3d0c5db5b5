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
    from threatmodel.analysis.harden import Hardening
    from threatmodel.render.diagram import Picture

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
    Write the report: what agents can do right now, ways to harm, what would break them, findings with their proof.

    FILE is the root file, or - for stdin. All outputs are made before any is written.
    """
    from threatmodel.cli.files import check_targets, write_file

    console = the_console()
    for output in outputs:
        if output.suffix.lower() not in KINDS:
            raise click.UsageError(f"cannot tell what to write to '{output}': it should end in .pdf, .html or .md")
    check_targets(outputs, file)
    analysis = analyzed(file, catalogs, today)
    kinds = [KINDS[output.suffix.lower()] for output in outputs]
    with console.progress("Trying controls"):
        shared = _shared(analysis, kinds, profile)
    contents = []
    for output, kind in zip(outputs, kinds, strict=True):
        with console.progress(f"Making {output}"):
            contents.append(_content(analysis, kind, profile, *shared))
    for output, content in zip(outputs, contents, strict=True):
        write_file(output, content)
        console.note(f"Wrote {output}")


def _shared(
    analysis: Analysis, kinds: list[str], profile: Profile
) -> tuple[tuple[Picture, ...] | None, Hardening | None]:
    """Return what all forms show alike: the pictures and the cures, made once."""
    from threatmodel.render.report_cures import hardened

    pictures = None
    if profile != "executive" and any(kind != "markdown" for kind in kinds):
        from threatmodel.render.html import drawn

        pictures = drawn(analysis)
    return pictures, hardened(analysis)


def _content(
    analysis: Analysis, kind: str, profile: Profile, pictures: tuple[Picture, ...] | None, cured: Hardening | None
) -> str | bytes:
    """Render one form; each renderer is imported only where it is asked for."""
    if kind == "pdf":
        from threatmodel.render.pdf import pdf

        return pdf(analysis, profile=profile, pictures=pictures, cured=cured)
    if kind == "html":
        from threatmodel.render.html import html

        return html(analysis, profile=profile, pictures=pictures, cured=cured)
    from threatmodel.render.markdown import markdown

    return markdown(analysis, profile=profile, cured=cured)
