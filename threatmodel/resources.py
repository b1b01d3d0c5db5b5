"""Find the files that come with the package: catalogs, templates, schemas."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


@cache
def folder(name: str) -> Path:
    """
    Return the folder `catalogs` or `templates`: inside the installed package, or beside it in a checkout.

    Raises:
        FileNotFoundError: the installation is broken.
    """
    for place in (PACKAGE / name, PACKAGE.parent / name):
        if place.is_dir():
            return place
    message = f"the folder '{name}' is missing from the installation at {PACKAGE}"
    raise FileNotFoundError(message)


def schema_text(name: str) -> str:
    """Return the text of a published schema, such as `system-1`."""
    return (PACKAGE / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
