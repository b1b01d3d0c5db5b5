"""The HTML report → a tagged PDF. The same input on the same day gives the same bytes, in one environment."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from threatmodel.errors import RenderError
from threatmodel.render.html import html

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from threatmodel.analysis.analysis import Analysis
    from threatmodel.analysis.harden import Hardening
    from threatmodel.render.diagram import Picture
    from threatmodel.render.report_view import Profile


def pdf(
    analysis: Analysis,
    *,
    profile: Profile = "review",
    pictures: tuple[Picture, ...] | None = None,
    cured: Hardening | None = None,
) -> bytes:
    """
    Return the report as a PDF with tags, bookmarks and page numbers.

    Args:
        analysis: What to report; its date stands in the file.
        profile: `executive`, `review` or `audit`.
        pictures: As for `html`.
        cured: As for `report_view`.

    Raises:
        RenderError: a library that WeasyPrint needs is missing, or a picture could not be drawn.
        ValueError: no such profile.
    """
    return pdf_of(html(analysis, profile=profile, pictures=pictures, cured=cured), analysis.today)


def pdf_of(page: str, today: date) -> bytes:
    """Return a page as a PDF that says it was made on a day."""
    try:
        import weasyprint
    except OSError as error:  # Pango is loaded when the package is imported
        raise RenderError(
            f"cannot make a PDF: {str(error).splitlines()[0]}; install Pango "
            "(Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core), "
            "or write .html instead"
        ) from error
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    nothing = weasyprint.urls.URLFetcher(allowed_protocols=())  # the page holds all it needs
    with _day(today):
        made = weasyprint.HTML(string=page, url_fetcher=nothing).write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True)
    return bytes(made)


@contextmanager
def _day(today: date) -> Iterator[None]:
    """Set `SOURCE_DATE_EPOCH`, which the subsets of fonts in the file are dated by, and put it back afterwards."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(datetime(today.year, today.month, today.day, tzinfo=UTC).timestamp()))
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before
