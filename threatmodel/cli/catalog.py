"""`threatmodel catalog`: look things up in the catalogs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from threatmodel.cli.lookup import print_page
from threatmodel.cli.options import CATALOG, Cli, the_console

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ("frameworks", "controls", "components")


@click.group(
    short_help="Look up frameworks, controls, components.",
    epilog="\b\nExample:  threatmodel catalog search approval",
)
def catalog() -> None:
    """Look up frameworks and their entries, controls, and components that a description can say `uses:` of."""


@catalog.command(
    "list", cls=Cli,
    short_help="Print one entry per line, its id first.",
    epilog="\b\nExample:  threatmodel catalog list owasp-asi-2026",
)
@click.argument("part", metavar="[PART]", default="")
@CATALOG
def list_(part: str, catalogs: tuple[Path, ...]) -> None:
    """
    Print one entry per line, its id first. PART is frameworks, controls, components, or the id of a framework, whose
    entries are listed; without it everything but those entries is.
    """  # noqa: D205  the first paragraph is the help text
    from threatmodel.catalog.reader import read_catalog
    from threatmodel.diagnostics import did_you_mean
    from threatmodel.render.catalog_search import everything
    from threatmodel.render.catalog_text import listed

    known = read_catalog(catalogs)
    if part not in ("", *PARTS, *known.frameworks):
        hint = did_you_mean(part, (*PARTS, *known.frameworks))
        choices = f"did you mean '{hint}'?" if hint else f"expected one of: {', '.join((*PARTS, *known.frameworks))}"
        raise click.BadParameter(f"no part of the catalog is named '{part}'; {choices}", param_hint="PART")
    if part in known.frameworks:
        entries = known.frameworks[part].entries
        rows = [(entry.reference, f"{entry.kind.value:<12} {entry.heading}") for entry in entries]
    else:
        wanted = (part.removesuffix("s"),) if part else tuple(name.removesuffix("s") for name in PARTS)
        rows = [(one.id, f"{one.kind:<10} {one.title}") for one in everything(known) if one.kind in wanted]
    the_console().result(listed(rows))


@catalog.command(
    "show", cls=Cli,
    short_help="Print all that is known about one.",
    epilog="\b\nExample:  threatmodel catalog show owasp-asi-2026:ASI03",
)
@click.argument("name", metavar="ID")
@CATALOG
def show(name: str, catalogs: tuple[Path, ...]) -> None:
    """Print what is known about one framework, entry, control or component. Its short id or another name will do."""
    print_page(name, catalogs, ("framework", "entry", "control", "component"))


@catalog.command(
    "search", cls=Cli,
    short_help="Find by id, another name, a code of articles, or words.",
    epilog="\b\nExample:  threatmodel catalog search A01",
)
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@CATALOG
def search(words: tuple[str, ...], catalogs: tuple[Path, ...]) -> None:
    """
    Find entries by id, another name, a code that articles use, or words. All words have to fit; best hits first.
    """  # noqa: D200  as the group's other commands
    from threatmodel.catalog.reader import read_catalog
    from threatmodel.render.catalog_search import search as find
    from threatmodel.render.catalog_text import listed

    console = the_console()
    hits = find(read_catalog(catalogs), " ".join(words))
    rows = [(hit.id, f"{hit.kind:<12} {hit.title}{f' [{hit.why}]' if hit.why else ''}") for hit in hits]
    console.result(listed(rows))
    console.note(f"{len(hits)} found" if hits else "nothing found; try fewer or shorter words")
