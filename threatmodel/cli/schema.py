"""`threatmodel schema`: print a published schema."""

from __future__ import annotations

import click

from threatmodel.cli.options import Cli, the_console

SCHEMAS = ("system-1", "treatments-1", "rule-1", "control-1", "framework-1", "component-1", "analysis-1",
           "can-1", "paths-1", "harden-1", "whatif-1", "explain-1", "questions-1")  # fmt: skip
"""What is published; a test compares with the files."""


@click.command(
    cls=Cli,
    short_help="Print the JSON Schema of the description, or another.",
    epilog="\b\nExample:  threatmodel schema > .threatmodel/system-1.schema.json",
)
@click.argument("name", default=SCHEMAS[0], metavar="[NAME]")
def schema(name: str) -> None:
    """
    Print a JSON Schema: system-1 (the description; printed where no NAME is given), treatments-1, rule-1, control-1,
    framework-1, component-1, or the form of a JSON output: analysis-1, can-1, paths-1, harden-1 (what
    `analyze --format json` and so on write).

    The descriptions in system-1 are the reference manual of the format: what each key means, and what leaving it out
    means.
    """  # noqa: D205  the first paragraph is the help text
    from threatmodel.resources import schema_text

    if name in SCHEMAS or f"{name}-1" in SCHEMAS:
        the_console().result(schema_text(name if name in SCHEMAS else f"{name}-1"))
        return
    raise click.BadParameter(f"no schema is named '{name}'; expected one of: {', '.join(SCHEMAS)}", param_hint="NAME")
