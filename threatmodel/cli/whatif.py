"""`threatmodel whatif`: what a lost control, a compromised element or another fact would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from threatmodel.cli.options import OUTPUT, Cli, loaded, reading, the_console

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from threatmodel.analysis.whatif import Supposition


@click.command(
    cls=Cli,
    short_help="Say what a loss, a breach or an answer changes.",
    epilog="\b\nExample:  threatmodel whatif system.yaml --set credentials.crm-token.lifetime=15m",
)
@reading
@click.option("--lose", multiple=True, metavar="CONTROL", help="That control fails.")
@click.option("--compromise", multiple=True, metavar="ELEMENT", help="An attacker has that element.")
@click.option("--set", "facts", multiple=True, metavar="FACT=VALUE",
              help="State a fact, at its place as `analyze` writes it.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="json is described by `threatmodel schema whatif-1`.")  # fmt: skip
@OUTPUT
@click.option("--full", is_flag=True, help="Text: list everything that differs.")
def whatif(  # noqa: PLR0917  one argument per option
    file: Path, catalogs: tuple[Path, ...], today: datetime | None, lose: tuple[str, ...], compromise: tuple[str, ...],
    facts: tuple[str, ...], form: str, output: Path | None, full: bool,
) -> None:  # fmt: skip
    """
    Say what would differ in capabilities, influence, paths and findings if all of these changes were made. The file
    stays as it is; each option may be repeated.

    A compromised agent does what the attacker (`public`) writes; of a model or runtime, each agent on it does. A
    person, service or external system passes on the attacker's text, a tool or skill answers with it, a store is
    written and read by the attacker. The credentials these hold, or a credential or identity itself, are listed with
    what they open.
    """  # noqa: D205  the first paragraph is the help text
    from threatmodel.api import day
    from threatmodel.cli.files import check_targets, write_file
    from threatmodel.model.supposed import SupposeError

    console = the_console()
    check_targets([output] if output else [], file)
    changes = _changes(lose, compromise, facts)
    model = loaded(file, catalogs)
    when = day() if today is None else today.date()
    try:
        from threatmodel.analysis.whatif import whatif as compare

        with console.progress("Comparing"):
            found = compare(model, changes, when)
    except SupposeError as error:
        from threatmodel.render.visible import visible

        raise click.UsageError(visible(str(error))) from None
    if form == "json":
        from threatmodel.export.whatif_json import whatif_json

        text = whatif_json(model, found, when)
    else:
        from threatmodel.render.terminal_whatif import whatif_text

        colors = console.color == "always" if output else console.colors_out
        text = whatif_text(model, found, color=colors, width=console.width, full=full)
    if output:
        write_file(output, text)
        console.note(f"Wrote {output}")
    else:
        console.result(text)


def _changes(lose: tuple[str, ...], compromise: tuple[str, ...], facts: tuple[str, ...]) -> tuple[Supposition, ...]:
    """Return the changes: facts first, since a loss may not be undone by one."""
    from threatmodel.analysis.whatif import Supposition

    found = []
    for fact in facts:
        place, equals, value = fact.partition("=")
        if not equals or not place.strip():
            raise click.BadParameter(f"'{fact}' is not of the form FACT=VALUE", param_hint="--set")
        found.append(Supposition("set", place.strip(), value.strip()))
    found += [Supposition("lose", name) for name in lose]
    found += [Supposition("compromise", name) for name in compromise]
    if not found:
        raise click.UsageError("nothing to compare with: give --lose, --compromise or --set")
    return tuple(found)
