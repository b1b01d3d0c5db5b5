"""The Markdown report says the same, and no name in it is markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from threatmodel.render.markdown import markdown
from threatmodel.render.markdown_text import code, escaped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from threatmodel.analysis.analysis import Analysis


def test_it_begins_with_the_verdict_and_has_every_finding(desk: Analysis) -> None:
    text = markdown(desk, profile="audit")

    assert text.startswith("# Threat model: Small desk\n\n**4 findings are open, the worst of them high;")
    assert [] == [finding.id for finding in desk.findings if finding.id not in text]
    assert "- claimed: `book-approval` (its status is declared)" in text


def test_names_are_text_whatever_they_hold(framed: Callable[..., Analysis], hostile: Path) -> None:
    page = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown(framed(hostile), profile="audit"))
    inner = [child for token in page for child in (token.children or ())]

    assert not [token for token in (*page, *inner) if token.type in {"html_block", "html_inline", "link_open", "image"}]


@given(st.text(max_size=40))
def test_an_escaped_text_is_a_text(text: str) -> None:
    [inner] = [
        token for token in MarkdownIt("commonmark").enable("table").parse(f"- x {escaped(text)}") if token.children
    ]

    assert {"text", "text_special"} >= {child.type for child in inner.children or ()}


@given(st.text(alphabet="a`|\\ \n", max_size=12))
def test_a_name_as_code_is_one_piece_of_code(text: str) -> None:
    page = MarkdownIt("commonmark").parse(f"x {code(text)} y")
    kinds = [child.type for token in page for child in (token.children or ())]

    assert kinds == ["text", "code_inline", "text"] if text.strip() else kinds


@pytest.mark.parametrize("text", ["1. list", "- list", "# head", "=== line"])
def test_a_text_at_the_beginning_of_a_line_is_no_block(text: str) -> None:
    kinds = {token.type for token in MarkdownIt("commonmark").parse(escaped(text))}

    assert kinds == {"paragraph_open", "inline", "paragraph_close"}


def test_addresses_do_not_become_links() -> None:
    shown = escaped("see https://example.org and www.example.org or me@example.org")

    assert not re.search(r"https?://|www\.example|me@", shown)
