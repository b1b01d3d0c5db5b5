"""Options and steps that several commands share."""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from threatmodel.cli.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from threatmodel.analysis.analysis import Analysis, Model
    from threatmodel.analysis.derived import Derived
    from threatmodel.analysis.severity import Severity
    from threatmodel.model.graph import ModelGraph

    Command = TypeVar("Command", bound=Callable[..., Any])

SEVERITIES: Final = ("info", "low", "medium", "high", "critical")
"""The words of `analysis.severity`, which `--help` does not import; a test compares."""


class Cli(click.Command):
    """A command that takes `--quiet`, `--color` and `--debug` after its name too, without listing them again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  whatever click passes
        super().__init__(*args, **kwargs)
        self.params += stream_options(hidden=True)


def stream_options(*, hidden: bool = False) -> list[click.Parameter]:
    """Return the options that say how to speak; they change the `Console` of the run."""

    def keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
        console = context.find_object(Console)
        if console is not None and value not in (None, False):
            setattr(console, str(parameter.name), value)

    def option(*names: str, **settings: Any) -> click.Option:  # noqa: ANN401  passed on
        return click.Option(names, expose_value=False, callback=keep, hidden=hidden, **settings)

    return [
        option("-q", "--quiet", is_flag=True, help="No notes, no progress: results and errors only."),
        option("--color", type=click.Choice(["auto", "always", "never"]), help="Colour; NO_COLOR counts with auto."),
        option("--debug", is_flag=True, help="Show the traceback when the tool fails."),
    ]


def the_console() -> Console:
    """Return the console of the running command."""
    return click.get_current_context().find_object(Console) or Console()


FILE: Final = click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
CATALOG: Final = click.option(
    "--catalog", "catalogs", multiple=True, metavar="DIR", type=click.Path(path_type=Path),
    help="A folder with catalogs of your own; may be repeated.",
)  # fmt: skip
TODAY: Final = click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
    help="The day to judge dates by (else SOURCE_DATE_EPOCH, else the clock).",
)  # fmt: skip
OUTPUT: Final = click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="OUT", help="Write there instead of stdout."
)


def reading(command: Command) -> Command:
    """Add what every command takes that reads a description: FILE, --catalog, --today."""
    return reduce(lambda wrapped, option: option(wrapped), (TODAY, CATALOG, FILE), command)


def loaded(file: Path, catalogs: tuple[Path, ...]) -> Model:
    """Load a description, with its warnings on stderr."""
    from threatmodel.api import load

    console = the_console()
    with console.progress(f"Reading {file}"):
        model = load(file, catalogs=catalogs)
    if model.graph.warnings and not console.quiet:
        from threatmodel.render.terminal import diagnostics_text

        sources = model.graph.document.sources
        console.error(
            diagnostics_text(model.graph.warnings, sources, color=console.colors_err, width=console.width)
        )
    return model


def analyzed(file: Path, catalogs: tuple[Path, ...], today: datetime | None) -> Analysis:
    """Load and analyze a description."""
    from threatmodel.api import analyze
    from threatmodel.memory import settled

    model = loaded(file, catalogs)
    day: date | None = None if today is None else today.date()
    with the_console().progress("Asking the rules"):
        analysis = analyze(model, today=day)
    settled()
    return analysis


def related(file: Path, catalogs: tuple[Path, ...], today: datetime | None) -> tuple[Model, Derived, date]:
    """Load a description and derive capabilities, influence and paths; no rule is asked."""
    from threatmodel.analysis.context import Context
    from threatmodel.analysis.derived import derive
    from threatmodel.api import day
    from threatmodel.memory import without_collection
    from threatmodel.model.layers import place_all
    from threatmodel.render.fourfold import caps

    model = loaded(file, catalogs)
    when = day() if today is None else today.date()
    console = the_console()
    with console.progress("Following every way"), without_collection():
        placements = place_all(model.graph, model.catalog.controls)
        derived = derive(Context(model.graph, model.catalog, placements, when))
    for cap in caps(derived):
        console.note(f"{cap[:1].upper()}{cap[1:]}.")
    return model, derived, when


def known_agent(graph: ModelGraph, name: str | None, where: str) -> None:
    """Refuse a name that no agent has, with the one that was probably meant."""
    names = [agent.id for agent in graph.agents]
    if name is None or name in names:
        return
    from threatmodel.diagnostics import did_you_mean
    from threatmodel.render.terminal import visible

    near = did_you_mean(name, names)
    hint = f"did you mean '{near}'?" if near else f"there are: {', '.join(names[:10])}" if names else "there is none"
    raise click.BadParameter(visible(f"no agent is named '{name}'; {hint}"), param_hint=where)


def give(text: str, output: Path | None) -> None:
    """Write a result where it is asked for: to a file, or to stdout."""
    if output is None:
        the_console().result(text)
        return
    from threatmodel.cli.files import write_file

    write_file(output, text)
    the_console().note(f"Wrote {output}")


def severity(word: str | None) -> Severity | None:
    """Return the severity that an option names."""
    from threatmodel.analysis.severity import Severity

    return None if word is None else Severity.of(word)
