"""The command group, and the one boundary that turns exceptions into exit codes."""

from __future__ import annotations

import io
import sys
import traceback
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from threatmodel.cli.console import Console
from threatmodel.cli.exit_codes import ExitCode
from threatmodel.cli.options import stream_options
from threatmodel.errors import LoadError, RenderError, RuleError
from threatmodel.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

COMMANDS: Final = (
    "init", "schema", "validate", "analyze", "can", "paths", "explain", "questions", "report", "diagram", "controls",
    "harden", "whatif", "catalog", "rules",
)  # fmt: skip
"""Each is the object of the same name in the module of the same name, in the order in which a newcomer meets them."""


class ReaderLeftError(Exception):
    """Whoever read stdout is gone. Not an `OSError`: of such a one click makes a failure before we see it."""


class Program(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names in the order of use, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"threatmodel.cli.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from threatmodel.diagnostics import did_you_mean

            hint = did_you_mean(args[0], COMMANDS)
            known = f"did you mean '{hint}'?" if hint else f"expected one of: {', '.join(COMMANDS)}"
            ctx.fail(f"no command is named '{args[0]}'; {known}")
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:  # noqa: ANN401  passed on
        """Read the command line; `--help` and `--version` answer here."""
        with _kept_from_click():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was named."""
        with _kept_from_click():
            return super().invoke(ctx)

    def main(  # type: ignore[override]  # click's own overloads say whether it returns
        self, args: Sequence[str] | None = None, prog_name: str | None = None, complete_var: str | None = None,
        standalone_mode: bool = True, **extra: Any,  # noqa: ANN401, FBT002  click's signature
    ) -> int:  # fmt: skip
        """Run, say what went wrong if something did, and leave with the code it stands for."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # whatever the locale: files and pipes get UTF-8
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        console = Console()
        run = super().main
        code = _guarded(
            console, lambda: run(args, prog_name, complete_var, standalone_mode=False, obj=console, **extra)
        )
        if standalone_mode:
            sys.exit(code)
        return code


@click.group(
    cls=Program, params=stream_options(), no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 fine, 1 findings at or above --fail-on, 2 wrong command line, 3 the description or a catalog"
    " did not load, 4 the tool failed.",
)  # fmt: skip
@click.version_option(VERSION, "-V", "--version", prog_name="threatmodel", message="%(prog)s %(version)s")
def cli() -> None:
    """
    Threat models of systems made of AI agents, from a YAML description: what can act, what can steer it, what stands
    in between, and what nobody has said.

    \b
    Start:  threatmodel init my-system
            threatmodel analyze my-system/system.yaml
    """  # noqa: D205, D301  the first paragraph is the help text, \b keeps its lines


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return cli.main(args, standalone_mode=False, prog_name="threatmodel")


@contextmanager
def _kept_from_click() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderLeftError from error


def _guarded(console: Console, run: Callable[[], object]) -> int:
    try:
        result = run()
        sys.stdout.flush()
    except click.Abort:
        console.error("interrupted")
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE if isinstance(error, click.UsageError) else ExitCode.FAILED
    except (BrokenPipeError, ReaderLeftError):
        return _reader_left()
    except Exception as error:  # noqa: BLE001  the one boundary
        if console.debug:
            traceback.print_exc()
        return _explained(console, error)
    return result if isinstance(result, int) else ExitCode.FINE


def _explained(console: Console, error: Exception) -> int:
    """Say what an exception means for whoever ran the command."""
    from threatmodel.render.terminal import diagnostics_text, summary_text, visible

    if isinstance(error, LoadError):
        console.error(
            diagnostics_text(error.diagnostics, error.sources, color=console.colors_err, width=console.width)
        )
        console.error(f"{summary_text(error.diagnostics)}; nothing was analyzed")
        return ExitCode.NOT_LOADED
    if isinstance(error, RuleError):
        console.error(f"error: {visible(str(error))}\nThe rule or the engine is wrong, not your description.")
    elif isinstance(error, RenderError):
        console.error(f"error: {visible(str(error))}")
    elif isinstance(error, OSError):
        where = f"'{error.filename}': " if error.filename else ""
        console.error(f"error: {visible(where)}{visible(error.strerror or str(error))}")
    else:
        console.error(f"error: {type(error).__name__}: {visible(str(error))}\nThis is a bug in threatmodel"
                      f"{'' if console.debug else '; run again with --debug to see where'}.")  # fmt: skip
    return ExitCode.FAILED


def _reader_left() -> int:
    """Whoever read stdout (`| head`) has seen enough; Python must not complain when it flushes at its end."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.FINE
