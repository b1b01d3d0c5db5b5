"""Build large structures of which nothing is thrown away, without looking for garbage meanwhile."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def without_collection() -> Iterator[None]:
    """Pause the search for cyclic garbage: it takes nearly half of a large analysis and finds none."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def settled() -> None:
    """
    Leave everything there is out of later searches for garbage.

    For a process of our own that ends soon: what an analysis built stays until then, and looking at it again and again
    takes a quarter of the time of a large one.
    """
    gc.freeze()
