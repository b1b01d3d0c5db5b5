"""`threatmodel can`: what agents can do right now, against what was intended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from threatmodel.cli.options import OUTPUT, Cli, give, known_agent, reading, related, the_console

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@click.command(
    cls=Cli,
    short_help="Say what each agent can do right now, against what was intended.",
    epilog="\b\nExample:  threatmodel can system.yaml triage",
)
@reading
@click.argument("agent", required=False, metavar="[AGENT]")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="json is described by `threatmodel schema can-1`.")  # fmt: skip
@OUTPUT
@click.option("--full", is_flag=True, help="Text: list everything, however much it is.")
def can(
    file: Path, catalogs: tuple[Path, ...], today: datetime | None, agent: str | None, form: str, output: Path | None,
    full: bool,
) -> None:  # fmt: skip
    """
    Say what each agent, or one, can do right now: by itself, through agents it delegates to, by what its actions set
    off (triggered), and by reaching past its tools (latent). What is forbidden, beyond what was intended, or unknown
    comes first, each with the way to it, the identity and credential it is done with, and the gates that hold.

    FILE is the root file, or - for stdin. AGENT is the id of an agent.
    """  # noqa: D205  the first paragraph is the help text
    from threatmodel.cli.files import check_targets
    from threatmodel.render.agent_view import answers

    check_targets([output] if output else [], file)
    model, derived, day = related(file, catalogs, today)
    known_agent(model.graph, agent, "AGENT")
    asked = tuple(one for one in answers(model.graph, derived) if agent in (None, one.agent.id))
    if form == "json":
        from threatmodel.export.relations_json import can_json

        give(can_json(model.graph, asked, derived, day), output)
        return
    from threatmodel.render.terminal_can import can_text

    console = the_console()
    name = model.graph.system.word("name") or model.graph.document.file
    colors = console.color == "always" if output else console.colors_out
    give(can_text(name, asked, color=colors, width=console.width, full=full), output)
