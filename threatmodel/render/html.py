"""Analysis → one self-contained HTML file, for screens and for the printer."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from threatmodel import resources
from threatmodel.render.report_pictures import figures
from threatmodel.render.report_view import Profile, report_view
from threatmodel.render.visible import visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.harden import Hardening
    from threatmodel.render.diagram import Picture


def html(
    analysis: Analysis,
    *,
    profile: Profile = "review",
    pictures: tuple[Picture, ...] | None = None,
    cured: Hardening | None = None,
) -> str:
    """
    Return the report as a page that loads nothing.

    Args:
        analysis: What to report.
        profile: `executive`, `review` or `audit`.
        pictures: Drawn already, so that two outputs of one run need not draw them twice; default: they are drawn.
        cured: As for `report_view`.

    Raises:
        RenderError: a picture could not be drawn.
        ValueError: no such profile.
    """
    from markupsafe import Markup

    view = report_view(analysis, profile, cured=cured)
    if pictures is None:
        pictures = drawn(analysis) if any(section.key == "pictures" for section in view.sections) else ()
    # The style sheet is a file of ours.
    css = Markup((resources.folder("templates") / "report" / "report.css").read_text(encoding="utf-8"))  # noqa: S704
    return environment().get_template("report/report.html").render(view=view, figures=figures(pictures), css=css)


def drawn(analysis: Analysis) -> tuple[Picture, ...]:
    """Return the pictures of a report."""
    from threatmodel.render.diagram import report_pictures

    return report_pictures(analysis)


@cache
def environment() -> Environment:
    """Return the templates: everything is escaped, an undefined name is an error, and hidden characters show."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(resources.folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["prose"] = _prose
    return made


def _shown(value: object) -> object:
    """Make hidden characters of a text visible; markup is ours already."""
    return visible(value) if type(value) is str else value


def _prose(text: str) -> Markup:
    """Return a text of a catalog with what stands between backticks set as code."""
    from markupsafe import Markup, escape

    parts = visible(text).split("`")
    if len(parts) % 2 == 0:  # one without a partner
        return escape("`".join(parts))
    return Markup("").join(
        escape(part) if not index % 2 else Markup("<code>{}</code>").format(part) for index, part in enumerate(parts)
    )
