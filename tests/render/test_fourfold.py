"""What lists leave out is said wherever the counts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatmodel.render.fourfold import caps, harms_line

if TYPE_CHECKING:
    import pytest

    from threatmodel.analysis.analysis import Analysis


def test_nothing_is_said_where_everything_is_listed(desk: Analysis) -> None:
    assert caps(desk.derived) == ()
    assert "listed" not in harms_line(desk.derived)


def test_every_cap_is_said(desk: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    found = desk.derived
    many = {**found.paths.by_state, "open": 30_000}
    monkeypatch.setattr(type(found), "capability_count", 60_000)
    monkeypatch.setattr(type(found), "deepest", 32)
    monkeypatch.setattr(type(found.paths), "by_state", many)
    said = harms_line(found)

    assert f"of {sum(many.values()):,} paths the worst {len(found.paths.listed)} are listed" in said
    assert f"of 60,000 abilities the worst {len(found.capabilities)} are listed" in said
    assert "what lies behind more than 32 delegations in a row is neither listed nor counted" in said
