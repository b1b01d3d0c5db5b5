"""The two streams of a command: results to stdout, all else to stderr; colour and progress only where they fit."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE: Final = 1.0  # seconds before progress is worth showing
PLAIN_WIDTH: Final = 100  # columns where there is no terminal to ask
WIDEST: Final = 120  # columns; longer lines are hard to read


@dataclass(slots=True)
class Console:
    """How to speak to whoever runs the command. Options change it while the command line is read."""

    quiet: bool = False
    color: str = "auto"
    """`auto`, `always` or `never`."""
    debug: bool = False

    @property
    def colors_out(self) -> bool:
        """Whether results on stdout may be coloured."""
        return self._colors(sys.stdout)

    @property
    def colors_err(self) -> bool:
        """Whether messages on stderr may be coloured."""
        return self._colors(sys.stderr)

    def _colors(self, stream: TextIO) -> bool:
        if self.color != "auto":
            return self.color == "always"
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return False
        return stream.isatty()

    @property
    def width(self) -> int:
        """Columns of the terminal that results go to, within what is readable."""
        if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
            return PLAIN_WIDTH
        return min(shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns, WIDEST)

    def result(self, text: str) -> None:
        """Write what the command was asked for."""
        sys.stdout.write(text)

    def note(self, text: str) -> None:
        """Say something on the side; not with `--quiet`."""
        if not self.quiet:
            sys.stdout.flush()
            sys.stderr.write(f"{text}\n")

    def error(self, text: str) -> None:
        """Say what went wrong."""
        sys.stdout.flush()
        sys.stderr.write(text if text.endswith("\n") else f"{text}\n")

    @contextmanager
    def progress(self, text: str) -> Iterator[None]:
        """Show that something is going on if it takes more than a second and somebody is looking at stderr."""
        if self.quiet or not sys.stderr.isatty():
            yield
            return
        spinner = _Spinner(text, plain=not self.colors_err)
        try:
            yield
        finally:
            spinner.stop()


class _Spinner:
    """A line on stderr that appears late and leaves nothing behind."""

    def __init__(self, text: str, *, plain: bool) -> None:
        self._text = text
        self._plain = plain
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        if self._done.wait(PATIENCE):
            return
        from rich.console import Console as RichConsole
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=RichConsole(stderr=True, no_color=self._plain), transient=True) as progress:
            progress.add_task(self._text, total=None)
            self._done.wait()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()
