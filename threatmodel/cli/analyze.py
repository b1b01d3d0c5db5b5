"""`threatmodel analyze`: the findings of a description."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from threatmodel.cli.exit_codes import ExitCode
from threatmodel.cli.options import OUTPUT, SEVERITIES, Cli, analyzed, reading, severity, the_console

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from threatmodel.analysis.analysis import Analysis


@click.command(
    cls=Cli,
    short_help="Say what is wrong and what nobody has said.",
    epilog="\b\nExample:  threatmodel analyze system.yaml --fail-on high",
)
@reading
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="json is described by `threatmodel schema analysis-1`.")  # fmt: skip
@OUTPUT
@click.option("--full", is_flag=True, help="Text: why and how to fix for every finding, not only the first.")
@click.option("--fail-on", metavar="SEVERITY", type=click.Choice(SEVERITIES),
              help="Leave with 1 if a finding is open at that severity or above.")  # fmt: skip
@click.option("--fail-on-unknown", metavar="SEVERITY", type=click.Choice(SEVERITIES),
              help="The same for findings of which nobody can tell.")  # fmt: skip
def analyze(  # noqa: PLR0917  one argument per option
    file: Path, catalogs: tuple[Path, ...], today: datetime | None, form: str, output: Path | None, full: bool,
    fail_on: str | None, fail_on_unknown: str | None,
) -> int:  # fmt: skip
    """
    Say what is wrong in a description, what nobody has said, and which three facts would settle most.

    FILE is the root file, or - for stdin. SEVERITY is info, low, medium, high or critical.
    """
    from threatmodel.cli.files import check_targets, write_file

    console = the_console()
    check_targets([output] if output else [], file)
    analysis = analyzed(file, catalogs, today)
    if form == "json":
        from threatmodel.export.analysis_json import analysis_json

        text = analysis_json(analysis)
    else:
        from threatmodel.render.terminal_findings import findings_text

        colors = console.color == "always" if output else console.colors_out
        text = findings_text(analysis, color=colors, width=console.width, full=full)
    if output:
        write_file(output, text)
        console.note(f"Wrote {output}")
    else:
        console.result(text)
    return _judged(analysis, fail_on, fail_on_unknown, said=form == "text" and not output)


def _judged(analysis: Analysis, fail_on: str | None, fail_on_unknown: str | None, *, said: bool) -> int:
    """Say on stderr how it ended, as far as the text has not, and return the exit code that `--fail-on` asks for."""
    from threatmodel.render.terminal_findings import asked_line, summary_line

    console = the_console()
    console.note(asked_line(analysis) if said else summary_line(analysis))
    code = ExitCode.FINE
    least, least_unknown = severity(fail_on), severity(fail_on_unknown)
    if least is not None and (found := analysis.open_at(least)):
        console.error(f"--fail-on {fail_on}: {len(found)} open at {fail_on} or above")
        code = ExitCode.FINDINGS
    if least_unknown is not None and (found := analysis.unknown_at(least_unknown)):
        console.error(f"--fail-on-unknown {fail_on_unknown}: cannot tell of {len(found)} at {fail_on_unknown} or above")
        code = ExitCode.FINDINGS
    return code
