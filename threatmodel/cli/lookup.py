"""Find the one thing in the catalogs that a command names, and print its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from threatmodel.cli.options import the_console

if TYPE_CHECKING:
    from pathlib import Path

SECTION_KINDS = frozenset({"framework", "control", "component", "rule"})
"""Every other kind is that of an entry of a framework."""


def print_page(name: str, catalogs: tuple[Path, ...], kinds: tuple[str, ...]) -> None:
    """
    Print the page of what bears a name.

    Args:
        name: An id, a short id, or another name.
        catalogs: Folders of an organisation's own.
        kinds: Which of `framework`, `entry`, `control`, `component`, `rule` are meant.

    Raises:
        click.BadParameter: nothing bears the name, or several things do.
    """
    from threatmodel.catalog.reader import read_catalog
    from threatmodel.diagnostics import did_you_mean
    from threatmodel.render.catalog_search import everything, find, search
    from threatmodel.render.catalog_text import page

    def meant(kind: str) -> bool:
        return kind in kinds or ("entry" in kinds and kind not in SECTION_KINDS)

    known = read_catalog(catalogs)
    console = the_console()
    found = [one for one in find(known, name) if meant(one.kind)]
    if len(found) == 1:
        console.result(page(found[0].item, known, console.width))
        return
    if found:
        raise click.BadParameter(f"'{name}' is several: {', '.join(one.id for one in found)}", param_hint="ID")
    names = [word for one in everything(known) if meant(one.kind) for word in (one.id, one.short)]
    hits = [hit for hit in search(known, name) if meant(hit.kind)][:3]
    if hits and hits[0].why:
        hint = f"{hits[0].why} {hits[0].id}"
    elif near := did_you_mean(name, names):
        hint = f"did you mean '{near}'?"
    else:
        hint = f"try: {', '.join(hit.id for hit in hits)}" if hits else f"list them with `threatmodel {_lister(kinds)}`"
    raise click.BadParameter(f"nothing is named '{name}'; {hint}", param_hint="ID")


def _lister(kinds: tuple[str, ...]) -> str:
    return "rules list" if kinds == ("rule",) else "catalog list"
