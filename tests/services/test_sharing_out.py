"""Which of the two workers runs what."""

from pathlib import Path

from tests.services.plugin import DATABASES, ON_BOTH, ON_ONE_DATABASE

TESTS = Path(__file__).parent.parent


def test_what_is_shared_out_by_hand_is_there() -> None:
    assert [name for name in (*ON_BOTH, *ON_ONE_DATABASE) if not (TESTS / name).exists()] == []
    assert set(ON_ONE_DATABASE.values()) == set(DATABASES)
