"""Write an output so that a failed run keeps the file that was there before."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence


def check_targets(outputs: Sequence[Path], source: str | Path | None = None) -> None:
    """
    Refuse outputs that cannot be written, before the work that leads to them.

    Args:
        outputs: What the command line names.
        source: The description, which no output may replace.

    Raises:
        click.UsageError: a folder is missing, or an output names a folder, the description, or another output.
    """
    seen: set[Path] = set()
    for output in outputs:
        real = output.resolve()
        if output.is_dir():
            raise click.UsageError(f"cannot write '{output}': it is a folder, name a file in it")
        if not output.parent.is_dir():
            raise click.UsageError(f"cannot write '{output}': there is no folder '{output.parent}', make it first")
        if source is not None and str(source) != "-" and real == Path(source).resolve():
            raise click.UsageError(f"'{output}' is the description itself, name another file")
        if real in seen:
            raise click.UsageError(f"'{output}' is named twice")
        seen.add(real)


def write_file(target: Path, content: str | bytes) -> None:
    """
    Write beside the target, then rename: a reader sees the old file or the new one, never half of it.

    What is not a regular file (`/dev/stdout`, a pipe) is written to directly. A link stays a link.

    Raises:
        OSError: it could not be written; the file that was there is as it was.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    if target.exists() and not target.is_file():
        target.write_bytes(data)
        return
    real = target.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name[:100]}.", suffix=".part")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        temporary.chmod(_mode(real))
        temporary.replace(real)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _mode(path: Path) -> int:
    """Return the permissions of the file that is replaced, or those any new file would get."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
