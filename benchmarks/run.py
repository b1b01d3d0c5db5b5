"""
Time and memory of whole processes, ours beside pytm's, as ratios taken in one run.

usage: run.py [--peer PYTHON] [--repeats N] [SIZE...]

For each size of elements drawn at random and of teams: the best wall time of `threatmodel analyze --format json` and
its peak memory; the share of it that reading the YAML with PyYAML's C loader alone takes (the floor); and pytm's time
on the same shape. Once each: agents that all delegate to each other, and a long chain. Then the growth between the
sizes from 300 on as an exponent (1 is linear), and what `--help` adds to `python -c pass`.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from shape import SHAPES, description

OURS = [sys.executable, "-m", "threatmodel"]
EXTREMES = (("clique", 60), ("chain", 2000))
HERE = Path(__file__).resolve().parent
FLOOR = "import sys, yaml; yaml.load(open(sys.argv[1]), Loader=yaml.CSafeLoader)"


def measure(command: list[str], repeats: int) -> tuple[float, float]:
    """Return the best wall time in seconds and the highest peak memory in MB of a command's whole process."""
    best, peak = math.inf, 0.0
    for _ in range(repeats):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=HERE)
        _, status, usage = os.wait4(process.pid, 0)
        best = min(best, time.perf_counter() - start)
        peak = max(peak, usage.ru_maxrss / 1024)
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            sys.exit(f"failed: {' '.join(command)}")
    return best, peak


def main() -> None:
    """Print one line per shape and size, then growth and start-up."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--peer", help="a Python that has pytm; without it there is no comparison")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("sizes", nargs="*", type=int, default=[20, 100, 300, 1000, 3000])
    options = parser.parse_args()
    print("shape   elements  connections  seconds     MB  YAML share   pytm s  pytm MB  ours/pytm")
    growth = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.peer, options.repeats)
        for shape in ("drawn", "teams"):
            times = {size: bench.line(shape, size) for size in options.sizes}
            large = [size for size in sorted(times) if size >= 300]  # noqa: PLR2004  below it start-up hides the growth
            if len(large) > 1:
                first, last = large[0], large[-1]
                exponent = math.log(times[last] / times[first]) / math.log(last / first)
                growth.append(f"growth of {shape}, {first} to {last} elements: exponent {exponent:.2f}")
        for shape, size in EXTREMES:
            bench.line(shape, size, once=True)
    print(*growth, sep="\n")
    nothing, _ = measure([sys.executable, "-c", "pass"], 5)
    for argument in ("--help", "--version"):
        seconds, _ = measure([*OURS, argument], 5)
        print(f"{argument}: {seconds - nothing:.3f} s over `python -c pass`")


@dataclass(frozen=True)
class Bench:
    """Where descriptions are written, and what they are measured with."""

    folder: Path
    peer: str | None
    repeats: int

    def line(self, name: str, size: int, *, once: bool = False) -> float:
        """Measure one shape of one size, print a line, and return our seconds."""
        shape = SHAPES[name](size)
        path = self.folder / f"{name}-{size}.yaml"
        path.write_text(description(shape), encoding="utf-8")
        repeats = 1 if once else self.repeats
        seconds, memory = measure([*OURS, "--quiet", "analyze", str(path), "--format", "json"], repeats)
        floor, _ = measure([sys.executable, "-c", FLOOR, str(path)], repeats)
        text = (
            f"{name:<7} {len(shape.kinds):>8} {len(shape.edges):>12} {seconds:>8.2f} {memory:>6.0f} "
            f"{floor / seconds:>10.0%}"
        )
        if self.peer and size <= 1000:  # noqa: PLR2004  pytm takes minutes beyond
            command = [self.peer, str(HERE / "peer_pytm.py"), name, str(size)]
            peer, peer_memory = measure(command, min(repeats, 2))
            text += f" {peer:>8.2f} {peer_memory:>8.0f} {seconds / peer:>10.2f}"
        print(text, flush=True)
        return seconds


if __name__ == "__main__":
    main()
