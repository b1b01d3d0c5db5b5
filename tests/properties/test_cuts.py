"""What must hold of the cures of every system: small sets are tried one by one."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.properties.systems import SYSTEMS
from tests.properties.test_derived import WORSE, context_of
from threatmodel.analysis.candidates import AIMS
from threatmodel.analysis.cuts import Cutter
from threatmodel.analysis.derived import derive

if TYPE_CHECKING:
    from pathlib import Path

    from threatmodel.analysis.candidates import Candidate

FEW = settings(
    max_examples=10, deadline=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking would run every set again, for minutes
)  # fmt: skip
PAIRED = 9  # candidates of which every pair is tried


@FEW
@given(SYSTEMS, st.randoms(use_true_random=False))
def test_no_single_control_and_no_pair_comes_before_a_set(tmp_path: Path, system: dict[str, Any], choice: Any) -> None:  # noqa: ANN401  no public type
    """Every candidate alone, and pairs of some: what breaks as much is no smaller, cheaper or earlier by name."""
    cutter = Cutter(context_of(tmp_path, system))
    sets = {aim: cut for cut in cutter.cuts() for aim in cut.aims}
    for aim in AIMS:
        pool = sorted(cutter.pool.of(aim))
        stay = {path.id for path in cutter.remaining(pool)}

        def key(chosen: tuple[Candidate, ...], aim: str = aim) -> tuple[int, int, tuple[Candidate, ...]]:
            cost = sum(map(cutter.cost, chosen))
            return (cost, len(chosen), chosen) if aim == "cheapest" else (len(chosen), cost, chosen)

        some = sorted({*sets[aim].controls, *choice.sample(pool, min(PAIRED, len(pool)))})
        tried = [(), *((one,) for one in pool), *itertools.combinations(some, 2)]
        before = [one for one in tried if key(one) < key(sets[aim].controls)]
        if not sets[aim].exact:  # its runs were used up
            continue
        assert set(sets[aim].unbroken) == stay
        assert [] == [one for one in before if {path.id for path in cutter.remaining(one)} <= stay]


@FEW
@given(SYSTEMS, st.randoms(use_true_random=False))
def test_no_candidate_opens_a_path(tmp_path: Path, system: dict[str, Any], choice: Any) -> None:  # noqa: ANN401  no public type
    """What is proven rests on this: more controls never leave more."""
    context = context_of(tmp_path, system)
    cutter = Cutter(context)
    before = {path.id: path.state for path in derive(context).paths.listed}
    pool = sorted(cutter.pool.all)
    for _ in range(12):
        some = choice.sample(pool, min(choice.randint(1, 6), len(pool)))
        for path in cutter.remaining(some):
            assert WORSE.index(path.state) >= WORSE.index(before[path.id])


@FEW
@given(SYSTEMS)
def test_the_same_system_gives_the_same_sets(tmp_path: Path, system: dict[str, Any]) -> None:
    once, again = (Cutter(context_of(tmp_path, system)).cuts() for _ in range(2))

    assert once == again
