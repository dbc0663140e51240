"""A figure is told beside its aim, and a line says where the aim is not reached."""

import pytest

from tests.bench.figures import Figure, percentile, tell_all


@pytest.mark.parametrize(
    ("measured", "is_ceiling", "is_reached"),
    [(0.5, False, True), (0.4, False, True), (0.3, False, False), (0.3, True, True), (0.5, True, False)],
)
def test_an_aim_is_a_floor_or_a_ceiling(measured: float, is_ceiling: bool, is_reached: bool) -> None:
    assert Figure(name="share", measured=measured, aim=0.4, is_ceiling=is_ceiling).is_reached is is_reached


def test_what_is_not_reached_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    tell_all([Figure(name="good", measured=9, aim=8), Figure(name="bad", measured=9, aim=8, is_ceiling=True)])
    _, _heading, good, bad = capsys.readouterr().out.splitlines()
    assert "NOT REACHED" not in good
    assert bad.split() == ["bad", "at", "most", "8", "9.00", "NOT", "REACHED"]


def test_a_percentile_lies_among_the_values() -> None:
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0
    assert 2.9 < percentile([1.0, 2.0, 3.0], 99) <= 3.0
