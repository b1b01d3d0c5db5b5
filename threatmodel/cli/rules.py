"""`threatmodel rules`: what is looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from threatmodel.cli.lookup import print_page
from threatmodel.cli.options import CATALOG, Cli, the_console

if TYPE_CHECKING:
    from pathlib import Path


@click.group(short_help="Look up what is looked for.", epilog="\b\nExample:  threatmodel rules show unowned-agent")
def rules() -> None:
    """Look up the rules: what each detects, why it matters, how to fix what it finds."""


@rules.command(
    "list", cls=Cli,
    short_help="Print one entry per line, its id first.",
    epilog="\b\nExample:  threatmodel rules list identity",
)
@click.argument("topic", metavar="[TOPIC]", default="")
@CATALOG
def list_(topic: str, catalogs: tuple[Path, ...]) -> None:
    """Print one rule per line: id, topic, what a finding weighs, title. TOPIC narrows it to the rules of one folder."""
    from threatmodel.catalog.reader import read_catalog
    from threatmodel.render.catalog_text import listed

    known = read_catalog(catalogs).rules.values()
    topics = sorted({rule.topic for rule in known})
    if topic and topic not in topics:
        choices = ", ".join(topics)
        raise click.BadParameter(f"no topic is named '{topic}'; expected one of: {choices}", param_hint="TOPIC")
    column = max(map(len, topics), default=0)
    rows = [
        (rule.id, f"{rule.topic:<{column}}  {rule.impact:<8}  {rule.title}{_status(rule.status)}")
        for rule in known if not topic or rule.topic == topic
    ]  # fmt: skip
    the_console().result(listed(rows))


@rules.command(
    "show", cls=Cli,
    short_help="Print all that is known about one.",
    epilog="\b\nExample:  threatmodel rules show unowned-agent",
)
@click.argument("name", metavar="ID")
@CATALOG
def show(name: str, catalogs: tuple[Path, ...]) -> None:
    """Print what one rule detects, why, how to fix it, and a description that it fires on."""
    print_page(name, catalogs, ("rule",))


def _status(status: str) -> str:
    return "" if status == "stable" else f" [{status}: not run]"
