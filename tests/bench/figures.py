"""What is measured, and how it is told: the last lines of `make bench` hold every figure beside its aim."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure that the project has an aim for.

    Args:
        name: What was measured, with its unit.
        aim: What it is to be at least, or at most where `is_ceiling`.
    """

    name: str
    measured: float
    aim: float
    is_ceiling: bool = False

    @property
    def is_reached(self) -> bool:
        return self.measured <= self.aim if self.is_ceiling else self.measured >= self.aim


def tell(line: str) -> None:
    print(line, flush=True)


def tell_all(figures: Sequence[Figure]) -> None:
    tell(f"\n{'figure':<68} {'aim':>12} {'measured':>9}")
    for figure in figures:
        aim = f"{'at most' if figure.is_ceiling else 'at least'} {figure.aim:g}"
        tell(f"{figure.name:<68} {aim:>12} {figure.measured:>9.2f} {'' if figure.is_reached else ' NOT REACHED'}")


def milliseconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1_000


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
