"""`threatmodel init`: start a description from a pattern."""

from __future__ import annotations

from pathlib import Path

import click

from threatmodel.cli.options import Cli, the_console

PATTERNS = ("support-desk", "coding-agent", "retrieval-assistant", "multi-agent-team", "desktop-mcp")
"""Names of the files in `templates/patterns`, which `--help` does not look up; a test compares. The first is used
where none is named."""


@click.command(
    cls=Cli,
    short_help="Start a description from a pattern.",
    epilog="\b\nExample:  threatmodel init --pattern coding-agent my-system",
)
@click.option("--pattern", default=PATTERNS[0], show_default=True, metavar="NAME", help="What to start from.")
@click.option("--list", "listing", is_flag=True, help="List the patterns and stop.")
@click.option("--force", is_flag=True, help="Replace a system.yaml that is there.")
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
def init(pattern: str, listing: bool, force: bool, directory: Path) -> None:
    """
    Start a description: DIR/system.yaml from a pattern, and the schema that lets editors complete it.

    A pattern has at most 40 lines and gives findings at once: change it into your system.
    """
    from threatmodel.cli.files import write_file
    from threatmodel.diagnostics import did_you_mean
    from threatmodel.resources import folder, schema_text

    console = the_console()
    patterns = folder("templates") / "patterns"
    if listing:
        console.result("".join(f"{name:<21} {about(patterns / f'{name}.yaml')}\n" for name in PATTERNS))
        return
    if pattern not in PATTERNS:
        hint = did_you_mean(pattern, PATTERNS)
        known = f"did you mean '{hint}'?" if hint else f"expected one of: {', '.join(PATTERNS)}"
        raise click.BadParameter(f"no pattern is named '{pattern}'; {known}", param_hint="--pattern")
    target = directory / "system.yaml"
    if target.exists() and not force:
        raise click.UsageError(f"'{target}' is there already; name another folder, or replace it with --force")
    schema = directory / ".threatmodel" / "system-1.schema.json"
    schema.parent.mkdir(parents=True, exist_ok=True)
    write_file(schema, schema_text("system-1"))
    write_file(target, (patterns / f"{pattern}.yaml").read_text(encoding="utf-8"))
    console.note(
        f"Wrote {target} (pattern {pattern}; `threatmodel init --list` shows the others)\n"
        f"      {schema} (an editor with a YAML language server completes and explains keys with it)\n"
        "Next:\n"
        f"  threatmodel analyze {target}\n"
        f"  change {target} into your system, line by line, and analyze again\n"
        f"  threatmodel report {target} -o report.pdf"
    )


def about(pattern: Path) -> str:
    """Return what the second line of a pattern, a comment, says it is."""
    with pattern.open(encoding="utf-8") as lines:
        next(lines)
        return next(lines).lstrip("# ").split(". ")[0].strip().rstrip(".")
