"""Whatever the text: loading returns or raises LoadError, and every value knows where it stood."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from threatmodel.catalog.reader import read_catalog
from threatmodel.errors import LoadError
from threatmodel.load.document import SECTIONS
from threatmodel.load.nodes import MapNode, SeqNode
from threatmodel.load.schema import check
from threatmodel.load.shape import shape
from threatmodel.load.source import parse
from threatmodel.model.checked import load_checked
from threatmodel.model.patterns import matches
from threatmodel.render.terminal import diagnostics_text, visible
from threatmodel.resources import schema_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from threatmodel.span import Span

CATALOG = read_catalog()
SCHEMA = json.loads(schema_text("system-1"))

KEYS = sorted(
    {key for part in SCHEMA["$defs"].values() for key in part.get("properties", {})}
    | set(SECTIONS)
    | {"flows", "include"}
)
WORDS = sorted({str(word) for part in SCHEMA["$defs"].values() for word in part.get("enum", [])})
NAMES = [
    "crm",
    "triage",
    "gpt",
    "crm.read",
    "crm.*",
    "a>b",
    "triage>crm",
    "15m",
    "60/h",
    "2026-02-30",
    "Team Lead",
    "none",
    "1",
    "-1",
    "1e999",
]
SIGNS = [
    *"{}[]:,-?|>'\"#%@`~\n\t\x00\x85",
    ": ",
    ", ",
    "- ",
    "&a ",
    "*a",
    "*b",
    "!!str ",
    "!x ",
    "\n  ",
    "\n    ",
    "<<: ",
]
SIGNS += ["---\n", "...\n", "\ufeff", "\u202e", "\u2028", "é", "日本", "😀"]

fragments = st.one_of(
    st.sampled_from(KEYS), st.sampled_from(WORDS), st.sampled_from(NAMES), st.sampled_from(SIGNS), st.text(max_size=5)
)
texts = st.lists(fragments, max_size=60).map("".join)

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.sampled_from(WORDS), st.sampled_from(NAMES), st.text(max_size=8),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from([*KEYS, *NAMES]), inner, max_size=4)
    ),
    max_leaves=12,
)
elements = st.dictionaries(st.sampled_from(KEYS), values, max_size=4)
ids = st.sampled_from(["crm", "triage", "gpt", "A b"])
documents = st.fixed_dictionaries(
    {"threatmodel": st.sampled_from([1, 1, 1, 2, "1"])},
    optional={
        **dict.fromkeys(SECTIONS, st.dictionaries(ids, st.none() | elements, max_size=2)),
        "flows": st.lists(elements, max_size=2),
        "treatments": st.lists(elements, max_size=1),
        "system": elements,
    },
)  # fmt: skip

MANY = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def places(node: object) -> Iterator[Span]:
    """Every span of a tree: of mappings and lists, keys and values."""
    pending: list[Any] = [node]
    while pending:
        at = pending.pop()
        if isinstance(at, MapNode):
            yield at.span
            for key in at:
                yield at.key_span(key)
                yield at.value_span(key)
            pending += at.values()
        elif isinstance(at, SeqNode):
            yield at.span
            yield from (at.value_span(index) for index in range(len(at)))
            pending += at
        else:
            assert at is None or isinstance(at, str | int | float | bool)


def refusal(text: str) -> LoadError | None:
    """Why a text does not load; None where it does."""
    try:
        document = load_checked("-", CATALOG, stdin=io.BytesIO(text.encode("utf-8", "surrogatepass")))
    except LoadError as error:
        return error
    return None if set(document.sections) == set(SECTIONS) else LoadError(())


@MANY
@given(texts)
def test_loading_returns_or_raises_load_error(text: str) -> None:
    error = refusal("threatmodel: 1\n" + text)

    if error is not None:
        assert error.diagnostics
        assert all(diagnostic.span.line >= 1 and diagnostic.span.column >= 1 for diagnostic in error.diagnostics)
        assert "\x1b" not in diagnostics_text(error.diagnostics, error.sources, width=60)


@MANY
@given(documents)
def test_a_description_of_any_content_returns_or_raises_load_error(data: dict[str, Any]) -> None:
    error = refusal(json.dumps(data))

    assert error is None or diagnostics_text(error.diagnostics, error.sources)


@MANY
@given(documents)
def test_every_value_has_a_span_that_holds_it(data: dict[str, Any]) -> None:
    text = re.sub("[\x85\u2028\u2029]", "", json.dumps(data, ensure_ascii=False))  # line ends to YAML, not to JSON
    try:
        root = parse(text, "x.yaml")
    except LoadError:
        return
    for span in places(root):
        assert span.file == "x.yaml"
        assert (span.line, span.column) <= (span.end_line, span.end_column)
        assert span.end_line == 1
        assert 1 <= span.column < span.end_column <= len(text) + 1
    for key in root:
        span = root.key_span(key)
        assert json.loads(text[span.column - 1 : span.end_column - 1]) == key


@MANY
@given(documents)
def test_both_validators_agree(data: dict[str, Any]) -> None:
    """What decides and what the standard's own implementation says is one."""
    ours = shape("system-1").validator.is_valid(data)

    assert ours == Draft202012Validator(SCHEMA).is_valid(data)


@MANY
@given(documents)
def test_what_is_invalid_is_explained(data: dict[str, Any]) -> None:
    try:
        root = parse(json.dumps(data), "x.yaml")
    except LoadError:
        return
    found = check(root, "system-1")

    assert bool(found) == (not shape("system-1").validator.is_valid(root))
    assert "schema" not in {diagnostic.code for diagnostic in found}


@given(st.text())
def test_visible_text_steers_nothing(text: str) -> None:
    shown = visible(text)

    assert all(character.isprintable() or character in "\u00a0\u3000" or character.isspace() for character in shown)
    assert not {"\x1b", "\u202e", "\u200b", "\n", "\r", "\x9b"} & set(shown)


@given(st.lists(st.sampled_from(["a", "b", ".", "*"]), max_size=8).map("".join), st.text("ab.", max_size=8))
def test_patterns_match_as_shells_do(pattern: str, name: str) -> None:
    import fnmatch

    assert matches(pattern, name) == bool(re.match(fnmatch.translate(pattern), name))


def test_the_strategies_reach_valid_descriptions() -> None:
    """A property of nothing but errors would prove little."""
    assert shape("system-1").validator.is_valid({"threatmodel": 1, "agents": {"crm": {"planning": "fixed"}}})
    with pytest.raises(LoadError):
        parse("a: [", "x")
