"""What the YAML parser says, in words that help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from threatmodel.diagnostics import Diagnostic, Label
from threatmodel.span import Span

if TYPE_CHECKING:
    import yaml

_HINTS: Final = (
    # words of the parser, what went wrong, what to do
    (
        "that cannot start any token",
        "a text begins with a character that YAML keeps for itself",
        "put the text in quotes",
    ),
    ("found a tab character", "a tab stands where only spaces may", "indent with spaces"),
    (
        "mapping values are not allowed",
        "a ':' stands where no key can be",
        "put a text that holds ': ' in quotes, or check the indentation of this line",
    ),
    (
        "did not find expected ',' or '}'",
        "a '{' is not closed",
        "add the '}' or the ',' that is missing; a text that holds { } [ ] , needs quotes",
    ),
    (
        "did not find expected ',' or ']'",
        "a '[' is not closed",
        "add the ']' or the ',' that is missing; a text that holds { } [ ] , needs quotes",
    ),
    (
        "could not find expected ':'",
        "a line is neither 'key: value' nor a list item",
        "write 'key: value', with a space behind the ':'; put a text that goes on over lines in quotes",
    ),
    (
        "did not find expected key",
        "a line does not line up with the keys above it",
        "check the indentation, and whether a quote was closed too early",
    ),
    (
        "did not find expected '-' indicator",
        "a line does not line up with the list above it",
        "check the indentation; every item of the list begins with '- '",
    ),
    (
        "block sequence entries are not allowed",
        "a list item stands where none can be",
        "begin the list on a line of its own, below its key",
    ),
    ("unexpected end of stream", "a quote is not closed", "close it with the same kind of quote"),
    ("did not find expected node content", "a value is missing", "a text that begins with one of , ] } needs quotes"),
    (
        "control characters are not allowed",
        "a control character stands in the text",
        "remove it; in double quotes it can be written as an escape",
    ),
    ("found duplicate anchor", "an anchor is given twice", "give the second one another name"),
    ("found undefined tag handle", "a text begins with '!', which YAML keeps for tags", "put the text in quotes"),
    (
        "unknown escape character",
        "there is no such escape in double quotes",
        "write a backslash as \\\\, or use single quotes",
    ),
    (
        "expected alphabetic or numeric character",
        "a text begins with '*' or '&', which YAML keeps for itself",
        'put the text in quotes, such as "*.read"',
    ),
    ("found undefined alias", "a text begins with '*', which YAML keeps for itself", "put the text in quotes"),
    (
        "did not find expected <document start>",
        "something stands behind the end of the description",
        "check the indentation of this line",
    ),
    ("found unexpected document indicator", "a quote is not closed before the end of the document", "close it"),
)


# A key at the beginning of a line, and a value right behind its colon; a web address has none.
_UNSPACED: Final = re.compile(r" {0,200}([A-Za-z_][\w-]{0,60}):(?!//)\S")
_CONTEXTS: Final = {
    "while parsing a flow mapping": "the '{' stands here",
    "while parsing a flow sequence": "the '[' stands here",
    "while scanning a quoted scalar": "the quote stands here",
    "while parsing a block mapping": "the keys above begin here",
    "while parsing a block collection": "the list begins here",
    "while scanning a simple key": "this is read as a key",
    "while scanning a plain scalar": "this text is read on into the next line",
}


def syntax_diagnostic(error: yaml.YAMLError, name: str, text: str) -> Diagnostic:
    """Turn the parser's words into a message with a place."""
    said = " ".join(str(error).split())
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or said)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        line, column = mark.line + 1, mark.column + 1
    else:  # a character that the reader refuses: it has a position, counted in what it decoded
        position = getattr(error, "position", None)
        before = text[: position if isinstance(position, int) else 0]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    what, hint = next(((what, hint) for words, what, hint in _HINTS if words in f"{problem} {said}"), (problem, ""))
    index = getattr(mark, "index", -1)
    if "cannot start any token" in problem and text[index : index + 1] == "\t":
        what, hint = "a tab stands where only spaces may", "indent with spaces"
    if "mapping values are not allowed" in problem and (colon := _unspaced(text, line, name)) is not None:
        key, span = colon
        return Diagnostic(
            "yaml-syntax", "this is not YAML: a ':' has no space behind it", span, "read as part of a text",
            (f"write '{key}: ' with a space",),
        )  # fmt: skip
    if "maximum nesting depth" in problem:  # the parser's own limit, met while it looks ahead
        here = Span(name, line, column, line, column + 1)
        return Diagnostic("nested-too-deep", "values are nested too deep to be read", here, "too deep from here on")
    start = getattr(error, "context_mark", None)
    context = getattr(error, "context", None)
    also: tuple[Label, ...] = ()
    if start is not None and context and start.line + 1 != line:
        opened = Span(name, start.line + 1, start.column + 1, start.line + 1, start.column + 2)
        also = (Label(opened, _CONTEXTS.get(str(context), str(context).removeprefix("while "))),)
    span = Span(name, line, column, line, column + 1)
    return Diagnostic(
        "yaml-syntax", f"this is not YAML: {what}", span, "reading stopped here", (hint,) if hint else (), also
    )


def _unspaced(text: str, line: int, name: str) -> tuple[str, Span] | None:
    """Return the key and the place of a colon without a space behind it, in the last line with text above `line`."""
    above = text.split("\n", line)[: line - 1]
    for number in range(len(above), 0, -1):
        if above[number - 1].strip():
            found = _UNSPACED.match(above[number - 1])
            if found is None:
                return None
            column = found.end(1) + 1
            return found.group(1), Span(name, number, column, number, column + 1)
    return None
