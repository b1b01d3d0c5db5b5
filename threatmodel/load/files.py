"""Bytes of a file that may be anything → text, or why not."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from threatmodel.diagnostics import Diagnostic
from threatmodel.load.source import MAX_CHARACTERS
from threatmodel.span import Span

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES: Final = 4 * MAX_CHARACTERS

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def read_text(path: Path, name: str, span: Span | None = None) -> str | Diagnostic:
    """
    Read a regular file of a bounded size as UTF-8.

    A pipe or device is not waited for.

    Args:
        path: The file.
        name: What messages call it.
        span: Where it was named, if it was named in another file.
    """
    try:
        handle = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        )
    except (OSError, ValueError) as error:
        return _unreadable(error, path, name, span)
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            what = next((word for test, word in _KINDS if test(mode)), "no regular file")
            wanted = "the files in it" if span else f"the description in it, such as '{name.rstrip('/')}/system.yaml'"
            hints = (f"name {wanted}",) if what == "a folder" else ()
            return Diagnostic("not-a-file", f"'{name}' is {what}, expected a file", span or start_of(name), "", hints)
        with os.fdopen(handle, "rb", closefd=False) as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return _unreadable(error, path, name, span)
    finally:
        os.close(handle)
    return decode(content, name)


def decode(content: bytes, name: str) -> str | Diagnostic:
    """Return the text of a file, without a byte order mark."""
    if len(content) > MAX_BYTES:
        return Diagnostic("too-large", f"'{name}' is larger than {MAX_BYTES // 2**20} MiB", start_of(name))
    if content[:2] in _UTF16 or b"\0" in content[:4]:
        return Diagnostic(
            "encoding", f"'{name}' is not UTF-8; it looks like UTF-16", start_of(name), "", ("save it as UTF-8",)
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        message = f"'{name}' is not UTF-8: byte 0x{content[error.start]:02x} stands where a character should begin"
        return Diagnostic(
            "encoding", message, Span(name, line, column, line, column + 1), "", ("save the file as UTF-8",)
        )


def start_of(name: str) -> Span:
    """Return the beginning of a file, where there is no better place."""
    return Span(name, 1, 1, 1, 1)


def _unreadable(error: Exception, path: Path, name: str, span: Span | None) -> Diagnostic:
    if isinstance(error, FileNotFoundError):
        hints = _beside(path, name)
        return Diagnostic("cannot-read", f"cannot read '{name}': no such file", span or start_of(name), "", hints)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Diagnostic("cannot-read", f"cannot read '{name}': {reason.lower()}", span or start_of(name))


def _beside(path: Path, name: str) -> tuple[str, ...]:
    """Suggest a file of nearly the same name in the same folder."""
    from threatmodel.diagnostics import did_you_mean

    try:
        names = [entry.name for entry in os.scandir(path.parent) if entry.name.endswith((".yaml", ".yml"))]
    except OSError:
        return ()
    near = did_you_mean(path.name, names)
    return (f"did you mean '{name.removesuffix(path.name)}{near}'?",) if near else ()
